//! What is typed into a connect form when nobody is there: made up from its schema.

use serde_json::{Map, Value};

/// Something made up that fits `schema`, as far as its types and formats go.
pub(super) fn of_schema(schema: Option<&Value>) -> Value {
    match schema {
        Some(schema) => sample("value", schema),
        None => Value::Object(Map::new()),
    }
}

fn sample(name: &str, schema: &Value) -> Value {
    if let Some(default) = schema.get("default") {
        return default.clone();
    }
    if let Some(Value::Array(choices)) = schema.get("enum")
        && let Some(first) = choices.first()
    {
        return first.clone();
    }
    let kind = schema.get("type").and_then(Value::as_str);
    match kind {
        Some("boolean") => false.into(),
        Some("number" | "integer") => schema.get("minimum").cloned().unwrap_or_else(|| 1.into()),
        Some("array") => Value::Array(Vec::new()),
        Some("object") => object(schema),
        None if schema.get("properties").is_some() => object(schema),
        Some(_) | None => text(name, schema).into(),
    }
}

fn object(schema: &Value) -> Value {
    let properties = schema.get("properties").and_then(Value::as_object);
    properties
        .into_iter()
        .flatten()
        .map(|(name, schema)| (name.clone(), sample(name, schema)))
        .collect::<Map<_, _>>()
        .into()
}

fn text(name: &str, schema: &Value) -> String {
    let format = schema.get("format").and_then(Value::as_str);
    let mut text = match format {
        Some("email") => "ada@example.com".to_owned(),
        Some("uri" | "url") => "https://example.com".to_owned(),
        Some("date") => "2026-01-31".to_owned(),
        Some("date-time") => "2026-01-31T12:00:00Z".to_owned(),
        Some(_) | None => format!("sample-{name}"),
    };
    let number = |name| schema.get(name).and_then(Value::as_u64);
    let wanted = number("minLength").and_then(|length| usize::try_from(length).ok());
    while text.chars().count() < wanted.unwrap_or(0).min(1000) {
        text.push('x');
    }
    if let Some(most) = number("maxLength").and_then(|length| usize::try_from(length).ok()) {
        text = text.chars().take(most).collect();
    }
    text
}

/// A value that the user proves who they are with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Proof {
    /// The name of its field.
    pub(super) name: String,
    pub(super) value: String,
}

/// The secrets in `input`, as `schema` marks them or their names tell; every text when there is
/// none.
pub(super) fn proofs(input: &Value, schema: Option<&Value>) -> Vec<Proof> {
    let mut found = Vec::new();
    collect(input, schema, &mut found);
    let secret: Vec<Proof> = found
        .iter()
        .filter(|(_, is_secret)| *is_secret)
        .map(|(proof, _)| proof.clone())
        .collect();
    if secret.is_empty() {
        return found.into_iter().map(|(proof, _)| proof).collect();
    }
    secret
}

fn collect(input: &Value, schema: Option<&Value>, found: &mut Vec<(Proof, bool)>) {
    let Value::Object(members) = input else {
        return;
    };
    for (name, value) in members {
        let own = schema
            .and_then(|schema| schema.get("properties"))
            .and_then(|properties| properties.get(name));
        match value {
            Value::String(text) if !is_choice(own) => found.push((
                Proof {
                    name: name.clone(),
                    value: text.clone(),
                },
                is_secret(name, own),
            )),
            Value::Object(_) => collect(value, own, found),
            Value::String(_)
            | Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::Array(_) => {}
        }
    }
}

fn is_choice(schema: Option<&Value>) -> bool {
    let format = schema.and_then(|schema| schema.get("format"));
    let is_address = matches!(
        format.and_then(Value::as_str),
        Some("uri" | "url" | "hostname")
    );
    is_address || schema.is_some_and(|schema| schema.get("enum").is_some())
}

fn is_secret(name: &str, schema: Option<&Value>) -> bool {
    let member = |name| schema.and_then(|schema| schema.get(name));
    if let Some(marked) = member("isSensitive").and_then(Value::as_bool) {
        return marked;
    }
    if member("format").and_then(Value::as_str) == Some("password") {
        return true;
    }
    let name = name.to_ascii_lowercase();
    ["password", "secret", "token", "key"]
        .iter()
        .any(|word| name.contains(word))
}

/// `input` with other values in the place of `proofs`: of the same shape, so that a form would
/// still take them.
pub(super) fn with_wrong(input: &Value, proofs: &[Proof]) -> Value {
    match input {
        Value::String(text) if proofs.iter().any(|proof| proof.value == *text) => {
            wrong(text).into()
        }
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| (name.clone(), with_wrong(value, proofs)))
            .collect::<Map<_, _>>()
            .into(),
        Value::Array(items) => items.iter().map(|item| with_wrong(item, proofs)).collect(),
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => input.clone(),
    }
}

/// `value` with `new` in the place of every text that is `old`.
pub(super) fn replaced(value: &Value, old: &str, new: &str) -> Value {
    match value {
        Value::String(text) if text == old => new.into(),
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| (name.clone(), replaced(value, old, new)))
            .collect::<Map<_, _>>()
            .into(),
        Value::Array(items) => items.iter().map(|item| replaced(item, old, new)).collect(),
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

/// The next letter or digit for each.
fn wrong(text: &str) -> String {
    let next = |character: char| match character {
        'z' => 'a',
        'Z' => 'A',
        '9' => '0',
        other if other.is_ascii_alphanumeric() => {
            char::from_u32(u32::from(other) + 1).unwrap_or(other)
        }
        other => other,
    };
    text.chars().map(next).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn schema() -> Value {
        json!({ "type": "object", "properties": {
            "site": { "type": "string", "enum": ["eu", "us"] },
            "user": { "type": "string", "format": "email" },
            "pin": { "type": "string", "isSensitive": true, "minLength": 20 },
            "deep": { "type": "object", "properties": { "n": { "type": "integer" } } },
        } })
    }

    #[test]
    fn something_is_typed_into_every_field() {
        let input = of_schema(Some(&schema()));
        assert_eq!(input["site"], "eu");
        assert_eq!(input["user"], "ada@example.com");
        assert_eq!(input["pin"].as_str().map(str::len), Some(20));
        assert_eq!(input["deep"], json!({ "n": 1 }));
        assert_eq!(of_schema(None), json!({}));
    }

    #[test]
    fn only_the_secrets_are_made_wrong() {
        let input = json!({ "site": "eu", "user": "ada@example.com", "pin": "az09-Z" });
        let proofs = proofs(&input, Some(&schema()));
        assert_eq!(proofs.len(), 1);
        assert_eq!(
            with_wrong(&input, &proofs),
            json!({ "site": "eu", "user": "ada@example.com", "pin": "ba10-A" })
        );
    }

    #[test]
    fn without_secrets_every_text_is_a_proof() {
        let input = json!({ "a": "one", "b": 1 });
        let found = proofs(&input, None);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].name, "a");
    }
}
