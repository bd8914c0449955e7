//! The entry points: evaluating a mapping, compiled or not.

use std::sync::Arc;

use serde_json::Value;

use crate::copy::resolve_copies;
use crate::eval::{Evaluator, Halt, Scope};
use crate::node::Node;

/// A mapping cannot give a result, and its author has to change it.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct ConfigurationError {
    /// What is wrong, in the original's words where it has any.
    pub message: String,
}

/// Evaluates a value with formulas, like the original's synchronous `buildValue`. `None` is
/// undefined, which is also the answer when the result would be too large.
pub fn build_value(formula: &Value, variables: &Value) -> Option<Value> {
    evaluate(&Node::compile(formula), variables).ok()?
}

/// [`build_value`], after which every `$copy` in the result takes the value it points to.
///
/// # Errors
/// When a `$copy` copies something that contains one, or the result would be too large.
pub fn build_data(formula: &Value, variables: &Value) -> Result<Option<Value>, ConfigurationError> {
    build_data_from(&Node::compile(formula), variables)
}

/// A mapping compiled once: constant parts folded, locators parsed. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Mapping {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    source: Value,
    root: Node,
}

impl Mapping {
    /// Compiles a mapping. Any value is one.
    pub fn compile(source: &Value) -> Self {
        let inner = Inner {
            source: source.clone(),
            root: Node::compile(source),
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// What was compiled.
    pub fn source(&self) -> &Value {
        &self.inner.source
    }

    /// Whether the result is the same whatever the variables.
    pub fn is_constant(&self) -> bool {
        self.inner.root.is_constant()
    }

    /// Evaluates; see [`build_value`].
    pub fn evaluate(&self, variables: &Value) -> Option<Value> {
        evaluate(&self.inner.root, variables).ok()?
    }

    /// Evaluates and copies; see [`build_data`].
    ///
    /// # Errors
    /// Those of [`build_data`].
    pub fn build_data(&self, variables: &Value) -> Result<Option<Value>, ConfigurationError> {
        build_data_from(&self.inner.root, variables)
    }

    /// Every variable the mapping reads, as a locator with its root written out (`$.a.b`), in the
    /// order of the mapping and without repetition, for diagnostics. What `$iterate` provides
    /// (`item`, `index`) is left out, its `parent` is resolved, and what `$jsonata` reads is not
    /// known.
    pub fn variables(&self) -> Vec<String> {
        crate::variables::variables(&self.inner.root)
    }
}

fn evaluate(root: &Node, variables: &Value) -> Result<Option<Value>, Halt> {
    Evaluator::synchronous().evaluate_owned(root, &Scope::Root(variables), None)
}

fn build_data_from(root: &Node, variables: &Value) -> Result<Option<Value>, ConfigurationError> {
    match evaluate(root, variables)? {
        Some(data) => resolve_copies(data).map(Some),
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_mapping_is_compiled_once_and_evaluated_often() {
        let mapping = Mapping::compile(&json!({
            "headers": {"Authorization": {"$concat": ["Bearer ", {"$var": "credentials.apiKey"}]}},
        }));
        assert!(!mapping.is_constant());
        for key in ["one", "two"] {
            let built = mapping.evaluate(&json!({"credentials": {"apiKey": key}}));
            let expected = json!({"headers": {"Authorization": format!("Bearer {key}")}});
            assert_eq!(built, Some(expected));
        }
    }

    #[test]
    fn constant_parts_are_folded() {
        for (source, expected) in [
            (json!({"$concat": ["a", "b"]}), Some(json!("ab"))),
            (
                json!({"a": {"$eval": 1, "is": "1"}, "b": []}),
                Some(json!({"a": true, "b": []})),
            ),
            (json!({"$case": []}), None),
            (json!({"$plain": {"$var": "a"}}), Some(json!({"$var": "a"}))),
        ] {
            let mapping = Mapping::compile(&source);
            assert!(mapping.is_constant(), "{source}");
            assert_eq!(mapping.evaluate(&Value::Null), expected, "{source}");
        }
    }

    #[test]
    fn what_grows_is_not_folded_and_gives_the_same() {
        let list = vec![1; 60];
        let source = json!({"$iterate": {"source": list, "item":
            {"$iterate": {"source": list, "item": {"$iterate": {"source": list, "item": 1}}}}}});
        let mapping = Mapping::compile(&source);
        assert!(!mapping.is_constant());
        let expected = json!(vec![vec![vec![1; 60]; 60]; 60]);
        assert_eq!(mapping.evaluate(&Value::Null), Some(expected));
    }

    #[test]
    fn reading_a_text_again_and_again_is_bounded() {
        let variables = json!({"text": "a".repeat(1 << 20), "list": vec![1; 100]});
        let read = |formula: &str| {
            let item = json!({ formula: {"$var": "text"} });
            let source = json!({"$iterate": {"source": {"$var": "list"}, "item": item}});
            Mapping::compile(&source).evaluate(&variables)
        };
        for formula in [
            "$firstName",
            "$lastName",
            "$domainFromEmail",
            "$extractDate",
        ] {
            assert_eq!(read(formula), None, "{formula}");
        }
    }

    #[test]
    fn variables_are_listed_for_diagnostics() {
        let mapping = Mapping::compile(&json!({
            "a": {"$var": "credentials.token"},
            "b": {"$concat": [{"$var": "$.credentials.token"}, {"$var": "o.dot\\.key"}]},
            "c": {"$iterate": {
                "source": {"$var": "list"},
                "item": [{"$var": "item.id"}, {"$var": "parent.user"}, {"$var": "index"}],
            }},
            "d": {"$case": [{"filter": [{"field": "status", "operator": "is"}], "value": 1}]},
            "e": {"$formula": [{"$var": "quoted"}]},
            "f": {"$plain": {"$var": "literal"}},
        }));
        let expected = [
            "$.credentials.token",
            "$.o.dot\\.key",
            "$.list",
            "$.user",
            "$.status",
            "$.quoted",
        ];
        assert_eq!(mapping.variables(), expected);
    }

    #[test]
    fn copies_take_the_built_value() {
        let data = json!({
            "copies": [{"$copy": "missing"}, {"$copy": "$.a"}, {"$copy": "missing"}],
            "a": {"$var": "s"},
        });
        let built = build_data(&data, &json!({"s": 1})).unwrap();
        assert_eq!(built, Some(json!({"copies": [1], "a": 1})));
    }

    #[test]
    fn a_copy_of_a_copy_is_an_error() {
        let error = build_data(&json!({"a": {"$copy": "$.a"}}), &json!({})).unwrap_err();
        assert_eq!(
            error.message,
            "$.a is copying $.a, which contains a copy formula"
        );
    }
}
