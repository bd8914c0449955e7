//! What a schema says about its values in general.

use serde_json::{Map, Value};

use crate::js;
use crate::limits::MAX_DEPTH;
use crate::schema::{has_type, properties};

/// Whether values are neither objects nor arrays. No schema gives false.
pub fn schema_is_scalar(schema: Option<&Value>) -> bool {
    schema.is_some_and(|schema| {
        js::truthy(Some(schema)) && !has_type(schema, "object") && !has_type(schema, "array")
    })
}

/// Whether values are numbers.
pub fn schema_is_number(schema: &Value) -> bool {
    has_type(schema, "number") || has_type(schema, "integer")
}

/// Whether values come from a list: an enumeration, records, a collection, or true and false.
pub fn schema_has_fixed_values(schema: Option<&Value>) -> bool {
    schema.is_some_and(|schema| {
        has_type(schema, "boolean")
            || ["enum", "referenceRecords", "referenceCollection"]
                .iter()
                .any(|keyword| js::truthy(schema.get(keyword)))
    })
}

/// Whether values other than the fixed ones are allowed.
pub fn schema_allows_custom_value(schema: Option<&Value>) -> bool {
    !schema_has_fixed_values(schema)
        || js::truthy(schema.and_then(|schema| schema.get("allowCustom")))
}

/// Whether the schema describes nothing: it is missing, has no type, or is an object without
/// properties.
pub fn is_schema_empty(schema: Option<&Value>) -> bool {
    let Some(schema) = schema else { return true };
    if has_type(schema, "object") {
        return properties(schema).is_none_or(Map::is_empty);
    }
    !js::truthy(schema.get("type"))
}

/// The schema reduced to its structure: types and properties, and title and description of
/// scalars.
pub fn compress_data_schema(schema: &Value) -> Value {
    compress(schema, 0)
}

fn compress(schema: &Value, depth: usize) -> Value {
    let mut compressed = Map::new();
    let keep: &[&str] = if has_type(schema, "object") || has_type(schema, "array") {
        &["type"]
    } else {
        &["type", "title", "description"]
    };
    for keyword in keep {
        if let Some(value) = schema.get(keyword) {
            compressed.insert((*keyword).to_owned(), value.clone());
        }
    }
    if depth > MAX_DEPTH {
        return Value::Object(compressed);
    }
    if has_type(schema, "object") {
        let inner = properties(schema)
            .into_iter()
            .flatten()
            .filter(|(_, inner)| !inner.is_null());
        let inner = inner.map(|(key, inner)| (key.clone(), compress(inner, depth + 1)));
        compressed.insert("properties".to_owned(), Value::Object(inner.collect()));
    }
    if has_type(schema, "array")
        && let Some(items) = schema.get("items")
    {
        let items = if items.is_null() {
            Value::Null
        } else {
            compress(items, depth + 1)
        };
        compressed.insert("items".to_owned(), items);
    }
    Value::Object(compressed)
}

/// A value of the schema's structure, with `""` for every scalar and one item in every array.
pub fn generate_example_from_schema(schema: &Value) -> Option<Value> {
    example(schema, 0)
}

fn example(schema: &Value, depth: usize) -> Option<Value> {
    if schema.is_null() || depth > MAX_DEPTH {
        return None;
    }
    if has_type(schema, "object") {
        let members = properties(schema).into_iter().flatten();
        let members = members
            .filter_map(|(key, property)| Some((key.clone(), example(property, depth + 1)?)));
        return Some(Value::Object(members.collect()));
    }
    if has_type(schema, "array") {
        let item = schema
            .get("items")
            .and_then(|items| example(items, depth + 1));
        return Some(Value::Array(item.into_iter().collect()));
    }
    Some(Value::String(String::new()))
}
