//! A workspace in memory: its record, the keys that tokens are verified with, and the key that
//! it signs with.

use std::sync::Arc;
use std::time::Duration;

use authbridge_core::SecretString;
use authbridge_core::secret::ExposeSecret as _;
use authbridge_core::settings::WorkspaceSettings;
use authbridge_core::token::{GeneratedKey, SigningAlgorithm, SigningKey, VerificationKey};
use authbridge_store::{
    KeyPurpose, NewWorkspace, NewWorkspaceKey, SecretBytes, Store, Workspace, WorkspaceKey,
};
use moka::future::Cache;
use serde_json::{Value, json};

use crate::{Engine, EngineError};

/// Other processes may change a workspace (`authbridge workspace …`); this is how long it takes
/// at most until it is seen here.
const REMEMBERED_FOR: Duration = Duration::from_secs(30);

/// A workspace, ready to verify and to sign.
#[derive(Debug)]
pub struct WorkspaceState {
    /// The stored record.
    pub record: Workspace,
    /// Its settings.
    pub settings: WorkspaceSettings,
    /// The keys that tokens of callers may be signed with.
    pub verification_keys: Vec<VerificationKey>,
    /// What tokens for external apps are signed with.
    pub signing_key: SigningKey,
}

/// Workspaces by their key.
pub(crate) struct Workspaces {
    store: Store,
    by_key: Cache<String, Arc<WorkspaceState>>,
    /// Anybody may ask for it, so it is not made anew each time.
    key_set: Cache<(), Arc<Value>>,
}

impl Workspaces {
    pub(crate) fn new(store: Store) -> Self {
        let by_key = Cache::builder()
            .max_capacity(10_000)
            .time_to_live(REMEMBERED_FOR)
            .build();
        let key_set = Cache::builder()
            .max_capacity(1)
            .time_to_live(REMEMBERED_FOR)
            .build();
        Self {
            store,
            by_key,
            key_set,
        }
    }

    pub(crate) async fn find(&self, key: &str) -> Result<Option<Arc<WorkspaceState>>, EngineError> {
        if let Some(state) = self.by_key.get(key).await {
            return Ok(Some(state));
        }
        let Some(record) = self.store.find_workspace_by_key(key).await? else {
            return Ok(None);
        };
        let state = Arc::new(load(&self.store, record).await?);
        self.by_key.insert(key.to_owned(), Arc::clone(&state)).await;
        Ok(Some(state))
    }

    /// Reads the workspace anew the next time.
    pub(crate) async fn forget(&self, key: &str) {
        self.by_key.invalidate(key).await;
    }
}

async fn load(store: &Store, record: Workspace) -> Result<WorkspaceState, EngineError> {
    let secret = store.workspace_secret(&record.id).await?;
    let keys = store.list_workspace_keys(&record.id).await?;
    let secret = secret.expose_secret().as_bytes();
    let mut verification_keys = vec![VerificationKey::from_secret(secret)];
    verification_keys
        .extend(keys.iter().filter_map(|key| {
            VerificationKey::from_jwk(&key.kid, &key.algorithm, &key.public_jwk)
        }));
    let signing_key = match keys.iter().rev().find(|key| is_signing(key)) {
        Some(key) => read_signing_key(store, &record, key).await?,
        None => SigningKey::from_secret(secret),
    };
    let settings = WorkspaceSettings::kept(&record.settings);
    Ok(WorkspaceState {
        record,
        settings,
        verification_keys,
        signing_key,
    })
}

fn is_signing(key: &WorkspaceKey) -> bool {
    key.purpose == KeyPurpose::Sign && key.retired_at.is_none()
}

async fn read_signing_key(
    store: &Store,
    workspace: &Workspace,
    key: &WorkspaceKey,
) -> Result<SigningKey, EngineError> {
    let broken = || EngineError::SigningKey(key.kid.clone());
    let bytes = store.workspace_private_key(&workspace.id, &key.kid).await?;
    let pem = std::str::from_utf8(bytes.expose()).map_err(|_| broken())?;
    let algorithm = SigningAlgorithm::from_name(&key.algorithm).ok_or_else(broken)?;
    SigningKey::from_pem(&key.kid, algorithm, &SecretString::from(pem)).map_err(|_| broken())
}

/// Creates a workspace; with an asymmetric `algorithm` also the key pair that it signs with.
pub async fn create_workspace(
    store: &Store,
    effects: &authbridge_core::Effects,
    new: NewWorkspace,
    algorithm: SigningAlgorithm,
) -> Result<Workspace, EngineError> {
    let workspace = store.create_workspace(new).await?;
    if algorithm != SigningAlgorithm::Hs256 {
        let pair = GeneratedKey::new(algorithm, effects)
            .map_err(|error| EngineError::SigningKey(error.to_string()))?;
        let new = NewWorkspaceKey {
            kid: pair.kid,
            algorithm: algorithm.as_str().to_owned(),
            public_jwk: pair.public_jwk,
            private_pkcs8: Some(SecretBytes::new(
                pair.private_pem.expose_secret().as_bytes().to_vec(),
            )),
            purpose: KeyPurpose::Sign,
        };
        store.insert_workspace_key(&workspace.id, new).await?;
    }
    Ok(workspace)
}

impl Engine {
    /// The public keys that workspaces sign with, as a JWK set (RFC 7517 section 5). A key that
    /// another process made is in it within half a minute.
    pub async fn public_keys(&self) -> Result<Arc<Value>, EngineError> {
        let key_set = &self.shared.workspaces.key_set;
        if let Some(keys) = key_set.get(&()).await {
            return Ok(keys);
        }
        let store = &self.shared.store;
        let mut keys = Vec::new();
        for workspace in store.list_workspaces().await? {
            let own = store.list_workspace_keys(&workspace.id).await?;
            let signing = own
                .into_iter()
                .filter(|key| key.purpose == KeyPurpose::Sign);
            keys.extend(signing.map(|key| key.public_jwk));
        }
        let keys = Arc::new(json!({ "keys": keys }));
        key_set.insert((), Arc::clone(&keys)).await;
        Ok(keys)
    }
}
