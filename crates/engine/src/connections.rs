//! Connections: found, listed, changed, archived.

use std::sync::Arc;
use std::time::Duration;

use authbridge_core::SecretJson;
use authbridge_core::auth::{self, Arguments, AuthContext as _, Issued, Start};
use authbridge_core::connector::{AuthOption, Connector, FunctionName};
use authbridge_core::id::ConnectionId;
use authbridge_store::{
    Connection, ConnectionFilter, ConnectionPatch, ConnectionSecrets, ConnectionState, Integration,
    IntegrationFilter, NewAudit, NewCredentials, Page, Paged,
};
use serde_json::{Value, json};

use crate::integrations::lay_over;
use crate::open::Opened;
use crate::{Engine, EngineError, PreparedClient, Session};

/// Which connections to list.
#[derive(Clone, Debug, Default)]
pub struct ConnectionQuery {
    /// Of this customer, by our id or the app's; admins only, others see their own.
    pub customer: Option<String>,
    /// Through this integration, by id or key.
    pub integration: Option<String>,
    /// Of this connector, by id, key or uuid.
    pub connector: Option<String>,
    /// Only those that are, or are not, disconnected.
    pub is_disconnected: Option<bool>,
    /// Archived ones too.
    pub include_archived: bool,
    /// Whose name or key contains this.
    pub search: Option<String>,
}

/// What a caller wants changed of a connection.
#[derive(Clone, Debug, Default)]
pub struct ConnectionChange {
    /// What people see.
    pub name: Option<Option<String>>,
    /// The caller's own name for it.
    pub key: Option<Option<String>>,
    /// Free data.
    pub meta: Option<Option<Value>>,
    /// Ready-made credentials that replace the present ones.
    pub credentials: Option<SecretJson>,
}

/// How long the external app may take to hear that a connection ends.
const FAREWELL: Duration = Duration::from_secs(20);

impl Engine {
    /// The connections that the caller may see.
    pub async fn list_connections(
        &self,
        session: &Session,
        query: ConnectionQuery,
        page: Page,
    ) -> Result<Paged<Connection>, EngineError> {
        if session.customer().is_some() {
            self.make_implicit(session, query.integration.as_deref())
                .await?;
        }
        let Some(filter) = self.filter(session, query).await? else {
            return Ok(Paged {
                items: Vec::new(),
                cursor: None,
            });
        };
        Ok(self
            .shared
            .store
            .list_connections(session.workspace_id(), filter, page)
            .await?)
    }

    /// Sees to it that connections which need no connecting exist before they are listed.
    async fn make_implicit(
        &self,
        session: &Session,
        integration: Option<&str>,
    ) -> Result<(), EngineError> {
        let store = &self.shared.store;
        let workspace = session.workspace_id();
        if let Some(selector) = integration {
            let found = store.find_integration(workspace, selector).await?;
            if let Some(record) = found {
                self.view_integration(session, record).await?;
            }
            return Ok(());
        }
        let mut page = Page {
            limit: 1000,
            cursor: None,
        };
        loop {
            let filter = IntegrationFilter::default();
            let found = store
                .list_integrations(workspace, filter, page.clone())
                .await?;
            self.view_integrations(session, found.items).await?;
            match found.cursor {
                Some(cursor) => page.cursor = Some(cursor),
                None => return Ok(()),
            }
        }
    }

    /// The connection that `selector` means to the caller: its id, or the id or key of an
    /// integration through which there is exactly one.
    pub async fn connection(
        &self,
        session: &Session,
        selector: &str,
    ) -> Result<Connection, EngineError> {
        if let Ok(id) = selector.parse::<ConnectionId>() {
            let found = self.connection_by_id(session, &id).await?;
            if found.is_hidden && session.customer().is_some() {
                return Err(EngineError::not_found("Connection", selector));
            }
            return Ok(found);
        }
        let integration = self
            .shared
            .store
            .find_integration(session.workspace_id(), selector);
        match integration
            .await?
            .filter(|integration| integration.archived_at.is_none() && !integration.is_auth_proxy)
        {
            Some(integration) => self.only_connection(session, integration).await,
            None => Err(EngineError::not_found("Connection", selector)),
        }
    }

