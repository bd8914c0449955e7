//! One request through an API client: what a mapping describes, and what `apiClient.get(…)` in a
//! script asks for.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde_json::{Map, Value};

use super::target::join;
use super::{ApiClient, Target, TargetError, absolute, encode_component, is_framing, scalar};
use crate::request::Request;

/// What to ask of the external app (membrane-connectors reference, section 3.3).
#[derive(Clone, Debug, Default)]
pub struct Call {
    /// `GET` when empty.
    pub method: String,
    /// A path below the base URI, or a whole URL.
    pub path: String,
    /// Takes the place of the client's base URI; its host must be allowed.
    pub base_uri: Option<String>,
    /// An object of query parameters, or null. Lists become repeated parameters; objects, and lists
    /// that hold objects, are written as axios does: `filter[name]=x`.
    pub query: Value,
    /// An object of header fields, or null; they win over the client's.
    pub headers: Value,
    /// `{username, password}` for basic authentication, or null.
    pub auth: Value,
    /// The body.
    pub data: CallData,
    /// `returnFullResponse`: whoever asks wants status and headers beside the body. It is for
    /// clients of methods, which decide what they return.
    pub wants_full_response: bool,
}

/// The body of a [`Call`].
#[derive(Clone, Debug, Default)]
pub enum CallData {
    /// None.
    #[default]
    Empty,
    /// A string as it is; other data as a form when the content type says so, else as JSON.
    Value(Value),
    /// Bytes, with their content type unless a header says it.
    Bytes {
        /// The body.
        bytes: Bytes,
        /// Its type.
        content_type: Option<String>,
    },
}

/// Why a request cannot be built. No message shows a value, since values may be secrets.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// Not a method.
    #[error("`{0}` is not an HTTP method")]
    Method(String),
    /// A part of the request has the wrong shape.
    #[error("`{part}` must be {expected}")]
    Shape {
        /// The part, as a path.
        part: String,
        /// What it must be.
        expected: &'static str,
    },
    /// A header field that cannot be sent.
    #[error("the header field `{0}` cannot be sent")]
    Header(String),
    /// A whole URL, but not one that a request can go to.
    #[error("the path or base URI is not a URL that a request can go to")]
    Url,
    /// The request would go to a host that it must not go to.
    #[error(transparent)]
    Host(TargetError),
}

impl From<TargetError> for CallError {
    fn from(error: TargetError) -> Self {
        match error {
            // The text is made of computed values, and these may be secrets.
            TargetError::Invalid(_) => Self::Url,
            TargetError::HostNotAllowed { .. } | TargetError::HostNotPermitted { .. } => {
                Self::Host(error)
            }
        }
    }
}

impl Call {
    /// The path as code of the connector gets it: with a leading slash unless it is a whole URL,
    /// is empty or begins with its query.
    pub fn rooted_path(&self) -> Cow<'_, str> {
        let is_rooted = self.path.is_empty() || self.path.starts_with(['/', '?']);
        if is_rooted || absolute(&self.path).is_some() {
            return Cow::Borrowed(&self.path);
        }
        Cow::Owned(format!("/{}", self.path))
    }
}

impl ApiClient {
    /// The request that `call` asks for, with what this client adds to every request.
    pub fn request(&self, call: &Call) -> Result<Request, CallError> {
        let method = method(&call.method)?;
        let mut call = call.clone();
        for change in &self.overrides {
            if change.matches(method.as_str(), &call.path) {
                change.apply(&mut call);
            }
        }
        let call = &call;
        let target = self.call_target(call)?;
        let mut headers = HeaderMap::new();
        headers.insert(
            ACCEPT,
            HeaderValue::from_static("application/json, text/plain, */*"),
        );
        for (name, value) in &self.headers {
            headers.insert(name, value.clone());
        }
        add_headers(&mut headers, &call.headers)?;
        add_basic(&mut headers, &call.auth)?;
        let body = body(&call.data, &mut headers);
        Ok(Request {
            method,
            target,
            headers,
            body,
        })
    }

