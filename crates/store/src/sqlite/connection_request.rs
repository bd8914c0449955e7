//! Requests to connect an account, which a user follows by a link.

use async_trait::async_trait;
use authbridge_core::id::{ConnectionId, ConnectionRequestId, WorkspaceId};
use jiff::Timestamp;
use rusqlite::{Connection as Database, params};

use super::keys::{erase_sealed, put_sealed};
use super::record::Record;
use super::statement::{execute, execute_unique, one};
use super::{Sqlite, connection, customer, integration};
use crate::StoreError;
use crate::backend::{ConnectionRequests, SealedField};
use crate::keys::field;
use crate::model::connection_request::{
    ConnectionRequest, ConnectionRequestOutcome, ConnectionRequestStatus,
};

#[async_trait]
impl ConnectionRequests for Sqlite {
    async fn insert_connection_request(
        &self,
        request: &ConnectionRequest,
        link_hash: [u8; 32],
        parameters: Option<SealedField>,
    ) -> Result<(), StoreError> {
        let request = request.clone();
        self.write(move |database| {
            let workspace = &request.workspace_id;
            customer::require(database, workspace, &request.customer_id)?;
            integration::require(database, workspace, &request.integration_id)?;
            if let Some(id) = &request.connection_id {
                connection::require(database, workspace, id)?;
            }
            insert(database, &request, link_hash)?;
            put_sealed(database, workspace, TABLE, request.id.as_str(), parameters)
        })
        .await
    }

    async fn find_connection_request(
        &self,
        link_hash: [u8; 32],
    ) -> Result<Option<ConnectionRequest>, StoreError> {
        self.read(move |database| {
            let sql = format!("SELECT {COLUMNS} FROM connection_request WHERE link_hash = ?");
            one(database, TABLE, &sql, [link_hash], request)
        })
        .await
    }

    async fn settle_connection_request(
        &self,
        workspace: &WorkspaceId,
        id: &ConnectionRequestId,
        outcome: ConnectionRequestOutcome,
    ) -> Result<bool, StoreError> {
        let (workspace, id) = (workspace.clone(), id.clone());
        self.write(move |database| settle(database, &workspace, &id, &outcome))
            .await
    }

    async fn purge_connection_requests(
        &self,
        before: Timestamp,
        limit: u32,
    ) -> Result<u32, StoreError> {
        self.write(move |database| purge(database, before, limit))
            .await
    }
}

fn insert(
    database: &Database,
    request: &ConnectionRequest,
    link_hash: [u8; 32],
) -> Result<(), StoreError> {
    let sql = "INSERT INTO connection_request (workspace_id, id, customer_id, integration_id,
        connection_id, link_hash, details, status, created_at, expires_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    let values = params![
        request.workspace_id.as_str(),
        request.id.as_str(),
        request.customer_id.as_str(),
        request.integration_id.as_str(),
        request.connection_id.as_ref().map(ConnectionId::as_str),
        link_hash,
        request.details.to_string(),
        request.status.as_str(),
        request.created_at.as_microsecond(),
        request.expires_at.as_microsecond(),
    ];
    execute_unique(
        database,
        sql,
        values,
        "connection request",
        request.id.as_str(),
    )
}

fn settle(
    database: &Database,
    workspace: &WorkspaceId,
    id: &ConnectionRequestId,
    outcome: &ConnectionRequestOutcome,
) -> Result<bool, StoreError> {
    let (status, connection, error) = match outcome {
        ConnectionRequestOutcome::Success(id) => {
            (ConnectionRequestStatus::Success, Some(id.as_str()), None)
        }
        ConnectionRequestOutcome::Cancelled => (ConnectionRequestStatus::Cancelled, None, None),
        ConnectionRequestOutcome::Error(error) => (
            ConnectionRequestStatus::Error,
            None,
            Some(error.to_string()),
        ),
    };
    let sql = "UPDATE connection_request
        SET status = ?, result_connection_id = ?, result_error = ?
        WHERE workspace_id = ? AND id = ? AND status IN ('pending', 'error')";
    let values = params![
        status.as_str(),
        connection,
        error,
        workspace.as_str(),
        id.as_str()
    ];
    if execute(database, sql, values)? == 0 {
        return Ok(false);
    }
    match outcome {
        ConnectionRequestOutcome::Success(_) | ConnectionRequestOutcome::Cancelled => {
            erase_sealed(database, workspace, TABLE, id.as_str())?;
        }
        ConnectionRequestOutcome::Error(_) => {}
    }
    Ok(true)
}

fn purge(database: &Database, before: Timestamp, limit: u32) -> Result<u32, StoreError> {
    let params = params![before.as_microsecond(), limit];
    let sql = format!(
        "DELETE FROM secret WHERE owner = '{TABLE}' AND (workspace_id, row_id) IN ({EXPIRED})"
    );
    execute(database, &sql, params)?;
    let sql = format!("DELETE FROM connection_request WHERE (workspace_id, id) IN ({EXPIRED})");
    let removed = execute(database, &sql, params)?;
    Ok(u32::try_from(removed).unwrap_or(limit))
}

fn request(row: &Record<'_>) -> Result<ConnectionRequest, StoreError> {
    Ok(ConnectionRequest {
        id: row.parse("id")?,
        workspace_id: row.parse("workspace_id")?,
        customer_id: row.parse("customer_id")?,
        integration_id: row.parse("integration_id")?,
        connection_id: row.parse_optional("connection_id")?,
        details: row.json("details")?,
        status: row.parse("status")?,
        result_connection_id: row.parse_optional("result_connection_id")?,
        result_error: row.json_optional("result_error")?,
        created_at: row.time("created_at")?,
        expires_at: row.time("expires_at")?,
    })
}

/// The table, and the owner of the sealed values.
const TABLE: &str = field::REQUEST_PARAMETERS.table;
const COLUMNS: &str = "workspace_id, id, customer_id, integration_id, connection_id, details,
    status, result_connection_id, result_error, created_at, expires_at";

/// The next ones to purge, the same each time it is asked.
const EXPIRED: &str = "SELECT workspace_id, id FROM connection_request WHERE expires_at < ?
    ORDER BY expires_at, workspace_id, id LIMIT ?";
