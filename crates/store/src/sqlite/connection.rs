//! Connections.

use async_trait::async_trait;
use authbridge_core::auth::Scopes;
use authbridge_core::id::{ConnectionId, LeaseId, WorkspaceId};
use jiff::Timestamp;
use rusqlite::{Connection as Database, named_params, params};
use serde_json::json;

use super::keys::{erase_sealed, put_sealed};
use super::record::{Record, count_column};
use super::statement::{Conditions, Ids, execute, one};
use super::{Sqlite, customer, integration};
use crate::backend::{Connections, CredentialsChange, SealedField};
use crate::keys::field;
use crate::model::connection::{Connection, ConnectionFilter, ConnectionPatch, ConnectionState};
use crate::{Page, Paged, StoreError};

#[async_trait]
impl Connections for Sqlite {
    async fn insert_connection(
        &self,
        connection: &Connection,
        secrets: Vec<SealedField>,
        replace: Option<ConnectionId>,
    ) -> Result<(), StoreError> {
        let connection = connection.clone();
        self.write(move |database| {
            let workspace = &connection.workspace_id;
            customer::require(database, workspace, &connection.customer_id)?;
            integration::require(database, workspace, &connection.integration_id)?;
            if let Some(replaced) = &replace {
                archive(database, workspace, replaced, connection.created_at)?;
            }
            insert(database, &connection)?;
            if let Some(replaced) = &replace {
                adopt_children(database, workspace, replaced, &connection.id)?;
            }
            put_sealed(database, workspace, TABLE, connection.id.as_str(), secrets)
        })
        .await
    }

    async fn find_connection(
        &self,
        workspace: &WorkspaceId,
        id: &ConnectionId,
    ) -> Result<Option<Connection>, StoreError> {
        let workspace = workspace.clone();
        let id = id.clone();
        self.read(move |database| find(database, &workspace, &id))
            .await
    }

    async fn list_connections(
        &self,
        workspace: &WorkspaceId,
        filter: ConnectionFilter,
        page: Page,
    ) -> Result<Paged<Connection>, StoreError> {
        let workspace = workspace.clone();
        self.read(move |database| list(database, &workspace, &filter, &page))
            .await
    }

    async fn update_connection(
        &self,
        workspace: &WorkspaceId,
        id: &ConnectionId,
        patch: ConnectionPatch,
        now: Timestamp,
    ) -> Result<Connection, StoreError> {
        let workspace = workspace.clone();
        let id = id.clone();
        self.write(move |database| {
            let before = require_row(database, &workspace, &id)?;
            let mut after = before.clone();
            patch.apply(&mut after);
            if after != before {
                after.updated_at = now;
                update(database, &after)?;
            }
            require(database, &workspace, &id)
        })
        .await
    }

    async fn archive_connection(
        &self,
        workspace: &WorkspaceId,
        id: &ConnectionId,
        now: Timestamp,
    ) -> Result<Connection, StoreError> {
        let workspace = workspace.clone();
        let id = id.clone();
        self.write(move |database| archive(database, &workspace, &id, now))
            .await
    }

    async fn replace_credentials(
        &self,
        workspace: &WorkspaceId,
        id: &ConnectionId,
        change: CredentialsChange,
    ) -> Result<Connection, StoreError> {
        let workspace = workspace.clone();
        let id = id.clone();
        self.write(move |database| replace_credentials(database, &workspace, &id, change))
            .await
    }
}

/// The connection, or an error when there is none.
pub(super) fn require(
    database: &Database,
    workspace: &WorkspaceId,
    id: &ConnectionId,
) -> Result<Connection, StoreError> {
    let found = find(database, workspace, id)?;
    found.ok_or_else(|| StoreError::missing("connection", id.as_str()))
}

fn find(
    database: &Database,
    workspace: &WorkspaceId,
    id: &ConnectionId,
) -> Result<Option<Connection>, StoreError> {
    let sql = format!("{SELECT} FROM connection_seen WHERE workspace_id = ? AND id = ?");
    let params = [workspace.as_str(), id.as_str()];
    one(database, TABLE, &sql, params, connection)
}

/// The connection by itself, without what its parent makes of it.
fn require_row(
    database: &Database,
    workspace: &WorkspaceId,
    id: &ConnectionId,
) -> Result<Connection, StoreError> {
    let sql = format!("{SELECT} FROM connection WHERE workspace_id = ? AND id = ?");
    let params = [workspace.as_str(), id.as_str()];
    let found = one(database, TABLE, &sql, params, connection)?;
    found.ok_or_else(|| StoreError::missing("connection", id.as_str()))
}

/// What used the credentials of `replaced` uses those of `replacement`.
fn adopt_children(
    database: &Database,
    workspace: &WorkspaceId,
    replaced: &ConnectionId,
    replacement: &ConnectionId,
) -> Result<(), StoreError> {
    let sql = "UPDATE connection SET parent_id = ? WHERE workspace_id = ? AND parent_id = ?";
    let values = [replacement.as_str(), workspace.as_str(), replaced.as_str()];
    execute(database, sql, values)?;
    settle_children(database, workspace, replacement)
}

