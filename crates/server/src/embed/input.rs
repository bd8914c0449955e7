//! What was submitted, as the input that the form's schema describes.

use serde_json::{Map, Value};

use super::schema::{Choice, Field, Kind, plain};

/// How the names of the form's own fields begin, so that none is mistaken for one of the page's.
pub(super) const PREFIX: &str = "f.";

/// The names and values of a submitted form.
pub(super) type Pairs = [(String, String)];

/// What was typed into `fields`, laid over what was `given` before. A secret that is left empty
/// stays as it was given, since it is not shown to be kept.
pub(super) fn read(fields: &[Field], pairs: &Pairs, given: Option<&Value>) -> Value {
    let mut members = given
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_default();
    for field in fields {
        let before = members.get(&field.name).cloned();
        match read_one(field, pairs, before.as_ref()) {
            Some(value) => drop(members.insert(field.name.clone(), value)),
            None if field.is_secret => {}
            None => drop(members.remove(&field.name)),
        }
    }
    Value::Object(members)
}

fn read_one(field: &Field, pairs: &Pairs, given: Option<&Value>) -> Option<Value> {
    let name = format!("{PREFIX}{}", field.path);
    let mut values = pairs
        .iter()
        .filter(|(key, _)| *key == name)
        .map(|(_, value)| value.as_str());
    let text = |value: Option<&str>| value.filter(|value| !value.is_empty()).map(str::to_owned);
    match &field.kind {
        Kind::Group(fields) => {
            let group = read(fields, pairs, given);
            (field.is_required || has_anything(&group)).then_some(group)
        }
        Kind::Flag => Some(values.next().is_some().into()),
        Kind::Many(choices) => {
            let chosen: Vec<Value> = values
                .filter_map(|value| chosen(choices, value).cloned())
                .collect();
            (!chosen.is_empty()).then(|| chosen.into())
        }
        Kind::One { choices, .. } => {
            let value = text(values.next())?;
            let known = chosen(choices, &value).cloned();
            Some(known.unwrap_or_else(|| value.into()))
        }
        Kind::Text("datetime-local") => text(values.next()).map(|value| zoned(value).into()),
        Kind::Text(_) => text(values.next()).map(Value::from),
        Kind::Prose => text(values.next()).map(|value| value.replace("\r\n", "\n").into()),
        Kind::Number => text(values.next()).map(|value| number(value.trim())),
        Kind::Lines { are_numbers } => {
            let text = text(values.next())?;
            let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
            let values: Vec<Value> = if *are_numbers {
                lines.map(number).collect()
            } else {
                lines.map(Value::from).collect()
            };
            (!values.is_empty()).then(|| values.into())
        }
        Kind::Json => {
            let text = text(values.next())?;
            Some(serde_json::from_str(&text).unwrap_or_else(|_| text.into()))
        }
    }
}

/// A box that is not ticked does not make a group that nobody filled in.
fn has_anything(group: &Value) -> bool {
    let members = group.as_object().into_iter().flatten();
    members.into_iter().any(|(_, value)| match value {
        Value::Bool(flag) => *flag,
        Value::Object(_) => has_anything(value),
        Value::Null | Value::Number(_) | Value::String(_) | Value::Array(_) => true,
    })
}

fn chosen<'a>(choices: &'a [Choice], value: &str) -> Option<&'a Value> {
    let found = choices.iter().find(|choice| choice.submitted() == value);
    found.map(|choice| &choice.value)
}

/// What is no number stays as it was typed, for the engine to refuse and the user to see.
fn number(text: &str) -> Value {
    match serde_json::from_str(text) {
        Ok(Value::Number(number)) => number.into(),
        Ok(
            Value::Null | Value::Bool(_) | Value::String(_) | Value::Array(_) | Value::Object(_),
        )
        | Err(_) => text.into(),
    }
}

/// Browsers submit neither a zone nor, often, seconds; the page says that it is UTC.
fn zoned(local: String) -> String {
    match local.len() {
        16 => format!("{local}:00Z"),
        19 => format!("{local}Z"),
        _ => local,
    }
}

