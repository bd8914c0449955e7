//! Why a command did not do what it was asked, and with which exit code it ends.

use std::process::ExitCode;

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
        hint: Option<String>,
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
    },
    /// The store refused or failed.
    #[error(transparent)]
    Store(#[from] authbridge_store::StoreError),
    /// A use case of the engine failed.
    #[error(transparent)]
    Engine(#[from] authbridge_engine::EngineError),
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
            hint: Some(hint.into()),
        }
    }

    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self::Failed {
            message: message.into(),
            hint: None,
        }
    }

    /// What the user can do about it.
    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            Self::Usage { hint, .. } | Self::Failed { hint, .. } => hint.clone(),
            Self::Unreachable { .. } => {
                Some("start it with `authbridge serve`, or say where it is with `--url`".into())
            }
            Self::Api { body, .. } => field_hint(body),
            Self::Store(error) => error.hint(),
            Self::Listen(_) => Some("choose another address with `--listen`".into()),
            Self::Engine(_) | Self::Read(_) | Self::Io(_) => None,
        }
    }

    /// 1 the thing failed, 2 used wrongly, 3 the server cannot be reached.
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Usage { .. } => ExitCode::from(2),
            Self::Unreachable { .. } => ExitCode::from(3),
            Self::Failed { .. }
            | Self::Api { .. }
            | Self::Store(_)
            | Self::Engine(_)
            | Self::Read(_)
            | Self::Listen(_)
            | Self::Io(_) => ExitCode::from(1),
        }
    }

    /// The same object as the API answers.
    pub(crate) fn to_json(&self) -> Value {
        if let Self::Api { body, .. } = self {
            return body.clone();
        }
        let mut error = json!({ "type": "command_line", "message": self.to_string() });
        if let (Some(hint), Value::Object(members)) = (self.hint(), &mut error) {
            members.insert("hint".into(), hint.into());
        }
        error
    }
}

fn message(body: &Value, status: http::StatusCode) -> String {
    match body.get("message").and_then(Value::as_str) {
        Some(message) => message.to_owned(),
        None => format!("the server answered {status}"),
    }
}

fn field_hint(body: &Value) -> Option<String> {
    let is_unauthenticated = body.get("key").and_then(Value::as_str) == Some("not_authenticated");
    is_unauthenticated.then(|| {
        "give the workspace's key and secret with AUTHBRIDGE_WORKSPACE_KEY and \
         AUTHBRIDGE_WORKSPACE_SECRET, or a token with AUTHBRIDGE_TOKEN"
            .into()
    })
}
