//! Requests through an API client, as functions make them: with response handlers, with one
//! renewal of expired credentials, and with what the client's own code adds.

use std::sync::Arc;

use authbridge_core::SecretJson;
use authbridge_core::auth::{Arguments, AuthError};
use authbridge_core::client::{
    ApiClient, Call, CallError, Defaults, HandlerErrorKey, ResponseFacts, ResponseHandler, Verdict,
};
use authbridge_core::connector::Implementation;
use authbridge_core::request::Response;
use http::header::USER_AGENT;
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::Value;
use tokio::sync::Mutex;

use super::client_code::{client_request, dynamic_options, on_error};
use super::{FunctionRunner, Step, signed};
use crate::egress::EgressError;

/// The requests of one run of a function. They share the API client, and the credentials when
/// these are renewed.
pub(crate) struct Exchange<'a> {
    pub(super) runner: &'a FunctionRunner<'a>,
    /// The function, for messages.
    pub(super) function: &'a str,
    state: Mutex<State>,
}

/// What requests are made with; changes when the credentials are renewed.
struct State {
    arguments: Arguments,
    client: Option<Arc<ApiClient>>,
    /// Counts the renewals.
    renewals: u32,
}

/// What one request is made with.
#[derive(Clone)]
struct Means {
    arguments: Arguments,
    client: Arc<ApiClient>,
    renewals: u32,
}

/// An answer that counts as a success.
pub(crate) struct Answer {
    pub(crate) response: Response,
    /// The body's data, or what a response handler put in its place.
    pub(super) data: Value,
    /// Whether a response handler, or the client's own code, gave the data.
    pub(super) is_replaced: bool,
}

/// A request that did not succeed, with the answer if there was one.
pub(crate) struct Failure {
    pub(crate) error: AuthError,
    pub(super) response: Option<Box<Response>>,
}

impl From<AuthError> for Failure {
    fn from(error: AuthError) -> Self {
        Self {
            error,
            response: None,
        }
    }
}

impl<'a> Exchange<'a> {
    pub(crate) fn new(
        runner: &'a FunctionRunner<'a>,
        function: &'a str,
        arguments: &Arguments,
    ) -> Self {
        Self {
            runner,
            function,
            state: Mutex::new(State {
                arguments: arguments.clone(),
                client: None,
                renewals: 0,
            }),
        }
    }

    /// The same with a client that is there already.
    pub(crate) async fn with_client(self, client: ApiClient) -> Self {
        self.state.lock().await.client = Some(Arc::new(client));
        self
    }

    /// Makes a request. Credentials that have expired are renewed once.
    pub(crate) async fn request(&self, call: &Call) -> Result<Answer, Failure> {
        let means = self.means().await?;
        let failure = match self.attempt(&means, call).await {
            Ok(answer) => return Ok(answer),
            Err(failure) => failure,
        };
        let failure = if is_expired(&failure.error) && self.renew(&means).await {
            let means = self.means().await?;
            match self.attempt(&means, call).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            }
        } else {
            failure
        };
        if !means.client.code.has_on_error {
            return Err(failure);
        }
        on_error(self.runner, &means.arguments, failure).await
    }

    /// What the function was given, with the credentials that are in force now.
    pub(super) async fn arguments(&self) -> Arguments {
        self.state.lock().await.arguments.clone()
    }

    /// The API client that requests are made with.
    pub(super) async fn client(&self) -> Result<Arc<ApiClient>, AuthError> {
        Ok(self.means().await?.client)
    }

    async fn means(&self) -> Result<Means, AuthError> {
        let mut state = self.state.lock().await;
        let client = if let Some(client) = &state.client {
            Arc::clone(client)
        } else {
            let client = Arc::new(self.runner.client(&state.arguments).await?);
            state.client = Some(Arc::clone(&client));
            client
        };
        Ok(Means {
            arguments: state.arguments.clone(),
            client,
            renewals: state.renewals,
        })
    }

    /// Whether there are newer credentials than those of `means`.
    async fn renew(&self, means: &Means) -> bool {
        let mut state = self.state.lock().await;
        if state.renewals != means.renewals {
            return true;
        }
        let Some(renewal) = self.runner.renewal else {
            return false;
        };
        let Some(arguments) = renewal.renew(&state.arguments).await else {
            return false;
        };
        // Members of this function only, such as an operation's input, stay.
        let own = state.arguments.own.clone();
        state.arguments = Arguments { own, ..arguments };
        state.client = None;
        state.renewals += 1;
        true
    }

    async fn attempt(&self, means: &Means, call: &Call) -> Result<Answer, Failure> {
        let runner = self.runner;
        if means.client.code.is_client() {
            return client_request(runner, &means.arguments, &means.client, call).await;
        }
        let client = if means.client.code.has_dynamic_options {
            let options = dynamic_options(runner, &means.arguments, call).await?;
            let hosts = &runner.option.allowed_hosts;
            let overlaid = means.client.overlaid(options.as_ref(), hosts);
            Arc::new(overlaid.map_err(AuthError::from)?)
        } else {
            Arc::clone(&means.client)
        };
        send_through(runner, self.function, &client, call).await
    }
}

