//! The store in an SQLite file: one file per noun.
//!
//! One thread writes and two read; [`threads`] has the rules.

mod action_instance;
mod audit;
mod change;
mod connection;
mod connection_request;
mod connector;
mod customer;
mod element;
mod integration;
mod keys;
mod open;
mod push;
mod record;
mod refresh;
mod session;
mod statement;
mod threads;
mod workspace;

use std::path::Path;

use async_trait::async_trait;
use rusqlite::Connection as Database;

use self::threads::Threads;
use crate::StoreError;
use crate::backend::{Backend, Life};

/// A database in one file.
pub(crate) struct Sqlite {
    threads: Threads,
}

impl Sqlite {
    /// Opens the database of a directory, or makes it, and brings its tables up to date.
    pub(crate) async fn open(data_dir: &Path) -> Result<Self, StoreError> {
        let threads = Threads::start(data_dir).await?;
        Ok(Self { threads })
    }

    /// Runs `work` on a reader.
    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Database) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.threads.read(work).await
    }

    /// Runs `work` on the writer, all of it or none, and answers when it is on the disk.
    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Database) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.threads.write(work).await
    }
}

#[async_trait]
impl Life for Sqlite {
    async fn close(&self) {
        self.threads.close().await;
    }
}

impl Backend for Sqlite {}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Unavailable(error.into())
    }
}
