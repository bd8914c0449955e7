//! Tokens of a date in text form.

use crate::js::is_white_space;

/// A piece of a date.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Token {
    /// Digits; `value` is made of the first nine that are significant, `length` counts them all.
    Number {
        value: i64,
        length: usize,
    },
    Word(Word),
    /// `1` for `+`, `-1` for `-`.
    Sign(i64),
    Colon,
    Dot,
    CloseParenthesis,
    WhiteSpace,
    /// Another symbol, or a text in parentheses: passed over.
    Other,
    End,
}

impl Token {
    pub(super) fn is_number(self) -> bool {
        matches!(self, Self::Number { .. })
    }

    /// Whether a finished time may be followed by this.
    pub(super) fn may_follow_time(self) -> bool {
        matches!(
            self,
            Self::End
                | Self::WhiteSpace
                | Self::Sign(_)
                | Self::Word(Word::Zone { is_z: true, .. })
        )
    }
}

/// A word that means something in a date, or not.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Word {
    /// 1 to 12.
    Month(i64),
    /// `am` (0) or `pm` (12).
    HalfDay {
        offset: i64,
    },
    /// A zone, in hours east of UTC.
    Zone {
        hours: i64,
        is_z: bool,
    },
    /// The `T` between date and time.
    TimeSeparator,
    Unknown,
}

const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];

const ZONES: [(&str, i64); 12] = [
    ("utc", 0),
    ("ut", 0),
    ("z", 0),
    ("gmt", 0),
    ("est", -5),
    ("edt", -4),
    ("cst", -6),
    ("cdt", -5),
    ("mst", -7),
    ("mdt", -6),
    ("pst", -8),
    ("pdt", -7),
];

/// Reads tokens, one ahead.
pub(super) struct Scanner<'t> {
    rest: &'t str,
    ahead: Token,
}

impl<'t> Scanner<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        let mut scanner = Self {
            rest: text,
            ahead: Token::End,
        };
        scanner.ahead = scanner.scan();
        scanner
    }

    pub(super) fn peek(&self) -> Token {
        self.ahead
    }

    pub(super) fn next(&mut self) -> Token {
        let following = self.scan();
        std::mem::replace(&mut self.ahead, following)
    }

    /// Takes the token if it is the next.
    pub(super) fn skip(&mut self, token: Token) -> bool {
        let found = self.ahead == token;
        if found {
            self.next();
        }
        found
    }

    /// Takes a number: its value and its length.
    pub(super) fn number(&mut self) -> Option<(i64, usize)> {
        let Token::Number { value, length } = self.ahead else {
            return None;
        };
        self.next();
        Some((value, length))
    }

    /// Takes a number of exactly `wanted` digits.
    pub(super) fn fixed_number(&mut self, wanted: usize) -> Option<i64> {
        self.fixed_number_if(wanted, |_| true)
    }

    /// Takes a number of exactly `wanted` digits if its value is acceptable.
    pub(super) fn fixed_number_if(
        &mut self,
        wanted: usize,
        accepts: impl Fn(i64) -> bool,
    ) -> Option<i64> {
        let Token::Number { value, length } = self.ahead else {
            return None;
        };
        if length != wanted || !accepts(value) {
            return None;
        }
        self.next();
        Some(value)
    }

    fn scan(&mut self) -> Token {
        let Some(first) = self.rest.chars().next() else {
            return Token::End;
        };
        if first.is_ascii_digit() {
            let digits = self.take_while(|character| character.is_ascii_digit());
            return Token::Number {
                value: significant(digits),
                length: digits.len(),
            };
        }
        if first >= 'A' && !is_white_space(first) {
            let word = self.take_while(|character| character >= 'A' && !is_white_space(character));
            return Token::Word(known_word(word));
        }
        if first == '(' {
            self.skip_parentheses();
            return Token::Other;
        }
        self.rest = self.rest.get(first.len_utf8()..).unwrap_or_default();
        match first {
            ':' => Token::Colon,
            '-' => Token::Sign(-1),
            '+' => Token::Sign(1),
            '.' => Token::Dot,
            ')' => Token::CloseParenthesis,
            _ if is_white_space(first) => Token::WhiteSpace,
            _ => Token::Other,
        }
    }

    fn take_while(&mut self, belongs: impl Fn(char) -> bool) -> &'t str {
        let end = self
            .rest
            .find(|character| !belongs(character))
            .unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at_checked(end).unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }

    /// Up to the matching parenthesis, or to the end if there is none.
    fn skip_parentheses(&mut self) {
        let mut depth = 0_usize;
        for (position, character) in self.rest.char_indices() {
            match character {
                '(' => depth += 1,
                ')' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                self.rest = self.rest.get(position + 1..).unwrap_or_default();
                return;
            }
        }
        self.rest = "";
    }
}

fn significant(digits: &str) -> i64 {
    let digits = digits.trim_start_matches('0');
    digits
        .get(..digits.len().min(9))
        .and_then(|digits| digits.parse().ok())
        .unwrap_or(0)
}

/// Month names may run on (`September`, `Marchxyz`); other words must match exactly.
fn known_word(word: &str) -> Word {
    let word = word.to_ascii_lowercase();
    if let Some(month) = (1..).zip(MONTHS).find(|(_, name)| word.starts_with(name)) {
        return Word::Month(month.0);
    }
    if let Some((name, hours)) = ZONES.iter().find(|(name, _)| *name == word) {
        return Word::Zone {
            hours: *hours,
            is_z: *name == "z",
        };
    }
    match word.as_str() {
        "am" => Word::HalfDay { offset: 0 },
        "pm" => Word::HalfDay { offset: 12 },
        "t" => Word::TimeSeparator,
        _ => Word::Unknown,
    }
}
