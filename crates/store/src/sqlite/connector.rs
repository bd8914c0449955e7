//! Connectors and their versions.

use std::collections::HashSet;

use async_trait::async_trait;
use authbridge_core::id::{ConnectorId, WorkspaceId};
use jiff::Timestamp;
use rusqlite::{Connection as Database, params};
use serde_json::Value;

use super::record::{Record, count_column};
use super::statement::{Conditions, Ids, execute, execute_unique, many, one};
use super::{Sqlite, change, workspace};
use crate::backend::Connectors;
use crate::model::connector::{
    Connector, ConnectorFilter, ConnectorVersion, Put, PutConnector, PutOutcome,
};
use crate::model::push::{Bundles, SnapshotVersion};
use crate::{Page, Paged, StoreError};

#[async_trait]
impl Connectors for Sqlite {
    async fn put_connector(
        &self,
        workspace: &WorkspaceId,
        fresh: Connector,
        put: PutConnector,
    ) -> Result<Put<Connector>, StoreError> {
        let workspace = workspace.clone();
        self.write(move |database| {
            workspace::require(database, &workspace)?;
            let now = fresh.created_at;
            let done = self::put(database, &workspace, fresh, &put)?;
            if done.outcome != PutOutcome::Unchanged {
                change::changed(database, &workspace, TABLE, &put.key, now)?;
            }
            Ok(done)
        })
        .await
    }

    async fn find_connector(
        &self,
        workspace: &WorkspaceId,
        selector: &str,
    ) -> Result<Option<Connector>, StoreError> {
        let workspace = workspace.clone();
        let selector = selector.to_owned();
        self.read(move |database| {
            // One after the other: `OR` would read all connectors of the workspace.
            for column in ["id", "key", "uuid"] {
                let found = find_by(database, &workspace, column, &selector)?;
                if found.is_some() {
                    return Ok(found);
                }
            }
            Ok(None)
        })
        .await
    }

    async fn list_connectors(
        &self,
        workspace: &WorkspaceId,
        filter: ConnectorFilter,
        page: Page,
    ) -> Result<Paged<Connector>, StoreError> {
        let workspace = workspace.clone();
        self.read(move |database| {
            let ConnectorFilter { search } = filter;
            let mut conditions = Conditions::of(workspace.as_str(), TABLE);
            conditions.and("archived_at IS NULL");
            if let Some(text) = search {
                conditions.and_search(["key", "name"], &text);
            }
            let ids = Ids {
                prefix: ConnectorId::PREFIX,
                id: |connector: &Connector| connector.id.as_str(),
            };
            conditions.page(database, SELECT, &ids, &page, connector)
        })
        .await
    }

    async fn archive_connector(
        &self,
        workspace: &WorkspaceId,
        id: &ConnectorId,
        at: Timestamp,
    ) -> Result<Connector, StoreError> {
        let workspace = workspace.clone();
        let id = id.clone();
        self.write(move |database| {
            let before = require(database, &workspace, &id)?;
            let after = archive(database, &workspace, &id, at)?;
            if after != before {
                change::changed(database, &workspace, TABLE, &after.key, at)?;
            }
            Ok(after)
        })
        .await
    }

    async fn connector_bundle(
        &self,
        workspace: &WorkspaceId,
        id: &ConnectorId,
        version: Option<&str>,
    ) -> Result<Option<Value>, StoreError> {
        let workspace = workspace.clone();
        let id = id.clone();
        let version = version.map(str::to_owned);
        self.read(move |database| bundle(database, &workspace, &id, version.as_deref()))
            .await
    }

    async fn list_connector_versions(
        &self,
        workspace: &WorkspaceId,
        id: &ConnectorId,
    ) -> Result<Vec<ConnectorVersion>, StoreError> {
        let workspace = workspace.clone();
        let id = id.clone();
        self.read(move |database| {
            let sql = "SELECT version, created_at, updated_at FROM connector_version
                WHERE workspace_id = ? AND connector_id = ? ORDER BY created_at, version";
            let params = [workspace.as_str(), id.as_str()];
            many(database, VERSION_TABLE, sql, params, version)
        })
        .await
    }
}

/// The connector with this id, as an error when there is none.
pub(super) fn require(
    database: &Database,
    workspace: &WorkspaceId,
    id: &ConnectorId,
) -> Result<Connector, StoreError> {
    let found = find_by(database, workspace, "id", id.as_str())?;
    found.ok_or_else(|| StoreError::missing("connector", id.as_str()))
}

