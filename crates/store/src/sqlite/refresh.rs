//! Refreshes of connections: leases, and when which is due.

use async_trait::async_trait;
use authbridge_core::id::{ConnectionId, IntegrationId, LeaseId, WorkspaceId};
use jiff::Timestamp;
use rusqlite::{Connection as Database, named_params, params};

use super::Sqlite;
use super::connection::{SELECT, TABLE, connection};
use super::record::{Record, count_column};
use super::statement::{execute, many, one};
use crate::StoreError;
use crate::backend::Refreshes;
use crate::model::connection::Connection;
use crate::model::refresh::{Claim, Claimed, DueRefresh, Intent, Released};

#[async_trait]
impl Refreshes for Sqlite {
    async fn claim_refresh(
        &self,
        workspace: &WorkspaceId,
        id: &ConnectionId,
        claim: Claim,
        now: Timestamp,
    ) -> Result<Claimed, StoreError> {
        let workspace = workspace.clone();
        let id = id.clone();
        self.write(move |database| {
            // Before the claim, for that overwrites the intent.
            let before = standing(database, &workspace, &id)?;
            if set_lease(database, &workspace, &id, &claim, now)? {
                let interrupted = before.intent;
                return Ok(Claimed::Granted { interrupted });
            }
            Ok(match before.lease_until {
                Some(until) if before.is_of(claim.generation) => Claimed::Held { until },
                Some(_) | None => Claimed::Moved,
            })
        })
        .await
    }

    async fn lease(
        &self,
        workspace: &WorkspaceId,
        id: &ConnectionId,
    ) -> Result<Option<LeaseId>, StoreError> {
        let (workspace, id) = (workspace.clone(), id.clone());
        self.read(move |database| {
            let sql = "SELECT id, lease_owner FROM connection WHERE workspace_id = ? AND id = ?";
            let params = [workspace.as_str(), id.as_str()];
            let lease = one(database, TABLE, sql, params, |row| {
                row.parse_optional("lease_owner")
            });
            Ok(lease?.flatten())
        })
        .await
    }

    async fn refreshed_by(
        &self,
        workspace: &WorkspaceId,
        id: &ConnectionId,
        lease: &LeaseId,
    ) -> Result<Option<Connection>, StoreError> {
        let (workspace, id, lease) = (workspace.clone(), id.clone(), lease.clone());
        self.read(move |database| {
            let sql = format!(
                "{SELECT} FROM connection WHERE workspace_id = ? AND id = ? AND refreshed_by = ?"
            );
            let params = [workspace.as_str(), id.as_str(), lease.as_str()];
            one(database, TABLE, &sql, params, connection)
        })
        .await
    }

    async fn release_refresh(
        &self,
        workspace: &WorkspaceId,
        id: &ConnectionId,
        lease: &LeaseId,
        released: Released,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (workspace, id, lease) = (workspace.clone(), id.clone(), lease.clone());
        self.write(move |database| release(database, &workspace, &id, &lease, &released, now))
            .await
    }

    async fn end_leases(&self, now: Timestamp) -> Result<(), StoreError> {
        self.write(move |database| {
            let sql = "UPDATE connection SET lease_until = :now WHERE lease_until > :now";
            execute(
                database,
                sql,
                named_params! { ":now": now.as_microsecond() },
            )?;
            Ok(())
        })
        .await
    }

    async fn due_refreshes(
        &self,
        now: Timestamp,
        limit: u32,
        except: &[IntegrationId],
    ) -> Result<Vec<DueRefresh>, StoreError> {
        let except = serde_json::json!(except).to_string();
        self.read(move |database| {
            let params = params![now.as_microsecond(), except, limit];
            many(database, TABLE, DUE, params, due_refresh)
        })
        .await
    }

    async fn next_refresh_due(&self) -> Result<Option<Timestamp>, StoreError> {
        self.read(|database| {
            let next = one(database, TABLE, NEXT_DUE, [], |row| {
                row.time_optional("due_at")
            });
            Ok(next?.flatten())
        })
        .await
    }
}

/// Where a connection stands with its refreshes.
struct Standing {
    generation: u64,
    is_archived: bool,
    lease_until: Option<Timestamp>,
    intent: Option<Intent>,
}

impl Standing {
    /// Whether `generation` is in force.
    fn is_of(&self, generation: u64) -> bool {
        self.generation == generation && !self.is_archived
    }
}

fn standing(
    database: &Database,
    workspace: &WorkspaceId,
    id: &ConnectionId,
) -> Result<Standing, StoreError> {
    let sql = "SELECT id, generation, archived_at, lease_until, intent_started_at,
        intent_fingerprint FROM connection WHERE workspace_id = ? AND id = ?";
    let params = [workspace.as_str(), id.as_str()];
    let found = one(database, TABLE, sql, params, |row| {
        Ok(Standing {
            generation: row.count("generation")?,
            is_archived: row.time_optional("archived_at")?.is_some(),
            lease_until: row.time_optional("lease_until")?,
            intent: intent(row)?,
        })
    });
    found?.ok_or_else(|| StoreError::missing("connection", id.as_str()))
}

