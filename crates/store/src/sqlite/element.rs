//! Elements.

use async_trait::async_trait;
use authbridge_core::element::{ElementId, ElementType};
use authbridge_core::id::{IntegrationId, WorkspaceId};
use jiff::Timestamp;
use rusqlite::{Connection as Database, params};

use super::record::{Record, count_column};
use super::statement::{Conditions, Ids, execute_unique, many, one};
use super::{Sqlite, change, integration, workspace};
use crate::backend::Elements;
use crate::model::element::{Element, ElementFilter, ElementLevel, ElementPatch};
use crate::{Page, Paged, StoreError};

#[async_trait]
impl Elements for Sqlite {
    async fn insert_element(
        &self,
        workspace: &WorkspaceId,
        element: &Element,
    ) -> Result<(), StoreError> {
        let workspace = workspace.clone();
        let element = element.clone();
        self.write(move |database| {
            workspace::require(database, &workspace)?;
            insert(database, &workspace, &element)?;
            tell(database, &workspace, &element)
        })
        .await
    }

    async fn find_element(
        &self,
        workspace: &WorkspaceId,
        id: &ElementId,
    ) -> Result<Option<Element>, StoreError> {
        let workspace = workspace.clone();
        let id = id.clone();
        self.read(move |database| find(database, &workspace, &id))
            .await
    }

    async fn find_element_by_key(
        &self,
        workspace: &WorkspaceId,
        element_type: ElementType,
        level: &ElementLevel,
        key: &str,
    ) -> Result<Option<Element>, StoreError> {
        let workspace = workspace.clone();
        let level = level.clone();
        let key = key.to_owned();
        self.read(move |database| find_by_key(database, &workspace, element_type, &level, &key))
            .await
    }

    async fn list_elements(
        &self,
        workspace: &WorkspaceId,
        filter: ElementFilter,
        page: Page,
    ) -> Result<Paged<Element>, StoreError> {
        let workspace = workspace.clone();
        self.read(move |database| list(database, &workspace, &filter, &page))
            .await
    }

    async fn update_element(
        &self,
        workspace: &WorkspaceId,
        id: &ElementId,
        patch: ElementPatch,
        now: Timestamp,
    ) -> Result<Element, StoreError> {
        let workspace = workspace.clone();
        let id = id.clone();
        self.write(move |database| {
            let before = require(database, &workspace, &id)?;
            let after = update(database, &workspace, &before, patch, now)?;
            if after.revision != before.revision {
                follow(database, &workspace, &after, now)?;
                tell(database, &workspace, &after)?;
            }
            Ok(after)
        })
        .await
    }

