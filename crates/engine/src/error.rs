//! What can go wrong in a use case.

use authbridge_core::auth::AuthError;
use authbridge_core::client::TargetError;
use authbridge_core::token::TokenError;
use authbridge_definition::{Diagnostic, Severity};
use authbridge_store::StoreError;
use serde_json::Value;

use crate::egress::EgressError;

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
