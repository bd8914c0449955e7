//! What can go wrong in a use case.

use authbridge_core::action::ActionError;
use authbridge_core::auth::AuthError;
use authbridge_core::client::TargetError;
use authbridge_core::token::TokenError;
use authbridge_definition::{Diagnostic, Severity};
use authbridge_store::{StoreError, WorkspaceChange};
use serde_json::Value;

use crate::egress::EgressError;
use crate::{Issue, NoAuthentication};

/// Why a use case did not do what it was asked. Messages hold no secrets.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The caller's token is not accepted.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The caller may not do this.
    #[error("{0}")]
    AccessDenied(&'static str),
    /// There is no such thing, or not for this caller.
    #[error("{noun} not found: {selector}")]
    NotFound {
        /// The noun, capitalised, as the wire contract spells such messages.
        noun: &'static str,
        /// What was asked for.
        selector: String,
    },
    /// The request makes no sense as it is.
    #[error("{message}")]
    BadRequest {
        /// What is wrong and what to do.
        message: String,
    },
    /// A definition with errors.
    #[error("the connector's definition has {} error(s); the first: {}", count(.0), first(.0))]
    Definition(Vec<Diagnostic>),
    /// Integration or connector must change before this works.
    #[error("{message}")]
    Configuration {
        /// What is wrong and what to do.
        message: String,
    },
    /// The connection cannot be used until its user reconnects, or its owner repairs it.
    #[error("{message}")]
    Disconnected {
        /// What to do.
        message: String,
        /// Why it came to this, as stored with the connection.
        error: Option<Value>,
    },
    /// An action cannot be authenticated as the workspace is.
    #[error("{0}")]
    NoAuthentication(Box<NoAuthentication>),
    /// There is no connection to run an action with.
    #[error("{message}")]
    NotConnected {
        /// Whose connection is missing, and how it comes about.
        message: String,
    },
    /// An action that says nothing that could be run.
    #[error(transparent)]
    Action(#[from] ActionError),
    /// A push that cannot be applied, and why: nothing of it was.
    #[error("the push has {} problem(s) and was not applied; the first: {}", issues.len(), first_issue(issues))]
    PushRefused {
        /// What is wrong with which element.
        issues: Vec<Issue>,
        /// What is wrong in definitions of connectors.
        diagnostics: Vec<Diagnostic>,
    },
    /// The workspace is not what a push was made for.
    #[error("{}", workspace_changed(*base, *revision, changes))]
    WorkspaceChanged {
        /// The revision that the push was made for.
        base: u64,
        /// The one that the workspace has.
        revision: u64,
        /// What changed in between, the oldest first, as far as it is known.
        changes: Vec<WorkspaceChange>,
    },
    /// A step of auth failed.
    #[error(transparent)]
    Auth(#[from] AuthError),
    /// A request may not go where the caller wants it.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// A request did not go out, or no answer came.
    #[error(transparent)]
    Egress(#[from] EgressError),
    /// The store refused or failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A key of the workspace does not work.
    #[error("the workspace has a signing key that does not work: {0}")]
    SigningKey(String),
}

impl EngineError {
    pub(crate) fn not_found(noun: &'static str, selector: impl Into<String>) -> Self {
        Self::NotFound {
            noun,
            selector: selector.into(),
        }
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::BadRequest {
            message: message.into(),
        }
    }

    pub(crate) fn configuration(message: impl Into<String>) -> Self {
        Self::Configuration {
            message: message.into(),
        }
    }
}

pub(crate) fn is_error(diagnostic: &Diagnostic) -> bool {
    diagnostic.severity == Severity::Error
}

fn count(diagnostics: &[Diagnostic]) -> usize {
    diagnostics
        .iter()
        .filter(|diagnostic| is_error(diagnostic))
        .count()
}

fn first(diagnostics: &[Diagnostic]) -> String {
    let first = diagnostics.iter().find(|diagnostic| is_error(diagnostic));
    first.map_or_else(String::new, |first| {
        format!("{}:{}: {}", first.file, first.line, first.message)
    })
}

fn first_issue(issues: &[Issue]) -> String {
    issues.first().map_or_else(String::new, |issue| {
        let name = &issue.name;
        let place = match &name.integration_key {
            None => name.element_type.clone(),
            Some(integration) => format!("integrations/{integration}/{}", name.element_type),
        };
        format!("{place}/{}: {}", name.key, issue.message)
    })
}

fn workspace_changed(base: u64, revision: u64, changes: &[WorkspaceChange]) -> String {
    let mut told: Vec<String> = changes
        .iter()
        .rev()
        .take(TOLD_CHANGES)
        .map(|change| match &change.changed_by {
            Some(name) => format!("{} by {name} at {}", change.subject, change.changed_at),
            None => format!("{} at {}", change.subject, change.changed_at),
        })
        .collect();
    let more = changes.len().saturating_sub(TOLD_CHANGES);
    if more > 0 {
        told.push(format!("{more} more"));
    }
    let since = match told.as_slice() {
        // It counts from the beginning again, or the changes are too long ago to be kept.
        [] if revision < base => "it is another workspace of this key, made anew".to_owned(),
        [] => "what happened since then is not known any more".to_owned(),
        told => format!("since then: {}", told.join(", ")),
    };
    format!(
        "the workspace changed: it has revision {revision}, and the push was made for {base}; \
         {since}; pull it first, or push with `force`"
    )
}

/// How many changes a message tells of.
const TOLD_CHANGES: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_conflict_says_why_also_where_no_change_is_known() {
        let text = workspace_changed(7, 2, &[]);
        assert!(text.contains("for 7; it is another workspace"), "{text}");
        let text = workspace_changed(7, 900, &[]);
        assert!(text.contains("not known any more; pull it first"), "{text}");
    }
}
