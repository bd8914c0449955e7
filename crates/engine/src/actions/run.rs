//! Running an action: its input is checked, what it does is done, and its output mapped.

use std::sync::Arc;

use authbridge_core::action::{Action, ActionKind, ActionRequest, DataAction};
use authbridge_core::auth::{Arguments, AuthError, InputError, check_input};
use authbridge_store::{ActionInstance, Connection, Customer, Integration};
use serde_json::{Value, json};

use super::ConnectionChoice;
use super::account::Place;
use super::bare::{Bare, no_arguments};
use crate::client::require_ready;
use crate::functions::FunctionRunner;
use crate::interfaces::OWN_APP;
use crate::open::Opened;
use crate::refresh::ConnectionRenewal;
use crate::{Engine, EngineError, Session};

/// An action with what its formulas see.
struct Running<'a> {
    action: &'a Action,
    /// As functions are called in messages.
    name: String,
    variables: Value,
    /// Whether answers that the external app refused with are a result.
    keeps_refusals: bool,
}

impl<'a> Running<'a> {
    fn new(action: &'a Action, variables: Value) -> Self {
        Self {
            action,
            name: format!("actions/{}", action.key),
            variables,
            keeps_refusals: false,
        }
    }
}

impl Engine {
    /// Runs the action that `id_or_key` means where `choice` says.
    pub(super) async fn run_action(
        &self,
        session: &Session,
        id_or_key: &str,
        choice: &ConnectionChoice,
        input: Value,
    ) -> Result<Option<Value>, EngineError> {
        if let Some((instance, connection)) = self.instance_by_id(session, id_or_key).await? {
            return self
                .run_instance(session, instance, connection, choice, input)
                .await;
        }
        let named = self.named_place(session, choice).await?;
        let integration = named.as_ref().map(|place| &place.integration);
        let found = self.find_action(session, integration, id_or_key).await;
        let (found, named) = match found {
            Err(EngineError::NotFound { .. }) if named.is_none() => {
                // It may stand in an interface.
                let place = self.only_interface(session, id_or_key).await?;
                let integration = Some(&place.integration);
                let found = self.find_action(session, integration, id_or_key).await?;
                (found, Some(place))
            }
            found => (found?, named),
        };
        let action = self.compiled_action(&found).await?;
        let own = found.record.as_ref();
        let own = own.and_then(|record| record.integration_id.as_ref());
        let place = match (named, own) {
            (Some(place), _) => Some(place),
            (None, Some(id)) => Some(Place::new(
                self.integration(session, id.as_str()).await?,
                None,
            )),
            (None, None) if action.kind.needs_connection() => {
                Some(self.default_place(session, &found.key).await?)
            }
            (None, None) => None,
        };
        let Some(mut place) = place else {
            return Box::pin(self.run_compiled(session, &action, None, input, false)).await;
        };
        let key = choice.instance_key.as_deref();
        let action = self.own_version(session, &mut place, action, key).await?;
        Box::pin(self.run_compiled(session, &action, Some(place), input, false)).await
    }

    /// Runs an instance that was named by its id.
    async fn run_instance(
        &self,
        session: &Session,
        instance: ActionInstance,
        connection: Connection,
        choice: &ConnectionChoice,
        input: Value,
    ) -> Result<Option<Value>, EngineError> {
        if let Some(named) = self.named_place(session, choice).await? {
            let is_its = named.integration.id == connection.integration_id
                && named.connection.is_none_or(|it| it.id == connection.id);
            if !is_its {
                let id = instance.id.as_str();
                return Err(EngineError::not_found("ActionInstance", id));
            }
        }
        let id = connection.integration_id.as_str();
        let mut place = Place::new(self.integration(session, id).await?, Some(connection));
        // It lives as long as its action can be run there.
        let found = self
            .find_action(session, Some(&place.integration), &instance.action_key)
            .await?;
        place.instance = Some(instance);
        let action = self.compiled_action(&found).await?;
        let action = self.version_of(&place, action).await?;
        Box::pin(self.run_compiled(session, &action, Some(place), input, false)).await
    }

