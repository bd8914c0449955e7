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

#[cfg(test)]
mod tests {
    use super::*;

    /// A connection made before there were leases to speak of, which is due since 5 and was
    /// tried at 7 by somebody who is gone.
    const OLD_ROWS: &str = "
        INSERT INTO workspace VALUES ('ws', 'acme', NULL, '{}', 1);
        INSERT INTO customer VALUES ('ws', 'cus', 'alice', NULL, '{}', 1, 1, NULL);
        INSERT INTO integration (workspace_id, id, key, origin, revision, created_at, updated_at)
            VALUES ('ws', 'int', 'crm', 'api', 1, 1, 1);
        INSERT INTO connection (workspace_id, id, customer_id, integration_id, state, generation,
            last_active_at, created_at, updated_at, refresh_due_at, lease_owner, lease_until,
            lease_generation)
            VALUES ('ws', 'con', 'cus', 'int', 'READY', 3, 1, 1, 1, 5, 'lea', 7, 3)";

    #[test]
    fn a_database_of_the_first_version_is_brought_up_to_date() {
        let directory = tempfile::tempdir().unwrap();
        let mut database = Database::open(path(directory.path())).unwrap();
        let first = migrations::migrations::runner().set_target(refinery::Target::Version(1));
        first.run(&mut database).unwrap();
        database.execute_batch(OLD_ROWS).unwrap();
        drop(database);
        let database = writer(directory.path()).unwrap();
        let sql = "SELECT generation, due_at, refreshed_by FROM connection";
        let row = database.query_one(sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
        assert_eq!(row.unwrap(), (3, 7, None::<String>));
    }
}
