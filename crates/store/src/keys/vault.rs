//! The vault: seals and opens the secrets of workspaces.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use authbridge_core::Effects;
use authbridge_core::id::WorkspaceId;
use zeroize::Zeroizing;

use super::record::{self, RecordError};
use super::{Kek, Keyring, Place};
use crate::StoreError;
use crate::backend::{Backend, Canary, WrappedKey};

/// Seals and opens the secrets of workspaces, each with its own data key.
///
/// Data keys are unwrapped once and kept in memory, where they are overwritten when the vault
/// goes.
pub(crate) struct Vault {
    keyring: Keyring,
    effects: Effects,
    backend: Arc<dyn Backend>,
    keys: RwLock<HashMap<WorkspaceId, Arc<DataKeys>>>,
}

/// The data keys of one workspace, by number; the one with the highest number seals.
struct DataKeys(Vec<(u32, Zeroizing<[u8; 32]>)>);

impl DataKeys {
    fn current(&self) -> Option<(u32, &[u8; 32])> {
        let newest = self.0.iter().max_by_key(|(number, _)| *number);
        newest.map(|(number, key)| (*number, &**key))
    }

    fn find(&self, number: u32) -> Option<&[u8; 32]> {
        let (_, key) = self.0.iter().find(|(other, _)| *other == number)?;
        Some(key)
    }
}

impl Vault {
    /// A vault with the keys of `keyring`, after proof that they are those of the database.
    ///
    /// The first time, the active key seals a canary; from then on a keyring that cannot open
    /// one is refused, before it seals anything that the right one could not open.
    pub(crate) async fn unlock(
        keyring: Keyring,
        effects: Effects,
        backend: Arc<dyn Backend>,
    ) -> Result<Self, StoreError> {
        let vault = Self {
            keyring,
            effects,
            backend,
            keys: RwLock::default(),
        };
        vault.prove_keyring().await?;
        Ok(vault)
    }

    /// A first data key for a workspace that is being made.
    pub(crate) fn new_data_key(&self, workspace: &WorkspaceId) -> WrappedKey {
        let key = Zeroizing::new(self.effects.random_bytes());
        let wrapped = self.wrap(self.keyring.active(), workspace, FIRST, &key);
        self.remember(workspace, DataKeys(vec![(FIRST, key)]));
        wrapped
    }

    /// Forgets the data keys of a workspace that came to nothing.
    pub(crate) fn forget(&self, workspace: &WorkspaceId) {
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        keys.remove(workspace);
    }

    /// Seals `plain` for `place`.
    pub(crate) async fn seal(&self, place: Place<'_>, plain: &[u8]) -> Result<Vec<u8>, StoreError> {
        let keys = self.keys_of(place.workspace).await?;
        let Some((number, key)) = keys.current() else {
            return Err(StoreError::missing("workspace", place.workspace.as_str()));
        };
        let nonce = self.effects.random_bytes();
        let bound = place.associated_data();
        Ok(record::seal(key, number, nonce, &bound, plain))
    }

