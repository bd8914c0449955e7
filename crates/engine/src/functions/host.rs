//! The world as a script sees it: requests through the API client, and requests of its own.

#![expect(
    clippy::result_large_err,
    reason = "the sandbox's trait asks for this error, and requests are rare"
)]

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use authbridge_core::auth::{Arguments, AuthError, ScriptCause, StackFrame};
use authbridge_core::client::{AllowedHosts, ApiClient, Call, CallData, Target};
use authbridge_core::connector::FunctionName;
use authbridge_core::request::{Request, Response};
use authbridge_script::{
    ClientBody, ClientData, ClientRequest, ClientResponse, FetchRequest, FetchResponse, Host,
    HostError, Redirect, ResponseType,
};
use http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, LOCATION};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use serde_json::Value;
use url::Url;

use super::FunctionRunner;
use super::exchange::{Answer, Exchange, Failure, call_failed, name_engine, send_through};
use super::host_error::host_error;
use crate::egress::EgressError;

/// How many redirects `fetch` follows.
const MAX_REDIRECTS: usize = 10;

/// Makes the requests of one run of a script.
pub(super) struct ScriptHost<'a> {
    exchange: Exchange<'a>,
    /// Whether there is an API client whose hosts may be fetched from as well.
    has_client: bool,
    /// Whether the function is the one that says where requests go.
    makes_client: bool,
    /// The message with which code of the API client failed last, and where.
    inner: Mutex<Option<(String, Vec<StackFrame>)>>,
}

impl<'a> ScriptHost<'a> {
    pub(super) fn new(
        runner: &'a FunctionRunner<'a>,
        function: &'a str,
        arguments: &Arguments,
    ) -> Self {
        Self {
            has_client: super::code::gets_client(function, arguments),
            inner: Mutex::default(),
            makes_client: function == FunctionName::MakeApiClient.as_str(),
            exchange: Exchange::new(runner, function, arguments),
        }
    }

    /// `error` with the places in code of the API client, where it is an error of that code that
    /// the script passed on.
    pub(super) fn with_inner_frames(&self, mut error: AuthError) -> AuthError {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let (AuthError::Script(failure), Some((message, frames))) = (&mut error, inner.as_ref())
        else {
            return error;
        };
        if let ScriptCause::Thrown { message: own, .. } = &failure.cause
            && own == message
        {
            failure.stack.splice(0..0, frames.iter().cloned());
        }
        error
    }

    /// `failure` as the script sees it thrown.
    fn seen_by_script(&self, failure: Failure) -> HostError {
        let Failure { error, response } = failure;
        let frames = if let AuthError::Script(failure) = &error {
            failure.stack.clone()
        } else {
            Vec::new()
        };
        let seen = host_error(error, response);
        if !frames.is_empty() {
            let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
            *inner = Some((seen.message.clone(), frames));
        }
        seen
    }

    fn runner(&self) -> &'a FunctionRunner<'a> {
        self.exchange.runner
    }

    /// Whether `fetch` may go to `url`: hosts of the base URI, of `allowedHosts`, of
    /// `functionHosts`, and of the API client.
    async fn may_fetch(&self, url: &Url) -> Result<bool, AuthError> {
        Ok(self.is_permitted(url).await? && self.is_listed(url).await?)
    }

    /// Whether a function that got another connector's credentials may send requests to `url`.
    async fn is_permitted(&self, url: &Url) -> Result<bool, AuthError> {
        let runner = self.runner();
        let (Some(parent), true) = (&runner.parent, self.makes_client) else {
            return Ok(true);
        };
        let arguments = self.exchange.arguments().await;
        let limit = runner.parents_limit(parent, &arguments).await?;
        Ok(limit.contains(url))
    }

    async fn is_listed(&self, url: &Url) -> Result<bool, AuthError> {
        let runner = self.runner();
        let base = runner
            .defaults
            .base_uri
            .and_then(|base| Url::parse(base).ok());
        let option = runner.option;
        let listed = option.allowed_hosts.iter().chain(&option.function_hosts);
        // Plain `http` to a host that is listed is for the egress policy to refuse.
        let listed = AllowedHosts::of_patterns(listed.map(String::as_str), true);
        let own = match &base {
            Some(base) => AllowedHosts::new(base, []),
            None => AllowedHosts::of_patterns([], false),
        };
        for hosts in [listed, own] {
            let hosts = hosts.map_err(|error| AuthError::ApiClient(error.into()))?;
            if hosts.contains(url) {
                return Ok(true);
            }
        }
        if !self.has_client {
            return Ok(false);
        }
        Ok(self.exchange.client().await?.allowed_hosts.contains(url))
    }

