//! Which action a key means: the integration's own, then what stands in an interface, then the
//! workspace's.

use std::collections::HashSet;
use std::sync::Arc;

use authbridge_core::action::{Action, LinkedActions};
use authbridge_core::element::{ElementId, ElementType};
use authbridge_store::{ActionInstance, Element, ElementFilter, ElementLevel, Integration, Page};
use serde_json::Value;

use super::CompiledKey;
use crate::{Engine, EngineError, Session};

const ACTION: ElementType = ElementType::Action;

/// An action that was found.
pub(super) struct Found {
    pub(super) key: String,
    pub(super) content: Value,
    /// `None` for one that stands in an interface.
    pub(super) record: Option<Element>,
    /// The interface that it stands in.
    holder: Option<Element>,
}

impl Found {
    fn stored(record: Element) -> Self {
        Self {
            key: record.key.clone(),
            content: record.content.clone(),
            record: Some(record),
            holder: None,
        }
    }

    fn inline(key: &str, content: &Value, interface: &Element) -> Self {
        Self {
            key: key.to_owned(),
            content: content.clone(),
            record: None,
            holder: Some(interface.clone()),
        }
    }
}

impl Engine {
    /// The action that `id_or_key` means at `integration`, or in the workspace.
    pub(super) async fn find_action(
        &self,
        session: &Session,
        integration: Option<&Integration>,
        id_or_key: &str,
    ) -> Result<Found, EngineError> {
        let by_id = self.action_by_id(session, id_or_key).await?;
        let key = by_id.as_ref().map(|found| found.key.clone());
        let key = key.as_deref().unwrap_or(id_or_key);
        let Some(integration) = integration else {
            let found = match by_id {
                Some(found) => Some(found),
                None => self.universal_action(session, key).await?,
            };
            return found
                .map(Found::stored)
                .ok_or_else(|| EngineError::not_found(ACTION.noun(), id_or_key));
        };
        if let Some(own) = self.own_action(session, integration, key).await? {
            return Ok(Found::stored(own));
        }
        // Another integration's is none of this one's, whatever its key is.
        let by_id = by_id.filter(|found| found.integration_id.is_none());
        if let Some(interface) = self.interface_of(session, integration).await? {
            return self
                .action_of_interface(session, &interface, key)
                .await?
                .ok_or_else(|| not_listed(&interface, key));
        }
        let found = match by_id {
            Some(found) => Some(found),
            None => self.universal_action(session, key).await?,
        };
        found
            .map(Found::stored)
            .ok_or_else(|| EngineError::not_found(ACTION.noun(), id_or_key))
    }

    /// All actions of `integration`, in the order of their making.
    pub(super) async fn actions_of(
        &self,
        session: &Session,
        integration: &Integration,
    ) -> Result<Vec<Found>, EngineError> {
        let own = ElementLevel::Integration(integration.id.clone());
        let mut found = self.all_actions(session, own).await?;
        let universal = self.all_actions(session, ElementLevel::Universal).await?;
        let mut known: HashSet<String> = found.iter().map(|it| it.key.clone()).collect();
        let interface = self.interface_of(session, integration).await?;
        let linked = interface.as_ref().map(|it| LinkedActions::of(&it.content));
        if let (Some(interface), Some(linked)) = (&interface, &linked) {
            for (key, content) in &linked.inline {
                if known.insert(key.clone()) {
                    found.push(Found::inline(key, content, interface));
                }
            }
        }
        for action in universal {
            let is_listed = linked.as_ref().is_none_or(|it| it.has(&action.key));
            if is_listed && known.insert(action.key.clone()) {
                found.push(action);
            }
        }
        Ok(found)
    }

    /// The interfaces that list an action.
    pub(super) async fn interfaces_with(
        &self,
        session: &Session,
        key: &str,
    ) -> Result<Vec<String>, EngineError> {
        let of_type = ElementType::Interface;
        let interfaces = self
            .all_elements(session, of_type, ElementLevel::Universal)
            .await?;
        let with_it = interfaces
            .into_iter()
            .filter(|interface| LinkedActions::of(&interface.content).has(key));
        Ok(with_it.map(|interface| interface.key).collect())
    }

