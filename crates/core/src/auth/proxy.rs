//! `proxy`: authentication that another connector of the workspace does (membrane-connectors
//! reference, section 1.7).
//!
//! The **parent** is the connector that `proxyKey` leads to; its flow runs, and a connection of it
//! has the credentials. The **child** uses them: its own `makeApiClient` gets them, and nothing
//! else of it does. What both have a say in is decided here.

use authbridge_formula::schema::merge_schemas;
use serde_json::{Map, Value};

use crate::client::{AllowedHosts, HostPatternError};
use crate::connector::AuthOption;

/// What the user is asked to connect a child: the parent's form and the child's own.
pub fn form(parent: Option<&Value>, own: Option<&Value>) -> Option<Value> {
    match (parent, own) {
        (Some(parent), Some(own)) => merge_schemas(&[parent.clone(), own.clone()]),
        (schema, None) | (None, schema) => schema.cloned(),
    }
}

/// Whether `input` answers anything that the form `schema` asks.
pub fn answers(schema: Option<&Value>, input: &Value) -> bool {
    let asked = schema.and_then(|schema| schema.get("properties"));
    let (Some(Value::Object(asked)), Value::Object(given)) = (asked, input) else {
        return false;
    };
    given
        .iter()
        .any(|(name, value)| asked.contains_key(name) && !value.is_null())
}

/// What of `input` is for the parent: what its form asks, or what the child's does not where it
/// has none.
pub fn parents_part(parent: Option<&Value>, own: Option<&Value>, input: &Value) -> Value {
    if parent.is_some() {
        return part_of(parent, input);
    }
    let mut rest = input.clone();
    if let (Value::Object(rest), Value::Object(own)) = (&mut rest, part_of(own, input)) {
        rest.retain(|name, _| !own.contains_key(name));
    }
    rest
}

/// What of `input` the form `schema` asks; nothing where there is no form.
pub fn part_of(schema: Option<&Value>, input: &Value) -> Value {
    let asked = schema.and_then(|schema| schema.get("properties"));
    let (Some(Value::Object(asked)), Value::Object(given)) = (asked, input) else {
        return Value::Object(Map::new());
    };
    given
        .iter()
        .filter(|(name, _)| asked.contains_key(*name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// Where children may send the credentials of `parent`; `None` where it does not say, and its own
/// hosts are meant.
pub fn child_hosts(parent: &AuthOption) -> Result<Option<AllowedHosts>, HostPatternError> {
    if parent.allowed_child_hosts.is_empty() {
        return Ok(None);
    }
    let patterns = parent.allowed_child_hosts.iter().map(String::as_str);
    // Whether plain `http` will do is for the child's base URI to say.
    AllowedHosts::of_patterns(patterns, true).map(Some)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_form_asks_what_both_ask() {
        let parent = json!({"type": "object", "properties": {"key": {"type": "string"}}, "required": ["key"]});
        let own = json!({"type": "object", "properties": {"site": {"type": "string"}}});
        let both = form(Some(&parent), Some(&own)).unwrap();
        assert_eq!(both["required"], json!(["key"]));
        assert!(both["properties"]["key"].is_object() && both["properties"]["site"].is_object());
        assert_eq!(form(None, Some(&own)), Some(own));
        assert_eq!(form(None, None), None);
    }

    #[test]
    fn each_gets_its_own_part_of_the_input() {
        let schema = json!({"type": "object", "properties": {"key": {"type": "string"}}});
        let input = json!({"key": "k", "site": "s"});
        assert_eq!(part_of(Some(&schema), &input), json!({"key": "k"}));
        assert_eq!(part_of(None, &input), json!({}));
        assert_eq!(
            parents_part(Some(&schema), None, &input),
            json!({"key": "k"})
        );
        assert_eq!(
            parents_part(None, Some(&schema), &input),
            json!({"site": "s"})
        );
        assert!(answers(Some(&schema), &input));
        assert!(!answers(Some(&schema), &json!({"site": "s", "key": null})));
        assert!(!answers(None, &input));
    }
}