/// Inserts `fresh` with its version, or brings the one with its key up to date.
pub(super) fn put(
    database: &Database,
    workspace: &WorkspaceId,
    fresh: Connector,
    put: &PutConnector,
) -> Result<Put<Connector>, StoreError> {
    match find_by(database, workspace, "key", &put.key)? {
        Some(known) => put_again(database, workspace, &known, put, fresh.created_at),
        None => put_first(database, workspace, fresh, put),
    }
}

pub(super) fn archive(
    database: &Database,
    workspace: &WorkspaceId,
    id: &ConnectorId,
    at: Timestamp,
) -> Result<Connector, StoreError> {
    let mut connector = require(database, workspace, id)?;
    if connector.archived_at.is_none() {
        connector.archived_at = Some(at);
        connector.updated_at = at;
        update(database, workspace, &connector)?;
    }
    Ok(connector)
}

/// All connectors of a workspace, archived ones too.
pub(super) fn all(
    database: &Database,
    workspace: &WorkspaceId,
) -> Result<Vec<Connector>, StoreError> {
    let sql = format!("{SELECT} WHERE workspace_id = ? ORDER BY id");
    many(database, TABLE, &sql, [workspace.as_str()], connector)
}

/// All versions of all connectors of a workspace, some with their bundles.
pub(super) fn all_versions(
    database: &Database,
    workspace: &WorkspaceId,
    bundles: &Bundles,
) -> Result<Vec<SnapshotVersion>, StoreError> {
    let sql = "SELECT connector_id, version FROM connector_version WHERE workspace_id = ?
        ORDER BY connector_id, version";
    let read = |row: &Record<'_>| {
        Ok(SnapshotVersion {
            connector_id: row.parse("connector_id")?,
            version: row.get("version")?,
            bundle: None,
        })
    };
    let mut versions = many(database, VERSION_TABLE, sql, [workspace.as_str()], read)?;
    let wanted = match bundles {
        Bundles::All => None,
        Bundles::OfConnectors(keys) => Some(ids_of(database, workspace, keys)?),
    };
    for each in &mut versions {
        let id = &each.connector_id;
        if wanted.as_ref().is_none_or(|wanted| wanted.contains(id)) {
            each.bundle = bundle(database, workspace, id, each.version.as_deref())?;
        }
    }
    Ok(versions)
}

fn ids_of(
    database: &Database,
    workspace: &WorkspaceId,
    keys: &[String],
) -> Result<HashSet<ConnectorId>, StoreError> {
    let mut ids = HashSet::new();
    for key in keys {
        ids.extend(find_by(database, workspace, "key", key)?.map(|found| found.id));
    }
    Ok(ids)
}

fn put_first(
    database: &Database,
    workspace: &WorkspaceId,
    fresh: Connector,
    put: &PutConnector,
) -> Result<Put<Connector>, StoreError> {
    insert(database, workspace, &fresh)?;
    if let Some(bundle) = &put.bundle {
        insert_version(
            database,
            workspace,
            &fresh.id,
            put,
            bundle,
            fresh.created_at,
        )?;
    }
    Ok(Put {
        item: fresh,
        outcome: PutOutcome::Created,
    })
}

fn put_again(
    database: &Database,
    workspace: &WorkspaceId,
    known: &Connector,
    put: &PutConnector,
    now: Timestamp,
) -> Result<Put<Connector>, StoreError> {
    let mut item = known.clone();
    put.apply(&mut item);
    if put_version(database, workspace, &known.id, put, now)? == PutOutcome::Unchanged {
        // Who puts there what is there already changes nothing.
        let origin = std::mem::replace(&mut item.origin, known.origin);
        if item == *known {
            let outcome = PutOutcome::Unchanged;
            return Ok(Put { item, outcome });
        }
        item.origin = origin;
    } else {
        item.revision += 1;
    }
    item.updated_at = now;
    update(database, workspace, &item)?;
    let outcome = PutOutcome::Changed;
    Ok(Put { item, outcome })
}

fn put_version(
    database: &Database,
    workspace: &WorkspaceId,
    id: &ConnectorId,
    put: &PutConnector,
    now: Timestamp,
) -> Result<PutOutcome, StoreError> {
    let Some(new) = &put.bundle else {
        return Ok(PutOutcome::Unchanged);
    };
    match (
        bundle(database, workspace, id, put.version.as_deref())?,
        &put.version,
    ) {
        (None, _) => {
            insert_version(database, workspace, id, put, new, now)?;
            Ok(PutOutcome::Created)
        }
        (Some(known), _) if known == *new => Ok(PutOutcome::Unchanged),
        (Some(_), None) => {
            replace_development(database, workspace, id, new, now)?;
            Ok(PutOutcome::Changed)
        }
        (Some(_), Some(version)) => Err(StoreError::Conflict {
            what: format!("another version `{version}` of connector `{}`", put.key),
        }),
    }
}

