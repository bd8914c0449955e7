//! Interfaces of a push: what each is compiled to comes, changes and goes with it.

use std::sync::Arc;

use authbridge_core::element::ElementType;
use authbridge_core::id::{ConnectorId, IntegrationId};
use authbridge_definition::{AuthenticationProblem, ConnectorDefaults, load_connector};
use authbridge_store::{
    ElementWrite, Integration, IntegrationPatch, IntegrationWrite, NewIntegration, Origin,
    PutConnector,
};
use serde_json::Value;

use super::plan::{Compiled, Planner};
use super::read::{PushedDocument, Request};
use crate::error::is_error;
use crate::interfaces::{connector_key, definition, is_of_interface};

impl Planner {
    pub(super) fn interfaces(&mut self, request: &Request) {
        let interfaces = request
            .elements
            .iter()
            .filter(|element| element.element_type == ElementType::Interface);
        for pushed in interfaces {
            if let Err(message) = self.interface(pushed, request) {
                self.refuse(&pushed.name, message);
            }
        }
    }

    fn interface(&mut self, pushed: &PushedDocument, request: &Request) -> Result<(), String> {
        let key = &pushed.name.key;
        let mut integrations = request.integrations.iter();
        let known = self.index.integrations.get(key).cloned();
        let is_taken = integrations.any(|other| other.name.key == *key)
            || known.as_ref().is_some_and(|it| !self.is_derived(it));
        if is_taken {
            return Err(format!(
                "an integration has the key `{key}` already, and connections are made by it; give \
                 the interface another one"
            ));
        }
        if pushed.content.get("auth").is_none_or(Value::is_null) {
            let file = format!("the file of `{key}`");
            let problem = AuthenticationProblem::interface_without_auth(&file);
            return Err(format!("{}; {}", problem.of_interface(key), problem.help));
        }
        let connector = self.connector_of_interface(pushed)?;
        let archived = request.restored.as_ref();
        let archived = archived.and_then(|restored| restored.integration.clone());
        let id = match (known, archived) {
            (None, Some(id)) => self.restored_integration(pushed, connector, id),
            (known, _) => self.integration_of_interface(pushed, connector, known),
        };
        self.integrations.insert(key.clone(), id);
        Ok(())
    }

    fn connector_of_interface(&mut self, pushed: &PushedDocument) -> Result<ConnectorId, String> {
        let key = connector_key(&pushed.name.key);
        let known = self.index.connectors.get(&key).cloned();
        let id = known.as_ref().map_or_else(
            || ConnectorId::generate(&self.effects),
            |record| record.id.clone(),
        );
        let bundle = definition(&pushed.name.key, &pushed.content);
        let files = bundle.to_json();
        let is_there = known.is_some_and(|it| it.archived_at.is_none());
        if is_there && self.index.bundle(&id, None) == Some(&files) {
            return Ok(id);
        }
        let loaded = load_connector(&bundle, ConnectorDefaults::default());
        let errors = loaded.diagnostics.iter().filter(|it| is_error(it)).count();
        let diagnostics = loaded.diagnostics.into_iter().map(|mut diagnostic| {
            diagnostic.file.clone_from(&key);
            diagnostic
        });
        self.diagnostics.extend(diagnostics);
        let compiled = loaded.value.filter(|_| errors == 0);
        let compiled = compiled
            .ok_or_else(|| format!("it has {errors} error(s) in its `auth`; see `diagnostics`"))?;
        let put = PutConnector {
            key,
            uuid: None,
            name: compiled.name.clone(),
            logo_uri: compiled.logo_uri.clone(),
            version: None,
            bundle: Some(files),
            origin: Origin::Directory,
        };
        self.batch.connectors.push((id.clone(), put));
        self.compiled.push(Compiled {
            name: pushed.name.clone(),
            id: id.clone(),
            connector: Arc::new(compiled),
        });
        Ok(id)
    }

