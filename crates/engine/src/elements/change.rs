//! Making and changing elements; all of it is for admins.

use authbridge_core::element::ElementType;
use authbridge_store::{Element, ElementPatch, NewElement, Origin};
use serde_json::{Map, Value};

use super::document::{Document, check_key};
use super::{ElementSelector, ElementView, Level};
use crate::push::diff::diff;
use crate::{Engine, EngineError, Session};

impl Engine {
    /// Makes an element from a document; `integration` has it over what the document says.
    pub async fn create_element(
        &self,
        session: &Session,
        element_type: ElementType,
        body: Value,
        integration: Option<&str>,
    ) -> Result<ElementView, EngineError> {
        session.require_admin()?;
        let document = Document::of(body)?;
        let key = document.key.clone().ok_or_else(|| {
            EngineError::bad_request(format!(
                "{} need a `key`, such as `create-contact`",
                element_type.path()
            ))
        })?;
        check_key(element_type, &key)?;
        if element_type == ElementType::Interface {
            return self.create_interface(session, key, document.content).await;
        }
        let integration = integration.or(document.integration.as_deref());
        let level = self.level(session, element_type, integration).await?;
        let parent = self
            .named_parent(
                session,
                element_type,
                &level,
                &key,
                document.parent.as_deref(),
            )
            .await?;
        let is_empty = document.content.is_empty();
        let content = match &parent {
            Some(parent) if is_empty => parent.content.clone(),
            Some(_) | None => Value::Object(document.content),
        };
        let new = NewElement {
            element_type,
            key,
            integration_id: level.integration_id(),
            is_customized: is_customized(parent.as_ref(), &content),
            parent_id: parent.map(|parent| parent.id),
            content,
            origin: Origin::Api,
        };
        let store = &self.shared.store;
        let record = store.insert_element(session.workspace_id(), new).await?;
        Ok(level.view(record))
    }

    /// Puts a document in the place of what an element says.
    pub async fn put_element(
        &self,
        session: &Session,
        element_type: ElementType,
        selector: &ElementSelector,
        body: Value,
    ) -> Result<ElementView, EngineError> {
        session.require_admin()?;
        let document = Document::of(body)?;
        let before = self.element(session, element_type, selector).await?;
        let content = Value::Object(document.content);
        self.rewrite(session, before, document.key, content).await
    }

    /// The same where there may be none yet: then it is made.
    pub async fn put_or_create_element(
        &self,
        session: &Session,
        element_type: ElementType,
        selector: &ElementSelector,
        body: Value,
    ) -> Result<ElementView, EngineError> {
        session.require_admin()?;
        let found = self.find_element(session, element_type, selector).await?;
        if found.is_some_and(|view| view.record.archived_at.is_none()) {
            return self
                .put_element(session, element_type, selector, body)
                .await;
        }
        let mut body = body;
        if let Value::Object(members) = &mut body {
            members.insert("key".into(), selector.id_or_key.as_str().into());
        }
        let integration = selector.integration.as_deref();
        self.create_element(session, element_type, body, integration)
            .await
    }

