//! One request to the simulated API and its answer, decoded for people and for comparisons.

use std::fmt;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, Response, request};
use http_body_util::BodyExt as _;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};
use url::Url;

use crate::answer::Body;
use crate::query;

/// A request as it arrived at the simulated API.
#[derive(Clone)]
pub struct SimulatedRequest {
    /// The method, in upper case.
    pub method: String,
    /// The host that the request was meant for, with its port where it names one.
    pub host: String,
    /// The path, as it came.
    pub path: String,
    /// The query parameters, decoded, in order.
    pub query: Vec<(String, String)>,
    /// All headers; names are in lower case.
    pub headers: Vec<(String, String)>,
    /// The body: JSON as such, a form as an object of strings, other text as a string; `null` when
    /// there is none, and a note of its length when it is not text.
    pub data: Value,
}

/// Values may be credentials.
impl fmt::Debug for SimulatedRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SimulatedRequest")
            .field("method", &self.method)
            .field("host", &self.host)
            .finish_non_exhaustive()
    }
}

/// What the simulated API answered.
#[derive(Clone)]
pub struct SimulatedAnswer {
    /// The status.
    pub status: u16,
    /// Headers besides `content-type`.
    pub headers: Vec<(String, String)>,
    /// The body: a string is sent as it is, `null` as nothing, anything else as JSON.
    pub data: Value,
}

/// Values may be credentials.
impl fmt::Debug for SimulatedAnswer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SimulatedAnswer")
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

impl SimulatedAnswer {
    /// A response with its body, which must be one that was there at once.
    pub(crate) fn of(response: Response<Body>) -> Self {
        let (head, body) = response.into_parts();
        let mut context = Context::from_waker(Waker::noop());
        let bytes = match pin!(body.collect()).poll(&mut context) {
            Poll::Ready(Ok(collected)) => collected.to_bytes(),
            Poll::Ready(Err(_)) | Poll::Pending => bytes::Bytes::new(),
        };
        let data = match serde_json::from_slice(&bytes) {
            Ok(data) => data,
            Err(_) if bytes.is_empty() => Value::Null,
            Err(_) => String::from_utf8_lossy(&bytes).into_owned().into(),
        };
        let headers = head.headers.iter();
        Self {
            status: head.status.as_u16(),
            headers: headers
                .filter_map(|(name, value)| {
                    Some((name.to_string(), value.to_str().ok()?.to_owned()))
                })
                .collect(),
            data,
        }
    }

    pub(crate) fn json(status: u16, data: Value) -> Self {
        Self {
            status,
            headers: Vec::new(),
            data,
        }
    }
}

/// One request and its answer.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// What arrived.
    pub request: SimulatedRequest,
    /// What was sent back.
    pub answer: SimulatedAnswer,
    /// Why it was answered so.
    pub verdict: Verdict,
}

/// Why a request was answered as it was.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// It carried credentials that are in force.
    Accepted,
    /// It asked for fresh credentials and got them.
    Issued,
    /// Its credentials were good once.
    Expired,
    /// It carried nothing that the API knows.
    Unknown,
    /// It asked an authorization server for a code, which the user consented to.
    Consented,
    /// An authorization server refused it.
    Refused,
    /// It revoked tokens.
    Revoked,
    /// It asked for metadata that everybody may see.
    Published,
    /// It was as a canned exchange expected it.
    Canned,
    /// It was not what the canned exchanges expected.
    Unexpected,
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Accepted => "credentials accepted",
            Self::Issued => "fresh credentials issued",
            Self::Expired => "credentials expired",
            Self::Unknown => "no known credentials",
            Self::Consented => "the user consented",
            Self::Refused => "refused",
            Self::Revoked => "revoked",
            Self::Published => "public metadata",
            Self::Canned => "as expected",
            Self::Unexpected => "not as expected",
        })
    }
}

impl SimulatedRequest {
    pub(super) fn new(head: &request::Parts, body: &[u8]) -> Self {
        let headers: Vec<(String, String)> = head
            .headers
            .iter()
            .map(|(name, value)| (name.to_string(), lossy(value.as_bytes())))
            .collect();
        let host = headers
            .iter()
            .find(|(name, _)| name == "host")
            .map(|(_, value)| value.to_ascii_lowercase());
        Self {
            method: head.method.to_string(),
            host: host.unwrap_or_default(),
            path: head.uri.path().to_owned(),
            query: query::pairs(head.uri.query())
                .map(|(name, value)| (name.into_owned(), value.into_owned()))
                .collect(),
            headers,
            data: data(&head.headers, body),
        }
    }

    /// Host and path, such as `api.example.com/v1/me`. On the wire to the simulated API there is
    /// no TLS, so that it cannot know the scheme.
    pub fn address(&self) -> String {
        format!("{}{}", self.host, self.path)
    }