    fn integration_of_interface(
        &mut self,
        pushed: &PushedDocument,
        connector: ConnectorId,
        known: Option<Integration>,
    ) -> IntegrationId {
        let key = &pushed.name.key;
        let (name, logo_uri) = shown(pushed);
        let Some(known) = known else {
            let id = IntegrationId::generate(&self.effects);
            let new = NewIntegration {
                key: key.clone(),
                name: Some(name),
                connector_id: Some(connector),
                connector_version: None,
                logo_uri,
                base_uri: None,
                oauth_callback_uri: None,
                allows_external_callback: false,
                meta: None,
                is_auth_proxy: false,
                parameters: None,
                origin: Origin::Directory,
            };
            let write = IntegrationWrite::Insert(id.clone(), new);
            self.batch.integrations.push(write);
            return id;
        };
        let is_same = known.name.as_ref() == Some(&name)
            && known.logo_uri == logo_uri
            && known.connector_id.as_ref() == Some(&connector);
        if !is_same {
            let patch = IntegrationPatch {
                name: Some(Some(name)),
                logo_uri: Some(logo_uri),
                connector_id: Some(Some(connector)),
                ..IntegrationPatch::default()
            };
            let write = IntegrationWrite::Update(known.id.clone(), patch);
            self.batch.integrations.push(write);
        }
        known.id
    }

    /// The integration that was made from an interface before both were archived.
    fn restored_integration(
        &mut self,
        pushed: &PushedDocument,
        connector: ConnectorId,
        id: IntegrationId,
    ) -> IntegrationId {
        let (name, logo_uri) = shown(pushed);
        let patch = IntegrationPatch {
            name: Some(Some(name)),
            logo_uri: Some(logo_uri),
            connector_id: Some(Some(connector)),
            ..IntegrationPatch::default()
        };
        let writes = [
            IntegrationWrite::Restore(id.clone()),
            IntegrationWrite::Update(id.clone(), patch),
        ];
        self.batch.integrations.extend(writes);
        id
    }

    /// What interfaces that go were compiled to, goes with them.
    pub(super) fn archive_compiled(&mut self, request: &Request) {
        let mut gone: Vec<String> = Vec::new();
        for key in &request.removed {
            let place = (ElementType::Interface, None, key.clone());
            if let Some(element) = self.index.elements.get(&place) {
                let write = ElementWrite::Archive(element.id.clone());
                self.batch.elements.push(write);
                gone.push(key.clone());
            }
        }
        let interfaces = self.index.elements.values();
        let archived = interfaces
            .filter(|element| element.element_type == ElementType::Interface)
            .filter(|element| {
                let mut writes = self.batch.elements.iter();
                writes.any(|write| matches!(write, ElementWrite::Archive(id) if *id == element.id))
            })
            .map(|element| element.key.clone());
        gone.extend(archived);
        gone.sort();
        gone.dedup();
        for key in gone {
            let integration = self.index.integrations.get(&key);
            let integration = integration.filter(|it| self.is_derived(it));
            let archive = integration.map(|it| IntegrationWrite::Archive(it.id.clone()));
            self.batch.integrations.extend(archive);
            let connector = self.index.connectors.get(&connector_key(&key));
            let archive = connector.map(|connector| connector.id.clone());
            self.batch.archived_connectors.extend(archive);
        }
    }

    /// Whether an integration was made from an interface.
    pub(super) fn is_derived(&self, integration: &Integration) -> bool {
        let mut connectors = self.index.connectors.values();
        integration.connector_id.as_ref().is_some_and(|id| {
            connectors.any(|connector| connector.id == *id && is_of_interface(&connector.key))
        })
    }
}

/// The name and the logo of what an interface is compiled to.
fn shown(pushed: &PushedDocument) -> (String, Option<String>) {
    let text = |member: &str| {
        let text = pushed.content.get(member).and_then(Value::as_str);
        text.map(str::to_owned)
    };
    let name = text("name").unwrap_or_else(|| pushed.name.key.clone());
    (name, text("logoUri"))
}
