//! Merging schemas into one that describes the values of all.

use serde_json::{Map, Value};

use crate::limits::MAX_DEPTH;

/// The types in the order in which merged schemas list them. `integer` merges into `number` when
/// both are there.
const TYPES: [&str; 7] = [
    "null", "boolean", "number", "integer", "string", "array", "object",
];

/// One schema for the values of all of them; undefined for none. Schemas are grouped by type;
/// several types without other keywords become a list of types, otherwise `anyOf`. Within a type,
/// later keywords win, properties and items are merged and `required` is united.
pub fn merge_schemas(schemas: &[Value]) -> Option<Value> {
    merge(schemas.iter(), 0)
}

fn merge<'s>(schemas: impl Iterator<Item = &'s Value>, depth: usize) -> Option<Value> {
    if depth > MAX_DEPTH {
        return None;
    }
    let mut groups = Groups::default();
    for schema in schemas {
        groups.add(schema, 0);
    }
    let mut merged = groups.into_merged(depth);
    match merged.len() {
        0 | 1 => merged.pop(),
        _ => Some(unite(merged)),
    }
}

/// Schemas of several types as one: a list of the types that have no other keywords, and beside it
/// those that do.
fn unite(schemas: Vec<Value>) -> Value {
    let is_bare = |schema: &Value| {
        schema
            .as_object()
            .is_some_and(|keywords| keywords.len() == 1)
    };
    let (mut bare, mut alternatives): (Vec<_>, Vec<_>) = schemas.into_iter().partition(is_bare);
    if bare.len() > 1 {
        let types = bare
            .iter()
            .filter_map(|schema| schema.get("type").cloned())
            .collect();
        bare = vec![keyword("type", types)];
    }
    if alternatives.is_empty() {
        return bare.pop().unwrap_or_default();
    }
    bare.append(&mut alternatives);
    keyword("anyOf", bare)
}

fn keyword(name: &str, members: Vec<Value>) -> Value {
    Value::Object(
        [(name.to_owned(), Value::Array(members))]
            .into_iter()
            .collect(),
    )
}

#[derive(Default)]
struct Groups {
    /// By the index of their type in [`TYPES`].
    typed: [Vec<Map<String, Value>>; TYPES.len()],
    untyped: Vec<Map<String, Value>>,
}

impl Groups {
    /// Sorts a schema in; alternatives and lists of types are taken apart.
    fn add(&mut self, schema: &Value, depth: usize) {
        if depth > MAX_DEPTH || schema.is_null() {
            return;
        }
        if let Some(alternatives) = schema.get("anyOf").and_then(Value::as_array) {
            for alternative in alternatives {
                self.add(alternative, depth + 1);
            }
            return;
        }
        match schema.get("type") {
            Some(Value::Array(types)) => {
                for name in types.iter().filter_map(Value::as_str) {
                    let bare = ("type".to_owned(), Value::from(name));
                    self.add_typed(name, [bare].into_iter().collect());
                }
            }
            None | Some(Value::Null) => {
                self.untyped
                    .push(schema.as_object().cloned().unwrap_or_default());
            }
            Some(name) => {
                let keywords = schema.as_object().cloned().unwrap_or_default();
                self.add_typed(name.as_str().unwrap_or_default(), keywords);
            }
        }
    }

    fn add_typed(&mut self, name: &str, keywords: Map<String, Value>) {
        let position = TYPES.iter().position(|known| *known == name);
        if let Some(group) = position.and_then(|position| self.typed.get_mut(position)) {
            group.push(keywords);
        }
    }

    fn count(&self) -> usize {
        self.typed.iter().map(Vec::len).sum::<usize>() + self.untyped.len()
    }

    /// The schema that was sorted in, if it was one.
    fn into_only(self) -> Option<Value> {
        self.typed
            .into_iter()
            .flatten()
            .chain(self.untyped)
            .next()
            .map(Value::Object)
    }

    /// One schema for each type that occurs; the untyped ones count only where there is no other.
    fn into_merged(self, depth: usize) -> Vec<Value> {
        let [
            nulls,
            booleans,
            mut numbers,
            mut integers,
            strings,
            arrays,
            objects,
        ] = self.typed;
        if !numbers.is_empty() {
            numbers.append(&mut integers);
        }
        let groups = [nulls, booleans, numbers, integers, strings, arrays, objects];
        let merged: Vec<Value> = groups
            .into_iter()
            .zip(TYPES)
            .filter(|(group, _)| !group.is_empty())
            .map(|(group, name)| merge_group(group, Some(name), depth))
            .collect();
        if merged.is_empty() && !self.untyped.is_empty() {
            return vec![merge_group(self.untyped, None, depth)];
        }
        merged
    }
}

fn merge_group(group: Vec<Map<String, Value>>, name: Option<&str>, depth: usize) -> Value {
    let mut merged = Map::new();
    let mut properties: Option<Map<String, Value>> = None;
    let mut items = Vec::new();
    for keywords in group {
        for (keyword, value) in keywords {
            match (keyword.as_str(), name) {
                ("properties", Some("object")) => {
                    gather(properties.get_or_insert_default(), value);
                    // Keeps the keyword's place.
                    merged.insert(keyword, Value::Null);
                }
                ("items", Some("array")) => {
                    items.push(value);
                    merged.insert(keyword, Value::Null);
                }
                ("required", Some("object")) => {
                    let united = unite_required(merged.get(&keyword), value);
                    merged.insert(keyword, united);
                }
                _ => {
                    merged.insert(keyword, value);
                }
            }
        }
    }
    if let Some(properties) = properties {
        merged.insert("properties".to_owned(), merge_properties(properties, depth));
    }
    if !items.is_empty() {
        let items = merge(items.iter(), depth + 1).unwrap_or(Value::Null);
        merged.insert("items".to_owned(), items);
    }
    if let Some(name) = name {
        merged.insert("type".to_owned(), Value::from(name));
    }
    Value::Object(merged)
}

/// Adds the properties of one schema to those of others, by their key.
fn gather(gathered: &mut Map<String, Value>, properties: Value) {
    let Value::Object(properties) = properties else {
        return;
    };
    for (key, property) in properties {
        let schemas = gathered
            .entry(key)
            .or_insert_with(|| Value::Array(Vec::new()));
        if let Value::Array(schemas) = schemas {
            schemas.push(property);
        }
    }
}

fn merge_properties(gathered: Map<String, Value>, depth: usize) -> Value {
    let merged = gathered.into_iter().filter_map(|(key, schemas)| {
        let property = match schemas.as_array()?.as_slice() {
            [only] => merge_alone(only, depth + 1),
            schemas => merge(schemas.iter(), depth + 1),
        };
        Some((key, property?))
    });
    Value::Object(merged.collect())
}

/// A property that only one schema describes: its alternatives are merged, but one that has none is
/// taken as it stands.
fn merge_alone(property: &Value, depth: usize) -> Option<Value> {
    let mut groups = Groups::default();
    groups.add(property, 0);
    if groups.count() == 1 {
        return groups.into_only();
    }
    merge([property].into_iter(), depth)
}

fn unite_required(previous: Option<&Value>, added: Value) -> Value {
    match (previous, added) {
        (Some(Value::Array(previous)), Value::Array(added)) => {
            let mut united = previous.clone();
            for name in added {
                if !united.contains(&name) {
                    united.push(name);
                }
            }
            Value::Array(united)
        }
        (_, added) => added,
    }
}
