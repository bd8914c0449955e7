//! What differs between two values, in words for people.

use std::fmt;

use serde_json::{Map, Value};

/// One place where a value is not as expected.
#[derive(Clone, PartialEq)]
pub struct Difference {
    /// Where, such as `headers.authorization` or `data.items[2].id`; empty for the whole value.
    pub at: String,
    /// What should be there; `None` for something that should not be there at all.
    pub expected: Option<Value>,
    /// What is there; `None` for something that is missing.
    pub actual: Option<Value>,
}

/// The place only: values may be credentials.
impl fmt::Debug for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Difference")
            .field("at", &self.at)
            .finish_non_exhaustive()
    }
}

/// How closely values are compared.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Strictness {
    /// Objects may have more members than expected.
    Lenient,
    /// Nothing may be there that was not expected.
    Exact,
}

/// Every place where `actual` is not as `expected`, in the order of `expected`.
pub fn differences(expected: &Value, actual: &Value, strictness: Strictness) -> Vec<Difference> {
    let mut found = Vec::new();
    compare("", expected, actual, strictness, &mut found);
    found
}

/// The same, below a place named `at`.
pub(crate) fn differences_at(
    at: &str,
    expected: &Value,
    actual: &Value,
    strictness: Strictness,
) -> Vec<Difference> {
    let mut found = Vec::new();
    compare(at, expected, actual, strictness, &mut found);
    found
}

fn compare(
    at: &str,
    expected: &Value,
    actual: &Value,
    strictness: Strictness,
    found: &mut Vec<Difference>,
) {
    match (expected, actual) {
        (Value::Object(expected), Value::Object(actual)) => {
            compare_objects(at, expected, actual, strictness, found);
        }
        (Value::Array(expected), Value::Array(actual)) => {
            compare_lists(at, expected, actual, strictness, found);
        }
        (Value::Number(a), Value::Number(b)) if a.as_f64() == b.as_f64() => {}
        (expected, actual) if expected == actual => {}
        (expected, actual) => found.push(Difference {
            at: at.to_owned(),
            expected: Some(expected.clone()),
            actual: Some(actual.clone()),
        }),
    }
}

fn compare_objects(
    at: &str,
    expected: &Map<String, Value>,
    actual: &Map<String, Value>,
    strictness: Strictness,
    found: &mut Vec<Difference>,
) {
    for (name, value) in expected {
        let at = member(at, name);
        match actual.get(name) {
            Some(there) => compare(&at, value, there, strictness, found),
            None => found.push(Difference {
                at,
                expected: Some(value.clone()),
                actual: None,
            }),
        }
    }
    if strictness == Strictness::Exact {
        let surplus = actual
            .iter()
            .filter(|(name, _)| !expected.contains_key(*name));
        found.extend(surplus.map(|(name, value)| Difference {
            at: member(at, name),
            expected: None,
            actual: Some(value.clone()),
        }));
    }
}

fn compare_lists(
    at: &str,
    expected: &[Value],
    actual: &[Value],
    strictness: Strictness,
    found: &mut Vec<Difference>,
) {
    for number in 0..expected.len().max(actual.len()) {
        let at = format!("{at}[{number}]");
        match (expected.get(number), actual.get(number)) {
            (Some(expected), Some(actual)) => compare(&at, expected, actual, strictness, found),
            (expected, actual) => found.push(Difference {
                at,
                expected: expected.cloned(),
                actual: actual.cloned(),
            }),
        }
    }
}

fn member(at: &str, name: &str) -> String {
    match at {
        "" => name.to_owned(),
        _ => format!("{at}.{name}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn places(expected: &Value, actual: &Value, strictness: Strictness) -> Vec<String> {
        differences(expected, actual, strictness)
            .into_iter()
            .map(|difference| difference.at)
            .collect()
    }

    #[test]
    fn equal_values_do_not_differ() {
        let value = json!({ "a": [1, { "b": null }], "c": "x" });
        assert!(differences(&value, &value, Strictness::Exact).is_empty());
        assert!(differences(&json!(1), &json!(1.0), Strictness::Exact).is_empty());
    }

    #[test]
    fn every_difference_has_its_place() {
        let expected = json!({ "a": 1, "b": { "c": [1, 2] }, "d": "x" });
        let actual = json!({ "a": 2, "b": { "c": [1, 3, 4] } });
        assert_eq!(
            places(&expected, &actual, Strictness::Lenient),
            ["a", "b.c[1]", "b.c[2]", "d"]
        );
    }

    #[test]
    fn more_members_count_only_when_the_comparison_is_exact() {
        let (expected, actual) = (json!({ "a": 1 }), json!({ "a": 1, "b": 2 }));
        assert!(places(&expected, &actual, Strictness::Lenient).is_empty());
        assert_eq!(places(&expected, &actual, Strictness::Exact), ["b"]);
    }

    #[test]
    fn debug_output_shows_no_values() {
        let found = differences(&json!("hunter2"), &json!("hunter3"), Strictness::Exact);
        assert!(!format!("{found:?}").contains("hunter"));
    }
}
