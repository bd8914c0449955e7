//! The code that the sandbox runs, and where its pieces come from.

use std::path::PathBuf;

use oxc_allocator::Allocator;
use oxc_ast::ast::Program;
use oxc_codegen::{Codegen, CodegenOptions, CommentOptions};
use oxc_semantic::Scoping;
use oxc_sourcemap::{SourceMap, Token};
use oxc_transformer_plugins::ModuleRunnerTransform;

use super::parse::Prepared;
use super::unsupported;
use crate::positions::{PositionMap, Segment};

pub(super) struct Emitted {
    pub(super) code: String,
    pub(super) positions: PositionMap,
}

/// An ES module: imports and exports become calls.
pub(super) fn esm<'a>(
    prepared: &Prepared<'_>,
    allocator: &'a Allocator,
    mut program: Program<'a>,
    scoping: Scoping,
) -> Emitted {
    let shadows = unsupported::esm_shadows_parameters(&scoping);
    ModuleRunnerTransform::new().transform(allocator, &mut program, scoping);
    let emitted = print(prepared, program, u32::from(shadows));
    // A block of its own may declare what the function around it has as a parameter.
    let code = if shadows {
        format!("{{{}}}\n", emitted.code)
    } else {
        emitted.code
    };
    Emitted { code, ..emitted }
}

/// A `CommonJS` module: JavaScript as it stands, TypeScript without its types.
pub(super) fn common_js(prepared: &Prepared<'_>, program: Program<'_>) -> Emitted {
    if prepared.typescript {
        return print(prepared, program, 0);
    }
    let mut code = prepared.text.to_string();
    let start = if code.starts_with('\u{feff}') {
        '\u{feff}'.len_utf8()
    } else {
        0
    };
    if code.get(start..).is_some_and(|code| code.starts_with("#!")) {
        // Only at the very start of a script is this a comment. As long as what it replaces.
        code.replace_range(start..start + 2, "//");
    }
    Emitted {
        code,
        positions: PositionMap::same().with_inserted(prepared.inserted()),
    }
}

/// Prints `program`; `shift` is by how much the first line will be moved to the right.
fn print(prepared: &Prepared<'_>, mut program: Program<'_>, shift: u32) -> Emitted {
    program.hashbang = None;
    let options = CodegenOptions {
        comments: CommentOptions::disabled(),
        source_map_path: Some(PathBuf::from(prepared.name)),
        ..CodegenOptions::default()
    };
    let printed = Codegen::new().with_options(options).build(&program);
    let tokens = printed.map.iter().flat_map(SourceMap::get_tokens);
    let segments = tokens.filter(|token| token.get_source_id().is_some());
    let segments = segments.map(|token| segment(token, shift));
    let positions = PositionMap::mapped(segments).with_inserted(prepared.inserted());
    Emitted {
        code: printed.code,
        positions,
    }
}

/// From 0-based to 1-based.
fn segment(token: Token, shift: u32) -> Segment {
    let shift = if token.get_dst_line() == 0 { shift } else { 0 };
    Segment {
        line: token.get_dst_line().saturating_add(1),
        column: token.get_dst_col().saturating_add(1).saturating_add(shift),
        source_line: token.get_src_line().saturating_add(1),
        source_column: token.get_src_col().saturating_add(1),
    }
}
