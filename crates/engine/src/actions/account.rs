//! Which connection an action runs with; and why there is none, in the words of `validate`.

use std::fmt;

use authbridge_core::id::ConnectionId;
use authbridge_definition::{AuthenticationProblem, Installed};
use authbridge_store::{ActionInstance, Connection, ConnectionFilter, Integration, Origin, Page};

use super::ConnectionChoice;
use crate::integrations::is_enabled;
use crate::interfaces::is_of_interface;
use crate::{Engine, EngineError, Session};

/// An action that cannot be authenticated: what it was to run with, why that does not work, and
/// what to add.
#[derive(Clone, Debug)]
pub struct NoAuthentication {
    /// The action.
    pub action: String,
    /// The integration that it was to run with.
    pub integration: String,
    /// The integration's connector, if it has one.
    pub connector: Option<String>,
    /// The file of the definition, where it came from a directory.
    pub file: Option<String>,
    /// Why it does not work, and what to add.
    pub problem: AuthenticationProblem,
}

impl fmt::Display for NoAuthentication {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let message = self.problem.of_action(&self.action, &self.integration);
        write!(formatter, "{message}; {}", self.problem.help)
    }
}

/// Where an action runs.
pub(super) struct Place {
    pub(super) integration: Integration,
    /// The connection, where it was named by its id.
    pub(super) connection: Option<Connection>,
    /// What the connection says of the action for itself.
    pub(super) instance: Option<ActionInstance>,
}

impl Place {
    pub(super) const fn new(integration: Integration, connection: Option<Connection>) -> Self {
        Self {
            integration,
            connection,
            instance: None,
        }
    }
}

impl Engine {
    /// The place that the caller names; `None` when it names none.
    pub(super) async fn named_place(
        &self,
        session: &Session,
        choice: &ConnectionChoice,
    ) -> Result<Option<Place>, EngineError> {
        if let Some(selector) = &choice.connection {
            if selector.parse::<ConnectionId>().is_ok() {
                let connection = self.connection(session, selector).await?;
                return Ok(Some(self.place_of(session, connection).await?));
            }
            let found = self.integration(session, selector).await;
            let integration = match found {
                Err(EngineError::NotFound { .. }) => {
                    return Err(EngineError::not_found("Connection", selector));
                }
                found => found?,
            };
            return Ok(Some(Place::new(integration, None)));
        }
        if let Some(key) = &choice.connection_key {
            let connection = self.connection_by_key(session, key).await?;
            return Ok(Some(self.place_of(session, connection).await?));
        }
        match &choice.integration {
            None => Ok(None),
            Some(selector) => Ok(Some(Place::new(
                self.integration(session, selector).await?,
                None,
            ))),
        }
    }

    async fn place_of(
        &self,
        session: &Session,
        connection: Connection,
    ) -> Result<Place, EngineError> {
        let id = connection.integration_id.as_str();
        Ok(Place::new(
            self.integration(session, id).await?,
            Some(connection),
        ))
    }

    /// Where something runs of which the caller says no more: with the only interface that lists
    /// the action, or else with the only connection that there is.
    pub(super) async fn default_place(
        &self,
        session: &Session,
        action: &str,
    ) -> Result<Place, EngineError> {
        let mut interfaces = self.interfaces_with(session, action).await?.into_iter();
        if let (Some(only), None) = (interfaces.next(), interfaces.next()) {
            return Ok(Place::new(self.integration(session, &only).await?, None));
        }
        let filter = ConnectionFilter {
            customer_id: session.customer().map(|customer| customer.id.clone()),
            ..ConnectionFilter::default()
        };
        let mut found = self.connections_by(session, filter, 2).await?.into_iter();
        if let (Some(only), None) = (found.next(), found.next()) {
            return self.place_of(session, only).await;
        }
        Err(EngineError::bad_request(format!(
            "which connection does `{action}` run with? Give `connectionId` or `integrationKey`"
        )))
    }

    async fn connection_by_key(
        &self,
        session: &Session,
        key: &str,
    ) -> Result<Connection, EngineError> {
        let filter = ConnectionFilter {
            customer_id: session.customer().map(|customer| customer.id.clone()),
            search: Some(key.to_owned()),
            ..ConnectionFilter::default()
        };
        let found = self.connections_by(session, filter, 1000).await?;
        found
            .into_iter()
            .find(|connection| connection.key.as_deref() == Some(key))
            .ok_or_else(|| EngineError::not_found("Connection", key))
    }