    fn call_target(&self, call: &Call) -> Result<Target, CallError> {
        let query = query(&call.query)?;
        let Some(base) = &call.base_uri else {
            return Ok(self.target(&call.path, Some(&query))?);
        };
        if absolute(&call.path).is_some() {
            return Ok(self.target(&call.path, Some(&query))?);
        }
        if absolute(base).is_none() {
            return Err(CallError::Url);
        }
        Ok(self.target(&join(base, &call.path), Some(&query))?)
    }
}

fn method(text: &str) -> Result<Method, CallError> {
    if text.is_empty() {
        return Ok(Method::GET);
    }
    Method::from_bytes(text.to_ascii_uppercase().as_bytes())
        .map_err(|_| CallError::Method(text.chars().take(20).collect()))
}

/// Lists become repeated parameters, objects are written as `name[member]`, null is left out.
fn query(query: &Value) -> Result<String, CallError> {
    let mut pairs = Vec::new();
    for (name, value) in object("query", query)?.into_iter().flatten() {
        let scalars = value
            .as_array()
            .filter(|items| items.iter().all(|item| scalar(item).is_some()));
        let values = scalars.map_or(std::slice::from_ref(value), Vec::as_slice);
        for value in values {
            flatten(name, value, &mut pairs);
        }
    }
    let encoded = pairs
        .iter()
        .map(|(name, text)| format!("{}={}", encode_component(name), encode_component(text)));
    Ok(encoded.collect::<Vec<_>>().join("&"))
}

/// Nested values as axios writes them: `filter[name]=x`, `filter[ids][]=1`, `filter[0][id]=1`.
fn flatten(name: &str, value: &Value, pairs: &mut Vec<(String, String)>) {
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                let is_scalar = scalar(item).is_some();
                let index = if is_scalar {
                    String::new()
                } else {
                    index.to_string()
                };
                flatten(&format!("{name}[{index}]"), item, pairs);
            }
        }
        Value::Object(members) => {
            for (member, value) in members {
                flatten(&format!("{name}[{member}]"), value, pairs);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            pairs.extend(scalar(value).flatten().map(|text| (name.to_owned(), text)));
        }
    }
}

fn add_headers(headers: &mut HeaderMap, given: &Value) -> Result<(), CallError> {
    for (name, value) in object("headers", given)?.into_iter().flatten() {
        let error = || CallError::Header(name.clone());
        let Some(text) = scalar(value).ok_or_else(error)? else {
            continue;
        };
        let header = HeaderName::from_bytes(name.as_bytes()).map_err(|_| error())?;
        let mut value = HeaderValue::from_str(&text).map_err(|_| error())?;
        value.set_sensitive(true);
        if !is_framing(&header) {
            headers.insert(header, value);
        }
    }
    Ok(())
}

/// Basic authentication (RFC 7617) in place of the client's own.
fn add_basic(headers: &mut HeaderMap, auth: &Value) -> Result<(), CallError> {
    let Some(auth) = object("auth", auth)? else {
        return Ok(());
    };
    let part = |name: &str| {
        auth.get(name)
            .map_or(Some(None), scalar)
            .map(Option::unwrap_or_default)
            .ok_or_else(|| CallError::Shape {
                part: format!("auth.{name}"),
                expected: "a string",
            })
    };
    let pair = format!("{}:{}", part("username")?, part("password")?);
    let mut value = HeaderValue::from_str(&format!("Basic {}", STANDARD.encode(pair)))
        .map_err(|_| CallError::Header("authorization".into()))?;
    value.set_sensitive(true);
    headers.insert(AUTHORIZATION, value);
    Ok(())
}

fn body(data: &CallData, headers: &mut HeaderMap) -> Bytes {
    match data {
        CallData::Empty => Bytes::new(),
        CallData::Value(value) => value_body(value, headers),
        CallData::Bytes {
            bytes,
            content_type,
        } => {
            let value = content_type
                .as_deref()
                .and_then(|value| HeaderValue::from_str(value).ok());
            if let Some(value) = value {
                headers.entry(CONTENT_TYPE).or_insert(value);
            }
            bytes.clone()
        }
    }
}