    /// Opens what was sealed for `place`.
    pub(crate) async fn open(
        &self,
        place: Place<'_>,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        let damaged = |error: &dyn std::fmt::Display| StoreError::Inconsistent {
            table: place.field.table,
            row: place.row.to_owned(),
            reason: format!("`{}` does not open: {error}", place.field.name),
        };
        let number = record::key_number(sealed).map_err(|error| damaged(&error))?;
        let mut keys = self.keys_of(place.workspace).await?;
        if keys.find(number).is_none() {
            // Another process may have given the workspace a new key since.
            self.forget(place.workspace);
            keys = self.keys_of(place.workspace).await?;
        }
        let Some(key) = keys.find(number) else {
            return Err(damaged(&"its data key is gone"));
        };
        record::open(key, &place.associated_data(), sealed).map_err(|error| damaged(&error))
    }

    async fn keys_of(&self, workspace: &WorkspaceId) -> Result<Arc<DataKeys>, StoreError> {
        let known = {
            let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
            keys.get(workspace).cloned()
        };
        if let Some(known) = known {
            return Ok(known);
        }
        let wrapped = self.backend.data_keys(workspace).await?;
        if wrapped.is_empty() {
            return Err(StoreError::missing("workspace", workspace.as_str()));
        }
        let keys: Result<_, StoreError> = wrapped
            .iter()
            .map(|wrapped| Ok((wrapped.number, self.unwrap(workspace, wrapped)?)))
            .collect();
        Ok(self.remember(workspace, DataKeys(keys?)))
    }

    fn remember(&self, workspace: &WorkspaceId, keys: DataKeys) -> Arc<DataKeys> {
        let keys = Arc::new(keys);
        let mut all = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        all.insert(workspace.clone(), Arc::clone(&keys));
        keys
    }

    fn wrap(&self, kek: &Kek, workspace: &WorkspaceId, number: u32, key: &[u8; 32]) -> WrappedKey {
        let bound = wrapping_place(workspace, number, kek.id());
        let nonce = self.effects.random_bytes();
        WrappedKey {
            number,
            kek_id: kek.id().to_owned(),
            bytes: record::seal(kek.bytes(), BY_KEK, nonce, &bound, key),
        }
    }

    fn unwrap(
        &self,
        workspace: &WorkspaceId,
        wrapped: &WrappedKey,
    ) -> Result<Zeroizing<[u8; 32]>, StoreError> {
        let Some(kek) = self.keyring.find(&wrapped.kek_id) else {
            let key_id = wrapped.kek_id.clone();
            return Err(StoreError::UnknownKey { key_id });
        };
        let bound = wrapping_place(workspace, wrapped.number, kek.id());
        let damaged = |error: RecordError| StoreError::Inconsistent {
            table: "data_key",
            row: workspace.as_str().to_owned(),
            reason: format!("it does not open: {error}"),
        };
        let key = record::open(kek.bytes(), &bound, &wrapped.bytes).map_err(damaged)?;
        let key: &[u8; 32] = key
            .as_slice()
            .try_into()
            .map_err(|_| damaged(RecordError::TooShort))?;
        Ok(Zeroizing::new(*key))
    }

    async fn prove_keyring(&self) -> Result<(), StoreError> {
        let active = self.keyring.active();
        let canaries = self
            .backend
            .canaries_or_first(self.canary_of(active))
            .await?;
        let mut proven = false;
        for canary in &canaries {
            let Some(kek) = self.keyring.find(&canary.kek_id) else {
                continue;
            };
            if record::open(kek.bytes(), &canary_place(kek.id()), &canary.bytes).is_err() {
                return Err(self.wrong_key(&canary.kek_id));
            }
            proven = true;
        }
        if let Some(newest) = canaries.last().filter(|_| !proven) {
            return Err(self.wrong_key(&newest.kek_id));
        }
        for key_id in self.backend.keks_in_use().await? {
            if self.keyring.find(&key_id).is_none() {
                return Err(StoreError::UnknownKey { key_id });
            }
        }
        if canaries.iter().all(|canary| canary.kek_id != active.id()) {
            self.backend.add_canary(self.canary_of(active)).await?;
        }
        Ok(())
    }

    fn canary_of(&self, kek: &Kek) -> Canary {
        let nonce = self.effects.random_bytes();
        let bound = canary_place(kek.id());
        Canary {
            kek_id: kek.id().to_owned(),
            bytes: record::seal(kek.bytes(), BY_KEK, nonce, &bound, CANARY),
        }
    }

    fn wrong_key(&self, needed: &str) -> StoreError {
        StoreError::WrongKey {
            needed: needed.to_owned(),
            have: self.keyring.ids(),
        }
    }
}

fn wrapping_place(workspace: &WorkspaceId, number: u32, kek_id: &str) -> String {
    format!("data_key/{workspace}/{number}/{kek_id}")
}

fn canary_place(kek_id: &str) -> String {
    format!("canary/{kek_id}")
}

/// The number of a workspace's first data key.
const FIRST: u32 = 1;

/// What stands in the place of a data key's number where a key-encryption key sealed.
const BY_KEK: u32 = 0;

/// What a canary says; only whether it opens counts.
const CANARY: &[u8] = b"alive";
