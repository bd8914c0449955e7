//! What actions do with the means of a connector: requests through its API client, and code beside
//! it. Neither sees credentials or parameters.

use authbridge_core::auth::{Arguments, AuthError};
use authbridge_core::client::{ApiClient, Call, CallError, Defaults, ResponseFacts, absolute};
use authbridge_core::connector::Script;
use authbridge_core::request::Response;
use serde_json::{Value, json};
use url::Url;

use super::FunctionRunner;
use super::exchange::{Answer, Exchange, Failure, call_failed};

impl FunctionRunner<'_> {
    /// Makes a request for the action `name`; what comes of it is the answer, as formulas see it.
    /// `keeps_refusals` returns answers of any status.
    pub(crate) async fn action_request(
        &self,
        name: &str,
        call: &Call,
        arguments: &Arguments,
        keeps_refusals: bool,
    ) -> Result<Value, AuthError> {
        let exchange = Exchange::new(self, name, arguments);
        outcome(exchange.request(call).await, keeps_refusals)
    }

    /// The same without authentication, to the whole URL that the call's path is.
    pub(crate) async fn bare_request(
        &self,
        name: &str,
        call: &Call,
        arguments: &Arguments,
    ) -> Result<Value, AuthError> {
        let url = absolute(&call.path).and_then(|url| Url::parse(&url).ok());
        let url = url.ok_or_else(|| call_failed(name, CallError::Url))?;
        let base = json!({ "baseUri": url.origin().ascii_serialization() });
        let client = ApiClient::from_value(Some(&base), Defaults::default())?;
        let exchange = Exchange::new(self, name, arguments)
            .with_client(client)
            .await;
        outcome(exchange.request(call).await, false)
    }

    /// Runs the code of the action `name`, which gets `variables` and the API client.
    pub(crate) async fn action_code(
        &self,
        name: &str,
        script: &Script,
        arguments: &Arguments,
        variables: &Value,
    ) -> Result<Option<Value>, AuthError> {
        self.run_code_with(name, script, arguments, variables.clone(), None)
            .await
    }
}

fn outcome(made: Result<Answer, Failure>, keeps_refusals: bool) -> Result<Value, AuthError> {
    match made {
        Ok(answer) => Ok(shown(&answer.response, &answer.data)),
        Err(Failure {
            error: AuthError::Refused { .. },
            response: Some(response),
        }) if keeps_refusals => Ok(shown(&response, &response.data())),
        Err(failure) => Err(failure.error),
    }
}

fn shown(response: &Response, data: &Value) -> Value {
    let facts = ResponseFacts {
        status: response.status,
        headers: &response.headers,
        data: Some(data),
    };
    facts.to_value()
}
