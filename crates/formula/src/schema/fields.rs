//! Schemas with fewer fields.

use serde_json::{Map, Value, json};

use crate::js;
use crate::limits::MAX_DEPTH;
use crate::locator::{Locator, LocatorError, Step, steps_to_locator};
use crate::schema::{
    get_schema_by_locator, has_type, map_children, properties, set_schema_at_locator, with_keyword,
};

/// The schema of these fields only. `required` keeps the names that are among them.
pub fn pick_fields_from_schema(schema: Option<&Value>, fields: &[&str]) -> Value {
    let nothing = json!({"type": "object", "properties": {}});
    let locators: Vec<Locator> = fields
        .iter()
        .filter_map(|field| Locator::parse(field).ok())
        .collect();
    let picked = locators.iter().fold(nothing, |picked, locator| {
        let field = get_schema_by_locator(schema, locator);
        if !js::truthy(Some(&field)) || !matches!(locator.steps().first(), Some(Step::Property(_)))
        {
            return picked;
        }
        set_schema_at_locator(Some(&picked), locator, Some(field)).unwrap_or(picked)
    });
    let described = schema.filter(|schema| properties(schema).is_some());
    let required = described
        .and_then(|schema| schema.get("required"))
        .and_then(Value::as_array);
    let Some(required) = required else {
        return picked;
    };
    let names: Vec<String> = locators
        .iter()
        .map(|locator| {
            steps_to_locator(locator.steps())
                .trim_start_matches("$.")
                .to_owned()
        })
        .collect();
    let is_picked = |name: &&Value| name.as_str().is_some_and(|n| names.iter().any(|m| m == n));
    let required = required.iter().filter(is_picked).cloned().collect();
    with_keyword(&picked, "required", Some(Value::Array(required)))
}

/// The schema without these fields; undefined without the root. `required` is left as it is.
pub fn exclude_fields_from_schema(
    schema: &Value,
    fields: &[&str],
) -> Result<Option<Value>, LocatorError> {
    fields
        .iter()
        .try_fold(Some(schema.clone()), |schema, field| {
            Ok(set_schema_at_locator(
                schema.as_ref(),
                &Locator::parse(field)?,
                None,
            ))
        })
}

/// The schema without the properties marked `readOnly`, at any depth.
pub fn exclude_read_only_fields_from_schema(schema: &Value) -> Value {
    exclude_marked(schema, "readOnly", 0)
}

/// The schema without the properties marked `writeOnly`, at any depth.
pub fn exclude_write_only_fields_from_schema(schema: &Value) -> Value {
    exclude_marked(schema, "writeOnly", 0)
}

fn exclude_marked(schema: &Value, mark: &str, depth: usize) -> Value {
    if depth > MAX_DEPTH {
        return schema.clone();
    }
    let changed = map_children(schema, |key, child| {
        let is_excluded = key.is_some() && js::truthy(child.get(mark));
        (!is_excluded).then(|| exclude_marked(child, mark, depth + 1))
    });
    // As in the original, an object that names no properties then has none.
    if has_type(&changed, "object") && properties(&changed).is_none() {
        return with_keyword(&changed, "properties", Some(Value::Object(Map::new())));
    }
    changed
}
