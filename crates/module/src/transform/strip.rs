//! TypeScript to JavaScript: types go, what they leave at run time (enumerations, namespaces,
//! parameter properties) is written out. Nothing is checked and nothing is made older.

use std::path::Path;

use oxc_allocator::Allocator;
use oxc_ast::ast::{Declaration, Program, Statement};
use oxc_semantic::Scoping;
use oxc_transformer::{Module, TransformOptions, Transformer};

use super::parse::Prepared;
use crate::problem::Problem;

/// Strips `program`. What the transformer warns about would not run as written, so it is an error.
pub(super) fn types<'a>(
    prepared: &Prepared<'_>,
    allocator: &'a Allocator,
    program: &mut Program<'a>,
    scoping: Scoping,
) -> Result<Scoping, Vec<Problem>> {
    let mut options = TransformOptions::default();
    if program.body.iter().any(uses_require_syntax) {
        options.env.module = Module::CommonJS;
    }
    let path = Path::new(prepared.name);
    let done = Transformer::new(allocator, path, &options).build_with_scoping(scoping, program);
    prepared.fail_with(done.diagnostics)?;
    Ok(done.scoping)
}

/// `import x = require("x")` and `export = x`.
fn uses_require_syntax(statement: &Statement<'_>) -> bool {
    match statement {
        Statement::TSExportAssignment(_) | Statement::TSImportEqualsDeclaration(_) => true,
        Statement::ExportDeclaration(export) => {
            matches!(
                export.declaration,
                Declaration::TSImportEqualsDeclaration(_)
            )
        }
        _ => false,
    }
}
