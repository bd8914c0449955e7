//! How a step went, and what may be wrong when it did not go well.

use authbridge_testkit::{Exchange, Verdict};
use serde_json::Value;

use super::super::bench::Proxied;
use super::super::report::Outcome;
use crate::error::CliError;

/// How a step went, before what it sent is added.
pub(super) struct Went {
    pub(super) outcome: Outcome,
    pub(super) detail: String,
    pub(super) error: Option<Value>,
    pub(super) logs: Vec<Value>,
}

impl Went {
    pub(super) fn of(outcome: Outcome, detail: impl Into<String>) -> Self {
        Self {
            outcome,
            detail: detail.into(),
            error: None,
            logs: Vec::new(),
        }
    }

    pub(super) fn passed(detail: impl Into<String>) -> Self {
        Self::of(Outcome::Passed, detail)
    }

    pub(super) fn skipped(reason: impl Into<String>) -> Self {
        Self::of(Outcome::Skipped(reason.into()), "")
    }

    pub(super) fn failed(lines: &[&str]) -> Self {
        let lines = lines.iter().map(|line| (*line).to_owned()).collect();
        Self::of(Outcome::Failed(lines), "")
    }

    pub(super) fn with_error(mut self, error: &CliError) -> Self {
        let error = error.to_json();
        self.logs = logs_of(&error);
        self.error = Some(error);
        self
    }

    pub(super) fn with_logs_of(mut self, answer: &Value) -> Self {
        self.logs = logs_of(answer);
        self
    }
}

/// What functions wrote to the console while `answer` was made.
pub(in crate::commands::connector::test) fn logs_of(answer: &Value) -> Vec<Value> {
    let logs = answer.get("_logs").and_then(Value::as_array);
    logs.cloned().unwrap_or_default()
}

/// Whether a request after the expiry went through with fresh credentials.
pub(super) fn renewed(
    answer: Result<Proxied, CliError>,
    exchanges: &[Exchange],
    detail: &str,
) -> Went {
    let was_issued = exchanges
        .iter()
        .any(|exchange| exchange.verdict == Verdict::Issued);
    let is_accepted = exchanges.last().map(|last| last.verdict) == Some(Verdict::Accepted);
    match answer {
        Err(error) => Went::failed(&[]).with_error(&error),
        Ok(answer) if answer.status < 400 && is_accepted => Went::passed(detail),
        Ok(_) if was_issued => Went::failed(&[
            "fresh credentials were issued, but the request did not carry them",
            "look at what `refreshCredentials` returns: it is merged over the credentials",
        ]),
        Ok(_) => Went::failed(&[
            "the API gave no fresh credentials",
            "it gives them to requests with a refresh token, or with what the user typed, to \
             something like a token endpoint; for another path, add a route with `{{token}}` to \
             tests/provider.yml",
        ]),
    }
}

/// What may be wrong when no account can be connected.
pub(super) fn connect_hints(exchanges: &[Exchange]) -> Vec<String> {
    let Some(last) = exchanges.last() else {
        return Vec::new();
    };
    let asked = format!("{} {}", last.request.method, last.request.path);
    match last.verdict {
        Verdict::Unknown => vec![
            format!("the API did not find any credentials in `{asked}`"),
            "look at what `makeApiClient` reads, and at what is in `credentials`".to_owned(),
        ],
        Verdict::Accepted => vec![
            format!(
                "the API answered `{asked}` with status {}",
                last.answer.status
            ),
            format!(
                "if the connector expects another answer, add a route for `{}` to \
                 tests/provider.yml",
                last.request.path
            ),
        ],
        Verdict::Refused => vec![format!(
            "`{asked}` was refused: what the connector sends is not what its configuration says"
        )],
        Verdict::Issued
        | Verdict::Expired
        | Verdict::Consented
        | Verdict::Revoked
        | Verdict::Published
        | Verdict::Canned
        | Verdict::Unexpected => Vec::new(),
    }
}
