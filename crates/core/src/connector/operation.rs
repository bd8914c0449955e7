//! Operations: named pieces of work that a connector offers beside its auth.

use serde_json::Value;

use super::{Implementation, SourceLocation};

/// One operation (wire contract C.6).
#[derive(Clone, Debug)]
pub struct Operation {
    /// Names it in its connector.
    pub key: String,
    /// What people see.
    pub name: String,
    /// What it does.
    pub description: Option<String>,
    /// Free labels.
    pub tags: Vec<String>,
    /// Whether it changes nothing at the external app, where the definition says so.
    pub is_read_only: Option<bool>,
    /// Data schema of its input.
    pub input_schema: Option<Value>,
    /// Data schema of its output.
    pub output_schema: Option<Value>,
    /// How it runs; `None` where the definition has no `run`.
    pub run: Option<Implementation>,
    /// Where the definition says so, for messages at run time.
    pub source: SourceLocation,
}