    /// Changes a connection.
    pub async fn update_connection(
        &self,
        session: &Session,
        selector: &str,
        change: ConnectionChange,
    ) -> Result<Connection, EngineError> {
        let workspace = session.workspace_id();
        let mut connection = self.connection(session, selector).await?;
        if let (Some(account), Some(credentials)) = (&connection.parent_id, &change.credentials) {
            let change = ConnectionChange {
                credentials: Some(credentials.clone()),
                ..ConnectionChange::default()
            };
            let account = account.to_string();
            Box::pin(self.update_connection(session, &account, change)).await?;
            connection = self.connection_by_id(session, &connection.id).await?;
        } else if let Some(credentials) = change.credentials {
            let issued = self.replacement(session, &connection, credentials).await?;
            let schedule = self.schedule(&issued);
            let new = NewCredentials {
                expires_at: schedule.expires_at,
                credentials: issued.credentials,
                input: None,
                connector_parameters: None,
                state: ConnectionState::Ready,
                error: None,
                scopes: Some(issued.scopes.unwrap_or_default()),
                refresh_due_at: schedule.refresh_due_at,
                is_refreshable: issued.is_refreshable,
            };
            let generation = connection.generation;
            connection = self
                .shared
                .store
                .replace_credentials(workspace, &connection.id, generation, new)
                .await?;
            self.audit(session, "connection.credentials_replaced", &connection)
                .await?;
        }
        let patch = ConnectionPatch {
            name: change.name,
            key: change.key,
            meta: change.meta,
            ..ConnectionPatch::default()
        };
        if patch.name.is_some() || patch.key.is_some() || patch.meta.is_some() {
            connection = self
                .shared
                .store
                .update_connection(workspace, &connection.id, patch)
                .await?;
        }
        self.shared.clients.forget(&connection.id).await;
        Ok(connection)
    }

    async fn replacement(
        &self,
        session: &Session,
        connection: &Connection,
        credentials: SecretJson,
    ) -> Result<Issued, EngineError> {
        let opened = self.open(session, connection.clone()).await?;
        let (setup, owner) = (&opened.setup, &opened.owner);
        self.ready_made(session, setup, owner, opened.arguments, credentials)
            .await
    }

    /// Archives a connection: its secrets are erased and it cannot be used again.
    ///
    /// The account that it used, if it did, is archived with it where nothing else uses that and
    /// either `with_parent` says so or nobody else could: nobody sees those of auth proxies.
    pub async fn archive_connection(
        &self,
        session: &Session,
        selector: &str,
        with_parent: bool,
    ) -> Result<Connection, EngineError> {
        let connection = self.connection(session, selector).await?;
        let archived = self.archive_one(session, &connection).await?;
        if let Some(id) = &connection.parent_id
            && let Ok(account) = self.connection_by_id(session, id).await
            && (with_parent || account.is_hidden)
            && !self.has_children(session, id).await?
        {
            self.archive_one(session, &account).await?;
        }
        Ok(archived)
    }

    async fn archive_one(
        &self,
        session: &Session,
        connection: &Connection,
    ) -> Result<Connection, EngineError> {
        // The account is still in use, or told by itself.
        if connection.parent_id.is_none() {
            self.tell_disconnected(session, connection).await;
        }
        let archived = self
            .shared
            .store
            .archive_connection(session.workspace_id(), &connection.id)
            .await?;
        self.shared.clients.forget(&connection.id).await;
        self.audit(session, "connection.archived", &archived)
            .await?;
        Ok(archived)
    }

    /// Runs the definition's `disconnect`, and tells the provider that the tokens are no longer
    /// needed. Whatever comes of it, the connection ends.
    async fn tell_disconnected(&self, session: &Session, connection: &Connection) {
        let telling = tokio::time::timeout(FAREWELL, self.say_farewell(session, connection));
        let error: Box<dyn std::error::Error> = match telling.await {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error.into(),
            Err(elapsed) => elapsed.into(),
        };
        tracing::warn!(
            error = &*error,
            connection.id = %connection.id,
            "`disconnect` did not succeed; the connection is archived all the same"
        );
    }

