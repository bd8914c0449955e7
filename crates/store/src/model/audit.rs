//! The audit log: who did what to which thing.

use authbridge_core::id::{AuditId, CustomerId};
use jiff::Timestamp;
use serde_json::Value;

/// Who did something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// Somebody with an administrator's token of the workspace.
    Admin {
        /// Who, as the token says.
        name: String,
    },
    /// A customer.
    Customer(CustomerId),
    /// Whoever runs the engine, from the command line.
    Operator,
    /// The engine by itself.
    System,
}

/// An entry of the audit log.
#[derive(Clone, Debug, PartialEq)]
pub struct Audit {
    /// Its id.
    pub id: AuditId,
    /// Who did it.
    pub actor: Actor,
    /// What was done, such as `connection.secrets_read`.
    pub action: String,
    /// To what: an id.
    pub subject: String,
    /// More about it, never a secret.
    pub detail: Value,
    /// When.
    pub created_at: Timestamp,
}

/// An entry to write.
#[derive(Clone, Debug)]
pub struct NewAudit {
    /// Who did it.
    pub actor: Actor,
    /// What was done.
    pub action: String,
    /// To what: an id.
    pub subject: String,
    /// More about it, never a secret.
    pub detail: Value,
}

/// Which entries to list.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// Those about one thing, by its id.
    pub subject: Option<String>,
}
