//! JavaScript's value semantics over JSON values: truthiness, equality, and the conversions to
//! string and number that formulas rely on.

use std::borrow::Cow;

use serde_json::{Map, Number, Value};

use crate::limits::MAX_VALUE_DEPTH;

/// `Boolean(value)`: undefined, `null`, `false`, `0`, `NaN` and `""` are false.
pub fn truthy(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => false,
        Some(Value::Bool(flag)) => *flag,
        Some(Value::Number(number)) => !is_zero(number),
        Some(Value::String(text)) => !text.is_empty(),
        Some(Value::Array(_) | Value::Object(_)) => true,
    }
}

/// Whether the value is `null` or undefined.
pub fn is_nullish(value: Option<&Value>) -> bool {
    matches!(value, None | Some(Value::Null))
}

/// `String(value)`: `[object Object]` for objects, the members joined by commas for arrays.
pub fn to_string(value: &Value) -> Cow<'_, str> {
    match value {
        Value::Null => Cow::Borrowed("null"),
        Value::Bool(true) => Cow::Borrowed("true"),
        Value::Bool(false) => Cow::Borrowed("false"),
        Value::Number(number) => Cow::Owned(number_to_string(number)),
        Value::String(text) => Cow::Borrowed(text),
        Value::Array(items) => {
            let mut joined = String::new();
            join_array(items, &mut joined, 0);
            Cow::Owned(joined)
        }
        Value::Object(_) => Cow::Borrowed("[object Object]"),
    }
}

/// `String(value)` where undefined gives `undefined`.
pub fn to_string_or_undefined(value: Option<&Value>) -> Cow<'_, str> {
    value.map_or(Cow::Borrowed("undefined"), to_string)
}

fn join_array(items: &[Value], joined: &mut String, depth: usize) {
    if depth > MAX_VALUE_DEPTH {
        return;
    }
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            joined.push(',');
        }
        match item {
            Value::Null => {}
            Value::Array(inner) => join_array(inner, joined, depth + 1),
            Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
                joined.push_str(&to_string(item));
            }
        }
    }
}

/// `String(number)`: every number is a double, so integers beyond 2^53 are rounded.
pub fn number_to_string(number: &Number) -> String {
    const LARGEST_EXACT: u64 = 1 << 53;
    match number.as_i64() {
        Some(integer) if integer.unsigned_abs() <= LARGEST_EXACT => integer.to_string(),
        _ => ryu_js::Buffer::new().format(double(number)).to_owned(),
    }
}

/// A number as a JSON value: whole numbers as integers, `-0` as `0`; `None` for `NaN` and the
/// infinities, which JSON cannot hold.
pub fn number(value: f64) -> Option<Value> {
    const LARGEST_EXACT: f64 = 9_007_199_254_740_992.0;
    if value.fract() == 0.0 && value.abs() <= LARGEST_EXACT {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "whole and at most 2^53, checked above"
        )]
        return Some(Value::from(value as i64));
    }
    Number::from_f64(value).map(Value::Number)
}

/// `Number(value)`; `NaN` where there is none.
pub fn to_number(value: Option<&Value>) -> f64 {
    match value {
        None => f64::NAN,
        Some(Value::Null) => 0.0,
        Some(Value::Bool(flag)) => f64::from(u8::from(*flag)),
        Some(Value::Number(number)) => double(number),
        Some(Value::String(text)) => string_to_number(text),
        Some(composite @ (Value::Array(_) | Value::Object(_))) => {
            string_to_number(&to_string(composite))
        }
    }
}

/// `Number(text)`: surrounding white space ignored, empty is `0`, `0x`/`0o`/`0b` understood.
pub fn string_to_number(text: &str) -> f64 {
    let text = text.trim_matches(is_white_space);
    if text.is_empty() {
        return 0.0;
    }
    if let Some(radix) = prefixed_radix(text) {
        return text
            .get(2..)
            .map_or(f64::NAN, |digits| radix_number(digits, radix));
    }
    if decimal_prefix(text) == text.len() {
        parse_decimal(text)
    } else {
        f64::NAN
    }
}

/// `parseFloat(String(value))`: the longest numeric prefix, `NaN` if there is none.
pub fn parse_float(value: Option<&Value>) -> f64 {
    let text = to_string_or_undefined(value);
    let text = text.trim_start_matches(is_white_space);
    text.get(..decimal_prefix(text))
        .map_or(f64::NAN, parse_decimal)
}

