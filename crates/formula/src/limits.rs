//! The bounds that keep any input from exhausting the stack or the memory.

use std::cell::Cell;

use serde_json::Value;

/// How deep a mapping or a schema may nest, in levels of JSON. What lies deeper in a mapping
/// evaluates to undefined, and in a schema is left alone. It is the depth to which the JSON parser
/// reads, so a parsed document is never cut.
pub const MAX_DEPTH: usize = 128;

/// How deep a value may nest and still be copied, compared or turned into text: variables at their
/// deepest, wrapped by `$iterate` scopes at their deepest.
pub const MAX_VALUE_DEPTH: usize = 4 * MAX_DEPTH;

/// How much one evaluation may produce, intermediate results included, in bytes (estimated: text
/// by its length, and [`NODE_COST`] for every value and step). An evaluation that needs more gives
/// undefined, or a `ConfigurationError` where errors are reported.
pub const MAX_COST: usize = 64 << 20;

/// How much one formula without variables may produce to be evaluated once when it is compiled, in
/// bytes as [`MAX_COST`] counts them. A larger one is evaluated whenever it is needed: a document
/// may have many, and all that they give stays in memory.
pub const MAX_FOLDED_COST: usize = 64 << 10;

/// What one value costs besides its text, and one step of evaluation.
pub const NODE_COST: usize = 32;

/// An evaluation grew beyond [`MAX_COST`] or met a value deeper than [`MAX_VALUE_DEPTH`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct LimitReached;

/// What is left of [`MAX_COST`] during one evaluation.
#[derive(Debug)]
pub(crate) struct Budget {
    left: Cell<usize>,
}

impl Budget {
    pub(crate) fn new() -> Self {
        Self::with_limit(MAX_COST)
    }

    pub(crate) fn with_limit(limit: usize) -> Self {
        Self {
            left: Cell::new(limit),
        }
    }

    /// Pays for `cost` bytes.
    pub(crate) fn charge(&self, cost: usize) -> Result<(), LimitReached> {
        let left = self.left.get().checked_sub(cost).ok_or(LimitReached)?;
        self.left.set(left);
        Ok(())
    }

    /// How many bytes may still be produced.
    pub(crate) fn left(&self) -> usize {
        self.left.get()
    }

    /// Pays for a copy of `value`.
    pub(crate) fn charge_value(&self, value: &Value) -> Result<(), LimitReached> {
        self.charge(cost_of(value, MAX_VALUE_DEPTH)?)
    }
}

fn cost_of(value: &Value, depth_left: usize) -> Result<usize, LimitReached> {
    let inner = match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        Value::String(text) => text.len(),
        Value::Array(items) => {
            let depth_left = depth_left.checked_sub(1).ok_or(LimitReached)?;
            items.iter().try_fold(0, |sum, item| {
                Ok(cost_of(item, depth_left)?.saturating_add(sum))
            })?
        }
        Value::Object(members) => {
            let depth_left = depth_left.checked_sub(1).ok_or(LimitReached)?;
            members.iter().try_fold(0_usize, |sum, (key, member)| {
                Ok(cost_of(member, depth_left)?
                    .saturating_add(sum)
                    .saturating_add(key.len()))
            })?
        }
    };
    Ok(inner.saturating_add(NODE_COST))
}