    /// `action` as the connection of `place` has it, if there is one.
    async fn own_version(
        &self,
        session: &Session,
        place: &mut Place,
        action: Arc<Action>,
        instance_key: Option<&str>,
    ) -> Result<Arc<Action>, EngineError> {
        if place.connection.is_none() {
            let id = place.integration.id.as_str();
            // Why there is none is told when it is needed.
            place.connection = self.connection(session, id).await.ok();
        }
        let Some(connection) = &place.connection else {
            return Ok(action);
        };
        place.instance = self
            .instance_of(session, connection, &action.key, instance_key)
            .await?;
        self.version_of(place, action).await
    }

    /// What the instance of `place` says, or else `action`.
    async fn version_of(
        &self,
        place: &Place,
        action: Arc<Action>,
    ) -> Result<Arc<Action>, EngineError> {
        let instance = place.instance.as_ref();
        match instance.and_then(|it| Some((it, it.content.as_ref()?))) {
            Some((instance, content)) => self.compiled_instance(instance, content).await,
            None => Ok(action),
        }
    }

    async fn only_interface(&self, session: &Session, key: &str) -> Result<Place, EngineError> {
        let mut interfaces = self.interfaces_with(session, key).await?.into_iter();
        match (interfaces.next(), interfaces.next()) {
            (Some(only), None) => Ok(Place::new(self.integration(session, &only).await?, None)),
            (Some(_), Some(_)) => Err(EngineError::bad_request(format!(
                "several interfaces have an action `{key}`: give `integrationKey`"
            ))),
            (None, _) => Err(EngineError::not_found("Action", key)),
        }
    }

    /// Runs what is no stored action.
    pub(super) async fn run_unnamed(
        &self,
        session: &Session,
        action: &Action,
        choice: &ConnectionChoice,
        input: Value,
    ) -> Result<Option<Value>, EngineError> {
        let place = match self.named_place(session, choice).await? {
            Some(place) => Some(place),
            None if action.kind.needs_connection() => {
                Some(self.default_place(session, &action.key).await?)
            }
            None => None,
        };
        Box::pin(self.run_compiled(session, action, place, input, true)).await
    }

    async fn run_compiled(
        &self,
        session: &Session,
        action: &Action,
        place: Option<Place>,
        input: Value,
        keeps_refusals: bool,
    ) -> Result<Option<Value>, EngineError> {
        let input = checked(action, input)?;
        if let (ActionKind::Data(data), Some(place)) = (&action.kind, &place) {
            return Err(no_collection(&action.key, data, &place.integration));
        }
        let account = match &place {
            None => None,
            Some(place) => match self.account(session, &action.key, place).await {
                // It has no use for one, beyond what formulas see of it.
                Err(_) if is_independent(&action.kind) => None,
                account => Some((place, account?)),
            },
        };
        let Some((place, connection)) = account else {
            let variables = variables(&input, None, session.customer());
            let running = Running::new(action, variables);
            let output = self.run_without_connection(session, &running).await?;
            return Ok(action.result(&running.variables, output));
        };
        let opened = self.opened(session, action, place, connection).await?;
        let about = (&opened.connection, &opened.setup.integration);
        let mut variables = variables(&input, Some(about), Some(&opened.owner));
        if let (Value::Object(members), Some(instance)) = (&mut variables, &place.instance) {
            let shown = json!({
                "id": instance.id.as_str(),
                "instanceKey": instance.instance_key,
            });
            members.insert("actionInstance".into(), shown);
        }
        let mut running = Running::new(action, variables);
        running.keeps_refusals = keeps_refusals;
        let output = self.run_with(session, &running, &opened).await?;
        Ok(action.result(&running.variables, output))
    }

    async fn opened(
        &self,
        session: &Session,
        action: &Action,
        place: &Place,
        connection: Connection,
    ) -> Result<Opened, EngineError> {
        require_ready(&connection)?;
        match self.open(session, connection).await {
            Ok(opened) => Ok(opened),
            Err(error) => Err(self
                .explained(session, &action.key, &place.integration, error)
                .await),
        }
    }