fn value_body(value: &Value, headers: &mut HeaderMap) -> Bytes {
    let is_form = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.starts_with("application/x-www-form-urlencoded"));
    match value {
        Value::String(text) => text.clone().into(),
        Value::Object(members) if is_form => form(members).into(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            headers
                .entry(CONTENT_TYPE)
                .or_insert(HeaderValue::from_static("application/json"));
            value.to_string().into()
        }
    }
}

fn form(members: &Map<String, Value>) -> String {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in members {
        let text = scalar(value).unwrap_or_else(|| Some(value.to_string()));
        if let Some(text) = text {
            form.append_pair(name, &text);
        }
    }
    form.finish()
}

fn object<'a>(part: &str, value: &'a Value) -> Result<Option<&'a Map<String, Value>>, CallError> {
    match value {
        Value::Null => Ok(None),
        Value::Object(members) => Ok(Some(members)),
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Err(CallError::Shape {
                part: part.to_owned(),
                expected: "an object",
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::client::Defaults;

    fn client() -> ApiClient {
        let value = json!({
            "baseUri": "https://api.example.com/v1",
            "headers": {"Authorization": "Bearer t"},
            "allowedHosts": ["files.example.com"],
        });
        ApiClient::from_value(Some(&value), Defaults::default()).unwrap()
    }

    #[test]
    fn another_base_uri_must_be_of_an_allowed_host() {
        let call = |base: &str| Call {
            path: "/x".into(),
            base_uri: Some(base.into()),
            query: json!({"a": 1}),
            ..Call::default()
        };
        let request = client()
            .request(&call("https://files.example.com/v2/"))
            .unwrap();
        assert_eq!(request.target.origin.host_str(), Some("files.example.com"));
        assert_eq!(request.target.path_and_query, "/v2/x?a=1");
        let refused = client()
            .request(&call("https://elsewhere.example"))
            .unwrap_err();
        assert!(matches!(refused, CallError::Host(_)));
        let refused = client().request(&call("files.example.com")).unwrap_err();
        assert_eq!(refused, CallError::Url);
    }

    #[test]
    fn auth_of_the_call_replaces_that_of_the_client() {
        let call = Call {
            auth: json!({"username": "u", "password": "p"}),
            ..Call::default()
        };
        let request = client().request(&call).unwrap();
        assert_eq!(request.headers["authorization"], "Basic dTpw");
        assert_eq!(request.method, Method::GET);
    }

    #[test]
    fn nested_parameters_are_written_with_brackets() {
        let call = Call {
            path: "x".into(),
            query: json!({
                "filter": {"name": "a b", "ids": [1, 2], "none": null},
                "tag": ["p", "q"], "sort": [{"by": "name"}],
            }),
            ..Call::default()
        };
        let request = client().request(&call).unwrap();
        let query = percent_encoding::percent_decode_str(&request.target.path_and_query);
        assert_eq!(
            query.decode_utf8_lossy(),
            "/v1/x?filter[name]=a b&filter[ids][]=1&filter[ids][]=2&tag=p&tag=q&sort[0][by]=name"
        );
    }

    #[test]
    fn relative_paths_begin_with_a_slash_for_code() {
        let rooted = |path: &str| {
            let path = path.to_owned();
            let call = Call {
                path,
                ..Call::default()
            };
            call.rooted_path().into_owned()
        };
        assert_eq!(rooted("things"), "/things");
        assert_eq!(rooted("/me"), "/me");
        assert_eq!(rooted("?a=1"), "?a=1");
        assert_eq!(rooted("https://x.example/y"), "https://x.example/y");
    }

    #[test]
    fn bytes_keep_their_content_type_unless_a_header_says_it() {
        let call = Call {
            method: "post".into(),
            headers: json!({"Content-Type": "text/csv"}),
            data: CallData::Bytes {
                bytes: Bytes::from_static(b"a,b"),
                content_type: Some("text/plain".into()),
            },
            ..Call::default()
        };
        let request = client().request(&call).unwrap();
        assert_eq!(request.headers["content-type"], "text/csv");
        assert_eq!(request.method, Method::POST);
    }
}
