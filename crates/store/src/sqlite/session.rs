//! Attempts to connect that go by way of the external app.

use async_trait::async_trait;
use authbridge_core::id::ConnectionId;
use jiff::Timestamp;
use rusqlite::{Connection as Database, params};

use super::keys::{erase_sealed, put_sealed, sealed_field};
use super::record::Record;
use super::statement::{execute, execute_unique, one};
use super::{Sqlite, connection, customer, integration};
use crate::StoreError;
use crate::backend::{AuthSessions, SealedField, TakenSession};
use crate::keys::field;
use crate::model::session::AuthSession;

#[async_trait]
impl AuthSessions for Sqlite {
    async fn insert_auth_session(
        &self,
        session: &AuthSession,
        state_hash: [u8; 32],
        payload: SealedField,
    ) -> Result<(), StoreError> {
        let session = session.clone();
        self.write(move |database| {
            let workspace = &session.workspace_id;
            customer::require(database, workspace, &session.customer_id)?;
            integration::require(database, workspace, &session.integration_id)?;
            if let Some(id) = &session.connection_id {
                connection::require(database, workspace, id)?;
            }
            insert(database, &session, state_hash)?;
            put_sealed(database, workspace, TABLE, session.id.as_str(), [payload])
        })
        .await
    }

    async fn take_auth_session(
        &self,
        state_hash: [u8; 32],
        now: Timestamp,
    ) -> Result<TakenSession, StoreError> {
        self.write(move |database| take(database, state_hash, now))
            .await
    }

    async fn purge_auth_sessions(&self, before: Timestamp, limit: u32) -> Result<u32, StoreError> {
        self.write(move |database| purge(database, before, limit))
            .await
    }
}

fn insert(
    database: &Database,
    session: &AuthSession,
    state_hash: [u8; 32],
) -> Result<(), StoreError> {
    let sql = "INSERT INTO auth_session (workspace_id, id, integration_id, customer_id,
        connection_id, request_id, state_hash, browser_hash, created_at, expires_at, used_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    let values = params![
        session.workspace_id.as_str(),
        session.id.as_str(),
        session.integration_id.as_str(),
        session.customer_id.as_str(),
        session.connection_id.as_ref().map(ConnectionId::as_str),
        session.request_id,
        state_hash,
        session.browser_hash,
        session.created_at.as_microsecond(),
        session.expires_at.as_microsecond(),
        session.used_at.map(Timestamp::as_microsecond),
    ];
    execute_unique(database, sql, values, "auth session", session.id.as_str())
}

fn take(
    database: &Database,
    state_hash: [u8; 32],
    now: Timestamp,
) -> Result<TakenSession, StoreError> {
    // The conditions are in the statement, so that they also hold against another process.
    let sql = format!(
        "UPDATE auth_session SET used_at = ?1
        WHERE state_hash = ?2 AND used_at IS NULL AND expires_at > ?1 RETURNING {COLUMNS}"
    );
    let params = params![now.as_microsecond(), state_hash];
    let fresh = one(database, TABLE, &sql, params, session)?;
    if let Some(session) = fresh {
        let payload = payload(database, &session)?;
        erase_payload(database, &session)?;
        return Ok(TakenSession::Fresh(session, payload));
    }
    let sql = format!("SELECT {COLUMNS} FROM auth_session WHERE state_hash = ?");
    let Some(session) = one(database, TABLE, &sql, [state_hash], session)? else {
        return Ok(TakenSession::Unknown);
    };
    if session.used_at.is_some() {
        return Ok(TakenSession::Used(session));
    }
    // Nobody can use it any more.
    erase_payload(database, &session)?;
    Ok(TakenSession::Expired(session))
}

fn payload(database: &Database, session: &AuthSession) -> Result<SealedField, StoreError> {
    let sql = "SELECT field, generation, sealed FROM secret
        WHERE workspace_id = ? AND owner = ? AND row_id = ?";
    let place = params![session.workspace_id.as_str(), TABLE, session.id.as_str()];
    let found = one(database, "secret", sql, place, sealed_field)?;
    found.ok_or_else(|| StoreError::Inconsistent {
        table: TABLE,
        row: session.id.to_string(),
        reason: "`payload` is gone".to_owned(),
    })
}

fn erase_payload(database: &Database, session: &AuthSession) -> Result<(), StoreError> {
    erase_sealed(database, &session.workspace_id, TABLE, session.id.as_str())
}

fn purge(database: &Database, before: Timestamp, limit: u32) -> Result<u32, StoreError> {
    let params = params![before.as_microsecond(), limit];
    let sql = format!(
        "DELETE FROM secret WHERE owner = '{TABLE}' AND (workspace_id, row_id) IN ({EXPIRED})"
    );
    execute(database, &sql, params)?;
    let sql = format!("DELETE FROM auth_session WHERE (workspace_id, id) IN ({EXPIRED})");
    let removed = execute(database, &sql, params)?;
    Ok(u32::try_from(removed).unwrap_or(limit))
}

fn session(row: &Record<'_>) -> Result<AuthSession, StoreError> {
    Ok(AuthSession {
        id: row.parse("id")?,
        workspace_id: row.parse("workspace_id")?,
        integration_id: row.parse("integration_id")?,
        customer_id: row.parse("customer_id")?,
        connection_id: row.parse_optional("connection_id")?,
        request_id: row.get("request_id")?,
        browser_hash: row.get("browser_hash")?,
        created_at: row.time("created_at")?,
        expires_at: row.time("expires_at")?,
        used_at: row.time_optional("used_at")?,
    })
}

/// The table, and the owner of the sealed values.
const TABLE: &str = field::SESSION_PAYLOAD.table;
const COLUMNS: &str = "workspace_id, id, integration_id, customer_id, connection_id, request_id,
    browser_hash, created_at, expires_at, used_at";

/// The next ones to purge, the same each time it is asked.
const EXPIRED: &str = "SELECT workspace_id, id FROM auth_session WHERE expires_at < ?
    ORDER BY expires_at, workspace_id, id LIMIT ?";
