//! Calling a running server. Tokens are signed here when the workspace's secret is at hand.

use std::sync::Arc;

use authbridge_core::Effects;
use authbridge_core::token::{CallerClaims, SigningKey};
use authbridge_engine::egress::{Deadlines, Egress, IncomingBody, Origin, OutgoingBody, Policy};
use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, Uri};
use http_body_util::BodyExt as _;
use serde_json::{Map, Value};
use url::Url;

use crate::args::Remote;
use crate::error::CliError;

/// A server, and the token that it is called with.
pub(crate) struct Api {
    base: Url,
    origin: Arc<Origin>,
    egress: Egress,
    authorization: HeaderValue,
}

/// How long a token that is signed for one command is valid, in seconds.
const TOKEN_SECONDS: i64 = 600;

impl Api {
    /// The server of `remote`.
    pub(crate) fn new(remote: &Remote, effects: &Effects) -> Result<Self, CliError> {
        let token = match (
            &remote.token,
            &remote.workspace_key,
            &remote.workspace_secret,
        ) {
            (Some(token), _, _) => token.clone(),
            (None, Some(key), Some(secret)) => {
                sign(key, secret, remote.customer.as_deref(), effects)?
            }
            _ => {
                return Err(CliError::usage(
                    "who calls? There is neither a token nor a workspace's key and secret",
                    "set AUTHBRIDGE_WORKSPACE_KEY and AUTHBRIDGE_WORKSPACE_SECRET, or AUTHBRIDGE_TOKEN",
                ));
            }
        };
        Self::with_token(&remote.url, &token)
    }

    /// The server at `url`, called with `token`.
    pub(crate) fn with_token(url: &str, token: &str) -> Result<Self, CliError> {
        let invalid = || {
            CliError::usage(
                format!("`{url}` is not the URL of a server"),
                "try http://127.0.0.1:4700",
            )
        };
        let base = Url::parse(url).map_err(|_| invalid())?;
        let origin = Origin::of(&base).map(Arc::new).ok_or_else(invalid)?;
        let mut authorization = HeaderValue::from_str(&format!("Bearer {}", token.trim()))
            .map_err(|_| {
                CliError::usage("the token has characters that no token has", "check it")
            })?;
        authorization.set_sensitive(true);
        // The user names the server, so it may be anywhere.
        let everywhere = ["0.0.0.0/0", "::/0"]
            .iter()
            .filter_map(|net| net.parse().ok())
            .collect();
        let policy = Policy {
            is_development: true,
            allowed_networks: everywhere,
        };
        let egress = Egress::new(policy, Deadlines::default());
        Ok(Self {
            base,
            origin,
            egress,
            authorization,
        })
    }

    /// Calls the API, and gives the answer's JSON.
    pub(crate) async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, CliError> {
        let mut headers = HeaderMap::new();
        headers.insert("accept", HeaderValue::from_static("application/json"));
        let body = match body {
            Some(body) => {
                headers.insert("content-type", HeaderValue::from_static("application/json"));
                OutgoingBody::from(Bytes::from(body.to_string()))
            }
            None => OutgoingBody::Empty,
        };
        let response = self.send(method, path, headers, body).await?;
        let status = response.status();
        let bytes = read(response).await?;
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        if status.is_client_error() || status.is_server_error() {
            return Err(CliError::Api { status, body });
        }
        Ok(body)
    }

    /// Sends any request; the answer's body comes as it arrives.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        headers: HeaderMap,
        body: OutgoingBody,
    ) -> Result<Response<IncomingBody>, CliError> {
        let path = format!("{}{path}", self.base.path().trim_end_matches('/'));
        let uri = Uri::try_from(&path).map_err(|_| {
            CliError::usage(
                format!("`{path}` is not a path"),
                "escape special characters",
            )
        })?;
        let mut request = http::Request::new(body);
        *request.method_mut() = method;
        *request.uri_mut() = uri;
        *request.headers_mut() = headers;
        request
            .headers_mut()
            .insert(AUTHORIZATION, self.authorization.clone());
        let sent = self.egress.send(&self.origin, request).await;
        sent.map_err(|source| CliError::Unreachable {
            url: self.base.to_string(),
            source,
        })
    }
}

async fn read(response: Response<IncomingBody>) -> Result<Bytes, CliError> {
    let collected = response.into_body().collect().await;
    Ok(collected.map_err(std::io::Error::other)?.to_bytes())
}

fn sign(
    key: &str,
    secret: &str,
    customer: Option<&str>,
    effects: &Effects,
) -> Result<String, CliError> {
    let mut claims = Map::new();
    match customer {
        Some(id) => claims.insert("id".into(), id.into()),
        None => claims.insert("isAdmin".into(), true.into()),
    };
    if customer.is_none() {
        claims.insert("name".into(), "authbridge".into());
    }
    let claims = CallerClaims {
        workspace_key: key,
        claims,
        lifetime_seconds: TOKEN_SECONDS,
    };
    let key = SigningKey::from_secret(secret.as_bytes());
    claims
        .sign(&key, effects)
        .ok_or_else(|| CliError::failed("the token cannot be signed"))
}

/// Whether an answer came from the server itself and not through the proxy.
pub(crate) fn is_own_error(status: StatusCode, headers: &HeaderMap) -> bool {
    status.as_u16() >= 400 && headers.contains_key("x-authbridge-error")
}
