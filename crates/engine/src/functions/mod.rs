//! Running functions of a definition: one file per way of doing it.
//!
//! `mod` says which way; `action` is for actions; `context` is the world as auth types see it; `exchange` sends requests
//! through the API client; `code` runs JavaScript; `client_code` the parts of an API client that are
//! code, `delegated` one with another connector's credentials; `host` is the world as a script sees it, `host_error` what it sees thrown; `scrub` keeps
//! secrets out of what code says.

mod action;
mod client_code;
mod code;
mod context;
mod delegated;
mod exchange;
mod host;
mod host_error;
mod scrub;
mod signed;

use async_trait::async_trait;
use authbridge_core::auth::rest::is_success;
use authbridge_core::auth::{Arguments, AuthError, graphql, rest};
use authbridge_core::client::Defaults;
use authbridge_core::connector::{
    AuthOption, Connector, FunctionName, GraphqlApiMapping, Implementation, Mapping, Operation,
    OperationMapping, RestApiMapping,
};
use authbridge_core::{Effects, SecretJson};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use http::{HeaderName, HeaderValue};
use serde_json::{Value, json};

use crate::LogSink;
use crate::clocks::Clocks;
use crate::egress::Egress;
use crate::hosts::HostGates;
use crate::issuers::Issuers;
use crate::scripts::Scripts;

pub(crate) use client_code::dynamic_options;
pub(crate) use delegated::Parent;
pub(crate) use exchange::{Exchange, sending_failed};

/// How many operations may call one another in a row.
const MAX_DEPTH: u8 = 8;

/// Runs the functions of one auth option of one integration.
#[derive(Clone)]
pub(crate) struct FunctionRunner<'a> {
    pub(crate) egress: &'a Egress,
    pub(crate) effects: &'a Effects,
    pub(crate) issuers: &'a Issuers,
    pub(crate) clocks: &'a Clocks,
    pub(crate) scripts: &'a Scripts,
    pub(crate) connector: &'a Connector,
    pub(crate) option: &'a AuthOption,
    pub(crate) defaults: Defaults<'a>,
    /// Whose share of the sandbox is used.
    pub(crate) tenant: &'a str,
    /// The workspace's signed token, for auth types that send it.
    pub(crate) token_headers: Vec<(HeaderName, HeaderValue)>,
    /// Where console lines go.
    pub(crate) logs: Option<LogSink>,
    /// How expired credentials are renewed; `None` where there is no connection yet.
    pub(crate) renewal: Option<&'a dyn Renewal>,
    /// Where requests of the auth type wait for their turn; `None` where they need not.
    pub(crate) hosts: Option<&'a HostGates>,
    /// What authentication is delegated to.
    pub(crate) parent: Option<Parent<'a>>,
}

/// Renews the credentials of a connection.
#[async_trait]
pub(crate) trait Renewal: Send + Sync {
    /// The external app did not accept the credentials of `arguments`: the arguments with fresh
    /// ones, or `None` where there are no fresh ones to be had.
    async fn renew(&self, arguments: &Arguments) -> Option<Arguments>;
}

/// A function to run, by the name it has in messages.
#[derive(Clone, Copy)]
pub(crate) struct Step<'a> {
    pub(crate) name: &'a str,
    pub(crate) implementation: &'a Implementation,
    depth: u8,
}

impl<'a> Step<'a> {
    pub(crate) const fn new(name: &'a str, implementation: &'a Implementation) -> Self {
        Self {
            name,
            implementation,
            depth: 0,
        }
    }
}

