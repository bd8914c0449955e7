//! How deeply code can be nested at most, found without recursion and before it is parsed.
//!
//! The parser and everything after it recurse: without a bound, `((((…` would overflow the stack
//! and end the process. Counting brackets is not enough, because `!!!!x`, `a => b => …`,
//! `if (a) if (b) …` and `A<B<C<…` nest as well, and so do the
//! groups of a regular expression. So this scan counts **every token** of a
//! statement, at every level of brackets that is open: no code is nested more deeply than it has
//! tokens between the start of a statement and its deepest point. Where a statement may go on, the
//! scan assumes that it does; a count can be too high, never too low. Where it cannot tell a
//! regular expression from a division, it gives up, and only a short file passes.
//!
//! Speculative parsing (is `(a = (b = …` the head of an arrow function?) costs the parser quadratic
//! time in the depth of brackets and of `<`. These have bounds of their own, and so has the sum of
//! their depths, which ordinary code keeps well below its length.

mod level;
mod lexer;
mod words;

use level::{Level, LevelKind};
use lexer::{Lexer, Token};
use words::Word;

/// Brackets that are open at the same time.
const BRACKETS: usize = 128;

/// `<` in one statement and level that no `>` closes.
const ANGLES: usize = 100;

/// Tokens of the statements that are open at the same time; also the length of a file, in bytes,
/// that passes when the scan gives up.
const TOKENS: usize = 5_000;

/// The depths of all `(` and `<` together may be this much more than the bytes of the file.
const SPECULATION: usize = 20_000;

/// Stack for one level of nesting, in bytes. Measured: without optimisation the greediest
/// construct takes less than half.
const STACK_PER_LEVEL: usize = 52 * 1024;

/// Stack for what does not depend on nesting, in bytes.
const STACK_BASE: usize = 4 * 1024 * 1024;

/// No code of the file is nested more deeply than this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Depth(usize);

impl Depth {
    /// The stack to process the file on, in bytes.
    pub(crate) fn stack_bytes(self) -> usize {
        STACK_BASE + self.0 * STACK_PER_LEVEL
    }
}

/// A bound for the nesting of `text`, or the byte where it is nested too deeply.
pub(crate) fn check(text: &str) -> Result<Depth, usize> {
    let mut scan = Scan::new(text);
    match scan.run() {
        Ok(()) => Ok(Depth(scan.deepest)),
        Err(Stop::Ambiguous(_)) if text.len() <= TOKENS => Ok(Depth(text.len())),
        Err(Stop::TooDeep(at) | Stop::Ambiguous(at)) => Err(at),
    }
}

/// Why a scan ends early, and at which byte.
enum Stop {
    TooDeep(usize),
    /// Division or regular expression, operator or comment: both are possible.
    Ambiguous(usize),
}

struct Scan<'t> {
    lexer: Lexer<'t>,
    levels: Vec<Level>,
    /// The tokens of all levels.
    tokens: usize,
    deepest: usize,
    /// What is left for the depths of all `(` and `<`.
    speculation: usize,
}

impl<'t> Scan<'t> {
    fn new(text: &'t str) -> Self {
        Self {
            lexer: Lexer::new(text),
            levels: vec![Level::new(LevelKind::Block)],
            tokens: 0,
            deepest: 0,
            speculation: text.len() + SPECULATION,
        }
    }

    fn run(&mut self) -> Result<(), Stop> {
        loop {
            let before = self.lexer.previous;
            let Some(token) = self.lexer.next().map_err(Stop::Ambiguous)? else {
                return Ok(());
            };
            if self.ends_statement(before, token) {
                self.reset();
            }
            self.count(token)?;
            match token {
                Token::Open(bracket) => self.open(bracket, before)?,
                Token::TemplateOpen => self.push(LevelKind::Template)?,
                Token::Close(bracket) => self.close(bracket),
                Token::CloseControl | Token::CloseUnclear => self.close(')'),
                Token::Comma => self.comma(),
                Token::Start
                | Token::Operand
                | Token::Word(_)
                | Token::Semicolon
                | Token::Colon
                | Token::Dot
                | Token::Less
                | Token::Greater
                | Token::Step
                | Token::Assertion
                | Token::Punctuation(_) => {}
            }
        }
    }