/// `a === b`. Objects and arrays are equal only when they are the same one, here: the same
/// reference.
pub fn strict_equals(a: Option<&Value>, b: Option<&Value>) -> bool {
    match (a, b) {
        (None, None) | (Some(Value::Null), Some(Value::Null)) => true,
        (Some(Value::Bool(a)), Some(Value::Bool(b))) => a == b,
        (Some(Value::Number(a)), Some(Value::Number(b))) => same_number(a, b),
        (Some(Value::String(a)), Some(Value::String(b))) => a == b,
        (Some(a), Some(b)) if is_composite(a) && is_composite(b) => std::ptr::eq(a, b),
        _ => false,
    }
}

/// `a == b`: `null` and undefined are equal, and other types are converted until they agree.
pub fn loose_equals(a: Option<&Value>, b: Option<&Value>) -> bool {
    let (Some(x), Some(y)) = (a, b) else {
        return is_nullish(a) && is_nullish(b);
    };
    if x.is_null() || y.is_null() {
        return x.is_null() && y.is_null();
    }
    match (is_composite(x), is_composite(y)) {
        (true, true) => std::ptr::eq(x, y),
        (true, false) => loosely_equal_scalars(&Value::String(to_string(x).into_owned()), y),
        (false, true) => loosely_equal_scalars(x, &Value::String(to_string(y).into_owned())),
        (false, false) => loosely_equal_scalars(x, y),
    }
}

fn loosely_equal_scalars(a: &Value, b: &Value) -> bool {
    if let (Value::String(a), Value::String(b)) = (a, b) {
        return a == b;
    }
    #[expect(clippy::float_cmp, reason = "JavaScript compares exactly")]
    let equal = to_number(Some(a)) == to_number(Some(b));
    equal
}

/// Equality by structure; the order of an object's keys does not matter.
pub fn deep_equals(a: Option<&Value>, b: Option<&Value>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => deep_equal_values(a, b, 0),
        (None, None) => true,
        _ => false,
    }
}

fn deep_equal_values(a: &Value, b: &Value, depth: usize) -> bool {
    if depth > MAX_VALUE_DEPTH {
        return false;
    }
    match (a, b) {
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len()
                && a.iter()
                    .zip(b)
                    .all(|(a, b)| deep_equal_values(a, b, depth + 1))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter().all(|(key, a)| {
                    b.get(key)
                        .is_some_and(|b| deep_equal_values(a, b, depth + 1))
                })
        }
        _ => strict_equals(Some(a), Some(b)),
    }
}

/// White space in the sense of `String.prototype.trim`: Unicode spaces, line ends and the byte
/// order mark.
pub fn is_white_space(character: char) -> bool {
    match character {
        '\u{FEFF}' => true,
        '\u{85}' => false,
        _ => character.is_whitespace(),
    }
}

/// Whether a property name is an array index (`0`, `17`; not `01`). Such names come first in a
/// JavaScript object, in numeric order, wherever they were written.
pub fn is_array_index(key: &str) -> bool {
    array_index(key).is_some()
}

/// The members of an object in JavaScript's order: array indices first, ascending, then the rest
/// as written.
pub fn entries(object: &Map<String, Value>) -> Vec<(&String, &Value)> {
    let mut entries: Vec<_> = object.iter().collect();
    if object.keys().any(|key| is_array_index(key)) {
        entries.sort_by_key(|(key, _)| array_index(key).map_or((1, 0), |index| (0, index)));
    }
    entries
}

/// The first key in JavaScript's order, which decides whether an object is a formula.
pub fn first_key(object: &Map<String, Value>) -> Option<&str> {
    let written_first = object.keys().next()?;
    // Only an object that looks like a formula is worth the search for an index.
    if !written_first.starts_with('$') {
        return Some(written_first);
    }
    let lowest = object
        .keys()
        .filter_map(|key| Some((array_index(key)?, key)))
        .min();
    Some(lowest.map_or(written_first, |(_, key)| key))
}

fn array_index(key: &str) -> Option<u32> {
    if key.len() > 10 || (key.len() > 1 && key.starts_with('0')) || key.starts_with('+') {
        return None;
    }
    key.parse::<u32>().ok().filter(|index| *index != u32::MAX)
}

fn is_composite(value: &Value) -> bool {
    value.is_array() || value.is_object()
}

fn is_zero(number: &Number) -> bool {
    double(number) == 0.0
}

#[expect(clippy::float_cmp, reason = "JavaScript compares exactly")]
fn same_number(a: &Number, b: &Number) -> bool {
    double(a) == double(b)
}