impl FunctionRunner<'_> {
    /// Whether the credentials in `arguments` work; a definition without `test` says yes.
    pub(crate) async fn test(&self, arguments: &Arguments) -> Result<(), AuthError> {
        let Some(function) = self.option.function(FunctionName::Test) else {
            return Ok(());
        };
        let step = Step::new(function.name.as_str(), &function.implementation);
        let result = self.run(step, arguments).await?;
        // A request that succeeded is a success, whatever its body.
        if is_mere_request(&function.implementation) || is_success(result.as_ref()) {
            return Ok(());
        }
        Err(AuthError::TestFailed)
    }

    /// Runs `operation` with `input`.
    pub(crate) async fn run_operation(
        &self,
        operation: &Operation,
        input: &Value,
        arguments: &Arguments,
    ) -> Result<Option<Value>, AuthError> {
        self.operation_step(operation, input, arguments, 0).await
    }

    /// Runs a function in whichever way the definition says.
    pub(crate) async fn run(
        &self,
        step: Step<'_>,
        arguments: &Arguments,
    ) -> Result<Option<Value>, AuthError> {
        match step.implementation {
            Implementation::Mapping(mapping) => Ok(mapping.evaluate(&arguments.to_variables())),
            Implementation::RestApiMapping(mapping) => self.rest(step, mapping, arguments).await,
            Implementation::GraphqlApiMapping(mapping) => {
                self.graphql(step, mapping, arguments).await
            }
            Implementation::OperationMapping(mapping) => {
                self.operation_mapping(step, mapping, arguments).await
            }
            Implementation::Javascript(script) => self.script(step, script, arguments).await,
            Implementation::NotSupported => Err(AuthError::NotSupported {
                function: step.name.to_owned(),
            }),
        }
    }

    async fn rest(
        &self,
        step: Step<'_>,
        mapping: &RestApiMapping,
        arguments: &Arguments,
    ) -> Result<Option<Value>, AuthError> {
        let variables = arguments.to_variables();
        let call = rest::call(mapping, &variables).map_err(|error| error.of_function(step.name))?;
        let exchange = Exchange::new(self, step.name, arguments);
        let answer = exchange
            .request(&call)
            .await
            .map_err(|failure| failure.error)?;
        if answer.is_replaced {
            return Ok(Some(answer.data));
        }
        let response_mapping = mapping.response_mapping.as_ref();
        Ok(rest::read_response(
            response_mapping,
            &variables,
            &answer.response,
            answer.data,
        ))
    }

    async fn graphql(
        &self,
        step: Step<'_>,
        mapping: &GraphqlApiMapping,
        arguments: &Arguments,
    ) -> Result<Option<Value>, AuthError> {
        let variables = arguments.to_variables();
        let call =
            graphql::call(mapping, &variables).map_err(|error| error.of_function(step.name))?;
        let exchange = Exchange::new(self, step.name, arguments);
        let answer = exchange
            .request(&call)
            .await
            .map_err(|failure| failure.error)?;
        if answer.is_replaced {
            return Ok(Some(answer.data));
        }
        graphql::read_response(mapping, &variables, &answer.response, &answer.data).map_err(
            |message| AuthError::Refused {
                status: answer.response.status,
                message: Some(message),
                key: None,
                data: answer
                    .data
                    .get("errors")
                    .map(|errors| json!({ "errors": errors })),
            },
        )
    }

    async fn operation_mapping(
        &self,
        step: Step<'_>,
        mapping: &OperationMapping,
        arguments: &Arguments,
    ) -> Result<Option<Value>, AuthError> {
        let key = &mapping.operation_key;
        let Some(operation) = self.connector.operation(key) else {
            return Err(AuthError::Operation(format!(
                "`{}` calls the operation `{key}`, which the connector does not have",
                step.name
            )));
        };
        if step.depth >= MAX_DEPTH {
            return Err(AuthError::Operation(format!(
                "operations call one another more than {MAX_DEPTH} deep; the last is `{key}`"
            )));
        }
        let mut variables = arguments.to_variables();
        let input = evaluate(mapping.input_mapping.as_ref(), &variables).unwrap_or_default();
        let output = self
            .operation_step(operation, &input, arguments, step.depth + 1)
            .await?;
        let Some(output_mapping) = &mapping.output_mapping else {
            return Ok(output);
        };
        if let (Value::Object(members), Some(output)) = (&mut variables, output) {
            members.insert("output".into(), output);
        }
        Ok(output_mapping.evaluate(&variables))
    }

    fn operation_step<'b>(
        &'b self,
        operation: &'b Operation,
        input: &'b Value,
        arguments: &'b Arguments,
        depth: u8,
    ) -> BoxFuture<'b, Result<Option<Value>, AuthError>> {
        async move {
            let Some(implementation) = &operation.run else {
                return Err(AuthError::Operation(format!(
                    "the operation `{}` has no `run`",
                    operation.key
                )));
            };
            let own = json!({ "input": input, "parameters": input });
            let arguments = Arguments {
                own: SecretJson::new(own),
                ..arguments.clone()
            };
            let name = format!("operations/{}", operation.key);
            let step = Step {
                name: &name,
                implementation,
                depth,
            };
            self.run(step, &arguments).await
        }
        .boxed()
    }
}

/// Whether a function only sends a request and says nothing about the answer.
fn is_mere_request(implementation: &Implementation) -> bool {
    match implementation {
        Implementation::RestApiMapping(mapping) => mapping.response_mapping.is_none(),
        Implementation::GraphqlApiMapping(mapping) => mapping.response_mapping.is_none(),
        Implementation::OperationMapping(mapping) => mapping.output_mapping.is_none(),
        Implementation::Mapping(_)
        | Implementation::Javascript(_)
        | Implementation::NotSupported => false,
    }
}

fn evaluate(mapping: Option<&Mapping>, variables: &Value) -> Option<Value> {
    mapping.and_then(|mapping| mapping.evaluate(variables))
}
