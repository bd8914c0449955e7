//! Why a command did not do what it was asked, and with which exit code it ends.

use std::error::Error as _;
use std::process::ExitCode;

use authbridge_engine::EngineError;
use serde_json::{Value, json};

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CliError {
    /// The command was given something that it cannot use.
    #[error("{message}")]
    Usage {
        /// What is wrong.
        message: String,
        /// What to do.
        hint: String,
    },
    /// What was asked did not succeed.
    #[error("{message}")]
    Failed {
        /// What happened.
        message: String,
        /// What to do.
        hint: Option<String>,
    },
    /// The server cannot be reached.
    #[error("cannot reach the server at {url}")]
    Unreachable {
        /// Where it should be.
        url: String,
        /// What happened.
        #[source]
        source: authbridge_engine::egress::EgressError,
    },
    /// The server answered with an error.
    #[error("{}", message(body, *status))]
    Api {
        /// The status of its answer.
        status: http::StatusCode,
        /// Its body.
        body: Value,
        /// What to do on the command line, where the message does not say it.
        hint: Option<String>,
    },
    /// The store refused or failed.
    #[error(transparent)]
    Store(#[from] authbridge_store::StoreError),
    /// A use case of the engine failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// A directory cannot be read.
    #[error(transparent)]
    Read(#[from] authbridge_definition::ReadError),
    /// The server cannot listen.
    #[error(transparent)]
    Listen(#[from] authbridge_server::ListenError),
    /// The operating system refused something.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

impl CliError {
    pub(crate) fn usage(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Usage {
            message: message.into(),
            hint: hint.into(),
        }
    }

    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self::Failed {
            message: message.into(),
            hint: None,
        }
    }

    pub(crate) fn failed_with_hint(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Failed {
            message: message.into(),
            hint: Some(hint.into()),
        }
    }

    /// The server's answer of `status` with `body`.
    pub(crate) fn api(status: http::StatusCode, body: Value) -> Self {
        let hint = if status == http::StatusCode::UNAUTHORIZED {
            Some(
                "check AUTHBRIDGE_WORKSPACE_KEY and AUTHBRIDGE_WORKSPACE_SECRET, or the token in \
                 AUTHBRIDGE_TOKEN"
                    .into(),
            )
        } else {
            None
        };
        Self::Api { status, body, hint }
    }

    /// Why an account was not connected, as the server says it, and who can do something about it.
    pub(crate) fn not_connected(body: Value) -> Self {
        let status = http::StatusCode::BAD_REQUEST;
        let mut error = Self::api(status, body);
        if let Self::Api { hint, body, .. } = &mut error {
            *hint = Some(who_can_act(body).to_owned());
        }
        error
    }

    /// The same; with `more` as the hint if the server did not find what was asked for.
    #[must_use]
    pub(crate) fn hint_if_not_found(mut self, more: &str) -> Self {
        if let Self::Api { hint, body, .. } = &mut self
            && body.get("key").and_then(Value::as_str) == Some("not_found")
        {
            *hint = Some(more.to_owned());
        }
        self
    }

    /// What the user can do about it.
    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            Self::Usage { hint, .. } => Some(hint.clone()),
            Self::Failed { hint, .. } | Self::Api { hint, .. } => hint.clone(),
            Self::Unreachable { .. } => {
                Some("start it with `authbridge serve`, or say where it is with `--url`".into())
            }
            Self::Store(error) | Self::Engine(EngineError::Store(error)) => error.hint(),
            Self::Listen(_) => Some(
                "it may be served already; otherwise choose another address with `--listen`".into(),
            ),
            Self::Read(_) => {
                Some("give a directory of connectors and integrations that this user may read, or one file".into())
            }
            Self::Engine(_) | Self::Io(_) => None,
        }
    }

    /// 1 the thing failed, 2 used wrongly, 3 the server cannot be reached.
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Usage { .. } | Self::Read(_) => ExitCode::from(2),
            Self::Unreachable { .. } => ExitCode::from(3),
            Self::Failed { .. }
            | Self::Api { .. }
            | Self::Store(_)
            | Self::Engine(_)
            | Self::Listen(_)
            | Self::Io(_) => ExitCode::from(1),
        }
    }

    /// What led to it, the nearest first, without what the message before says already.
    pub(crate) fn causes(&self) -> Vec<String> {
        let mut causes = Vec::new();
        let mut said = self.to_string();
        let mut source = self.source();
        while let Some(cause) = source {
            let text = cause.to_string();
            if !said.contains(&text) {
                causes.push(text.clone());
                said = text;
            }
            source = cause.source();
        }
        causes
    }

    /// The object that the API answered, or one in the same form.
    pub(crate) fn to_json(&self) -> Value {
        let mut error = if let Self::Api {
            body: Value::Object(body),
            ..
        } = self
        {
            Value::Object(body.clone())
        } else {
            json!({ "type": "command_line", "message": self.to_string() })
        };
        if let Value::Object(members) = &mut error {
            let causes = self.causes();
            if !causes.is_empty() {
                members.insert("causes".into(), causes.into());
            }
            if let Some(hint) = self.hint() {
                members.insert("hint".into(), hint.into());
            }
        }
        error
    }
}

