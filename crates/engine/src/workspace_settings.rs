//! What a workspace's owner decides about the pages that its customers see.

use std::sync::Arc;

use authbridge_core::id::WorkspaceId;
use authbridge_core::settings::WorkspaceSettings;
use authbridge_store::NewAudit;
use serde_json::{Map, Value, json};
use url::Url;

use crate::{Engine, EngineError, Session, WorkspaceState};

/// What to change in a workspace; what is absent stays.
#[derive(Debug, Default)]
pub struct WorkspacePatch {
    /// The name that people see; the inner `None` removes it.
    pub name: Option<Option<String>>,
    /// Members of the settings, each in the place of the one there is; null removes one.
    pub settings: Map<String, Value>,
}

impl Engine {
    /// The caller's workspace as it is now.
    pub async fn workspace(&self, session: &Session) -> Result<Arc<WorkspaceState>, EngineError> {
        let key = &session.workspace.record.key;
        let found = self.shared.workspaces.find(key).await?;
        found.ok_or_else(|| EngineError::not_found("Workspace", key))
    }

    /// The workspace with this id.
    pub(crate) async fn workspace_by_id(
        &self,
        id: &WorkspaceId,
    ) -> Result<Option<Arc<WorkspaceState>>, EngineError> {
        match self.shared.store.find_workspace(id).await? {
            Some(record) => self.shared.workspaces.find(&record.key).await,
            None => Ok(None),
        }
    }

    /// Changes the caller's workspace; for admins. It counts at once in this process, and within
    /// half a minute in others.
    pub async fn change_workspace(
        &self,
        session: &Session,
        patch: WorkspacePatch,
    ) -> Result<Arc<WorkspaceState>, EngineError> {
        session.require_admin()?;
        let (store, id) = (&self.shared.store, session.workspace_id());
        let record = loop {
            let record = store.find_workspace(id).await?;
            let record = record.ok_or_else(|| EngineError::not_found("Workspace", id.as_str()))?;
            let settings = merged(&record.settings, &patch.settings)?;
            let name = patch.name.as_ref().unwrap_or(&record.name);
            let updating = store.update_workspace(&record, name.as_deref(), &settings);
            // Somebody who was faster changed something else, perhaps.
            if updating.await? {
                break record;
            }
        };
        let changed = patch.settings.keys().map(String::as_str);
        let changed: Vec<&str> = changed.chain(patch.name.iter().map(|_| "name")).collect();
        let detail = json!({ "changed": changed });
        self.shared.workspaces.forget(&record.key).await;
        let audit = NewAudit {
            actor: session.actor(),
            action: "workspace.changed".to_owned(),
            subject: id.to_string(),
            detail,
        };
        store.record_audit(id, audit).await?;
        self.workspace(session).await
    }

    /// Whether this is a developer's machine, whose pages anybody may embed.
    pub fn is_development(&self) -> bool {
        self.egress.is_development()
    }

    /// Refuses to send a browser to `uri`, unless the caller's workspace allows it. Servers for
    /// development send browsers anywhere.
    pub async fn require_redirect(&self, session: &Session, uri: &str) -> Result<(), EngineError> {
        if self.is_development() {
            return Ok(());
        }
        let workspace = self.workspace(session).await?;
        let is_allowed = |uri: Url| workspace.settings.allows_redirect_to(&uri);
        if Url::parse(uri).is_ok_and(is_allowed) {
            return Ok(());
        }
        // It is for a shell, so nothing in it may end the quotes.
        let mut shown = uri
            .split(['?', '#'])
            .next()
            .unwrap_or_default()
            .replace('\'', "%27");
        shown.truncate(shown.floor_char_boundary(200));
        Err(EngineError::bad_request(format!(
            "the workspace does not allow browsers to be sent to `{shown}`: allow it with \
             `authbridge workspace set --add-redirect-uri '{shown}'`"
        )))
    }
}

/// `kept` with the members of `patch` in their place.
fn merged(kept: &Value, patch: &Map<String, Value>) -> Result<Value, EngineError> {
    let mut members = match WorkspaceSettings::kept(kept).to_value() {
        Value::Object(members) => members,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Map::new()
        }
    };
    members.extend(patch.clone());
    let settings = WorkspaceSettings::read(&Value::Object(members))
        .map_err(|error| EngineError::bad_request(error.to_string()))?;
    Ok(settings.to_value())
}
