//! Connections and their secrets.

use std::fmt;

use authbridge_core::SecretJson;
use authbridge_core::auth::Scopes;
use authbridge_core::id::{ConnectionId, ConnectorId, CustomerId, IntegrationId, WorkspaceId};
use jiff::Timestamp;
use serde_json::Value;

use super::{named, set};

named! {
    /// How a connection is.
    ConnectionState {
        /// It works.
        Ready = "READY",
        /// The customer must reconnect.
        ClientActionRequired = "CLIENT_ACTION_REQUIRED",
        /// The workspace owner must fix the connector or the integration.
        ConfigurationError = "CONFIGURATION_ERROR",
        /// It never came to work.
        SetupFailed = "SETUP_FAILED",
        /// It is being taken down.
        Disconnecting = "DISCONNECTING",
    }
}

impl ConnectionState {
    /// Whether requests cannot be made with it: all states but [`Ready`](Self::Ready).
    pub fn disconnected(self) -> bool {
        self != Self::Ready
    }
}

/// A customer's authenticated link through an integration.
#[derive(Clone, Debug, PartialEq)]
pub struct Connection {
    /// Its id.
    pub id: ConnectionId,
    /// The workspace it belongs to.
    pub workspace_id: WorkspaceId,
    /// Whose it is.
    pub customer_id: CustomerId,
    /// The integration it goes through.
    pub integration_id: IntegrationId,
    /// A name that the caller gave it.
    pub key: Option<String>,
    /// A name for people.
    pub name: Option<String>,
    /// Which of the connector's auth options it uses; `None` is the default.
    pub auth_option_key: Option<String>,
    /// The connection whose credentials it uses, where authentication is delegated. What follows
    /// about credentials is then that connection's, and so is the state unless that is ready.
    pub parent_id: Option<ConnectionId>,
    /// Whether it is of an auth proxy, and not shown to customers.
    pub is_hidden: bool,
    /// How it is.
    pub state: ConnectionState,
    /// Why it is not ready, as callers are told.
    pub error: Option<Value>,
    /// What callers keep here for themselves.
    pub meta: Option<Value>,
    /// What was asked of the provider and what it granted; empty where nobody spoke of scopes.
    pub scopes: Scopes,
    /// Counts the replacements of its secrets; starts at 1.
    pub generation: u64,
    /// When its credentials expire, where that is known.
    pub expires_at: Option<Timestamp>,
    /// When they shall be refreshed.
    pub refresh_due_at: Option<Timestamp>,
    /// Whether they can be refreshed, known when or not.
    pub is_refreshable: bool,
    /// No attempt to refresh them is due before.
    pub retry_at: Option<Timestamp>,
    /// Attempts to refresh them that failed, in a row.
    pub retry_attempts: u32,
    /// When it was made or its credentials were last replaced.
    pub last_active_at: Timestamp,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it was archived.
    pub archived_at: Option<Timestamp>,
}

/// A connection to make.
#[derive(Clone, Debug)]
pub struct NewConnection {
    /// Whose it is.
    pub customer_id: CustomerId,
    /// The integration it goes through.
    pub integration_id: IntegrationId,
    /// A name for people.
    pub name: Option<String>,
    /// Which of the connector's auth options it uses.
    pub auth_option_key: Option<String>,
    /// A name that the caller gives it.
    pub key: Option<String>,
    /// What callers keep here for themselves.
    pub meta: Option<Value>,
    /// The connection whose credentials it uses.
    pub parent_id: Option<ConnectionId>,
    /// Whether it is of an auth proxy.
    pub is_hidden: bool,
    /// How it is.
    pub state: ConnectionState,
    /// Why it is not ready.
    pub error: Option<Value>,
    /// What authenticates; kept sealed.
    pub credentials: SecretJson,
    /// What the customer typed; kept sealed.
    pub input: SecretJson,
    /// Connector parameters of its own, laid over those of the integration; kept sealed.
    pub connector_parameters: SecretJson,
    /// What was asked of the provider and what it granted.
    pub scopes: Scopes,
    /// When the credentials expire.
    pub expires_at: Option<Timestamp>,
    /// When they shall be refreshed; `None` when not at all, or when somebody refuses them.
    pub refresh_due_at: Option<Timestamp>,
    /// Whether they can be refreshed.
    pub is_refreshable: bool,
    /// A connection to archive in the same transaction. Those that used its credentials use the
    /// new one's.
    pub replace: Option<ConnectionId>,
}