    async fn say_farewell(
        &self,
        session: &Session,
        connection: &Connection,
    ) -> Result<(), EngineError> {
        let opened = self.open(session, connection.clone()).await?;
        let setup = &opened.setup;
        let mut runner = self.runner(session, setup, &opened.owner, None)?;
        let told = match setup.option.function(FunctionName::Disconnect) {
            Some(_) => {
                let calling = runner.call(FunctionName::Disconnect, &opened.arguments);
                calling.await.map(|_| ())
            }
            None => Ok(()),
        };
        self.revoke(session, &opened, &opened.arguments).await?;
        Ok(told?)
    }

    /// Tells the provider of `opened` that nobody needs the credentials in `arguments` any more,
    /// where it wants to be told.
    pub(crate) async fn revoke(
        &self,
        session: &Session,
        opened: &Opened,
        arguments: &Arguments,
    ) -> Result<(), EngineError> {
        let setup = &opened.setup;
        let flow = auth::flow(setup.option.auth_type)?;
        let mut runner = self.runner(session, setup, &opened.owner, None)?;
        let redirect_uri = self.redirect_uri(&setup.integration);
        let start = Start {
            redirect_uri: &redirect_uri,
            state: "",
        };
        let revoking = flow.revoke(&mut runner, &setup.option, arguments, &start);
        Ok(revoking.await?)
    }

    /// The secrets of a connection, with the connector parameters as functions get them. For
    /// admins, and every time audited.
    pub async fn connection_secrets(
        &self,
        session: &Session,
        connection: &Connection,
    ) -> Result<ConnectionSecrets, EngineError> {
        session.require_admin()?;
        if connection.is_hidden {
            return Err(EngineError::AccessDenied(
                "the credentials of an auth proxy's connections leave the engine in requests only",
            ));
        }
        self.audit(session, "connection.secrets_read", connection)
            .await?;
        let workspace = session.workspace_id();
        let store = &self.shared.store;
        let mut secrets = store.connection_secrets(workspace, &connection.id).await?;
        let parameters = store
            .integration_parameters(workspace, &connection.integration_id)
            .await?;
        secrets.connector_parameters = lay_over(parameters, secrets.connector_parameters);
        Ok(secrets)
    }

    /// Sets the state of a connection after something was learned about it.
    pub(crate) async fn set_state(
        &self,
        session: &Session,
        connection: &Connection,
        state: ConnectionState,
        error: Option<Value>,
    ) -> Result<Connection, EngineError> {
        if connection.state == state && connection.error == error {
            return Ok(connection.clone());
        }
        let patch = ConnectionPatch {
            state: Some(state),
            error: Some(error),
            ..ConnectionPatch::default()
        };
        let workspace = session.workspace_id();
        let updated = self
            .shared
            .store
            .update_connection(workspace, &connection.id, patch)
            .await?;
        self.shared.clients.forget(&connection.id).await;
        Ok(updated)
    }

    /// A response handler said that the external app no longer accepts what `client` sent. It
    /// says nothing about credentials that took the place of those meanwhile.
    pub async fn report_defunct(
        &self,
        session: &Session,
        client: &PreparedClient,
        message: Option<String>,
    ) -> Result<(), EngineError> {
        let connection = self
            .connection_by_id(session, &client.connection_id)
            .await?;
        if connection.generation != client.generation || connection.state.disconnected() {
            return Ok(());
        }
        let error = json!({
            "type": "connection",
            "key": "connection_is_defunct",
            "message": message.unwrap_or_else(|| "the external app no longer accepts it".into()),
        });
        let state = ConnectionState::ClientActionRequired;
        self.set_state(session, &connection, state, Some(error))
            .await?;
        self.audit(session, "connection.defunct", &connection).await
    }

    pub(crate) async fn audit(
        &self,
        session: &Session,
        action: &str,
        connection: &Connection,
    ) -> Result<(), EngineError> {
        self.audit_with(session, action, connection, json!({}))
            .await
    }

    pub(crate) async fn audit_with(
        &self,
        session: &Session,
        action: &str,
        connection: &Connection,
        mut detail: Value,
    ) -> Result<(), EngineError> {
        if let Value::Object(members) = &mut detail {
            let integration = json!(connection.integration_id);
            members.insert("integrationId".into(), integration);
        }
        let new = NewAudit {
            actor: session.actor(),
            action: action.to_owned(),
            subject: connection.id.to_string(),
            detail,
        };
        Ok(self
            .shared
            .store
            .record_audit(session.workspace_id(), new)
            .await?)
    }