    /// Why a request may not go to `url`, and what would permit it.
    async fn refusal(&self, url: &Url) -> String {
        let mut secure = url.clone();
        let is_plain = url.scheme() == "http" && secure.set_scheme("https").is_ok();
        if is_plain && self.may_fetch(&secure).await.unwrap_or(false) {
            return format!(
                "the connector does not allow its functions to send requests to `{}` over plain \
                 `http`, since its base URI is `https`; use `https`",
                host_and_port(url)
            );
        }
        let host = host_and_port(url);
        if let Some(parent) = &self.runner().parent
            && !self.is_permitted(url).await.unwrap_or(false)
        {
            let parent = &parent.runner.connector.key;
            return format!(
                "`{parent}`, which authentication is delegated to, does not let its credentials \
                 go to `{host}`; to permit it, add `allowedChildHosts: [\"{host}\"]` to the \
                 `auth` of `{parent}`"
            );
        }
        format!(
            "the connector does not allow its functions to send requests to `{host}`; to permit \
             it, add `functionHosts: [\"{host}\"]` to the connector's `auth`"
        )
    }

    /// A request by a client that the script made itself: the rules of the engine, with the
    /// client's own options. Expired credentials are left to whoever runs this function.
    async fn own_request(&self, options: &Value, call: &Call) -> Result<Answer, Failure> {
        let runner = self.runner();
        let mut client = ApiClient::from_value(Some(options), runner.client_defaults())
            .map_err(AuthError::from)?;
        let request = client
            .request(call)
            .map_err(|error| call_failed(self.exchange.function, error))?;
        let url = &request.target.origin;
        let may_send = if self.makes_client {
            self.is_permitted(url).await?
        } else {
            self.may_fetch(url).await?
        };
        if self.makes_client {
            client.headers.extend_from_slice(&runner.token_headers);
        }
        if !may_send {
            let reason = self.refusal(url).await;
            return Err(AuthError::Blocked { reason }.into());
        }
        send_through(runner, self.exchange.function, &client, call).await
    }

    async fn fetch_one(&self, url: &Url, request: &Outgoing) -> Result<Response, HostError> {
        let is_allowed = self
            .may_fetch(url)
            .await
            .map_err(|error| host_error(error, None))?;
        if !is_allowed {
            let reason = self.refusal(url).await;
            return Err(host_error(AuthError::Blocked { reason }, None));
        }
        let mut origin = url.clone();
        origin.set_fragment(None);
        let path_and_query = match origin.query() {
            Some(query) => format!("{}?{query}", origin.path()),
            None => origin.path().to_owned(),
        };
        let request = Request {
            method: request.method.clone(),
            target: Target {
                origin,
                path_and_query,
            },
            headers: name_engine(request.headers.clone()),
            body: request.body.clone(),
        };
        let runner = self.runner();
        let limit = runner.scripts.limits().response_bytes;
        runner
            .egress
            .send_whole(request, limit)
            .await
            .map_err(|error| HostError {
                request_blocked: error.is_policy(),
                ..HostError::network(fetch_failed(&error))
            })
    }

    async fn fetch_all(&self, asked: &FetchRequest) -> Result<FetchResponse, HostError> {
        let mut url = Url::parse(&asked.url)
            .map_err(|_| HostError::network("fetch failed: not a URL that a request can go to"))?;
        let mut request = Outgoing::of(asked)?;
        for _ in 0..=MAX_REDIRECTS {
            let response = self.fetch_one(&url, &request).await?;
            let Some(next) = redirect_of(&url, &response) else {
                return Ok(fetched(&url, response));
            };
            match asked.redirect {
                Redirect::Manual => return Ok(fetched(&url, response)),
                Redirect::Error => {
                    return Err(HostError::network("fetch failed: unexpected redirect"));
                }
                Redirect::Follow => {
                    request.follow(response.status, &url, &next);
                    url = next;
                }
            }
        }
        Err(HostError::network("fetch failed: too many redirects"))
    }
}

/// Why `fetch` has no answer.
fn fetch_failed(error: &EgressError) -> String {
    let is_ours = matches!(error, EgressError::TooLarge { .. });
    let setting = if is_ours {
        " (`--script-response-size`)"
    } else {
        ""
    };
    format!("fetch failed: {error}{setting}")
}

/// A request of `fetch` on its way, which redirects may change.
struct Outgoing {
    method: Method,
    headers: HeaderMap,
    body: bytes::Bytes,
}

