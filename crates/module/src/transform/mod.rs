//! One file: from the author's text to what the sandbox runs.

mod emit;
mod exports;
mod imports;
mod json;
mod parse;
mod strip;
mod unsupported;
mod worker;

use oxc_allocator::Allocator;
use oxc_ast::ast::Program;
use oxc_semantic::{Scoping, SemanticBuilder};

use crate::limits;
use crate::nesting;
use crate::positions::PositionMap;
use crate::problem::{Problem, ProblemKind};
use crate::program::{ModuleFormat, Shape};
use crate::source::{Language, SourceFile};
use parse::Prepared;

/// A file, ready to run but for its imports.
pub(crate) struct Unit {
    pub(crate) code: String,
    pub(crate) format: ModuleFormat,
    pub(crate) imports: Vec<Import>,
    pub(crate) exports: Vec<String>,
    pub(crate) shape: Shape,
    pub(crate) positions: PositionMap,
    pub(crate) warnings: Vec<Problem>,
}

/// An import with a literal specifier.
pub(crate) struct Import {
    pub(crate) specifier: String,
    /// The literal in the author's file, quotes included.
    pub(crate) span: Span,
    /// The names it asks for, with their places; empty for `import()`, `require` and `* as`.
    pub(crate) names: Vec<(String, Span)>,
}

/// Bytes of the author's file.
#[derive(Clone, Copy)]
pub(crate) struct Span {
    pub(crate) start: usize,
    pub(crate) end: usize,
}

impl Span {
    pub(crate) fn problem(self, file: &str, kind: ProblemKind, message: String) -> Problem {
        Problem {
            file: file.to_owned(),
            start: self.start,
            end: self.end,
            kind,
            message,
            help: None,
        }
    }
}

/// Makes the file `name` ready to run.
pub(crate) fn transform(name: &str, source: &SourceFile) -> Result<Unit, Vec<Problem>> {
    if source.text.len() > limits::FILE_BYTES {
        return Err(vec![too_long(name, source.text.len())]);
    }
    let typescript = match source.language {
        Language::Json | Language::Yaml => return json::transform(name, source),
        Language::JavaScript => false,
        Language::TypeScript => true,
    };
    let depth = nesting::check(&source.text).map_err(|at| vec![too_nested(name, at)])?;
    worker::run(name, depth, || script(name, &source.text, typescript))
}

fn too_long(name: &str, length: usize) -> Problem {
    let message = format!(
        "this file has {length} bytes, the limit is {}",
        limits::FILE_BYTES
    );
    Span { start: 0, end: 0 }.problem(name, ProblemKind::Limit, message)
}

fn too_nested(name: &str, at: usize) -> Problem {
    let message = "this code is nested too deeply".to_owned();
    let mut problem = Span { start: at, end: at }.problem(name, ProblemKind::Limit, message);
    problem.help = Some("end statements with `;` and split what is long".to_owned());
    problem
}

fn script(name: &str, text: &str, typescript: bool) -> Result<Unit, Vec<Problem>> {
    let prepared = Prepared::of(name, text, typescript)?;
    let allocator = Allocator::default();
    let mut program = prepared.parse(&allocator)?;
    let checked = SemanticBuilder::new_compiler()
        .with_enum_eval(typescript)
        .build(&program);
    prepared.fail_on(checked.diagnostics)?;
    let mut scoping = checked.semantic.into_scoping();
    prepared.fail_with(unsupported::find(&program))?;
    if typescript {
        scoping = strip::types(&prepared, &allocator, &mut program, scoping)?;
    }
    finish(&prepared, &allocator, program, scoping)
}

fn finish<'a>(
    prepared: &'a Prepared<'_>,
    allocator: &'a Allocator,
    program: Program<'a>,
    scoping: Scoping,
) -> Result<Unit, Vec<Problem>> {
    let found = imports::find(prepared, &program, &scoping);
    let shape = exports::find(&program, &scoping);
    let exports = shape.members.iter().map(|(name, _)| name.clone()).collect();
    let emitted = match prepared.format {
        ModuleFormat::Esm => emit::esm(prepared, allocator, program, scoping),
        ModuleFormat::CommonJs | ModuleFormat::Json => {
            prepared.fail_with(unsupported::redeclared(&scoping))?;
            emit::common_js(prepared, program)
        }
    };
    Ok(Unit {
        code: emitted.code,
        format: prepared.format,
        imports: found.imports,
        exports,
        shape,
        positions: emitted.positions,
        warnings: found.warnings,
    })
}

#[cfg(test)]
mod tests;