/// Sends what `client` makes of `call`, once, and judges the answer.
pub(super) async fn send_through(
    runner: &FunctionRunner<'_>,
    function: &str,
    client: &ApiClient,
    call: &Call,
) -> Result<Answer, Failure> {
    let mut request = client
        .request(call)
        .map_err(|error| call_failed(function, error))?;
    request.headers = name_engine(request.headers);
    let limit = runner.scripts.limits().response_bytes;
    let response = if let Some(signer) = &client.signer {
        Box::pin(signed::send(runner, signer, request, limit)).await?
    } else {
        let sending = runner.egress.send_whole(request, limit);
        sending.await.map_err(|error| sending_failed(&error))?
    };
    judge(client, response)
}

/// Says who sends a request, where nobody else did; many APIs refuse requests that do not.
pub(super) fn name_engine(mut headers: HeaderMap) -> HeaderMap {
    const NAME: HeaderValue =
        HeaderValue::from_static(concat!("authbridge/", env!("CARGO_PKG_VERSION")));
    headers.entry(USER_AGENT).or_insert(NAME);
    headers
}

impl FunctionRunner<'_> {
    /// The API client for `arguments`.
    ///
    /// Before there are credentials, the user's input stands in for them, since a base URI may be
    /// made of it; headers made from incomplete credentials would be wrong, and are left out.
    pub(super) async fn client(&self, arguments: &Arguments) -> Result<ApiClient, AuthError> {
        let mut client = if arguments.credentials.is_some() {
            self.made_client(arguments).await?
        } else {
            let provisional = Arguments {
                credentials: Some(arguments.connection_input.clone()),
                ..arguments.clone()
            };
            let mut client = match self.made_client(&provisional).await {
                Ok(client) => client,
                // Code may well insist on credentials that are not there yet.
                Err(AuthError::Script(_)) => ApiClient::from_value(None, self.client_defaults())?,
                Err(error) => return Err(error),
            };
            client.headers.clear();
            client.query.clear();
            client.signer = None;
            client
        };
        client.headers.extend_from_slice(&self.token_headers);
        Ok(client)
    }

    /// What `makeApiClient` makes, whichever way it is done, with what signs its requests, for auth types that sign.
    pub(crate) async fn made_client(&self, arguments: &Arguments) -> Result<ApiClient, AuthError> {
        let mut client = self.unsigned_client(arguments).await?;
        client.signer = Box::pin(self.signer(arguments)).await?;
        Ok(client)
    }

    pub(super) async fn unsigned_client(
        &self,
        arguments: &Arguments,
    ) -> Result<ApiClient, AuthError> {
        match &self.parent {
            Some(parent) => Box::pin(self.childs_client(parent, arguments)).await,
            None => self.own_client(arguments, self.defaults).await,
        }
    }

    /// What the connector's own `makeApiClient` makes.
    pub(super) async fn own_client(
        &self,
        arguments: &Arguments,
        defaults: Defaults<'_>,
    ) -> Result<ApiClient, AuthError> {
        let Some(function) = self.own_client_function() else {
            return Ok(ApiClient::from_value(None, defaults)?);
        };
        let Implementation::Javascript(script) = &function.implementation else {
            return ApiClient::make(self.option, &arguments.to_variables(), defaults);
        };
        let arguments = Arguments {
            own: SecretJson::default(),
            ..arguments.clone()
        };
        let step = Step::new(function.name.as_str(), &function.implementation);
        let value = self.script(step, script, &arguments).await?;
        let value = self.without_way_back(&arguments, value);
        Ok(ApiClient::from_value(value.as_ref(), defaults)?)
    }
}

