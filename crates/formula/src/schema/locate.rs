//! The part of a schema at a locator.

use serde_json::{Map, Value};

use crate::limits::MAX_DEPTH;
use crate::locator::{Locator, Step, make_object_property_locator};
use crate::schema::{has_type, properties};

/// The schema of the value at a locator; `null` if it is not described.
pub fn get_schema_by_locator(schema: Option<&Value>, locator: &Locator) -> Value {
    find_schema(schema, locator.steps())
        .cloned()
        .unwrap_or(Value::Null)
}

pub(super) fn find_schema<'s>(schema: Option<&'s Value>, steps: &[Step]) -> Option<&'s Value> {
    steps.iter().try_fold(schema?, |schema, step| match step {
        Step::Property(name) if has_type(schema, "object") => schema
            .get("properties")?
            .get(name)
            .filter(|property| property.is_object()),
        Step::Item(_) if has_type(schema, "array") => schema.get("items"),
        Step::Property(_) | Step::Item(_) => None,
    })
}

/// The schema with `part` at a locator, described as objects and arrays on the way there. An
/// undefined part removes what is there.
pub fn set_schema_at_locator(
    schema: Option<&Value>,
    locator: &Locator,
    part: Option<Value>,
) -> Option<Value> {
    set_at_steps(schema, locator.steps(), part)
}

fn set_at_steps(schema: Option<&Value>, steps: &[Step], part: Option<Value>) -> Option<Value> {
    let Some((step, rest)) = steps.split_first() else {
        return part;
    };
    let mut keywords = schema
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_default();
    match step {
        Step::Property(name) => {
            keywords.insert("type".to_owned(), Value::from("object"));
            let mut properties = match keywords.shift_remove("properties") {
                Some(Value::Object(properties)) => properties,
                _ => Map::new(),
            };
            match set_at_steps(properties.get(name), rest, part) {
                Some(property) => {
                    properties.insert(name.clone(), property);
                }
                None => {
                    properties.shift_remove(name);
                }
            }
            keywords.insert("properties".to_owned(), Value::Object(properties));
        }
        Step::Item(_) => {
            keywords.insert("type".to_owned(), Value::from("array"));
            match set_at_steps(keywords.get("items"), rest, part) {
                Some(items) => {
                    keywords.insert("items".to_owned(), items);
                }
                None => {
                    keywords.shift_remove("items");
                }
            }
        }
    }
    Some(Value::Object(keywords))
}

/// A schema that describes nothing but what leads to `part`.
pub fn make_schema_for_locator(locator: &Locator, part: Option<Value>) -> Option<Value> {
    set_schema_at_locator(None, locator, part)
}

/// Locators of all properties, those of nested objects included, those of array items not.
pub fn get_locators_from_schema(schema: &Value, root: &str) -> Vec<String> {
    let mut locators = Vec::new();
    collect_locators(schema, root, 0, &mut locators);
    locators
}

fn collect_locators(schema: &Value, parent: &str, depth: usize, locators: &mut Vec<String>) {
    if depth > MAX_DEPTH || !has_type(schema, "object") {
        return;
    }
    for (name, property) in properties(schema).into_iter().flatten() {
        let locator = make_object_property_locator(parent, name);
        locators.push(locator.clone());
        collect_locators(property, &locator, depth + 1, locators);
    }
}
