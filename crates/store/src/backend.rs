//! What a database must do: one trait per noun.
//!
//! A backend sees sealed bytes only. Every method that changes several rows changes all of them
//! or none. Ids, times and seals are made above, so that every database holds the same.

use std::collections::HashMap;

use async_trait::async_trait;
use authbridge_core::Effects;
use authbridge_core::auth::Scopes;
use authbridge_core::element::{ElementId, ElementType};
use authbridge_core::id::{
    ActionInstanceId, ConnectionId, ConnectionRequestId, ConnectorId, CustomerId, IntegrationId,
    LeaseId, WorkspaceId,
};
use jiff::Timestamp;
use serde_json::Value;

use crate::model::action_instance::{
    ActionInstance, ActionInstanceFilter, InstanceAuthor, InstanceContent, InstanceLimits,
};
use crate::model::audit::{Audit, AuditFilter};
use crate::model::connection::{Connection, ConnectionFilter, ConnectionPatch, ConnectionState};
use crate::model::connection_request::{ConnectionRequest, ConnectionRequestOutcome};
use crate::model::connector::{Connector, ConnectorFilter, ConnectorVersion, Put, PutConnector};
use crate::model::customer::{
    Customer, CustomerFilter, CustomerPatch, CustomerSelector, SeenCustomer,
};
use crate::model::element::{Element, ElementFilter, ElementLevel, ElementPatch};
use crate::model::integration::{Integration, IntegrationFilter, IntegrationPatch};
use crate::model::push::{Bundles, PushBatch, WorkspaceChange, WorkspaceSnapshot};
use crate::model::refresh::{Claim, Claimed, DueRefresh, Released};
use crate::model::session::AuthSession;
use crate::model::workspace::{Workspace, WorkspaceKey};
use crate::{Page, Paged, StoreError};

type Answer<T> = Result<T, StoreError>;

/// A database.
pub(crate) trait Backend:
    Keys
    + Workspaces
    + Customers
    + Connectors
    + Integrations
    + Elements
    + ActionInstances
    + Pushes
    + Connections
    + Refreshes
    + AuthSessions
    + ConnectionRequests
    + Audits
    + Life
{
}

/// A data key, wrapped by a key-encryption key.
#[derive(Clone, Debug)]
pub(crate) struct WrappedKey {
    /// Its number within the workspace.
    pub(crate) number: u32,
    /// The key-encryption key that wraps it.
    pub(crate) kek_id: String,
    /// The wrapped key.
    pub(crate) bytes: Vec<u8>,
}

/// A known text, sealed by a key-encryption key to recognise it by.
#[derive(Clone, Debug)]
pub(crate) struct Canary {
    /// The key-encryption key.
    pub(crate) kek_id: String,
    /// The sealed text.
    pub(crate) bytes: Vec<u8>,
}

/// The sealed value of one field of a row.
#[derive(Clone, Debug)]
pub(crate) struct SealedField {
    /// The field's name.
    pub(crate) name: String,
    /// The generation of the row that it was sealed for; 0 where rows do not count them.
    pub(crate) generation: u64,
    /// The sealed value.
    pub(crate) bytes: Vec<u8>,
}

/// The end of a backend.
#[async_trait]
pub(crate) trait Life: Send + Sync {
    /// Finishes what was asked for, writes everything to its final place and stops.
    async fn close(&self);
}

/// Wrapped keys, canaries and sealed values.
#[async_trait]
pub(crate) trait Keys: Send + Sync {
    /// All canaries, the oldest first, after adding `first` when there was none.
    async fn canaries_or_first(&self, first: Canary) -> Answer<Vec<Canary>>;
    /// Adds a canary unless its key has one.
    async fn add_canary(&self, canary: Canary) -> Answer<()>;
    /// The ids of the key-encryption keys that wrap any data key.
    async fn keks_in_use(&self) -> Answer<Vec<String>>;
    /// The data keys of a workspace; none when there is no such workspace.
    async fn data_keys(&self, workspace: &WorkspaceId) -> Answer<Vec<WrappedKey>>;
    /// The sealed values of a row.
    async fn sealed(
        &self,
        workspace: &WorkspaceId,
        table: &'static str,
        row: &str,
    ) -> Answer<Vec<SealedField>>;
}

