//! A connection opened: with its integration, its connector, its owner and its secrets, so that
//! functions can run for it.

use authbridge_core::SecretJson;
use authbridge_core::auth::Arguments;
use authbridge_core::client::Defaults;
use authbridge_core::connector::FunctionName;
use authbridge_store::{Connection, ConnectionSecrets, Customer, StoreError};
use jiff::Timestamp;

use crate::client::require_ready;
use crate::connect::Setup;
use crate::functions::{FunctionRunner, Parent, Renewal};
use crate::integrations::lay_over;
use crate::platform_token::PlatformToken;
use crate::{Engine, EngineError, Session};

/// A connection with everything that its functions get.
pub(crate) struct Opened {
    pub(crate) connection: Connection,
    pub(crate) owner: Customer,
    pub(crate) setup: Setup,
    pub(crate) arguments: Arguments,
    /// Which of its credentials are in the arguments.
    pub(crate) generation: u64,
}

impl Opened {
    /// Whether anything can renew the credentials. A function may have come with a later version
    /// of the connector.
    pub(crate) fn can_refresh(&self) -> bool {
        let function = FunctionName::RefreshCredentials;
        let account = self.setup.account();
        self.connection.is_refreshable || account.option.function(function).is_some()
    }

    /// Whether the credentials have expired by their own word, and something can renew them.
    pub(crate) fn has_expired(&self, now: Timestamp) -> bool {
        let connection = &self.connection;
        connection.is_refreshable && connection.expires_at.is_some_and(|at| at <= now)
    }
}

impl Engine {
    /// Opens `connection`. One that uses another's credentials has those in its arguments.
    pub(crate) async fn open(
        &self,
        session: &Session,
        mut connection: Connection,
    ) -> Result<Opened, EngineError> {
        let (store, workspace) = (&self.shared.store, session.workspace_id());
        let holder = connection.parent_id.as_ref().unwrap_or(&connection.id);
        let held = match store.connection_secrets(workspace, holder).await {
            // Its account is archived, which is what its state says.
            Err(StoreError::Missing { .. }) if connection.parent_id.is_some() => {
                require_ready(&connection)?;
                return Err(EngineError::not_found("Connection", holder.as_str()));
            }
            read => read?,
        };
        if held.generation != connection.generation {
            // They were replaced since it was read: what it says of them, such as when they
            // expire, is about others.
            connection = self.connection_by_id(session, &connection.id).await?;
        }
        let integration = self
            .any_integration(session, connection.integration_id.as_str())
            .await?;
        let mut setup = self.setup_of(session, integration, &connection).await?;
        let owner = self
            .customer(session, connection.customer_id.as_str())
            .await?;
        let generation = held.generation;
        let arguments = if connection.parent_id.is_some() {
            let own = store.connection_secrets(workspace, &connection.id).await?;
            childs_arguments(&mut setup, own, held)
        } else {
            Arguments {
                connector_parameters: lay_over(setup.parameters.clone(), held.connector_parameters),
                connection_input: held.input,
                credentials: Some(held.credentials),
                withholds_credentials: false,
                own: SecretJson::default(),
            }
        };
        Ok(Opened {
            connection,
            owner,
            setup,
            arguments,
            generation,
        })
    }

    /// Runs functions with `setup` for `customer`.
    pub(crate) fn runner<'a>(
        &'a self,
        session: &'a Session,
        setup: &'a Setup,
        customer: &Customer,
        renewal: Option<&'a dyn Renewal>,
    ) -> Result<FunctionRunner<'a>, EngineError> {
        let own = setup.integration.base_uri.as_deref();
        let defaults = Defaults {
            base_uri: own.or(setup.connector.base_uri.as_deref()),
            allowed_hosts: &setup.option.allowed_hosts,
        };
        let auth_type = setup.option.auth_type;
        let token = PlatformToken::new(auth_type, &session.workspace, customer.clone());
        let token_headers = match token {
            Some(token) => {
                let value = token.value(None, &self.shared.effects)?;
                let names = token.headers.into_iter();
                names.map(|name| (name, value.clone())).collect()
            }
            None => Vec::new(),
        };
        let parent = match &setup.parent {
            Some(parent) => Some(Parent {
                runner: Box::new(self.runner(session, parent, customer, None)?),
                parameters: &parent.parameters,
                input: parent.input.as_ref(),
            }),
            None => None,
        };
        Ok(FunctionRunner {
            egress: &self.egress,
            effects: &self.shared.effects,
            issuers: &self.shared.issuers,
            clocks: &self.shared.clocks,
            scripts: &self.shared.scripts,
            connector: &setup.connector,
            option: &setup.option,
            defaults,
            tenant: session.workspace_id().as_str(),
            token_headers,
            logs: self.logs.clone(),
            renewal,
            hosts: None,
            parent,
        })
    }
}

/// What functions of a child get: its own, and with `held` what is the parent's for the parent's.
fn childs_arguments(
    setup: &mut Setup,
    own: ConnectionSecrets,
    held: ConnectionSecrets,
) -> Arguments {
    let account = setup.account_mut();
    let parameters = std::mem::take(&mut account.parameters);
    account.parameters = lay_over(parameters, held.connector_parameters);
    account.input = Some(held.input);
    Arguments {
        connector_parameters: lay_over(setup.parameters.clone(), own.connector_parameters),
        connection_input: own.input,
        credentials: Some(held.credentials),
        withholds_credentials: true,
        own: SecretJson::default(),
    }
}
