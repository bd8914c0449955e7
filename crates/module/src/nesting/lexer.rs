//! Tokens of JavaScript and TypeScript, as finely as the scan needs them.

use std::mem;

use super::words::Word;

/// A token, or what the scan needs to know of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// Before the first token.
    Start,
    /// A name, a value, the end of a template.
    Operand,
    Word(Word),
    Open(char),
    Close(char),
    /// `)` of `if (…)` and the like.
    CloseControl,
    /// `)` of `await (…)`, which may be a `for await (…)`.
    CloseUnclear,
    /// The start of `${`.
    TemplateOpen,
    Semicolon,
    Comma,
    Colon,
    Dot,
    Less,
    Greater,
    /// `++`, `--`.
    Step,
    /// `!` after an operand: TypeScript's assertion, or the start of `!=`.
    Assertion,
    Punctuation(char),
}

pub(super) struct Lexer<'t> {
    text: &'t str,
    at: usize,
    /// Where the current token starts.
    pub(super) start: usize,
    /// The last token that was given.
    pub(super) previous: Token,
    /// Whether a line ended between the last two tokens.
    pub(super) after_newline: bool,
    /// How deeply the current token is nested in itself: the brackets of a regular expression.
    pub(super) nested: usize,
    /// What `)` will be for every `(` that is open.
    parens: Vec<Token>,
    /// The text of a template comes next.
    in_template: bool,
}

/// The byte where what follows is ambiguous.
type Ambiguous = usize;