    /// Everything in the request that may hold a credential, decoded.
    pub(super) fn texts(&self) -> Vec<String> {
        let mut texts: Vec<String> = self.query.iter().map(|(_, value)| value.clone()).collect();
        texts.push(percent_decode_str(&self.path).decode_utf8_lossy().into());
        for (name, value) in &self.headers {
            texts.push(value.clone());
            if name == AUTHORIZATION.as_str() {
                texts.extend(basic(value));
            }
        }
        strings(&self.data, &mut texts);
        texts
    }

    /// The headers as an object; fields of one name are joined by `, `.
    pub(super) fn header_object(&self) -> Value {
        let mut members = Map::new();
        for (name, value) in &self.headers {
            let joined = match members.get(name).and_then(Value::as_str) {
                Some(earlier) => format!("{earlier}, {value}"),
                None => value.clone(),
            };
            members.insert(name.clone(), joined.into());
        }
        Value::Object(members)
    }

    /// The query as an object; a parameter given several times is a list.
    pub(super) fn query_object(&self) -> Value {
        object_of_pairs(
            self.query
                .iter()
                .map(|(name, value)| (name.clone(), value.clone())),
        )
    }
}

/// Host and path of a URL, as in [`SimulatedRequest::address`]; default ports are not written.
pub(crate) fn address_of(url: &Url) -> String {
    format!("{}{}", host_of(url), url.path())
}

/// The host of a URL, with its port where that is not the default one.
pub(crate) fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default().to_ascii_lowercase();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host,
    }
}

fn data(headers: &HeaderMap, body: &[u8]) -> Value {
    if body.is_empty() {
        return Value::Null;
    }
    if let Ok(value) = serde_json::from_slice(body) {
        return value;
    }
    let Ok(text) = str::from_utf8(body) else {
        return format!("({} bytes that are not text)", body.len()).into();
    };
    let is_form = headers
        .get(CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/x-www-form-url"));
    if is_form {
        return object_of_pairs(
            query::pairs(Some(text)).map(|(name, value)| (name.into_owned(), value.into_owned())),
        );
    }
    text.into()
}

fn object_of_pairs(pairs: impl Iterator<Item = (String, String)>) -> Value {
    let mut members = Map::new();
    for (name, value) in pairs {
        let value = match members.remove(&name) {
            None => value.into(),
            Some(Value::Array(mut values)) => {
                values.push(value.into());
                Value::Array(values)
            }
            Some(first) => Value::Array(vec![first, value.into()]),
        };
        members.insert(name, value);
    }
    Value::Object(members)
}

/// User and password of `Basic` credentials.
fn basic(value: &str) -> Option<String> {
    let (scheme, encoded) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()
}

/// Every string in `value`.
pub(super) fn strings(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| strings(item, found)),
        Value::Object(members) => members.values().for_each(|item| strings(item, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::json;

    use super::*;

    /// A request to `api.example.com`, with a header given as `name: value`.
    pub(in crate::simulated) fn request(
        method: &str,
        path: &str,
        header: &str,
        body: &str,
    ) -> SimulatedRequest {
        let (name, value) = header.split_once(": ").unwrap_or(("x-none", ""));
        let (head, ()) = http::Request::builder()
            .method(method)
            .uri(path)
            .header("host", "API.example.com")
            .header(name, value)
            .body(())
            .unwrap()
            .into_parts();
        SimulatedRequest::new(&head, body.as_bytes())
    }

    #[test]
    fn a_request_is_decoded() {
        let request = request("POST", "/v1/a?b=1&b=x%20y&c=", "", "{\"n\":1}");
        assert_eq!(request.address(), "api.example.com/v1/a");
        assert_eq!(
            request.query_object(),
            json!({ "b": ["1", "x y"], "c": "" })
        );
        assert_eq!(request.data, json!({ "n": 1 }));
    }

    #[test]
    fn a_form_is_an_object_and_other_text_is_text() {
        let kind = "content-type: application/x-www-form-urlencoded; charset=utf-8";
        assert_eq!(
            request("POST", "/", kind, "a=1&b=%2B").data,
            json!({ "a": "1", "b": "+" })
        );
        assert_eq!(
            request("POST", "/", "", "<xml/>").data,
            Value::from("<xml/>")
        );
        assert_eq!(request("GET", "/", "", "").data, Value::Null);
    }

    #[test]
    fn credentials_are_looked_for_everywhere() {
        let request = request(
            "POST",
            "/bot%2D7/me?key=in-query",
            "authorization: Basic YWRhOmh1bnRlcjI=",
            "{\"deep\":[{\"er\":\"in-body\"}]}",
        );
        let texts = request.texts().join("\n");
        for text in ["in-query", "ada:hunter2", "in-body", "/bot-7/me"] {
            assert!(texts.contains(text), "{texts}");
        }
    }
}
