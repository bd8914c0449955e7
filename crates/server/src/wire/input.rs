//! Bodies of requests. Clients send back what they read, so unknown and read-only members are
//! ignored; and requests without a body come as empty forms (wire contract B.1).

use std::fmt::Display;

use authbridge_core::SecretJson;
use axum::extract::{FromRequest, Request};
use axum::response::IntoResponse as _;
use bytes::Bytes;
use http::StatusCode;
use http_body::Body as _;
use serde_json::{Map, Value};

use crate::error::ApiError;

/// The largest body of an API request. The proxy has no limit.
pub(crate) const MAX_BODY_BYTES: usize = 10 * 1024 * 1024;

/// The JSON body of a request; null when it is empty.
pub(crate) struct JsonBody(pub(crate) Value);

impl<S: Send + Sync> FromRequest<S> for JsonBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        if request.body().size_hint().lower() > MAX_BODY_BYTES as u64 {
            // Nothing of it needs to be read to know.
            return Err(too_large());
        }
        let bytes =
            Bytes::from_request(request, state)
                .await
                .map_err(|rejection| match rejection.into_response().status() {
                    StatusCode::PAYLOAD_TOO_LARGE => too_large(),
                    status => ApiError::new(status, "bad_request", "the body could not be read"),
                })?;
        if bytes.is_empty() {
            return Ok(Self(Value::Null));
        }
        serde_json::from_slice(&bytes)
            .map(Self)
            .map_err(|error| ApiError::bad_request(format!("the body is not JSON: {error}")))
    }
}

fn too_large() -> ApiError {
    let message = format!("the body is larger than {MAX_BODY_BYTES} bytes");
    ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "bad_request", message)
}

/// The members of a JSON object, read one by one.
pub(crate) struct Fields(Map<String, Value>);

impl Fields {
    pub(crate) fn of(body: JsonBody) -> Result<Self, ApiError> {
        match body.0 {
            Value::Null => Ok(Self(Map::new())),
            Value::Object(members) => Ok(Self(members)),
            Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                Err(ApiError::bad_request("the body must be a JSON object"))
            }
        }
    }

    /// A text member: absent, cleared by null, or given. Numbers are taken for text.
    #[expect(
        clippy::option_option,
        reason = "outer: whether given; inner: null clears"
    )]
    pub(crate) fn text(&mut self, name: &str) -> Result<Option<Option<String>>, ApiError> {
        match self.0.remove(name) {
            None => Ok(None),
            Some(Value::Null) => Ok(Some(None)),
            Some(Value::String(text)) => Ok(Some(Some(text).filter(|text| !text.is_empty()))),
            Some(Value::Number(number)) => Ok(Some(Some(number.to_string()))),
            Some(Value::Bool(_) | Value::Array(_) | Value::Object(_)) => {
                Err(must_be(name, "a string"))
            }
        }
    }

    /// The first text that is given under one of `names`.
    pub(crate) fn first_text(&mut self, names: &[&str]) -> Result<Option<String>, ApiError> {
        let mut found = None;
        for name in names {
            let text = self.text(name)?.flatten();
            found = found.or(text);
        }
        Ok(found)
    }

    pub(crate) fn flag(&mut self, name: &str) -> Result<bool, ApiError> {
        Ok(self.optional_flag(name)?.unwrap_or_default())
    }

    /// A member that is true or false, in whatever way, or is not there.
    pub(crate) fn optional_flag(&mut self, name: &str) -> Result<Option<bool>, ApiError> {
        match self.0.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(flag)),
            Some(Value::String(text)) => Ok(Some(matches!(text.as_str(), "true" | "1"))),
            Some(Value::Number(number)) => Ok(Some(number.as_f64() != Some(0.0))),
            Some(Value::Array(_) | Value::Object(_)) => Err(must_be(name, "true or false")),
        }
    }

    /// A member of any shape: absent, cleared by null, or given.
    #[expect(
        clippy::option_option,
        reason = "outer: whether given; inner: null clears"
    )]
    pub(crate) fn value(&mut self, name: &str) -> Option<Option<Value>> {
        self.0
            .remove(name)
            .map(|value| Some(value).filter(|value| !value.is_null()))
    }

    pub(crate) fn object(&mut self, name: &str) -> Result<Option<Value>, ApiError> {
        match self.value(name).flatten() {
            None => Ok(None),
            Some(value @ Value::Object(_)) => Ok(Some(value)),
            Some(_) => Err(must_be(name, "an object")),
        }
    }

    /// An object with secrets in it; refused without showing it.
    pub(crate) fn secret(&mut self, names: &[&str]) -> Result<Option<SecretJson>, ApiError> {
        let mut found = None;
        for name in names {
            let secret = self.object(name)?.map(SecretJson::new);
            found = found.or(secret);
        }
        Ok(found)
    }
}

fn must_be(name: impl Display, expected: &str) -> ApiError {
    ApiError::bad_request(format!("`{name}` must be {expected}"))
}
