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

/// `    at function (module:line:column)`, or without a function. Both names may have brackets and spaces in them.
fn frame(line: &str, modules: &[ModuleInfo]) -> Option<Frame> {
    let rest = line.trim().strip_prefix("at ")?;
    let (function, at) = match rest.strip_suffix(')') {
        Some(rest) => rest.match_indices(" (").find_map(|(index, bracket)| {
            let (function, place) = (rest.get(..index)?, rest.get(index + bracket.len()..)?);
            Some((function, position(place, modules)?))
        })?,
        None => ("<anonymous>", position(rest, modules)?),
    };
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{frames, syntax_position};
    use crate::program::ModuleInfo;

    fn modules() -> Vec<ModuleInfo> {
        let info = |name: &str, first_line_offset| ModuleInfo {
            name: name.to_owned(),
            first_line_offset,
        };
        vec![info("auth/test.js", 10), info("a b (c):d.js", 0)]
    }

    #[test]
    fn frames_of_the_script_are_kept_and_others_are_not() {
        let stack = "    at f (auth/test.js:1:15)\n    at native (native)\n    at send (authbridge:fetch.js:9:9)\n    \
                     at a b (a b (c):d.js:3:4)\n    at auth/test.js:2:7\n    at g (other.js:1:1)\n";
        let found = frames(stack, &modules());
        let found: Vec<_> = found
            .iter()
            .map(|frame| {
                (
                    frame.function.as_str(),
                    frame.module.as_str(),
                    frame.line,
                    frame.column,
                )
            })
            .collect();
        let expected = [
            ("f", "auth/test.js", 1, 5),
            ("a b", "a b (c):d.js", 3, 4),
            ("<anonymous>", "auth/test.js", 2, 7),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_position_in_the_wrapper_is_the_first_column() {
        let at = syntax_position("    at auth/test.js:1:3\n", &modules()).expect("a position");
        assert_eq!((at.line, at.column), (1, 1));
    }

    proptest! {
        #[test]
        fn any_text_is_a_stack(text in ".*", number in any::<u64>()) {
            let _frames = frames(&text, &modules());
            let _frames = frames(&format!("    at {text} (auth/test.js:{number}:{number})"), &modules());
        }
    }
}
