//! What tests make: stores in directories that go away, and things to put into them.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use authbridge_core::auth::Scopes;
use authbridge_core::id::LeaseId;
use authbridge_core::{Clock, Effects, Random, SecretJson, SecretString, Watcher};
use authbridge_store::{
    Access, Claim, Claimed, Connection, ConnectionState, Customer, Integration, Kek, Keyring,
    NewConnection, NewCredentials, NewIntegration, NewWorkspace, OpenOptions, Origin, PutConnector,
    SeenCustomer, Store, StoreError, Workspace,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tempfile::TempDir;

/// An open store, with what must stay while it is used.
pub(crate) struct Opened {
    pub(crate) store: Store,
    pub(crate) clock: Arc<TestClock>,
    directory: TempDir,
}

impl Opened {
    /// Another store of the same database, as a second process has it.
    pub(crate) async fn beside(&self) -> Store {
        let options = OpenOptions {
            data_dir: self.directory.path().to_owned(),
            access: Access::Shared,
        };
        let effects = effects_with(Arc::clone(&self.clock));
        Store::open(options, keyring(), effects).await.unwrap()
    }
}

/// A new store in an SQLite file.
pub(crate) async fn sqlite() -> Opened {
    let directory = tempfile::tempdir().unwrap();
    let clock = Arc::new(TestClock::default());
    let effects = effects_with(Arc::clone(&clock));
    let options = OpenOptions {
        data_dir: directory.path().to_owned(),
        access: Access::Exclusive,
    };
    let store = Store::open(options, keyring(), effects).await.unwrap();
    Opened {
        store,
        clock,
        directory,
    }
}

/// Opens the store of a directory as the server does.
pub(crate) async fn open(directory: &Path) -> Result<Store, StoreError> {
    open_with(directory, Access::Exclusive, keyring()).await
}

pub(crate) async fn open_with(
    directory: &Path,
    access: Access,
    keyring: Keyring,
) -> Result<Store, StoreError> {
    let options = OpenOptions {
        data_dir: directory.to_owned(),
        access,
    };
    Store::open(options, keyring, effects_with(Arc::default())).await
}

/// Opens the store of a directory as the server does, with a clock, watched by `watcher`.
pub(crate) async fn open_watched(
    directory: &Path,
    clock: &Arc<TestClock>,
    watcher: Arc<dyn Watcher>,
) -> Store {
    let options = OpenOptions {
        data_dir: directory.to_owned(),
        access: Access::Exclusive,
    };
    let effects = effects_with(Arc::clone(clock)).watched_by(watcher);
    Store::open(options, keyring(), effects).await.unwrap()
}

pub(crate) fn keyring() -> Keyring {
    Keyring::new(kek("main", 1), Vec::new())
}

pub(crate) fn kek(id: &str, byte: u8) -> Kek {
    Kek::new(id, [byte; 32]).unwrap()
}

/// A clock that stands still until it is told otherwise.
pub(crate) struct TestClock(AtomicI64);

impl Default for TestClock {
    fn default() -> Self {
        Self(AtomicI64::new(1_800_000_000_000_000_000))
    }
}

impl TestClock {
    pub(crate) fn advance(&self, by: SignedDuration) {
        let nanoseconds = i64::try_from(by.as_nanos()).unwrap();
        self.0.fetch_add(nanoseconds, Ordering::Relaxed);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_nanosecond(self.0.load(Ordering::Relaxed).into()).unwrap()
    }
}

/// The system's random numbers: two stores of one test must not make the same ids.
struct SystemRandom(Effects);

impl Random for SystemRandom {
    fn fill(&self, buffer: &mut [u8]) {
        self.0.fill_random(buffer);
    }
}

fn effects_with(clock: Arc<TestClock>) -> Effects {
    let random = SystemRandom(Effects::of_the_system());
    Effects::new(clock, Arc::new(random))
}

pub(crate) async fn workspace(store: &Store, key: &str) -> Workspace {
    let new = NewWorkspace {
        key: key.to_owned(),
        name: None,
        secret: SecretString::from(format!("secret of {key}")),
    };
    store.create_workspace(new).await.unwrap()
}

pub(crate) async fn customer(store: &Store, workspace: &Workspace, internal_id: &str) -> Customer {
    let seen = SeenCustomer {
        internal_id: internal_id.to_owned(),
        name: None,
        fields: None,
    };
    store.see_customer(&workspace.id, seen).await.unwrap()
}

pub(crate) fn put_connector(key: &str, version: Option<&str>, spec: &str) -> PutConnector {
    PutConnector {
        key: key.to_owned(),
        uuid: None,
        name: key.to_owned(),
        logo_uri: None,
        version: version.map(str::to_owned),
        bundle: Some(json!({"spec.yml": spec})),
        origin: Origin::Api,
    }
}

pub(crate) fn new_integration(key: &str) -> NewIntegration {
    NewIntegration {
        is_auth_proxy: false,
        key: key.to_owned(),
        name: None,
        connector_id: None,
        connector_version: None,
        logo_uri: None,
        base_uri: None,
        oauth_callback_uri: None,
        allows_external_callback: false,
        meta: None,
        parameters: None,
        origin: Origin::Api,
    }
}

pub(crate) async fn integration(store: &Store, workspace: &Workspace, key: &str) -> Integration {
    let new = new_integration(key);
    store.insert_integration(&workspace.id, new).await.unwrap()
}

pub(crate) fn secret(value: Value) -> SecretJson {
    SecretJson::new(value)
}

pub(crate) fn new_connection(customer: &Customer, integration: &Integration) -> NewConnection {
    NewConnection {
        parent_id: None,
        is_hidden: false,
        customer_id: customer.id.clone(),
        integration_id: integration.id.clone(),
        name: None,
        auth_option_key: None,
        key: None,
        meta: None,
        state: ConnectionState::Ready,
        error: None,
        credentials: secret(json!({"access_token": "first"})),
        input: secret(json!({"domain": "acme"})),
        connector_parameters: secret(json!({"clientId": "client"})),
        scopes: Scopes::default(),
        is_refreshable: false,
        expires_at: None,
        refresh_due_at: None,
        replace: None,
    }
}

pub(crate) fn new_credentials(access_token: &str) -> NewCredentials {
    NewCredentials {
        credentials: secret(json!({"access_token": access_token})),
        input: None,
        connector_parameters: None,
        scopes: None,
        is_refreshable: true,
        state: ConnectionState::Ready,
        error: None,
        expires_at: None,
        refresh_due_at: None,
    }
}

/// A claim of `generation` for the next thirty seconds.
pub(crate) fn claim(clock: &TestClock, generation: u64) -> Claim {
    Claim {
        generation,
        lease: LeaseId::generate(&Effects::of_the_system()),
        until: clock.now() + SignedDuration::from_secs(30),
        fingerprint: [7; 32],
    }
}

/// Claims the first generation of a connection, which must be free.
pub(crate) async fn claimed(store: &Store, clock: &TestClock, connection: &Connection) -> LeaseId {
    let claim = claim(clock, 1);
    let lease = claim.lease.clone();
    let claimed = store.claim_refresh(&connection.workspace_id, &connection.id, claim);
    let claimed = claimed.await.unwrap();
    assert_eq!(claimed, Claimed::Granted { interrupted: None });
    lease
}

/// The access token in force, and its generation.
pub(crate) async fn access_token(store: &Store, connection: &Connection) -> (String, u64) {
    let secrets = store
        .connection_secrets(&connection.workspace_id, &connection.id)
        .await
        .unwrap();
    let token = &secrets.credentials.expose()["access_token"];
    (token.as_str().unwrap().to_owned(), secrets.generation)
}

/// A workspace `acme` with a connection of the customer `alice` through the integration `crm`.
pub(crate) async fn connected(store: &Store) -> (Workspace, Connection) {
    let workspace = workspace(store, "acme").await;
    let customer = customer(store, &workspace, "alice").await;
    let integration = integration(store, &workspace, "crm").await;
    let new = new_connection(&customer, &integration);
    let connection = store.insert_connection(&workspace.id, new).await.unwrap();
    (workspace, connection)
}