    async fn run_with(
        &self,
        session: &Session,
        running: &Running<'_>,
        opened: &Opened,
    ) -> Result<Option<Value>, EngineError> {
        let renewal = ConnectionRenewal {
            engine: self,
            session,
            connection: &opened.connection,
            generation: opened.generation,
        };
        let arguments = &opened.arguments;
        let runner = self.runner(session, &opened.setup, &opened.owner, Some(&renewal))?;
        let result = match &running.action.kind {
            ActionKind::ExternalRequest(request) => {
                external(&runner, running, request, arguments).await
            }
            ActionKind::Operation { key, input } => {
                let input = match input {
                    Some(mapping) => mapping.evaluate(&running.variables).unwrap_or_default(),
                    None => running.variables.get("input").cloned().unwrap_or_default(),
                };
                operation(&runner, key, &input, arguments).await
            }
            ActionKind::Javascript(script) => {
                runner
                    .action_code(&running.name, script, arguments, &running.variables)
                    .await
            }
            ActionKind::HttpRequest(_) => {
                return Box::pin(self.run_without_connection(session, running)).await;
            }
            ActionKind::AppRequest(request) => {
                let owner = &opened.owner;
                let calling = self.call_own_app(session, running, request, Some(owner));
                return Box::pin(calling).await;
            }
            ActionKind::Data(data) => {
                let integration = &opened.setup.integration;
                return Err(no_collection(&running.action.key, data, integration));
            }
        };
        match result {
            Ok(output) => Ok(output),
            Err(error) => Err(self.explain_to_caller(session, opened, error).await.into()),
        }
    }

    async fn run_without_connection(
        &self,
        session: &Session,
        running: &Running<'_>,
    ) -> Result<Option<Value>, EngineError> {
        let bare = Bare::new();
        let runner = self.bare_runner(session, &bare);
        let arguments = no_arguments();
        match &running.action.kind {
            ActionKind::HttpRequest(request) => {
                let call = request.call(&running.variables);
                let call = call.map_err(|error| error.of_function(&running.name))?;
                let sending = runner.bare_request(&running.name, &call, &arguments);
                Ok(Some(sending.await?))
            }
            ActionKind::AppRequest(request) => {
                let customer = session.customer();
                Box::pin(self.call_own_app(session, running, request, customer)).await
            }
            ActionKind::Javascript(script) => {
                let running_code =
                    runner.action_code(&running.name, script, &arguments, &running.variables);
                Ok(running_code.await?)
            }
            ActionKind::ExternalRequest(_) | ActionKind::Operation { .. } | ActionKind::Data(_) => {
                Err(EngineError::bad_request(format!(
                    "`{}` needs a connection: give `connectionId` or `integrationKey`",
                    running.action.key
                )))
            }
        }
    }

    /// A request to the workspace's own app, which is an interface, for a customer.
    async fn call_own_app(
        &self,
        session: &Session,
        running: &Running<'_>,
        request: &ActionRequest,
        customer: Option<&Customer>,
    ) -> Result<Option<Value>, EngineError> {
        if self.interface(session, OWN_APP).await?.is_none() {
            return Err(no_own_app(&running.action.key));
        }
        let customer = customer.ok_or_else(|| {
            EngineError::bad_request(format!(
                "`{}` calls your app for a customer: give `customerId`, or use a customer's token",
                running.action.key
            ))
        })?;
        let workspace = &session.workspace.record.key;
        let session = self.session_of_customer(workspace, &customer.id).await?;
        let place = Place::new(self.integration(&session, OWN_APP).await?, None);
        let action = running.action;
        let connection = self.account(&session, &action.key, &place).await?;
        let opened = self.opened(&session, action, &place, connection).await?;
        let renewal = ConnectionRenewal {
            engine: self,
            session: &session,
            connection: &opened.connection,
            generation: opened.generation,
        };
        let runner = self.runner(&session, &opened.setup, &opened.owner, Some(&renewal))?;
        let result = external(&runner, running, request, &opened.arguments).await;
        match result {
            Ok(output) => Ok(output),
            Err(error) => Err(self
                .explain_to_caller(&session, &opened, error)
                .await
                .into()),
        }
    }
}