    /// The action, ready to run.
    pub(super) async fn compiled_action(&self, found: &Found) -> Result<Arc<Action>, EngineError> {
        let key = match (&found.record, &found.holder) {
            (Some(record), _) => CompiledKey::Element(record.id.clone(), record.revision, None),
            (None, Some(holder)) => {
                let key = Some(found.key.clone());
                CompiledKey::Element(holder.id.clone(), holder.revision, key)
            }
            (None, None) => return Ok(Arc::new(Action::read(&found.key, &found.content)?)),
        };
        self.compiled(key, &found.key, &found.content).await
    }

    /// An action that a connection has for itself, ready to run.
    pub(super) async fn compiled_instance(
        &self,
        instance: &ActionInstance,
        content: &Value,
    ) -> Result<Arc<Action>, EngineError> {
        let key = CompiledKey::Instance(instance.id.clone(), instance.revision);
        self.compiled(key, &instance.action_key, content).await
    }

    async fn compiled(
        &self,
        key: CompiledKey,
        name: &str,
        content: &Value,
    ) -> Result<Arc<Action>, EngineError> {
        let compiled = &self.shared.actions.compiled;
        if let Some(action) = compiled.get(&key).await {
            return Ok(action);
        }
        let action = Arc::new(Action::read(name, content)?);
        compiled.insert(key, Arc::clone(&action)).await;
        Ok(action)
    }

    async fn action_by_id(
        &self,
        session: &Session,
        id: &str,
    ) -> Result<Option<Element>, EngineError> {
        let Ok(id) = id.parse::<ElementId>() else {
            return Ok(None);
        };
        let store = &self.shared.store;
        let found = store.find_element(session.workspace_id(), &id).await?;
        found
            .filter(|it| it.element_type == ACTION && it.archived_at.is_none())
            .map(Some)
            .ok_or_else(|| EngineError::not_found(ACTION.noun(), id.as_str()))
    }

    async fn own_action(
        &self,
        session: &Session,
        integration: &Integration,
        key: &str,
    ) -> Result<Option<Element>, EngineError> {
        let level = ElementLevel::Integration(integration.id.clone());
        self.action_at(session, &level, key).await
    }

    async fn universal_action(
        &self,
        session: &Session,
        key: &str,
    ) -> Result<Option<Element>, EngineError> {
        self.action_at(session, &ElementLevel::Universal, key).await
    }

    async fn action_at(
        &self,
        session: &Session,
        level: &ElementLevel,
        key: &str,
    ) -> Result<Option<Element>, EngineError> {
        let store = &self.shared.store;
        let found = store
            .find_element_by_key(session.workspace_id(), ACTION, level, key)
            .await?;
        Ok(found.filter(|element| element.archived_at.is_none()))
    }

    async fn action_of_interface(
        &self,
        session: &Session,
        interface: &Element,
        key: &str,
    ) -> Result<Option<Found>, EngineError> {
        let linked = LinkedActions::of(&interface.content);
        if let Some(content) = linked.inline.get(key) {
            return Ok(Some(Found::inline(key, content, interface)));
        }
        if !linked.has(key) {
            return Ok(None);
        }
        let universal = self.universal_action(session, key).await?;
        Ok(universal.map(Found::stored))
    }

    async fn all_actions(
        &self,
        session: &Session,
        level: ElementLevel,
    ) -> Result<Vec<Found>, EngineError> {
        let elements = self.all_elements(session, ACTION, level).await?;
        Ok(elements.into_iter().map(Found::stored).collect())
    }

    async fn all_elements(
        &self,
        session: &Session,
        element_type: ElementType,
        level: ElementLevel,
    ) -> Result<Vec<Element>, EngineError> {
        let mut page = Page {
            limit: 1000,
            cursor: None,
        };
        let filter = ElementFilter {
            element_type,
            level: Some(level),
            parent_id: None,
            search: None,
            include_archived: false,
        };
        let mut elements = Vec::new();
        loop {
            let store = &self.shared.store;
            let found = store
                .list_elements(session.workspace_id(), filter.clone(), page.clone())
                .await?;
            elements.extend(found.items);
            match found.cursor {
                Some(cursor) => page.cursor = Some(cursor),
                None => return Ok(elements),
            }
        }
    }
}

fn not_listed(interface: &Element, key: &str) -> EngineError {
    EngineError::not_found(
        ACTION.noun(),
        format!(
            "{key} (the interface `{}` does not list it; add it under `actions`)",
            interface.key
        ),
    )
}
