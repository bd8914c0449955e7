//! Elements on the wire (wire contract G): what they say, with what the server knows of them.

use authbridge_engine::{ElementView, RunnableAction};
use authbridge_store::ActionInstance;
use serde_json::{Map, Value};

/// An element as clients expect it: its content and the shared fields side by side.
pub(crate) fn element(view: ElementView, workspace_id: &str) -> Value {
    let ElementView {
        record,
        integration_key,
    } = view;
    let mut members = Map::new();
    members.insert("id".into(), record.id.as_str().into());
    members.insert("key".into(), record.key.into());
    if let Value::Object(content) = record.content {
        members.extend(content);
    }
    members.insert("workspaceId".into(), workspace_id.into());
    if let Some(id) = &record.integration_id {
        members.insert("integrationId".into(), id.as_str().into());
    }
    if let Some(key) = integration_key {
        members.insert("integrationKey".into(), key.into());
    }
    if let (Some(name), Some(parent)) = (record.element_type.parent_member(), &record.parent_id) {
        members.insert(name.into(), parent.as_str().into());
        members.insert("isCustomized".into(), record.is_customized.into());
    }
    members.insert("state".into(), "READY".into());
    members.insert("revision".into(), record.revision.to_string().into());
    members.insert("createdAt".into(), record.created_at.to_string().into());
    members.insert("updatedAt".into(), record.updated_at.to_string().into());
    if let Some(at) = record.archived_at {
        members.insert("archivedAt".into(), at.to_string().into());
    }
    members.into()
}

/// An action of a connection: the element with the connection that it runs with. One that stands
/// in an interface has its key for an id.
pub(crate) fn runnable_action(action: RunnableAction, workspace_id: &str) -> Value {
    let RunnableAction {
        key,
        content,
        record,
        instance,
        integration,
        connection_id,
        customer_id,
    } = action;
    let mut members = Map::new();
    let id = record.as_ref().map_or(key.as_str(), |it| it.id.as_str());
    members.insert("id".into(), id.into());
    members.insert("key".into(), key.as_str().into());
    members.insert("name".into(), key.as_str().into());
    if let Value::Object(content) = content {
        members.extend(content);
    }
    members.insert("workspaceId".into(), workspace_id.into());
    members.insert("integrationId".into(), integration.id.as_str().into());
    members.insert("integrationKey".into(), integration.key.into());
    members.insert("connectionId".into(), connection_id.as_str().into());
    members.insert("userId".into(), customer_id.as_str().into());
    members.insert("state".into(), "READY".into());
    if let Some(record) = record {
        members.insert("parentId".into(), record.id.as_str().into());
        let universal = match (&record.parent_id, &record.integration_id) {
            (Some(parent), _) => Some(parent.as_str()),
            (None, None) => Some(record.id.as_str()),
            (None, Some(_)) => None,
        };
        members.insert("universalParentId".into(), universal.into());
        members.insert("revision".into(), record.revision.to_string().into());
        members.insert("createdAt".into(), record.created_at.to_string().into());
        members.insert("updatedAt".into(), record.updated_at.to_string().into());
    }
    if let Some(instance) = instance {
        add_instance(&mut members, &instance);
    }
    members.into()
}

/// What an instance of a connection has for itself, in the place of what its action has.
fn add_instance(members: &mut Map<String, Value>, instance: &ActionInstance) {
    members.insert("id".into(), instance.id.as_str().into());
    if let Some(key) = &instance.instance_key {
        members.insert("instanceKey".into(), key.as_str().into());
    }
    members.insert("isCustomized".into(), instance.content.is_some().into());
    members.insert("revision".into(), instance.revision.to_string().into());
    members.insert("createdAt".into(), instance.created_at.to_string().into());
    members.insert("updatedAt".into(), instance.updated_at.to_string().into());
}
