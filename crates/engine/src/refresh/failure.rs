//! What a failed refresh means for the connection.

use authbridge_core::auth::AuthError;
use authbridge_core::auth::retry::FailureClass;
use authbridge_store::{Connection, ConnectionState, Intent, Released};
use jiff::{Timestamp, Unit};
use serde_json::{Value, json};

/// The key of a failure that is not the customer's: the answer to an earlier attempt was lost,
/// and with it, perhaps, the only refresh token.
const INTERRUPTED: &str = "refresh_interrupted";

/// After how many failures in a row that do not explain themselves expired credentials are dead.
const PATIENCE: u32 = 8;

/// What `error` means, how the connection is after it, and when it is tried again.
pub(super) fn after(
    error: &AuthError,
    connection: &Connection,
    interrupted: Option<&Intent>,
    now: Timestamp,
    jitter: f64,
) -> (FailureClass, Released) {
    let attempts = connection.retry_attempts.saturating_add(1);
    let class = class_of(error, connection, attempts, now);
    let wait = class.wait(attempts - 1, error.retry_after(), jitter);
    let retry_at = wait.and_then(|wait| now.checked_add(wait).ok());
    // As precise as it is kept, so that the story and the connection tell the same time.
    let retry_at = retry_at.and_then(|at| at.round(Unit::Microsecond).ok());
    let (state, stored) = match class {
        FailureClass::Terminal => (
            ConnectionState::ClientActionRequired,
            Some(stored(error, class, interrupted)),
        ),
        FailureClass::Configuration => (
            ConnectionState::ConfigurationError,
            Some(stored(error, class, interrupted)),
        ),
        // It says nothing about the connection, whose credentials may be valid still.
        FailureClass::Throttled | FailureClass::Transient => {
            (connection.state, connection.error.clone())
        }
    };
    let released = Released {
        state,
        error: stored,
        refresh_due_at: retry_at,
        retry_at,
        retry_attempts: attempts,
        // Only an answer about the grant settles what became of the earlier attempt.
        interrupted: interrupted
            .filter(|_| class != FailureClass::Terminal)
            .cloned(),
    };
    (class, released)
}

/// What `error` means. One that does not explain itself may pass; but credentials that have expired
/// and cannot be renewed time after time are taken for dead.
fn class_of(
    error: &AuthError,
    connection: &Connection,
    attempts: u32,
    now: Timestamp,
) -> FailureClass {
    let has_expired = connection.expires_at.is_some_and(|at| at <= now);
    if error.is_unexplained() && has_expired && attempts >= PATIENCE {
        return FailureClass::Terminal;
    }
    error.failure_class()
}

/// The error as callers are told.
pub(super) fn stored(
    error: &AuthError,
    class: FailureClass,
    interrupted: Option<&Intent>,
) -> Value {
    let kind = match class {
        FailureClass::Configuration => "configuration",
        FailureClass::Terminal | FailureClass::Throttled | FailureClass::Transient => "connection",
    };
    let mut stored = json!({
        "type": kind,
        "message": error.to_string(),
        "class": class.as_str(),
    });
    let interrupted = interrupted.filter(|_| class == FailureClass::Terminal);
    let hint = hint(class, interrupted);
    if let (Some(hint), Value::Object(members)) = (hint, &mut stored) {
        members.insert("hint".into(), hint.into());
    }
    if let (Some(_), Value::Object(members)) = (interrupted, &mut stored) {
        members.insert("key".into(), INTERRUPTED.into());
    }
    stored
}

/// What to do about it; nothing where time may heal it.
fn hint(class: FailureClass, interrupted: Option<&Intent>) -> Option<String> {
    match (class, interrupted) {
        (FailureClass::Terminal, Some(intent)) => Some(format!(
            "the refresh of {} was interrupted before its answer was stored; the customer did \
             nothing wrong, but has to connect again",
            intent.started_at
        )),
        (FailureClass::Terminal, None) => {
            Some("the customer has to connect the account again".to_owned())
        }
        (FailureClass::Configuration, _) => Some(
            "correct the connector or the integration's parameters, then refresh the credentials"
                .to_owned(),
        ),
        (FailureClass::Throttled | FailureClass::Transient, _) => None,
    }
}

/// Whether the last refresh ended with an answer that no other attempt will change.
pub(super) fn is_final(connection: &Connection) -> bool {
    let class = connection
        .error
        .as_ref()
        .and_then(|error| error.get("class"));
    class.and_then(Value::as_str) == Some(FailureClass::Terminal.as_str())
}