/// Workspaces and their key pairs.
#[async_trait]
pub(crate) trait Workspaces: Send + Sync {
    async fn insert_workspace(
        &self,
        workspace: &Workspace,
        data_key: WrappedKey,
        secret: SealedField,
    ) -> Answer<()>;
    async fn list_workspaces(&self) -> Answer<Vec<Workspace>>;
    async fn find_workspace(&self, id: &WorkspaceId) -> Answer<Option<Workspace>>;
    async fn find_workspace_by_key(&self, key: &str) -> Answer<Option<Workspace>>;
    async fn update_workspace(
        &self,
        before: &Workspace,
        name: Option<&str>,
        settings: &Value,
    ) -> Answer<bool>;
    async fn replace_workspace_secret(
        &self,
        workspace: &WorkspaceId,
        secret: SealedField,
    ) -> Answer<()>;
    async fn insert_workspace_key(
        &self,
        workspace: &WorkspaceId,
        key: &WorkspaceKey,
        private: Option<SealedField>,
    ) -> Answer<()>;
    async fn list_workspace_keys(&self, workspace: &WorkspaceId) -> Answer<Vec<WorkspaceKey>>;
}

/// Customers.
#[async_trait]
pub(crate) trait Customers: Send + Sync {
    /// Inserts `fresh`, or brings the one with its internal id up to date.
    async fn see_customer(&self, fresh: Customer, seen: SeenCustomer) -> Answer<Customer>;
    async fn find_customer(
        &self,
        workspace: &WorkspaceId,
        selector: &CustomerSelector,
    ) -> Answer<Option<Customer>>;
    async fn list_customers(
        &self,
        workspace: &WorkspaceId,
        filter: CustomerFilter,
        page: Page,
    ) -> Answer<Paged<Customer>>;
    async fn update_customer(
        &self,
        workspace: &WorkspaceId,
        id: &CustomerId,
        patch: CustomerPatch,
    ) -> Answer<Customer>;
    /// Archives at a time, or restores; archiving twice keeps the first time.
    async fn set_customer_archived(
        &self,
        workspace: &WorkspaceId,
        id: &CustomerId,
        at: Option<Timestamp>,
    ) -> Answer<Customer>;
    async fn replace_customer_credentials(
        &self,
        workspace: &WorkspaceId,
        id: &CustomerId,
        credentials: Option<SealedField>,
    ) -> Answer<()>;
}

/// Connectors and their versions.
#[async_trait]
pub(crate) trait Connectors: Send + Sync {
    /// Inserts `fresh` with its version, or brings the one with its key up to date.
    async fn put_connector(
        &self,
        workspace: &WorkspaceId,
        fresh: Connector,
        put: PutConnector,
    ) -> Answer<Put<Connector>>;
    async fn find_connector(
        &self,
        workspace: &WorkspaceId,
        selector: &str,
    ) -> Answer<Option<Connector>>;
    async fn list_connectors(
        &self,
        workspace: &WorkspaceId,
        filter: ConnectorFilter,
        page: Page,
    ) -> Answer<Paged<Connector>>;
    async fn archive_connector(
        &self,
        workspace: &WorkspaceId,
        id: &ConnectorId,
        at: Timestamp,
    ) -> Answer<Connector>;
    async fn connector_bundle(
        &self,
        workspace: &WorkspaceId,
        id: &ConnectorId,
        version: Option<&str>,
    ) -> Answer<Option<Value>>;
    async fn list_connector_versions(
        &self,
        workspace: &WorkspaceId,
        id: &ConnectorId,
    ) -> Answer<Vec<ConnectorVersion>>;
}

/// What an update does to the sealed parameters of an integration.
pub(crate) enum ParametersChange {
    /// Leaves them.
    Keep,
    /// Removes them.
    Clear,
    /// Puts these in their place.
    Replace(SealedField),
}

/// Integrations.
#[async_trait]
pub(crate) trait Integrations: Send + Sync {
    async fn insert_integration(
        &self,
        workspace: &WorkspaceId,
        integration: &Integration,
        parameters: Option<SealedField>,
    ) -> Answer<()>;
    async fn find_integration(
        &self,
        workspace: &WorkspaceId,
        selector: &str,
    ) -> Answer<Option<Integration>>;
    async fn list_integrations(
        &self,
        workspace: &WorkspaceId,
        filter: IntegrationFilter,
        page: Page,
    ) -> Answer<Paged<Integration>>;
    async fn update_integration(
        &self,
        workspace: &WorkspaceId,
        id: &IntegrationId,
        patch: IntegrationPatch,
        parameters: ParametersChange,
        now: Timestamp,
    ) -> Answer<Integration>;
    /// Archives at a time, or restores; one that is so already stays as it is.
    async fn set_integration_archived(
        &self,
        workspace: &WorkspaceId,
        id: &IntegrationId,
        at: Option<Timestamp>,
        now: Timestamp,
    ) -> Answer<Integration>;
}

