//! Running functions of a definition.

use async_trait::async_trait;
use authbridge_core::auth::rest::{build_request, read_response};
use authbridge_core::auth::{Arguments, AuthContext, AuthError};
use authbridge_core::client::{ApiClient, Defaults, ResponseFacts, ResponseHandler, Verdict};
use authbridge_core::connector::{
    AuthOption, Function, FunctionName, Implementation, RestApiMapping,
};
use authbridge_core::request::Response;
use http::{HeaderName, HeaderValue};
use serde_json::Value;

use crate::egress::{Egress, EgressError};

/// The largest answer to a function's request, in bytes.
const MAX_RESPONSE_BYTES: usize = 10 * 1024 * 1024;

/// Runs the functions of one auth option of one integration.
pub(crate) struct FunctionRunner<'a> {
    pub(crate) egress: &'a Egress,
    pub(crate) option: &'a AuthOption,
    pub(crate) defaults: Defaults<'a>,
    /// The workspace's signed token, for auth types that send it.
    pub(crate) token_headers: Vec<(HeaderName, HeaderValue)>,
}

#[async_trait]
impl AuthContext for FunctionRunner<'_> {
    async fn call(
        &mut self,
        function: FunctionName,
        arguments: &Arguments,
    ) -> Result<Option<Value>, AuthError> {
        let Some(function) = self.option.function(function) else {
            return Ok(None);
        };
        self.run(function, arguments).await
    }
}

impl FunctionRunner<'_> {
    /// Whether the credentials in `arguments` work; a definition without `test` says yes.
    pub(crate) async fn test(&self, arguments: &Arguments) -> Result<(), AuthError> {
        let Some(function) = self.option.function(FunctionName::Test) else {
            return Ok(());
        };
        let result = self.run(function, arguments).await?;
        let is_mere_request = matches!(
            &function.implementation,
            Implementation::RestApiMapping(mapping) if mapping.response_mapping.is_none()
        );
        // A request that succeeded is a success, whatever its body.
        if is_mere_request || authbridge_core::auth::rest::is_success(result.as_ref()) {
            return Ok(());
        }
        Err(AuthError::TestFailed)
    }

    async fn run(
        &self,
        function: &Function,
        arguments: &Arguments,
    ) -> Result<Option<Value>, AuthError> {
        match &function.implementation {
            Implementation::Mapping(mapping) => Ok(mapping.evaluate(&arguments.to_variables())),
            Implementation::RestApiMapping(mapping) => {
                self.run_rest(function.name, mapping, arguments).await
            }
            Implementation::NotSupported => Err(AuthError::NotSupported {
                function: function.name.as_str(),
            }),
            other @ (Implementation::GraphqlApiMapping(_)
            | Implementation::OperationMapping(_)
            | Implementation::Javascript(_)) => Err(AuthError::not_yet(
                function.name,
                other.kind(),
                &function.source,
            )),
        }
    }

    async fn run_rest(
        &self,
        name: FunctionName,
        mapping: &RestApiMapping,
        arguments: &Arguments,
    ) -> Result<Option<Value>, AuthError> {
        let variables = arguments.to_variables();
        let client = self.client(arguments)?;
        let request = build_request(mapping, &client, &variables)
            .map_err(|error| error.of_function(name.as_str()))?;
        let response = self
            .egress
            .send_whole(request, MAX_RESPONSE_BYTES)
            .await
            .map_err(|error| sending_failed(&error))?;
        let data = response.data();
        match judge(&client, &response, &data)? {
            Some(data) => Ok(Some(data)),
            None => Ok(read_response(mapping, &variables, &response, data)),
        }
    }

    /// Before there are credentials, the user's input stands in for them, since a base URI may be
    /// made of it; headers made from incomplete credentials would be wrong, and are left out.
    fn client(&self, arguments: &Arguments) -> Result<ApiClient, AuthError> {
        let mut client = if arguments.credentials.is_some() {
            ApiClient::make(self.option, &arguments.to_variables(), self.defaults)?
        } else {
            let provisional = Arguments {
                credentials: Some(arguments.connection_input.clone()),
                ..arguments.clone()
            };
            let mut client =
                ApiClient::make(self.option, &provisional.to_variables(), self.defaults)?;
            client.headers.clear();
            client.query.clear();
            client
        };
        client.headers.extend_from_slice(&self.token_headers);
        Ok(client)
    }
}

/// What response handlers and the built-in rules say of an answer to a function: `Some` for data
/// that replaces the body.
fn judge(
    client: &ApiClient,
    response: &Response,
    data: &Value,
) -> Result<Option<Value>, AuthError> {
    let facts = ResponseFacts {
        status: response.status,
        headers: &response.headers,
        data: Some(data),
    };
    match ResponseHandler::judge(&client.response_handlers, &facts) {
        Some(Verdict::Success(data)) => Ok(data),
        Some(Verdict::Failure(failure)) => Err(AuthError::Refused {
            status: response.status,
            message: failure.message,
            key: failure.key,
            data: failure.data,
        }),
        None if response.status.is_success() => Ok(None),
        None => Err(AuthError::Refused {
            status: response.status,
            message: None,
            key: None,
            data: None,
        }),
    }
}

fn sending_failed(error: &EgressError) -> AuthError {
    let reason = error.to_string();
    if error.is_policy() {
        return AuthError::Blocked { reason };
    }
    AuthError::Unavailable { reason }
}
