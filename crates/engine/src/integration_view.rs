//! Integrations with what can be known of their connectors.

use std::collections::HashMap;
use std::sync::Arc;

use authbridge_core::SecretJson;
use authbridge_core::auth::{proxy, scopes_asked_for};
use authbridge_core::connector::{AuthOption, AuthType, Connector};
use authbridge_core::id::{ConnectorId, IntegrationId, WorkspaceId};
use authbridge_formula::schema::get_missing_required_fields;
use authbridge_store::{
    self as store, Connection, ConnectionFilter, ConnectorFilter, Integration, Page,
};
use serde_json::Value;

use crate::connect::Setup;
use crate::integrations::is_enabled;
use crate::{BrowserRequest, Engine, EngineError, Session};

/// An integration and what can be known of its connector.
#[derive(Clone, Debug)]
pub struct IntegrationView {
    /// The stored record.
    pub record: Integration,
    /// The connector, compiled; `None` when the integration names none.
    pub connector: Option<Arc<Connector>>,
    /// Why the connector cannot be used.
    pub problem: Option<String>,
    /// The options that are offered: those whose `enabled` formula says so.
    pub option_keys: Vec<Option<String>>,
    /// What options that delegate authentication ask, by key; others ask what they say.
    pub forms: HashMap<Option<String>, Option<Value>>,
    /// Whether required connector parameters are not set.
    pub has_missing_parameters: bool,
    /// The calling customer's connection; the oldest of several.
    pub connection: Option<Connection>,
}

/// Records that many integrations need, read together.
#[derive(Default)]
struct Related {
    connectors: HashMap<ConnectorId, store::Connector>,
    connections: HashMap<IntegrationId, Connection>,
}

impl IntegrationView {
    /// Whether it has a logo of its own or of its connector; see [`Engine::logo`].
    pub fn has_logo(&self) -> bool {
        let connector = self.connector.as_ref();
        let of_connector = connector.and_then(|connector| connector.logo_uri.as_ref());
        self.record.logo_uri.is_some() || of_connector.is_some()
    }

    /// Data schema of what the user is asked to connect by `option`.
    pub fn form<'a>(&'a self, option: &'a AuthOption) -> Option<&'a Value> {
        let delegated = self.forms.get(&option.key);
        delegated.unwrap_or(&option.input_schema).as_ref()
    }
}

impl Engine {
    /// `record` with what can be known of it.
    pub async fn view_integration(
        &self,
        session: &Session,
        record: Integration,
    ) -> Result<IntegrationView, EngineError> {
        let connections = self
            .own_connections(session, Some(record.id.clone()))
            .await?;
        let related = Related {
            connections,
            ..Related::default()
        };
        self.view(session, record, related).await
    }

    /// The same for a page of integrations, with a number of queries that does not grow with
    /// them, except for connectors that look at their parameters or delegate.
    pub async fn view_integrations(
        &self,
        session: &Session,
        records: Vec<Integration>,
    ) -> Result<Vec<IntegrationView>, EngineError> {
        let mut connections = self.own_connections(session, None).await?;
        let connectors = self.connector_records(session.workspace_id()).await?;
        let mut views = Vec::with_capacity(records.len());
        for record in records {
            let connector = record.connector_id.as_ref().and_then(|id| {
                let found = connectors.get(id)?;
                Some((id.clone(), found.clone()))
            });
            let connection = connections.remove_entry(&record.id);
            let related = Related {
                connectors: connector.into_iter().collect(),
                connections: connection.into_iter().collect(),
            };
            views.push(self.view(session, record, related).await?);
        }
        Ok(views)
    }

    async fn view(
        &self,
        session: &Session,
        record: Integration,
        mut related: Related,
    ) -> Result<IntegrationView, EngineError> {
        let workspace = session.workspace_id();
        let known = record
            .connector_id
            .as_ref()
            .and_then(|id| related.connectors.remove(id));
        let (connector, problem) = match self.compiled_for(workspace, &record, known).await {
            Ok(connector) => (Some(connector), None),
            Err(EngineError::Store(error)) => return Err(EngineError::Store(error)),
            Err(error) => (None, Some(error.to_string())),
        };
        let mut view = IntegrationView {
            connection: related.connections.remove(&record.id),
            record,
            connector: None,
            problem,
            option_keys: Vec::new(),
            forms: HashMap::new(),
            has_missing_parameters: false,
        };
        if let Some(connector) = connector {
            self.look_at_parameters(workspace, &connector, &mut view)
                .await?;
            self.look_at_parents(session, &connector, &mut view).await?;
            view.connector = Some(connector);
        }
        if view.connection.is_none() {
            view.connection = self.implicit(session, &view).await?;
        }
        Ok(view)
    }

    /// What the user typed to connect `connection`; there may be secrets in it.
    pub async fn typed_before(
        &self,
        session: &Session,
        connection: &Connection,
    ) -> Result<SecretJson, EngineError> {
        let store = &self.shared.store;
        let secrets = store.connection_secrets(session.workspace_id(), &connection.id);
        Ok(secrets.await?.input)
    }

    /// What options that delegate ask, and what keeps them from working. A customer whose account
    /// is there already is not asked for it again.
    async fn look_at_parents(
        &self,
        session: &Session,
        connector: &Arc<Connector>,
        view: &mut IntegrationView,
    ) -> Result<(), EngineError> {
        for option in &connector.options {
            if option.auth_type != AuthType::Proxy || !view.option_keys.contains(&option.key) {
                continue;
            }
            let (record, option) = (view.record.clone(), option.clone());
            let key = option.key.clone();
            let setup = self
                .with_parameters(session, record, Arc::clone(connector), option)
                .await?;
            match self.with_parents(session, setup, None).await {
                Ok(setup) => {
                    let form = self.form_of_child(session, &setup).await?;
                    view.forms.insert(key, form);
                    view.problem = view.problem.take().or_else(|| lacks_parameters(&setup));
                }
                Err(EngineError::Store(error)) => return Err(EngineError::Store(error)),
                Err(error) => {
                    view.problem = view.problem.take().or_else(|| Some(error.to_string()));
                }
            }
        }
        Ok(())
    }

