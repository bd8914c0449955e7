//! Integrations: a workspace's installations of connectors.

use std::sync::Arc;

use authbridge_core::SecretJson;
use authbridge_core::connector::{AuthOption, Connector};
use authbridge_core::id::{ConnectionId, ConnectorId, IntegrationId, WorkspaceId};
use authbridge_formula::schema::{ValueToSchemaOptions, value_to_schema};
use authbridge_store::{
    self as store, Integration, IntegrationFilter, IntegrationPatch, NewIntegration, Origin, Page,
    Paged,
};
use serde_json::{Map, Value, json};

use crate::interfaces::is_of_interface;
use crate::{Engine, EngineError, Session};

/// What a caller gives to make or change an integration. `None` leaves a field as it is; an
/// inner `None` clears it.
#[derive(Clone, Debug, Default)]
pub struct IntegrationDraft {
    /// Names the integration in its workspace.
    pub key: Option<String>,
    /// What people see.
    pub name: Option<Option<String>>,
    /// The connector, by id, key or uuid.
    pub connector: Option<Option<String>>,
    /// The connector's version; the development version for `None`.
    pub connector_version: Option<Option<String>>,
    /// An image.
    pub logo_uri: Option<Option<String>>,
    /// Where requests go when `makeApiClient` does not say.
    pub base_uri: Option<Option<String>>,
    /// A custom callback for OAuth.
    pub oauth_callback_uri: Option<Option<String>>,
    /// Whether browsers may come to the callback that were not sent away from here.
    pub allows_external_callback: Option<bool>,
    /// Free data of the workspace owner.
    pub meta: Option<Option<Value>>,
    /// The connector parameters; write-only.
    pub parameters: Option<Option<SecretJson>>,
}

impl Engine {
    /// The integrations of the workspace. Those of interfaces are listed for customers, who
    /// connect accounts through them as well; to admins they are interfaces.
    pub async fn list_integrations(
        &self,
        session: &Session,
        filter: IntegrationFilter,
        page: Page,
    ) -> Result<Paged<Integration>, EngineError> {
        let workspace = session.workspace_id();
        let store = &self.shared.store;
        let mut found = store.list_integrations(workspace, filter, page).await?;
        if session.customer().is_none() {
            let connectors = self.connector_records(workspace).await?;
            found.items.retain(|integration| {
                let connector = integration.connector_id.as_ref();
                let connector = connector.and_then(|id| connectors.get(id));
                connector.is_none_or(|connector| !is_of_interface(&connector.key))
            });
        }
        Ok(found)
    }

    /// One integration, by id or key, that is not archived.
    pub async fn integration(
        &self,
        session: &Session,
        selector: &str,
    ) -> Result<Integration, EngineError> {
        let found = self
            .shared
            .store
            .find_integration(session.workspace_id(), selector)
            .await?;
        found
            .filter(|integration| integration.archived_at.is_none() && !integration.is_auth_proxy)
            .ok_or_else(|| EngineError::not_found("Integration", selector))
    }

    /// The same, or an auth proxy.
    pub(crate) async fn any_integration(
        &self,
        session: &Session,
        selector: &str,
    ) -> Result<Integration, EngineError> {
        let store = &self.shared.store;
        let found = store
            .find_integration(session.workspace_id(), selector)
            .await?;
        found
            .filter(|integration| integration.archived_at.is_none())
            .ok_or_else(|| EngineError::not_found("Integration", selector))
    }

    /// Makes an integration; for admins.
    pub async fn create_integration(
        &self,
        session: &Session,
        draft: IntegrationDraft,
        origin: Origin,
    ) -> Result<Integration, EngineError> {
        self.create_record(session, draft, origin, false).await
    }

    /// Makes an integration or an auth proxy.
    pub(crate) async fn create_record(
        &self,
        session: &Session,
        draft: IntegrationDraft,
        origin: Origin,
        is_auth_proxy: bool,
    ) -> Result<Integration, EngineError> {
        session.require_admin()?;
        let workspace = session.workspace_id();
        let connector_id = match draft.connector.flatten() {
            Some(selector) => Some(self.connector_id(workspace, &selector).await?),
            None => None,
        };
        let key = draft.key.filter(|key| !key.is_empty()).ok_or_else(|| {
            EngineError::bad_request("an integration needs a `key`, such as `hubspot`")
        })?;
        check_key(&key)?;
        let new = NewIntegration {
            key,
            name: draft.name.flatten(),
            connector_id,
            connector_version: draft.connector_version.flatten(),
            logo_uri: draft.logo_uri.flatten(),
            base_uri: draft.base_uri.flatten(),
            oauth_callback_uri: draft.oauth_callback_uri.flatten(),
            allows_external_callback: draft.allows_external_callback.unwrap_or_default(),
            meta: draft.meta.flatten(),
            is_auth_proxy,
            parameters: draft.parameters.flatten(),
            origin,
        };
        Ok(self.shared.store.insert_integration(workspace, new).await?)
    }

