//! Refreshing credentials so that no answer of a provider is lost: leases, and what they leave.
//!
//! Whoever wants to refresh claims the connection first. The claim is a lease that ends by
//! itself, and an intent that stays until somebody knows what came of it.

use authbridge_core::id::{ConnectionId, IntegrationId, LeaseId, WorkspaceId};
use jiff::Timestamp;
use serde_json::Value;

use super::connection::ConnectionState;

/// A wish to refresh the credentials of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The generation of the credentials that are to be refreshed.
    pub generation: u64,
    /// Who refreshes: an id made for this one attempt.
    pub lease: LeaseId,
    /// How long nobody else may: longer than the provider's deadline and the commit together.
    pub until: Timestamp,
    /// The SHA-256 of the refresh token that will be sent.
    pub fingerprint: [u8; 32],
}

/// What became of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claimed {
    /// The lease is in force: refresh, then commit or release.
    Granted {
        /// The refresh that was begun before with the credentials in force, and that nobody
        /// knows the end of. The provider may have taken the refresh token already.
        interrupted: Option<Intent>,
    },
    /// Somebody else is at it.
    Held {
        /// When the lease of the other ends, unless it is given up earlier.
        until: Timestamp,
    },
    /// The credentials were replaced meanwhile, or the connection is archived: read it again.
    Moved,
}

/// A refresh that was begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intent {
    /// When the lease was granted.
    pub started_at: Timestamp,
    /// The SHA-256 of the refresh token that it was begun with.
    pub fingerprint: [u8; 32],
}

/// How a connection is after a refresh that brought no new credentials.
#[derive(Clone, Debug, PartialEq)]
pub struct Released {
    /// How it is.
    pub state: ConnectionState,
    /// Why it is not ready, as callers are told.
    pub error: Option<Value>,
    /// When its credentials shall be refreshed; `None` when not at all.
    pub refresh_due_at: Option<Timestamp>,
    /// No attempt is due before.
    pub retry_at: Option<Timestamp>,
    /// Failed attempts in a row.
    pub retry_attempts: u32,
    /// The interrupted refresh that the claim told of, where this attempt did not show what
    /// came of it (the provider did not answer, say): the next owner is told of it again.
    pub interrupted: Option<Intent>,
}

/// A connection whose credentials are due to be refreshed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueRefresh {
    /// The workspace.
    pub workspace_id: WorkspaceId,
    /// The connection.
    pub connection_id: ConnectionId,
    /// The integration it goes through.
    pub integration_id: IntegrationId,
    /// The generation of the credentials that are due.
    pub generation: u64,
    /// Since when: when they fell due, or the later end of a wait or of a lease that ran out.
    pub due_at: Timestamp,
}

/// An answer of a provider that a process left in the spool, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replayed {
    /// The workspace.
    pub workspace_id: WorkspaceId,
    /// The connection whose credentials it renews.
    pub connection_id: ConnectionId,
    /// Whether its credentials are in force now. When not, somebody else came first: a
    /// reconnect, an archive, another refresh.
    pub committed: bool,
}
