//! Syntax that parses but does not run here.

use oxc_ast::ast::{
    AccessorProperty, Decorator, ImportDeclaration, ImportExpression, ImportPhase, Program,
    VariableDeclaration, VariableDeclarationKind,
};
use oxc_ast_visit::{Visit, walk};
use oxc_diagnostics::OxcDiagnostic;
use oxc_semantic::Scoping;
use oxc_span::Span;

/// What `program` uses that does not run here.
pub(super) fn find(program: &Program<'_>) -> Vec<OxcDiagnostic> {
    let mut search = Search { found: Vec::new() };
    search.visit_program(program);
    search.found
}

struct Search {
    found: Vec<OxcDiagnostic>,
}

impl Search {
    fn add(&mut self, span: Span, message: &'static str, help: &'static str) {
        self.found.push(
            OxcDiagnostic::error(message)
                .with_label(span)
                .with_help(help),
        );
    }

    fn phase(&mut self, span: Span, phase: Option<ImportPhase>) {
        if phase.is_some() {
            self.add(
                span,
                "`import defer` and `import source` do not run here",
                "use `import`",
            );
        }
    }
}

impl<'a> Visit<'a> for Search {
    fn visit_decorator(&mut self, decorator: &Decorator<'a>) {
        self.add(
            decorator.span,
            "decorators do not run here",
            "call the function instead",
        );
    }

    fn visit_accessor_property(&mut self, property: &AccessorProperty<'a>) {
        self.add(
            property.span,
            "`accessor` does not run here",
            "write a getter and a setter",
        );
    }

    fn visit_variable_declaration(&mut self, declaration: &VariableDeclaration<'a>) {
        match declaration.kind {
            VariableDeclarationKind::Using | VariableDeclarationKind::AwaitUsing => {
                self.add(
                    declaration.span,
                    "`using` does not run here",
                    "use `try` and `finally`",
                );
            }
            VariableDeclarationKind::Var
            | VariableDeclarationKind::Let
            | VariableDeclarationKind::Const => {}
        }
        walk::walk_variable_declaration(self, declaration);
    }

    fn visit_import_declaration(&mut self, import: &ImportDeclaration<'a>) {
        self.phase(import.span, import.phase);
    }

    fn visit_import_expression(&mut self, import: &ImportExpression<'a>) {
        self.phase(import.span, import.phase);
        walk::walk_import_expression(self, import);
    }
}

/// What a `CommonJS` module is given as parameters, and therefore cannot declare with `let`, `const`
/// or `class`.
const COMMON_JS: [&str; 5] = ["exports", "require", "module", "__filename", "__dirname"];

/// What the body of an ES module is given as parameters and its author may know nothing of.
const ESM: [&str; 3] = ["module", "exports", "require"];

/// Top-level declarations of a `CommonJS` module that clash with what it is given.
pub(super) fn redeclared(scoping: &Scoping) -> Vec<OxcDiagnostic> {
    let clash = |name: &&str| {
        let symbol = scoping.get_root_binding((*name).into())?;
        let is_lexical = scoping.symbol_flags(symbol).is_block_scoped();
        let message = format!("`{name}` is already declared: every CommonJS module is given it");
        let label = scoping.symbol_span(symbol);
        is_lexical.then(|| OxcDiagnostic::error(message).with_label(label))
    };
    COMMON_JS.iter().filter_map(clash).collect()
}

/// Whether an ES module declares a name that the sandbox gives it as a parameter.
pub(super) fn esm_shadows_parameters(scoping: &Scoping) -> bool {
    ESM.iter()
        .any(|name| scoping.get_root_binding((*name).into()).is_some())
}
