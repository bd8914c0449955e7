//! Modules to bytecode.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::error::{Position, ScriptError};
use crate::guest::Message;
use crate::program::{Compiled, ModuleFormat, ModuleInfo, Program, ProgramSource};
use crate::run::{Entry, Instance};
use crate::stack;

/// What goes around a module's text, on the same line: see [`ModuleFormat`]. The text ends with a line break, since it
/// may end with a comment.
const fn wrapper(format: ModuleFormat) -> (&'static str, &'static str) {
    match format {
        ModuleFormat::Esm => (
            "(async function(__vite_ssr_exports__,__vite_ssr_import__,__vite_ssr_dynamic_import__,\
             __vite_ssr_exportAll__,__vite_ssr_import_meta__,module,exports,require){\"use strict\";",
            "\n})",
        ),
        ModuleFormat::CommonJs => (
            "(function(exports,require,module,__filename,__dirname){",
            "\n})",
        ),
        ModuleFormat::Json => ("", ""),
    }
}

fn format_name(format: ModuleFormat) -> &'static str {
    match format {
        ModuleFormat::Esm => "esm",
        ModuleFormat::CommonJs => "cjs",
        ModuleFormat::Json => "json",
    }
}

pub(crate) async fn compile(
    instance: &mut Instance,
    source: &ProgramSource,
) -> Result<Program, ScriptError> {
    let modules: Vec<ModuleInfo> = source.modules.iter().map(info).collect();
    instance
        .enter(Entry::Compile, Message::text(request(source).to_string()))
        .await?;
    let Some(outcome) = instance.guest().outcome.take() else {
        return Err(ScriptError::Crashed {
            reason: "the compiler gave no answer".to_owned(),
        });
    };
    match outcome.text.split_at_checked(1) {
        Some(("c", manifest)) => {
            let bytes = outcome.bytes.unwrap_or_default();
            Ok(Program {
                inner: Arc::new(Compiled {
                    manifest: manifest.into(),
                    bytes,
                    modules,
                }),
            })
        }
        Some(("x", json)) => Err(syntax_error(json, &modules)),
        _ => Err(ScriptError::Crashed {
            reason: "the compiler gave an unknown answer".to_owned(),
        }),
    }
}

fn info(module: &crate::program::ModuleSource) -> ModuleInfo {
    let (prefix, _) = wrapper(module.format);
    ModuleInfo {
        name: module.name.clone(),
        first_line_offset: u32::try_from(prefix.len()).unwrap_or(0),
    }
}

fn request(source: &ProgramSource) -> Value {
    let modules: Vec<Value> = source
        .modules
        .iter()
        .map(|module| {
            let (before, after) = wrapper(module.format);
            json!({
                "name": module.name,
                "format": format_name(module.format),
                "imports": module.imports.iter().cloned().collect::<std::collections::BTreeMap<_, _>>(),
                "code": format!("{before}{}{after}", module.code),
            })
        })
        .collect();
    json!({ "entry": source.entry, "modules": modules })
}

#[derive(Deserialize)]
struct Failed {
    message: String,
    stack: String,
    module: String,
}

fn syntax_error(json: &str, modules: &[ModuleInfo]) -> ScriptError {
    match serde_json::from_str::<Failed>(json) {
        Ok(failed) => ScriptError::Syntax {
            message: failed.message,
            at: stack::syntax_position(&failed.stack, modules).unwrap_or(Position {
                module: failed.module,
                line: 1,
                column: 1,
            }),
        },
        Err(error) => ScriptError::Crashed {
            reason: error.to_string(),
        },
    }
}
