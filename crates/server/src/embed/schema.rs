//! The fields of a form, read from a data schema.

use serde_json::{Map, Value};

/// Objects within objects deeper than this are typed as JSON.
const DEEPEST: usize = 6;

/// One field, or a group of fields.
#[derive(Debug)]
pub(super) struct Field {
    /// Dotted, as errors name it.
    pub(super) path: String,
    /// The member of its object.
    pub(super) name: String,
    /// What people read; the name where there is no title.
    pub(super) title: String,
    pub(super) description: Option<String>,
    pub(super) is_required: bool,
    /// What is typed is a secret, and is not shown again.
    pub(super) is_secret: bool,
    pub(super) default: Option<Value>,
    pub(super) example: Option<String>,
    /// The heading under which it stands with others that have the same.
    pub(super) section: Option<String>,
    /// Its values are records of the external app, which nobody can list before there is an
    /// account.
    pub(super) is_record: bool,
    pub(super) kind: Kind,
}

/// What a field is typed with.
#[derive(Debug)]
pub(super) enum Kind {
    /// One line; the value of the `type` of the input.
    Text(&'static str),
    /// Several lines.
    Prose,
    Number,
    Flag,
    /// One of these; or anything else, where custom values are allowed.
    One {
        choices: Vec<Choice>,
        allows_custom: bool,
    },
    /// Any of these.
    Many(Vec<Choice>),
    /// A list of texts or numbers, one a line.
    Lines {
        are_numbers: bool,
    },
    /// What no other field is for.
    Json,
    Group(Vec<Field>),
    /// A list of objects, each with the fields of this schema.
    Rows(Value),
    /// A value of one of several shapes. Their paths are that of the field, with a number.
    Shapes(Vec<Field>),
}

/// One of the values that a field may have.
#[derive(Debug)]
pub(super) struct Choice {
    pub(super) value: Value,
    pub(super) label: String,
}

impl Choice {
    /// What stands for it in a submitted form.
    pub(super) fn submitted(&self) -> String {
        plain(&self.value)
    }
}

/// A value as it is typed: text is itself, everything else is JSON.
pub(super) fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// The fields of an object with this schema.
pub(super) fn fields(schema: Option<&Value>) -> Vec<Field> {
    schema.map_or_else(Vec::new, |schema| members(schema, "", 0))
}

/// The fields of the row with this number of a list at `path`.
pub(super) fn row(items: &Value, path: &str, number: &str) -> Vec<Field> {
    let depth = path.split('.').count();
    members(items, &format!("{path}.{number}"), depth)
}

fn members(schema: &Value, above: &str, depth: usize) -> Vec<Field> {
    let own = own_members(schema, above, depth);
    let mut all = own;
    // Members that only some of several shapes have may stay empty.
    for (name, is_all) in [("allOf", true), ("anyOf", false), ("oneOf", false)] {
        for part in list_of(schema, name) {
            for mut field in own_members(part, above, depth) {
                if all.iter().all(|other| other.name != field.name) {
                    field.is_required &= is_all;
                    all.push(field);
                }
            }
        }
    }
    all
}

fn list_of<'a>(schema: &'a Value, name: &str) -> &'a [Value] {
    let list = schema.get(name).and_then(Value::as_array);
    list.map_or(&[], Vec::as_slice)
}

fn own_members(schema: &Value, above: &str, depth: usize) -> Vec<Field> {
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
        return Vec::new();
    };
    let required = list_of(schema, "required");
    let is_required = |name: &str| required.iter().any(|each| each.as_str() == Some(name));
    properties
        .iter()
        .filter(|(_, schema)| !is_true(schema, "readOnly"))
        .map(|(name, schema)| field(name, schema, above, is_required(name), depth))
        .collect()
}

fn field(name: &str, schema: &Value, above: &str, is_required: bool, depth: usize) -> Field {
    let path = if above.is_empty() {
        name.to_owned()
    } else {
        format!("{above}.{name}")
    };
    let own = Own {
        name: name.to_owned(),
        path,
    };
    field_at(own, schema, is_required, depth)
}

/// What a field is called, by its object and by errors.
struct Own {
    name: String,
    path: String,
}

