//! Code of a definition that failed, in words for its author.

use http::StatusCode;
use serde_json::Value;

use super::Blame;
use super::error::blame_of_refusal;
use crate::client::HandlerErrorKey;
use crate::connector::SourceLocation;

/// A function in JavaScript that did not return.
///
/// Nothing in it holds a secret: whoever makes it has removed the connection's secrets from what
/// the code said.
#[derive(Clone, Debug, PartialEq)]
pub struct ScriptFailure {
    /// The function, or `operations/<key>`.
    pub function: String,
    /// How it failed.
    pub cause: ScriptCause,
    /// Where, in the author's files; the innermost first.
    pub stack: Vec<StackFrame>,
    /// What it wrote to the console before.
    pub logs: Vec<String>,
}

/// How a function in JavaScript failed.
#[derive(Clone, Debug, PartialEq)]
pub enum ScriptCause {
    /// It threw.
    Thrown {
        /// The error's `name`, such as `TypeError`.
        name: String,
        /// Its message.
        message: String,
        /// Its `type`, where it is of the SDK's classes (wire contract A.5).
        kind: Option<String>,
        /// Its `key`.
        key: Option<String>,
        /// Its `data`.
        data: Option<Value>,
        /// The status of the answer that made it, when it came from a request.
        status: Option<u16>,
    },
    /// A limit of the sandbox was reached.
    Limit {
        /// Which one, and how far it goes.
        limit: String,
    },
    /// It cannot run: no such function, a result that is no data, a promise that never settles.
    Unusable {
        /// What is wrong.
        reason: String,
    },
    /// Too much is running already.
    Busy,
}

/// A line of a stack trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StackFrame {
    /// The function, where it has a name.
    pub function: Option<String>,
    /// Where it was.
    pub location: SourceLocation,
}

/// Errors that mistakes of the author raise, never a refusal.
const MISTAKES: [&str; 6] = [
    "TypeError",
    "ReferenceError",
    "SyntaxError",
    "RangeError",
    "URIError",
    "InternalError",
];

impl ScriptFailure {
    /// Who can put it right.
    pub(super) fn blame(&self) -> Blame {
        match &self.cause {
            ScriptCause::Thrown {
                name,
                kind,
                key,
                status,
                ..
            } => blame_of_thrown(name, kind.as_deref(), key.as_deref(), *status),
            ScriptCause::Limit { .. } | ScriptCause::Unusable { .. } => Blame::WorkspaceOwner,
            ScriptCause::Busy => Blame::Operator,
        }
    }

    /// Whether it threw something that says neither who is to blame nor what was answered, as
    /// `throw new Error('no token')` does.
    pub fn is_unexplained(&self) -> bool {
        match &self.cause {
            ScriptCause::Thrown {
                name,
                kind,
                key,
                status,
                ..
            } => {
                kind.is_none()
                    && key.is_none()
                    && status.is_none()
                    && !MISTAKES.contains(&name.as_str())
            }
            ScriptCause::Limit { .. } | ScriptCause::Unusable { .. } | ScriptCause::Busy => false,
        }
    }

    /// The key of the error it threw, where that is one that says something of the connection.
    pub fn key(&self) -> Option<HandlerErrorKey> {
        match &self.cause {
            ScriptCause::Thrown { key: Some(key), .. } => HandlerErrorKey::from_name(key),
            ScriptCause::Thrown { key: None, .. }
            | ScriptCause::Limit { .. }
            | ScriptCause::Unusable { .. }
            | ScriptCause::Busy => None,
        }
    }
}

impl ScriptFailure {
    /// What happened, without the place.
    pub fn summary(&self) -> String {
        let placeless = Self {
            stack: Vec::new(),
            ..self.clone()
        };
        placeless.to_string()
    }

    /// The status of the answer that made it, when it came from a request.
    pub fn status(&self) -> Option<StatusCode> {
        match &self.cause {
            ScriptCause::Thrown { status, .. } => {
                status.and_then(|status| StatusCode::from_u16(status).ok())
            }
            ScriptCause::Limit { .. } | ScriptCause::Unusable { .. } | ScriptCause::Busy => None,
        }
    }
}

fn blame_of_thrown(
    name: &str,
    kind: Option<&str>,
    key: Option<&str>,
    status: Option<u16>,
) -> Blame {
    if kind == Some("configuration") || (kind.is_none() && MISTAKES.contains(&name)) {
        return Blame::WorkspaceOwner;
    }
    let status = status.and_then(|status| StatusCode::from_u16(status).ok());
    blame_of_refusal(
        status.unwrap_or(StatusCode::BAD_REQUEST),
        key.and_then(HandlerErrorKey::from_name),
    )
}

impl std::error::Error for ScriptFailure {}

impl std::fmt::Display for ScriptFailure {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "`{}` ", self.function)?;
        match &self.cause {
            ScriptCause::Thrown { name, message, .. } if name == "Error" => {
                write!(formatter, "failed: {message}")?;
            }
            ScriptCause::Thrown { name, message, .. } => {
                write!(formatter, "failed: {name}: {message}")?;
            }
            ScriptCause::Limit { limit } => write!(formatter, "was stopped: {limit}")?,
            ScriptCause::Unusable { reason } => formatter.write_str(reason)?,
            ScriptCause::Busy => {
                formatter.write_str("could not run: too many functions are running; try again")?;
            }
        }
        if let Some(frame) = self.stack.first() {
            let SourceLocation { file, line, column } = &frame.location;
            write!(formatter, " ({file}:{line}:{column})")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn thrown(name: &str, kind: Option<&str>, key: Option<&str>) -> ScriptFailure {
        ScriptFailure {
            function: "test".into(),
            cause: ScriptCause::Thrown {
                name: name.into(),
                message: "no".into(),
                kind: kind.map(Into::into),
                key: key.map(Into::into),
                data: None,
                status: None,
            },
            stack: vec![StackFrame {
                function: None,
                location: SourceLocation {
                    file: "auth/test.ts".into(),
                    line: 3,
                    column: 9,
                },
            }],
            logs: Vec::new(),
        }
    }

    #[test]
    fn the_message_says_what_and_where() {
        let failure = thrown("TypeError", None, None);
        assert_eq!(
            failure.to_string(),
            "`test` failed: TypeError: no (auth/test.ts:3:9)"
        );
    }

    #[test]
    fn an_error_with_nothing_but_a_message_explains_nothing() {
        assert!(thrown("Error", None, None).is_unexplained());
        assert!(!thrown("TypeError", None, None).is_unexplained());
        assert!(!thrown("ConnectionError", Some("connection"), None).is_unexplained());
        assert!(!thrown("Error", None, Some("access_token_expired")).is_unexplained());
    }

    #[test]
    fn mistakes_are_the_author_s_and_refusals_the_customer_s() {
        assert_eq!(
            thrown("TypeError", None, None).blame(),
            Blame::WorkspaceOwner
        );
        assert_eq!(thrown("Error", None, None).blame(), Blame::Customer);
        let limited = thrown(
            "ConnectionError",
            Some("connection"),
            Some("rate_limit_exceeded"),
        );
        assert_eq!(limited.blame(), Blame::Provider);
        let own = thrown("ConfigurationError", Some("configuration"), None);
        assert_eq!(own.blame(), Blame::WorkspaceOwner);
    }
}