    /// Whether a new statement certainly starts with `token`.
    fn ends_statement(&self, before: Token, token: Token) -> bool {
        let word = if let Token::Word(word) = token {
            Some(word)
        } else {
            None
        };
        if before == Token::Semicolon {
            return word != Some(Word::Else);
        }
        let is_block = self
            .levels
            .last()
            .is_some_and(|level| level.kind.has_statements());
        let is_complete = matches!(before, Token::Operand | Token::Close('}' | ']'));
        let starts = token == Token::Operand && self.lexer.is_name()
            || word.is_some_and(|word| !word.continues());
        is_block && self.lexer.after_newline && is_complete && starts
    }

    fn reset(&mut self) {
        if let Some(level) = self.levels.last_mut() {
            self.tokens = self.tokens.saturating_sub(level.tokens);
            level.restart();
        }
    }

    fn count(&mut self, token: Token) -> Result<(), Stop> {
        let at = self.lexer.start;
        let Some(level) = self.levels.last_mut() else {
            return Ok(());
        };
        if level.tokens == 0 {
            level.declares = matches!(token, Token::Word(Word::Declaration));
        }
        level.tokens += 1;
        if token == Token::Less {
            level.angles += 1;
        } else if token == Token::Greater {
            level.angles = level.angles.saturating_sub(1);
        }
        let angles = level.angles;
        let speculated = if token == Token::Less {
            angles
        } else if token == Token::Open('(') {
            self.levels.len()
        } else {
            0
        };
        self.tokens += 1;
        let depth = self.tokens + self.lexer.nested;
        self.deepest = self.deepest.max(depth);
        let left = self.speculation.checked_sub(speculated);
        self.speculation = left.unwrap_or_default();
        let is_too_deep = depth > TOKENS || angles > ANGLES || left.is_none();
        if is_too_deep {
            Err(Stop::TooDeep(at))
        } else {
            Ok(())
        }
    }

    fn open(&mut self, bracket: char, before: Token) -> Result<(), Stop> {
        let parent = self.levels.last().map(|level| level.kind);
        let kind = match bracket {
            '(' => LevelKind::Paren,
            '[' => LevelKind::Bracket,
            _ if self.is_object(before, parent) => LevelKind::Object,
            _ => LevelKind::Block,
        };
        self.push(kind)
    }

    /// Whether `{` after `before` certainly starts no block and no body.
    fn is_object(&self, before: Token, parent: Option<LevelKind>) -> bool {
        match before {
            Token::Comma | Token::Open('(' | '[') | Token::Word(Word::Default) => true,
            Token::Word(Word::Return) => !self.lexer.after_newline,
            Token::Colon => parent == Some(LevelKind::Object),
            Token::Punctuation(mark) => matches!(mark, '=' | '?' | '|' | '&' | '+'),
            Token::Start
            | Token::Operand
            | Token::Word(_)
            | Token::Open(_)
            | Token::Close(_)
            | Token::CloseControl
            | Token::CloseUnclear
            | Token::TemplateOpen
            | Token::Semicolon
            | Token::Dot
            | Token::Less
            | Token::Greater
            | Token::Step
            | Token::Assertion => false,
        }
    }

    fn push(&mut self, kind: LevelKind) -> Result<(), Stop> {
        if self.levels.len() > BRACKETS {
            return Err(Stop::TooDeep(self.lexer.start));
        }
        self.levels.push(Level::new(kind));
        Ok(())
    }

    /// Only the matching bracket closes a level: another one is an error to the parser.
    fn close(&mut self, bracket: char) {
        let matches = self
            .levels
            .last()
            .is_some_and(|level| level.kind.is_closed_by(bracket));
        if self.levels.len() < 2 || !matches {
            return;
        }
        if let Some(level) = self.levels.pop() {
            self.tokens = self.tokens.saturating_sub(level.tokens);
            if level.kind == LevelKind::Template {
                self.lexer.resume_template();
            }
        }
    }

    /// A comma ends every expression of its level, but neither a statement nor type arguments.
    fn comma(&mut self) {
        let Some(level) = self.levels.last_mut() else {
            return;
        };
        let in_list = !level.kind.has_statements() || level.declares;
        if in_list && level.angles == 0 {
            self.tokens = self.tokens.saturating_sub(level.tokens);
            // Not the start of a statement: a declaration goes on declaring.
            level.tokens = 1;
            self.tokens += 1;
        }
    }
}

#[cfg(test)]
mod tests;