fn intent(row: &Record<'_>) -> Result<Option<Intent>, StoreError> {
    let Some(started_at) = row.time_optional("intent_started_at")? else {
        return Ok(None);
    };
    Ok(Some(Intent {
        started_at,
        fingerprint: row.get("intent_fingerprint")?,
    }))
}

/// Sets lease and intent if nothing stands against it, and tells whether it did.
fn set_lease(
    database: &Database,
    workspace: &WorkspaceId,
    id: &ConnectionId,
    claim: &Claim,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "UPDATE connection SET lease_owner = :lease, lease_until = :until,
        intent_started_at = :now, intent_fingerprint = :fingerprint
        WHERE workspace_id = :workspace AND id = :id AND generation = :generation
        AND archived_at IS NULL AND (lease_until IS NULL OR lease_until <= :now)";
    let values = named_params! {
        ":lease": claim.lease.as_str(),
        ":until": claim.until.as_microsecond(),
        ":fingerprint": claim.fingerprint,
        ":now": now.as_microsecond(),
        ":workspace": workspace.as_str(),
        ":id": id.as_str(),
        ":generation": count_column(claim.generation),
    };
    Ok(execute(database, sql, values)? > 0)
}

fn release(
    database: &Database,
    workspace: &WorkspaceId,
    id: &ConnectionId,
    lease: &LeaseId,
    released: &Released,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Released {
        state,
        error,
        refresh_due_at,
        retry_at,
        retry_attempts,
        interrupted,
    } = released;
    // The time of the last change stays when callers see none.
    let sql = "UPDATE connection SET
        updated_at = CASE WHEN state = :state AND error IS :error THEN updated_at ELSE :now END,
        state = :state, error = :error, refresh_due_at = :refresh_due_at, retry_at = :retry_at,
        retry_attempts = :retry_attempts, lease_owner = NULL, lease_until = NULL,
        intent_started_at = :intent_started_at, intent_fingerprint = :intent_fingerprint
        WHERE workspace_id = :workspace AND id = :id AND lease_owner = :lease
        AND archived_at IS NULL";
    let intent = interrupted.as_ref();
    let values = named_params! {
        ":state": state.as_str(),
        ":error": error.as_ref().map(ToString::to_string),
        ":refresh_due_at": refresh_due_at.map(Timestamp::as_microsecond),
        ":retry_at": retry_at.map(Timestamp::as_microsecond),
        ":retry_attempts": retry_attempts,
        ":intent_started_at": intent.map(|intent| intent.started_at.as_microsecond()),
        ":intent_fingerprint": intent.map(|intent| intent.fingerprint),
        ":now": now.as_microsecond(),
        ":workspace": workspace.as_str(),
        ":id": id.as_str(),
        ":lease": lease.as_str(),
    };
    execute(database, sql, values)?;
    Ok(())
}

fn due_refresh(row: &Record<'_>) -> Result<DueRefresh, StoreError> {
    Ok(DueRefresh {
        workspace_id: row.parse("workspace_id")?,
        connection_id: row.parse("id")?,
        integration_id: row.parse("integration_id")?,
        generation: row.count("generation")?,
        due_at: row.time("due_at")?,
    })
}

/// `due_at` is worked out by the table: it is null where nothing is due, and later than now
/// where a lease is in force or a wait is not over.
const DUE: &str = "SELECT workspace_id, id, integration_id, generation, due_at FROM connection
    WHERE due_at <= ? AND integration_id NOT IN (SELECT value FROM json_each(?))
    ORDER BY due_at LIMIT ?";
const NEXT_DUE: &str = "SELECT id, due_at FROM connection WHERE due_at IS NOT NULL
    ORDER BY due_at LIMIT 1";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sqlite::open;

    /// How SQLite would run a statement, in words.
    fn plan(sql: &str) -> String {
        let directory = tempfile::tempdir().unwrap();
        let database = open::writer(directory.path()).unwrap();
        let mut statement = database
            .prepare(&format!("EXPLAIN QUERY PLAN {sql}"))
            .unwrap();
        let values = vec![0; statement.parameter_count()];
        let details = statement
            .query_map(rusqlite::params_from_iter(values), |row| {
                row.get::<_, String>("detail")
            })
            .unwrap();
        details.map(Result::unwrap).collect::<Vec<_>>().join("\n")
    }

    /// A range of the index in its order: no scan, no sorting.
    #[test]
    fn what_is_due_is_read_off_the_index() {
        let due = plan(DUE);
        let from_the_index = "SEARCH connection USING INDEX connection_due (due_at<?)";
        assert!(due.starts_with(from_the_index), "{due}");
        assert!(!due.contains("ORDER BY"), "{due}");
        assert_eq!(
            plan(NEXT_DUE),
            "SEARCH connection USING INDEX connection_due (due_at>?)"
        );
    }
}