/// Elements.
#[async_trait]
pub(crate) trait Elements: Send + Sync {
    async fn insert_element(&self, workspace: &WorkspaceId, element: &Element) -> Answer<()>;
    async fn find_element(
        &self,
        workspace: &WorkspaceId,
        id: &ElementId,
    ) -> Answer<Option<Element>>;
    async fn find_element_by_key(
        &self,
        workspace: &WorkspaceId,
        element_type: ElementType,
        level: &ElementLevel,
        key: &str,
    ) -> Answer<Option<Element>>;
    async fn list_elements(
        &self,
        workspace: &WorkspaceId,
        filter: ElementFilter,
        page: Page,
    ) -> Answer<Paged<Element>>;
    /// Changes an element, and brings the children that are not customised up to date with it.
    async fn update_element(
        &self,
        workspace: &WorkspaceId,
        id: &ElementId,
        patch: ElementPatch,
        now: Timestamp,
    ) -> Answer<Element>;
    /// Archives at a time, or restores; one that is so already stays as it is.
    async fn set_element_archived(
        &self,
        workspace: &WorkspaceId,
        id: &ElementId,
        at: Option<Timestamp>,
        now: Timestamp,
    ) -> Answer<Element>;
}

/// Instances of actions.
#[async_trait]
pub(crate) trait ActionInstances: Send + Sync {
    async fn insert_action_instance(
        &self,
        workspace: &WorkspaceId,
        instance: &ActionInstance,
        limits: InstanceLimits,
    ) -> Answer<()>;
    async fn find_action_instance(
        &self,
        workspace: &WorkspaceId,
        id: &ActionInstanceId,
    ) -> Answer<Option<ActionInstance>>;
    async fn find_action_instance_by_key(
        &self,
        workspace: &WorkspaceId,
        connection: &ConnectionId,
        action_key: &str,
        instance_key: Option<&str>,
    ) -> Answer<Option<ActionInstance>>;
    async fn list_action_instances(
        &self,
        workspace: &WorkspaceId,
        filter: ActionInstanceFilter,
        page: Page,
    ) -> Answer<Paged<ActionInstance>>;
    async fn set_action_instance(
        &self,
        workspace: &WorkspaceId,
        id: &ActionInstanceId,
        said: InstanceContent,
        limits: InstanceLimits,
        now: Timestamp,
    ) -> Answer<ActionInstance>;
    async fn remove_action_instance(
        &self,
        workspace: &WorkspaceId,
        id: &ActionInstanceId,
        by: InstanceAuthor,
    ) -> Answer<()>;
}

/// The sealed parameters that come with a batch.
pub(crate) type SealedParameters = HashMap<IntegrationId, SealedField>;

/// Workspaces as a whole. Every change of a connector, an integration or an element moves the
/// workspace's revision, whichever trait it is made by.
#[async_trait]
pub(crate) trait Pushes: Send + Sync {
    /// Everything, as it is at one moment.
    async fn workspace_snapshot(
        &self,
        workspace: &WorkspaceId,
        bundles: Bundles,
    ) -> Answer<WorkspaceSnapshot>;
    /// What moved the revision beyond `since`, as far as it is known.
    async fn workspace_changes(
        &self,
        workspace: &WorkspaceId,
        since: u64,
    ) -> Answer<Vec<WorkspaceChange>>;
    /// Applies a batch where the expected revision is in force, and tells the new one. Children do
    /// not follow: what becomes of them is in the batch. `watched` is told `push.writing` when half
    /// of the elements are written.
    async fn apply_push(
        &self,
        workspace: &WorkspaceId,
        batch: PushBatch,
        parameters: SealedParameters,
        now: Timestamp,
        watched: Effects,
    ) -> Answer<u64>;
}

/// What replacing a connection's credentials writes, and on which condition.
pub(crate) struct CredentialsChange {
    /// The generation that must be in force.
    pub(crate) expected_generation: u64,
    /// The secrets, all sealed for the generation after it.
    pub(crate) secrets: Vec<SealedField>,
    pub(crate) state: ConnectionState,
    pub(crate) error: Option<Value>,
    /// `None` keeps what there is.
    pub(crate) scopes: Option<Scopes>,
    pub(crate) expires_at: Option<Timestamp>,
    pub(crate) refresh_due_at: Option<Timestamp>,
    pub(crate) is_refreshable: bool,
    /// The lease that must be in place, when the credentials come from a refresh; others win
    /// over any.
    pub(crate) lease: Option<LeaseId>,
    /// The time of the change.
    pub(crate) now: Timestamp,
}

/// Connections.
#[async_trait]
pub(crate) trait Connections: Send + Sync {
    /// Inserts `connection` with its secrets, and archives `replace` with it.
    async fn insert_connection(
        &self,
        connection: &Connection,
        secrets: Vec<SealedField>,
        replace: Option<ConnectionId>,
    ) -> Answer<()>;
    async fn find_connection(
        &self,
        workspace: &WorkspaceId,
        id: &ConnectionId,
    ) -> Answer<Option<Connection>>;
    async fn list_connections(
        &self,
        workspace: &WorkspaceId,
        filter: ConnectionFilter,
        page: Page,
    ) -> Answer<Paged<Connection>>;
    async fn update_connection(
        &self,
        workspace: &WorkspaceId,
        id: &ConnectionId,
        patch: ConnectionPatch,
        now: Timestamp,
    ) -> Answer<Connection>;
    async fn archive_connection(
        &self,
        workspace: &WorkspaceId,
        id: &ConnectionId,
        now: Timestamp,
    ) -> Answer<Connection>;
    async fn replace_credentials(
        &self,
        workspace: &WorkspaceId,
        id: &ConnectionId,
        change: CredentialsChange,
    ) -> Answer<Connection>;
}