/// `value` without what is secret in it.
pub(super) fn without_secrets(fields: &[Field], value: &Value) -> Value {
    let Some(members) = value.as_object() else {
        return Value::Null;
    };
    let mut kept = Map::new();
    for field in fields {
        let Some(value) = members.get(&field.name).filter(|_| !field.is_secret) else {
            continue;
        };
        let value = match &field.kind {
            Kind::Group(fields) => without_secrets(fields, value),
            Kind::Text(_)
            | Kind::Prose
            | Kind::Number
            | Kind::Flag
            | Kind::One { .. }
            | Kind::Many(_)
            | Kind::Lines { .. }
            | Kind::Json => value.clone(),
        };
        kept.insert(field.name.clone(), value);
    }
    Value::Object(kept)
}

/// What a field shows at first: what is kept of it, or its default.
pub(super) fn shown(field: &Field, kept: Option<&Value>) -> Option<String> {
    if field.is_secret {
        return None;
    }
    let value = kept.or(field.default.as_ref())?;
    if let (Kind::Lines { .. }, Value::Array(values)) = (&field.kind, value) {
        return Some(values.iter().map(plain).collect::<Vec<_>>().join("\n"));
    }
    let text = plain(value);
    Some(match field.kind {
        Kind::Text("datetime-local") => text.trim_end_matches('Z').to_owned(),
        Kind::Text(_)
        | Kind::Prose
        | Kind::Number
        | Kind::Flag
        | Kind::One { .. }
        | Kind::Many(_)
        | Kind::Lines { .. }
        | Kind::Json
        | Kind::Group(_) => text,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::schema::fields;
    use super::*;

    fn schema() -> Vec<Field> {
        fields(Some(&json!({
            "properties": {
                "key": {"type": "string", "isSensitive": true},
                "size": {"type": "integer", "enum": [1, 2]},
                "limit": {"type": "number"},
                "on": {"type": "boolean", "default": true},
                "at": {"type": "string", "format": "date-time"},
                "tags": {"type": "array", "items": {"type": "string"}},
                "extra": {"type": "object"},
                "host": {"properties": {"name": {}, "isOwn": {"type": "boolean"}}},
                "fixed": {"type": "string", "readOnly": true},
            },
        })))
    }

    fn typed(pairs: &[(&str, &str)], given: Option<&Value>) -> Value {
        let pairs: Vec<_> = pairs
            .iter()
            .map(|(name, value)| (format!("f.{name}"), (*value).to_owned()))
            .collect();
        read(&schema(), &pairs, given)
    }

    #[test]
    fn every_kind_of_field_becomes_a_value_of_its_type() {
        let pairs = [
            ("key", "k"),
            ("size", "2"),
            ("limit", " 1.5 "),
            ("at", "2026-01-02T03:04"),
            ("tags", "a\r\n\r\n b "),
            ("extra", r#"{"x": 1}"#),
            ("host.name", "h"),
            ("fixed", "changed"),
            ("unknown", "x"),
        ];
        let expected = json!({
            "key": "k", "size": 2, "limit": 1.5, "on": false, "at": "2026-01-02T03:04:00Z",
            "tags": ["a", "b"], "extra": {"x": 1}, "host": {"name": "h", "isOwn": false},
        });
        assert_eq!(typed(&pairs, None), expected);
    }

    #[test]
    fn what_is_empty_is_not_there_and_what_is_wrong_stays_as_typed() {
        assert_eq!(
            typed(&[("key", ""), ("tags", "\n")], None),
            json!({"on": false})
        );
        let wrong = typed(&[("limit", "many"), ("extra", "{")], None);
        assert_eq!(wrong, json!({"on": false, "limit": "many", "extra": "{"}));
    }

    #[test]
    fn a_secret_that_was_given_stays_and_all_else_can_be_cleared() {
        let given = json!({"key": "k", "limit": 3, "fixed": "f"});
        let value = typed(&[("key", ""), ("limit", "")], Some(&given));
        assert_eq!(value, json!({"key": "k", "on": false, "fixed": "f"}));
    }

    #[test]
    fn secrets_are_not_kept() {
        let value = json!({"key": "k", "limit": 3, "host": {"name": "h"}, "other": 1});
        let kept = without_secrets(&schema(), &value);
        assert_eq!(kept, json!({"limit": 3, "host": {"name": "h"}}));
    }
}
