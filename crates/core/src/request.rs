//! Requests and responses as values: what core asks somebody else to send, and what came back.

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use serde_json::Value;

use crate::client::Target;

/// A request with its whole body in memory.
#[derive(Clone, Debug)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// Where it goes.
    pub target: Target,
    /// Its header fields; those with secrets are marked sensitive.
    pub headers: HeaderMap,
    /// Its body; empty for none.
    pub body: Bytes,
}

/// A response with its whole body in memory.
#[derive(Clone, Debug)]
pub struct Response {
    /// The status.
    pub status: StatusCode,
    /// The header fields.
    pub headers: HeaderMap,
    /// The body, up to the limit of whoever read it.
    pub body: Bytes,
}

impl Response {
    /// The body as functions see it; see [`data_of`].
    pub fn data(&self) -> Value {
        data_of(&self.body)
    }
}

/// `body` as functions and handlers see it: parsed when it is JSON, text otherwise, null when
/// empty.
pub fn data_of(body: &[u8]) -> Value {
    if body.is_empty() {
        return Value::Null;
    }
    serde_json::from_slice(body)
        .unwrap_or_else(|_| String::from_utf8_lossy(body).into_owned().into())
}
