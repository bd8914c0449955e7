//! The texts that diagnostics point into: lines, positions, and masking of secrets.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::secret_name::is_secret_name;

/// A source line longer than this is shortened in a snippet.
const MAX_SNIPPET: usize = 240;

/// The texts of the files that were read, with secrets already masked, by file name.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    texts: BTreeMap<String, Arc<str>>,
}

impl Sources {
    /// The masked text of `file`.
    pub fn get(&self, file: &str) -> Option<&str> {
        self.texts.get(file).map(AsRef::as_ref)
    }

    /// Takes the texts of `other` in, under names that start with `prefix`.
    pub(crate) fn extend_under(&mut self, prefix: &str, other: Self) {
        for (name, text) in other.texts {
            let kept = self.texts.entry(format!("{prefix}{name}")).or_default();
            // A file that only has something said about it comes without text.
            if !text.is_empty() {
                *kept = text;
            }
        }
    }
}

impl FromIterator<(String, Arc<str>)> for Sources {
    fn from_iter<I: IntoIterator<Item = (String, Arc<str>)>>(files: I) -> Self {
        let mut sources = Self::default();
        for (name, text) in files {
            let kept = sources.texts.entry(name).or_default();
            if !text.is_empty() {
                *kept = text;
            }
        }
        sources
    }
}

/// Where the lines of a text start.
#[derive(Debug)]
pub(crate) struct Lines {
    starts: Vec<usize>,
}

impl Lines {
    pub(crate) fn new(text: &str) -> Self {
        let mut starts = vec![0];
        starts.extend(
            text.bytes()
                .enumerate()
                .filter(|(_, byte)| *byte == b'\n')
                .map(|(offset, _)| offset + 1),
        );
        Self { starts }
    }

    /// Line and column of the byte at `offset`, both counted from 1, the column in characters.
    pub(crate) fn position(&self, text: &str, offset: usize) -> (usize, usize) {
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = self.line_start(line);
        let column = text
            .get(start..offset.min(text.len()))
            .map_or(1, |before| before.chars().count() + 1);
        (line, column)
    }

    /// The line that holds the byte at `offset`, shortened around it when very long.
    pub(crate) fn snippet(&self, text: &str, offset: usize) -> String {
        let number = self.starts.partition_point(|start| *start <= offset);
        let start = self.line_start(number);
        let end = self.starts.get(number).copied().unwrap_or(text.len());
        let line = text.get(start..end).unwrap_or_default();
        let line = line.trim_end_matches(['\n', '\r']);
        if line.len() <= MAX_SNIPPET {
            return line.to_owned();
        }
        let from = floor(line, (offset - start).saturating_sub(MAX_SNIPPET / 2));
        let to = floor(line, from + MAX_SNIPPET);
        let mut snippet = String::new();
        if from > 0 {
            snippet.push('…');
        }
        snippet.push_str(line.get(from..to).unwrap_or_default());
        if to < line.len() {
            snippet.push('…');
        }
        snippet
    }

    fn line_start(&self, line: usize) -> usize {
        self.starts
            .get(line.saturating_sub(1))
            .copied()
            .unwrap_or_default()
    }
}

/// The nearest character boundary at or before `offset`.
pub(crate) fn floor(text: &str, offset: usize) -> usize {
    text.floor_char_boundary(offset)
}

/// `text` with every character in `ranges` replaced by as many `*` as it has bytes, so that
/// offsets stay true; line breaks stay.
pub(crate) fn mask(text: &Arc<str>, ranges: &[(usize, usize)]) -> Arc<str> {
    if ranges.is_empty() {
        return Arc::clone(text);
    }
    let mut ranges = ranges.to_vec();
    ranges.sort_unstable();
    let mut ranges = ranges.into_iter().peekable();
    let mut masked = String::with_capacity(text.len());
    for (offset, character) in text.char_indices() {
        while ranges.next_if(|(_, end)| *end <= offset).is_some() {}
        let hidden = ranges.peek().is_some_and(|(start, _)| *start <= offset);
        if hidden && character != '\n' && character != '\r' {
            masked.extend(std::iter::repeat_n('*', character.len_utf8()));
        } else {
            masked.push(character);
        }
    }
    masked.into()
}

