//! Connecting an account.

use std::sync::Arc;

use authbridge_core::SecretJson;
use authbridge_core::auth::{self, AuthError, Begin, Connected, Start};
use authbridge_core::connector::{AuthOption, Connector};
use authbridge_core::id::CustomerId;
use authbridge_store::{
    Connection, ConnectionFilter, ConnectionPatch, ConnectionState, Customer, Integration,
    NewConnection, NewCredentials, Page, StoreError,
};
use serde_json::Value;

use crate::children::Child;
use crate::integrations::is_enabled;
use crate::{Engine, EngineError, Session};

/// What a caller gives to make a connection.
#[derive(Clone, Debug, Default)]
pub struct ConnectRequest {
    /// The integration, by id or key.
    pub integration: String,
    /// Whose connection it is, by our id or the app's; admins must say, others are themselves.
    pub customer: Option<String>,
    /// The auth option; the default one for `None`.
    pub auth_option_key: Option<String>,
    /// What people see.
    pub name: Option<String>,
    /// The caller's own name for it.
    pub key: Option<String>,
    /// Free data.
    pub meta: Option<Value>,
    /// What the user typed. Without credentials, this is what connects.
    pub input: Option<SecretJson>,
    /// Ready-made credentials: nothing is asked, nothing is tested.
    pub credentials: Option<SecretJson>,
    /// Connector parameters laid over the integration's; for admins.
    pub connector_parameters: Option<SecretJson>,
    /// Keep connections that the customer already has through this integration.
    pub allow_multiple: bool,
}

impl ConnectRequest {
    /// What the user typed; null where nobody typed anything.
    pub(crate) fn typed(&self) -> &Value {
        self.input.as_ref().map_or(&Value::Null, SecretJson::expose)
    }

    /// Connector parameters decide where client secrets go.
    pub(crate) fn check_authority(&self, session: &Session) -> Result<(), EngineError> {
        let parameters = self.connector_parameters.as_ref();
        if parameters.is_some_and(|parameters| !parameters.expose().is_null()) {
            session.require_admin()?;
        }
        Ok(())
    }
}

impl Engine {
    /// Makes a connection. It exists only if everything went well; what it replaces is archived
    /// in the same step.
    pub async fn connect(
        &self,
        session: &Session,
        request: ConnectRequest,
    ) -> Result<Connection, EngineError> {
        let earlier = Earlier::of(&request);
        self.connect_beside(session, request, earlier).await
    }

    async fn connect_beside(
        &self,
        session: &Session,
        request: ConnectRequest,
        earlier: Earlier,
    ) -> Result<Connection, EngineError> {
        request.check_authority(session)?;
        let setup = self.setup_for(session, &request).await?;
        let customer = self.owner(session, request.customer.as_deref()).await?;
        if setup.parent.is_some() {
            let child = Child {
                session,
                setup: &setup,
                customer: &customer,
            };
            return Box::pin(self.connect_child(child, request)).await;
        }
        let connected = if let Some(credentials) = request.credentials.clone() {
            let arguments = setup.account_arguments(&request);
            Connected {
                issued: self
                    .ready_made(session, &setup, &customer, arguments, credentials)
                    .await?,
                input: request.input.clone().unwrap_or_default(),
            }
        } else {
            self.run_flow(session, &setup, &customer, &request).await?
        };
        let new = self.new_connection(&setup, customer.id, request, connected);
        self.keep(session, new, earlier).await
    }

    /// Keeps an account that was connected as a new connection of the session's customer.
    pub(crate) async fn keep_new(
        &self,
        session: &Session,
        setup: &Setup,
        request: ConnectRequest,
        connected: Connected,
    ) -> Result<Connection, EngineError> {
        let earlier = Earlier::of(&request);
        let customer = self.owner(session, request.customer.as_deref()).await?;
        let new = self.new_connection(setup, customer.id, request, connected);
        self.keep(session, new, earlier).await
    }

