//! Code inside of a YAML or JSON document, and where each of its lines stands there.

use crate::report::Place;

/// Code as a value of a document.
///
/// Where the document has the lines of the code as they are, which is so in literal block scalars
/// and for a single line, the module gets as many empty lines before them as the document has. An
/// error while the code runs then names the line of the document.
pub(super) struct InlineCode {
    /// The value in the document.
    place: Place,
    /// What the linker reads.
    module: String,
    /// How many empty lines were put before the code.
    padding: usize,
    /// Offset in the document of each line of the code, if the document has them as they are.
    lines: Option<Vec<usize>>,
}

impl InlineCode {
    /// The code `code`, which is the value at `place` of the document `text`.
    pub(super) fn new(code: &str, place: Place, text: &str) -> Self {
        let lines = single_line(code, place, text).or_else(|| block(code, place, text));
        let padding = lines
            .as_ref()
            .and_then(|lines| lines.first())
            .and_then(|start| text.get(..*start))
            .map_or(0, |before| before.matches('\n').count());
        Self {
            place,
            module: "\n".repeat(padding) + code,
            padding,
            lines,
        }
    }

    pub(super) fn module_text(&self) -> &str {
        &self.module
    }

    /// The value as a whole.
    pub(super) const fn whole(&self) -> Place {
        self.place
    }

    /// Line and column of a byte of the code, both counted from 1, the column in characters.
    pub(super) fn position(&self, offset: usize) -> (usize, usize) {
        let before = self.module.get(self.padding..offset).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default();
        (line, column.chars().count() + 1)
    }

    /// Where a range of the module stands in the document, if that is known.
    pub(super) fn place(&self, start: usize, end: usize) -> Option<Place> {
        let lines = self.lines.as_ref()?;
        let start = self.in_document(lines, start)?;
        let end = self.in_document(lines, end).unwrap_or(start);
        Some(Place::new(self.place.file, start, end.max(start)))
    }

    fn in_document(&self, lines: &[usize], offset: usize) -> Option<usize> {
        let before = self.module.get(self.padding..offset.max(self.padding))?;
        let line = before.matches('\n').count();
        let column = before.rsplit('\n').next().map_or(0, str::len);
        Some(lines.get(line)? + column)
    }
}

/// A value that stands in one line of the document, without an escape in it.
fn single_line(code: &str, place: Place, text: &str) -> Option<Vec<usize>> {
    let start = place.start as usize;
    let quoted = text.get(start..)?.starts_with(['"', '\'']);
    let start = start + usize::from(quoted);
    let is_verbatim = !code.contains('\n') && text.get(start..)?.starts_with(code);
    is_verbatim.then(|| vec![start])
}

/// A literal block scalar: the lines of the code, all indented by the same number of spaces. Its
/// place is that of its header or of its content.
fn block(code: &str, place: Place, text: &str) -> Option<Vec<usize>> {
    let start = text
        .get(..place.start as usize)?
        .rfind('\n')
        .map_or(0, |end| end + 1);
    let next = text.get(start..)?.find('\n').map(|end| start + end + 1);
    std::iter::once(start)
        .chain(next)
        .find_map(|first| block_at(code, text, first))
}

/// The lines of `code` in `text`, if those from `first` on are these lines.
fn block_at(code: &str, text: &str, first: usize) -> Option<Vec<usize>> {
    let mut lines = Vec::new();
    let mut indentation = None;
    let mut start = first;
    for line in code.lines() {
        let written = text.get(start..)?.lines().next().unwrap_or_default();
        let length = if line.is_empty() && written.trim().is_empty() {
            0
        } else {
            let spaces = written.strip_suffix(line)?;
            let is_indentation = spaces.bytes().all(|byte| byte == b' ');
            if !is_indentation || *indentation.get_or_insert(spaces.len()) != spaces.len() {
                return None;
            }
            spaces.len()
        };
        lines.push(start + length);
        let rest = text.get(start..)?;
        start += rest.find('\n').map_or(rest.len(), |end| end + 1);
    }
    (!lines.is_empty()).then_some(lines)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Report;
    use crate::tree::{Syntax, parse};

    /// Where `needle` of the code is found in the document.
    fn found(document: &str, needle: &str) -> Option<String> {
        let mut report = Report::default();
        let id = report.add_file("a.yml", document.into());
        let root = parse(Syntax::Yaml, document, id, &mut report).unwrap();
        let node = root.get("code").unwrap();
        let inline = InlineCode::new(node.as_str().unwrap(), node.place, document);
        let start = inline.module_text().find(needle).unwrap();
        let place = inline.place(start, start + needle.len())?;
        let line = document.get(..place.start as usize).unwrap();
        let line = line.matches('\n').count();
        let module = inline.module_text().get(..start).unwrap();
        assert_eq!(module.matches('\n').count(), line, "the lines agree");
        document
            .get(place.start as usize..place.end as usize)
            .map(str::to_owned)
    }

    #[test]
    fn lines_of_a_block_are_found_in_the_document() {
        for document in [
            "a: 1\ncode: |\n  one()\n\n    two()\n  é three()\nb: 2\n",
            "a: 1\r\ncode: |\r\n  one()\r\n    two()\r\n  é three()\r\nb: 2\r\n",
            "a: é\ncode: &x |- # a comment\n        one()\n          two()\n        é three()",
            "code: |2\n    one()\n      two()\n    é three()",
        ] {
            for needle in ["one()", "two()", "é three()"] {
                assert_eq!(
                    found(document, needle).as_deref(),
                    Some(needle),
                    "{document}"
                );
            }
        }
    }

    #[test]
    fn a_single_line_is_found_in_the_document() {
        for document in [
            "a: 1\ncode: x => one()\nb: 2",
            "code: \"x => one()\"",
            "code: 'x => one()' # comment",
        ] {
            assert_eq!(
                found(document, "one()").as_deref(),
                Some("one()"),
                "{document}"
            );
        }
    }

    #[test]
    fn code_that_was_folded_or_escaped_is_not_looked_for() {
        for document in [
            "code: >\n  one()\n  two()\n",
            "code: \"a()\\none()\"",
            "code: \"'\\x41' + one()\"",
        ] {
            assert_eq!(found(document, "one()"), None, "{document}");
        }
    }
}