/// Credentials that somebody just gave may work for those that use them, whatever the last ones
/// did.
fn settle_children(
    database: &Database,
    workspace: &WorkspaceId,
    parent: &ConnectionId,
) -> Result<(), StoreError> {
    let sql = "UPDATE connection SET state = ?, error = NULL
        WHERE workspace_id = ? AND parent_id = ? AND state = ? AND archived_at IS NULL";
    let values = [
        ConnectionState::Ready.as_str(),
        workspace.as_str(),
        parent.as_str(),
        ConnectionState::ClientActionRequired.as_str(),
    ];
    execute(database, sql, values)?;
    Ok(())
}

fn list(
    database: &Database,
    workspace: &WorkspaceId,
    filter: &ConnectionFilter,
    page: &Page,
) -> Result<Paged<Connection>, StoreError> {
    let ConnectionFilter {
        customer_id,
        integration_id,
        connector_id,
        is_disconnected,
        parent_id,
        include_archived,
        include_hidden,
        search,
    } = filter;
    let mut conditions = Conditions::of(workspace.as_str(), TABLE);
    if let Some(id) = customer_id {
        conditions.and_with("customer_id = ?", [id.as_str()]);
    }
    if let Some(id) = integration_id {
        conditions.and_with("integration_id = ?", [id.as_str()]);
    }
    if let Some(id) = connector_id {
        let of_connector = "integration_id IN (SELECT integration.id FROM integration
            WHERE integration.workspace_id = ? AND integration.connector_id = ?)";
        conditions.and_with(of_connector, [workspace.as_str(), id.as_str()]);
    }
    let ready = ConnectionState::Ready.as_str();
    match is_disconnected {
        Some(true) => conditions.and_with("state <> ?", [ready]),
        Some(false) => conditions.and_with("state = ?", [ready]),
        None => {}
    }
    if let Some(id) = parent_id {
        conditions.and_with("parent_id = ?", [id.as_str()]);
    }
    if !include_archived {
        conditions.and("archived_at IS NULL");
    }
    if !include_hidden {
        conditions.and("is_hidden = 0");
    }
    if let Some(text) = search {
        conditions.and_search(["key", "name"], text);
    }
    let ids = Ids {
        prefix: ConnectionId::PREFIX,
        id: |connection: &Connection| connection.id.as_str(),
    };
    let select = format!("{SELECT} FROM connection_seen AS connection");
    conditions.page(database, &select, &ids, page, connection)
}

fn archive(
    database: &Database,
    workspace: &WorkspaceId,
    id: &ConnectionId,
    now: Timestamp,
) -> Result<Connection, StoreError> {
    let connection = require(database, workspace, id)?;
    if connection.archived_at.is_some() {
        return Ok(connection);
    }
    let sql = format!(
        "UPDATE connection SET archived_at = :now, updated_at = :now, generation = generation + 1,
        expires_at = NULL, refresh_due_at = NULL, is_refreshable = 0, refreshed_by = NULL,
        {NO_REFRESH}
        WHERE workspace_id = :workspace AND id = :id"
    );
    let values = named_params! {
        ":now": now.as_microsecond(),
        ":workspace": workspace.as_str(),
        ":id": id.as_str(),
    };
    execute(database, &sql, values)?;
    erase_sealed(database, workspace, TABLE, id.as_str())?;
    require(database, workspace, id)
}

/// Replaces the secrets, where the generation is the expected one and, for a refresh, the lease
/// is in place. It ends every refresh, and the wait after one.
pub(super) fn replace_credentials(
    database: &Database,
    workspace: &WorkspaceId,
    id: &ConnectionId,
    change: CredentialsChange,
) -> Result<Connection, StoreError> {
    let CredentialsChange {
        expected_generation,
        secrets,
        state,
        error,
        scopes,
        expires_at,
        refresh_due_at,
        is_refreshable,
        lease,
        now,
    } = change;
    let is_new_grant = lease.is_none();
    // The condition is in the statement, so that it also holds against another process.
    let sql = format!(
        "UPDATE connection SET generation = generation + 1, state = :state, error = :error,
        scopes = CASE WHEN :keeps_scopes THEN scopes ELSE :scopes END,
        expires_at = :expires_at, refresh_due_at = :refresh_due_at,
        is_refreshable = :is_refreshable, refreshed_by = :lease,
        last_active_at = :now, updated_at = :now, {NO_REFRESH}
        WHERE workspace_id = :workspace AND id = :id AND generation = :generation
        AND archived_at IS NULL AND (:lease IS NULL OR lease_owner = :lease)"
    );
    let values = named_params! {
        ":state": state.as_str(),
        ":error": error.map(|error| error.to_string()),
        ":keeps_scopes": scopes.is_none(),
        ":scopes": scopes.as_ref().and_then(scopes_column),
        ":expires_at": expires_at.map(Timestamp::as_microsecond),
        ":refresh_due_at": refresh_due_at.map(Timestamp::as_microsecond),
        ":is_refreshable": is_refreshable,
        ":lease": lease.as_ref().map(LeaseId::as_str),
        ":now": now.as_microsecond(),
        ":workspace": workspace.as_str(),
        ":id": id.as_str(),
        ":generation": count_column(expected_generation),
    };
    if execute(database, &sql, values)? == 0 {
        require(database, workspace, id)?;
        return Err(StoreError::GenerationMoved);
    }
    put_sealed(database, workspace, TABLE, id.as_str(), secrets)?;
    if is_new_grant {
        settle_children(database, workspace, id)?;
    }
    require(database, workspace, id)
}

