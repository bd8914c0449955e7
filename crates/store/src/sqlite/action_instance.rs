//! Instances of actions.

use async_trait::async_trait;
use authbridge_core::id::{ActionInstanceId, ConnectionId, WorkspaceId};
use jiff::Timestamp;
use rusqlite::{Connection as Database, params};
use serde_json::Value;

use super::record::{Record, count_column};
use super::statement::{Conditions, Ids, execute, execute_unique, one};
use super::{Sqlite, connection};
use crate::backend::ActionInstances;
use crate::model::action_instance::{
    ActionInstance, ActionInstanceFilter, InstanceAuthor, InstanceContent, InstanceLimits,
};
use crate::{Page, Paged, StoreError};

#[async_trait]
impl ActionInstances for Sqlite {
    async fn insert_action_instance(
        &self,
        workspace: &WorkspaceId,
        instance: &ActionInstance,
        limits: InstanceLimits,
    ) -> Result<(), StoreError> {
        let workspace = workspace.clone();
        let instance = instance.clone();
        self.write(move |database| {
            connection::require(database, &workspace, &instance.connection_id)?;
            // One that is there already is told as such, whether or not there is room.
            insert(database, &workspace, &instance)?;
            require_room(database, &workspace, &instance.connection_id, limits)
        })
        .await
    }

    async fn find_action_instance(
        &self,
        workspace: &WorkspaceId,
        id: &ActionInstanceId,
    ) -> Result<Option<ActionInstance>, StoreError> {
        let workspace = workspace.clone();
        let id = id.clone();
        self.read(move |database| find(database, &workspace, &id))
            .await
    }

    async fn find_action_instance_by_key(
        &self,
        workspace: &WorkspaceId,
        connection: &ConnectionId,
        action_key: &str,
        instance_key: Option<&str>,
    ) -> Result<Option<ActionInstance>, StoreError> {
        let place = [
            workspace.as_str(),
            connection.as_str(),
            action_key,
            instance_key.unwrap_or_default(),
        ]
        .map(str::to_owned);
        self.read(move |database| {
            let sql = format!(
                "{SELECT} WHERE action_instance.workspace_id = ? AND connection_id = ?
                AND action_key = ? AND instance_key = ?"
            );
            one(database, TABLE, &sql, place, instance)
        })
        .await
    }

    async fn list_action_instances(
        &self,
        workspace: &WorkspaceId,
        filter: ActionInstanceFilter,
        page: Page,
    ) -> Result<Paged<ActionInstance>, StoreError> {
        let workspace = workspace.clone();
        self.read(move |database| list(database, &workspace, &filter, &page))
            .await
    }

    async fn set_action_instance(
        &self,
        workspace: &WorkspaceId,
        id: &ActionInstanceId,
        said: InstanceContent,
        limits: InstanceLimits,
        now: Timestamp,
    ) -> Result<ActionInstance, StoreError> {
        let workspace = workspace.clone();
        let id = id.clone();
        self.write(move |database| {
            let found = find(database, &workspace, &id)?;
            let mut after =
                found.ok_or_else(|| StoreError::missing("action instance", id.as_str()))?;
            require_open(&after, said.author)?;
            let before = length(after.content.as_ref());
            after.content = said.content;
            after.author = said.author;
            after.revision += 1;
            after.updated_at = now;
            write(database, &workspace, &after)?;
            if length(after.content.as_ref()) > before {
                require_room(database, &workspace, &after.connection_id, limits)?;
            }
            Ok(after)
        })
        .await
    }

    async fn remove_action_instance(
        &self,
        workspace: &WorkspaceId,
        id: &ActionInstanceId,
        by: InstanceAuthor,
    ) -> Result<(), StoreError> {
        let workspace = workspace.clone();
        let id = id.clone();
        self.write(move |database| {
            let Some(instance) = find(database, &workspace, &id)? else {
                return Ok(());
            };
            require_open(&instance, by)?;
            let sql = "DELETE FROM action_instance WHERE workspace_id = ? AND id = ?";
            execute(database, sql, [workspace.as_str(), id.as_str()])?;
            Ok(())
        })
        .await
    }
}

/// Refuses a customer what an admin wrote.
fn require_open(instance: &ActionInstance, by: InstanceAuthor) -> Result<(), StoreError> {
    if instance.is_open_to(by) {
        return Ok(());
    }
    Err(StoreError::Protected {
        what: "instance of an action",
    })
}