impl Outgoing {
    fn of(asked: &FetchRequest) -> Result<Self, HostError> {
        let method = Method::from_bytes(asked.method.as_bytes())
            .ok()
            .filter(|method| *method != Method::CONNECT && *method != Method::TRACE)
            .ok_or_else(|| HostError::network("fetch failed: not a method of HTTP"))?;
        let mut headers = HeaderMap::new();
        for (name, value) in &asked.headers {
            let error =
                || HostError::network(format!("fetch failed: the header `{name}` cannot be sent"));
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| error())?;
            let mut value = HeaderValue::from_str(value).map_err(|_| error())?;
            value.set_sensitive(true);
            if !authbridge_core::client::is_framing(&name) {
                headers.append(name, value);
            }
        }
        Ok(Self {
            method,
            headers,
            body: asked.body.clone().unwrap_or_default(),
        })
    }

    /// Changes the request as the Fetch standard says: a POST becomes a GET where servers expect
    /// it, and another origin gets no credentials.
    fn follow(&mut self, status: StatusCode, from: &Url, to: &Url) {
        let becomes_get = match status {
            StatusCode::SEE_OTHER => self.method != Method::HEAD,
            StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND => self.method == Method::POST,
            _ => false,
        };
        if becomes_get {
            self.method = Method::GET;
            self.body = bytes::Bytes::new();
            self.headers.remove(CONTENT_TYPE);
            self.headers.remove(CONTENT_LENGTH);
        }
        if from.origin() != to.origin() {
            self.headers.remove(AUTHORIZATION);
            self.headers.remove(COOKIE);
        }
    }
}

/// Where a response redirects to.
fn redirect_of(url: &Url, response: &Response) -> Option<Url> {
    let redirects = [301, 302, 303, 307, 308];
    if !redirects.contains(&response.status.as_u16()) {
        return None;
    }
    let location = response.headers.get(LOCATION)?.to_str().ok()?;
    url.join(location).ok()
}

fn fetched(url: &Url, response: Response) -> FetchResponse {
    FetchResponse {
        status: response.status.as_u16(),
        status_text: response
            .status
            .canonical_reason()
            .unwrap_or_default()
            .to_owned(),
        url: url.to_string(),
        headers: header_list(&response.headers),
        body: response.body,
    }
}

pub(super) fn header_list(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    headers
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), text(value)))
        .collect()
}

#[async_trait]
impl Host for ScriptHost<'_> {
    async fn fetch(&self, request: FetchRequest) -> Result<FetchResponse, HostError> {
        let fetching = Box::pin(self.fetch_all(&request));
        let Some(timeout) = request.timeout else {
            return fetching.await;
        };
        tokio::time::timeout(timeout, fetching)
            .await
            .unwrap_or_else(|_| Err(timed_out()))
    }

    async fn client_request(
        &self,
        _client: &str,
        request: ClientRequest,
    ) -> Result<ClientResponse, HostError> {
        let (response_type, timeout) = (request.response_type, request.timeout);
        let call = Call {
            method: request.method,
            path: request.path,
            base_uri: request.base_uri,
            query: request.query,
            headers: request.headers,
            auth: request.auth.unwrap_or_default(),
            data: body_of(request.data),
            wants_full_response: request.full_response,
        };
        let asking = Box::pin(async {
            match &request.options {
                Some(options) => self.own_request(options, &call).await,
                None => self.exchange.request(&call).await,
            }
        });
        let answer = match timeout {
            None => asking.await,
            Some(timeout) => match tokio::time::timeout(timeout, asking).await {
                Ok(answer) => answer,
                Err(_) => return Err(timed_out()),
            },
        };
        let answer = answer.map_err(|failure| self.seen_by_script(failure))?;
        let data = match response_type {
            ResponseType::ArrayBuffer | ResponseType::Stream => {
                ClientData::Bytes(answer.response.body.clone())
            }
            ResponseType::Text => ClientData::Json(
                String::from_utf8_lossy(&answer.response.body)
                    .into_owned()
                    .into(),
            ),
            ResponseType::Json => ClientData::Json(answer.data),
        };
        Ok(ClientResponse {
            status: answer.response.status.as_u16(),
            headers: header_list(&answer.response.headers),
            data,
        })
    }
}

fn body_of(body: ClientBody) -> CallData {
    match body {
        ClientBody::None => CallData::Empty,
        ClientBody::Json(value) => CallData::Value(value),
        ClientBody::Bytes {
            bytes,
            content_type,
        } => CallData::Bytes {
            bytes,
            content_type,
        },
    }
}

fn timed_out() -> HostError {
    HostError {
        key: Some("ECONNABORTED".into()),
        ..HostError::connection("the request took longer than its `timeout`")
    }
}

/// The host as `functionHosts` names it: with its port when it is not the scheme's.
fn host_and_port(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}