/// Where in the author's files a function failed: the lines of the stack in an error of the API.
pub(crate) fn stack(error: &Value) -> Vec<String> {
    let frames = error.get("stack").and_then(Value::as_array);
    let line = |frame: &Value| {
        let file = frame.get("file")?.as_str()?;
        let place = format!("{file}:{}:{}", frame.get("line")?, frame.get("column")?);
        let function = frame.get("function").and_then(Value::as_str);
        Some(match function {
            Some(name) => format!("{place} in {name}"),
            None => place,
        })
    };
    frames.into_iter().flatten().filter_map(line).collect()
}

fn who_can_act(body: &Value) -> &'static str {
    let text = |name| body.get(name).and_then(Value::as_str);
    match (text("type"), text("key")) {
        (_, Some("not_authenticated")) => {
            "check AUTHBRIDGE_WORKSPACE_KEY and AUTHBRIDGE_WORKSPACE_SECRET, or the token in \
             AUTHBRIDGE_TOKEN"
        }
        (Some("configuration"), _) => {
            "whoever runs this workspace has to change the integration's parameters or its connector"
        }
        _ if body.pointer("/data/fields").is_some() => {
            "give what the connector asks with `-i name=value`, or on a terminal"
        }
        (Some("connection"), _) => {
            "the account's owner or the external app said no, or could not be reached; nothing was \
             kept, run the command again"
        }
        _ => "nothing was kept; run the command again",
    }
}

fn message(body: &Value, status: http::StatusCode) -> String {
    match body.get("message").and_then(Value::as_str) {
        Some(message) => message.to_owned(),
        None => format!("the server answered {status}"),
    }
}

#[cfg(test)]
mod tests {
    use http::StatusCode;
    use serde_json::json;

    use super::CliError;

    #[test]
    fn an_answer_of_the_api_keeps_its_form() {
        let body = json!({ "type": "bad_request", "key": "not_found", "message": "no" });
        let error = CliError::api(StatusCode::NOT_FOUND, body.clone());
        assert_eq!(error.to_json(), body);
        let error = error.hint_if_not_found("look");
        assert_eq!(error.to_json()["hint"], "look");
    }

    #[test]
    fn an_answer_that_is_no_object_is_still_one_json_object() {
        let error = CliError::api(StatusCode::BAD_GATEWAY, json!(null));
        assert_eq!(
            error.to_json(),
            json!({ "type": "command_line", "message": "the server answered 502 Bad Gateway" })
        );
    }

    #[test]
    fn a_cause_that_the_message_has_is_not_said_twice() {
        let inner = std::io::Error::other("disk gone");
        let error = CliError::Io(std::io::Error::other(inner));
        assert!(error.causes().is_empty());
    }

    #[test]
    fn a_refusal_is_not_taken_for_something_that_is_missing() {
        let body = json!({ "type": "bad_request", "key": "access_denied", "message": "no" });
        let error = CliError::api(StatusCode::FORBIDDEN, body).hint_if_not_found("look");
        assert_eq!(error.hint(), None);
    }
}
