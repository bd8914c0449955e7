//! JSON Schemas of the files, for editors, from the table that the readers use.

use serde_json::{Map, Value, json};

use authbridge_core::auth::retry::FailureClass;
use authbridge_core::connector::{AuthType, FunctionName, ImplementationType};

use crate::fields::{
    ACTION, API_CLIENT, APP_DATA_SCHEMA, APP_EVENT_TYPE, CASE, DATA_LINK_TABLE, DATA_SOURCE,
    FIELD_MAPPING, FLAT, FLOW, FUNCTION, Field, GRAPHQL, GRAPHQL_FIELD, GRAPHQL_FUNCTION,
    HTTP_METHODS, INTEGRATION, INTERFACE, Kind, OAUTH1_CONFIG, OAUTH2_CONFIG, OPERATION,
    OPERATION_CALL, OPERATION_FUNCTION, PACKAGE, PROJECT, PROVIDER, REST, SCENARIO, SCREEN, SPEC,
    Shape,
};

const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// The schemas of all files that are read, with their file names.
pub fn json_schemas() -> Vec<(String, Value)> {
    vec![
        file("connector", "Connector (flat document)", &FLAT),
        file("spec", "Connector (`spec.yml`)", &SPEC),
        file("integration", "Integration", &INTEGRATION),
        file("authbridge", "Workspaces (`authbridge.yml`)", &PROJECT),
        file("action", "Action", &ACTION),
        file("interface", "Interface", &INTERFACE),
        kept("flow", "Flow", &FLOW),
        kept("data-source", "Data source", &DATA_SOURCE),
        kept("field-mapping", "Field mapping", &FIELD_MAPPING),
        kept("data-link-table", "Data link table", &DATA_LINK_TABLE),
        kept("app-event-type", "App event type", &APP_EVENT_TYPE),
        kept("app-data-schema", "App data schema", &APP_DATA_SCHEMA),
        kept("screen", "Screen", &SCREEN),
        kept("scenario", "Scenario", &SCENARIO),
        kept("package", "Package", &PACKAGE),
        file(
            "operation",
            "Operation (`operations/<key>/spec.yml`)",
            &OPERATION,
        ),
        file("rest-api-mapping", "REST request (`.rest.yml`)", &REST),
        file(
            "graphql-api-mapping",
            "GraphQL request (`.graphql.yml`)",
            &GRAPHQL,
        ),
        file(
            "operation-mapping",
            "Call of an operation (`.op.yml`)",
            &OPERATION_CALL,
        ),
        mapping(),
        file(
            "oauth1-config",
            "OAuth 1.0a configuration (`get-oauth-config.map.yml`)",
            &OAUTH1_CONFIG,
        ),
        file(
            "oauth2-config",
            "OAuth 2.0 configuration (`get-oauth-config.map.yml`)",
            &OAUTH2_CONFIG,
        ),
        cases(),
        file(
            "connector-test-provider",
            "Simulated provider (`tests/provider.yml`)",
            &PROVIDER,
        ),
    ]
}

fn file(name: &str, title: &str, shape: &'static Shape) -> (String, Value) {
    let mut definitions = Definitions::default();
    let mut schema = definitions.shape(shape);
    if let Some(members) = schema.as_object_mut() {
        members.insert("$schema".to_owned(), DIALECT.into());
        members.insert("title".to_owned(), title.into());
        members.insert("$defs".to_owned(), Value::Object(definitions.done));
        sort_first(members, &["$schema", "title", "description"]);
    }
    (format!("{name}.schema.json"), schema)
}

/// A file that may have more than the usual keys.
fn kept(name: &str, title: &str, shape: &'static Shape) -> (String, Value) {
    let (name, mut schema) = file(name, title, shape);
    if let Some(members) = schema.as_object_mut() {
        members.remove("additionalProperties");
    }
    (name, schema)
}

/// A `.map.yml` may be any value; that of `makeApiClient` is the one with keys of its own.
fn mapping() -> (String, Value) {
    let mut definitions = Definitions::default();
    let client = definitions.shape(&API_CLIENT);
    let schema = json!({
        "$schema": DIALECT,
        "title": "Mapping (`.map.yml`)",
        "description": "Any value; an object whose first key starts with `$` is a formula. \
            The mapping of `makeApiClient` yields an API client.",
        "anyOf": [client, true],
        "$defs": definitions.done,
    });
    ("mapping.schema.json".to_owned(), schema)
}

/// A file of `tests/` has one case or a list.
fn cases() -> (String, Value) {
    let mut definitions = Definitions::default();
    let case = definitions.reference(&CASE);
    let schema = json!({
        "$schema": DIALECT,
        "title": "Test cases of a connector (`tests/*.yml`)",
        "description": "One test case, or a list.",
        "anyOf": [case, {"type": "array", "items": case}],
        "$defs": definitions.done,
    });
    ("connector-test.schema.json".to_owned(), schema)
}

/// Shapes that others refer to, each once.
#[derive(Default)]
struct Definitions {
    done: Map<String, Value>,
}

impl Definitions {
    fn shape(&mut self, shape: &'static Shape) -> Value {
        let mut properties = Map::new();
        for field in shape.fields() {
            let mut schema = self.kind(&field.kind);
            describe(&mut schema, field.doc);
            if shape.formulas {
                schema = or_formula(schema);
            }
            for older in field.older {
                properties.insert((*older).to_owned(), older_spelling(field));
            }
            properties.insert(field.name.to_owned(), schema);
        }
        for name in shape.server_state {
            let state = json!({"description": "Written by a server; not read.", "readOnly": true});
            properties.insert((*name).to_owned(), state);
        }
        let mut schema = json!({
            "description": shape.doc,
            "type": "object",
            "properties": properties,
            "additionalProperties": false,
        });
        if let Some(members) = schema.as_object_mut()
            && !shape.required.is_empty()
        {
            members.insert("required".to_owned(), shape.required.into());
        }
        schema
    }

