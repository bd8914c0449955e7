//! Which kind of module a file is, and its syntax errors.

use std::borrow::Cow;

use oxc_allocator::Allocator;
use oxc_ast::ast::{
    ArrowFunctionExpression, AwaitExpression, Class, Expression, ForOfStatement, Function,
    ModuleDeclaration, Program, Statement,
};
use oxc_ast_visit::{Visit, walk};
use oxc_diagnostics::{Diagnostics, OxcDiagnostic};
use oxc_parser::{ParseOptions, Parser, ParserReturn};
use oxc_semantic::ScopeFlags;
use oxc_span::{GetSpan, LabeledSpan, SourceType};

use super::Span;
use crate::limits;
use crate::positions::Inserted;
use crate::problem::{Problem, ProblemKind};
use crate::program::ModuleFormat;

/// A file whose kind is known. A file that is only a function gets an export put in front of it.
pub(super) struct Prepared<'s> {
    pub(super) name: &'s str,
    pub(super) text: Cow<'s, str>,
    pub(super) format: ModuleFormat,
    pub(super) typescript: bool,
    insertion: Option<Insertion>,
}

#[derive(Clone, Copy)]
struct Insertion {
    at: usize,
    text: &'static str,
}

const EXPORT: &str = "export default ";
const ASSIGN: &str = "module.exports = ";

impl<'s> Prepared<'s> {
    pub(super) fn of(name: &'s str, text: &'s str, typescript: bool) -> Result<Self, Vec<Problem>> {
        let plain = |format| Self {
            name,
            text: Cow::Borrowed(text),
            format,
            typescript,
            insertion: None,
        };
        let allocator = Allocator::default();
        let module = read(&allocator, text, ModuleFormat::Esm, typescript);
        if !module.diagnostics.has_errors() {
            let bare = bare_function(&module.program, text);
            let (format, export) = if is_module(&module) {
                (ModuleFormat::Esm, EXPORT)
            } else {
                (ModuleFormat::CommonJs, ASSIGN)
            };
            return Ok(plain(format).with_export(bare, export));
        }
        let script = read(&allocator, text, ModuleFormat::CommonJs, typescript);
        if !script.diagnostics.has_errors() {
            let bare = bare_function(&script.program, text);
            return Ok(plain(ModuleFormat::CommonJs).with_export(bare, ASSIGN));
        }
        let anonymous = plain(ModuleFormat::CommonJs).with_export(Some(0), ASSIGN);
        if anonymous.is_one_function() {
            return Ok(anonymous);
        }
        let (format, diagnostics) = likelier(module, script);
        Err(plain(format).problems(diagnostics))
    }

    fn with_export(self, at: Option<usize>, export: &'static str) -> Self {
        let Some((before, after)) = at.and_then(|at| self.text.split_at_checked(at)) else {
            return self;
        };
        let insertion = Some(Insertion {
            at: before.len(),
            text: export,
        });
        let text = Cow::Owned([before, export, after].concat());
        Self {
            text,
            insertion,
            ..self
        }
    }

    fn is_one_function(&self) -> bool {
        let allocator = Allocator::default();
        let parsed = read(&allocator, &self.text, self.format, self.typescript);
        let [Statement::ExpressionStatement(statement)] = parsed.program.body.as_slice() else {
            return false;
        };
        let Expression::AssignmentExpression(assignment) = &statement.expression else {
            return false;
        };
        !parsed.diagnostics.has_errors() && is_function(&assignment.right)
    }

    /// Parses the text as the kind that it is.
    pub(super) fn parse<'a>(
        &'a self,
        allocator: &'a Allocator,
    ) -> Result<Program<'a>, Vec<Problem>> {
        let parsed = read(allocator, &self.text, self.format, self.typescript);
        self.fail_on(parsed.diagnostics)?;
        Ok(parsed.program)
    }

    /// Fails when there are errors among `diagnostics`.
    pub(super) fn fail_on(&self, diagnostics: Diagnostics) -> Result<(), Vec<Problem>> {
        if diagnostics.has_errors() {
            Err(self.problems(diagnostics))
        } else {
            Ok(())
        }
    }

    /// Fails when there is one of `diagnostics`, be it called a warning.
    pub(super) fn fail_with(
        &self,
        diagnostics: impl IntoIterator<Item = OxcDiagnostic>,
    ) -> Result<(), Vec<Problem>> {
        let problems = self.problems(diagnostics);
        if problems.is_empty() {
            Ok(())
        } else {
            Err(problems)
        }
    }

    fn problems(&self, diagnostics: impl IntoIterator<Item = OxcDiagnostic>) -> Vec<Problem> {
        let limited = diagnostics.into_iter().take(limits::PROBLEMS_PER_FILE);
        limited
            .map(|diagnostic| self.problem(&diagnostic))
            .collect()
    }

    fn problem(&self, diagnostic: &OxcDiagnostic) -> Problem {
        let label = diagnostic.labels.iter().find(|label| label.primary());
        let label = label.or_else(|| diagnostic.labels.first());
        let span = label.map_or(Span { start: 0, end: 0 }, |label| self.span(label.span()));
        let hint = diagnostic.help.as_deref();
        let hint = hint
            .or_else(|| label.and_then(|label| label.label()))
            .map(house_style);
        let message = house_style(&diagnostic.message);
        Problem {
            help: hint,
            ..span.problem(self.name, ProblemKind::Syntax, message)
        }
    }

    /// The place in the author's file.
    pub(super) fn span(&self, span: oxc_span::Span) -> Span {
        let (start, end) = (self.offset(span.start), self.offset(span.end));
        Span {
            start,
            end: end.max(start),
        }
    }

    fn offset(&self, offset: u32) -> usize {
        let offset = usize::try_from(offset)
            .unwrap_or(usize::MAX)
            .min(self.text.len());
        match self.insertion {
            Some(Insertion { at, text }) if offset > at => {
                offset.saturating_sub(text.len()).max(at)
            }
            Some(_) | None => offset,
        }
    }

    /// The text that was put in, as lines and columns count.
    pub(super) fn inserted(&self) -> Option<Inserted> {
        let insertion = self.insertion?;
        let before = self.text.get(..insertion.at)?;
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = before.matches('\n').count() + 1;
        let column = before.get(line_start..)?.encode_utf16().count() + 1;
        Some(Inserted {
            line: u32::try_from(line).ok()?,
            column: u32::try_from(column).ok()?,
            width: u32::try_from(insertion.text.len()).ok()?,
        })
    }
}

