//! Elements on the wire (wire contract G): what they say, with what the server knows of them.

use authbridge_engine::ElementView;
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
