//! What the user typed, checked against the form's schema, with one clear message per field.

use authbridge_formula::schema::{ValueToSchemaOptions, value_to_schema};
use jsonschema::error::ValidationErrorKind;
use serde::Serialize;
use serde_json::{Map, Value};

/// What users fill in to connect, in words.
const CONNECT_FORM: &str = "the connect form";

/// Input that does not fit the form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the input does not fit {form}: {}", summary(fields))]
pub struct InputError {
    /// What it must fit, in words.
    pub form: &'static str,
    /// One entry per problem, in the order of the form.
    pub fields: Vec<FieldError>,
}

/// One problem of one field. It never shows what was typed, which may be a secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// The field, as a dotted path; empty for the input as a whole.
    pub field: String,
    /// What is wrong.
    pub message: String,
    /// The same for those who say it in another language.
    #[serde(skip)]
    pub problem: FieldProblem,
}

/// What can be wrong with a field, with the limit that it does not keep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldProblem {
    /// It is required, and empty or not there.
    Required,
    /// It must be of this type.
    Type(String),
    /// It must be one of some values.
    Choice,
    /// It must have at least so many characters.
    TooShort(u64),
    /// It must have at most so many characters.
    TooLong(u64),
    /// It must be at least this.
    TooSmall(String),
    /// It must be at most this.
    TooLarge(String),
    /// It must have at least so many items.
    TooFew(u64),
    /// It must have at most so many items.
    TooMany(u64),
    /// It must match this regular expression.
    Pattern(String),
    /// It must be of this format.
    Format(String),
    /// Something else, which only the message says.
    Other,
}

/// What is said of a required field that is not there.
const REQUIRED: &str = "is required";

impl FieldError {
    /// Whether the field is required and was not given.
    pub fn is_missing(&self) -> bool {
        self.problem == FieldProblem::Required && self.message == REQUIRED
    }
}

/// Applies defaults and casts of `schema`, then checks the result against it.
pub fn check_input(schema: Option<&Value>, input: &Value) -> Result<Value, InputError> {
    let given = match input {
        Value::Null => Value::Object(Map::new()),
        Value::Object(_) => input.clone(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            return Err(InputError {
                form: CONNECT_FORM,
                fields: vec![FieldError {
                    field: String::new(),
                    message: "must be an object".into(),
                    problem: FieldProblem::Type("object".into()),
                }],
            });
        }
    };
    let Some(schema) = schema else {
        return Ok(given);
    };
    let options = ValueToSchemaOptions {
        add_defaults: true,
        normalize_values: true,
        ..Default::default()
    };
    let value = value_to_schema(Some(&given), Some(schema), options)
        .unwrap_or_else(|| Value::Object(Map::new()));
    let problems = problems(schema, &value);
    if problems.is_empty() {
        return Ok(value);
    }
    Err(InputError {
        form: CONNECT_FORM,
        fields: problems,
    })
}

fn problems(schema: &Value, value: &Value) -> Vec<FieldError> {
    let schema = to_json_schema(schema);
    let Ok(validator) = jsonschema::validator_for(&schema) else {
        // A schema that is none cannot refuse anybody; `validate` reports it to its author.
        return Vec::new();
    };
    validator
        .iter_errors(value)
        .map(|error| {
            let path = dotted(error.instance_path().as_str());
            describe(&path, error.kind())
        })
        .collect()
}

/// Data schemas say more than JSON Schema, and one thing otherwise: with `allowCustom`, values
/// beside those of `enum` are fine. An empty string is no value for a required field.
fn to_json_schema(schema: &Value) -> Value {
    let Value::Object(members) = schema else {
        return schema.clone();
    };
    let allows_custom = members
        .get("allowCustom")
        .and_then(Value::as_bool)
        .unwrap_or(false);
    let mut converted = Map::new();
    for (name, member) in members {
        let member = match name.as_str() {
            "enum" if allows_custom => continue,
            "properties" => properties(member, members.get("required")),
            "items" | "additionalProperties" => to_json_schema(member),
            "anyOf" => {
                let items = member.as_array().map_or(&[][..], Vec::as_slice);
                items.iter().map(to_json_schema).collect()
            }
            _ => member.clone(),
        };
        converted.insert(name.clone(), member);
    }
    Value::Object(converted)
}

fn properties(properties: &Value, required: Option<&Value>) -> Value {
    let is_required = |name: &str| {
        required
            .and_then(Value::as_array)
            .is_some_and(|names| names.iter().any(|required| required.as_str() == Some(name)))
    };
    let Value::Object(members) = properties else {
        return properties.clone();
    };
    let converted = members.iter().map(|(name, schema)| {
        let mut schema = to_json_schema(schema);
        if let Value::Object(keywords) = &mut schema
            && is_required(name)
            && keywords.get("type").and_then(Value::as_str) == Some("string")
        {
            keywords.entry("minLength").or_insert(1.into());
        }
        (name.clone(), schema)
    });
    Value::Object(converted.collect())
}

