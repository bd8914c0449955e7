//! What an unquoted YAML scalar means: the core schema of YAML 1.2 (section 10.3.2), which is also
//! how JavaScript's YAML parsers read definitions. `no`, `on` and `1_000` are text.

use serde_json::Number;

use super::Tree;

/// The value of the plain scalar `text`; `None` for the numbers that JSON does not have.
pub(super) fn resolve(text: &str) -> Option<Tree> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Some(Tree::Null),
        "true" | "True" | "TRUE" => return Some(Tree::Bool(true)),
        "false" | "False" | "FALSE" => return Some(Tree::Bool(false)),
        _ => {}
    }
    if is_infinite_or_nan(text) {
        return None;
    }
    Some(number(text).map_or_else(|| Tree::String(text.to_owned()), Tree::Number))
}

fn is_infinite_or_nan(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN")
}

/// The number that `text` spells.
pub(super) fn number(text: &str) -> Option<Number> {
    if let Some(digits) = text.strip_prefix("0o") {
        return radix(digits, 8);
    }
    if let Some(digits) = text.strip_prefix("0x") {
        return radix(digits, 16);
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if !unsigned.is_empty() && unsigned.bytes().all(|byte| byte.is_ascii_digit()) {
        return integer(text).or_else(|| float(text));
    }
    is_float(unsigned).then(|| float(text)).flatten()
}

fn radix(digits: &str, radix: u32) -> Option<Number> {
    if digits.is_empty() || !digits.chars().all(|digit| digit.is_digit(radix)) {
        return None;
    }
    u64::from_str_radix(digits, radix).ok().map(Number::from)
}

fn integer(text: &str) -> Option<Number> {
    let text = text.strip_prefix('+').unwrap_or(text);
    if let Ok(value) = text.parse::<i64>() {
        return Some(Number::from(value));
    }
    text.parse::<u64>().ok().map(Number::from)
}

/// A float too large for 64 bits is no number, as in JavaScript's parsers: it stays text.
fn float(text: &str) -> Option<Number> {
    text.parse::<f64>().ok().and_then(Number::from_f64)
}

/// `(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
fn is_float(text: &str) -> bool {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let mantissa_is_number =
        digits(whole) && digits(fraction) && !(whole.is_empty() && fraction.is_empty());
    mantissa_is_number
        && exponent.is_none_or(|exponent| {
            let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            !exponent.is_empty() && digits(exponent)
        })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::report::{Place, Report};
    use crate::tree::Node;

    fn value(text: &str) -> Value {
        let file = Report::default().add_file("", "".into());
        let place = Place::new(file, 0, 0);
        let tree = resolve(text).unwrap();
        Node { place, tree }.to_value()
    }

    #[test]
    fn scalars_mean_what_the_core_schema_says() {
        for (text, expected) in [
            ("no", json!("no")),
            ("on", json!("on")),
            ("yes", json!("yes")),
            ("017", json!(17)),
            ("0o17", json!(15)),
            ("0x1F", json!(31)),
            ("0b11", json!("0b11")),
            ("1_000", json!("1_000")),
            ("1:30", json!("1:30")),
            ("2024-01-01", json!("2024-01-01")),
            ("1e3", json!(1000.0)),
            (".5", json!(0.5)),
            ("5.", json!(5.0)),
            ("+1", json!(1)),
            ("-12", json!(-12)),
            ("tRUE", json!("tRUE")),
            ("TRUE", json!(true)),
            ("~", Value::Null),
            ("", Value::Null),
            (".", json!(".")),
            ("-", json!("-")),
            ("e5", json!("e5")),
            ("1e400", json!("1e400")),
            (
                "12345678901234567890",
                json!(12_345_678_901_234_567_890_u64),
            ),
            ("0x", json!("0x")),
        ] {
            assert_eq!(value(text), expected, "{text}");
        }
        assert!(resolve(".inf").is_none() && resolve("-.INF").is_none());
        assert!(resolve(".nan").is_none() && resolve(".infinite").is_some());
    }
}
