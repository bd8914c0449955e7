//! Auth types: what each does to connect an account. One file per type, and one arm in [`flow`].

mod client_credentials;
mod error;
mod expiry;
pub mod graphql;
mod input;
mod members;
pub mod oauth1;
pub mod oauth2;
mod oauth_config;
pub mod platform_token;
#[cfg(test)]
mod played;
pub mod proxy;
mod refresh;
pub mod rest;
pub mod retry;
mod script;
pub mod timing;

use std::sync::Arc;

use async_trait::async_trait;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use url::Url;

use self::timing::RefreshTiming;
use crate::connector::{AuthOption, AuthType, FunctionName};
use crate::request::{Request, Response};
use crate::{Effects, SecretJson};

pub use error::{AuthError, Blame, NotGranted};
pub use expiry::expires_at;
pub use input::{FieldError, FieldProblem, InputError, check_input};
pub use members::OAuthConfigError;
pub use oauth_config::scopes_asked_for;
pub use script::{ScriptCause, ScriptFailure, StackFrame};

/// What an auth type may do to the world; it reaches the network through nothing else.
#[async_trait]
pub trait AuthContext: Send {
    /// Runs a function of the definition; `None` where the definition does not have it.
    async fn call(
        &mut self,
        function: FunctionName,
        arguments: &Arguments,
    ) -> Result<Option<Value>, AuthError>;

    /// Sends a request of the auth type itself, such as one to a token endpoint. Redirects are
    /// not followed.
    async fn send(&mut self, request: Request) -> Result<Response, AuthError>;

    /// What an issuer publishes at the first of `urls` that has something; it may be remembered
    /// from an earlier time.
    async fn metadata(&mut self, urls: &[Url]) -> Result<Arc<Value>, AuthError>;

    /// Time and randomness.
    fn effects(&self) -> &Effects;

    /// How far ahead of ours the clock of the host of `url` is, as far as somebody learnt it.
    fn clock_offset(&self, _url: &Url) -> SignedDuration {
        SignedDuration::ZERO
    }

    /// Remembers for everybody how far ahead of ours the clock of the host of `url` is.
    fn remember_clock(&self, _url: &Url, _offset: SignedDuration) {}
}

/// One way of authenticating to an external app.
#[async_trait]
pub trait AuthFlow: Send + Sync {
    /// Starts a connection from what the user typed and the integration's parameters.
    async fn begin(
        &self,
        context: &mut dyn AuthContext,
        option: &AuthOption,
        arguments: Arguments,
        start: &Start<'_>,
    ) -> Result<Begin, AuthError>;

    /// Goes on when the browser is back from where [`Begin::Redirect`] sent it. `arguments` are
    /// those that [`begin`](Self::begin) left off with.
    async fn complete(
        &self,
        _context: &mut dyn AuthContext,
        _option: &AuthOption,
        _arguments: Arguments,
        _start: &Start<'_>,
        _return: &Return<'_>,
    ) -> Result<Connected, AuthError> {
        Err(AuthError::Callback(
            "this way of authenticating sends nobody away".to_owned(),
        ))
    }

    /// Takes the credentials in `arguments`, which somebody brought, so that they live like any
    /// others. Nothing is sent.
    async fn adopt(
        &self,
        context: &mut dyn AuthContext,
        option: &AuthOption,
        arguments: &Arguments,
        _start: &Start<'_>,
    ) -> Result<Issued, AuthError> {
        let credentials = arguments.credentials.clone().unwrap_or_default();
        let credentials = expiry::with_point(credentials, context.effects().now());
        Ok(Issued::of(option, credentials))
    }

    /// What signs each request that is made with the credentials in `arguments`; `None` for types
    /// whose API client says everything.
    async fn signer(
        &self,
        _context: &mut dyn AuthContext,
        _option: &AuthOption,
        _arguments: &Arguments,
        _start: &Start<'_>,
    ) -> Result<Option<oauth1::Signer>, AuthError> {
        Ok(None)
    }

    /// Renews the credentials in `arguments`; what comes back takes their place.
    async fn refresh(
        &self,
        context: &mut dyn AuthContext,
        option: &AuthOption,
        arguments: &Arguments,
        _start: &Start<'_>,
    ) -> Result<Issued, AuthError> {
        refresh::by_function(context, option, arguments).await
    }

    /// Tells the external app that the credentials in `arguments` are no longer needed, where the
    /// auth type knows how.
    async fn revoke(
        &self,
        _context: &mut dyn AuthContext,
        _option: &AuthOption,
        _arguments: &Arguments,
        _start: &Start<'_>,
    ) -> Result<(), AuthError> {
        Ok(())
    }
}

/// What an external app needs to know to send the browser back.
#[derive(Clone, Copy, Debug)]
pub struct Start<'a> {
    /// Where to: our callback, or what the integration has in front of it.
    pub redirect_uri: &'a str,
    /// What tells us which attempt it is, with the caller's own state behind a colon.
    pub state: &'a str,
}

/// A browser that is back.
#[derive(Clone, Copy, Debug)]
pub struct Return<'a> {
    /// What [`Begin::Redirect`] wanted to be kept.
    pub pending: &'a SecretJson,
    /// What the browser brought.
    pub callback: &'a Callback,
}

/// How starting a connection went.
#[derive(Debug)]
pub enum Begin {
    /// Nothing more to ask.
    Complete(Connected),
    /// The user has to go somewhere in the browser, and comes back.
    Redirect {
        /// Where to.
        location: Url,
        /// What to keep until then, such as a code verifier.
        pending: SecretJson,
        /// What the user typed, with defaults and casts applied.
        input: SecretJson,
        /// How the answer gets here.
        back: Back,
    },
}

