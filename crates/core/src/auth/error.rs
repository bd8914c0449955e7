//! Why auth did not work, and who can put it right.

use std::fmt;

use http::StatusCode;
use jiff::SignedDuration;
use serde_json::Value;

use super::Scopes;
use super::graphql::GraphqlError;
use super::input::InputError;
use super::members::OAuthConfigError;
use super::oauth1::SigningError;
use super::oauth2::TokenRefusal;
use super::rest::RestError;
use super::retry::FailureClass;
use super::script::ScriptFailure;
use crate::client::{ApiClientError, HandlerErrorKey, TargetError};
use crate::connector::ImplementationType;

/// Who can put an error right; it decides what the API answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blame {
    /// Whoever called: the request is wrong.
    Caller,
    /// The end user whose account it is: wrong input, or a reconnect is due.
    Customer,
    /// The workspace owner: connector or integration must change.
    WorkspaceOwner,
    /// The external app.
    Provider,
    /// Whoever runs this engine.
    Operator,
}

/// Why an auth type or a function could not do what it was asked. No message holds a secret.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// The user's input does not fit the form.
    #[error(transparent)]
    Input(#[from] InputError),
    /// Authentication is delegated, so that there is no flow to run for the connector itself.
    #[error("authentication is delegated to another connector, whose flow has to run")]
    Delegated,
    /// Delegated authentication that cannot work as the definitions are.
    #[error("{0}")]
    Delegation(String),
    /// A function is done in a way that it cannot be.
    #[error("`{function}` cannot be a `{}` function", kind.as_str())]
    KindNotAllowed {
        /// Which function.
        function: &'static str,
        /// Its kind of implementation.
        kind: ImplementationType,
    },
    /// An operation that the connector does not have, or cannot run.
    #[error("{0}")]
    Operation(String),
    /// Code of the definition failed.
    #[error(transparent)]
    Script(#[from] Box<ScriptFailure>),
    /// A GraphQL request cannot be built.
    #[error("`{function}`: {source}")]
    Graphql {
        /// Which function.
        function: String,
        /// What is wrong with the mapping.
        source: GraphqlError,
    },
    /// The credentials have expired, and nothing can renew them.
    #[error("the credentials cannot be refreshed: {0}")]
    NotRefreshable(&'static str),
    /// The definition says that the external app cannot do it.
    #[error("`{function}` is not supported by the external app")]
    NotSupported {
        /// Which function.
        function: String,
    },
    /// `makeApiClient` gave something unusable.
    #[error("the API client cannot be made: {0}")]
    ApiClient(#[from] ApiClientError),
    /// A function returned something of the wrong shape.
    #[error("`{function}` must return {expected}")]
    Returned {
        /// Which function.
        function: &'static str,
        /// What it must return.
        expected: &'static str,
    },
    /// A mapped request cannot be built.
    #[error("`{function}`: {source}")]
    Rest {
        /// Which function.
        function: String,
        /// What is wrong with the mapping.
        source: RestError,
    },
    /// A request may not go where the function sends it.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// The external app refused.
    #[error("{}", refusal(message.as_deref(), *status))]
    Refused {
        /// The status of its answer.
        status: StatusCode,
        /// A response handler's words.
        message: Option<String>,
        /// What a response handler says it means.
        key: Option<HandlerErrorKey>,
        /// A response handler's data.
        data: Option<Value>,
    },
    /// What `getOAuthConfig` returned cannot be used.
    #[error(transparent)]
    OAuthConfig(#[from] OAuthConfigError),
    /// A request cannot be signed as it is.
    #[error(transparent)]
    Signing(#[from] SigningError),
    /// The token endpoint gave no token.
    #[error("{0}")]
    Token(Box<TokenRefusal>),
    /// The user, or the authorization endpoint, said no (RFC 6749 section 4.1.2.1).
    #[error("{}", not_authorized(code, description.as_deref()))]
    NotAuthorized {
        /// The code, such as `access_denied`.
        code: String,
        /// The provider's words.
        description: Option<String>,
    },
    /// The user did not grant all scopes that were asked for.
    #[error(transparent)]
    NotGranted(#[from] Box<NotGranted>),
    /// The browser came back with something that cannot be right.
    #[error("{0}")]
    Callback(String),
    /// `test` ran and said no.
    #[error("the external app did not accept the credentials: `test` returned nothing truthy")]
    TestFailed,
    /// The external app could not be reached, or its answer not be read.
    #[error("{reason}")]
    Unavailable {
        /// What happened, as a sentence, without addresses of ours or secrets of theirs.
        reason: String,
    },
    /// The engine's own rules forbid the request.
    #[error("{reason}")]
    Blocked {
        /// Which rule, and what to do.
        reason: String,
    },
}

impl AuthError {
    /// Who can put it right.
    pub fn blame(&self) -> Blame {
        match self {
            Self::Input(_) => Blame::Caller,
            Self::Delegated
            | Self::Delegation(_)
            | Self::KindNotAllowed { .. }
            | Self::Operation(_)
            | Self::Graphql { .. }
            | Self::NotSupported { .. }
            | Self::ApiClient(_)
            | Self::Returned { .. }
            | Self::Rest { .. }
            | Self::Target(_)
            | Self::OAuthConfig(_) => Blame::WorkspaceOwner,
            Self::Signing(error) => error.blame(),
            Self::Token(refusal) => blame_of_class(refusal.class),
            Self::NotAuthorized { code, .. } => blame_of_code(code),
            Self::Refused { status, key, .. } => blame_of_refusal(*status, *key),
            Self::Script(failure) => failure.blame(),
            Self::TestFailed
            | Self::NotRefreshable(_)
            | Self::Callback(_)
            | Self::NotGranted(_) => Blame::Customer,
            Self::Unavailable { .. } => Blame::Provider,
            Self::Blocked { .. } => Blame::Operator,
        }
    }
}

impl AuthError {
    /// What a refresh that failed so means for the next one.
    pub fn failure_class(&self) -> FailureClass {
        if let Self::Token(refusal) = self {
            return refusal.class;
        }
        // The provider may have been down as well as have refused: see `is_unexplained`.
        if self.is_unexplained() {
            return FailureClass::Transient;
        }
        if self.asks_for_patience() {
            return FailureClass::Throttled;
        }
        match self.blame() {
            Blame::Caller | Blame::Customer => FailureClass::Terminal,
            Blame::WorkspaceOwner => FailureClass::Configuration,
            Blame::Provider | Blame::Operator => FailureClass::Transient,
        }
    }

    /// Whether code failed in a way that does not tell whether trying again is of any use.
    pub fn is_unexplained(&self) -> bool {
        matches!(self, Self::Script(failure) if failure.is_unexplained())
    }

    /// When the external app wants to be asked again, where it says so.
    pub fn retry_after(&self) -> Option<SignedDuration> {
        let Self::Token(refusal) = self else {
            return None;
        };
        refusal.retry_after
    }

    /// The same error; or, where the external app forbade something and the user had not granted
    /// all of `scopes`, the error that says so.
    #[must_use]
    pub fn explained_by(self, scopes: &Scopes, connect_uri: Option<String>) -> Self {
        let status = if let Self::Refused { status, .. } = &self {
            Some(*status)
        } else if let Self::Script(failure) = &self {
            failure.status()
        } else {
            None
        };
        let missing = scopes.missing();
        if status != Some(StatusCode::FORBIDDEN) || missing.is_empty() {
            return self;
        }
        Self::NotGranted(Box::new(NotGranted {
            scopes: missing.into_iter().map(str::to_owned).collect(),
            connect_uri,
            refused: Some(self),
        }))
    }

    fn asks_for_patience(&self) -> bool {
        let Self::Refused { status, key, .. } = self else {
            return false;
        };
        *key == Some(HandlerErrorKey::RateLimitExceeded)
            || (key.is_none() && *status == StatusCode::TOO_MANY_REQUESTS)
    }
}

/// Scopes that the user did not grant, though they were asked for.
#[derive(Debug)]
pub struct NotGranted {
    /// Which.
    pub scopes: Vec<String>,
    /// Where the user connects the account again, once there is one.
    pub connect_uri: Option<String>,
    /// What the external app refused for want of them, most likely; `None` where the connector
    /// itself says that it cannot do without them.
    pub refused: Option<AuthError>,
}

impl std::error::Error for NotGranted {}

impl fmt::Display for NotGranted {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(refused) = &self.refused {
            write!(formatter, "{refused}; ")?;
        }
        let scopes = self.scopes.join("`, `");
        // Where is not said here but in the error's data: messages are logged, and a link is for
        // whoever holds it.
        write!(
            formatter,
            "the user did not grant `{scopes}`: connect again and allow it"
        )
    }
}

impl From<TokenRefusal> for AuthError {
    fn from(refusal: TokenRefusal) -> Self {
        Self::Token(Box::new(refusal))
    }
}

fn blame_of_class(class: FailureClass) -> Blame {
    match class {
        FailureClass::Terminal => Blame::Customer,
        FailureClass::Configuration => Blame::WorkspaceOwner,
        FailureClass::Throttled | FailureClass::Transient => Blame::Provider,
    }
}

/// RFC 6749 section 4.1.2.1.
fn blame_of_code(code: &str) -> Blame {
    match code {
        "server_error" | "temporarily_unavailable" => Blame::Provider,
        "invalid_request"
        | "unauthorized_client"
        | "unsupported_response_type"
        | "invalid_scope"
        | "invalid_target" => Blame::WorkspaceOwner,
        _ => Blame::Customer,
    }
}

fn not_authorized(code: &str, description: Option<&str>) -> String {
    let what = match code {
        "access_denied" => "access was denied".to_owned(),
        other => format!("the external app answered `{other}`"),
    };
    match description {
        Some(description) => format!("{what}: {description}"),
        None => what,
    }
}

pub(super) fn blame_of_refusal(status: StatusCode, key: Option<HandlerErrorKey>) -> Blame {
    match key {
        Some(HandlerErrorKey::AccessTokenExpired | HandlerErrorKey::ConnectionIsDefunct) => {
            Blame::Customer
        }
        Some(HandlerErrorKey::RateLimitExceeded) => Blame::Provider,
        None if status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error() => {
            Blame::Provider
        }
        None => Blame::Customer,
    }
}

fn refusal(message: Option<&str>, status: StatusCode) -> String {
    match message {
        Some(message) => format!("the external app refused: {message}"),
        None => format!("the external app answered {status}"),
    }
}