    /// Changes an integration; for admins. Connections through it see the change at once.
    pub async fn update_integration(
        &self,
        session: &Session,
        selector: &str,
        draft: IntegrationDraft,
        origin: Origin,
    ) -> Result<Integration, EngineError> {
        let integration = self.integration(session, selector).await?;
        self.update_record(session, integration, draft, origin)
            .await
    }

    /// Changes an integration or an auth proxy.
    pub(crate) async fn update_record(
        &self,
        session: &Session,
        integration: Integration,
        draft: IntegrationDraft,
        origin: Origin,
    ) -> Result<Integration, EngineError> {
        session.require_admin()?;
        let workspace = session.workspace_id();
        if let Some(key) = &draft.key {
            check_key(key)?;
        }
        let is_same_key = draft.key.as_ref().is_none_or(|key| *key == integration.key);
        let is_moved = !is_same_key || draft.connector.is_some() || draft.base_uri.is_some();
        if is_moved && self.is_made_from_interface(session, &integration).await? {
            return Err(belongs_to_interface(&integration));
        }
        let connector_id = match draft.connector {
            None => None,
            Some(None) => Some(None),
            Some(Some(selector)) => Some(Some(self.connector_id(workspace, &selector).await?)),
        };
        let patch = IntegrationPatch {
            key: draft.key.filter(|key| !key.is_empty()),
            name: draft.name,
            connector_id,
            connector_version: draft.connector_version,
            logo_uri: draft.logo_uri,
            base_uri: draft.base_uri,
            oauth_callback_uri: draft.oauth_callback_uri,
            allows_external_callback: draft.allows_external_callback,
            meta: draft.meta,
            parameters: draft.parameters,
            origin: Some(origin),
        };
        let updated = self
            .shared
            .store
            .update_integration(workspace, &integration.id, patch)
            .await?;
        self.shared.clients.forget_integration(&integration.id);
        Ok(updated)
    }

    /// Archives an integration; its connections cannot be used until it is restored.
    pub async fn archive_integration(
        &self,
        session: &Session,
        selector: &str,
    ) -> Result<Integration, EngineError> {
        let integration = self.integration(session, selector).await?;
        if self.is_made_from_interface(session, &integration).await? {
            return Err(belongs_to_interface(&integration));
        }
        self.archive_record(session, &integration).await
    }

    /// Archives an integration or an auth proxy.
    pub(crate) async fn archive_record(
        &self,
        session: &Session,
        integration: &Integration,
    ) -> Result<Integration, EngineError> {
        session.require_admin()?;
        let archived = self
            .shared
            .store
            .archive_integration(session.workspace_id(), &integration.id)
            .await?;
        self.shared.clients.forget_integration(&integration.id);
        Ok(archived)
    }

    /// Undoes [`Engine::archive_integration`].
    pub async fn restore_integration(
        &self,
        session: &Session,
        selector: &str,
    ) -> Result<Integration, EngineError> {
        session.require_admin()?;
        let workspace = session.workspace_id();
        let found = self
            .shared
            .store
            .find_integration(workspace, selector)
            .await?;
        let integration = found
            .filter(|found| !found.is_auth_proxy)
            .ok_or_else(|| EngineError::not_found("Integration", selector))?;
        Ok(self
            .shared
            .store
            .restore_integration(workspace, &integration.id)
            .await?)
    }

    /// The compiled connector of `integration`.
    pub(crate) async fn connector_of(
        &self,
        workspace: &WorkspaceId,
        integration: &Integration,
    ) -> Result<Arc<Connector>, EngineError> {
        self.compiled_for(workspace, integration, None).await
    }

    /// The same, where the connector's record may have been read already.
    pub(crate) async fn compiled_for(
        &self,
        workspace: &WorkspaceId,
        integration: &Integration,
        known: Option<store::Connector>,
    ) -> Result<Arc<Connector>, EngineError> {
        let Some(id) = &integration.connector_id else {
            return Err(EngineError::configuration(format!(
                "the integration `{}` has no authentication: it names no connector; set its \
                 `connectorKey` (or `connectorId`) to one whose definition has an `auth` block",
                integration.key
            )));
        };
        let version = integration.connector_version.as_deref();
        let connectors = &self.shared.connectors;
        match known {
            Some(record) => {
                connectors
                    .compiled_record(workspace, &record, version)
                    .await
            }
            None => connectors.compiled(workspace, id, version).await,
        }
    }