    /// Changes the members that a document names; null takes one out.
    pub async fn patch_element(
        &self,
        session: &Session,
        element_type: ElementType,
        selector: &ElementSelector,
        body: Value,
    ) -> Result<ElementView, EngineError> {
        session.require_admin()?;
        let document = Document::of(body)?;
        let before = self.element(session, element_type, selector).await?;
        let mut content = match &before.record.content {
            Value::Object(members) => members.clone(),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_) => Map::new(),
        };
        for (name, value) in document.content {
            if value.is_null() {
                content.shift_remove(&name);
            } else {
                content.insert(name, value);
            }
        }
        let content = Value::Object(content);
        self.rewrite(session, before, document.key, content).await
    }

    /// Makes an element of an integration say again what the universal one says.
    pub async fn reset_element(
        &self,
        session: &Session,
        element_type: ElementType,
        selector: &ElementSelector,
    ) -> Result<ElementView, EngineError> {
        session.require_admin()?;
        let before = self.element(session, element_type, selector).await?;
        let Some(parent) = self.parent_of(session, &before.record).await? else {
            return Err(EngineError::bad_request(format!(
                "`{}` comes from no universal element that it could be reset to",
                before.record.key
            )));
        };
        let patch = ElementPatch {
            is_customized: Some(false),
            content: Some(parent.content),
            ..ElementPatch::default()
        };
        self.update_element(session, before, patch).await
    }

    /// Makes a universal element one of integrations as well, which follows it from then on.
    pub async fn apply_element(
        &self,
        session: &Session,
        element_type: ElementType,
        id_or_key: &str,
        integrations: &[String],
    ) -> Result<Vec<ElementView>, EngineError> {
        session.require_admin()?;
        let parent = self.universal(session, element_type, id_or_key).await?;
        let mut applied = Vec::with_capacity(integrations.len());
        for integration in integrations {
            let level = self.level(session, element_type, Some(integration)).await?;
            applied.push(self.apply_at(session, &parent, &level).await?);
        }
        Ok(applied)
    }

    async fn apply_at(
        &self,
        session: &Session,
        parent: &Element,
        level: &Level,
    ) -> Result<ElementView, EngineError> {
        let workspace = session.workspace_id();
        let store = &self.shared.store;
        let known = store
            .find_element_by_key(
                workspace,
                parent.element_type,
                &level.as_stored(),
                &parent.key,
            )
            .await?;
        if let Some(known) = known.filter(|known| known.archived_at.is_none()) {
            let patch = ElementPatch {
                is_customized: Some(is_customized(Some(parent), &known.content)),
                parent_id: Some(Some(parent.id.clone())),
                ..ElementPatch::default()
            };
            return self.update_element(session, level.view(known), patch).await;
        }
        let new = NewElement {
            element_type: parent.element_type,
            key: parent.key.clone(),
            integration_id: level.integration_id(),
            parent_id: Some(parent.id.clone()),
            is_customized: false,
            content: parent.content.clone(),
            origin: Origin::Api,
        };
        Ok(level.view(store.insert_element(workspace, new).await?))
    }

    /// Archives an element.
    pub async fn archive_element(
        &self,
        session: &Session,
        element_type: ElementType,
        selector: &ElementSelector,
    ) -> Result<ElementView, EngineError> {
        session.require_admin()?;
        let mut view = self.element(session, element_type, selector).await?;
        if element_type == ElementType::Interface {
            return self.archive_interface(session, view).await;
        }
        let store = &self.shared.store;
        view.record = store
            .archive_element(session.workspace_id(), &view.record.id)
            .await?;
        Ok(view)
    }

    /// Takes an element back from the archive.
    pub async fn restore_element(
        &self,
        session: &Session,
        element_type: ElementType,
        selector: &ElementSelector,
    ) -> Result<ElementView, EngineError> {
        session.require_admin()?;
        let found = self.find_element(session, element_type, selector).await?;
        let mut view = found
            .ok_or_else(|| EngineError::not_found(element_type.noun(), &selector.id_or_key))?;
        if element_type == ElementType::Interface {
            return self.restore_interface(session, view).await;
        }
        let store = &self.shared.store;
        view.record = store
            .restore_element(session.workspace_id(), &view.record.id)
            .await?;
        Ok(view)
    }

    async fn rewrite(
        &self,
        session: &Session,
        before: ElementView,
        key: Option<String>,
        content: Value,
    ) -> Result<ElementView, EngineError> {
        if let Some(key) = &key {
            check_key(before.record.element_type, key)?;
        }
        if before.record.element_type == ElementType::Interface {
            return self.rewrite_interface(session, before, key, content).await;
        }
        let parent = self.parent_of(session, &before.record).await?;
        let patch = ElementPatch {
            key,
            is_customized: Some(is_customized(parent.as_ref(), &content)),
            content: Some(content),
            ..ElementPatch::default()
        };
        self.update_element(session, before, patch).await
    }

    async fn update_element(
        &self,
        session: &Session,
        mut view: ElementView,
        patch: ElementPatch,
    ) -> Result<ElementView, EngineError> {
        let store = &self.shared.store;
        view.record = store
            .update_element(session.workspace_id(), &view.record.id, patch)
            .await?;
        Ok(view)
    }

    /// The unarchived universal element that `element` comes from.
    async fn parent_of(
        &self,
        session: &Session,
        element: &Element,
    ) -> Result<Option<Element>, EngineError> {
        let Some(id) = &element.parent_id else {
            return Ok(None);
        };
        let store = &self.shared.store;
        let found = store.find_element(session.workspace_id(), id).await?;
        Ok(found.filter(|parent| parent.archived_at.is_none()))
    }

    /// What a new element at `level` comes from: the universal element that it names, or else the
    /// one with its key. Ids of another workspace are none of ours, and no reason to refuse.
    async fn named_parent(
        &self,
        session: &Session,
        element_type: ElementType,
        level: &Level,
        key: &str,
        named: Option<&str>,
    ) -> Result<Option<Element>, EngineError> {
        if matches!(level, Level::Universal) {
            return Ok(None);
        }
        for id_or_key in named.into_iter().chain([key]) {
            match self.universal(session, element_type, id_or_key).await {
                Ok(parent) => return Ok(Some(parent)),
                Err(EngineError::NotFound { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }
}

/// Whether something that comes from `parent` says something else.
pub(crate) fn is_customized(parent: Option<&Element>, content: &Value) -> bool {
    parent.is_some_and(|parent| !diff(&parent.content, content).is_empty())
}
