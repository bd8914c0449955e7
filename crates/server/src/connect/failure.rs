//! Why an account was not connected, as a user is told.

use authbridge_core::auth::{AuthError, Blame};
use authbridge_engine::EngineError;

use crate::embed::Texts;
use crate::error::ApiError;

/// An error, and what it means to whoever wanted to connect.
pub(crate) struct Failure {
    /// What clients are told.
    pub(crate) error: ApiError,
    trouble: Trouble,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Trouble {
    /// The external app does not take what the user typed.
    Refused,
    /// The user, or the external app for them, did not allow it.
    Denied,
    /// The external app does not answer, or not well.
    Unreachable,
    /// Whoever runs the app must change something.
    Misconfigured,
    /// The user gave up.
    Cancelled,
    Other,
}

impl Failure {
    /// The user gave up.
    pub(crate) fn cancelled(message: &str) -> Self {
        Self {
            error: ApiError::bad_request(message),
            trouble: Trouble::Cancelled,
        }
    }

    /// Whether the user gave up, and need not be told.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.trouble == Trouble::Cancelled
    }

    /// What a user reads. `name` is what people call the integration, where that is known.
    pub(crate) fn text(&self, texts: &Texts, name: Option<&str>) -> String {
        let text = match (self.trouble, name) {
            (Trouble::Denied, _) => texts.was_denied,
            (Trouble::Refused, Some(_)) => texts.was_refused,
            (Trouble::Unreachable, Some(_)) => texts.was_unreachable,
            (Trouble::Misconfigured, Some(_)) => texts.was_misconfigured,
            (Trouble::Cancelled, _) => return texts.cancelled.to_owned(),
            (Trouble::Other, _)
            | (Trouble::Refused | Trouble::Unreachable | Trouble::Misconfigured, None) => {
                texts.went_wrong
            }
        };
        text.replace("{name}", name.unwrap_or_default())
            .replace("{why}", self.error.message())
    }
}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Self {
        Self {
            trouble: trouble(&error),
            error: error.into(),
        }
    }
}

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Self {
        Self {
            error,
            trouble: Trouble::Other,
        }
    }
}

fn trouble(error: &EngineError) -> Trouble {
    match error {
        EngineError::Auth(error) => trouble_of_auth(error),
        EngineError::Egress(_) => Trouble::Unreachable,
        EngineError::Definition(_)
        | EngineError::Configuration { .. }
        | EngineError::NoAuthentication(_)
        | EngineError::Action(_)
        | EngineError::Target(_)
        | EngineError::SigningKey(_) => Trouble::Misconfigured,
        EngineError::Token(_)
        | EngineError::AccessDenied(_)
        | EngineError::NotFound { .. }
        | EngineError::BadRequest { .. }
        | EngineError::Disconnected { .. }
        | EngineError::NotConnected { .. }
        | EngineError::PushRefused { .. }
        | EngineError::WorkspaceChanged { .. }
        | EngineError::Store(_) => Trouble::Other,
    }
}

fn trouble_of_auth(error: &AuthError) -> Trouble {
    if let AuthError::NotAuthorized { code, .. } = error
        && code == "access_denied"
    {
        return Trouble::Denied;
    }
    if matches!(
        error,
        AuthError::Input(_) | AuthError::Callback(_) | AuthError::NotGranted(_)
    ) {
        return Trouble::Other;
    }
    match error.blame() {
        Blame::Caller | Blame::Customer => Trouble::Refused,
        Blame::WorkspaceOwner | Blame::Operator => Trouble::Misconfigured,
        Blame::Provider => Trouble::Unreachable,
    }
}