    /// The option of `connector` that `connection` was made with.
    pub(crate) fn option_of<'a>(
        connector: &'a Connector,
        connection: &Connection,
    ) -> Result<&'a AuthOption, EngineError> {
        let key = connection.auth_option_key.as_deref();
        connector.option(key).ok_or_else(|| {
            EngineError::configuration(format!(
                "the connector `{}` has no auth option `{}` any more",
                connector.key,
                key.unwrap_or("default")
            ))
        })
    }

    pub(crate) async fn connection_by_id(
        &self,
        session: &Session,
        id: &ConnectionId,
    ) -> Result<Connection, EngineError> {
        let found = self
            .shared
            .store
            .find_connection(session.workspace_id(), id)
            .await?;
        found
            .filter(|connection| connection.archived_at.is_none())
            .filter(|connection| {
                session
                    .customer()
                    .is_none_or(|customer| customer.id == connection.customer_id)
            })
            .ok_or_else(|| EngineError::not_found("Connection", id.as_str()))
    }

    async fn only_connection(
        &self,
        session: &Session,
        integration: Integration,
    ) -> Result<Connection, EngineError> {
        let filter = ConnectionFilter {
            customer_id: session.customer().map(|customer| customer.id.clone()),
            integration_id: Some(integration.id.clone()),
            ..ConnectionFilter::default()
        };
        let page = Page {
            limit: 2,
            cursor: None,
        };
        let found = self
            .shared
            .store
            .list_connections(session.workspace_id(), filter, page)
            .await?;
        let mut found = found.items.into_iter();
        match (found.next(), found.next()) {
            (Some(only), None) => Ok(only),
            (None, _) => Box::pin(self.implicit_connection(session, integration)).await,
            (Some(_), Some(_)) => Err(EngineError::bad_request(format!(
                "there are several connections through `{}`: name one by its id \
                 (`GET /connections?integrationKey={}` lists them)",
                integration.key, integration.key
            ))),
        }
    }

    async fn filter(
        &self,
        session: &Session,
        query: ConnectionQuery,
    ) -> Result<Option<ConnectionFilter>, EngineError> {
        let mut filter = ConnectionFilter {
            is_disconnected: query.is_disconnected,
            include_archived: query.include_archived,
            search: query.search,
            customer_id: session.customer().map(|customer| customer.id.clone()),
            ..ConnectionFilter::default()
        };
        if let Some(selector) = query.customer {
            match self.customer(session, &selector).await {
                Ok(customer) => filter.customer_id = Some(customer.id),
                Err(EngineError::NotFound { .. }) => return Ok(None),
                Err(error) => return Err(error),
            }
        }
        let workspace = session.workspace_id();
        if let Some(selector) = query.integration {
            let found = self.shared.store.find_integration(workspace, &selector);
            let is_admin = session.customer().is_none();
            match found.await?.filter(|it| is_admin || !it.is_auth_proxy) {
                Some(integration) => {
                    filter.include_hidden = integration.is_auth_proxy;
                    filter.integration_id = Some(integration.id);
                }
                None => return Ok(None),
            }
        }
        if let Some(selector) = query.connector {
            match self
                .shared
                .store
                .find_connector(workspace, &selector)
                .await?
            {
                Some(connector) => filter.connector_id = Some(connector.id),
                None => return Ok(None),
            }
        }
        Ok(Some(filter))
    }

    /// The connector of `integration` and the option that a connection through it would use.
    pub(crate) fn chosen_option(
        connector: &Arc<Connector>,
        key: Option<&str>,
    ) -> Result<AuthOption, EngineError> {
        if let Some(option) = connector.option(key) {
            return Ok(option.clone());
        }
        let Some(key) = key else {
            return Err(EngineError::configuration(format!(
                "the connector `{}` has no authentication: add an `auth` block to its definition",
                connector.key
            )));
        };
        let known: Vec<&str> = connector
            .options
            .iter()
            .filter_map(|option| option.key.as_deref())
            .collect();
        Err(EngineError::bad_request(format!(
            "the connector `{}` has no auth option `{key}`; it has {}",
            connector.key,
            if known.is_empty() {
                "only the default".into()
            } else {
                known.join(", ")
            }
        )))
    }
}