    /// Gives a connection new credentials, and keeps its id. They are newer than whatever a
    /// refresh that is under way may bring.
    pub(crate) async fn reconnect(
        &self,
        session: &Session,
        mut connection: Connection,
        request: ConnectRequest,
        connected: Connected,
    ) -> Result<Connection, EngineError> {
        let schedule = self.schedule(&connected.issued);
        let new = NewCredentials {
            credentials: connected.issued.credentials,
            input: Some(connected.input),
            connector_parameters: request.connector_parameters,
            state: ConnectionState::Ready,
            error: None,
            scopes: Some(connected.issued.scopes.unwrap_or_default()),
            expires_at: schedule.expires_at,
            refresh_due_at: schedule.refresh_due_at,
            is_refreshable: connected.issued.is_refreshable,
        };
        let workspace = session.workspace_id();
        let store = &self.shared.store;
        let reconnected = loop {
            let id = &connection.id;
            // The row's own, whatever it showed while it used another's credentials.
            let kept = store.connection_secrets(workspace, id).await?;
            let replaced = store.replace_credentials(workspace, id, kept.generation, new.clone());
            match replaced.await {
                Ok(reconnected) => break reconnected,
                // A refresh came between; an archive is found by the look at it.
                Err(StoreError::GenerationMoved) => {
                    connection = self.connection_by_id(session, id).await?;
                }
                Err(error) => return Err(error.into()),
            }
        };
        let patch = ConnectionPatch {
            parent_id: Some(None),
            auth_option_key: Some(request.auth_option_key),
            name: request.name.map(Some),
            ..ConnectionPatch::default()
        };
        let id = &reconnected.id;
        let reconnected = store.update_connection(workspace, id, patch).await?;
        self.shared.clients.forget(&reconnected.id).await;
        self.audit(session, "connection.reconnected", &reconnected)
            .await?;
        Ok(reconnected)
    }

    pub(crate) fn new_connection(
        &self,
        setup: &Setup,
        customer_id: CustomerId,
        request: ConnectRequest,
        connected: Connected,
    ) -> NewConnection {
        let schedule = self.schedule(&connected.issued);
        NewConnection {
            customer_id,
            integration_id: setup.integration.id.clone(),
            name: request.name.or_else(|| setup.integration.name.clone()),
            auth_option_key: setup.option.key.clone(),
            key: request.key,
            meta: request.meta,
            parent_id: None,
            is_hidden: setup.integration.is_auth_proxy,
            state: ConnectionState::Ready,
            error: None,
            credentials: connected.issued.credentials,
            input: connected.input,
            expires_at: schedule.expires_at,
            refresh_due_at: schedule.refresh_due_at,
            is_refreshable: connected.issued.is_refreshable,
            scopes: connected.issued.scopes.unwrap_or_default(),
            // The integration's parameters are read when they are used, so that a change of them
            // is seen; kept are those that are this connection's own.
            connector_parameters: request.connector_parameters.unwrap_or_default(),
            replace: None,
        }
    }

    /// Inserts a connection. Of several attempts for one customer the later ones see what the
    /// earlier ones made.
    pub(crate) async fn keep(
        &self,
        session: &Session,
        mut new: NewConnection,
        earlier: Earlier,
    ) -> Result<Connection, EngineError> {
        let lock = self.shared.connecting.of(new.customer_id.as_str());
        let _one_at_a_time = lock.lock().await;
        let existing = match earlier {
            Earlier::Keep => None,
            Earlier::Replace | Earlier::Prefer => self.existing(session, &new).await?,
        };
        if let (Earlier::Prefer, Some(existing)) = (earlier, &existing) {
            return Ok(existing.clone());
        }
        new.replace = existing.map(|existing| existing.id);
        let replaced = new.replace.clone();
        let connection = self
            .shared
            .store
            .insert_connection(session.workspace_id(), new)
            .await?;
        if let Some(replaced) = replaced {
            self.shared.clients.forget(&replaced).await;
        }
        self.audit(session, "connection.connected", &connection)
            .await?;
        Ok(connection)
    }

