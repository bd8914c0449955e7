//! Integrations of a push.

use authbridge_core::id::{ConnectorId, IntegrationId};
use authbridge_store::{Integration, IntegrationPatch, IntegrationWrite, NewIntegration, Origin};
use serde_json::{Map, Value, json};

use super::diff::diff;
use super::plan::Planner;
use super::read::{PushedIntegration, Request, path_of};
use super::{ChangeKind, FieldChange};

/// What an integration says, but for its parameters.
#[derive(Clone, Default, PartialEq)]
struct Said {
    name: Option<String>,
    connector: Option<ConnectorId>,
    connector_version: Option<String>,
    logo_uri: Option<String>,
    base_uri: Option<String>,
    oauth_callback_uri: Option<String>,
    allows_external_callback: bool,
    meta: Option<Value>,
}

impl Planner {
    pub(super) fn integrations(&mut self, request: &Request) {
        for (key, record) in &self.index.integrations {
            if !record.is_auth_proxy {
                self.integrations.insert(key.clone(), record.id.clone());
            }
        }
        for pushed in &request.integrations {
            if let Err(message) = self.integration(pushed) {
                self.refuse(&pushed.name, message);
            }
        }
    }

    fn integration(&mut self, pushed: &PushedIntegration) -> Result<(), String> {
        let key = &pushed.name.key;
        let known = self.index.integrations.get(key).cloned();
        if known.as_ref().is_some_and(|it| self.is_derived(it)) {
            return Err(format!(
                "`{key}` is the key of an interface, which has an integration of its own; give \
                 this one another key, or archive the interface first"
            ));
        }
        let is_auth_proxy = pushed.is_auth_proxy();
        let is_other = |known: &Integration| known.is_auth_proxy != is_auth_proxy;
        if known.as_ref().is_some_and(is_other) || self.is_coming(key) {
            let other = path_of(!is_auth_proxy);
            return Err(format!("one of the {other} has this key, which both share"));
        }
        let before = known.as_ref().map(Said::of).unwrap_or_default();
        // Others may refer to it even if something is wrong with it.
        let id = known.as_ref().map_or_else(
            || IntegrationId::generate(&self.effects),
            |record| record.id.clone(),
        );
        if !is_auth_proxy {
            self.integrations.insert(key.clone(), id.clone());
        }
        let after = self.said(pushed, &before)?;
        let Some(known) = known else {
            let new = after.into_new(pushed);
            let write = IntegrationWrite::Insert(id, new);
            self.batch.integrations.push(write);
            self.note(&pushed.name, ChangeKind::Created, Vec::new());
            return Ok(());
        };
        let parameters = pushed.parameters.clone();
        let parameters = parameters.filter(|new| self.parameters.get(&known.id) != Some(new));
        let is_empty = parameters
            .as_ref()
            .and_then(|new| new.expose().as_object())
            .is_some_and(|members| members.is_empty() && !known.has_parameters);
        let parameters = parameters.filter(|_| !is_empty);
        let mut fields = diff(&self.shown(&before), &self.shown(&after));
        if parameters.is_some() {
            fields.push(secret_change(known.has_parameters));
        }
        if fields.is_empty() {
            self.note(&pushed.name, ChangeKind::Unchanged, fields);
            return Ok(());
        }
        let mut patch = after.into_patch();
        patch.parameters = parameters.map(Some);
        let write = IntegrationWrite::Update(known.id, patch);
        self.batch.integrations.push(write);
        self.note(&pushed.name, ChangeKind::Changed, fields);
        Ok(())
    }

    /// Whether the push has made something of this key already.
    fn is_coming(&self, key: &str) -> bool {
        let mut writes = self.batch.integrations.iter();
        writes.any(|write| matches!(write, IntegrationWrite::Insert(_, new) if new.key == key))
    }