/// The double a JSON number stands for.
pub fn double(number: &Number) -> f64 {
    number.as_f64().unwrap_or(f64::NAN)
}

fn prefixed_radix(text: &str) -> Option<u32> {
    match text.get(..2)? {
        "0x" | "0X" => Some(16),
        "0o" | "0O" => Some(8),
        "0b" | "0B" => Some(2),
        _ => None,
    }
}

fn radix_number(digits: &str, radix: u32) -> f64 {
    if digits.is_empty() {
        return f64::NAN;
    }
    digits
        .chars()
        .try_fold(0.0, |total, digit| {
            digit
                .to_digit(radix)
                .map(|digit| total * f64::from(radix) + f64::from(digit))
        })
        .unwrap_or(f64::NAN)
}

/// Length in bytes of the decimal literal at the start of `text`; `0` if there is none.
fn decimal_prefix(text: &str) -> usize {
    let bytes = text.as_bytes();
    let sign = usize::from(matches!(bytes.first(), Some(b'+' | b'-')));
    if text
        .get(sign..)
        .is_some_and(|rest| rest.starts_with("Infinity"))
    {
        return sign + "Infinity".len();
    }
    let whole = digits_at(bytes, sign);
    let mut end = sign + whole;
    let mut fraction = 0;
    if bytes.get(end) == Some(&b'.') {
        fraction = digits_at(bytes, end + 1);
        if whole + fraction > 0 {
            end += 1 + fraction;
        }
    }
    if whole + fraction == 0 {
        return 0;
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let exponent = digits_at(bytes, end + 1 + sign);
        if exponent > 0 {
            end += 1 + sign + exponent;
        }
    }
    end
}

fn digits_at(bytes: &[u8], start: usize) -> usize {
    bytes
        .iter()
        .skip(start)
        .take_while(|byte| byte.is_ascii_digit())
        .count()
}

/// Parses what [`decimal_prefix`] delimits; `NaN` for nothing.
fn parse_decimal(literal: &str) -> f64 {
    literal.parse().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn strings_follow_javascript() {
        assert_eq!(
            to_string(&json!([1, [2, null], {"a": 1}])),
            "1,2,,[object Object]"
        );
        assert_eq!(to_string(&json!(1e21)), "1e+21");
        assert_eq!(to_string(&json!(-0.0)), "0");
        assert_eq!(
            to_string(&json!(12_345_678_901_234_567_890_u64)),
            "12345678901234567000"
        );
    }

    #[test]
    fn numbers_are_read_as_javascript_reads_them() {
        for (text, expected) in [
            ("", 0.0),
            (" 2 ", 2.0),
            ("0x10", 16.0),
            ("1.", 1.0),
            (".5", 0.5),
            ("-1e3", -1000.0),
        ] {
            assert!(
                (string_to_number(text) - expected).abs() < f64::EPSILON,
                "{text}"
            );
        }
        for text in [
            "x", "1abc", "-", ".", "1e", "inf", "nan", "1_0", "0x", "--1",
        ] {
            assert!(string_to_number(text).is_nan(), "{text}");
        }
        assert!((parse_float(Some(&json!(" 3.5abc"))) - 3.5).abs() < f64::EPSILON);
        assert!(parse_float(Some(&json!("abc"))).is_nan());
        assert!(parse_float(None).is_nan());
    }

    #[test]
    fn loose_equality_converts() {
        for (a, b) in [
            (json!("1"), json!(1)),
            (json!(true), json!("1")),
            (json!([1]), json!(1)),
            (json!({}), json!("[object Object]")),
            (json!(""), json!(0)),
            (json!([]), json!(false)),
        ] {
            assert!(loose_equals(Some(&a), Some(&b)), "{a} == {b}");
        }
        assert!(loose_equals(None, Some(&Value::Null)));
        assert!(!loose_equals(Some(&json!(null)), Some(&json!(0))));
        assert!(!loose_equals(Some(&json!({})), Some(&json!({}))));
    }

    #[test]
    fn index_like_keys_come_first() {
        let object = json!({"$var": 1, "10": 2, "9": 3, "01": 4});
        let object = object.as_object().unwrap();
        assert_eq!(first_key(object), Some("9"));
        let keys: Vec<_> = entries(object)
            .into_iter()
            .map(|(key, _)| key.as_str())
            .collect();
        assert_eq!(keys, ["9", "10", "$var", "01"]);
    }
}
