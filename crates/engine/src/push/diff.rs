//! What differs between two documents, member by member.

use serde::Serialize;
use serde_json::{Map, Value};

/// One difference.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FieldChange {
    /// Where: a JSON pointer (RFC 6901).
    pub path: String,
    /// What was there; absent where nothing was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Value>,
    /// What is there now; absent where nothing is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Value>,
}

/// The differences from `from` to `to`; none when they say the same.
///
/// The order of members says nothing, except where one of them begins with `$`: there the first
/// one decides what formula it is (wire contract D.1).
pub(crate) fn diff(from: &Value, to: &Value) -> Vec<FieldChange> {
    let mut changes = Vec::new();
    compare(&mut String::new(), from, to, &mut changes);
    changes
}

fn compare(path: &mut String, from: &Value, to: &Value, changes: &mut Vec<FieldChange>) {
    match (from, to) {
        (Value::Object(before), Value::Object(after)) if !are_formulas(before, after) => {
            compare_members(path, before, after, changes);
        }
        (Value::Array(before), Value::Array(after)) if before.len() == after.len() => {
            for (index, (old, new)) in before.iter().zip(after).enumerate() {
                within(path, &index.to_string(), |path| {
                    compare(path, old, new, changes);
                });
            }
        }
        _ if from == to && is_same_order(from, to) => {}
        _ => changes.push(FieldChange {
            path: path.clone(),
            from: Some(from.clone()),
            to: Some(to.clone()),
        }),
    }
}

fn compare_members(
    path: &mut String,
    before: &Map<String, Value>,
    after: &Map<String, Value>,
    changes: &mut Vec<FieldChange>,
) {
    for (name, old) in before {
        within(path, name, |path| match after.get(name) {
            Some(new) => compare(path, old, new, changes),
            None => changes.push(FieldChange {
                path: path.clone(),
                from: Some(old.clone()),
                to: None,
            }),
        });
    }
    for (name, new) in after {
        if !before.contains_key(name) {
            within(path, name, |path| {
                changes.push(FieldChange {
                    path: path.clone(),
                    from: None,
                    to: Some(new.clone()),
                });
            });
        }
    }
}

/// Runs `work` with `segment` added to the path.
fn within(path: &mut String, segment: &str, work: impl FnOnce(&mut String)) {
    let length = path.len();
    path.push('/');
    path.push_str(&segment.replace('~', "~0").replace('/', "~1"));
    work(path);
    path.truncate(length);
}

fn are_formulas(before: &Map<String, Value>, after: &Map<String, Value>) -> bool {
    let is_formula = |members: &Map<String, Value>| members.keys().any(|key| key.starts_with('$'));
    is_formula(before) || is_formula(after)
}

/// Whether two equal values read the same where order matters, which is inside formulas.
fn is_same_order(from: &Value, to: &Value) -> bool {
    let texts = [from, to].map(ToString::to_string);
    let [text_from, text_to] = &texts;
    !matches!(from, Value::Object(_)) || text_from == text_to
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn paths(from: &Value, to: &Value) -> Vec<String> {
        diff(from, to).into_iter().map(|it| it.path).collect()
    }

    #[test]
    fn equal_documents_have_no_differences_in_whatever_order() {
        let from = json!({"a": 1, "b": [1, {"c": null}]});
        let to = json!({"b": [1, {"c": null}], "a": 1});
        assert_eq!(diff(&from, &to), []);
    }

    #[test]
    fn a_difference_is_told_where_it_is() {
        let from = json!({"name": "A", "schema": {"properties": {"a/b": {"type": "string"}}}});
        let to = json!({"name": "A", "schema": {"properties": {"a/b": {"type": "number"}}}});
        let expected = FieldChange {
            path: "/schema/properties/a~1b/type".to_owned(),
            from: Some(json!("string")),
            to: Some(json!("number")),
        };
        assert_eq!(diff(&from, &to), [expected]);
    }

    #[test]
    fn members_come_and_go() {
        let changes = diff(&json!({"a": 1, "b": 2}), &json!({"b": 2, "c": null}));
        let gone = FieldChange {
            path: "/a".to_owned(),
            from: Some(json!(1)),
            to: None,
        };
        let come = FieldChange {
            path: "/c".to_owned(),
            from: None,
            to: Some(Value::Null),
        };
        assert_eq!(changes, [gone, come]);
    }

    #[test]
    fn lists_of_one_length_are_compared_item_by_item_and_others_as_a_whole() {
        assert_eq!(paths(&json!([1, 2]), &json!([1, 3])), ["/1"]);
        assert_eq!(paths(&json!({"a": [1]}), &json!({"a": [1, 2]})), ["/a"]);
    }

    #[test]
    fn the_order_of_a_formula_counts() {
        let from = json!({"m": {"$var": "a", "$concat": []}});
        let to = json!({"m": {"$concat": [], "$var": "a"}});
        assert_eq!(paths(&from, &to), ["/m"]);
        assert_eq!(paths(&from, &from), [""; 0]);
    }
}