    async fn set_element_archived(
        &self,
        workspace: &WorkspaceId,
        id: &ElementId,
        at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Element, StoreError> {
        let workspace = workspace.clone();
        let id = id.clone();
        self.write(move |database| {
            let before = require(database, &workspace, &id)?;
            if before.archived_at.is_some() == at.is_some() {
                return Ok(before);
            }
            let after = archive(database, &workspace, before, at, now)?;
            tell(database, &workspace, &after)?;
            Ok(after)
        })
        .await
    }
}

/// The element with this id, as an error when there is none.
pub(super) fn require(
    database: &Database,
    workspace: &WorkspaceId,
    id: &ElementId,
) -> Result<Element, StoreError> {
    let found = find(database, workspace, id)?;
    found.ok_or_else(|| StoreError::missing("element", id.as_str()))
}

/// All unarchived elements of a workspace.
pub(super) fn all(
    database: &Database,
    workspace: &WorkspaceId,
) -> Result<Vec<Element>, StoreError> {
    let sql = format!("{SELECT} WHERE workspace_id = ? AND archived_at IS NULL ORDER BY id");
    many(database, TABLE, &sql, [workspace.as_str()], element)
}

pub(super) fn insert(
    database: &Database,
    workspace: &WorkspaceId,
    element: &Element,
) -> Result<(), StoreError> {
    if let Some(id) = &element.integration_id {
        integration::require(database, workspace, id)?;
    }
    if let Some(id) = &element.parent_id {
        require(database, workspace, id)?;
    }
    let sql = "INSERT INTO element (workspace_id, id, type, key, integration_id, parent_id,
        is_customized, content, origin, revision, created_at, updated_at, archived_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    let values = params![
        workspace.as_str(),
        element.id.as_str(),
        element.element_type.path(),
        element.key,
        element.integration_id.as_ref().map(IntegrationId::as_str),
        element.parent_id.as_ref().map(ElementId::as_str),
        element.is_customized,
        element.content.to_string(),
        element.origin.as_str(),
        count_column(element.revision),
        element.created_at.as_microsecond(),
        element.updated_at.as_microsecond(),
        element.archived_at.map(Timestamp::as_microsecond),
    ];
    let noun = element.element_type.singular();
    execute_unique(database, sql, values, noun, &element.key)
}

/// Applies a patch; one that changes nothing is not written and leaves the revision.
pub(super) fn update(
    database: &Database,
    workspace: &WorkspaceId,
    before: &Element,
    patch: ElementPatch,
    now: Timestamp,
) -> Result<Element, StoreError> {
    let mut after = before.clone();
    patch.apply(&mut after);
    // Who says what is there already changes nothing.
    let origin = std::mem::replace(&mut after.origin, before.origin);
    // As text: the order of members can matter, and equality of values does not see it.
    let texts = [&after.content, &before.content].map(ToString::to_string);
    let [text_after, text_before] = &texts;
    if after == *before && text_after == text_before {
        return Ok(after);
    }
    after.origin = origin;
    after.revision += 1;
    after.updated_at = now;
    write(database, workspace, &after)?;
    Ok(after)
}

pub(super) fn archive(
    database: &Database,
    workspace: &WorkspaceId,
    mut element: Element,
    at: Option<Timestamp>,
    now: Timestamp,
) -> Result<Element, StoreError> {
    element.archived_at = at;
    element.revision += 1;
    element.updated_at = now;
    write(database, workspace, &element)?;
    Ok(element)
}

/// Brings the elements that come from `parent` and say nothing else up to date with it.
fn follow(
    database: &Database,
    workspace: &WorkspaceId,
    parent: &Element,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = format!(
        "{SELECT} WHERE workspace_id = ? AND parent_id = ? AND archived_at IS NULL
        AND NOT is_customized"
    );
    let place = [workspace.as_str(), parent.id.as_str()];
    for child in many(database, TABLE, &sql, place, element)? {
        let patch = ElementPatch {
            content: Some(parent.content.clone()),
            ..ElementPatch::default()
        };
        update(database, workspace, &child, patch, now)?;
    }
    Ok(())
}

fn write(
    database: &Database,
    workspace: &WorkspaceId,
    element: &Element,
) -> Result<(), StoreError> {
    let sql = "UPDATE element SET key = ?, parent_id = ?, is_customized = ?, content = ?,
        origin = ?, revision = ?, updated_at = ?, archived_at = ?
        WHERE workspace_id = ? AND id = ?";
    let values = params![
        element.key,
        element.parent_id.as_ref().map(ElementId::as_str),
        element.is_customized,
        element.content.to_string(),
        element.origin.as_str(),
        count_column(element.revision),
        element.updated_at.as_microsecond(),
        element.archived_at.map(Timestamp::as_microsecond),
        workspace.as_str(),
        element.id.as_str(),
    ];
    let noun = element.element_type.singular();
    execute_unique(database, sql, values, noun, &element.key)
}

fn tell(database: &Database, workspace: &WorkspaceId, element: &Element) -> Result<(), StoreError> {
    let noun = element.element_type.singular();
    change::changed(database, workspace, noun, &element.key, element.updated_at)
}

fn find(
    database: &Database,
    workspace: &WorkspaceId,
    id: &ElementId,
) -> Result<Option<Element>, StoreError> {
    let sql = format!("{SELECT} WHERE workspace_id = ? AND id = ?");
    let place = [workspace.as_str(), id.as_str()];
    one(database, TABLE, &sql, place, element)
}

/// The unarchived element with this key, or else the newest archived one.
fn find_by_key(
    database: &Database,
    workspace: &WorkspaceId,
    element_type: ElementType,
    level: &ElementLevel,
    key: &str,
) -> Result<Option<Element>, StoreError> {
    let order = "ORDER BY archived_at IS NULL DESC, id DESC LIMIT 1";
    let path = element_type.path();
    match level {
        ElementLevel::Universal => {
            let sql = format!(
                "{SELECT} WHERE workspace_id = ? AND type = ? AND integration_id IS NULL
                AND key = ? {order}"
            );
            one(
                database,
                TABLE,
                &sql,
                [workspace.as_str(), path, key],
                element,
            )
        }
        ElementLevel::Integration(id) => {
            let sql = format!(
                "{SELECT} WHERE workspace_id = ? AND type = ? AND integration_id = ? AND key = ?
                {order}"
            );
            let place = [workspace.as_str(), path, id.as_str(), key];
            one(database, TABLE, &sql, place, element)
        }
    }
}

fn list(
    database: &Database,
    workspace: &WorkspaceId,
    filter: &ElementFilter,
    page: &Page,
) -> Result<Paged<Element>, StoreError> {
    let ElementFilter {
        element_type,
        level,
        parent_id,
        search,
        include_archived,
    } = filter;
    let mut conditions = Conditions::of(workspace.as_str(), TABLE);
    conditions.and_with("element.type = ?", [element_type.path()]);
    match level {
        None => {}
        Some(ElementLevel::Universal) => conditions.and("element.integration_id IS NULL"),
        Some(ElementLevel::Integration(id)) => {
            conditions.and_with("element.integration_id = ?", [id.as_str()]);
        }
    }
    if let Some(id) = parent_id {
        conditions.and_with("element.parent_id = ?", [id.as_str()]);
    }
    if !include_archived {
        conditions.and("element.archived_at IS NULL");
    }
    if let Some(text) = search {
        conditions.and_search(["key", "json_extract(content, '$.name')"], text);
    }
    let ids = Ids {
        prefix: element_type.id_prefix(),
        id: |element: &Element| element.id.as_str(),
    };
    conditions.page(database, SELECT, &ids, page, element)
}

fn element(row: &Record<'_>) -> Result<Element, StoreError> {
    Ok(Element {
        id: row.parse("id")?,
        element_type: row.parse("type")?,
        key: row.get("key")?,
        integration_id: row.parse_optional("integration_id")?,
        parent_id: row.parse_optional("parent_id")?,
        is_customized: row.get("is_customized")?,
        content: row.json("content")?,
        origin: row.parse("origin")?,
        revision: row.count("revision")?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
        archived_at: row.time_optional("archived_at")?,
    })
}

const TABLE: &str = "element";
const SELECT: &str = "SELECT id, type, key, integration_id, parent_id, is_customized, content,
    origin, revision, created_at, updated_at, archived_at FROM element";
