//! An element as clients send it: what it says, apart from what the server knows of it.

use authbridge_core::element::{ElementId, ElementType};
use serde_json::{Map, Value};

use crate::EngineError;

/// An element as a client sends it. Clients send back what they read, so what the server itself
/// puts there is taken out and not refused; everything else is kept as it is.
pub(crate) struct Document {
    /// Its name in files and calls.
    pub(crate) key: Option<String>,
    /// The integration it is for, by id or key.
    pub(crate) integration: Option<String>,
    /// The universal element it comes from, by id.
    pub(crate) parent: Option<String>,
    /// What it says.
    pub(crate) content: Map<String, Value>,
}

impl Document {
    /// Reads the body of a request.
    pub(crate) fn of(body: Value) -> Result<Self, EngineError> {
        match body {
            Value::Object(members) => Ok(Self::of_members(members)),
            Value::Null => Ok(Self::of_members(Map::new())),
            Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                Err(EngineError::bad_request("an element must be a JSON object"))
            }
        }
    }

    /// Reads the members of an object.
    pub(crate) fn of_members(members: Map<String, Value>) -> Self {
        let mut document = Self {
            key: None,
            integration: None,
            parent: None,
            content: Map::with_capacity(members.len()),
        };
        for (name, value) in members {
            document.take(name, value);
        }
        document
    }

    fn take(&mut self, name: String, value: Value) {
        match name.as_str() {
            "key" => self.key = text(&value),
            "integrationId" | "integrationKey" => {
                self.integration = self.integration.take().or_else(|| text(&value));
            }
            "parentId" => self.parent = text(&value),
            _ if is_universal(&name, "Id") => self.parent = text(&value),
            _ if is_of_the_server(&name) => {}
            _ => {
                self.content.insert(name, value);
            }
        }
    }
}

fn text(value: &Value) -> Option<String> {
    value
        .as_str()
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
}

/// Such as `universalFlowId`, which is what flows call their parent.
fn is_universal(name: &str, suffix: &str) -> bool {
    name.strip_prefix("universal")
        .is_some_and(|rest| rest.ends_with(suffix))
}

/// Members that answers have and files should not: state, ids, times, counters.
fn is_of_the_server(name: &str) -> bool {
    const MEMBERS: [&str; 15] = [
        "id",
        "workspaceId",
        "integration",
        "integrationUuid",
        "parentKey",
        "parentUuid",
        "parentRevision",
        "isCustomized",
        "customized",
        "state",
        "errors",
        "revision",
        "createdAt",
        "updatedAt",
        "archivedAt",
    ];
    MEMBERS.contains(&name) || is_universal(name, "Revision")
}

/// Refuses a key that a path could not carry, or that could be taken for an id.
pub(crate) fn check_key(element_type: ElementType, key: &str) -> Result<(), EngineError> {
    match problem_of_key(key) {
        None => Ok(()),
        Some(problem) => Err(EngineError::bad_request(format!(
            "`{key}` cannot be the key of {}: {problem}",
            element_type.path()
        ))),
    }
}

/// Why `key` cannot name an element.
pub(crate) fn problem_of_key(key: &str) -> Option<&'static str> {
    if key.is_empty() {
        Some("it is empty")
    } else if key.contains('/') {
        Some("it must have no slash")
    } else if key.parse::<ElementId>().is_ok() {
        Some("it looks like an id")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_the_server_put_there_is_taken_out_and_the_rest_stays_in_its_order() {
        let document = Document::of(json!({
            "id": "flw_1", "key": "sync", "name": "Sync", "universalFlowId": "flw_2",
            "universalFlowRevision": "3", "revision": "4", "state": "READY", "nodes": {},
            "integrationKey": "crm", "isCustomized": true, "universal": 1, "own": null,
        }));
        let document = document.unwrap();
        assert_eq!(document.key.as_deref(), Some("sync"));
        assert_eq!(document.integration.as_deref(), Some("crm"));
        assert_eq!(document.parent.as_deref(), Some("flw_2"));
        assert_eq!(
            Value::Object(document.content).to_string(),
            r#"{"name":"Sync","nodes":{},"universal":1,"own":null}"#
        );
    }

    #[test]
    fn keys_that_a_path_could_not_carry_are_refused() {
        for key in ["", "a/b", "act_01hzy3v0000000000000000000"] {
            assert!(check_key(ElementType::Action, key).is_err(), "{key}");
        }
        assert!(check_key(ElementType::Action, "create-contact").is_ok());
    }
}
