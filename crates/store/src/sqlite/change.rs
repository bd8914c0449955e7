//! The revision of a workspace, and what moved it.

use authbridge_core::id::WorkspaceId;
use jiff::Timestamp;
use rusqlite::{Connection as Database, params};

use super::record::{Record, count_column};
use super::statement::{execute, many, one};
use crate::StoreError;
use crate::model::push::WorkspaceChange;

/// The revision of a workspace; 0 before anything changed.
pub(super) fn revision(database: &Database, workspace: &WorkspaceId) -> Result<u64, StoreError> {
    let sql = "SELECT COALESCE(MAX(revision), 0) AS revision FROM workspace_change
        WHERE workspace_id = ?";
    let read = |row: &Record<'_>| row.count("revision");
    Ok(one(database, TABLE, sql, [workspace.as_str()], read)?.unwrap_or(0))
}

/// Moves the revision of a workspace because of a change to the `noun` called `key`.
pub(super) fn changed(
    database: &Database,
    workspace: &WorkspaceId,
    noun: &str,
    key: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let subject = format!("{noun} `{key}`");
    moved(database, workspace, &subject, None, now)?;
    Ok(())
}

/// Moves the revision of a workspace, and tells where to.
pub(super) fn moved(
    database: &Database,
    workspace: &WorkspaceId,
    subject: &str,
    changed_by: Option<&str>,
    now: Timestamp,
) -> Result<u64, StoreError> {
    let revision = revision(database, workspace)? + 1;
    let sql = "INSERT INTO workspace_change
        (workspace_id, revision, subject, changed_by, changed_at) VALUES (?, ?, ?, ?, ?)";
    let number = count_column(revision);
    let values = params![
        workspace.as_str(),
        number,
        subject,
        changed_by,
        now.as_microsecond()
    ];
    execute(database, sql, values)?;
    let sql = "DELETE FROM workspace_change WHERE workspace_id = ? AND revision <= ?";
    execute(database, sql, params![workspace.as_str(), number - KEPT])?;
    Ok(revision)
}

/// The changes after a revision that are still known, the oldest first.
pub(super) fn since(
    database: &Database,
    workspace: &WorkspaceId,
    revision: u64,
) -> Result<Vec<WorkspaceChange>, StoreError> {
    let sql = "SELECT revision, subject, changed_by, changed_at FROM workspace_change
        WHERE workspace_id = ? AND revision > ? ORDER BY revision";
    let values = params![workspace.as_str(), count_column(revision)];
    many(database, TABLE, sql, values, |row| {
        Ok(WorkspaceChange {
            revision: row.count("revision")?,
            subject: row.get("subject")?,
            changed_by: row.get("changed_by")?,
            changed_at: row.time("changed_at")?,
        })
    })
}

/// How many changes are kept to tell of.
const KEPT: i64 = 100;
const TABLE: &str = "workspace_change";