fn read<'a>(
    allocator: &'a Allocator,
    text: &'a str,
    format: ModuleFormat,
    typescript: bool,
) -> ParserReturn<'a> {
    let kind = match format {
        ModuleFormat::Esm => SourceType::mjs(),
        ModuleFormat::CommonJs | ModuleFormat::Json => SourceType::cjs(),
    };
    let options = ParseOptions {
        parse_regular_expression: true,
        allow_return_outside_function: format != ModuleFormat::Esm,
        ..ParseOptions::default()
    };
    Parser::new(allocator, text, kind.with_typescript(typescript))
        .with_options(options)
        .parse()
}

fn is_module(parsed: &ParserReturn<'_>) -> bool {
    if parsed.module_record.has_module_syntax {
        return true;
    }
    let mut search = TopLevelAwait { found: false };
    search.visit_program(&parsed.program);
    search.found
}

/// Of two failed readings, the one that the author more likely had in mind: the one that got
/// further.
fn likelier(module: ParserReturn<'_>, script: ParserReturn<'_>) -> (ModuleFormat, Diagnostics) {
    let reached = |parsed: &ParserReturn<'_>| {
        let labels = parsed
            .diagnostics
            .iter()
            .filter_map(|diagnostic| diagnostic.labels.first());
        labels.map(LabeledSpan::offset).min().unwrap_or(0)
    };
    let module_is_likelier =
        module.module_record.has_module_syntax || reached(&module) > reached(&script);
    if module_is_likelier {
        (ModuleFormat::Esm, module.diagnostics)
    } else {
        (ModuleFormat::CommonJs, script.diagnostics)
    }
}

/// Where the function starts in a file that exports nothing and whose value can only be that
/// function: its last statement is a function expression, or all it contains is one declaration.
fn bare_function(program: &Program<'_>, text: &str) -> Option<usize> {
    if text.contains("exports") || program.body.iter().any(is_export) {
        return None;
    }
    let mut running = program.body.iter().filter(|statement| runs(statement));
    let last = running.next_back()?;
    let is_bare = match last {
        Statement::ExpressionStatement(statement) => is_function(&statement.expression),
        Statement::FunctionDeclaration(_) => running.next().is_none(),
        _ => false,
    };
    is_bare
        .then(|| usize::try_from(last.span().start).ok())
        .flatten()
}

fn is_function(expression: &Expression<'_>) -> bool {
    matches!(
        expression.get_inner_expression(),
        Expression::FunctionExpression(_) | Expression::ArrowFunctionExpression(_)
    )
}

fn is_export(statement: &Statement<'_>) -> bool {
    statement
        .as_module_declaration()
        .is_some_and(ModuleDeclaration::is_export)
}

/// Whether a statement does something of its own when the file runs.
fn runs(statement: &Statement<'_>) -> bool {
    !matches!(
        statement,
        Statement::ImportDeclaration(_)
            | Statement::TSInterfaceDeclaration(_)
            | Statement::TSTypeAliasDeclaration(_)
            | Statement::EmptyStatement(_)
    )
}

struct TopLevelAwait {
    found: bool,
}

impl<'a> Visit<'a> for TopLevelAwait {
    fn visit_await_expression(&mut self, _: &AwaitExpression<'a>) {
        self.found = true;
    }

    fn visit_for_of_statement(&mut self, statement: &ForOfStatement<'a>) {
        self.found |= statement.r#await;
        walk::walk_for_of_statement(self, statement);
    }

    fn visit_function(&mut self, _: &Function<'a>, _: ScopeFlags) {}

    fn visit_arrow_function_expression(&mut self, _: &ArrowFunctionExpression<'a>) {}

    fn visit_class(&mut self, _: &Class<'a>) {}
}

/// A message of the parser in the style of ours: lower case, without a full stop.
fn house_style(message: &str) -> String {
    let message = message.trim().trim_end_matches('.');
    let mut characters = message.chars();
    match (characters.next(), characters.next()) {
        (Some(first), Some(second)) if first.is_uppercase() && second.is_lowercase() => {
            let rest = message.get(first.len_utf8()..).unwrap_or_default();
            first.to_lowercase().chain(rest.chars()).collect()
        }
        _ => message.to_owned(),
    }
}