/// Whether an action sends nothing with the authentication of a connection.
const fn is_independent(kind: &ActionKind) -> bool {
    match kind {
        ActionKind::HttpRequest(_) | ActionKind::AppRequest(_) => true,
        ActionKind::ExternalRequest(_)
        | ActionKind::Operation { .. }
        | ActionKind::Javascript(_)
        | ActionKind::Data(_) => false,
    }
}

async fn external(
    runner: &FunctionRunner<'_>,
    running: &Running<'_>,
    request: &ActionRequest,
    arguments: &Arguments,
) -> Result<Option<Value>, AuthError> {
    let name = &running.name;
    let call = request.call(&running.variables);
    let call = call.map_err(|error| error.of_function(name))?;
    let sending = runner.action_request(name, &call, arguments, running.keeps_refusals);
    sending.await.map(Some)
}

async fn operation(
    runner: &FunctionRunner<'_>,
    key: &str,
    input: &Value,
    arguments: &Arguments,
) -> Result<Option<Value>, AuthError> {
    let operation = runner.connector.operation(key).ok_or_else(|| {
        AuthError::Operation(format!(
            "the connector `{}` has no operation `{key}`",
            runner.connector.key
        ))
    })?;
    let input = match &operation.input_schema {
        Some(schema) => check_input(Some(schema), input).map_err(|error| InputError {
            form: "the operation's `inputSchema`",
            ..error
        })?,
        None => input.clone(),
    };
    runner.run_operation(operation, &input, arguments).await
}

/// The input with defaults and casts; code takes it apart without asking whether it is there.
fn checked(action: &Action, input: Value) -> Result<Value, EngineError> {
    match &action.input_schema {
        Some(schema) => {
            let checked = check_input(Some(schema), &input).map_err(|error| {
                AuthError::from(InputError {
                    form: "the action's `inputSchema`",
                    ..error
                })
            })?;
            Ok(checked)
        }
        None if input.is_null() => Ok(json!({})),
        None => Ok(input),
    }
}

/// What formulas and code of an action see. There are no secrets among it.
fn variables(
    input: &Value,
    connection: Option<(&Connection, &Integration)>,
    customer: Option<&Customer>,
) -> Value {
    let mut variables = json!({ "input": input });
    let Value::Object(members) = &mut variables else {
        return variables;
    };
    if let Some((connection, integration)) = connection {
        let shown = json!({
            "id": connection.id.as_str(),
            "key": connection.key,
            "name": connection.name,
            "integrationId": integration.id.as_str(),
            "integrationKey": integration.key,
            "meta": connection.meta,
        });
        members.insert("connection".into(), shown);
        let shown = json!({
            "id": integration.id.as_str(),
            "key": integration.key,
            "name": integration.name,
            "meta": integration.meta,
        });
        members.insert("integration".into(), shown);
    }
    if let Some(customer) = customer {
        let shown = json!({
            "id": customer.id.as_str(),
            "internalId": customer.internal_id,
            "name": customer.name,
            "fields": customer.fields,
        });
        for name in ["user", "customer"] {
            members.insert(name.into(), shown.clone());
        }
    }
    variables
}

fn no_collection(action: &str, data: &DataAction, integration: &Integration) -> EngineError {
    let source = match &data.data_source {
        Some(key) => format!("the collection of the data source `{key}`"),
        None => "the collection that it works on".to_owned(),
    };
    EngineError::configuration(format!(
        "the action `{action}` (`{}`) cannot run: the connector of the integration `{}` does not \
         have {source}, since connectors have no data collections in this version; use \
         `api-request-to-external-app` or `connector-operation`",
        data.action_type, integration.key
    ))
}

fn no_own_app(action: &str) -> EngineError {
    EngineError::configuration(format!(
        "the action `{action}` calls your app, and the workspace does not say where that is: add \
         the interface `{OWN_APP}`, such as `interfaces/{OWN_APP}.yaml` with `type: http-endpoint`, \
         `baseUri: https://…`, `auth: {{type: integration-app-token}}`"
    ))
}
