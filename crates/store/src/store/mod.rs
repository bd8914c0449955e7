//! The façade: one file per noun.

mod action_instance;
mod audit;
mod connection;
mod connection_request;
mod connector;
mod customer;
mod element;
mod integration;
mod lock;
mod push;
mod refresh;
mod replay;
mod seal;
mod session;
mod spool;
mod spooled;
mod workspace;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use authbridge_core::Effects;
use jiff::Timestamp;

use self::lock::DirectoryLock;
use self::replay::Replay;
use self::spool::Spool;
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
    spool: Spool,
    /// Set before anybody else has the store; empty where the spool was not replayed.
    replay: OnceLock<Replay>,
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
    ///
    /// With [`Access::Exclusive`], answers that were left in the spool are brought into the
    /// database first, [`replayed`](Self::replayed) tells which; and leases of the process before
    /// are over.
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
        let store = Self(Arc::new(Inner {
            backend,
            vault,
            effects,
            spool: Spool::open(&data_dir)?,
            replay: OnceLock::new(),
            lock: Mutex::new(lock),
        }));
        if access == Access::Exclusive {
            let replay = store.replay_spool().await?;
            store.0.replay.get_or_init(|| replay);
            // Whoever had one is gone, or this process would not have the directory.
            store.backend().end_leases(store.now()).await?;
        }
        Ok(store)
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

    fn spool(&self) -> &Spool {
        &self.0.spool
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
///
/// Within the last second there is, microseconds cannot be made into a time again; whoever means
/// never gets the beginning of that second.
fn to_the_microsecond(time: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(time.as_microsecond())
        .or_else(|_| Timestamp::from_second(time.as_second()))
        .unwrap_or(time)
}

fn cannot_open(path: &Path, error: std::io::Error) -> StoreError {
    StoreError::CannotOpen {
        path: path.to_owned(),
        source: error.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_time_that_is_written_can_be_read() {
        for time in [Timestamp::MIN, Timestamp::UNIX_EPOCH, Timestamp::MAX] {
            let kept = to_the_microsecond(time);
            let read = Timestamp::from_microsecond(kept.as_microsecond());
            assert_eq!(read.unwrap(), kept);
        }
    }
}