    async fn form_of_child(
        &self,
        session: &Session,
        setup: &Setup,
    ) -> Result<Option<Value>, EngineError> {
        let own = setup.own_form();
        if self.has_account(session, setup).await? {
            return Ok(own);
        }
        Ok(proxy::form(setup.account_form(), own.as_ref()))
    }

    /// Whether the calling customer's account is there already that `setup` delegates to.
    async fn has_account(&self, session: &Session, setup: &Setup) -> Result<bool, EngineError> {
        let Some(customer) = session.customer() else {
            return Ok(false);
        };
        let accounts = self.accounts(session, setup, customer).await?;
        Ok(accounts.iter().any(|account| !account.state.disconnected()))
    }

    /// The scopes that connecting as `request` says will ask a user for, as far as they are known
    /// before; none where an account is used that is there already.
    pub async fn scopes_asked_for(
        &self,
        session: &Session,
        mut request: BrowserRequest,
    ) -> Result<Vec<String>, EngineError> {
        request.connect.check_authority(session)?;
        self.followed(session, &mut request).await?;
        let request = &request.connect;
        let setup = self.setup_for(session, request).await?;
        if setup.parent.is_some() && self.has_account(session, &setup).await? {
            return Ok(Vec::new());
        }
        let arguments = setup.account_arguments(request);
        Ok(scopes_asked_for(&setup.account().option, &arguments))
    }

    /// The connection of a type that needs no connect form, which exists as soon as a customer
    /// looks.
    async fn implicit(
        &self,
        session: &Session,
        view: &IntegrationView,
    ) -> Result<Option<Connection>, EngineError> {
        let option = view.connector.as_deref().and_then(|it| it.option(None));
        let is_implicit = option.is_some_and(|option| option.auth_type.needs_no_connect_form());
        if !is_implicit || session.customer().is_none() || view.record.archived_at.is_some() {
            return Ok(None);
        }
        match self.implicit_connection(session, view.record.clone()).await {
            Ok(connection) => Ok(Some(connection)),
            Err(EngineError::Store(error)) => Err(EngineError::Store(error)),
            // Why there is none is told when it is used.
            Err(_) => Ok(None),
        }
    }

    /// Which options are offered, and what is missing. Parameters are opened only for a connector
    /// that depends on them.
    async fn look_at_parameters(
        &self,
        workspace: &WorkspaceId,
        connector: &Connector,
        view: &mut IntegrationView,
    ) -> Result<(), EngineError> {
        let schema = connector.parameters_schema.as_ref();
        let depends = schema.is_some_and(|schema| schema.get("required").is_some())
            || connector
                .options
                .iter()
                .any(|option| option.enabled.is_some());
        let parameters = if depends {
            self.parameters_by(workspace, &view.record, schema).await?
        } else {
            SecretJson::empty_object()
        };
        view.option_keys = connector
            .options
            .iter()
            .filter(|option| is_enabled(option, &parameters))
            .map(|option| option.key.clone())
            .collect();
        view.has_missing_parameters = schema.is_some_and(|schema| {
            !get_missing_required_fields(schema, Some(parameters.expose())).is_empty()
        });
        Ok(())
    }

    /// The calling customer's connections by integration, or the one through `integration`; none
    /// for admins.
    async fn own_connections(
        &self,
        session: &Session,
        integration: Option<IntegrationId>,
    ) -> Result<HashMap<IntegrationId, Connection>, EngineError> {
        let mut own = HashMap::new();
        let Some(customer) = session.customer() else {
            return Ok(own);
        };
        let mut page = Page {
            limit: if integration.is_some() { 1 } else { 1000 },
            cursor: None,
        };
        let filter = ConnectionFilter {
            customer_id: Some(customer.id.clone()),
            integration_id: integration,
            ..ConnectionFilter::default()
        };
        let is_one = filter.integration_id.is_some();
        loop {
            let store = &self.shared.store;
            let found = store
                .list_connections(session.workspace_id(), filter.clone(), page.clone())
                .await?;
            for connection in found.items {
                own.entry(connection.integration_id.clone())
                    .or_insert(connection);
            }
            match found.cursor {
                Some(cursor) if !is_one => page.cursor = Some(cursor),
                Some(_) | None => return Ok(own),
            }
        }
    }

    pub(crate) async fn connector_records(
        &self,
        workspace: &WorkspaceId,
    ) -> Result<HashMap<ConnectorId, store::Connector>, EngineError> {
        // A workspace with more connectors than this has the rest of them looked up one by one.
        let page = Page {
            limit: 1000,
            cursor: None,
        };
        let found = self
            .shared
            .store
            .list_connectors(workspace, ConnectorFilter::default(), page)
            .await?;
        let records = found.items.into_iter();
        Ok(records.map(|record| (record.id.clone(), record)).collect())
    }
}

/// What the owner has to set where the account is connected.
fn lacks_parameters(setup: &Setup) -> Option<String> {
    let account = setup.account();
    let schema = account.connector.parameters_schema.as_ref()?;
    let missing = get_missing_required_fields(schema, Some(account.parameters.expose()));
    let key = &account.integration.key;
    (!missing.is_empty()).then(|| {
        format!(
            "required connector parameters of `{key}`, which authentication is delegated to, are \
             not set: {}",
            missing.join(", ")
        )
    })
}
