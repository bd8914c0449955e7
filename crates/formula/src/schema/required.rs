//! Required fields.

use serde_json::Value;

use crate::js;
use crate::limits::MAX_DEPTH;
use crate::locator::{Locator, Step};
use crate::schema::{
    get_schema_by_locator, has_type, properties, set_schema_at_locator, with_keyword,
};

/// All required fields, those of nested objects as `a.b`.
pub fn get_required_fields_from_schema(schema: &Value) -> Vec<String> {
    let mut fields = Vec::new();
    collect_required(schema, "", 0, &mut fields);
    fields
}

fn collect_required(schema: &Value, prefix: &str, depth: usize, fields: &mut Vec<String>) {
    if depth > MAX_DEPTH || !has_type(schema, "object") {
        return;
    }
    let required = schema.get("required").and_then(Value::as_array);
    let names = required.into_iter().flatten().filter_map(Value::as_str);
    fields.extend(names.map(|name| format!("{prefix}{name}")));
    for (key, property) in properties(schema).into_iter().flatten() {
        collect_required(property, &format!("{prefix}{key}."), depth + 1, fields);
    }
}

/// The required fields that the value does not have; `null` counts as there. A field of an optional
/// object is missing even when the object is.
pub fn get_missing_required_fields(schema: &Value, value: Option<&Value>) -> Vec<String> {
    let is_missing = |field: &String| {
        let locator = Locator::parse(field);
        !locator.is_ok_and(|locator| value.is_some_and(|value| locator.get(value).is_some()))
    };
    get_required_fields_from_schema(schema)
        .into_iter()
        .filter(is_missing)
        .collect()
}

/// A copy of the schema in which these fields are required. A field whose parent the schema does
/// not describe is ignored.
pub fn add_required_fields_to_schema(schema: &Value, fields: &[&str]) -> Value {
    fields.iter().fold(schema.clone(), |schema, field| {
        require_field(&schema, field).unwrap_or(schema)
    })
}

fn require_field(schema: &Value, field: &str) -> Option<Value> {
    let locator = Locator::parse(field).ok()?;
    let (last, parents) = locator.steps().split_last()?;
    let Step::Property(name) = last else {
        return None;
    };
    let place = Locator::from_steps(parents.to_vec());
    let parent = get_schema_by_locator(Some(schema), &place);
    if !js::truthy(Some(&parent)) {
        return None;
    }
    let mut required = match parent.get("required") {
        Some(Value::Array(required)) => required.clone(),
        _ => Vec::new(),
    };
    required.push(Value::String(name.clone()));
    let parent = with_keyword(&parent, "required", Some(Value::Array(required)));
    set_schema_at_locator(Some(schema), &place, Some(parent))
}

/// A copy of the schema without `required`, in it and in the objects it nests.
pub fn remove_required_fields_from_schema(schema: &Value) -> Value {
    remove_required(schema, 0)
}

fn remove_required(schema: &Value, depth: usize) -> Value {
    if depth > MAX_DEPTH || !has_type(schema, "object") {
        return schema.clone();
    }
    let schema = with_keyword(schema, "required", None);
    let Some(inner) = properties(&schema) else {
        return schema;
    };
    let inner = inner
        .iter()
        .map(|(key, property)| (key.clone(), remove_required(property, depth + 1)));
    let inner = Value::Object(inner.collect());
    with_keyword(&schema, "properties", Some(inner))
}
