//! Actions: listed, shown, run.
//!
//! `find.rs` says which action a key means at an integration, `account.rs` which connection it
//! runs with, and why there is none, `instances.rs` what that connection says of it for itself,
//! and `said.rs` what it may say; `run.rs` runs it. `bare.rs` is for those that need no connection.

mod account;
mod bare;
mod find;
mod instances;
mod run;
mod said;

use std::iter;
use std::sync::Arc;

use authbridge_core::action::Action;
use authbridge_core::element::ElementId;
use authbridge_core::id::{ActionInstanceId, ConnectionId, CustomerId};
use authbridge_store::{ActionInstance, Element, Integration};
use moka::future::Cache;
use serde_json::{Map, Value, json};

use crate::{Engine, EngineError, Session};

pub use account::NoAuthentication;
pub use instances::InstanceSelector;

/// An action as it can be run with a connection.
#[derive(Clone, Debug)]
pub struct RunnableAction {
    /// Names it.
    pub key: String,
    /// What it says.
    pub content: Value,
    /// The stored record; `None` for one that stands in an interface.
    pub record: Option<Element>,
    /// What the connection says of it for itself, if anything.
    pub instance: Option<ActionInstance>,
    /// The integration of the connection.
    pub integration: Integration,
    /// The connection.
    pub connection_id: ConnectionId,
    /// Whose connection it is.
    pub customer_id: CustomerId,
}

/// What to run.
#[derive(Clone, Debug)]
pub enum Act {
    /// An action, by id or key.
    Action(String),
    /// One request through the API client: `method`, `path`, `query`, `headers`, `body`.
    Request(Value),
    /// Code, for admins.
    Code(String),
}

/// Which connection something runs with, as far as the caller says.
#[derive(Clone, Debug, Default)]
pub struct ConnectionChoice {
    /// A connection, by id; or an integration through which there is exactly one.
    pub connection: Option<String>,
    /// A connection, by the caller's own name for it.
    pub connection_key: Option<String>,
    /// An integration, by id or key.
    pub integration: Option<String>,
    /// Whose connection, by our id or the app's; for admins, others have their own.
    pub customer: Option<String>,
    /// Which of the connection's instances of the action.
    pub instance_key: Option<String>,
}

/// Compiled actions. A revision never changes, so entries never go stale.
pub(crate) struct Actions {
    compiled: Cache<CompiledKey, Arc<Action>>,
}

/// What says what an action does, and its revision.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum CompiledKey {
    /// An element, and the key of an action that stands in it.
    Element(ElementId, u64, Option<String>),
    /// An instance.
    Instance(ActionInstanceId, u64),
}

/// What runs: what the instance says, if it says anything, or what the action does.
fn content_of(action: &Value, instance: Option<&ActionInstance>) -> Value {
    let own = instance.and_then(|it| it.content.as_ref());
    own.unwrap_or(action).clone()
}

impl Default for Actions {
    fn default() -> Self {
        Self {
            compiled: Cache::new(10_000),
        }
    }
}

impl Engine {
    /// The actions that can be run with a connection, as the connection has them; instances with a
    /// key of their own beside those.
    pub async fn connection_actions(
        &self,
        session: &Session,
        connection: &str,
    ) -> Result<Vec<RunnableAction>, EngineError> {
        let connection = self.connection(session, connection).await?;
        let id = connection.integration_id.as_str();
        let integration = self.integration(session, id).await?;
        let found = self.actions_of(session, &integration).await?;
        let instances = self.instances_of(session, &connection).await?;
        let mut runnable = Vec::with_capacity(found.len());
        for found in found {
            let of_it = |is_named: bool| {
                let of_it = instances.iter().filter(|it| it.action_key == found.key);
                of_it.filter(move |it| it.instance_key.is_some() == is_named)
            };
            // The action itself is what runs where no instance is named.
            let own = of_it(false).next();
            for instance in iter::once(own).chain(of_it(true).map(Some)) {
                runnable.push(RunnableAction {
                    key: found.key.clone(),
                    content: content_of(&found.content, instance),
                    record: found.record.clone(),
                    instance: instance.cloned(),
                    integration: integration.clone(),
                    connection_id: connection.id.clone(),
                    customer_id: connection.customer_id.clone(),
                });
            }
        }
        Ok(runnable)
    }

    /// Runs an action with a connection, as the connection has it.
    pub async fn run_connection_action(
        &self,
        session: &Session,
        selector: InstanceSelector,
        input: Value,
    ) -> Result<Option<Value>, EngineError> {
        let choice = ConnectionChoice {
            connection: selector.connection,
            instance_key: selector.instance_key,
            ..ConnectionChoice::default()
        };
        let act = Act::Action(selector.action);
        self.act(session, act, choice, input).await
    }

    /// Runs an action, a request or code, with the connection that `choice` means.
    pub async fn act(
        &self,
        session: &Session,
        act: Act,
        choice: ConnectionChoice,
        input: Value,
    ) -> Result<Option<Value>, EngineError> {
        // Whoever asks, and not for whom: a customer may name itself below.
        if matches!(act, Act::Code(_)) && session.customer().is_some() {
            return Err(EngineError::AccessDenied(
                "`code` needs an admin token; make it an action of type `run-javascript` for \
                 customers to run",
            ));
        }
        let acting;
        let session = match &choice.customer {
            Some(customer) => {
                acting = self.acting_for(session, customer).await?;
                &acting
            }
            None => session,
        };
        match act {
            Act::Action(id_or_key) => self.run_action(session, &id_or_key, &choice, input).await,
            Act::Request(request) => self.run_request(session, request, &choice, input).await,
            Act::Code(code) => {
                let content = json!({ "type": "run-javascript", "config": { "code": code } });
                let action = Action::read("act", &content)?;
                self.run_unnamed(session, &action, &choice, input).await
            }
        }
    }

    async fn run_request(
        &self,
        session: &Session,
        request: Value,
        choice: &ConnectionChoice,
        input: Value,
    ) -> Result<Option<Value>, EngineError> {
        // What a caller sends are values and not formulas.
        let plain = |value: Value| json!({ "$plain": value });
        let Value::Object(members) = request else {
            return Err(EngineError::bad_request(
                "`api` must be an object, such as `{\"method\": \"GET\", \"path\": \"/me\"}`",
            ));
        };
        let members: Map<String, Value> = members
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name, plain(value)))
            .collect();
        let content = json!({
            "type": "api-request-to-external-app",
            "config": { "request": members },
        });
        let action = Action::read("act", &content)?;
        self.run_unnamed(session, &action, choice, input).await
    }

    /// The session of the customer that `selector` means, to whom the caller may speak for.
    async fn acting_for(&self, session: &Session, selector: &str) -> Result<Session, EngineError> {
        if let Some(customer) = session.customer() {
            if selector == customer.internal_id || selector == customer.id.as_str() {
                return Ok(session.clone());
            }
            return Err(EngineError::AccessDenied(
                "a customer uses its own connections only",
            ));
        }
        let customer = self.customer(session, selector).await?;
        let workspace = &session.workspace.record.key;
        self.session_of_customer(workspace, &customer.id).await
    }
}