fn field_at(Own { name, path }: Own, schema: &Value, is_required: bool, depth: usize) -> Field {
    let example = schema.get("example").or_else(|| {
        let examples = schema.get("examples").and_then(Value::as_array);
        examples.and_then(|examples| examples.first())
    });
    Field {
        kind: kind(schema, &path, depth),
        title: text(schema, "title").unwrap_or_else(|| name.clone()),
        name,
        description: text(schema, "description"),
        is_required,
        is_secret: is_true(schema, "isSensitive") || format(schema) == "password",
        default: schema
            .get("default")
            .filter(|value| !value.is_null())
            .cloned(),
        example: example.map(plain),
        section: text(schema, "section"),
        is_record: is_record(schema),
        path,
    }
}

fn kind(schema: &Value, path: &str, depth: usize) -> Kind {
    let choices = choices(schema);
    let shapes = shapes(schema);
    if choices.is_empty() && shapes.len() > 1 {
        return several(&shapes, path, depth);
    }
    let schema = match shapes.as_slice() {
        [only] if schema.get("type").is_none() => only,
        _ => schema,
    };
    match type_of(schema) {
        "object" if depth < DEEPEST && schema.get("properties").is_some() => {
            Kind::Group(members(schema, path, depth + 1))
        }
        "object" => Kind::Json,
        "array" => list(schema, depth),
        _ if !choices.is_empty() => Kind::One {
            allows_custom: is_true(schema, "allowCustom"),
            choices,
        },
        "boolean" => Kind::Flag,
        "number" | "integer" => Kind::Number,
        _ => line(schema),
    }
}

/// The shapes of a value that may have several, without that of no value.
fn shapes(schema: &Value) -> Vec<&Value> {
    if schema.get("properties").is_some() {
        return Vec::new();
    }
    let shapes = list_of(schema, "anyOf").iter();
    shapes
        .chain(list_of(schema, "oneOf"))
        .filter(|shape| shape.get("type").and_then(Value::as_str) != Some("null"))
        .collect()
}

fn several(shapes: &[&Value], path: &str, depth: usize) -> Kind {
    // What cannot be told apart by its fields is typed as it is.
    if depth >= DEEPEST {
        return Kind::Json;
    }
    let fields = shapes.iter().enumerate().map(|(index, shape)| {
        let own = Own {
            name: index.to_string(),
            path: format!("{path}~{index}"),
        };
        let mut field = field_at(own, shape, true, depth + 1);
        if shape.get("title").is_none() {
            type_of(shape).clone_into(&mut field.title);
        }
        field
    });
    Kind::Shapes(fields.collect())
}

/// Whether its values are records of a collection of the external app.
fn is_record(schema: &Value) -> bool {
    let names = [
        "referenceCollection",
        "referenceCollectionPath",
        "referenceCollectionUri",
        "referenceUdm",
    ];
    let is_one = |schema: &Value| names.iter().any(|name| schema.get(name).is_some());
    let has_choices = !choices(schema).is_empty();
    !has_choices && (is_one(schema) || schema.get("items").is_some_and(is_one))
}

fn list(schema: &Value, depth: usize) -> Kind {
    let Some(items) = schema.get("items") else {
        return Kind::Lines { are_numbers: false };
    };
    let choices = choices(items);
    if !choices.is_empty() {
        return Kind::Many(choices);
    }
    match type_of(items) {
        "number" | "integer" => Kind::Lines { are_numbers: true },
        "object" if depth < DEEPEST && items.get("properties").is_some() => {
            Kind::Rows(items.clone())
        }
        "object" | "array" | "boolean" => Kind::Json,
        _ => Kind::Lines { are_numbers: false },
    }
}

/// A secret is typed in one line that hides it, unless it may have several.
fn line(schema: &Value) -> Kind {
    match format(schema) {
        "multiline" | "multi-line" | "textarea" | "markdown" | "html" => Kind::Prose,
        _ if is_true(schema, "isMultiline") || is_true(schema, "isRichText") => Kind::Prose,
        "password" => Kind::Text("password"),
        _ if is_true(schema, "isSensitive") => Kind::Text("password"),
        "date" => Kind::Text("date"),
        "time" => Kind::Text("time"),
        "date-time" | "datetime" => Kind::Text("datetime-local"),
        "email" => Kind::Text("email"),
        "uri" | "url" => Kind::Text("url"),
        "phone" | "tel" => Kind::Text("tel"),
        _ => Kind::Text("text"),
    }
}

