//! Connections on the wire.

use authbridge_store::{self as store, ConnectionState};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// A customer's authenticated link through an integration.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Connection {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    name: String,
    /// Our id of the customer.
    user_id: String,
    /// The same, by its newer name.
    tenant_id: String,
    integration_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_option_key: Option<String>,
    /// The connection whose account it uses, where authentication is delegated. State, scopes and
    /// what is said about credentials are then that connection's.
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_connection_id: Option<String>,
    /// `READY`, `CLIENT_ACTION_REQUIRED`, `CONFIGURATION_ERROR`, `SETUP_FAILED` or
    /// `DISCONNECTING`.
    state: &'static str,
    connected: bool,
    disconnected: bool,
    /// What its user has to do, if anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_action: Option<ClientAction>,
    /// Why it is disconnected.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    meta: Option<Value>,
    created_at: String,
    updated_at: String,
    last_active_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    archived_at: Option<String>,
    /// When its credentials expire, where they say so.
    #[serde(skip_serializing_if = "Option::is_none")]
    credentials_expire_at: Option<String>,
    /// When they are refreshed next.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_credentials_refresh_at: Option<String>,
    /// Whether they are refreshed at all.
    can_refresh_credentials: bool,
    /// Which scopes the external app granted, where it says so.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    granted_scopes: Vec<String>,
    /// Which scopes were asked for and not granted: the user has to connect again and allow them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    missing_scopes: Vec<String>,
    /// Attempts to refresh them that failed in a row.
    retry_attempts: u32,
    /// When the next attempt is made after one that failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_retry_timestamp: Option<String>,
    /// For admins who ask with `includeSecrets=true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    credentials: Option<Value>,
    /// For admins who ask with `includeSecrets=true`: what the user typed.
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<Value>,
    /// `input` by its older name.
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters: Option<Value>,
    /// For admins who ask with `includeSecrets=true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    connector_parameters: Option<Value>,
}

/// What a user has to do before a connection works again.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ClientAction {
    /// `connect`: the account has to be connected again.
    #[serde(rename = "type")]
    kind: &'static str,
    /// Why.
    description: String,
    /// A page on which it is done. It needs no token, and works for half an hour at least; only
    /// where one connection is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    ui_url: Option<String>,
}

impl ClientAction {
    fn of(record: &store::Connection) -> Option<Self> {
        if record.state != ConnectionState::ClientActionRequired || record.archived_at.is_some() {
            return None;
        }
        let error = record.error.as_ref();
        let message = error.and_then(|error| error.get("message")?.as_str());
        Some(Self {
            kind: "connect",
            description: message.unwrap_or("connect the account again").to_owned(),
            ui_url: None,
        })
    }
}

impl From<store::Connection> for Connection {
    fn from(record: store::Connection) -> Self {
        let disconnected = record.state.disconnected();
        let client_action = ClientAction::of(&record);
        Self {
            id: record.id.to_string(),
            key: record.key,
            name: record.name.unwrap_or_default(),
            user_id: record.customer_id.to_string(),
            tenant_id: record.customer_id.to_string(),
            integration_id: record.integration_id.to_string(),
            auth_option_key: record.auth_option_key,
            parent_connection_id: record.parent_id.map(|id| id.to_string()),
            state: record.state.as_str(),
            connected: !disconnected,
            disconnected,
            client_action,
            error: record.error,
            meta: record.meta,
            created_at: record.created_at.to_string(),
            updated_at: record.updated_at.to_string(),
            last_active_at: record.last_active_at.to_string(),
            archived_at: record.archived_at.map(|at| at.to_string()),
            credentials_expire_at: record.expires_at.map(|at| at.to_string()),
            can_refresh_credentials: record.is_refreshable,
            missing_scopes: record
                .scopes
                .missing()
                .into_iter()
                .map(str::to_owned)
                .collect(),
            granted_scopes: record.scopes.granted,
            next_credentials_refresh_at: record.refresh_due_at.map(|at| at.to_string()),
            retry_attempts: record.retry_attempts,
            next_retry_timestamp: record.retry_at.map(|at| at.to_string()),
            credentials: None,
            input: None,
            parameters: None,
            connector_parameters: None,
        }
    }
}

impl Connection {
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn integration_id(&self) -> &str {
        &self.integration_id
    }

    /// The scopes that were granted, and those that were asked for in vain.
    pub(crate) fn scopes(&self) -> (&[String], Vec<&str>) {
        let missing = self.missing_scopes.iter().map(String::as_str);
        (&self.granted_scopes, missing.collect())
    }

    /// Whether its user has something to do.
    pub(crate) fn wants_action(&self) -> bool {
        self.client_action.is_some()
    }

    /// The same with the page on which the user does it.
    pub(crate) fn with_action_at(mut self, uri: Option<String>) -> Self {
        if let Some(action) = &mut self.client_action {
            action.ui_url = uri;
        }
        self
    }

    /// The same with its secrets, which the engine gave out to an admin and wrote down.
    pub(crate) fn with_secrets(self, secrets: store::ConnectionSecrets) -> Self {
        let input = secrets.input.into_exposed();
        let is_account = self.parent_connection_id.is_none();
        Self {
            credentials: is_account.then(|| secrets.credentials.into_exposed()),
            parameters: Some(input.clone()),
            input: Some(input),
            connector_parameters: Some(secrets.connector_parameters.into_exposed()),
            ..self
        }
    }
}