/// Refreshes of connections: leases, and when which is due.
///
/// A lease is in force as long as it ends after `now`. It stays in its row when it has run out,
/// until another one is claimed, so that a late commit is still taken if nobody came between.
#[async_trait]
pub(crate) trait Refreshes: Send + Sync {
    /// Sets lease and intent, where the generation is in force, the connection is not archived
    /// and no lease is in force.
    async fn claim_refresh(
        &self,
        workspace: &WorkspaceId,
        id: &ConnectionId,
        claim: Claim,
        now: Timestamp,
    ) -> Answer<Claimed>;
    /// The lease in a row, in force or not.
    async fn lease(&self, workspace: &WorkspaceId, id: &ConnectionId) -> Answer<Option<LeaseId>>;
    /// The connection, if the credentials in force are those that `lease` brought.
    async fn refreshed_by(
        &self,
        workspace: &WorkspaceId,
        id: &ConnectionId,
        lease: &LeaseId,
    ) -> Answer<Option<Connection>>;
    /// Clears the lease, where it is still in place.
    async fn release_refresh(
        &self,
        workspace: &WorkspaceId,
        id: &ConnectionId,
        lease: &LeaseId,
        released: Released,
        now: Timestamp,
    ) -> Answer<()>;
    /// Ends all leases that are in force at `now`; their intents stay.
    async fn end_leases(&self, now: Timestamp) -> Answer<()>;
    /// The connections that are due at `now`, the longest due first, without those through the
    /// integrations in `except`.
    async fn due_refreshes(
        &self,
        now: Timestamp,
        limit: u32,
        except: &[IntegrationId],
    ) -> Answer<Vec<DueRefresh>>;
    /// When the first connection is due.
    async fn next_refresh_due(&self) -> Answer<Option<Timestamp>>;
}

/// What a database has under the state of a callback.
pub(crate) enum TakenSession {
    /// A session that is marked as used now, and its payload, which is gone now.
    Fresh(AuthSession, SealedField),
    Used(AuthSession),
    Expired(AuthSession),
    Unknown,
}

/// Attempts to connect that go by way of the external app.
#[async_trait]
pub(crate) trait AuthSessions: Send + Sync {
    async fn insert_auth_session(
        &self,
        session: &AuthSession,
        state_hash: [u8; 32],
        payload: SealedField,
    ) -> Answer<()>;
    /// Marks the session as used and erases its payload, if it is neither used nor expired.
    async fn take_auth_session(&self, state_hash: [u8; 32], now: Timestamp)
    -> Answer<TakenSession>;
    /// Removes at most `limit` sessions that expired before a time, and tells how many.
    async fn purge_auth_sessions(&self, before: Timestamp, limit: u32) -> Answer<u32>;
}

/// Requests to connect an account, which a user follows by a link.
#[async_trait]
pub(crate) trait ConnectionRequests: Send + Sync {
    async fn insert_connection_request(
        &self,
        request: &ConnectionRequest,
        link_hash: [u8; 32],
        parameters: Option<SealedField>,
    ) -> Answer<()>;
    async fn find_connection_request(
        &self,
        link_hash: [u8; 32],
    ) -> Answer<Option<ConnectionRequest>>;
    /// Notes the outcome, unless there is a final one; erases the parameters with a final one.
    /// Tells whether it was noted.
    async fn settle_connection_request(
        &self,
        workspace: &WorkspaceId,
        id: &ConnectionRequestId,
        outcome: ConnectionRequestOutcome,
    ) -> Answer<bool>;
    /// Removes at most `limit` requests that expired before a time, and tells how many.
    async fn purge_connection_requests(&self, before: Timestamp, limit: u32) -> Answer<u32>;
}

/// The audit log.
#[async_trait]
pub(crate) trait Audits: Send + Sync {
    async fn insert_audit(&self, workspace: &WorkspaceId, audit: &Audit) -> Answer<()>;
    async fn list_audit(
        &self,
        workspace: &WorkspaceId,
        filter: AuditFilter,
        page: Page,
    ) -> Answer<Paged<Audit>>;
    /// The last `limit` entries about `subject`, the newest first.
    async fn latest_audit(
        &self,
        workspace: &WorkspaceId,
        subject: &str,
        limit: u32,
    ) -> Answer<Vec<Audit>>;
}