/// New secrets of a connection, and how it is with them.
#[derive(Clone, Debug)]
pub struct NewCredentials {
    /// What authenticates.
    pub credentials: SecretJson,
    /// What the customer typed; `None` keeps what there is.
    pub input: Option<SecretJson>,
    /// The connector parameters; `None` keeps what there is.
    pub connector_parameters: Option<SecretJson>,
    /// What was asked of the provider and what it granted; `None` keeps what there is.
    pub scopes: Option<Scopes>,
    /// How the connection is now.
    pub state: ConnectionState,
    /// Why it is not ready.
    pub error: Option<Value>,
    /// When the credentials expire.
    pub expires_at: Option<Timestamp>,
    /// When they shall be refreshed; `None` when not at all, or when somebody refuses them.
    pub refresh_due_at: Option<Timestamp>,
    /// Whether they can be refreshed.
    pub is_refreshable: bool,
}

/// The secrets of a connection.
#[derive(Clone, Debug, PartialEq)]
pub struct ConnectionSecrets {
    /// The generation they belong to.
    pub generation: u64,
    /// What authenticates.
    pub credentials: SecretJson,
    /// What the customer typed.
    pub input: SecretJson,
    /// The connector parameters the connection was made with.
    pub connector_parameters: SecretJson,
}

/// What to change about a connection; `None` leaves a field, `Some(None)` clears it.
#[derive(Clone, Debug, Default)]
pub struct ConnectionPatch {
    /// A name for people.
    pub name: Option<Option<String>>,
    /// A name that the caller gives it.
    pub key: Option<Option<String>>,
    /// What callers keep here for themselves.
    pub meta: Option<Option<Value>>,
    /// How it is.
    pub state: Option<ConnectionState>,
    /// Why it is not ready.
    pub error: Option<Option<Value>>,
    /// Which of the connector's auth options it uses.
    pub auth_option_key: Option<Option<String>>,
    /// The connection whose credentials it uses.
    pub parent_id: Option<Option<ConnectionId>>,
}

impl ConnectionPatch {
    /// Applies the patch.
    pub(crate) fn apply(self, connection: &mut Connection) {
        let Self {
            name,
            key,
            meta,
            state,
            error,
            auth_option_key,
            parent_id,
        } = self;
        set(&mut connection.name, name);
        set(&mut connection.key, key);
        set(&mut connection.meta, meta);
        set(&mut connection.state, state);
        set(&mut connection.error, error);
        set(&mut connection.auth_option_key, auth_option_key);
        set(&mut connection.parent_id, parent_id);
    }
}

/// Which connections to list.
#[derive(Clone, Debug, Default)]
pub struct ConnectionFilter {
    /// Those of one customer.
    pub customer_id: Option<CustomerId>,
    /// Those through one integration.
    pub integration_id: Option<IntegrationId>,
    /// Those through any integration of one connector.
    pub connector_id: Option<ConnectorId>,
    /// Those that are disconnected, or those that are not.
    pub is_disconnected: Option<bool>,
    /// Those that use the credentials of one connection.
    pub parent_id: Option<ConnectionId>,
    /// Whether archived ones are listed as well.
    pub include_archived: bool,
    /// Whether those of auth proxies are listed as well.
    pub include_hidden: bool,
    /// Text that the name or the key contains, in any case.
    pub search: Option<String>,
}
