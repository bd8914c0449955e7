//! Dates as JavaScript's `Date` reads and writes them, in UTC.
//!
//! [`parse`] follows the leniency of V8: the ISO 8601 profile of ECMAScript first, and where the
//! text leaves it, a tolerant grammar of numbers, month names, clock times and zones. JavaScript's
//! calendar reaches to the year 275760, further than calendar libraries do, so the few lines of
//! arithmetic are here.

mod scanner;

use scanner::{Scanner, Token, Word};
use serde_json::Value;

use crate::js;

const MILLIS_PER_DAY: f64 = 86_400_000.0;
/// The last instant a JavaScript date can hold, in milliseconds from 1970.
const LAST_INSTANT: f64 = 8.64e15;
/// [`parse_date`] takes a number for seconds when it is written with fewer characters than this.
const MILLISECONDS_LENGTH: usize = 13;
/// From here on [`parse_date`] takes a text for a number of seconds.
const FIRST_NUMERIC_TEXT: f64 = 1e9;

/// `Date.parse(text)` with `TZ=UTC`: milliseconds from 1970.
pub(crate) fn parse(text: &str) -> Option<f64> {
    let mut parser = Parser {
        scanner: Scanner::new(text),
        day: Day::default(),
        time: Time::default(),
        zone: Zone::default(),
        has_read_number: false,
    };
    parser.run()?;
    let days = parser.day.days_from_1970()?;
    let millis = days * MILLIS_PER_DAY + parser.time.millis()? - parser.zone.offset_millis()?;
    (millis.abs() <= LAST_INSTANT).then_some(millis)
}

/// `date.toISOString()`: `2024-03-05T10:20:30.000Z`, with a signed six-digit year outside
/// 0 to 9999. `None` outside the range of dates.
pub(crate) fn to_iso_string(millis: f64) -> Option<String> {
    if millis.is_nan() || millis.abs() > LAST_INSTANT {
        return None;
    }
    let millis = whole(millis.trunc());
    let day = millis.div_euclid(86_400_000);
    let in_day = millis.rem_euclid(86_400_000);
    let (year, month, day) = civil_from_days(day);
    let year = if (0..=9999).contains(&year) {
        format!("{year:04}")
    } else {
        format!("{}{:06}", if year < 0 { '-' } else { '+' }, year.abs())
    };
    let (hour, minute) = (in_day / 3_600_000, in_day / 60_000 % 60);
    let (second, milli) = (in_day / 1000 % 60, in_day % 1000);
    Some(format!(
        "{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z"
    ))
}

/// The instant a value stands for, as ISO 8601 (`parseDate` of the SDK). A text is a date or, above
/// 10^9, a number. A number counts milliseconds from 1970 when it takes 13 characters or more to
/// write, seconds otherwise.
///
/// A quirk of the original is kept: the milliseconds of a text between 1938 and September 2001 are
/// shorter than that, and so are taken for seconds.
pub fn parse_date(value: &Value) -> Option<String> {
    let number = match value {
        Value::Number(number) => js::double(number),
        Value::String(text) => parse(text)
            .or_else(|| Some(js::string_to_number(text)).filter(|n| *n > FIRST_NUMERIC_TEXT))?,
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
    };
    if number == 0.0 {
        return None;
    }
    let length = js::to_string(&js::number(number)?).len();
    to_iso_string(if length < MILLISECONDS_LENGTH {
        number * 1000.0
    } else {
        number
    })
}

/// The parser for one text; `None` from any method means the text is no date.
struct Parser<'t> {
    scanner: Scanner<'t>,
    day: Day,
    time: Time,
    zone: Zone,
    has_read_number: bool,
}

/// How far the ISO profile carried.
enum Iso {
    /// To the end.
    Complete,
    /// Up to this token, which the tolerant grammar has to handle.
    Leftover(Token),
}