/// The connector with `value` in a column whose values are unique in the workspace.
fn find_by(
    database: &Database,
    workspace: &WorkspaceId,
    column: &'static str,
    value: &str,
) -> Result<Option<Connector>, StoreError> {
    let sql = format!("{SELECT} WHERE workspace_id = ? AND {column} = ?");
    one(
        database,
        TABLE,
        &sql,
        [workspace.as_str(), value],
        connector,
    )
}

fn bundle(
    database: &Database,
    workspace: &WorkspaceId,
    id: &ConnectorId,
    version: Option<&str>,
) -> Result<Option<Value>, StoreError> {
    // Two statements, because `IS ?` would use neither of the two indexes.
    let read = |row: &Record<'_>| row.json("bundle");
    let sql = "SELECT bundle FROM connector_version
        WHERE workspace_id = ? AND connector_id = ? AND ";
    if let Some(version) = version {
        let sql = format!("{sql} version = ?");
        let params = [workspace.as_str(), id.as_str(), version];
        return one(database, VERSION_TABLE, &sql, params, read);
    }
    let sql = format!("{sql} version IS NULL");
    let params = [workspace.as_str(), id.as_str()];
    one(database, VERSION_TABLE, &sql, params, read)
}

fn insert(
    database: &Database,
    workspace: &WorkspaceId,
    connector: &Connector,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO connector (workspace_id, id, key, uuid, name, logo_uri, origin,
        revision, created_at, updated_at, archived_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    let values = params![
        workspace.as_str(),
        connector.id.as_str(),
        connector.key,
        connector.uuid,
        connector.name,
        connector.logo_uri,
        connector.origin.as_str(),
        count_column(connector.revision),
        connector.created_at.as_microsecond(),
        connector.updated_at.as_microsecond(),
        connector.archived_at.map(Timestamp::as_microsecond),
    ];
    // The key was just found to be free, so it can only be the UUID that is taken.
    let uuid = connector.uuid.as_deref().unwrap_or_default();
    execute_unique(database, sql, values, "connector with the UUID", uuid)
}

fn update(
    database: &Database,
    workspace: &WorkspaceId,
    connector: &Connector,
) -> Result<(), StoreError> {
    let sql = "UPDATE connector SET uuid = ?, name = ?, logo_uri = ?, origin = ?, revision = ?,
        updated_at = ?, archived_at = ? WHERE workspace_id = ? AND id = ?";
    let values = params![
        connector.uuid,
        connector.name,
        connector.logo_uri,
        connector.origin.as_str(),
        count_column(connector.revision),
        connector.updated_at.as_microsecond(),
        connector.archived_at.map(Timestamp::as_microsecond),
        workspace.as_str(),
        connector.id.as_str(),
    ];
    let uuid = connector.uuid.as_deref().unwrap_or_default();
    execute_unique(database, sql, values, "connector with the UUID", uuid)
}

fn insert_version(
    database: &Database,
    workspace: &WorkspaceId,
    id: &ConnectorId,
    put: &PutConnector,
    bundle: &Value,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO connector_version
        (workspace_id, connector_id, version, bundle, created_at, updated_at)
        VALUES (?, ?, ?, ?, ?, ?)";
    let now = now.as_microsecond();
    let bundle = bundle.to_string();
    let values = params![
        workspace.as_str(),
        id.as_str(),
        put.version,
        bundle,
        now,
        now
    ];
    execute(database, sql, values)?;
    Ok(())
}

fn replace_development(
    database: &Database,
    workspace: &WorkspaceId,
    id: &ConnectorId,
    bundle: &Value,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = "UPDATE connector_version SET bundle = ?, updated_at = ?
        WHERE workspace_id = ? AND connector_id = ? AND version IS NULL";
    let values = params![
        bundle.to_string(),
        now.as_microsecond(),
        workspace.as_str(),
        id.as_str()
    ];
    execute(database, sql, values)?;
    Ok(())
}

fn connector(row: &Record<'_>) -> Result<Connector, StoreError> {
    Ok(Connector {
        id: row.parse("id")?,
        key: row.get("key")?,
        uuid: row.get("uuid")?,
        name: row.get("name")?,
        logo_uri: row.get("logo_uri")?,
        origin: row.parse("origin")?,
        revision: row.count("revision")?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
        archived_at: row.time_optional("archived_at")?,
    })
}

fn version(row: &Record<'_>) -> Result<ConnectorVersion, StoreError> {
    Ok(ConnectorVersion {
        version: row.get("version")?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
    })
}

const TABLE: &str = "connector";
const VERSION_TABLE: &str = "connector_version";
const SELECT: &str = "SELECT id, key, uuid, name, logo_uri, origin, revision, created_at,
    updated_at, archived_at FROM connector";