/// Refuses what was just written, and so undoes it, where the connection now has too much.
fn require_room(
    database: &Database,
    workspace: &WorkspaceId,
    connection: &ConnectionId,
    limits: InstanceLimits,
) -> Result<(), StoreError> {
    let sql = "SELECT COUNT(*) AS instances,
        SUM(octet_length(instance_key) + COALESCE(octet_length(content), 0)) AS bytes
        FROM action_instance WHERE workspace_id = ? AND connection_id = ?";
    let place = [workspace.as_str(), connection.as_str()];
    let used = one(database, TABLE, sql, place, |row| {
        Ok((row.count("instances")?, row.count("bytes")?))
    })?;
    let (instances, bytes) = used.unwrap_or_default();
    let limit = if instances > limits.count {
        format!("{} instances of actions", limits.count)
    } else if bytes > limits.bytes {
        format!("{} bytes in its instances of actions", limits.bytes)
    } else {
        return Ok(());
    };
    Err(StoreError::Full {
        what: "a connection",
        limit,
    })
}

fn length(content: Option<&Value>) -> usize {
    content.map_or(0, |content| content.to_string().len())
}

fn insert(
    database: &Database,
    workspace: &WorkspaceId,
    instance: &ActionInstance,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO action_instance (workspace_id, id, connection_id, action_key,
        instance_key, content, author, revision, created_at, updated_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    let values = params![
        workspace.as_str(),
        instance.id.as_str(),
        instance.connection_id.as_str(),
        instance.action_key,
        instance.instance_key.as_deref().unwrap_or_default(),
        instance.content.as_ref().map(ToString::to_string),
        instance.author.as_str(),
        count_column(instance.revision),
        instance.created_at.as_microsecond(),
        instance.updated_at.as_microsecond(),
    ];
    execute_unique(
        database,
        sql,
        values,
        "action instance",
        &instance.action_key,
    )
}

fn write(
    database: &Database,
    workspace: &WorkspaceId,
    instance: &ActionInstance,
) -> Result<(), StoreError> {
    let sql = "UPDATE action_instance SET content = ?, author = ?, revision = ?, updated_at = ?
        WHERE workspace_id = ? AND id = ?";
    let values = params![
        instance.content.as_ref().map(ToString::to_string),
        instance.author.as_str(),
        count_column(instance.revision),
        instance.updated_at.as_microsecond(),
        workspace.as_str(),
        instance.id.as_str(),
    ];
    execute(database, sql, values)?;
    Ok(())
}

fn find(
    database: &Database,
    workspace: &WorkspaceId,
    id: &ActionInstanceId,
) -> Result<Option<ActionInstance>, StoreError> {
    let sql = format!("{SELECT} WHERE action_instance.workspace_id = ? AND action_instance.id = ?");
    let place = [workspace.as_str(), id.as_str()];
    one(database, TABLE, &sql, place, instance)
}

fn list(
    database: &Database,
    workspace: &WorkspaceId,
    filter: &ActionInstanceFilter,
    page: &Page,
) -> Result<Paged<ActionInstance>, StoreError> {
    let ActionInstanceFilter {
        connection_id,
        customer_id,
        action_key,
    } = filter;
    let mut conditions = Conditions::of(workspace.as_str(), TABLE);
    conditions.and("connection.archived_at IS NULL");
    if let Some(id) = connection_id {
        conditions.and_with("action_instance.connection_id = ?", [id.as_str()]);
    }
    if let Some(id) = customer_id {
        conditions.and_with("connection.customer_id = ?", [id.as_str()]);
    }
    if let Some(key) = action_key {
        conditions.and_with("action_instance.action_key = ?", [key]);
    }
    let ids = Ids {
        prefix: ActionInstanceId::PREFIX,
        id: |instance: &ActionInstance| instance.id.as_str(),
    };
    conditions.page(database, SELECT, &ids, page, instance)
}

fn instance(row: &Record<'_>) -> Result<ActionInstance, StoreError> {
    let instance_key: String = row.get("instance_key")?;
    Ok(ActionInstance {
        id: row.parse("id")?,
        connection_id: row.parse("connection_id")?,
        action_key: row.get("action_key")?,
        instance_key: Some(instance_key).filter(|key| !key.is_empty()),
        content: row.json_optional("content")?,
        author: row.parse("author")?,
        revision: row.count("revision")?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
    })
}

const TABLE: &str = "action_instance";
const SELECT: &str = "SELECT action_instance.id, connection_id, action_key, instance_key, content,
    author, revision, action_instance.created_at, action_instance.updated_at
    FROM action_instance JOIN connection
    ON connection.workspace_id = action_instance.workspace_id
    AND connection.id = action_instance.connection_id";
