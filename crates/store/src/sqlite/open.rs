//! Opening the database file.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection as Database, OpenFlags};

use crate::error::Source;
use crate::{StoreError, files};

/// Opens the database of a directory to write, and brings its tables up to date.
pub(super) fn writer(data_dir: &Path) -> Result<Database, StoreError> {
    let path = path(data_dir);
    open_writer(data_dir, &path).map_err(|source| StoreError::CannotOpen { path, source })
}

/// Opens the database of a directory to read only.
pub(super) fn reader(data_dir: &Path) -> Result<Database, StoreError> {
    let path = path(data_dir);
    open_reader(&path).map_err(|source| StoreError::CannotOpen { path, source })
}

fn path(data_dir: &Path) -> PathBuf {
    data_dir.join("authbridge.db")
}

fn open_writer(data_dir: &Path, path: &Path) -> Result<Database, Source> {
    make_private(path)?;
    // One process at a time, so that two that start together do not both make the tables.
    let turn = files::open_private_file(&data_dir.join("migration.lock"))?;
    File::lock(&turn)?;
    let mut database = Database::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    database.busy_timeout(BUSY_TIMEOUT)?;
    database.pragma_update(None, "journal_mode", "wal")?;
    // `normal` would lose the last commits when the power goes, and a refresh token with them.
    database.pragma_update(None, "synchronous", "full")?;
    database.pragma_update(None, "foreign_keys", true)?;
    // What archiving erases shall not stay behind in free pages.
    database.pragma_update(None, "secure_delete", true)?;
    tune(&database)?;
    migrations::migrations::runner().run(&mut database)?;
    Ok(database)
}

/// Makes the file, for SQLite gives its other files the permissions of this one.
///
/// A file that exists is not even opened: to close it again would release the locks that other
/// connections of this process hold on it.
fn make_private(path: &Path) -> io::Result<()> {
    match files::create_private_file(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

fn open_reader(path: &Path) -> Result<Database, Source> {
    let database = Database::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    database.busy_timeout(BUSY_TIMEOUT)?;
    database.pragma_update(None, "query_only", true)?;
    tune(&database)?;
    Ok(database)
}

fn tune(database: &Database) -> rusqlite::Result<()> {
    database.pragma_update(None, "mmap_size", MMAP_BYTES)?;
    database.pragma_update(None, "cache_size", CACHE_KIBIBYTES)?;
    database.pragma_update(None, "temp_store", "memory")?;
    database.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(())
}

/// The tables, as steps from nothing to now.
mod migrations {
    refinery::embed_migrations!("src/sqlite/migrations");
}

/// How long to wait for another process that writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// How much of the file to read without copying it.
const MMAP_BYTES: i64 = 256 << 20;

/// How much to keep of what was read, per thread; SQLite takes a negative number as KiB.
const CACHE_KIBIBYTES: i64 = -16 << 10;

/// How many prepared statements to keep, per thread: more than there are.
const STATEMENTS: usize = 128;