/// What response handlers and the built-in rules say of an answer to a function.
fn judge(client: &ApiClient, response: Response) -> Result<Answer, Failure> {
    let data = response.data();
    let facts = ResponseFacts {
        status: response.status,
        headers: &response.headers,
        data: Some(&data),
    };
    let verdict = ResponseHandler::judge(&client.response_handlers, &facts);
    let status = response.status;
    let refused = |message, key, data| AuthError::Refused {
        status,
        message,
        key,
        data,
    };
    let error = match verdict {
        Some(Verdict::Success(None)) => return Ok(Answer::new(response, data)),
        Some(Verdict::Success(Some(data))) => {
            return Ok(Answer {
                response,
                data,
                is_replaced: true,
            });
        }
        Some(Verdict::Failure(failure)) => refused(failure.message, failure.key, failure.data),
        None if status.is_success() => return Ok(Answer::new(response, data)),
        None => refused(None, built_in_key(status), None),
    };
    Err(Failure {
        error,
        response: Some(Box::new(response)),
    })
}

impl Answer {
    const fn new(response: Response, data: Value) -> Self {
        Self {
            response,
            data,
            is_replaced: false,
        }
    }
}

/// The built-in rules (membrane-connectors reference, section 3.2).
fn built_in_key(status: StatusCode) -> Option<HandlerErrorKey> {
    (status == StatusCode::TOO_MANY_REQUESTS).then_some(HandlerErrorKey::RateLimitExceeded)
}

/// Whether fresh credentials may help.
fn is_expired(error: &AuthError) -> bool {
    match error {
        AuthError::Refused { status, key, .. } => match key {
            Some(key) => *key == HandlerErrorKey::AccessTokenExpired,
            None => *status == StatusCode::UNAUTHORIZED,
        },
        // Code has other ways of saying it: the errors of axios have the status of their response.
        AuthError::Script(failure) => match failure.key() {
            Some(key) => key == HandlerErrorKey::AccessTokenExpired,
            None => failure.status() == Some(StatusCode::UNAUTHORIZED),
        },
        AuthError::Input(_)
        | AuthError::Delegated
        | AuthError::Delegation(_)
        | AuthError::KindNotAllowed { .. }
        | AuthError::Operation(_)
        | AuthError::Graphql { .. }
        | AuthError::NotRefreshable(_)
        | AuthError::NotSupported { .. }
        | AuthError::ApiClient(_)
        | AuthError::Returned { .. }
        | AuthError::Rest { .. }
        | AuthError::Target(_)
        | AuthError::OAuthConfig(_)
        | AuthError::Signing(_)
        | AuthError::Token(_)
        | AuthError::NotAuthorized { .. }
        | AuthError::NotGranted(_)
        | AuthError::Callback(_)
        | AuthError::TestFailed
        | AuthError::Unavailable { .. }
        | AuthError::Blocked { .. } => false,
    }
}

pub(super) fn call_failed(function: &str, error: CallError) -> AuthError {
    if let CallError::Host(error) = error {
        return AuthError::Target(error);
    }
    AuthError::Rest {
        function: function.to_owned(),
        source: error.into(),
    }
}

pub(crate) fn sending_failed(error: &EgressError) -> AuthError {
    let reason = error.to_string();
    if error.is_policy() {
        return AuthError::Blocked { reason };
    }
    let reason = match error {
        EgressError::TooLarge { .. } => format!("{reason} (`--script-response-size`)"),
        EgressError::Blocked { .. }
        | EgressError::PlainHttp { .. }
        | EgressError::Resolve { .. }
        | EgressError::Connect { .. }
        | EgressError::Tls { .. }
        | EgressError::Timeout { .. }
        | EgressError::Http { .. }
        | EgressError::CallerStalled
        | EgressError::CutShort { .. } => format!("the external app cannot be reached: {reason}"),
    };
    AuthError::Unavailable { reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_is_too_large_came_from_an_app_that_was_reached() {
        let host = || "api.example.com".to_owned();
        let large = sending_failed(&EgressError::TooLarge {
            host: host(),
            limit: 7,
        });
        assert_eq!(
            large.to_string(),
            "the answer of `api.example.com` is larger than 7 bytes (`--script-response-size`)"
        );
        let unknown = sending_failed(&EgressError::Resolve { host: host() });
        assert_eq!(
            unknown.to_string(),
            "the external app cannot be reached: the name `api.example.com` does not resolve"
        );
    }
}