fn describe(path: &str, kind: &ValidationErrorKind) -> FieldError {
    if let ValidationErrorKind::Required { property } = kind {
        let name = property.as_str().unwrap_or_default();
        let path = if path.is_empty() {
            name.to_owned()
        } else {
            format!("{path}.{name}")
        };
        return FieldError {
            field: path,
            message: REQUIRED.into(),
            problem: FieldProblem::Required,
        };
    }
    FieldError {
        field: path.to_owned(),
        message: message(kind),
        problem: problem(kind),
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the library's enum is open, and its message says what has no name here"
)]
fn problem(kind: &ValidationErrorKind) -> FieldProblem {
    use ValidationErrorKind as Kind;
    match kind {
        Kind::Type { kind } => FieldProblem::Type(type_name(kind)),
        Kind::Enum { .. } => FieldProblem::Choice,
        Kind::MinLength { limit: 1 } => FieldProblem::Required,
        Kind::MinLength { limit } => FieldProblem::TooShort(*limit),
        Kind::MaxLength { limit } => FieldProblem::TooLong(*limit),
        Kind::Minimum { limit } => FieldProblem::TooSmall(limit.to_string()),
        Kind::Maximum { limit } => FieldProblem::TooLarge(limit.to_string()),
        Kind::MinItems { limit } => FieldProblem::TooFew(*limit),
        Kind::MaxItems { limit } => FieldProblem::TooMany(*limit),
        Kind::Pattern { pattern } => FieldProblem::Pattern(pattern.clone()),
        Kind::Format { format } => FieldProblem::Format(format.clone()),
        _ => FieldProblem::Other,
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the library's enum is open, and every kind of problem has a keyword to name"
)]
fn message(kind: &ValidationErrorKind) -> String {
    use ValidationErrorKind as Kind;
    match kind {
        Kind::Type { kind } => format!("must be of type {}", type_name(kind)),
        Kind::Enum { options } => format!("must be one of {options}"),
        Kind::MinLength { limit: 1 } => "must not be empty".into(),
        Kind::MinLength { limit } => format!("must have at least {limit} characters"),
        Kind::MaxLength { limit } => format!("must have at most {limit} characters"),
        Kind::Minimum { limit } => format!("must be at least {limit}"),
        Kind::Maximum { limit } => format!("must be at most {limit}"),
        Kind::MinItems { limit } => format!("must have at least {limit} items"),
        Kind::MaxItems { limit } => format!("must have at most {limit} items"),
        Kind::Pattern { pattern } => format!("must match the pattern `{pattern}`"),
        Kind::Format { format } => format!("must be a {format}"),
        Kind::AdditionalProperties { unexpected } => {
            format!(
                "has fields that the form does not have: `{}`",
                unexpected.join("`, `")
            )
        }
        other => format!("does not fit `{}` of the schema", other.keyword()),
    }
}

fn type_name(kind: &jsonschema::error::TypeKind) -> String {
    match kind {
        jsonschema::error::TypeKind::Single(name) => name.to_string(),
        jsonschema::error::TypeKind::Multiple(names) => names
            .into_iter()
            .map(|name| name.to_string())
            .collect::<Vec<_>>()
            .join(" or "),
    }
}

/// `/a/b/0` as `a.b.0`.
fn dotted(pointer: &str) -> String {
    pointer
        .trim_start_matches('/')
        .replace('/', ".")
        .replace("~1", "/")
        .replace("~0", "~")
}

fn summary(fields: &[FieldError]) -> String {
    let parts: Vec<String> = fields
        .iter()
        .map(|error| match error.field.as_str() {
            "" => error.message.clone(),
            name => format!("`{name}` {}", error.message),
        })
        .collect();
    parts.join("; ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn schema() -> Value {
        json!({
            "type": "object",
            "properties": {
                "apiKey": {"type": "string", "minLength": 4},
                "region": {"type": "string", "enum": ["eu", "us"], "default": "eu"},
                "pageSize": {"type": "integer", "maximum": 100},
            },
            "required": ["apiKey"],
        })
    }

    fn fields(input: &Value) -> Vec<(String, String)> {
        let error = check_input(Some(&schema()), input).unwrap_err();
        error
            .fields
            .into_iter()
            .map(|error| (error.field, error.message))
            .collect()
    }

    #[test]
    fn defaults_and_casts_are_applied() {
        let input = json!({"apiKey": "abcd", "pageSize": "20"});
        let value = check_input(Some(&schema()), &input).unwrap();
        assert_eq!(
            value,
            json!({"apiKey": "abcd", "pageSize": 20, "region": "eu"})
        );
    }

    #[test]
    fn every_field_with_a_problem_is_named() {
        let problems = fields(&json!({"region": "mars", "pageSize": 500}));
        assert_eq!(problems.len(), 3);
        assert!(problems.contains(&("apiKey".into(), "is required".into())));
    }

    #[test]
    fn an_empty_string_does_not_fill_a_required_field() {
        assert_eq!(fields(&json!({"apiKey": ""}))[0].0, "apiKey");
    }

    #[test]
    fn a_message_never_shows_what_was_typed() {
        let error = check_input(Some(&schema()), &json!({"apiKey": "s3c"})).unwrap_err();
        assert!(!error.to_string().contains("s3c"), "{error}");
    }

    #[test]
    fn custom_values_are_fine_where_the_schema_allows_them() {
        let schema = json!({"type": "object", "properties":
            {"region": {"type": "string", "enum": ["eu"], "allowCustom": true}}});
        assert!(check_input(Some(&schema), &json!({"region": "mars"})).is_ok());
    }

    /// Any JSON, with the words of schemas among its names.
    fn json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            "(string|integer|object|array|boolean|null|[(\\[]{0,3}|\\PC{0,4})"
                .prop_map(Value::from),
        ];
        let name = "(type|properties|required|items|enum|default|pattern|minLength|format|\
            additionalProperties|anyOf|allowCustom|\\$ref|a|b)";
        leaf.prop_recursive(4, 24, 4, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec((name, inner), 0..4)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_schema_and_any_input_have_an_outcome(schema in json(), input in json()) {
            let outcome = check_input(Some(&schema), &input);
            if !matches!(input, Value::Object(_) | Value::Null) {
                prop_assert!(outcome.is_err());
            }
        }
    }
}
