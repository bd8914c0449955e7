//! What an instance may say: not too much, and of customers nothing that does more than use their
//! connection.

use authbridge_core::action::Action;
use authbridge_store::{InstanceAuthor, InstanceLimits};
use serde_json::{Map, Value};

use crate::EngineError;
use crate::elements::document::Document;

/// How much of instances a connection may have: customers fill this table, and the list of a
/// connection's actions shows all of it.
pub(super) const LIMITS: InstanceLimits = InstanceLimits {
    count: 1000,
    bytes: 2 * 1024 * 1024,
};

/// How long what one says may be, as JSON.
const MAX_CONTENT_BYTES: usize = 128 * 1024;

/// A formula whose single steps have no bound in time and memory, and which nothing interrupts.
const UNBOUNDED_FORMULA: &str = "$jsonata";

/// Members that answers have beside those of elements, and documents should not.
const OF_INSTANCES: [&str; 5] = [
    "connectionId",
    "connectionKey",
    "instanceKey",
    "userId",
    "customerId",
];

/// What a client sends, without what only answers have.
pub(super) fn members_of(body: Value) -> Result<Map<String, Value>, EngineError> {
    let mut content = Document::of(body)?.content;
    content.retain(|name, _| !OF_INSTANCES.contains(&name.as_str()));
    Ok(content)
}

/// Refuses what is too long to be looked at any further.
pub(super) fn check_length(content: &Value) -> Result<(), EngineError> {
    if content.to_string().len() > MAX_CONTENT_BYTES {
        return Err(EngineError::bad_request(format!(
            "what a connection says of an action can have {MAX_CONTENT_BYTES} bytes at most"
        )));
    }
    Ok(())
}

/// Refuses what could not run, and what would let a customer do more than its connection can.
/// `content` is to stand in the place of `action`.
pub(super) fn check(
    key: &str,
    action: &Value,
    content: &Value,
    author: InstanceAuthor,
) -> Result<(), EngineError> {
    match author {
        InstanceAuthor::Admin => Action::read(key, content).map(drop)?,
        InstanceAuthor::Customer => {
            // Before it is read: to read a document evaluates what is constant in it.
            if has_member(content, UNBOUNDED_FORMULA) {
                return Err(EngineError::AccessDenied(
                    "`$jsonata` has no bound in time and memory, so only an admin may use it here; \
                     use other formulas, or ask an admin to change the action",
                ));
            }
            let changed = Action::read(key, content)?;
            // Not even its name: what an instance says is a copy, and would outlive what the
            // owner mends.
            let is_own = |action: &Action| action.kind.needs_connection();
            if !is_own(&changed) || !Action::read(key, action).as_ref().is_ok_and(is_own) {
                return Err(EngineError::AccessDenied(
                    "this action does more than use the connection (it runs code, calls your app, \
                     or makes requests of its own), so only an admin may change it",
                ));
            }
        }
    }
    Ok(())
}

/// Whether any object in `value` has a member `name`. Formulas count wherever they stand, also
/// where they are data now: nothing then depends on what is evaluated when.
fn has_member(value: &Value, name: &str) -> bool {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
        Value::Array(items) => items.iter().any(|item| has_member(item, name)),
        Value::Object(members) => members
            .iter()
            .any(|(key, member)| key == name || has_member(member, name)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn request(data: &Value) -> Value {
        json!({"type": "api-request-to-external-app",
            "config": {"request": {"path": "/", "data": data}}})
    }

    #[test]
    fn customers_have_no_formula_without_bounds_wherever_it_stands() {
        let formula = json!({"$jsonata": "1"});
        let nested = [
            formula.clone(),
            json!({"a": [1, {"b": formula}]}),
            json!({"$iterate": {"source": [1], "item": formula}}),
            json!({"$plain": formula}),
            json!({"$formula": formula}),
            json!({"$case": {"cases": [{"filter": formula, "value": 1}]}}),
            json!({"other": 1, "$jsonata": "1"}),
        ];
        let action = request(&Value::Null);
        let author = InstanceAuthor::Customer;
        for data in nested {
            let content = request(&data);
            let refused = check("send", &action, &content, author).unwrap_err();
            assert!(
                matches!(&refused, EngineError::AccessDenied(why) if why.contains("`$jsonata`")),
                "{content}: {refused}"
            );
            check("send", &action, &content, InstanceAuthor::Admin).unwrap();
        }
        let mut elsewhere = request(&Value::Null);
        for member in ["outputMapping", "inputSchema", "anything"] {
            elsewhere[member] = formula.clone();
            check("send", &action, &elsewhere, author).unwrap_err();
            elsewhere[member] = json!("$jsonata");
        }
        check("send", &action, &elsewhere, author).unwrap();
    }
}
