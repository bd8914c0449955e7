//! Data files.

use serde_json::Value;

use super::{Span, Unit};
use crate::positions::PositionMap;
use crate::problem::{Problem, ProblemKind};
use crate::program::{Callable, ModuleFormat, Shape};
use crate::source::SourceFile;

pub(super) fn transform(name: &str, source: &SourceFile) -> Result<Unit, Vec<Problem>> {
    let text = source.text.strip_prefix('\u{feff}').unwrap_or(&source.text);
    let value: Value = serde_json::from_str(text)
        .map_err(|error| vec![problem(name, &source.text, text, &error)])?;
    let mut exports = vec!["default".to_owned()];
    if let Value::Object(members) = &value {
        exports.extend(members.keys().filter(|name| *name != "default").cloned());
    }
    let members = exports
        .iter()
        .map(|name| (name.clone(), Callable::No))
        .collect();
    Ok(Unit {
        code: text.to_owned(),
        format: ModuleFormat::Json,
        imports: Vec::new(),
        exports,
        shape: Shape {
            members,
            default_members: Vec::new(),
            open: false,
        },
        positions: PositionMap::same(),
        warnings: Vec::new(),
    })
}

fn problem(name: &str, file: &str, text: &str, error: &serde_json::Error) -> Problem {
    let mark = file.len() - text.len();
    let line_start = |line: usize| -> usize {
        text.split_inclusive('\n')
            .take(line.saturating_sub(1))
            .map(str::len)
            .sum()
    };
    let at = (mark + line_start(error.line()) + error.column().saturating_sub(1)).min(file.len());
    let start = file.floor_char_boundary(at);
    // The line and column are in the span already.
    let message = error.to_string();
    let message = message.split(" at line ").next().unwrap_or_default();
    Span { start, end: start }.problem(name, ProblemKind::Syntax, format!("no JSON: {message}"))
}
