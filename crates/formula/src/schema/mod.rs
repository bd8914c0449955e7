//! Data schemas: the JSON-Schema-like descriptions of values (wire contract E).
//!
//! A schema is a plain JSON value; nothing validates it, keywords that are not known pass through,
//! and so do schemas that make no sense. Where the original tells undefined from `null`, functions
//! take and give `Option<Value>`.

mod fields;
mod infer;
mod locate;
mod location;
mod merge;
mod merge_formulas;
mod required;
mod shape;
mod title;
mod value;

pub use fields::{
    exclude_fields_from_schema, exclude_read_only_fields_from_schema,
    exclude_write_only_fields_from_schema, pick_fields_from_schema,
};
pub use infer::{create_compound_schema, create_schema, get_schema_from_value};
pub use locate::{
    get_locators_from_schema, get_schema_by_locator, make_schema_for_locator, set_schema_at_locator,
};
pub use location::{
    DataLocationError, get_reference_collection_path, get_reference_collection_pointer,
    make_data_location_path, parse_data_location_path,
};
pub use merge::merge_schemas;
pub use merge_formulas::merge_with_formulas;
pub use required::{
    add_required_fields_to_schema, get_missing_required_fields, get_required_fields_from_schema,
    remove_required_fields_from_schema,
};
pub use shape::{
    compress_data_schema, generate_example_from_schema, is_schema_empty,
    schema_allows_custom_value, schema_has_fixed_values, schema_is_number, schema_is_scalar,
};
pub use title::{
    get_full_name_for_locator, get_name_components_for_locator, get_name_for_locator, header_case,
    populate_schema_titles,
};
pub use value::{ValueToSchemaOptions, value_to_schema};

use serde_json::{Map, Value};

/// Whether the schema's `type` is exactly this (a list of types is not).
fn has_type(schema: &Value, wanted: &str) -> bool {
    schema.get("type").and_then(Value::as_str) == Some(wanted)
}

/// The properties of an object schema, if it has any.
fn properties(schema: &Value) -> Option<&Map<String, Value>> {
    schema.get("properties").and_then(Value::as_object)
}

/// A copy of the schema with one keyword replaced, or removed where `value` is undefined.
fn with_keyword(schema: &Value, keyword: &str, value: Option<Value>) -> Value {
    let mut members = schema.as_object().cloned().unwrap_or_default();
    match value {
        Some(value) => {
            members.insert(keyword.to_owned(), value);
        }
        None => {
            members.shift_remove(keyword);
        }
    }
    Value::Object(members)
}

/// A copy of the schema whose properties (with their key) and items (without one) went through
/// `change`; those for which it gives undefined are left out. Only object and array schemas have
/// them.
fn map_children(schema: &Value, change: impl Fn(Option<&str>, &Value) -> Option<Value>) -> Value {
    if has_type(schema, "object")
        && let Some(properties) = properties(schema)
    {
        let changed = properties
            .iter()
            .filter_map(|(key, property)| Some((key.clone(), change(Some(key), property)?)));
        return with_keyword(schema, "properties", Some(Value::Object(changed.collect())));
    }
    if has_type(schema, "array")
        && let Some(items) = schema.get("items")
    {
        return with_keyword(schema, "items", change(None, items));
    }
    schema.clone()
}