impl Parser<'_> {
    fn run(&mut self) -> Option<()> {
        let mut token = match self.iso()? {
            Iso::Complete => {
                self.day.is_iso = true;
                return Some(());
            }
            Iso::Leftover(token) => token,
        };
        self.has_read_number = self.day.count > 0;
        while token != Token::End {
            self.tolerate(token)?;
            token = self.scanner.next();
        }
        Some(())
    }

    /// `YYYY`, `YYYY-MM`, `YYYY-MM-DD`, each with an optional time; the year may be signed with six
    /// digits.
    fn iso(&mut self) -> Option<Iso> {
        if let Some(year) = self.scanner.fixed_number(4) {
            self.day.push(year);
        } else if let Token::Sign(sign) = self.scanner.peek() {
            self.scanner.next();
            let Some(year) = self.scanner.fixed_number(6) else {
                return Some(Iso::Leftover(Token::Sign(sign)));
            };
            if sign < 0 && year == 0 {
                return Some(Iso::Leftover(Token::Sign(sign)));
            }
            self.day.push(sign * year);
        } else {
            return Some(Iso::Leftover(self.scanner.next()));
        }
        for limit in [12, 31] {
            if !self.scanner.skip(Token::Sign(-1)) {
                break;
            }
            let Some(number) = self
                .scanner
                .fixed_number_if(2, |n| (1..=limit).contains(&n))
            else {
                return Some(Iso::Leftover(self.scanner.next()));
            };
            self.day.push(number);
        }
        if self.scanner.skip(Token::Word(Word::TimeSeparator)) {
            self.iso_time()?;
            return Some(Iso::Complete);
        }
        let token = self.scanner.next();
        Some(if token == Token::End {
            Iso::Complete
        } else {
            Iso::Leftover(token)
        })
    }

    /// `HH:mm`, `HH:mm:ss`, `HH:mm:ss.s…`, each with an optional zone. Nothing may follow.
    fn iso_time(&mut self) -> Option<()> {
        let hour = self.scanner.fixed_number_if(2, |n| n <= 24)?;
        let rest_limit = if hour == 24 { 0 } else { 59 };
        self.time.push(hour)?;
        self.require(Token::Colon)?;
        let minute = self.scanner.fixed_number_if(2, |n| n <= rest_limit)?;
        self.time.push(minute)?;
        if self.scanner.skip(Token::Colon) {
            let second = self.scanner.fixed_number_if(2, |n| n <= rest_limit)?;
            self.time.push(second)?;
            if self.scanner.skip(Token::Dot) {
                let (digits, length) = self.scanner.number()?;
                if hour == 24 && digits > 0 {
                    return None;
                }
                self.time.push(milliseconds(digits, length))?;
            }
        }
        self.iso_zone()?;
        (self.scanner.peek() == Token::End).then_some(())
    }

    /// `Z`, `±hh:mm` or `±hhmm`, or nothing.
    fn iso_zone(&mut self) -> Option<()> {
        let token = self.scanner.peek();
        if matches!(token, Token::Word(Word::Zone { is_z: true, .. })) {
            self.scanner.next();
            self.zone.set(0, 0);
        }
        let Token::Sign(sign) = token else {
            return Some(());
        };
        self.scanner.next();
        self.zone.sign = Some(sign);
        if let Some(number) = self.scanner.fixed_number(4) {
            let (hour, minute) = (number / 100, number % 100);
            self.zone.hour = Some(hour);
            self.zone.minute = Some(minute);
            return (hour < 24 && minute < 60).then_some(());
        }
        self.zone.hour = Some(self.scanner.fixed_number_if(2, |hour| hour < 24)?);
        self.require(Token::Colon)?;
        self.zone.minute = Some(self.scanner.fixed_number_if(2, |minute| minute < 60)?);
        Some(())
    }

    /// One token of the tolerant grammar.
    fn tolerate(&mut self, token: Token) -> Option<()> {
        match token {
            Token::Number { value, .. } => {
                self.has_read_number = true;
                self.tolerate_number(value)
            }
            Token::Word(word) => self.tolerate_word(word),
            Token::Sign(sign) if self.zone.is_utc() || self.time.count > 0 => self.offset(sign),
            // A sign elsewhere, or a stray closing parenthesis, must come before the first number.
            Token::Sign(_) | Token::CloseParenthesis => (!self.has_read_number).then_some(()),
            Token::Colon | Token::Dot | Token::WhiteSpace | Token::Other | Token::End => Some(()),
        }
    }

    /// A number belongs to the time when `:` follows or the time waits for it, otherwise to the
    /// day.
    fn tolerate_number(&mut self, number: i64) -> Option<()> {
        if self.scanner.skip(Token::Colon) {
            if self.scanner.skip(Token::Colon) {
                if self.time.count > 0 {
                    return None;
                }
                self.time.push(number)?;
                return self.time.push(0);
            }
            self.time.push(number)?;
            self.scanner.skip(Token::Dot);
            return Some(());
        }
        if self.scanner.skip(Token::Dot) && self.time.expects(number) {
            self.time.push(number)?;
            let (digits, length) = self.scanner.number()?;
            self.time.finish(milliseconds(digits, length));
            return Some(());
        }
        if self.zone.expects(number) {
            self.zone.minute = Some(number);
            return Some(());
        }
        if self.time.expects(number) {
            self.time.finish(number);
            return self.scanner.peek().may_follow_time().then_some(());
        }
        self.day.add(number)?;
        self.scanner.skip(Token::Sign(-1));
        Some(())
    }

    fn tolerate_word(&mut self, word: Word) -> Option<()> {
        match word {
            Word::HalfDay { offset } if self.time.count > 0 => {
                self.time.half_day_offset = Some(offset);
            }
            Word::Month(month) => {
                self.day.named_month = Some(month);
                self.scanner.skip(Token::Sign(-1));
            }
            Word::Zone { hours, .. } if self.has_read_number => {
                self.zone.set(hours.signum(), hours.abs());
            }
            // Other words are noise in front of the first number, and an error after it.
            Word::HalfDay { .. } | Word::Zone { .. } | Word::TimeSeparator | Word::Unknown => {
                if self.has_read_number || self.scanner.peek().is_number() {
                    return None;
                }
            }
        }
        Some(())
    }

    /// `+hh`, `+hhmm` or `+hh:` with the minutes to follow.
    fn offset(&mut self, sign: i64) -> Option<()> {
        let (number, length) = self.scanner.number().unwrap_or((0, 0));
        self.has_read_number = true;
        self.zone.sign = Some(sign);
        let (hour, minute) = match length {
            _ if self.scanner.peek() == Token::Colon => (number, None),
            1 | 2 => (number, Some(0)),
            3 | 4 => (number / 100, Some(number % 100)),
            _ => return None,
        };
        self.zone.hour = Some(hour);
        self.zone.minute = minute;
        Some(())
    }

    fn require(&mut self, token: Token) -> Option<()> {
        self.scanner.skip(token).then_some(())
    }
}

