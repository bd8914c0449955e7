//! The resource that wants credentials, and the login that hands them out.

use std::sync::Mutex;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{AUTHORIZATION, HeaderName, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, Response, StatusCode, request};
use serde_json::{Map, Value, json};

use crate::answer::{self, Body};
use crate::options::{Credentials, TokenCheck};
use crate::record::{Received, unpoisoned};
use crate::{query, token};

const API_KEY: HeaderName = HeaderName::from_static("x-api-key");
const TOKEN_HEADERS: [HeaderName; 2] = [
    HeaderName::from_static("x-membrane-token"),
    HeaderName::from_static("x-integration-app-token"),
];

/// The one account of this provider, and the sessions opened for it.
#[derive(Debug)]
pub(crate) struct Account {
    credentials: Credentials,
    tokens: TokenCheck,
    sessions: Mutex<Sessions>,
}

#[derive(Debug, Default)]
struct Sessions {
    opened: u64,
    open: Vec<String>,
}

/// How a request was recognised.
enum Recognised {
    By(&'static str),
    ByToken {
        headers: Vec<&'static str>,
        claims: Map<String, Value>,
    },
}

impl Account {
    pub(crate) fn new(credentials: Credentials, tokens: TokenCheck) -> Self {
        Self {
            credentials,
            tokens,
            sessions: Mutex::default(),
        }
    }

    /// `GET /me`.
    pub(crate) fn me(&self, head: &request::Parts) -> Response<Body> {
        match self.recognise(head) {
            Ok(recognised) => answer::json(StatusCode::OK, &self.identity(recognised)),
            Err(message) => {
                let mut response =
                    answer::refusal(StatusCode::UNAUTHORIZED, "unauthorized", &message);
                let challenge = HeaderValue::from_static("Bearer realm=\"simulated provider\"");
                response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
                response
            }
        }
    }

    /// `POST /login`: a new session for the right e-mail address and password.
    pub(crate) fn login(&self, received: &Received) -> Response<Body> {
        let body = received
            .small
            .as_deref()
            .and_then(|body| serde_json::from_slice::<Value>(body).ok());
        let Some(body) = body else {
            return answer::refusal(
                StatusCode::BAD_REQUEST,
                "bad_request",
                "the body is not JSON",
            );
        };
        let field = |name| body.get(name).and_then(Value::as_str);
        let right = (
            Some(self.credentials.email.as_str()),
            Some(self.credentials.password.as_str()),
        );
        if (field("email"), field("password")) != right {
            return answer::refusal(
                StatusCode::UNAUTHORIZED,
                "unauthorized",
                "wrong email or password",
            );
        }
        let mut sessions = unpoisoned(&self.sessions);
        sessions.opened += 1;
        let token = format!("session-{}", sessions.opened);
        sessions.open.push(token.clone());
        answer::json(StatusCode::OK, &json!({ "token": token }))
    }

    /// Ends every session.
    pub(crate) fn end_sessions(&self) {
        unpoisoned(&self.sessions).open.clear();
    }

    fn identity(&self, recognised: Recognised) -> Value {
        let (id, email) = (&self.credentials.username, &self.credentials.email);
        match recognised {
            Recognised::By(scheme) => {
                json!({ "id": id, "email": email, "authenticatedBy": scheme })
            }
            Recognised::ByToken { headers, claims } => json!({
                "id": id,
                "email": email,
                "authenticatedBy": "workspace-token",
                "tokenHeaders": headers,
                "claims": claims,
            }),
        }
    }

    /// Tries every scheme; the first one that is present decides.
    fn recognise(&self, head: &request::Parts) -> Result<Recognised, String> {
        if let Some(recognised) = self.by_workspace_token(&head.headers) {
            return recognised;
        }
        if let Some(key) = head.headers.get(API_KEY) {
            return self.by_api_key(key.as_bytes(), "api-key-header");
        }
        if let Some(key) = query::first(head.uri.query(), "api_key") {
            return self.by_api_key(key.as_bytes(), "api-key-query");
        }
        let authorization = head
            .headers
            .get(AUTHORIZATION)
            .ok_or("there are no credentials")?;
        let authorization = authorization
            .to_str()
            .map_err(|_| "the credentials are not text")?;
        let (scheme, value) = authorization.split_once(' ').unwrap_or((authorization, ""));
        match scheme.to_ascii_lowercase().as_str() {
            "bearer" => self.by_bearer(value),
            "basic" => self.by_basic(value),
            _ => Err(format!("the scheme `{scheme}` is not known")),
        }
    }

    fn by_api_key(&self, key: &[u8], scheme: &'static str) -> Result<Recognised, String> {
        if key == self.credentials.api_key.as_bytes() {
            return Ok(Recognised::By(scheme));
        }
        Err("the API key is wrong".to_owned())
    }

    fn by_bearer(&self, value: &str) -> Result<Recognised, String> {
        if value == self.credentials.bearer_token {
            return Ok(Recognised::By("bearer"));
        }
        if unpoisoned(&self.sessions)
            .open
            .iter()
            .any(|session| session == value)
        {
            return Ok(Recognised::By("session"));
        }
        Err("the bearer token is wrong or its session has ended".to_owned())
    }

    fn by_basic(&self, value: &str) -> Result<Recognised, String> {
        let right = format!(
            "{}:{}",
            self.credentials.username, self.credentials.password
        );
        if STANDARD
            .decode(value)
            .is_ok_and(|given| given == right.as_bytes())
        {
            return Ok(Recognised::By("basic"));
        }
        Err("user name or password is wrong".to_owned())
    }

    /// `None` when no token header is present. When both are, they must agree.
    fn by_workspace_token(&self, headers: &HeaderMap) -> Option<Result<Recognised, String>> {
        let mut names = Vec::new();
        let mut tokens = Vec::new();
        for (name, label) in TOKEN_HEADERS
            .iter()
            .zip(["X-Membrane-Token", "X-Integration-App-Token"])
        {
            let Some(value) = headers.get(name) else {
                continue;
            };
            names.push(label);
            tokens.push(value.to_str().unwrap_or_default());
        }
        let (token, others) = tokens.split_first()?;
        if others.iter().any(|other| other != token) {
            return Some(Err("the token headers differ".to_owned()));
        }
        let claims = token::claims(token, &self.tokens).map_err(|refused| refused.to_string());
        Some(claims.map(|claims| Recognised::ByToken {
            headers: names,
            claims,
        }))
    }
}
