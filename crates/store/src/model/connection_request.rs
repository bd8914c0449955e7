//! Requests to connect an account, which a user follows by a link.

use std::fmt;

use authbridge_core::SecretJson;
use authbridge_core::id::{
    ConnectionId, ConnectionRequestId, CustomerId, IntegrationId, WorkspaceId,
};
use jiff::Timestamp;
use serde_json::Value;

use super::named;

named! {
    /// How it stands with a request.
    ConnectionRequestStatus {
        /// Nobody has done it yet.
        Pending = "pending",
        /// The account is connected; the link is used up.
        Success = "success",
        /// The user, or whoever asked, does not want it any more; the link is used up.
        Cancelled = "cancelled",
        /// The last attempt failed; another one may do better.
        Error = "error",
    }
}

/// A request to connect an account.
#[derive(Clone, Debug, PartialEq)]
pub struct ConnectionRequest {
    /// Its id.
    pub id: ConnectionRequestId,
    /// The workspace it belongs to.
    pub workspace_id: WorkspaceId,
    /// Whose account is to be connected.
    pub customer_id: CustomerId,
    /// The integration to connect.
    pub integration_id: IntegrationId,
    /// The connection to reconnect; `None` makes a new one.
    pub connection_id: Option<ConnectionId>,
    /// What else was asked for, without secrets.
    pub details: Value,
    /// How it stands.
    pub status: ConnectionRequestStatus,
    /// What came of it.
    pub result_connection_id: Option<ConnectionId>,
    /// Why the last attempt failed.
    pub result_error: Option<Value>,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on its link does not work.
    pub expires_at: Timestamp,
}

/// A request to make.
#[derive(Clone, Debug)]
pub struct NewConnectionRequest {
    /// Whose account is to be connected.
    pub customer_id: CustomerId,
    /// The integration to connect.
    pub integration_id: IntegrationId,
    /// The connection to reconnect; `None` makes a new one.
    pub connection_id: Option<ConnectionId>,
    /// The SHA-256 of what the link holds, which must be 256 random bits: it is all that whoever
    /// opens the link has to show.
    pub link_hash: [u8; 32],
    /// What else was asked for, without secrets.
    pub details: Value,
    /// Connector parameters to connect with; kept sealed, erased when the link is used up.
    pub connector_parameters: Option<SecretJson>,
    /// From when on its link does not work.
    pub expires_at: Timestamp,
}

/// What came of a request.
#[derive(Clone, Debug)]
pub enum ConnectionRequestOutcome {
    /// This connection.
    Success(ConnectionId),
    /// Nothing, because somebody gave up.
    Cancelled,
    /// Nothing so far, and why.
    Error(Value),
}
