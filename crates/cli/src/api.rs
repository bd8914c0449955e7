//! Calling a running server. Tokens are signed here when the workspace's secret is at hand.

use std::sync::Arc;
use std::time::Duration;

use authbridge_core::Effects;
use authbridge_core::SecretString;
use authbridge_core::secret::ExposeSecret as _;
use authbridge_core::token::{CallerClaims, SigningKey};
use authbridge_engine::egress::{Deadlines, Egress, IncomingBody, Origin, OutgoingBody, Policy};
use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, Uri};
use http_body_util::BodyExt as _;
use serde_json::{Map, Value};
use url::{Url, form_urlencoded};

use crate::args::{Credentials, Remote};
use crate::error::CliError;

/// A server, and the token that it is called with.
pub(crate) struct Api {
    base: Url,
    origin: Arc<Origin>,
    egress: Egress,
    token: SecretString,
    authorization: HeaderValue,
}

/// The server has deadlines of its own towards the upstream, and says so when they pass.
const PATIENT: Deadlines = Deadlines {
    connect: Duration::from_secs(10),
    response_head: Duration::from_hours(1),
    idle: Duration::from_hours(24),
};

/// How long a token that is signed for one command is valid.
const TOKEN_LIFETIME: Duration = Duration::from_mins(10);

impl Api {
    /// The server of `remote`.
    pub(crate) fn new(remote: &Remote, effects: &Effects) -> Result<Self, CliError> {
        Self::lasting(remote, effects, TOKEN_LIFETIME)
    }

    /// The same, for a command that takes up to `lifetime`.
    pub(crate) fn lasting(
        remote: &Remote,
        effects: &Effects,
        lifetime: Duration,
    ) -> Result<Self, CliError> {
        let token = match (&remote.token, remote.workspace.both(), &remote.customer) {
            (Some(_), _, Some(_)) => {
                return Err(CliError::usage(
                    "both a token and `--customer` say who calls",
                    "unset AUTHBRIDGE_TOKEN to call as that customer, or leave `--customer` out",
                ));
            }
            (Some(token), _, None) => token.expose_secret().to_owned(),
            (None, Some(workspace), customer) => {
                sign(workspace, customer.as_deref(), effects, lifetime)?
            }
            (None, None, _) => {
                return Err(CliError::usage(
                    "who calls? There is neither a token nor a workspace's key and secret",
                    "set AUTHBRIDGE_WORKSPACE_KEY and AUTHBRIDGE_WORKSPACE_SECRET to what the server was started with, or what it printed; or AUTHBRIDGE_TOKEN",
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
        let base = Url::parse(url)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https"))
            .ok_or_else(invalid)?;
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
            ..Policy::default()
        };
        let egress = Egress::new(policy, PATIENT);
        Ok(Self {
            base,
            origin,
            egress,
            token: token.trim().into(),
            authorization,
        })
    }

    /// What the server is called with.
    pub(crate) const fn token(&self) -> &SecretString {
        &self.token
    }

    /// The URL of `path` on the server.
    pub(crate) fn address(&self, path: &str) -> Result<Url, CliError> {
        let base = self.base.as_str().trim_end_matches('/');
        Url::parse(&format!("{base}{path}"))
            .map_err(|_| CliError::failed(format!("`{base}{path}` is not a URL")))
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
            return Err(CliError::api(status, body));
        }
        Ok(body)
    }

    /// The pages of the list at `path` that `query` asks for.
    pub(crate) fn pages(&self, path: &'static str, query: &str) -> Pages<'_> {
        Pages {
            api: self,
            path,
            query: query.to_owned(),
            cursor: Some("0".into()),
        }
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
                "write it as it would stand in a URL, at most 65 534 characters",
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

/// A list of the API, page by page.
pub(crate) struct Pages<'a> {
    api: &'a Api,
    path: &'static str,
    query: String,
    /// `None` after the last page.
    cursor: Option<String>,
}

impl Pages<'_> {
    /// The items of the next page; `None` when there is none.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<Value>>, CliError> {
        let Some(cursor) = self.cursor.take() else {
            return Ok(None);
        };
        let query = form_urlencoded::Serializer::new(self.query.clone())
            .append_pair("limit", "1000")
            .append_pair("cursor", &cursor)
            .finish();
        let path = format!("{}?{query}", self.path);
        let mut page = self.api.call(Method::GET, &path, None).await?;
        self.cursor = page
            .get("cursor")
            .and_then(Value::as_str)
            .map(str::to_owned);
        match page.get_mut("items").map(Value::take) {
            Some(Value::Array(items)) => Ok(Some(items)),
            _ => Err(CliError::failed(format!(
                "`{}` does not answer as Authbridge does",
                self.api.base
            ))),
        }
    }
}

/// `text` as one segment of a path.
pub(crate) fn segment(text: &str) -> String {
    let encoded: String = form_urlencoded::byte_serialize(text.as_bytes()).collect();
    encoded.replace('+', "%20")
}

/// The whole body of `response`.
pub(crate) async fn read(response: Response<IncomingBody>) -> Result<Bytes, CliError> {
    let collected = response.into_body().collect().await;
    Ok(collected.map_err(|error| broken_off(&*error))?.to_bytes())
}

/// The error of an answer that ended before it was complete.
pub(crate) fn broken_off(error: &(dyn std::error::Error + 'static)) -> CliError {
    CliError::failed(format!("the answer broke off: {error}"))
}

fn sign(
    workspace: Credentials<'_>,
    customer: Option<&str>,
    effects: &Effects,
    lifetime: Duration,
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
        workspace_key: workspace.key,
        claims,
        lifetime_seconds: i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX),
    };
    let key = SigningKey::from_secret(workspace.secret.expose_secret().as_bytes());
    claims
        .sign(&key, effects)
        .ok_or_else(|| CliError::failed("the token cannot be signed"))
}

/// Whether an answer came from the server itself and not through the proxy.
pub(crate) fn is_own_error(status: StatusCode, headers: &HeaderMap) -> bool {
    status.as_u16() >= 400 && headers.contains_key("x-authbridge-error")
}

#[cfg(test)]
mod tests {
    use super::{Api, segment};

    #[test]
    fn a_name_becomes_one_segment() {
        assert_eq!(segment("my key/ä"), "my%20key%2F%C3%A4");
    }

    #[test]
    fn only_http_urls_are_servers() {
        for url in [
            "ftp://127.0.0.1",
            "127.0.0.1:4700",
            "",
            "file:///etc/passwd",
        ] {
            assert!(Api::with_token(url, "token").is_err(), "{url}");
        }
        assert!(Api::with_token("http://127.0.0.1:4700/base/", "token").is_ok());
    }
}
