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

fn members(schema: &Value, above: &str, depth: usize) -> Vec<Field> {
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
        return Vec::new();
    };
    let required = schema.get("required").and_then(Value::as_array);
    let is_required = |name: &str| {
        required.is_some_and(|names| names.iter().any(|each| each.as_str() == Some(name)))
    };
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
    let example = schema.get("example").or_else(|| {
        let examples = schema.get("examples").and_then(Value::as_array);
        examples.and_then(|examples| examples.first())
    });
    Field {
        kind: kind(schema, &path, depth),
        name: name.to_owned(),
        title: text(schema, "title").unwrap_or_else(|| name.to_owned()),
        description: text(schema, "description"),
        is_required,
        is_secret: is_true(schema, "isSensitive") || format(schema) == "password",
        default: schema
            .get("default")
            .filter(|value| !value.is_null())
            .cloned(),
        example: example.map(plain),
        path,
    }
}

fn kind(schema: &Value, path: &str, depth: usize) -> Kind {
    let choices = choices(schema);
    match type_of(schema) {
        "object" if depth < DEEPEST && schema.get("properties").is_some() => {
            Kind::Group(members(schema, path, depth + 1))
        }
        "object" => Kind::Json,
        "array" => list(schema),
        _ if !choices.is_empty() => Kind::One {
            allows_custom: is_true(schema, "allowCustom"),
            choices,
        },
        "boolean" => Kind::Flag,
        "number" | "integer" => Kind::Number,
        _ => line(schema),
    }
}

fn list(schema: &Value) -> Kind {
    let Some(items) = schema.get("items") else {
        return Kind::Lines { are_numbers: false };
    };
    let choices = choices(items);
    if !choices.is_empty() {
        return Kind::Many(choices);
    }
    match type_of(items) {
        "number" | "integer" => Kind::Lines { are_numbers: true },
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
    values
        .filter(|value| !value.is_null())
        .map(|value| Choice {
            label: plain(value),
            value: value.clone(),
        })
        .collect()
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