/// How the answer of somebody who was sent away gets back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Back {
    /// The external app sends the browser to our callback, with everything in its query.
    Callback,
    /// The external app shows a code, and sends nobody anywhere: [`Begin::Redirect`]'s location
    /// is to be opened in another window beside a form in which the user types that code. What is
    /// typed is the only parameter of the [`Callback`] that [`AuthFlow::complete`] gets, and has
    /// this name.
    Typed {
        /// The name, such as `oauth_verifier`.
        parameter: &'static str,
    },
}

/// An account that is connected.
#[derive(Debug)]
pub struct Connected {
    /// What the connection keeps.
    pub issued: Issued,
    /// What the user typed, with defaults and casts applied.
    pub input: SecretJson,
}

/// Credentials as they were just issued.
#[derive(Clone, Debug)]
pub struct Issued {
    /// What authenticates.
    pub credentials: SecretJson,
    /// When they are refreshed, as the connector says.
    pub timing: RefreshTiming,
    /// Whether they can be refreshed.
    pub is_refreshable: bool,
    /// What was asked for and what was granted, where scopes exist and were spoken of.
    pub scopes: Option<Scopes>,
}

impl Issued {
    /// Credentials that come from the definition, or from whoever has them already, as far as the
    /// auth option alone tells.
    pub fn of(option: &AuthOption, credentials: SecretJson) -> Self {
        let has_function = option.function(FunctionName::RefreshCredentials).is_some();
        let has_token = option.auth_type == AuthType::OAuth2
            && credentials.expose().get("refresh_token").is_some();
        Self {
            credentials,
            timing: option.refresh,
            is_refreshable: has_function || has_token,
            scopes: None,
        }
    }
}

/// Scopes (RFC 6749 section 3.3).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scopes {
    /// What was asked for.
    pub requested: Vec<String>,
    /// What the provider says it granted.
    pub granted: Vec<String>,
}

impl Scopes {
    /// Whether nobody spoke of any.
    pub fn is_empty(&self) -> bool {
        self.requested.is_empty() && self.granted.is_empty()
    }

    /// What was asked for and not granted.
    pub fn missing(&self) -> Vec<&str> {
        let wanted = self.requested.iter();
        wanted
            .filter(|scope| !self.granted.contains(scope))
            .map(String::as_str)
            .collect()
    }
}

/// The parameters with which the browser came back. They include one-time codes, so they are not
/// shown.
pub struct Callback(Map<String, Value>);

impl Callback {
    /// Takes the parameters of a query. Of several with one name the first counts.
    pub fn new(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut parameters = Map::new();
        for (name, value) in pairs {
            parameters.entry(name).or_insert(Value::String(value));
        }
        Self(parameters)
    }

    /// All of them.
    pub fn parameters(&self) -> &Map<String, Value> {
        &self.0
    }

    /// The one called `name`.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }

    pub(crate) fn required(&self, name: &str) -> Result<&str, AuthError> {
        let missing = || AuthError::Callback(format!("the external app sent no `{name}`"));
        self.parameter(name)
            .filter(|value| !value.is_empty())
            .ok_or_else(missing)
    }
}

impl std::fmt::Debug for Callback {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<_> = self.0.keys().collect();
        formatter.debug_tuple("Callback").field(&names).finish()
    }
}

/// The flow of an auth type. One that is delegated has none of its own: the parent's runs.
pub fn flow(auth_type: AuthType) -> Result<&'static dyn AuthFlow, AuthError> {
    match auth_type {
        AuthType::ClientCredentials => Ok(&client_credentials::ClientCredentials),
        AuthType::IntegrationAppToken | AuthType::MembraneToken => {
            Ok(&platform_token::PlatformToken)
        }
        AuthType::OAuth2 => Ok(&oauth2::OAuth2),
        AuthType::OAuth1 => Ok(&oauth1::OAuth1),
        AuthType::Proxy => Err(AuthError::Delegated),
    }
}

/// The arguments of a function (membrane-connectors reference, section 1.3). All are secret.
#[derive(Clone, Debug)]
pub struct Arguments {
    /// What the workspace owner set on the integration.
    pub connector_parameters: SecretJson,
    /// What the user typed.
    pub connection_input: SecretJson,
    /// The connection's credentials, once there are some.
    pub credentials: Option<SecretJson>,
    /// Whether functions do without the credentials: they are another connector's, and are used
    /// by what makes the API client only.
    pub withholds_credentials: bool,
    /// An object with what only this function gets, such as the `input` of an operation; or null.
    pub own: SecretJson,
}

impl Arguments {
    /// The same, with what only one function gets.
    #[must_use]
    pub fn with_own(&self, own: Value) -> Self {
        Self {
            own: SecretJson::new(own),
            ..self.clone()
        }
    }

    /// The one object that a function gets. The user's input goes by both of its names.
    pub fn to_variables(&self) -> Value {
        let input = self.connection_input.expose();
        let mut variables = json!({
            "connectorParameters": self.connector_parameters.expose(),
            "connectionInput": input,
            "connectionParameters": input,
        });
        let Value::Object(members) = &mut variables else {
            return variables;
        };
        let credentials = self.credentials.as_ref();
        if let Some(credentials) = credentials.filter(|_| !self.withholds_credentials) {
            members.insert("credentials".into(), credentials.expose().clone());
        }
        if let Value::Object(own) = self.own.expose() {
            members.extend(own.clone());
        }
        variables
    }
}
