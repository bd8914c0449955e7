//! Response handlers: how a definition tells success from failure where the status does not.

use authbridge_formula::Mapping;
use authbridge_formula::registry::unknown_formulas;
use http::{HeaderMap, StatusCode};
use serde_json::{Map, Value, json};

use super::parse::{ApiClientError, shape};

/// One rule on responses (membrane-connectors reference, section 3.2). The first that matches
/// decides; after them the built-in rules hold.
#[derive(Clone, Debug)]
pub struct ResponseHandler {
    matches: Mapping,
    is_success: bool,
    data: Option<Mapping>,
    error: Option<Mapping>,
    needs_body: bool,
}

/// The most of a handler's message that is kept: it is stored, and shown in lists.
const MAX_MESSAGE_CHARACTERS: usize = 500;

/// What a handler may look at.
#[derive(Debug)]
pub struct ResponseFacts<'a> {
    /// The status of the response.
    pub status: StatusCode,
    /// Its header fields.
    pub headers: &'a HeaderMap,
    /// Its body, parsed; `None` when nobody has read it.
    pub data: Option<&'a Value>,
}

/// What a matching handler says.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// A success; with the data that replaces the body, if the handler gives some.
    Success(Option<Value>),
    /// A failure.
    Failure(HandlerError),
}

/// A failure in a handler's words.
#[derive(Clone, Debug, PartialEq)]
pub struct HandlerError {
    /// What happened.
    pub message: Option<String>,
    /// What it means for the connection.
    pub key: Option<HandlerErrorKey>,
    /// More for the caller.
    pub data: Option<Value>,
}

/// What a failure means for the connection (wire contract C.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandlerErrorKey {
    /// `access_token_expired`: refresh, then try again.
    AccessTokenExpired,
    /// `connection_is_defunct`: the user must reconnect.
    ConnectionIsDefunct,
    /// `rate_limit_exceeded`: try later.
    RateLimitExceeded,
}

impl HandlerErrorKey {
    /// The word for it on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccessTokenExpired => "access_token_expired",
            Self::ConnectionIsDefunct => "connection_is_defunct",
            Self::RateLimitExceeded => "rate_limit_exceeded",
        }
    }

    /// The key that `name` names.
    pub fn from_name(name: &str) -> Option<Self> {
        [
            Self::AccessTokenExpired,
            Self::ConnectionIsDefunct,
            Self::RateLimitExceeded,
        ]
        .into_iter()
        .find(|key| key.as_str() == name)
    }
}

impl ResponseHandler {
    pub(super) fn parse_list(value: Option<&Value>) -> Result<Vec<Self>, ApiClientError> {
        match value {
            None | Some(Value::Null) => Ok(Vec::new()),
            Some(Value::Array(items)) => items.iter().enumerate().map(Self::parse).collect(),
            Some(_) => Err(shape("responseHandlers", "a list")),
        }
    }

    fn parse((index, value): (usize, &Value)) -> Result<Self, ApiClientError> {
        let member = format!("responseHandlers[{index}]");
        let Some(handler) = value.as_object() else {
            return Err(shape(&member, "an object"));
        };
        let Some(condition) = handler.get("match") else {
            return Err(shape(&format!("{member}.match"), "a formula"));
        };
        if let Some(unknown) = unknown_formulas(condition).into_iter().next() {
            return Err(ApiClientError::UnknownFormula {
                member: format!("{member}.match"),
                name: unknown.name,
                suggestion: unknown.suggestion,
            });
        }
        let mapping = |name: &str| handler.get(name).map(Mapping::compile);
        let (matches, data, error) = (
            Mapping::compile(condition),
            mapping("data"),
            mapping("error"),
        );
        let needs_body = [Some(&matches), data.as_ref(), error.as_ref()]
            .into_iter()
            .flatten()
            .any(reads_body);
        let is_success = handler
            .get("isSuccess")
            .and_then(Value::as_bool)
            .unwrap_or(false);
        Ok(Self {
            matches,
            is_success,
            data,
            error,
            needs_body,
        })
    }

    /// Whether deciding takes the response's body.
    pub const fn needs_body(&self) -> bool {
        self.needs_body
    }

    /// What the first matching handler of `handlers` says; `None` when none matches.
    ///
    /// Where nobody has read the body, handlers that need it are passed over: absent data could
    /// mean anything to them.
    pub fn judge(handlers: &[Self], facts: &ResponseFacts<'_>) -> Option<Verdict> {
        if handlers.is_empty() {
            return None;
        }
        let can_judge = |handler: &&Self| facts.data.is_some() || !handler.needs_body;
        let variables = facts.variables();
        let handler = handlers.iter().filter(can_judge).find(|handler| {
            handler
                .matches
                .evaluate(&variables)
                .as_ref()
                .is_some_and(is_truthy)
        })?;
        Some(handler.verdict(&variables))
    }

    fn verdict(&self, variables: &Value) -> Verdict {
        if self.is_success {
            return Verdict::Success(self.data.as_ref().and_then(|data| data.evaluate(variables)));
        }
        let error = self
            .error
            .as_ref()
            .and_then(|error| error.evaluate(variables));
        let empty = Map::new();
        let members = error.as_ref().and_then(Value::as_object).unwrap_or(&empty);
        Verdict::Failure(HandlerError {
            message: members
                .get("message")
                .and_then(Value::as_str)
                .map(|message| message.chars().take(MAX_MESSAGE_CHARACTERS).collect()),
            key: members
                .get("key")
                .and_then(Value::as_str)
                .and_then(HandlerErrorKey::from_name),
            data: members.get("data").cloned(),
        })
    }
}

impl ResponseFacts<'_> {
    /// `response` as functions and handlers see it.
    pub fn variables(&self) -> Value {
        json!({ "response": self.to_value() })
    }

    /// The members of `response`.
    pub fn to_value(&self) -> Value {
        let status = self.status.as_u16();
        let mut response = json!({
            "status": status,
            "statusCode": status,
            "headers": header_object(self.headers),
        });
        if let (Some(data), Value::Object(members)) = (self.data, &mut response) {
            members.insert("data".into(), data.clone());
        }
        response
    }
}

/// Names in lower case; fields that occur several times are joined by commas (RFC 9110 section
/// 5.2).
fn header_object(headers: &HeaderMap) -> Value {
    let mut object = Map::new();
    for name in headers.keys() {
        let values: Vec<_> = headers
            .get_all(name)
            .iter()
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
            .collect();
        object.insert(name.as_str().to_owned(), values.join(", ").into());
    }
    Value::Object(object)
}

/// A locator of the whole response counts, since the body is part of it.
fn reads_body(mapping: &Mapping) -> bool {
    let source = mapping.source();
    let has_opaque = source.to_string().contains("\"$jsonata\"");
    has_opaque
        || mapping.variables().iter().any(|locator| {
            let path = locator.trim_start_matches("$.");
            matches!(path, "$" | "" | "response") || path.starts_with("response.data")
        })
}

/// Truth as JavaScript has it.
pub(crate) fn is_truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(truth) => *truth,
        Value::Number(number) => number.as_f64().is_some_and(|number| number != 0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(_) | Value::Object(_) => true,
    }
}
