//! What Authbridge keeps: the store, its databases, and the sealing of secrets.
//!
//! [`Store`] is the façade that everybody uses. It seals and opens secrets, makes ids and
//! times, and calls a database that sees sealed bytes only. To change what a noun is go to
//! `model/`, what can be done with it to `store/`, how it is kept to `sqlite/`; `backend.rs` is
//! what a database must do.
//!
//! - Every call names its workspace; a row of another workspace is not found.
//! - `find_…` also finds archived rows, and `archived_at` tells; lists leave them out unless
//!   asked.
//! - Answers of providers pass through files in `spool/`, so that none is lost when the database
//!   does not take it or the process ends; `store/refresh.rs` tells how.
//! - Times are kept to the microsecond.
//! - What a call has answered is on the disk. A call whose future is dropped may still happen.

mod backend;
mod error;
mod files;
mod keys;
mod model;
mod page;
mod secret_bytes;
mod sqlite;
mod store;

pub use error::{Source, StoreError};
pub use keys::{Kek, Keyring, KeyringError};
pub use model::action_instance::{
    ActionInstance, ActionInstanceFilter, InstanceAuthor, InstanceContent, InstanceLimits,
    NewActionInstance,
};
pub use model::audit::{Actor, Audit, AuditFilter, NewAudit};
pub use model::connection::{
    Connection, ConnectionFilter, ConnectionPatch, ConnectionSecrets, ConnectionState,
    NewConnection, NewCredentials,
};
pub use model::connection_request::{
    ConnectionRequest, ConnectionRequestOutcome, ConnectionRequestStatus, NewConnectionRequest,
};
pub use model::connector::{
    Connector, ConnectorFilter, ConnectorVersion, Put, PutConnector, PutOutcome,
};
pub use model::customer::{
    Customer, CustomerFilter, CustomerPatch, CustomerSelector, SeenCustomer,
};
pub use model::element::{Element, ElementFilter, ElementLevel, ElementPatch, NewElement};
pub use model::integration::{Integration, IntegrationFilter, IntegrationPatch, NewIntegration};
pub use model::push::{
    Bundles, ElementWrite, IntegrationWrite, PushBatch, SnapshotVersion, WorkspaceChange,
    WorkspaceSnapshot,
};
pub use model::refresh::{Claim, Claimed, DueRefresh, Intent, Released, Replayed};
pub use model::session::{AuthSession, NewAuthSession, TakenAuthSession};
pub use model::workspace::{KeyPurpose, NewWorkspace, NewWorkspaceKey, Workspace, WorkspaceKey};
pub use model::{Origin, UnknownName};
pub use page::{Page, Paged};
pub use secret_bytes::SecretBytes;
pub use store::{Access, OpenOptions, Store};

/// A customer who was seen less than this ago is not written again just to say so.
pub const LAST_ACTIVE_STEP: jiff::SignedDuration = jiff::SignedDuration::from_mins(10);
