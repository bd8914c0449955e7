//! Values that must not be printed, logged or serialised.
//!
//! Opening one is always an explicit `expose_secret()` or `expose()`, so that every place that
//! does can be found and reviewed.

use std::fmt;

use serde_json::Value;
use zeroize::Zeroize;

pub use secrecy::{ExposeSecret, SecretString};

/// A JSON value with secrets in it: credentials, connector parameters, connection input.
///
/// It has no `Serialize`, prints as `[redacted]`, and its strings are overwritten when dropped.
#[derive(Clone, Default, PartialEq)]
pub struct SecretJson(Value);

impl SecretJson {
    /// Takes `value` in.
    pub fn new(value: Value) -> Self {
        Self(value)
    }

    /// An empty JSON object.
    pub fn empty_object() -> Self {
        Self(Value::Object(serde_json::Map::new()))
    }

    /// The value itself.
    pub fn expose(&self) -> &Value {
        &self.0
    }

    /// Gives the value away; the caller answers for it from here on.
    pub fn into_exposed(mut self) -> Value {
        std::mem::take(&mut self.0)
    }
}

impl fmt::Debug for SecretJson {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[redacted]")
    }
}

impl Drop for SecretJson {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(items) => items.iter_mut().for_each(wipe),
        Value::Object(members) => members.values_mut().for_each(wipe),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_does_not_show_the_value() {
        let secret = SecretJson::new(serde_json::json!({"apiKey": "sk_live_1"}));
        assert_eq!(format!("{secret:?}"), "[redacted]");
    }
}
