//! Interfaces, which are written as a push of one element: what each is compiled to changes with
//! it, or nothing does.

use authbridge_core::element::ElementType;
use authbridge_store::StoreError;
use serde_json::{Map, Value};

use super::{ElementSelector, ElementView};
use crate::push::Restored;
use crate::{Engine, EngineError, Push, PushedElement, Session};

impl Engine {
    pub(super) async fn create_interface(
        &self,
        session: &Session,
        key: String,
        content: Map<String, Value>,
    ) -> Result<ElementView, EngineError> {
        if self.interface(session, &key).await?.is_some() {
            let what = format!("interface `{key}`");
            return Err(StoreError::Conflict { what }.into());
        }
        self.write_interface(session, key, content, None).await
    }

    pub(super) async fn rewrite_interface(
        &self,
        session: &Session,
        before: ElementView,
        key: Option<String>,
        content: Value,
    ) -> Result<ElementView, EngineError> {
        let known = before.record.key;
        if key.is_some_and(|key| key != known) {
            return Err(EngineError::bad_request(
                "the key of an interface names its connections, and stays as it is",
            ));
        }
        let members = match content {
            Value::Object(members) => members,
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_) => Map::new(),
        };
        self.write_interface(session, known, members, None).await
    }

    pub(super) async fn archive_interface(
        &self,
        session: &Session,
        mut view: ElementView,
    ) -> Result<ElementView, EngineError> {
        let push = Push {
            removed: vec![view.record.key.clone()],
            ..Push::default()
        };
        Box::pin(self.push(session, push, false)).await?;
        let store = &self.shared.store;
        let found = store
            .find_element(session.workspace_id(), &view.record.id)
            .await?;
        if let Some(record) = found {
            view.record = record;
        }
        Ok(view)
    }

    /// Takes an interface back, and the integration that was made from it, so that accounts that
    /// were connected to it are again.
    pub(super) async fn restore_interface(
        &self,
        session: &Session,
        view: ElementView,
    ) -> Result<ElementView, EngineError> {
        let record = view.record;
        if record.archived_at.is_none() {
            let integration_key = view.integration_key;
            return Ok(ElementView {
                record,
                integration_key,
            });
        }
        if self.interface(session, &record.key).await?.is_some() {
            let what = format!("interface `{}`", record.key);
            return Err(StoreError::Conflict { what }.into());
        }
        let store = &self.shared.store;
        let integration = store
            .find_integration(session.workspace_id(), &record.key)
            .await?
            .filter(|found| found.archived_at.is_some());
        let integration = match integration {
            Some(found) if self.is_made_from_interface(session, &found).await? => Some(found.id),
            Some(_) | None => None,
        };
        let restored = Restored {
            element: record.id,
            integration,
        };
        let members = match record.content {
            Value::Object(members) => members,
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_) => Map::new(),
        };
        self.write_interface(session, record.key, members, Some(restored))
            .await
    }

    async fn write_interface(
        &self,
        session: &Session,
        key: String,
        content: Map<String, Value>,
        restored: Option<Restored>,
    ) -> Result<ElementView, EngineError> {
        let push = Push {
            restored,
            elements: vec![PushedElement {
                element_type: ElementType::Interface.path().to_owned(),
                key: key.clone(),
                integration_key: None,
                content,
                files: None,
                version: None,
            }],
            ..Push::default()
        };
        Box::pin(self.push(session, push, false)).await?;
        let selector = ElementSelector {
            id_or_key: key,
            integration: None,
        };
        self.element(session, ElementType::Interface, &selector)
            .await
    }
}