    /// A reference to the shape, which is described once.
    fn reference(&mut self, shape: &'static Shape) -> Value {
        let name: String = shape
            .name
            .split(' ')
            .skip(1)
            .collect::<Vec<_>>()
            .join("-")
            .replace('`', "");
        if !self.done.contains_key(&name) {
            // A shape may contain itself, so the place is taken first.
            self.done.insert(name.clone(), Value::Null);
            let schema = self.shape(shape);
            self.done.insert(name.clone(), schema);
        }
        json!({"$ref": format!("#/$defs/{name}")})
    }

    fn kind(&mut self, kind: &Kind) -> Value {
        match kind {
            Kind::Text => json!({"type": "string"}),
            Kind::Key => {
                json!({"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]*$", "maxLength": 100})
            }
            Kind::HttpUri | Kind::RecordUri => {
                json!({"type": "string", "pattern": "^[hH][tT][tT][pP][sS]?://."})
            }
            Kind::UriOrPath => {
                json!({"type": "string", "pattern": "^([hH][tT][tT][pP][sS]?:/)?/[^?#]*$"})
            }
            Kind::Endpoint => {
                json!({"type": "string", "pattern": "^[hH][tT][tT][pP][sS]?://[^/@?#]+([/?#]|$)"})
            }
            Kind::TextOrNumber | Kind::Duration => json!({"type": ["string", "number"]}),
            Kind::TextOrTexts => {
                let text = json!({"type": "string"});
                let item = or_formula(text.clone());
                json!({"anyOf": [text, {"type": "array", "items": item}]})
            }
            Kind::OneOf(choices) => json!({"enum": choices().done}),
            Kind::FailureClassName => json!({"enum": FailureClass::ALL.map(FailureClass::as_str)}),
            Kind::Path => json!({"type": "string", "pattern": "^/[^?#]*$"}),
            Kind::Status => json!({"type": "integer", "minimum": 200, "maximum": 599}),
            Kind::Flag => json!({"type": "boolean"}),
            Kind::TextList | Kind::HostList => {
                json!({"type": "array", "items": {"type": "string"}})
            }
            Kind::Schema | Kind::Members => json!({"type": "object"}),
            Kind::Value | Kind::Later => json!({}),
            Kind::NotYet => json!({"deprecated": true}),
            Kind::Choice(words) => json!({"enum": words}),
            Kind::AuthTypeName => json!({"enum": AuthType::ALL.map(AuthType::as_str)}),
            Kind::ImplementationName => {
                json!({"enum": ImplementationType::ALL.map(ImplementationType::as_str)})
            }
            Kind::FunctionName => json!({"enum": FunctionName::ALL.map(FunctionName::as_str)}),
            Kind::Method => {
                let lower = HTTP_METHODS.map(str::to_lowercase);
                json!({"enum": HTTP_METHODS.iter().copied().chain(lower.iter().map(String::as_str)).collect::<Vec<_>>()})
            }
            Kind::Object(shape) => self.reference(shape),
            Kind::ListOf(shape) => json!({"type": "array", "items": self.reference(shape)}),
            Kind::MapOf(shape) => {
                json!({"type": "object", "additionalProperties": self.reference(shape)})
            }
            Kind::Keyed(shape) => {
                let item = self.reference(shape);
                json!({"anyOf": [
                    {"type": "array", "items": item},
                    {"type": "object", "additionalProperties": item},
                ]})
            }
            Kind::KeysOr(shape) => {
                let item = self.reference(shape);
                let key = self.kind(&Kind::Key);
                json!({"anyOf": [
                    {"type": "array", "items": {"anyOf": [key, item]}},
                    {"type": "object", "additionalProperties": item},
                ]})
            }
            Kind::GraphqlFields => {
                let field = self.reference(&GRAPHQL_FIELD);
                json!({"type": "array", "items": {"anyOf": [field, {"type": "string"}]}})
            }
            Kind::Function => {
                let shapes = [&FUNCTION, &GRAPHQL_FUNCTION, &OPERATION_FUNCTION];
                let mut forms: Vec<Value> = shapes.map(|shape| self.reference(shape)).into();
                // Without a value, the function is in a file that has its name.
                forms.push(json!({"type": "null"}));
                json!({"anyOf": forms})
            }
        }
    }
}

fn describe(schema: &mut Value, doc: &str) {
    if let Some(members) = schema.as_object_mut() {
        members.insert("description".to_owned(), doc.into());
        sort_first(members, &["description"]);
    }
}

fn older_spelling(field: &Field) -> Value {
    json!({
        "description": format!("Older spelling of `{}`.", field.name),
        "deprecated": true,
    })
}

/// A value, or a formula that yields it.
fn or_formula(schema: Value) -> Value {
    let constrains = schema
        .as_object()
        .is_some_and(|members| members.keys().any(|key| key != "description"));
    if !constrains {
        return schema;
    }
    let formula = json!({
        "description": "A formula.",
        "type": "object",
        "minProperties": 1,
        "patternProperties": {"^\\$": true},
    });
    json!({"anyOf": [schema, formula]})
}

fn sort_first(members: &mut Map<String, Value>, first: &[&str]) {
    let mut sorted = Map::new();
    for name in first {
        if let Some(value) = members.remove(*name) {
            sorted.insert((*name).to_owned(), value);
        }
    }
    sorted.append(members);
    *members = sorted;
}

#[cfg(test)]
mod tests;
