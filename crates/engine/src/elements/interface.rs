//! Interfaces, which are written as a push of one element: what each is compiled to changes with
//! it, or nothing does.

use authbridge_core::element::ElementType;
use authbridge_store::StoreError;
use serde_json::{Map, Value};

use super::{ElementSelector, ElementView};
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
        self.write_interface(session, key, content).await
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
        self.write_interface(session, known, members).await
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

    /// What it said, as a new interface of its key.
    pub(super) async fn restore_interface(
        &self,
        session: &Session,
        view: ElementView,
    ) -> Result<ElementView, EngineError> {
        if view.record.archived_at.is_none() {
            return Ok(view);
        }
        match view.record.content {
            Value::Object(members) => {
                self.create_interface(session, view.record.key, members)
                    .await
            }
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_) => Ok(view),
        }
    }

    async fn write_interface(
        &self,
        session: &Session,
        key: String,
        content: Map<String, Value>,
    ) -> Result<ElementView, EngineError> {
        let push = Push {
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
