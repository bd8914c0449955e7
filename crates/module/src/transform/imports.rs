//! What a file imports.

use oxc_ast::ast::{
    Argument, CallExpression, ExportAllDeclaration, ExportFromDeclaration, Expression,
    IdentifierReference, ImportDeclaration, ImportDeclarationSpecifier, ImportExpression, Program,
    StringLiteral,
};
use oxc_ast_visit::{Visit, walk};
use oxc_semantic::Scoping;
use oxc_span::GetSpan;

use super::parse::Prepared;
use super::{Import, Span};
use crate::limits;
use crate::problem::{Problem, ProblemKind};

pub(super) struct Found {
    pub(super) imports: Vec<Import>,
    /// `import()` and `require` of something that only running tells.
    pub(super) warnings: Vec<Problem>,
}

/// The imports of `program` in the order of the file, each mention one.
pub(super) fn find(prepared: &Prepared<'_>, program: &Program<'_>, scoping: &Scoping) -> Found {
    let found = Found {
        imports: Vec::new(),
        warnings: Vec::new(),
    };
    let mut search = Search {
        prepared,
        scoping,
        found,
    };
    search.visit_program(program);
    search.found
}

/// Whether an identifier means something that the file does not declare.
pub(super) fn is_free(scoping: &Scoping, identifier: &IdentifierReference<'_>) -> bool {
    let reference = identifier.reference_id.get();
    reference.is_none_or(|id| scoping.get_reference(id).symbol_id().is_none())
}

struct Search<'p, 's> {
    prepared: &'p Prepared<'s>,
    scoping: &'p Scoping,
    found: Found,
}

impl Search<'_, '_> {
    fn fixed(&mut self, literal: &StringLiteral<'_>, names: Vec<(String, Span)>) {
        let span = self.prepared.span(literal.span);
        self.add(literal.value.as_str(), span, names);
    }

    fn add(&mut self, specifier: &str, span: Span, names: Vec<(String, Span)>) {
        self.found.imports.push(Import {
            specifier: specifier.to_owned(),
            span,
            names,
        });
    }

    /// A specifier that is an expression: known when it is a literal.
    fn computed(&mut self, source: &Expression<'_>, function: &str) {
        let span = self.prepared.span(source.span());
        match source.get_inner_expression() {
            Expression::StringLiteral(literal) => self.fixed(literal, Vec::new()),
            Expression::TemplateLiteral(template) if template.is_no_substitution_template() => {
                if let Some(text) = template.single_quasi() {
                    self.add(text.as_str(), span, Vec::new());
                }
            }
            _ => self.unknown(span, function),
        }
    }

    fn unknown(&mut self, span: Span, function: &str) {
        if self.found.warnings.len() >= limits::PROBLEMS_PER_FILE {
            return;
        }
        let message = format!("what this `{function}` loads is not known in advance");
        let mut problem = span.problem(self.prepared.name, ProblemKind::DynamicImport, message);
        problem.help = Some("write the name as a literal, in quotes".to_owned());
        self.found.warnings.push(problem);
    }
}

impl<'a> Visit<'a> for Search<'_, '_> {
    fn visit_import_declaration(&mut self, import: &ImportDeclaration<'a>) {
        if import.import_kind.is_type() {
            return;
        }
        let specifiers = import.specifiers.iter().flatten();
        let names = specifiers.filter_map(|specifier| match specifier {
            ImportDeclarationSpecifier::ImportSpecifier(specifier) => {
                let imported = &specifier.imported;
                Some((
                    imported.name().to_string(),
                    self.prepared.span(imported.span()),
                ))
            }
            ImportDeclarationSpecifier::ImportDefaultSpecifier(specifier) => {
                Some(("default".to_owned(), self.prepared.span(specifier.span)))
            }
            ImportDeclarationSpecifier::ImportNamespaceSpecifier(_) => None,
        });
        let names = names.collect();
        self.fixed(&import.source, names);
    }

    fn visit_export_from_declaration(&mut self, export: &ExportFromDeclaration<'a>) {
        if export.export_kind.is_type() {
            return;
        }
        let names = export.specifiers.iter().map(|specifier| {
            let local = &specifier.local;
            (local.name().to_string(), self.prepared.span(local.span()))
        });
        let names = names.collect();
        self.fixed(&export.source, names);
    }

    fn visit_export_all_declaration(&mut self, export: &ExportAllDeclaration<'a>) {
        if !export.export_kind.is_type() {
            self.fixed(&export.source, Vec::new());
        }
    }

    fn visit_import_expression(&mut self, import: &ImportExpression<'a>) {
        self.computed(&import.source, "import()");
        walk::walk_import_expression(self, import);
    }

    fn visit_call_expression(&mut self, call: &CallExpression<'a>) {
        if let Expression::Identifier(callee) = &call.callee
            && callee.name == "require"
            && is_free(self.scoping, callee)
        {
            match call.arguments.first().map(Argument::as_expression) {
                Some(Some(source)) => self.computed(source, "require"),
                Some(None) => self.unknown(self.prepared.span(call.span), "require"),
                None => {}
            }
        }
        walk::walk_call_expression(self, call);
    }
}