/// The numbers of the day, whose roles are decided at the end.
#[derive(Default)]
struct Day {
    numbers: [i64; 3],
    count: usize,
    /// 1 to 12.
    named_month: Option<i64>,
    is_iso: bool,
}

impl Day {
    fn push(&mut self, number: i64) {
        if let Some(slot) = self.numbers.get_mut(self.count) {
            *slot = number;
            self.count += 1;
        }
    }

    fn add(&mut self, number: i64) -> Option<()> {
        (self.count < 3).then(|| self.push(number))
    }

    fn days_from_1970(&self) -> Option<f64> {
        if self.count == 0 {
            return None;
        }
        let mut numbers = self.numbers;
        for missing in numbers.iter_mut().skip(self.count) {
            *missing = 1;
        }
        let [a, b, c] = numbers;
        let a_is_day = (1..=31).contains(&a);
        let (year, month, day) = match self.named_month {
            None if self.is_iso || !a_is_day => (a, b, c),
            None => (c, a, b),
            Some(month) if a_is_day => (b, month, a),
            Some(month) => (a, month, b),
        };
        let year = match year {
            0..=49 if !self.is_iso => year + 2000,
            50..=99 if !self.is_iso => year + 1900,
            _ => year,
        };
        if !(1..=12).contains(&month) || !(1..=31).contains(&day) || year.abs() > 1_000_000 {
            return None;
        }
        // A day beyond the month's end runs into the next month.
        #[expect(clippy::cast_precision_loss, reason = "below 4 * 10^8")]
        Some((days_from_civil(year, month) + day - 1) as f64)
    }
}

