//! Integrations.

use async_trait::async_trait;
use authbridge_core::id::{ConnectorId, IntegrationId, WorkspaceId};
use jiff::Timestamp;
use rusqlite::{Connection as Database, params};

use super::keys::{erase_sealed, put_sealed};
use super::record::{Record, count_column};
use super::statement::{Conditions, Ids, execute_unique, many, one};
use super::{Sqlite, change, connector, workspace};
use crate::backend::{Integrations, ParametersChange, SealedField};
use crate::keys::field;
use crate::model::integration::{Integration, IntegrationFilter, IntegrationPatch};
use crate::{Page, Paged, StoreError};

#[async_trait]
impl Integrations for Sqlite {
    async fn insert_integration(
        &self,
        workspace: &WorkspaceId,
        integration: &Integration,
        parameters: Option<SealedField>,
    ) -> Result<(), StoreError> {
        let workspace = workspace.clone();
        let integration = integration.clone();
        self.write(move |database| {
            workspace::require(database, &workspace)?;
            insert_with(database, &workspace, &integration, parameters)?;
            tell(database, &workspace, &integration)
        })
        .await
    }

    async fn find_integration(
        &self,
        workspace: &WorkspaceId,
        selector: &str,
    ) -> Result<Option<Integration>, StoreError> {
        let workspace = workspace.clone();
        let selector = selector.to_owned();
        self.read(move |database| {
            // One after the other: `OR` would read all integrations of the workspace.
            let found = find(database, &workspace, &selector)?;
            if found.is_some() {
                return Ok(found);
            }
            find_by_key(database, &workspace, &selector)
        })
        .await
    }

    async fn list_integrations(
        &self,
        workspace: &WorkspaceId,
        filter: IntegrationFilter,
        page: Page,
    ) -> Result<Paged<Integration>, StoreError> {
        let workspace = workspace.clone();
        self.read(move |database| list(database, &workspace, &filter, &page))
            .await
    }

    async fn update_integration(
        &self,
        workspace: &WorkspaceId,
        id: &IntegrationId,
        patch: IntegrationPatch,
        parameters: ParametersChange,
        now: Timestamp,
    ) -> Result<Integration, StoreError> {
        let workspace = workspace.clone();
        let id = id.clone();
        self.write(move |database| {
            let before = require(database, &workspace, &id)?;
            let after = update(database, &workspace, &id, patch, parameters, now)?;
            if after.revision != before.revision {
                tell(database, &workspace, &after)?;
            }
            Ok(after)
        })
        .await
    }

