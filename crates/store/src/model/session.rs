//! Attempts to connect an account that go by way of the external app.

use authbridge_core::SecretJson;
use authbridge_core::id::{AuthSessionId, ConnectionId, CustomerId, IntegrationId, WorkspaceId};
use jiff::Timestamp;

/// An attempt to connect: from sending the browser away to its coming back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthSession {
    /// Its id.
    pub id: AuthSessionId,
    /// The workspace it belongs to.
    pub workspace_id: WorkspaceId,
    /// The integration to connect.
    pub integration_id: IntegrationId,
    /// Whose account it is.
    pub customer_id: CustomerId,
    /// The connection to reconnect; `None` makes a new one.
    pub connection_id: Option<ConnectionId>,
    /// What the waiting client calls this attempt.
    pub request_id: Option<String>,
    /// The SHA-256 of the cookie of the browser that began; `None` where none was set.
    pub browser_hash: Option<[u8; 32]>,
    /// When it began.
    pub created_at: Timestamp,
    /// From when on a callback is too late.
    pub expires_at: Timestamp,
    /// When its callback came.
    pub used_at: Option<Timestamp>,
}

/// An attempt to begin.
#[derive(Clone, Debug)]
pub struct NewAuthSession {
    /// The integration to connect.
    pub integration_id: IntegrationId,
    /// Whose account it is.
    pub customer_id: CustomerId,
    /// The connection to reconnect; `None` makes a new one.
    pub connection_id: Option<ConnectionId>,
    /// What the waiting client calls this attempt.
    pub request_id: Option<String>,
    /// The SHA-256 of the state that the external app hands back. The state itself must hold
    /// 256 random bits: it is all that finds the session again.
    pub state_hash: [u8; 32],
    /// The SHA-256 of the cookie that the browser was given.
    pub browser_hash: Option<[u8; 32]>,
    /// From when on a callback is too late.
    pub expires_at: Timestamp,
    /// What the callback needs to go on, such as the PKCE verifier; kept sealed, erased once
    /// taken.
    pub payload: SecretJson,
}

/// What there is under the state of a callback.
#[derive(Clone, Debug, PartialEq)]
pub enum TakenAuthSession {
    /// A session that nobody took before, and its payload.
    Fresh(AuthSession, SecretJson),
    /// One whose callback came already.
    Used(AuthSession),
    /// One that waited too long.
    Expired(AuthSession),
    /// Nothing: never issued, or purged.
    Unknown,
}
