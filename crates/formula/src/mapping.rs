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
pub fn build_data(
    formula: &Value,
    variables: &Value,
) -> Result<Option<Value>, ConfigurationError> {
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
        let inner = Inner { source: source.clone(), root: Node::compile(source) };
        Self { inner: Arc::new(inner) }
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