    async fn set_integration_archived(
        &self,
        workspace: &WorkspaceId,
        id: &IntegrationId,
        at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Integration, StoreError> {
        let workspace = workspace.clone();
        let id = id.clone();
        self.write(move |database| {
            let before = require(database, &workspace, &id)?;
            let after = set_archived(database, &workspace, &id, at, now)?;
            if after.revision != before.revision {
                tell(database, &workspace, &after)?;
            }
            Ok(after)
        })
        .await
    }
}

/// The integration with this id, as an error when there is none.
pub(super) fn require(
    database: &Database,
    workspace: &WorkspaceId,
    id: &IntegrationId,
) -> Result<Integration, StoreError> {
    let found = find(database, workspace, id.as_str())?;
    found.ok_or_else(|| StoreError::missing("integration", id.as_str()))
}

/// All unarchived integrations of a workspace.
pub(super) fn all(
    database: &Database,
    workspace: &WorkspaceId,
) -> Result<Vec<Integration>, StoreError> {
    let sql = format!("{SELECT} WHERE workspace_id = ? AND archived_at IS NULL ORDER BY id");
    many(database, TABLE, &sql, [workspace.as_str()], integration)
}

/// Inserts an integration with its parameters.
pub(super) fn insert_with(
    database: &Database,
    workspace: &WorkspaceId,
    integration: &Integration,
    parameters: Option<SealedField>,
) -> Result<(), StoreError> {
    require_connector(database, workspace, integration.connector_id.as_ref())?;
    insert(database, workspace, integration)?;
    let row = integration.id.as_str();
    put_sealed(database, workspace, TABLE, row, parameters)
}

/// Applies a patch; one that changes nothing is not written and leaves the revision.
pub(super) fn update(
    database: &Database,
    workspace: &WorkspaceId,
    id: &IntegrationId,
    patch: IntegrationPatch,
    parameters: ParametersChange,
    now: Timestamp,
) -> Result<Integration, StoreError> {
    let before = require(database, workspace, id)?;
    let mut after = before.clone();
    patch.apply(&mut after);
    require_connector(database, workspace, after.connector_id.as_ref())?;
    match parameters {
        ParametersChange::Keep => {
            // Who says what is there already changes nothing.
            let origin = std::mem::replace(&mut after.origin, before.origin);
            if after == before {
                return Ok(before);
            }
            after.origin = origin;
        }
        ParametersChange::Clear => {
            erase_sealed(database, workspace, TABLE, id.as_str())?;
            after.has_parameters = false;
        }
        ParametersChange::Replace(sealed) => {
            put_sealed(database, workspace, TABLE, id.as_str(), [sealed])?;
            after.has_parameters = true;
        }
    }
    write_change(database, workspace, after, now)
}

/// Archives or restores; one that is so already stays as it is.
pub(super) fn set_archived(
    database: &Database,
    workspace: &WorkspaceId,
    id: &IntegrationId,
    at: Option<Timestamp>,
    now: Timestamp,
) -> Result<Integration, StoreError> {
    let mut integration = require(database, workspace, id)?;
    if integration.archived_at.is_some() == at.is_some() {
        return Ok(integration);
    }
    integration.archived_at = at;
    write_change(database, workspace, integration, now)
}

fn tell(
    database: &Database,
    workspace: &WorkspaceId,
    integration: &Integration,
) -> Result<(), StoreError> {
    let Integration {
        key, updated_at, ..
    } = integration;
    change::changed(database, workspace, TABLE, key, *updated_at)
}

fn find(
    database: &Database,
    workspace: &WorkspaceId,
    id: &str,
) -> Result<Option<Integration>, StoreError> {
    let sql = format!("{SELECT} WHERE workspace_id = ? AND id = ?");
    one(database, TABLE, &sql, [workspace.as_str(), id], integration)
}

/// The unarchived integration with this key, or else the newest archived one.
fn find_by_key(
    database: &Database,
    workspace: &WorkspaceId,
    key: &str,
) -> Result<Option<Integration>, StoreError> {
    let sql = format!(
        "{SELECT} WHERE workspace_id = ? AND key = ?
        ORDER BY archived_at IS NULL DESC, id DESC LIMIT 1"
    );
    one(
        database,
        TABLE,
        &sql,
        [workspace.as_str(), key],
        integration,
    )
}

fn require_connector(
    database: &Database,
    workspace: &WorkspaceId,
    id: Option<&ConnectorId>,
) -> Result<(), StoreError> {
    if let Some(id) = id {
        connector::require(database, workspace, id)?;
    }
    Ok(())
}

fn list(
    database: &Database,
    workspace: &WorkspaceId,
    filter: &IntegrationFilter,
    page: &Page,
) -> Result<Paged<Integration>, StoreError> {
    let IntegrationFilter {
        search,
        include_archived,
        is_auth_proxy,
    } = filter;
    let mut conditions = Conditions::of(workspace.as_str(), TABLE);
    conditions.and(if *is_auth_proxy {
        "is_auth_proxy = 1"
    } else {
        "is_auth_proxy = 0"
    });
    if !include_archived {
        conditions.and("archived_at IS NULL");
    }
    if let Some(text) = search {
        conditions.and_search(["key", "name"], text);
    }
    let ids = Ids {
        prefix: IntegrationId::PREFIX,
        id: |integration: &Integration| integration.id.as_str(),
    };
    conditions.page(database, SELECT, &ids, page, integration)
}

fn insert(
    database: &Database,
    workspace: &WorkspaceId,
    integration: &Integration,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO integration (workspace_id, id, key, name, connector_id,
        connector_version, logo_uri, base_uri, oauth_callback_uri, allows_external_callback, meta,
        origin, revision, created_at, updated_at, archived_at, is_auth_proxy)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    let values = params![
        workspace.as_str(),
        integration.id.as_str(),
        integration.key,
        integration.name,
        integration.connector_id.as_ref().map(ConnectorId::as_str),
        integration.connector_version,
        integration.logo_uri,
        integration.base_uri,
        integration.oauth_callback_uri,
        integration.allows_external_callback,
        integration.meta.as_ref().map(ToString::to_string),
        integration.origin.as_str(),
        count_column(integration.revision),
        integration.created_at.as_microsecond(),
        integration.updated_at.as_microsecond(),
        integration.archived_at.map(Timestamp::as_microsecond),
        integration.is_auth_proxy,
    ];
    execute_unique(database, sql, values, TABLE, &integration.key)
}

fn write_change(
    database: &Database,
    workspace: &WorkspaceId,
    mut integration: Integration,
    now: Timestamp,
) -> Result<Integration, StoreError> {
    integration.revision += 1;
    integration.updated_at = now;
    let sql = "UPDATE integration SET key = ?, name = ?, connector_id = ?, connector_version = ?,
        logo_uri = ?, base_uri = ?, oauth_callback_uri = ?, allows_external_callback = ?, meta = ?,
        origin = ?, revision = ?, updated_at = ?, archived_at = ? WHERE workspace_id = ? AND id = ?";
    let values = params![
        integration.key,
        integration.name,
        integration.connector_id.as_ref().map(ConnectorId::as_str),
        integration.connector_version,
        integration.logo_uri,
        integration.base_uri,
        integration.oauth_callback_uri,
        integration.allows_external_callback,
        integration.meta.as_ref().map(ToString::to_string),
        integration.origin.as_str(),
        count_column(integration.revision),
        integration.updated_at.as_microsecond(),
        integration.archived_at.map(Timestamp::as_microsecond),
        workspace.as_str(),
        integration.id.as_str(),
    ];
    execute_unique(database, sql, values, TABLE, &integration.key)?;
    Ok(integration)
}

fn integration(row: &Record<'_>) -> Result<Integration, StoreError> {
    Ok(Integration {
        id: row.parse("id")?,
        key: row.get("key")?,
        name: row.get("name")?,
        connector_id: row.parse_optional("connector_id")?,
        connector_version: row.get("connector_version")?,
        logo_uri: row.get("logo_uri")?,
        base_uri: row.get("base_uri")?,
        oauth_callback_uri: row.get("oauth_callback_uri")?,
        allows_external_callback: row.get("allows_external_callback")?,
        meta: row.json_optional("meta")?,
        is_auth_proxy: row.get("is_auth_proxy")?,
        has_parameters: row.get("has_parameters")?,
        origin: row.parse("origin")?,
        revision: row.count("revision")?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
        archived_at: row.time_optional("archived_at")?,
    })
}

/// The table, and the owner of the sealed parameters.
const TABLE: &str = field::PARAMETERS.table;
const SELECT: &str = "SELECT id, key, name, connector_id, connector_version, logo_uri, base_uri,
    oauth_callback_uri, allows_external_callback, meta, origin, revision, created_at, updated_at,
    archived_at, is_auth_proxy, EXISTS (SELECT 1 FROM secret WHERE secret.workspace_id = integration.workspace_id
        AND secret.owner = 'integration' AND secret.row_id = integration.id) AS has_parameters
    FROM integration";
