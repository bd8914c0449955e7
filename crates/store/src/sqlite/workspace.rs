//! Workspaces and their key pairs.

use async_trait::async_trait;
use authbridge_core::id::WorkspaceId;
use jiff::Timestamp;
use rusqlite::{Connection as Database, params};
use serde_json::Value;

use super::Sqlite;
use super::keys::put_sealed;
use super::record::Record;
use super::statement::{execute, execute_unique, many, one};
use crate::StoreError;
use crate::backend::{SealedField, Workspaces, WrappedKey};
use crate::keys::field;
use crate::model::workspace::{Workspace, WorkspaceKey};

#[async_trait]
impl Workspaces for Sqlite {
    async fn insert_workspace(
        &self,
        workspace: &Workspace,
        data_key: WrappedKey,
        secret: SealedField,
    ) -> Result<(), StoreError> {
        let workspace = workspace.clone();
        self.write(move |database| {
            insert(database, &workspace)?;
            let id = &workspace.id;
            insert_data_key(database, id, &data_key)?;
            let table = field::WORKSPACE_SECRET.table;
            put_sealed(database, id, table, id.as_str(), [secret])
        })
        .await
    }

    async fn list_workspaces(&self) -> Result<Vec<Workspace>, StoreError> {
        self.read(|database| {
            let sql = format!("{SELECT} ORDER BY id");
            many(database, TABLE, &sql, [], workspace)
        })
        .await
    }

    async fn find_workspace(&self, id: &WorkspaceId) -> Result<Option<Workspace>, StoreError> {
        let id = id.clone();
        self.read(move |database| find(database, &id)).await
    }

    async fn find_workspace_by_key(&self, key: &str) -> Result<Option<Workspace>, StoreError> {
        let key = key.to_owned();
        self.read(move |database| {
            let sql = format!("{SELECT} WHERE key = ?");
            one(database, TABLE, &sql, [key], workspace)
        })
        .await
    }

    async fn update_workspace(
        &self,
        before: &Workspace,
        name: Option<&str>,
        settings: &Value,
    ) -> Result<bool, StoreError> {
        let before = before.clone();
        let name = name.map(str::to_owned);
        let settings = settings.to_string();
        self.write(move |database| {
            let sql = "UPDATE workspace SET name = ?, settings = ?
                WHERE id = ? AND name IS ? AND settings = ?";
            let known = before.settings.to_string();
            let values = params![name, settings, before.id.as_str(), before.name, known];
            Ok(execute(database, sql, values)? > 0)
        })
        .await
    }

    async fn replace_workspace_secret(
        &self,
        workspace: &WorkspaceId,
        secret: SealedField,
    ) -> Result<(), StoreError> {
        let id = workspace.clone();
        self.write(move |database| {
            require(database, &id)?;
            let table = field::WORKSPACE_SECRET.table;
            put_sealed(database, &id, table, id.as_str(), [secret])
        })
        .await
    }

    async fn insert_workspace_key(
        &self,
        workspace: &WorkspaceId,
        key: &WorkspaceKey,
        private: Option<SealedField>,
    ) -> Result<(), StoreError> {
        let workspace = workspace.clone();
        let key = key.clone();
        self.write(move |database| {
            require(database, &workspace)?;
            insert_key(database, &workspace, &key)?;
            let table = field::PRIVATE_KEY.table;
            put_sealed(database, &workspace, table, &key.kid, private)
        })
        .await
    }

    async fn list_workspace_keys(
        &self,
        workspace: &WorkspaceId,
    ) -> Result<Vec<WorkspaceKey>, StoreError> {
        let workspace = workspace.clone();
        self.read(move |database| {
            let sql = "SELECT kid, algorithm, public_jwk, purpose, created_at, retired_at
                FROM workspace_key WHERE workspace_id = ? ORDER BY created_at, kid";
            many(
                database,
                "workspace_key",
                sql,
                [workspace.as_str()],
                workspace_key,
            )
        })
        .await
    }
}

/// Whether there is such a workspace, as an error when there is none.
pub(super) fn require(database: &Database, id: &WorkspaceId) -> Result<(), StoreError> {
    match find(database, id)? {
        Some(_) => Ok(()),
        None => Err(StoreError::missing("workspace", id.as_str())),
    }
}

fn find(database: &Database, id: &WorkspaceId) -> Result<Option<Workspace>, StoreError> {
    let sql = format!("{SELECT} WHERE id = ?");
    one(database, TABLE, &sql, [id.as_str()], workspace)
}

fn insert(database: &Database, workspace: &Workspace) -> Result<(), StoreError> {
    let sql = "INSERT INTO workspace (id, key, name, settings, created_at) VALUES (?, ?, ?, ?, ?)";
    let values = params![
        workspace.id.as_str(),
        workspace.key,
        workspace.name,
        workspace.settings.to_string(),
        workspace.created_at.as_microsecond(),
    ];
    execute_unique(database, sql, values, "workspace", &workspace.key)
}

fn insert_data_key(
    database: &Database,
    workspace: &WorkspaceId,
    key: &WrappedKey,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO data_key (workspace_id, number, kek_id, wrapped) VALUES (?, ?, ?, ?)";
    let values = params![workspace.as_str(), key.number, key.kek_id, key.bytes];
    execute(database, sql, values)?;
    Ok(())
}

fn insert_key(
    database: &Database,
    workspace: &WorkspaceId,
    key: &WorkspaceKey,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO workspace_key
        (workspace_id, kid, algorithm, public_jwk, purpose, created_at, retired_at)
        VALUES (?, ?, ?, ?, ?, ?, ?)";
    let values = params![
        workspace.as_str(),
        key.kid,
        key.algorithm,
        key.public_jwk.to_string(),
        key.purpose.as_str(),
        key.created_at.as_microsecond(),
        key.retired_at.map(Timestamp::as_microsecond),
    ];
    execute_unique(database, sql, values, "workspace key", &key.kid)
}

fn workspace(row: &Record<'_>) -> Result<Workspace, StoreError> {
    Ok(Workspace {
        id: row.parse("id")?,
        key: row.get("key")?,
        name: row.get("name")?,
        settings: row.json("settings")?,
        created_at: row.time("created_at")?,
    })
}

fn workspace_key(row: &Record<'_>) -> Result<WorkspaceKey, StoreError> {
    Ok(WorkspaceKey {
        kid: row.get("kid")?,
        algorithm: row.get("algorithm")?,
        public_jwk: row.json("public_jwk")?,
        purpose: row.parse("purpose")?,
        created_at: row.time("created_at")?,
        retired_at: row.time_optional("retired_at")?,
    })
}

const TABLE: &str = "workspace";
const SELECT: &str = "SELECT id, key, name, settings, created_at FROM workspace";
