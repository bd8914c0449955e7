//! The engine's stack traces, as frames of the script's own modules.

use crate::error::{Frame, Position};
use crate::program::ModuleInfo;

/// Frames that are kept.
const MOST_FRAMES: usize = 50;

/// The script's frames in the text of `error.stack`. The text is the script's to change: lines that are none of ours
/// are passed over, and so are frames of the prelude.
pub(crate) fn frames(stack: &str, modules: &[ModuleInfo]) -> Vec<Frame> {
    stack
        .lines()
        .filter_map(|line| frame(line, modules))
        .take(MOST_FRAMES)
        .collect()
}

/// `    at function (module:line:column)`, or without a function.
fn frame(line: &str, modules: &[ModuleInfo]) -> Option<Frame> {
    let rest = line.trim().strip_prefix("at ")?;
    let (function, place) = match rest
        .strip_suffix(')')
        .and_then(|rest| rest.rsplit_once(" ("))
    {
        Some((function, place)) => (function, place),
        None => ("<anonymous>", rest),
    };
    let at = position(place, modules)?;
    Some(Frame {
        function: function.to_owned(),
        module: at.module,
        line: at.line,
        column: at.column,
    })
}

/// `module:line:column` of one of `modules`.
fn position(place: &str, modules: &[ModuleInfo]) -> Option<Position> {
    let (rest, column) = place.rsplit_once(':')?;
    let (name, line) = rest.rsplit_once(':')?;
    let (line, column) = (line.parse::<u32>().ok()?, column.parse::<u32>().ok()?);
    let module = modules.iter().find(|module| module.name == name)?;
    let offset = if line == 1 {
        module.first_line_offset
    } else {
        0
    };
    Some(Position {
        module: module.name.clone(),
        line,
        column: column.saturating_sub(offset).max(1),
    })
}

/// Where a syntax error is: the first line of its stack that names a module.
pub(crate) fn syntax_position(stack: &str, modules: &[ModuleInfo]) -> Option<Position> {
    stack
        .lines()
        .find_map(|line| position(line.trim().strip_prefix("at ")?, modules))
}