/// `referenceRecords` are values with labels; `enum` are values alone.
fn choices(schema: &Value) -> Vec<Choice> {
    let list = |name| schema.get(name).and_then(Value::as_array);
    if let Some(records) = list("referenceRecords") {
        let records = records.iter().filter_map(Value::as_object);
        return records.filter_map(record).collect();
    }
    let values = list("enum").into_iter().flatten();
    let values: Vec<Choice> = values
        .filter(|value| !value.is_null())
        .map(|value| Choice {
            label: plain(value),
            value: value.clone(),
        })
        .collect();
    if values.is_empty() {
        return constants(schema);
    }
    values
}

/// Shapes that are one value each, with a title: choices by another name.
fn constants(schema: &Value) -> Vec<Choice> {
    let constants: Option<Vec<Choice>> = shapes(schema)
        .into_iter()
        .map(|shape| {
            let value = shape.get("const")?.clone();
            let label = text(shape, "title").unwrap_or_else(|| plain(&value));
            Some(Choice { value, label })
        })
        .collect();
    constants.unwrap_or_default()
}

fn record(record: &Map<String, Value>) -> Option<Choice> {
    let value = record.get("id").or_else(|| record.get("value"))?.clone();
    let label = record.get("name").and_then(Value::as_str);
    Some(Choice {
        label: label.map_or_else(|| plain(&value), str::to_owned),
        value,
    })
}

/// The first type that is not `null`; what a schema without any is about, otherwise.
fn type_of(schema: &Value) -> &str {
    let named = match schema.get("type") {
        Some(Value::Array(types)) => types
            .iter()
            .filter_map(Value::as_str)
            .find(|name| *name != "null"),
        Some(Value::String(name)) => Some(name.as_str()),
        Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_)) | None => None,
    };
    let implied = || {
        let is_object = schema.get("properties").is_some();
        let is_array = schema.get("items").is_some();
        if is_object {
            "object"
        } else if is_array {
            "array"
        } else {
            "string"
        }
    };
    named.unwrap_or_else(implied)
}

fn format(schema: &Value) -> &str {
    let format = schema.get("format").and_then(Value::as_str);
    format.unwrap_or_default()
}

fn text(schema: &Value, name: &str) -> Option<String> {
    let text = schema.get(name).and_then(Value::as_str);
    text.filter(|text| !text.is_empty()).map(str::to_owned)
}

fn is_true(schema: &Value, name: &str) -> bool {
    schema.get(name) == Some(&Value::Bool(true))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn shapes_that_are_values_are_choices_and_one_that_may_be_null_is_itself() {
        let schema = json!({"properties": {
            "level": {"oneOf": [{"const": 1, "title": "Low"}, {"const": 2}]},
            "limit": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
            "target": {"anyOf": [{"type": "string"}, {"properties": {"id": {}}}]},
            "rows": {"type": "array", "items": {"properties": {"name": {}}}},
        }});
        let fields = fields(Some(&schema));
        let kinds: Vec<&Kind> = fields.iter().map(|field| &field.kind).collect();
        let [
            Kind::One { choices, .. },
            Kind::Number,
            Kind::Shapes(shapes),
            Kind::Rows(items),
        ] = kinds.as_slice()
        else {
            panic!("{kinds:?}");
        };
        let labels: Vec<&str> = choices.iter().map(|choice| choice.label.as_str()).collect();
        assert_eq!(labels, ["Low", "2"]);
        let paths: Vec<&str> = shapes.iter().map(|shape| shape.path.as_str()).collect();
        assert_eq!(paths, ["target~0", "target~1"]);
        let rows = row(items, "rows", "3");
        assert_eq!(
            rows.first().map(|field| field.path.as_str()),
            Some("rows.3.name")
        );
    }

    #[test]
    fn a_form_of_several_shapes_has_the_fields_of_all() {
        let schema = json!({
            "properties": {"site": {}}, "required": ["site"],
            "anyOf": [
                {"properties": {"key": {}}, "required": ["key"]},
                {"properties": {"user": {}, "site": {}}},
            ],
        });
        let fields = fields(Some(&schema));
        let names: Vec<(&str, bool)> = fields
            .iter()
            .map(|field| (field.name.as_str(), field.is_required))
            .collect();
        assert_eq!(names, [("site", true), ("key", false), ("user", false)]);
    }
}
