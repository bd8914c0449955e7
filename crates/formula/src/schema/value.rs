//! Fitting a value to a schema.

use serde_json::{Map, Value};

use crate::js;
use crate::limits::MAX_DEPTH;
use crate::schema::properties;

/// What [`value_to_schema`] does; nothing by default.
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent switches of the wire contract"
)]
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct ValueToSchemaOptions {
    /// Fills undefined and `null` with the schema's `default`.
    pub add_defaults: bool,
    /// Converts scalars to the schema's type. What cannot be converted is left as it is: `"1.5"`
    /// stays where an integer is wanted, and only `"true"` and `"false"` become booleans.
    pub normalize_values: bool,
    /// Drops properties marked `readOnly`.
    pub skip_read_only_fields: bool,
    /// Drops members that are no properties, unless `additionalProperties` allows them.
    pub skip_unknown_fields: bool,
}

/// The value, changed as the options say. An object or an array that loses all it had becomes
/// undefined.
pub fn value_to_schema(
    value: Option<&Value>,
    schema: Option<&Value>,
    options: ValueToSchemaOptions,
) -> Option<Value> {
    fit(value, schema, options, 0)
}

fn fit(
    value: Option<&Value>,
    schema: Option<&Value>,
    options: ValueToSchemaOptions,
    depth: usize,
) -> Option<Value> {
    let Some(schema) = schema.filter(|_| depth <= MAX_DEPTH) else {
        return value.cloned();
    };
    let default = schema.get("default").filter(|_| options.add_defaults);
    let value = default.filter(|_| js::is_nullish(value)).or(value);
    match schema.get("type").and_then(Value::as_str) {
        Some("object") => fit_object(value, schema, options, depth),
        Some("array") => fit_array(value, schema, options, depth),
        Some(scalar) if options.normalize_values => {
            value.map(|value| normalize(value, scalar).unwrap_or_else(|| value.clone()))
        }
        _ => value.cloned(),
    }
}

fn fit_object(
    value: Option<&Value>,
    schema: &Value,
    options: ValueToSchemaOptions,
    depth: usize,
) -> Option<Value> {
    if !(options.add_defaults || value.is_some_and(Value::is_object)) {
        return value.cloned();
    }
    let members = members_of(value);
    let properties = properties(schema);
    let mut fitted = Map::new();
    for (key, property) in properties.into_iter().flatten() {
        let is_skipped = options.skip_read_only_fields && js::truthy(property.get("readOnly"));
        if is_skipped {
            continue;
        }
        if let Some(member) = fit(members.get(key), Some(property), options, depth + 1) {
            fitted.insert(key.clone(), member);
        }
    }
    let is_object = value.is_some_and(Value::is_object);
    if fitted.is_empty() && !is_object {
        return value.cloned();
    }
    let keeps_unknown =
        !options.skip_unknown_fields || js::truthy(schema.get("additionalProperties"));
    let had_members = !members.is_empty();
    if keeps_unknown {
        let is_known = |key: &String| properties.is_some_and(|known| known.contains_key(key));
        fitted.extend(members.into_iter().filter(|(key, _)| !is_known(key)));
    }
    (!fitted.is_empty() || !had_members).then_some(Value::Object(fitted))
}

/// The members a value contributes when an object is made of it: for a text its characters and for
/// an array its items, as in the original, which spreads it.
fn members_of(value: Option<&Value>) -> Map<String, Value> {
    let indexed = |items: Vec<Value>| {
        items
            .into_iter()
            .enumerate()
            .map(|(index, item)| (index.to_string(), item))
            .collect()
    };
    match value {
        Some(Value::Object(members)) => members.clone(),
        Some(Value::Array(items)) => indexed(items.clone()),
        Some(Value::String(text)) => indexed(
            text.chars()
                .map(|letter| Value::String(letter.to_string()))
                .collect(),
        ),
        None | Some(Value::Null | Value::Bool(_) | Value::Number(_)) => Map::new(),
    }
}

fn fit_array(
    value: Option<&Value>,
    schema: &Value,
    options: ValueToSchemaOptions,
    depth: usize,
) -> Option<Value> {
    let Some(Value::Array(items)) = value else {
        return value.cloned();
    };
    let schema = schema.get("items");
    let fitted: Vec<_> = items
        .iter()
        .filter_map(|item| fit(Some(item), schema, options, depth + 1))
        .collect();
    (!fitted.is_empty() || items.is_empty()).then_some(Value::Array(fitted))
}

/// The value as a scalar of this type, if it can be converted.
fn normalize(value: &Value, scalar: &str) -> Option<Value> {
    if value.is_null() {
        return None;
    }
    match scalar {
        "string" => Some(Value::String(js::to_string(value).into_owned())),
        "number" => to_number(value).and_then(js::number),
        "integer" => to_number(value)
            .filter(|number| number.fract() == 0.0)
            .and_then(js::number),
        "boolean" => match value.as_str()? {
            "true" => Some(Value::Bool(true)),
            "false" => Some(Value::Bool(false)),
            _ => None,
        },
        _ => None,
    }
}

fn to_number(value: &Value) -> Option<f64> {
    let is_scalar = !(value.is_array() || value.is_object());
    is_scalar
        .then(|| js::to_number(Some(value)))
        .filter(|number| number.is_finite())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn options_work_together() {
        let schema = json!({
            "type": "object",
            "properties": {
                "id": {"type": "string", "readOnly": true},
                "age": {"type": "integer"},
                "plan": {"type": "string", "default": "free"},
            },
        });
        let options = ValueToSchemaOptions {
            add_defaults: true,
            normalize_values: true,
            skip_read_only_fields: true,
            skip_unknown_fields: true,
        };
        let value = json!({"id": "1", "age": "42", "plan": null, "other": 1});
        let fitted = value_to_schema(Some(&value), Some(&schema), options);
        assert_eq!(fitted, Some(json!({"age": 42, "plan": "free"})));
    }

    #[test]
    fn an_infinite_number_is_left_as_text() {
        let options = ValueToSchemaOptions {
            normalize_values: true,
            ..Default::default()
        };
        let value = json!("Infinity");
        let fitted = value_to_schema(Some(&value), Some(&json!({"type": "number"})), options);
        assert_eq!(fitted, Some(value));
    }
}