impl<'t> Lexer<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        let at = if text.starts_with("#!") {
            line_end(text, 0)
        } else {
            0
        };
        Self {
            text,
            at,
            start: at,
            previous: Token::Start,
            after_newline: true,
            nested: 0,
            parens: Vec::new(),
            in_template: false,
        }
    }

    /// The next token; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Token>, Ambiguous> {
        if !self.in_template {
            self.skip_space();
        }
        self.start = self.at;
        self.nested = 0;
        let Some(first) = self.rest().chars().next() else {
            return Ok(None);
        };
        let token = match first {
            _ if mem::take(&mut self.in_template) => self.template_text(),
            '"' | '\'' => self.string(first),
            '`' => self.template(),
            '/' => self.slash()?,
            '0'..='9' => self.number(),
            '.' if self.peek(1).is_some_and(|next| next.is_ascii_digit()) => self.number(),
            character if is_name(character) => self.word(),
            character => self.mark(character)?,
        };
        self.previous = token;
        Ok(Some(token))
    }

    /// Whether the current token is a name rather than a number or a string.
    pub(super) fn is_name(&self) -> bool {
        self.text
            .get(self.start..)
            .and_then(|rest| rest.chars().next())
            .is_some_and(is_name)
    }

    /// Goes on with the template that a `}` has led back to.
    pub(super) fn resume_template(&mut self) {
        self.in_template = true;
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self, ahead: usize) -> Option<char> {
        self.rest().chars().nth(ahead)
    }

    fn skip_space(&mut self) {
        self.after_newline = self.previous == Token::Start;
        loop {
            let rest = self.rest();
            if rest.starts_with("//") {
                self.at = line_end(self.text, self.at);
            } else if rest.starts_with("/*") {
                let length = rest.find("*/").map_or(rest.len(), |end| end + 2);
                self.after_newline |= rest
                    .get(..length)
                    .is_some_and(|comment| comment.contains(is_line_end));
                self.at += length;
            } else if let Some(space) = rest.chars().next().filter(|space| is_space(*space)) {
                self.after_newline |= is_line_end(space);
                self.at += space.len_utf8();
            } else {
                return;
            }
        }
    }

    fn string(&mut self, quote: char) -> Token {
        self.at += 1;
        let mut characters = self.rest().char_indices();
        let mut length = self.rest().len();
        while let Some((offset, character)) = characters.next() {
            match character {
                '\\' => drop(characters.next()),
                '\n' | '\r' => {
                    length = offset;
                    break;
                }
                _ if character == quote => {
                    length = offset + 1;
                    break;
                }
                _ => {}
            }
        }
        self.at += length;
        Token::Operand
    }

    fn template(&mut self) -> Token {
        self.at += 1;
        self.template_text()
    }

    /// The text of a template up to its end or to the next `${`, which is taken as well.
    fn template_text(&mut self) -> Token {
        let mut characters = self.rest().char_indices();
        while let Some((offset, character)) = characters.next() {
            match character {
                '\\' => drop(characters.next()),
                '`' => {
                    self.at += offset + 1;
                    return Token::Operand;
                }
                '$' if characters.as_str().starts_with('{') => {
                    self.at += offset + 2;
                    return Token::TemplateOpen;
                }
                _ => {}
            }
        }
        self.at = self.text.len();
        Token::Operand
    }

    fn slash(&mut self) -> Result<Token, Ambiguous> {
        let is_regex = match self.previous {
            Token::Operand | Token::Close(')' | ']') => Some(false),
            Token::Word(word) => word.precedes_regex(),
            Token::CloseUnclear
            | Token::Close(_)
            | Token::Greater
            | Token::Step
            | Token::Assertion
            | Token::Dot => None,
            Token::Start
            | Token::Open(_)
            | Token::CloseControl
            | Token::TemplateOpen
            | Token::Semicolon
            | Token::Comma
            | Token::Colon
            | Token::Less
            | Token::Punctuation(_) => Some(true),
        };
        if is_regex.ok_or(self.start)? {
            self.regex();
            return Ok(Token::Operand);
        }
        self.at += 1;
        Ok(Token::Punctuation('/'))
    }

    fn regex(&mut self) {
        let mut in_class = false;
        let mut characters = self.rest().char_indices().skip(1);
        let mut length = self.rest().len();
        while let Some((offset, character)) = characters.next() {
            match character {
                '\\' => drop(characters.next()),
                '(' => self.nested += 1,
                '[' => {
                    self.nested += 1;
                    in_class = true;
                }
                ']' => in_class = false,
                '/' if !in_class => {
                    length = offset + 1;
                    break;
                }
                _ if is_line_end(character) => {
                    length = offset;
                    break;
                }
                _ => {}
            }
        }
        self.at += length;
    }

    fn number(&mut self) -> Token {
        let rest = self.rest();
        let length = rest.find(|character| !is_name(character) && character != '.');
        self.at += length.unwrap_or(rest.len());
        Token::Operand
    }

    fn word(&mut self) -> Token {
        let rest = self.rest();
        let mut length = 0;
        while let Some(character) = rest.get(length..).and_then(|rest| rest.chars().next()) {
            if !is_name(character) {
                break;
            }
            length += if character == '\\' {
                escape_length(rest, length)
            } else {
                character.len_utf8()
            };
        }
        self.at += length;
        let word = rest.get(..length).unwrap_or_default();
        match Word::of(word) {
            Some(word) if self.previous != Token::Dot => Token::Word(word),
            _ => Token::Operand,
        }
    }

    fn mark(&mut self, mark: char) -> Result<Token, Ambiguous> {
        let rest = self.rest();
        let is_html_comment =
            rest.starts_with("<!--") || (self.after_newline && rest.starts_with("-->"));
        if is_html_comment {
            return Err(self.start);
        }
        for (operator, token) in [
            ("...", Token::Punctuation('.')),
            ("=>", Token::Punctuation('>')),
            ("<=", Token::Punctuation('<')),
            ("++", Token::Step),
            ("--", Token::Step),
        ] {
            if rest.starts_with(operator) {
                self.at += operator.len();
                return Ok(token);
            }
        }
        self.at += mark.len_utf8();
        Ok(self.single(mark))
    }

    fn single(&mut self, mark: char) -> Token {
        match mark {
            '(' => {
                let close = if self.previous == Token::Word(Word::Control) {
                    Token::CloseControl
                } else if self.previous == Token::Word(Word::Await) {
                    Token::CloseUnclear
                } else {
                    Token::Close(')')
                };
                self.parens.push(close);
                Token::Open('(')
            }
            '[' | '{' => Token::Open(mark),
            ')' => self.parens.pop().unwrap_or(Token::Close(')')),
            ']' | '}' => Token::Close(mark),
            ';' => Token::Semicolon,
            ',' => Token::Comma,
            ':' => Token::Colon,
            '.' => Token::Dot,
            '<' => Token::Less,
            '>' => Token::Greater,
            '!' if matches!(
                self.previous,
                Token::Operand | Token::Close(_) | Token::CloseUnclear | Token::Assertion
            ) =>
            {
                Token::Assertion
            }
            mark => Token::Punctuation(mark),
        }
    }
}

/// Whether a character belongs to a name or a number. Escapes (`\u0061`) do; so does whatever is
/// neither space nor ASCII, as only the parser needs to know what it is.
fn is_name(character: char) -> bool {
    character.is_ascii_alphanumeric()
        || matches!(character, '_' | '$' | '\\')
        || (!character.is_ascii() && !is_space(character))
}

fn is_space(character: char) -> bool {
    character.is_whitespace() || character == '\u{feff}'
}

fn is_line_end(character: char) -> bool {
    matches!(character, '\n' | '\r' | '\u{2028}' | '\u{2029}')
}

/// The length of the escape that starts at the byte `at`; of its backslash alone when it has no
/// braces, as the rest then reads like a name.
fn escape_length(text: &str, at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    let Some(digits) = rest.strip_prefix("\\u{") else {
        return 1;
    };
    let count = digits.bytes().take_while(u8::is_ascii_hexdigit).count();
    let closing = usize::from(digits.as_bytes().get(count) == Some(&b'}'));
    "\\u{".len() + count + closing
}

/// The end of the line that the byte `at` is in.
fn line_end(text: &str, at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    at + rest.find(is_line_end).unwrap_or(rest.len())
}
