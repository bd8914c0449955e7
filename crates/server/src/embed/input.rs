//! What was submitted, as the input that the form's schema describes.

use serde_json::{Map, Value};

use super::schema::{Choice, Field, Kind, plain, row};

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
        Kind::Rows(items) => {
            let rows = rows(items, field, pairs);
            let rows: Vec<Value> = rows.into_iter().filter(has_anything).collect();
            (!rows.is_empty()).then(|| rows.into())
        }
        Kind::Shapes(shapes) => {
            let chosen: usize = values.next()?.parse().ok()?;
            let shape = shapes.get(chosen)?;
            let before = given.filter(|given| {
                fitting(shapes, given).is_some_and(|before| before.name == shape.name)
            });
            read_one(shape, pairs, before).or_else(|| before.filter(|_| shape.is_secret).cloned())
        }
        Kind::Json => {
            let text = text(values.next())?;
            Some(serde_json::from_str(&text).unwrap_or_else(|_| text.into()))
        }
    }
}

/// The rows of a list, those included in which nothing is typed. Secrets that were given before are
/// not kept, since nothing tells which row they belong to once another one is gone.
fn rows(items: &Value, field: &Field, pairs: &Pairs) -> Vec<Value> {
    let prefix = format!("{PREFIX}{}.", field.path);
    let mut numbers: Vec<usize> = pairs
        .iter()
        .filter_map(|(key, _)| key.strip_prefix(&prefix)?.split('.').next()?.parse().ok())
        .collect();
    numbers.sort_unstable();
    numbers.dedup();
    let rows = numbers.into_iter().take(MOST_ROWS).map(|number| {
        let fields = row(items, &field.path, &number.to_string());
        read(&fields, pairs, None)
    });
    rows.collect()
}

/// More rows than this are not read.
const MOST_ROWS: usize = 1000;

/// `value`, as it was read, after a button that adds a row to the list at `path`, or takes away
/// that at the end of `path`.
pub(super) fn with_row_changed(mut value: Value, path: &str, is_added: bool) -> Value {
    let mut names: Vec<&str> = path.split('.').collect();
    let removed: Option<usize> = if is_added {
        None
    } else {
        names.pop().and_then(|number| number.parse().ok())
    };
    let mut place = &mut value;
    for name in names {
        let next = match place {
            Value::Array(items) => name
                .parse()
                .ok()
                .and_then(|index: usize| items.get_mut(index)),
            Value::Object(members) => Some(members.entry(name).or_insert(Value::Null)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
        };
        let Some(next) = next else {
            return value;
        };
        place = next;
    }
    if place.is_null() {
        *place = Value::Array(Vec::new());
    }
    if let Value::Array(items) = place {
        match removed {
            Some(index) if index < items.len() => drop(items.remove(index)),
            None if is_added => items.push(Value::Object(Map::new())),
            Some(_) | None => {}
        }
    }
    value
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
        let value = members.get(&field.name);
        if let Some(value) = value.and_then(|value| without_secret(field, value)) {
            kept.insert(field.name.clone(), value);
        }
    }
    Value::Object(kept)
}

/// What may be shown of a field's `value`, if anything.
fn without_secret(field: &Field, value: &Value) -> Option<Value> {
    if field.is_secret {
        return None;
    }
    match &field.kind {
        Kind::Group(fields) => Some(without_secrets(fields, value)),
        Kind::Rows(items) => {
            let fields = row(items, &field.path, "0");
            let rows = value.as_array().into_iter().flatten();
            Some(rows.map(|row| without_secrets(&fields, row)).collect())
        }
        Kind::Shapes(shapes) => without_secret(fitting(shapes, value)?, value),
        Kind::Text(_)
        | Kind::Prose
        | Kind::Number
        | Kind::Flag
        | Kind::One { .. }
        | Kind::Many(_)
        | Kind::Lines { .. }
        | Kind::Json => Some(value.clone()),
    }
}

/// Which of several shapes `value` has: the one that knows most of it.
pub(super) fn fitting<'a>(shapes: &'a [Field], value: &Value) -> Option<&'a Field> {
    let known = |shape: &Field| match (&shape.kind, value) {
        (Kind::Group(fields), Value::Object(members)) => {
            let is_known = |name: &String| fields.iter().any(|field| field.name == *name);
            1 + members.keys().filter(|name| is_known(name)).count()
        }
        (Kind::Number, Value::Number(_))
        | (Kind::Flag, Value::Bool(_))
        | (Kind::Text(_) | Kind::Prose | Kind::One { .. }, Value::String(_))
        | (Kind::Many(_) | Kind::Lines { .. } | Kind::Rows(_), Value::Array(_))
        | (Kind::Json, Value::Object(_) | Value::Array(_)) => 1,
        (Kind::Shapes(shapes), value) => usize::from(fitting(shapes, value).is_some()),
        (_, _) => 0,
    };
    let mut best: Option<(usize, &Field)> = None;
    for shape in shapes {
        let known = known(shape);
        if known > best.map_or(0, |(most, _)| most) {
            best = Some((known, shape));
        }
    }
    best.map(|(_, shape)| shape)
}

/// What a field shows at first: what is kept of it, or its default.
pub(super) fn shown(field: &Field, kept: Option<&Value>) -> Option<String> {
    if field.is_secret {
        return None;
    }
    let kept = kept.filter(|kept| !kept.is_null());
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
        | Kind::Group(_)
        | Kind::Rows(_)
        | Kind::Shapes(_) => text,
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
    fn shapes_in_shapes_keep_what_was_typed_and_secrets_that_were_given() {
        let fields = fields(Some(&json!({"properties": {"target": {"anyOf": [
            {"type": "number"},
            {"anyOf": [
                {"properties": {"host": {}, "key": {"isSensitive": true}}},
                {"type": "string"},
            ]},
        ]}}})));
        let pairs = [
            ("f.target", "1"),
            ("f.target~1", "0"),
            ("f.target~1~0.host", "h"),
            ("f.target~1~0.key", ""),
        ];
        let pairs = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let given = json!({"target": {"host": "old", "key": "k"}});
        let value = read(&fields, &pairs, Some(&given));
        assert_eq!(value, json!({"target": {"host": "h", "key": "k"}}));
        let kept = without_secrets(&fields, &value);
        assert_eq!(kept, json!({"target": {"host": "h"}}));
        let other_shape = json!({"target": 3});
        let value = read(&fields, &pairs, Some(&other_shape));
        assert_eq!(value, json!({"target": {"host": "h"}}));
    }

    #[test]
    fn secrets_are_not_kept() {
        let value = json!({"key": "k", "limit": 3, "host": {"name": "h"}, "other": 1});
        let kept = without_secrets(&schema(), &value);
        assert_eq!(kept, json!({"limit": 3, "host": {"name": "h"}}));
    }
}
