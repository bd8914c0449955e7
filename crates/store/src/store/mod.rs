//! The façade: one file per noun.

mod audit;
mod connection;
mod connector;
mod customer;
mod integration;
mod lock;
mod seal;
mod workspace;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use authbridge_core::Effects;
use jiff::Timestamp;

use self::lock::DirectoryLock;
use crate::backend::Backend;
use crate::keys::{Keyring, Vault};
use crate::sqlite::Sqlite;
use crate::{StoreError, files};

/// Everything that Authbridge keeps. Cloning is cheap, and all clones are one store.
///
/// It works from any asynchronous runtime, and from several at once.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    backend: Arc<dyn Backend>,
    vault: Vault,
    effects: Effects,
    lock: Mutex<Option<DirectoryLock>>,
}

/// How to open a store.
#[derive(Clone, Debug)]
pub struct OpenOptions {
    /// The directory that holds the database; made when missing.
    pub data_dir: PathBuf,
    /// Who else may have it open.
    pub access: Access,
}

/// Who else may have a data directory open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// No other server: one process at a time, which a lock sees to.
    Exclusive,
    /// Anybody: for commands that run beside the server.
    Shared,
}

impl Store {
    /// Opens the store of a directory, and makes it when there is none: directory, database,
    /// tables. The keyring must be the one that it was made with.
    pub async fn open(
        options: OpenOptions,
        keyring: Keyring,
        effects: Effects,
    ) -> Result<Self, StoreError> {
        let OpenOptions { data_dir, access } = options;
        files::create_private_directory(&data_dir)
            .map_err(|error| cannot_open(&data_dir, error))?;
        let lock = match access {
            Access::Exclusive => Some(DirectoryLock::take(&data_dir)?),
            Access::Shared => None,
        };
        let backend: Arc<dyn Backend> = Arc::new(Sqlite::open(&data_dir).await?);
        let vault = Vault::unlock(keyring, effects.clone(), Arc::clone(&backend)).await?;
        Ok(Self(Arc::new(Inner {
            backend,
            vault,
            effects,
            lock: Mutex::new(lock),
        })))
    }

    /// Finishes what was asked for, brings the database into one file, stops its threads and
    /// gives up the lock. Later calls answer [`StoreError::Closed`].
    pub async fn close(&self) {
        self.0.backend.close().await;
        let lock = self.0.lock.lock();
        drop(lock.unwrap_or_else(PoisonError::into_inner).take());
    }

    fn backend(&self) -> &dyn Backend {
        &*self.0.backend
    }

    fn vault(&self) -> &Vault {
        &self.0.vault
    }

    fn effects(&self) -> &Effects {
        &self.0.effects
    }

    /// The time, as precise as it is kept, so that what is answered is what will be read.
    fn now(&self) -> Timestamp {
        to_the_microsecond(self.0.effects.now())
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Store")
    }
}

/// `time` as precise as it is kept.
fn to_the_microsecond(time: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(time.as_microsecond()).unwrap_or(time)
}

fn cannot_open(path: &Path, error: std::io::Error) -> StoreError {
    StoreError::CannotOpen {
        path: path.to_owned(),
        source: error.into(),
    }
}
