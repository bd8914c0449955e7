//! What token responses look like.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::{CACHE_CONTROL, HeaderValue, WWW_AUTHENTICATE};
use http::{Response, StatusCode};
use serde_json::{Map, Value, json};
use url::form_urlencoded;

use super::refusal::Refusal;
use crate::answer::{self, Body};

/// What token responses look like.
#[derive(Clone, Debug)]
pub struct ResponseShape {
    /// How they say when the access token expires.
    pub expiry: Expiry,
    /// How they are written.
    pub format: TokenResponseFormat,
    /// The members in which the token is nested, from the outside in. Errors are not nested.
    pub path: Vec<String>,
    /// Laid over the outermost members; `null` takes one away.
    pub extra: Map<String, Value>,
    /// Whether errors come with status 200.
    pub errors_with_200: bool,
}

impl Default for ResponseShape {
    fn default() -> Self {
        Self {
            expiry: Expiry::Seconds,
            format: TokenResponseFormat::Json,
            path: Vec::new(),
            extra: Map::new(),
            errors_with_200: false,
        }
    }
}

/// How a token response says when the access token expires.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Expiry {
    /// `expires_in` as a number of seconds (RFC 6749 section 5.1).
    Seconds,
    /// `expires_in` as a string.
    Text,
    /// `expires_at` in seconds since 1970.
    At,
    /// Not at all.
    Absent,
}

/// How a token response is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TokenResponseFormat {
    /// As a JSON object.
    Json,
    /// As a form.
    Form,
    /// As the access token alone; errors are JSON.
    Text,
}

/// The members of a token response before they take their shape.
pub(super) struct Issued {
    pub(super) access_token: String,
    pub(super) refresh_token: Option<String>,
    /// `None` when the access token does not expire.
    pub(super) lifetime: Option<Lifetime>,
    pub(super) scope: String,
    pub(super) id_token: Option<String>,
}

/// The lifetime of an access token that has one.
#[derive(Clone, Copy)]
pub(super) struct Lifetime {
    /// In seconds.
    pub(super) seconds: u64,
    /// In seconds since 1970.
    pub(super) ends_at: i64,
}

impl ResponseShape {
    /// The answer that grants `issued`.
    pub(super) fn success(&self, issued: Issued) -> Response<Body> {
        if self.format == TokenResponseFormat::Text {
            let token = issued.access_token;
            return not_stored(answer::whole(StatusCode::OK, "text/plain", token));
        }
        let mut members = self.members(issued);
        for name in self.path.iter().rev() {
            members = Map::from_iter([(name.clone(), Value::Object(members))]);
        }
        overlay(&mut members, &self.extra);
        not_stored(self.written(StatusCode::OK, members))
    }

    /// The answer that refuses (RFC 6749 section 5.2).
    pub(super) fn refusal(&self, refusal: &Refusal) -> Response<Body> {
        let status = if self.errors_with_200 {
            StatusCode::OK
        } else {
            refusal.status
        };
        let mut members = Map::from_iter([("error".to_owned(), refusal.code.as_str().into())]);
        if let Some(description) = &refusal.description {
            members.insert("error_description".to_owned(), description.as_str().into());
        }
        let mut response = not_stored(self.written(status, members));
        if status == StatusCode::UNAUTHORIZED {
            let challenge = HeaderValue::from_static("Basic realm=\"simulated\"");
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
        response
    }

    fn members(&self, issued: Issued) -> Map<String, Value> {
        let mut members = Map::new();
        let mut add = |name: &str, value: Value| members.insert(name.to_owned(), value);
        add("access_token", issued.access_token.into());
        add("token_type", "Bearer".into());
        if let Some(lifetime) = issued.lifetime {
            match self.expiry {
                Expiry::Seconds => add("expires_in", lifetime.seconds.into()),
                Expiry::Text => add("expires_in", lifetime.seconds.to_string().into()),
                Expiry::At => add("expires_at", lifetime.ends_at.into()),
                Expiry::Absent => None,
            };
        }
        if let Some(token) = issued.refresh_token {
            add("refresh_token", token.into());
        }
        if !issued.scope.is_empty() {
            add("scope", issued.scope.into());
        }
        if let Some(token) = issued.id_token {
            add("id_token", token.into());
        }
        members
    }

    fn written(&self, status: StatusCode, members: Map<String, Value>) -> Response<Body> {
        match self.format {
            TokenResponseFormat::Json | TokenResponseFormat::Text => {
                answer::json(status, &Value::Object(members))
            }
            TokenResponseFormat::Form => {
                let mut form = form_urlencoded::Serializer::new(String::new());
                for (name, value) in &members {
                    form.append_pair(name, &text_of(value));
                }
                let kind = "application/x-www-form-urlencoded";
                answer::whole(status, kind, form.finish())
            }
        }
    }
}

/// Lays `extra` over `members`; `null` takes one away.
pub(super) fn overlay(members: &mut Map<String, Value>, extra: &Map<String, Value>) {
    for (name, value) in extra {
        if value.is_null() {
            members.remove(name);
        } else {
            members.insert(name.clone(), value.clone());
        }
    }
}

/// An ID token that is not signed.
pub(super) fn unsigned(claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.", part(&json!({ "alg": "none" })), part(claims))
}

/// Texts as they are, anything else as JSON.
fn text_of(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// RFC 6749 section 5.1: no cache may keep a token.
fn not_stored(mut response: Response<Body>) -> Response<Body> {
    let no_store = HeaderValue::from_static("no-store");
    response.headers_mut().insert(CACHE_CONTROL, no_store);
    response
}
