//! JSON text (RFC 8259) to a tree. YAML would read most of it, but not `\ud83d\ude00`.

use serde_json::Number;

use crate::Code;
use crate::report::{FileId, Report};

use super::build::{Builder, Stop};
use super::{Node, Tree};

pub(super) fn parse(text: &str, file: FileId, report: &mut Report) -> Option<Node> {
    let mut reader = Reader {
        builder: Builder::new(file, report),
        text,
        offset: 0,
    };
    reader.skip_space();
    if reader.peek().is_none() {
        report.about(Code::EmptyFile, file, "the file is empty");
        return None;
    }
    // A stop has told its reason already.
    reader.document().ok()?;
    reader.builder.finish()
}

struct Reader<'a> {
    builder: Builder<'a>,
    text: &'a str,
    offset: usize,
}

impl Reader<'_> {
    fn document(&mut self) -> Result<(), Stop> {
        self.value()?;
        self.skip_space();
        if self.peek().is_some() {
            return Err(self.unexpected("the end of the file"));
        }
        Ok(())
    }

    /// Reads one value and adds it. Nesting is bounded by the builder.
    fn value(&mut self) -> Result<(), Stop> {
        self.skip_space();
        let start = self.offset;
        let tree = match self.peek() {
            Some('{') => return self.object(),
            Some('[') => return self.array(),
            Some('"') => Tree::String(self.string()?),
            Some('-' | '0'..='9') => Tree::Number(self.number()?),
            Some('a'..='z') => self.word()?,
            _ => return Err(self.unexpected("a value")),
        };
        let place = self.builder.place(start, self.offset);
        self.builder.scalar(Node { place, tree })
    }

    fn object(&mut self) -> Result<(), Stop> {
        self.builder.open_mapping(self.offset)?;
        self.offset += 1;
        self.skip_space();
        if self.eat('}') {
            self.close();
            return Ok(());
        }
        loop {
            self.skip_space();
            let start = self.offset;
            if self.peek() != Some('"') {
                return Err(self.unexpected("a key in double quotes"));
            }
            let key = self.string()?;
            let place = self.builder.place(start, self.offset);
            self.builder.key(key, place)?;
            self.skip_space();
            if !self.eat(':') {
                return Err(self.unexpected("`:`"));
            }
            self.value()?;
            self.skip_space();
            if self.eat('}') {
                self.close();
                return Ok(());
            }
            if !self.eat(',') {
                return Err(self.unexpected("`,` or `}`"));
            }
        }
    }

    fn array(&mut self) -> Result<(), Stop> {
        self.builder.open_list(self.offset)?;
        self.offset += 1;
        self.skip_space();
        if self.eat(']') {
            self.close();
            return Ok(());
        }
        loop {
            self.value()?;
            self.skip_space();
            if self.eat(']') {
                self.close();
                return Ok(());
            }
            if !self.eat(',') {
                return Err(self.unexpected("`,` or `]`"));
            }
        }
    }

    fn close(&mut self) {
        if let Some(node) = self.builder.close(self.offset) {
            self.builder.add(node);
        }
    }

    fn word(&mut self) -> Result<Tree, Stop> {
        for (word, tree) in [
            ("true", Tree::Bool(true)),
            ("false", Tree::Bool(false)),
            ("null", Tree::Null),
        ] {
            if self.rest().starts_with(word) {
                self.offset += word.len();
                return Ok(tree);
            }
        }
        Err(self.unexpected("a value"))
    }

    fn number(&mut self) -> Result<Number, Stop> {
        let length = self
            .rest()
            .find(|character: char| !matches!(character, '0'..='9' | '+' | '-' | '.' | 'e' | 'E'))
            .unwrap_or(self.rest().len());
        let text = self.rest().get(..length).unwrap_or_default();
        let Ok(number) = serde_json::from_str::<Number>(text) else {
            return Err(self.unexpected("a number"));
        };
        self.offset += length;
        Ok(number)
    }

    /// Finds the closing quote and leaves the escapes to the JSON library.
    fn string(&mut self) -> Result<String, Stop> {
        let mut escaped = false;
        let inner = self.rest().get(1..).unwrap_or_default();
        let end = inner.find(|character| {
            let ends = !escaped && character == '"';
            escaped = !escaped && character == '\\';
            ends
        });
        let Some(end) = end else {
            return Err(self.unexpected("a closing quote after this one"));
        };
        let quoted = self.rest().get(..end + 2).unwrap_or_default();
        match serde_json::from_str(quoted) {
            Ok(text) => {
                self.offset += end + 2;
                Ok(text)
            }
            Err(_) => Err(self.unexpected("text without control characters or broken escapes")),
        }
    }

    fn unexpected(&mut self, expected: &str) -> Stop {
        let length = self.peek().map_or(0, char::len_utf8);
        let place = self.builder.place(self.offset, self.offset + length);
        self.builder
            .report
            .at(
                Code::MalformedYaml,
                place,
                format!("malformed JSON: expected {expected}"),
            )
            .label("the parser cannot go on here");
        Stop
    }

    fn rest(&self) -> &str {
        self.text.get(self.offset..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn eat(&mut self, character: char) -> bool {
        let found = self.peek() == Some(character);
        if found {
            self.offset += character.len_utf8();
        }
        found
    }

    fn skip_space(&mut self) {
        let rest = self.rest();
        self.offset += rest.len() - rest.trim_start_matches([' ', '\t', '\n', '\r']).len();
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::report::Report;
    use crate::tree::{Syntax, parse};

    fn read(text: &str) -> (Option<Value>, Vec<String>) {
        let mut report = Report::default();
        let file = report.add_file("a.json", text.into());
        let value = parse(Syntax::Json, text, file, &mut report).map(|node| node.to_value());
        let (diagnostics, _) = report.finish();
        let found = diagnostics
            .iter()
            .map(|found| {
                format!(
                    "{}:{} {} {}",
                    found.line, found.column, found.code, found.message
                )
            })
            .collect();
        (value, found)
    }

    #[test]
    fn json_keeps_order_numbers_and_surrogate_pairs() {
        let text = r#" {"b": 1, "a": [true, null, -1.5e3, "\ud83d\ude00\/"], "c": {}} "#;
        let (value, found) = read(text);
        assert_eq!(found, [""; 0]);
        assert_eq!(
            value.unwrap().to_string(),
            r#"{"b":1,"a":[true,null,-1500.0,"😀/"],"c":{}}"#
        );
    }

    #[test]
    fn what_is_not_json_is_told_where_it_stands() {
        for (text, expected) in [
            (
                "{\"a\": 1,}",
                "1:9 AB0111 malformed JSON: expected a key in double quotes",
            ),
            ("{\"a\" 1}", "1:6 AB0111 malformed JSON: expected `:`"),
            ("[1 2]", "1:4 AB0111 malformed JSON: expected `,` or `]`"),
            (
                "[\"a]",
                "1:2 AB0111 malformed JSON: expected a closing quote after this one",
            ),
            ("[01]", "1:2 AB0111 malformed JSON: expected a number"),
            ("[nul]", "1:2 AB0111 malformed JSON: expected a value"),
            (
                "[]\n x",
                "2:2 AB0111 malformed JSON: expected the end of the file",
            ),
            ("{\"a\": 1,\n\"a\": 2}", "2:1 AB0112 key `a` is given twice"),
            ("  \n", "1:1 AB0107 the file is empty"),
        ] {
            assert_eq!(read(text), (None, vec![expected.to_owned()]), "{text}");
        }
        let (_, found) = read(&"[".repeat(100_000));
        assert_eq!(
            found,
            ["1:101 AB0115 mappings and lists nest deeper than 100"]
        );
    }

    #[test]
    fn duplicate_keys_do_not_stop_the_reading() {
        let (value, found) = read(r#"{"a": 1, "a": 2, "b": 1, "b": 2}"#);
        assert_eq!((value, found.len()), (None, 2));
        assert_eq!(read("0").0, Some(json!(0)));
    }
}