    async fn connections_by(
        &self,
        session: &Session,
        filter: ConnectionFilter,
        limit: u32,
    ) -> Result<Vec<Connection>, EngineError> {
        let page = Page {
            limit,
            cursor: None,
        };
        let store = &self.shared.store;
        let found = store
            .list_connections(session.workspace_id(), filter, page)
            .await?;
        Ok(found.items)
    }

    /// The connection with which `action` runs at `place`.
    pub(super) async fn account(
        &self,
        session: &Session,
        action: &str,
        place: &Place,
    ) -> Result<Connection, EngineError> {
        if let Some(connection) = &place.connection {
            return Ok(connection.clone());
        }
        let integration = &place.integration;
        match self.connection(session, integration.id.as_str()).await {
            Ok(connection) => Ok(connection),
            Err(error) => Err(self.explained(session, action, integration, error).await),
        }
    }

    /// `error`, or what is wrong with the authentication of `integration` where that is why.
    pub(super) async fn explained(
        &self,
        session: &Session,
        action: &str,
        integration: &Integration,
        error: EngineError,
    ) -> EngineError {
        let is_missing = matches!(
            error,
            EngineError::NotFound {
                noun: "Connection",
                ..
            }
        );
        if !is_missing && !matches!(error, EngineError::Configuration { .. }) {
            return error;
        }
        match self
            .missing_authentication(session, action, integration)
            .await
        {
            Ok(Some(missing)) => EngineError::NoAuthentication(Box::new(missing)),
            Ok(None) if is_missing => not_connected(session, action, integration),
            Ok(None) => error,
            Err(other) => other,
        }
    }

    async fn missing_authentication(
        &self,
        session: &Session,
        action: &str,
        integration: &Integration,
    ) -> Result<Option<NoAuthentication>, EngineError> {
        let workspace = session.workspace_id();
        let is_file = integration.origin == Origin::Directory;
        let integration_file = format!("integrations/{0}/{0}.yaml", integration.key);
        let described = place_in_words(is_file, &integration_file, "integration", &integration.key);
        let missing = |connector, file, problem| NoAuthentication {
            action: action.to_owned(),
            integration: integration.key.clone(),
            connector,
            file,
            problem,
        };
        let Some(id) = &integration.connector_id else {
            let problem = AuthenticationProblem::no_connector(&described);
            let file = is_file.then_some(integration_file);
            return Ok(Some(missing(None, file, problem)));
        };
        let record = self
            .shared
            .store
            .find_connector(workspace, id.as_str())
            .await?;
        let connector = self.connector_of(workspace, integration).await?;
        let key = connector.key.as_str();
        let file = match &record {
            Some(record) if is_of_interface(&record.key) => Some(format!("interfaces/{key}.yaml")),
            Some(record) if record.origin == Origin::Directory => {
                Some(format!("connectors/{key}/spec.yml"))
            }
            Some(_) | None => None,
        };
        let definition = place_in_words(
            file.is_some(),
            file.as_deref().unwrap_or_default(),
            "connector",
            key,
        );
        let schema = connector.parameters_schema.as_ref();
        let parameters = self.parameters_by(workspace, integration, schema).await?;
        let problem = AuthenticationProblem::of(&Installed {
            connector: &connector,
            definition: &definition,
            integration: &described,
            parameters: Some(parameters.expose()),
            is_enabled: &|option| is_enabled(option, &parameters),
        });
        let name = connector.key.clone();
        Ok(problem.map(|problem| missing(Some(name), file, problem)))
    }
}

fn place_in_words(is_file: bool, file: &str, noun: &str, key: &str) -> String {
    if is_file {
        format!("`{file}`")
    } else {
        format!("the {noun} `{key}`")
    }
}

fn not_connected(session: &Session, action: &str, integration: &Integration) -> EngineError {
    let key = &integration.key;
    let message = match session.customer() {
        Some(customer) => format!(
            "authentication not configured: action `{action}` of integration `{key}`: the \
             customer `{}` has no connection; connect an account with `POST /connections` or \
             `integration('{key}').connect()`",
            customer.internal_id
        ),
        None => format!(
            "authentication not configured: action `{action}` of integration `{key}`: there is no \
             connection; give `customerId` or `connectionId`, or use a customer's token"
        ),
    };
    EngineError::NotConnected { message }
}
