//! The engine's stack traces, as frames of the script's own modules.

use std::borrow::Cow;

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
        function: function_name(function).to_owned(),
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

/// The name that the transform gives a default export without one.
const NAMELESS_DEFAULT: &str = "__vite_ssr_export_default__";

/// `text`, which a script wrote, with the places in its stack traces as `shown` words them, and without the prelude's
/// frames. The same text where it has none.
pub(crate) fn rewritten<'a>(
    text: &'a str,
    modules: &[ModuleInfo],
    shown: &dyn Fn(&Position) -> String,
) -> Cow<'a, str> {
    if !text
        .lines()
        .any(|line| line.trim_start().starts_with("at "))
    {
        return Cow::Borrowed(text);
    }
    let mut lines: Vec<String> = Vec::new();
    for line in text.split('\n') {
        if !line.trim_start().starts_with("at ") {
            lines.push(line.to_owned());
        } else if let Some(rest) = after_foreign_frame(line) {
            // What `inspect` wrote behind the last frame belongs to the error.
            match lines.last_mut() {
                Some(last) => last.push_str(rest),
                None if rest.is_empty() => {}
                None => lines.push(rest.to_owned()),
            }
        } else {
            lines.push(relocated(line, modules, shown).replace(NAMELESS_DEFAULT, "default"));
        }
    }
    Cow::Owned(lines.join("\n"))
}

/// What follows a frame of the prelude or of the language itself, on its line.
fn after_foreign_frame(line: &str) -> Option<&str> {
    if let Some((_, rest)) = line.split_once("(native)") {
        return Some(rest);
    }
    if let Some((_, rest)) = line.split_once("(authbridge:") {
        return Some(rest.split_once(')').map_or("", |(_, rest)| rest));
    }
    line.trim_start()
        .starts_with("at authbridge:")
        .then_some("")
}

/// A frame's line with the place of one of `modules` in other words.
fn relocated(line: &str, modules: &[ModuleInfo], shown: &dyn Fn(&Position) -> String) -> String {
    let places = modules.iter().flat_map(|module| {
        line.match_indices(module.name.as_str())
            .map(|(index, name)| (index, index + name.len()))
    });
    for (start, end) in places {
        let (before, after) = (line.get(..start), line.get(end..));
        let (Some(before), Some(after)) = (before, after) else {
            continue;
        };
        if !before.ends_with('(') && !before.ends_with("at ") {
            continue;
        }
        let size = after
            .find(|character: char| character != ':' && !character.is_ascii_digit())
            .unwrap_or(after.len());
        let (numbers, rest) = after.split_at(size);
        let name = line.get(start..end).unwrap_or_default();
        if let Some(at) = position(&format!("{name}{numbers}"), modules) {
            return format!("{before}{}{rest}", shown(&at));
        }
    }
    line.to_owned()
}

/// A function's name as its author would say it.
fn function_name(name: &str) -> &str {
    if name == NAMELESS_DEFAULT {
        "default"
    } else {
        name
    }
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

    use super::{frames, rewritten, syntax_position};
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
    fn traces_in_text_are_told_in_the_authors_places() {
        let text = "Error: no\n    at f (auth/test.js:1:15)\n    at send (authbridge:fetch.js:9:9)\n    \
                    at __vite_ssr_export_default__ (a b (c):d.js:3:4)\n    at g (native) { key: 'x' }\nat home";
        let shown =
            |at: &crate::error::Position| format!("<{} {} {}>", at.module, at.line, at.column);
        let expected = "Error: no\n    at f (<auth/test.js 1 5>)\n    at default (<a b (c):d.js 3 4>) { key: 'x' }\nat home";
        assert_eq!(rewritten(text, &modules(), &shown), expected);
        let plain = "look at (auth/test.js:1:15)";
        assert_eq!(rewritten(plain, &modules(), &shown), plain);
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
            let _text = rewritten(&format!("at {text}\n at x (auth/test.js:{number}:1)"), &modules(), &|at| at.module.clone());
            let _frames = frames(&format!("    at {text} (auth/test.js:{number}:{number})"), &modules());
        }
    }
}
