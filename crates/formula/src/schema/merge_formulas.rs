//! A customised value over a default one.

use serde_json::Value;

use crate::limits::MAX_DEPTH;
use crate::registry::is_formula;

/// `custom` over `default`: objects member by member, arrays item by item, anything else replaced.
/// A formula is replaced as a whole, and undefined replaces nothing.
pub fn merge_with_formulas(default: Option<Value>, custom: Option<Value>) -> Option<Value> {
    match (default, custom) {
        (Some(default), Some(custom)) => Some(merge(default, custom, 0)),
        (default, custom) => custom.or(default),
    }
}

fn merge(default: Value, custom: Value, depth: usize) -> Value {
    if depth > MAX_DEPTH || is_formula(&default) || is_formula(&custom) {
        return custom;
    }
    match (default, custom) {
        (Value::Object(mut merged), Value::Object(custom)) => {
            for (key, custom) in custom {
                let value = match merged.get_mut(&key) {
                    Some(default) => merge(default.take(), custom, depth + 1),
                    None => custom,
                };
                merged.insert(key, value);
            }
            Value::Object(merged)
        }
        (Value::Array(mut merged), Value::Array(custom)) => {
            for (index, custom) in custom.into_iter().enumerate() {
                match merged.get_mut(index) {
                    Some(default) => *default = merge(default.take(), custom, depth + 1),
                    None => merged.push(custom),
                }
            }
            Value::Array(merged)
        }
        (_, custom) => custom,
    }
}