/// Hour, minute, second, millisecond.
#[derive(Default)]
struct Time {
    numbers: [i64; 4],
    count: usize,
    /// 0 for the morning, 12 for the afternoon.
    half_day_offset: Option<i64>,
}

impl Time {
    fn push(&mut self, number: i64) -> Option<()> {
        *self.numbers.get_mut(self.count)? = number;
        self.count += 1;
        Some(())
    }

    /// Adds the last number, if there is room; what is missing after it is zero.
    fn finish(&mut self, number: i64) {
        if self.push(number).is_some() {
            self.count = self.numbers.len();
        }
    }

    fn expects(&self, number: i64) -> bool {
        match self.count {
            1 | 2 => number < 60,
            3 => number < 1000,
            _ => false,
        }
    }

    fn millis(&self) -> Option<f64> {
        let [mut hour, minute, second, milli] = self.numbers;
        if let Some(offset) = self.half_day_offset {
            if hour > 12 {
                return None;
            }
            hour = hour % 12 + offset;
        }
        let is_clock_time = hour < 24 && minute < 60 && second < 60 && milli < 1000;
        let is_midnight = hour == 24 && minute == 0 && second == 0 && milli == 0;
        #[expect(clippy::cast_precision_loss, reason = "at most a day")]
        (is_clock_time || is_midnight)
            .then_some((((hour * 60 + minute) * 60 + second) * 1000 + milli) as f64)
    }
}

/// The offset from UTC; all `None` while no zone was read.
#[derive(Default)]
struct Zone {
    sign: Option<i64>,
    hour: Option<i64>,
    minute: Option<i64>,
}

impl Zone {
    fn set(&mut self, sign: i64, hour: i64) {
        *self = Self {
            sign: Some(sign),
            hour: Some(hour),
            minute: Some(0),
        };
    }

    fn is_utc(&self) -> bool {
        self.hour == Some(0) && self.minute == Some(0)
    }

    /// Whether an hour was read and its minutes are still to come.
    fn expects(&self, number: i64) -> bool {
        self.hour.is_some() && self.minute.is_none() && number < 60
    }

    /// `None` for an offset that V8 cannot hold.
    fn offset_millis(&self) -> Option<f64> {
        let minutes = self.hour.unwrap_or(0) * 60 + self.minute.unwrap_or(0);
        let seconds = i32::try_from(minutes * 60).ok()?;
        let sign = if self.sign == Some(-1) { -1.0 } else { 1.0 };
        Some(sign * f64::from(seconds) * 1000.0)
    }
}

/// A fraction of a second in milliseconds, cut, not rounded; `digits` holds the first nine.
fn milliseconds(digits: i64, length: usize) -> i64 {
    match length {
        1 => digits * 100,
        2 => digits * 10,
        _ => (3..length.min(9)).fold(digits, |digits, _| digits / 10),
    }
}

/// Days from 1970-01-01 to the first of a month, in the proleptic Gregorian calendar.
fn days_from_civil(year: i64, month: i64) -> i64 {
    // Counted in years that start in March, so that the leap day comes last.
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// Year, month and day of a day counted from 1970-01-01; the inverse of [`days_from_civil`].
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[expect(clippy::cast_possible_truncation, reason = "whole and below 10^16")]
fn whole(number: f64) -> i64 {
    number as i64
}

#[cfg(test)]
mod tests;