    /// Connections of types that need no connect form come into being when first asked for.
    pub(crate) async fn implicit_connection(
        &self,
        session: &Session,
        integration: Integration,
    ) -> Result<Connection, EngineError> {
        let not_found = EngineError::not_found("Connection", integration.key.as_str());
        if session.customer().is_none() {
            return Err(not_found);
        }
        let setup = match self.setup(session, integration, None).await {
            Ok(setup) if setup.option.auth_type.needs_no_connect_form() => setup,
            Ok(_) => return Err(not_found),
            Err(error) => return Err(error),
        };
        // It exists whether or not the external app can be reached, so nothing is tested; a type
        // that asks something all the same has to be connected.
        let schema = setup.option.input_schema.as_ref();
        let Ok(input) = auth::check_input(schema, &Value::Null) else {
            return Err(not_found);
        };
        let request = ConnectRequest {
            integration: setup.integration.key,
            credentials: Some(SecretJson::new(input.clone())),
            input: Some(SecretJson::new(input)),
            ..ConnectRequest::default()
        };
        self.connect_beside(session, request, Earlier::Prefer).await
    }

    /// Connects without a browser.
    pub(crate) async fn run_flow(
        &self,
        session: &Session,
        setup: &Setup,
        customer: &Customer,
        request: &ConnectRequest,
    ) -> Result<Connected, EngineError> {
        let redirect_uri = self.redirect_uri(&setup.account().integration);
        let start = Start {
            redirect_uri: &redirect_uri,
            state: "",
        };
        let begun = self
            .begin_flow(session, setup, customer, request, start)
            .await?;
        match begun {
            Begin::Complete(connected) => Ok(connected),
            Begin::Redirect { .. } => Err(EngineError::bad_request(format!(
                "an account is connected to `{}` in a browser: send the user there with \
                 `POST /connect`, or connect with ready-made `credentials`",
                setup.integration.key
            ))),
        }
    }

    /// Starts the flow of the setup's auth type. What is complete is tested.
    pub(crate) async fn begin_flow(
        &self,
        session: &Session,
        setup: &Setup,
        customer: &Customer,
        request: &ConnectRequest,
        start: Start<'_>,
    ) -> Result<Begin, EngineError> {
        let mut arguments = setup.account_arguments(request);
        let account = setup.account();
        let flow = auth::flow(account.option.auth_type)?;
        let mut runner = self.runner(session, account, customer, None)?;
        let begun = flow
            .begin(&mut runner, &account.option, arguments.clone(), &start)
            .await?;
        if let Begin::Complete(connected) = &begun {
            arguments.connection_input = connected.input.clone();
            arguments.credentials = Some(connected.issued.credentials.clone());
            let tested = runner.test(&arguments).await;
            tested.map_err(|error| explain_new(error, connected))?;
            if setup.parent.is_some() {
                let child = Child {
                    session,
                    setup,
                    customer,
                };
                self.test_child(child, request, connected).await?;
            }
        }
        Ok(begun)
    }

    /// What connecting as `request` says works with.
    pub(crate) async fn setup_for(
        &self,
        session: &Session,
        request: &ConnectRequest,
    ) -> Result<Setup, EngineError> {
        let integration = self.integration(session, &request.integration).await?;
        self.setup(session, integration, request.auth_option_key.as_deref())
            .await
    }

    async fn setup(
        &self,
        session: &Session,
        integration: Integration,
        option_key: Option<&str>,
    ) -> Result<Setup, EngineError> {
        let connector = self
            .connector_of(session.workspace_id(), &integration)
            .await?;
        let option = Self::chosen_option(&connector, option_key)?;
        let setup = self
            .with_parameters(session, integration, connector, option)
            .await?;
        if !is_enabled(&setup.option, &setup.parameters) {
            return Err(EngineError::configuration(format!(
                "the auth option `{}` of the integration `{}` is not enabled with its present \
                 parameters",
                setup.option.key.as_deref().unwrap_or("default"),
                setup.integration.key
            )));
        }
        Box::pin(self.with_parents(session, setup, None)).await
    }

