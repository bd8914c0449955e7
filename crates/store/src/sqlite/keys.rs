//! Wrapped keys, canaries and sealed values.

use async_trait::async_trait;
use authbridge_core::id::WorkspaceId;
use rusqlite::{Connection as Database, params};

use super::Sqlite;
use super::record::{Record, count_column};
use super::statement::{execute, many};
use crate::StoreError;
use crate::backend::{Canary, Keys, SealedField, WrappedKey};

#[async_trait]
impl Keys for Sqlite {
    async fn canaries_or_first(&self, first: Canary) -> Result<Vec<Canary>, StoreError> {
        self.write(move |database| {
            let known = canaries(database)?;
            if !known.is_empty() {
                return Ok(known);
            }
            insert_canary(database, &first)?;
            Ok(vec![first])
        })
        .await
    }

    async fn add_canary(&self, canary: Canary) -> Result<(), StoreError> {
        self.write(move |database| insert_canary(database, &canary))
            .await
    }

    async fn keks_in_use(&self) -> Result<Vec<String>, StoreError> {
        self.read(|database| {
            let sql = "SELECT DISTINCT kek_id FROM data_key ORDER BY kek_id";
            many(database, "data_key", sql, [], |row| row.get("kek_id"))
        })
        .await
    }

    async fn data_keys(&self, workspace: &WorkspaceId) -> Result<Vec<WrappedKey>, StoreError> {
        let workspace = workspace.clone();
        self.read(move |database| {
            let sql = "SELECT number, kek_id, wrapped FROM data_key WHERE workspace_id = ?";
            many(database, "data_key", sql, [workspace.as_str()], |row| {
                Ok(WrappedKey {
                    number: row.get("number")?,
                    kek_id: row.get("kek_id")?,
                    bytes: row.get("wrapped")?,
                })
            })
        })
        .await
    }

    async fn sealed(
        &self,
        workspace: &WorkspaceId,
        table: &'static str,
        row: &str,
    ) -> Result<Vec<SealedField>, StoreError> {
        let workspace = workspace.clone();
        let row = row.to_owned();
        self.read(move |database| {
            let sql = "SELECT field, generation, sealed FROM secret
                WHERE workspace_id = ? AND owner = ? AND row_id = ?";
            let place = params![workspace.as_str(), table, row];
            many(database, "secret", sql, place, sealed_field)
        })
        .await
    }
}

/// Puts sealed values of a row in the place of those of the same fields.
pub(super) fn put_sealed(
    database: &Database,
    workspace: &WorkspaceId,
    table: &'static str,
    row: &str,
    fields: impl IntoIterator<Item = SealedField>,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO secret (workspace_id, owner, row_id, field, generation, sealed)
        VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (workspace_id, owner, row_id, field)
        DO UPDATE SET generation = excluded.generation, sealed = excluded.sealed";
    for field in fields {
        let SealedField {
            name,
            generation,
            bytes,
        } = field;
        let generation = count_column(generation);
        let values = params![workspace.as_str(), table, row, name, generation, bytes];
        execute(database, sql, values)?;
    }
    Ok(())
}

/// Erases the sealed values of a row.
pub(super) fn erase_sealed(
    database: &Database,
    workspace: &WorkspaceId,
    table: &'static str,
    row: &str,
) -> Result<(), StoreError> {
    let sql = "DELETE FROM secret WHERE workspace_id = ? AND owner = ? AND row_id = ?";
    execute(database, sql, params![workspace.as_str(), table, row])?;
    Ok(())
}

pub(super) fn sealed_field(row: &Record<'_>) -> Result<SealedField, StoreError> {
    Ok(SealedField {
        name: row.get("field")?,
        generation: row.count("generation")?,
        bytes: row.get("sealed")?,
    })
}

fn canaries(database: &Database) -> Result<Vec<Canary>, StoreError> {
    let sql = "SELECT kek_id, sealed FROM canary ORDER BY position";
    many(database, "canary", sql, [], |row| {
        Ok(Canary {
            kek_id: row.get("kek_id")?,
            bytes: row.get("sealed")?,
        })
    })
}

fn insert_canary(database: &Database, canary: &Canary) -> Result<(), StoreError> {
    let sql = "INSERT INTO canary (kek_id, sealed) VALUES (?, ?) ON CONFLICT DO NOTHING";
    execute(database, sql, params![canary.kek_id, canary.bytes])?;
    Ok(())
}