    /// The connector parameters that functions of `option` get: the integration's, with the
    /// schema's defaults, under those that a connection has for itself.
    pub(crate) async fn parameters_for(
        &self,
        workspace: &WorkspaceId,
        integration: &Integration,
        option: &AuthOption,
        own: SecretJson,
    ) -> Result<SecretJson, EngineError> {
        let schema = option.parameters_schema.as_ref();
        let parameters = self.parameters_by(workspace, integration, schema).await?;
        Ok(lay_over(parameters, own))
    }

    /// The connector parameters of `integration`, with the defaults of `schema`.
    pub(crate) async fn parameters_by(
        &self,
        workspace: &WorkspaceId,
        integration: &Integration,
        schema: Option<&Value>,
    ) -> Result<SecretJson, EngineError> {
        let store = &self.shared.store;
        let stored = if integration.has_parameters {
            store
                .integration_parameters(workspace, &integration.id)
                .await?
        } else {
            SecretJson::empty_object()
        };
        Ok(with_defaults(schema, stored))
    }

    pub(crate) async fn integrations_of_connector(
        &self,
        workspace: &WorkspaceId,
        connector: &ConnectorId,
    ) -> Result<Vec<Integration>, EngineError> {
        let mut page = Page {
            limit: 1000,
            ..Page::default()
        };
        let mut users = Vec::new();
        loop {
            let filter = IntegrationFilter::default();
            let found = self
                .shared
                .store
                .list_integrations(workspace, filter, page.clone())
                .await?;
            users.extend(
                found
                    .items
                    .into_iter()
                    .filter(|item| item.connector_id.as_ref() == Some(connector)),
            );
            match found.cursor {
                Some(cursor) => page.cursor = Some(cursor),
                None => return Ok(users),
            }
        }
    }

    async fn connector_id(
        &self,
        workspace: &WorkspaceId,
        selector: &str,
    ) -> Result<ConnectorId, EngineError> {
        let found = self
            .shared
            .store
            .find_connector(workspace, selector)
            .await?;
        found
            .filter(|record| record.archived_at.is_none())
            .map(|record| record.id)
            .ok_or_else(|| EngineError::not_found("Connector", selector))
    }
}

fn belongs_to_interface(integration: &Integration) -> EngineError {
    EngineError::bad_request(format!(
        "the integration `{}` is that of the interface `{}`: change or archive the interface; only \
         `parameters` are set here",
        integration.key, integration.key
    ))
}

/// A key shares a segment of a path with ids, and must not be taken for one.
fn check_key(key: &str) -> Result<(), EngineError> {
    let is_id = key.parse::<IntegrationId>().is_ok() || key.parse::<ConnectionId>().is_ok();
    if is_id || key.contains('/') {
        return Err(EngineError::bad_request(format!(
            "`{key}` cannot be an integration's key: it must have no slash, and not look like an id"
        )));
    }
    Ok(())
}

/// Whether `option` is offered with these connector parameters.
pub(crate) fn is_enabled(option: &AuthOption, parameters: &SecretJson) -> bool {
    let Some(enabled) = &option.enabled else {
        return true;
    };
    let variables = json!({ "connectorParameters": parameters.expose() });
    authbridge_core::auth::rest::is_success(enabled.evaluate(&variables).as_ref())
}

/// `parameters` with the members of `over` in the place of its own.
pub(crate) fn lay_over(parameters: SecretJson, over: SecretJson) -> SecretJson {
    let mut members = parameters.into_exposed();
    if let (Value::Object(members), Value::Object(over)) = (&mut members, over.into_exposed()) {
        members.extend(over);
    }
    SecretJson::new(members)
}

fn with_defaults(schema: Option<&Value>, parameters: SecretJson) -> SecretJson {
    let Some(schema) = schema else {
        return parameters;
    };
    let options = ValueToSchemaOptions {
        add_defaults: true,
        normalize_values: true,
        ..ValueToSchemaOptions::default()
    };
    let value = value_to_schema(Some(parameters.expose()), Some(schema), options);
    SecretJson::new(value.unwrap_or_else(|| Value::Object(Map::new())))
}