    /// What an existing connection works with, whether or not its option is still offered.
    pub(crate) async fn setup_of(
        &self,
        session: &Session,
        integration: Integration,
        connection: &Connection,
    ) -> Result<Setup, EngineError> {
        let connector = self
            .connector_of(session.workspace_id(), &integration)
            .await?;
        let option = Self::option_of(&connector, connection)?.clone();
        let setup = self
            .with_parameters(session, integration, connector, option)
            .await?;
        let Some(parent) = &connection.parent_id else {
            return Ok(setup);
        };
        let account = self.connection_by_id(session, parent).await?;
        let completing = self.with_parents(session, setup, Some(&account));
        let setup = Box::pin(completing).await?;
        if setup.account().integration.id == account.integration_id {
            return Ok(setup);
        }
        Err(AuthError::Delegation(format!(
            "`{}` delegates authentication to another connector than when this account was \
             connected: it has to be connected again",
            setup.integration.key
        ))
        .into())
    }

    pub(crate) async fn with_parameters(
        &self,
        session: &Session,
        integration: Integration,
        connector: Arc<Connector>,
        option: AuthOption,
    ) -> Result<Setup, EngineError> {
        let workspace = session.workspace_id();
        let parameters = self
            .parameters_for(workspace, &integration, &option, SecretJson::default())
            .await?;
        Ok(Setup {
            integration,
            connector,
            option,
            parameters,
            parent: None,
            input: None,
        })
    }

    pub(crate) async fn owner(
        &self,
        session: &Session,
        selector: Option<&str>,
    ) -> Result<Customer, EngineError> {
        if let Some(customer) = session.customer() {
            return match selector {
                Some(selector)
                    if selector != customer.internal_id && selector != customer.id.as_str() =>
                {
                    Err(EngineError::AccessDenied(
                        "a customer connects its own accounts only",
                    ))
                }
                _ => Ok(customer.clone()),
            };
        }
        let selector = selector.ok_or_else(|| {
            EngineError::bad_request(
                "whose connection is it? Give `customerId`, or use a customer's token",
            )
        })?;
        self.customer(session, selector).await
    }

    /// The connection of the same customer through the same integration.
    async fn existing(
        &self,
        session: &Session,
        new: &NewConnection,
    ) -> Result<Option<Connection>, EngineError> {
        let filter = ConnectionFilter {
            customer_id: Some(new.customer_id.clone()),
            integration_id: Some(new.integration_id.clone()),
            ..ConnectionFilter::default()
        };
        let page = Page {
            limit: 1,
            cursor: None,
        };
        let found = self
            .shared
            .store
            .list_connections(session.workspace_id(), filter, page)
            .await?;
        Ok(found.items.into_iter().next())
    }
}

/// An error of the test of an account that is just being connected.
pub(crate) fn explain_new(error: AuthError, connected: &Connected) -> AuthError {
    match &connected.issued.scopes {
        Some(scopes) => error.explained_by(scopes, None),
        None => error,
    }
}

/// What becomes of the connection that a customer already has through an integration.
#[derive(Clone, Copy)]
pub(crate) enum Earlier {
    /// The new one takes its place.
    Replace,
    /// Both stay.
    Keep,
    /// It stays, and nothing new is made.
    Prefer,
}

impl Earlier {
    /// What `request` says about it.
    pub(crate) const fn of(request: &ConnectRequest) -> Self {
        if request.allow_multiple {
            Self::Keep
        } else {
            Self::Replace
        }
    }
}

/// What connecting through an integration works with.
#[derive(Clone)]
pub(crate) struct Setup {
    pub(crate) integration: Integration,
    pub(crate) connector: Arc<Connector>,
    pub(crate) option: AuthOption,
    pub(crate) parameters: SecretJson,
    /// What authentication is delegated to.
    pub(crate) parent: Option<Box<Self>>,
    /// What the user typed to connect it, where it is the parent of another and is connected.
    pub(crate) input: Option<SecretJson>,
}