fn insert(database: &Database, connection: &Connection) -> Result<(), StoreError> {
    let sql = "INSERT INTO connection (workspace_id, id, customer_id, integration_id, key, name,
        auth_option_key, state, error, meta, scopes, generation, expires_at, refresh_due_at,
        is_refreshable, last_active_at, created_at, updated_at, archived_at, parent_id, is_hidden)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    let values = params![
        connection.workspace_id.as_str(),
        connection.id.as_str(),
        connection.customer_id.as_str(),
        connection.integration_id.as_str(),
        connection.key,
        connection.name,
        connection.auth_option_key,
        connection.state.as_str(),
        connection.error.as_ref().map(ToString::to_string),
        connection.meta.as_ref().map(ToString::to_string),
        scopes_column(&connection.scopes),
        count_column(connection.generation),
        connection.expires_at.map(Timestamp::as_microsecond),
        connection.refresh_due_at.map(Timestamp::as_microsecond),
        connection.is_refreshable,
        connection.last_active_at.as_microsecond(),
        connection.created_at.as_microsecond(),
        connection.updated_at.as_microsecond(),
        connection.archived_at.map(Timestamp::as_microsecond),
        connection.parent_id.as_ref().map(ConnectionId::as_str),
        connection.is_hidden,
    ];
    execute(database, sql, values)?;
    Ok(())
}

/// Writes what a patch may change.
fn update(database: &Database, connection: &Connection) -> Result<(), StoreError> {
    let sql = "UPDATE connection SET key = ?, name = ?, auth_option_key = ?, state = ?, error = ?,
        meta = ?, parent_id = ?, updated_at = ? WHERE workspace_id = ? AND id = ?";
    let values = params![
        connection.key,
        connection.name,
        connection.auth_option_key,
        connection.state.as_str(),
        connection.error.as_ref().map(ToString::to_string),
        connection.meta.as_ref().map(ToString::to_string),
        connection.parent_id.as_ref().map(ConnectionId::as_str),
        connection.updated_at.as_microsecond(),
        connection.workspace_id.as_str(),
        connection.id.as_str(),
    ];
    execute(database, sql, values)?;
    Ok(())
}

pub(super) fn connection(row: &Record<'_>) -> Result<Connection, StoreError> {
    Ok(Connection {
        id: row.parse("id")?,
        workspace_id: row.parse("workspace_id")?,
        customer_id: row.parse("customer_id")?,
        integration_id: row.parse("integration_id")?,
        key: row.get("key")?,
        name: row.get("name")?,
        auth_option_key: row.get("auth_option_key")?,
        parent_id: row.parse_optional("parent_id")?,
        is_hidden: row.get("is_hidden")?,
        state: row.parse("state")?,
        error: row.json_optional("error")?,
        meta: row.json_optional("meta")?,
        scopes: scopes(row)?,
        generation: row.count("generation")?,
        expires_at: row.time_optional("expires_at")?,
        refresh_due_at: row.time_optional("refresh_due_at")?,
        is_refreshable: row.get("is_refreshable")?,
        retry_at: row.time_optional("retry_at")?,
        retry_attempts: row.get("retry_attempts")?,
        last_active_at: row.time("last_active_at")?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
        archived_at: row.time_optional("archived_at")?,
    })
}

fn scopes(row: &Record<'_>) -> Result<Scopes, StoreError> {
    let Some(value) = row.json_optional("scopes")? else {
        return Ok(Scopes::default());
    };
    serde_json::from_value(value).map_err(|error| row.inconsistent("scopes", &error))
}

fn scopes_column(scopes: &Scopes) -> Option<String> {
    (!scopes.is_empty()).then(|| json!(scopes).to_string())
}

/// The table, and the owner of the sealed values.
pub(super) const TABLE: &str = field::CREDENTIALS.table;
/// What is read of a connection, up to and without `FROM`.
pub(super) const SELECT: &str = "SELECT workspace_id, id, customer_id, integration_id, key, name,
    auth_option_key, state, error, meta, scopes, generation, expires_at, refresh_due_at,
    is_refreshable, retry_at, retry_attempts, last_active_at, created_at, updated_at, archived_at,
    parent_id, is_hidden";

/// What ends a refresh that may be under way, and forgets those that failed.
const NO_REFRESH: &str = "lease_owner = NULL, lease_until = NULL, intent_started_at = NULL,
    intent_fingerprint = NULL, retry_at = NULL, retry_attempts = 0";