/// Values that look secret in a text that was not parsed: what follows `secretName:` up to the end
/// of its quotes or of the line. In code, names of variables are no secrets: only what stands in
/// quotes counts, after `=` as well.
pub(crate) fn secret_ranges(text: &str, is_code: bool) -> Vec<(usize, usize)> {
    let mut ranges = Vec::new();
    let separators: &[char] = if is_code { &[':', '='] } else { &[':'] };
    for (colon, _) in text.match_indices(separators) {
        if !is_secret_name(name_before(text, colon)) {
            continue;
        }
        let rest = text.get(colon + 1..).unwrap_or_default();
        let value = rest.trim_start_matches([' ', '\t']);
        let start = colon + 1 + rest.len() - value.len();
        let length = match value.chars().next() {
            Some(quote @ ('"' | '\'')) => {
                let inner = value.get(1..).unwrap_or_default();
                inner.find([quote, '\n']).map_or(value.len(), |end| end + 1)
            }
            Some('`') if is_code => {
                let inner = value.get(1..).unwrap_or_default();
                inner.find('`').map_or(value.len(), |end| end + 1)
            }
            Some(_) if is_code => 0,
            Some('{' | '[' | '&' | '*' | '|' | '>' | '\r' | '\n') | None => 0,
            Some(_) => value.find('\n').unwrap_or(value.len()),
        };
        if length > 0 {
            ranges.push((start, start + length));
        }
    }
    ranges
}

/// The name that ends before `colon`, without its quotes.
fn name_before(text: &str, colon: usize) -> &str {
    let before = text.get(..colon).unwrap_or_default();
    let before = before.trim_end_matches([' ', '\t', '"', '\'']);
    let start = before
        .rfind(|character: char| !(character.is_alphanumeric() || "-_$".contains(character)))
        .map_or(0, |position| {
            position
                + before
                    .get(position..)
                    .and_then(|rest| rest.chars().next())
                    .map_or(1, char::len_utf8)
        });
    before.get(start..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(text: &str) -> String {
        mask(&text.into(), &secret_ranges(text, false)).to_string()
    }

    #[test]
    fn positions_count_characters_from_one() {
        let text = "a: é\nb: ü c\n";
        let lines = Lines::new(text);
        assert_eq!(lines.position(text, 0), (1, 1));
        assert_eq!(lines.position(text, 6), (2, 1));
        assert_eq!(lines.position(text, text.find('c').unwrap()), (2, 6));
        assert_eq!(lines.position(text, text.len()), (3, 1));
    }

    #[test]
    fn a_very_long_line_is_shortened_around_the_place() {
        let text = format!("{}x{}", "é".repeat(1000), "ü".repeat(1000));
        let snippet = Lines::new(&text).snippet(&text, 2000);
        assert!(snippet.len() < 300);
        assert!(snippet.starts_with('…') && snippet.ends_with('…') && snippet.contains('x'));
    }

    #[test]
    fn masking_keeps_lengths_and_lines() {
        assert_eq!(&*mask(&"ab\ncdé".into(), &[(1, 7)]), "a*\n****");
    }

    #[test]
    fn constants_in_code_are_masked_and_names_are_not() {
        let masked = |text: &str| mask(&text.into(), &secret_ranges(text, true)).to_string();
        assert_eq!(
            masked("const apiKey = \"abc\";\nuse({ password: 'x', secret: credentials.secret });"),
            "const apiKey = ****\";\nuse({ password: **', secret: credentials.secret });"
        );
        assert_eq!(masked("token = `a${b}`;"), "token = ******`;");
        assert_eq!(masked("if (token === 'a') {}"), "if (token === 'a') {}");
    }

    #[test]
    fn secrets_of_an_unparsable_text_are_masked() {
        assert_eq!(
            masked("clientSecret: \"abc\nx: 1"),
            "clientSecret: ****\nx: 1"
        );
        assert_eq!(
            masked("{\"apiKey\": \"abc\", \"b\": 1"),
            "{\"apiKey\": ****\", \"b\": 1"
        );
        assert_eq!(
            masked("password: hunter2\r\nb: c"),
            "password: *******\r\nb: c"
        );
        assert_eq!(masked("clientSecret: {$var: a}"), "clientSecret: {$var: a}");
        assert_eq!(masked("tokenUri: https://x"), "tokenUri: https://x");
    }
}