    /// What `pushed` says; what it does not say of its connector stays.
    fn said(&self, pushed: &PushedIntegration, before: &Said) -> Result<Said, String> {
        let content = &pushed.content;
        let mut said = Said {
            name: text(content, "name")?,
            connector: before.connector.clone(),
            connector_version: before.connector_version.clone(),
            logo_uri: text(content, "logoUri")?,
            base_uri: text(content, "baseUri")?,
            oauth_callback_uri: text(content, "oAuthCallbackUri")?,
            allows_external_callback: flag(content, "allowExternalCallback")?,
            meta: content.get("meta").filter(|meta| !meta.is_null()).cloned(),
        };
        for member in ["connectorKey", "connectorUuid", "connectorId"] {
            let Some(selector) = text(content, member)? else {
                continue;
            };
            let id = self.connectors.get(&selector).ok_or_else(|| {
                format!(
                    "`{member}: {selector}` names no connector of the workspace or of this push"
                )
            })?;
            said.connector = Some(id.clone());
            said.connector_version =
                text(content, "connectorVersion")?.filter(|it| !is_development(it));
            break;
        }
        if let (Some(id), Some(version)) = (&said.connector, &said.connector_version) {
            let coming = (id.clone(), Some(version.clone()));
            let is_there = self.index.version(id, Some(version)).is_some();
            if !is_there && !self.versions.contains(&coming) {
                return Err(format!("its connector has no version `{version}`"));
            }
        }
        Ok(said)
    }

    /// What an integration says, as it is shown.
    fn shown(&self, said: &Said) -> Value {
        let connector = said.connector.as_ref().map(|id| {
            let records = self.index.connectors.values();
            let known = records.filter(|it| it.id == *id).map(|it| &it.key);
            let key = known.chain(self.pushed_key(id)).next();
            key.map_or_else(|| id.to_string(), Clone::clone)
        });
        let members = json!({
            "name": said.name,
            "connectorKey": connector,
            "connectorVersion": said.connector_version,
            "logoUri": said.logo_uri,
            "baseUri": said.base_uri,
            "oAuthCallbackUri": said.oauth_callback_uri,
            "allowExternalCallback": said.allows_external_callback.then_some(true),
            "meta": said.meta,
        });
        without_nulls(members)
    }

    fn pushed_key(&self, id: &ConnectorId) -> Option<&String> {
        let found = self.batch.connectors.iter().find(|(other, _)| other == id);
        found.map(|(_, put)| &put.key)
    }
}

impl Said {
    fn of(record: &Integration) -> Self {
        Self {
            name: record.name.clone(),
            connector: record.connector_id.clone(),
            connector_version: record.connector_version.clone(),
            logo_uri: record.logo_uri.clone(),
            base_uri: record.base_uri.clone(),
            oauth_callback_uri: record.oauth_callback_uri.clone(),
            allows_external_callback: record.allows_external_callback,
            meta: record.meta.clone(),
        }
    }

    fn into_new(self, pushed: &PushedIntegration) -> NewIntegration {
        NewIntegration {
            key: pushed.name.key.clone(),
            is_auth_proxy: pushed.is_auth_proxy(),
            name: self.name,
            connector_id: self.connector,
            connector_version: self.connector_version,
            logo_uri: self.logo_uri,
            base_uri: self.base_uri,
            oauth_callback_uri: self.oauth_callback_uri,
            allows_external_callback: self.allows_external_callback,
            meta: self.meta,
            parameters: pushed.parameters.clone(),
            origin: Origin::Directory,
        }
    }

    fn into_patch(self) -> IntegrationPatch {
        IntegrationPatch {
            key: None,
            name: Some(self.name),
            connector_id: Some(self.connector),
            connector_version: Some(self.connector_version),
            logo_uri: Some(self.logo_uri),
            base_uri: Some(self.base_uri),
            oauth_callback_uri: Some(self.oauth_callback_uri),
            allows_external_callback: Some(self.allows_external_callback),
            meta: Some(self.meta),
            parameters: None,
            origin: Some(Origin::Directory),
        }
    }
}

/// That parameters change, which is all that is told of them.
fn secret_change(had_some: bool) -> FieldChange {
    FieldChange {
        path: "/parameters".to_owned(),
        from: had_some.then(|| "[secret]".into()),
        to: Some("[secret]".into()),
    }
}

fn is_development(version: &str) -> bool {
    matches!(version, "dev" | "development")
}

fn text(content: &Map<String, Value>, name: &str) -> Result<Option<String>, String> {
    match content.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone()).filter(|text| !text.is_empty())),
        Some(Value::Number(number)) => Ok(Some(number.to_string())),
        Some(Value::Bool(_) | Value::Array(_) | Value::Object(_)) => {
            Err(format!("`{name}` must be a string"))
        }
    }
}

fn flag(content: &Map<String, Value>, name: &str) -> Result<bool, String> {
    match content.get(name) {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(flag)) => Ok(*flag),
        Some(Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_)) => {
            Err(format!("`{name}` must be true or false"))
        }
    }
}

/// An object without the members that are null.
pub(super) fn without_nulls(mut value: Value) -> Value {
    if let Value::Object(members) = &mut value {
        members.retain(|_, value| !value.is_null());
    }
    value
}
