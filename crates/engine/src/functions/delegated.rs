//! The API client of a connector that delegates authentication.
//!
//! Its own `makeApiClient` is the one function that gets the parent's credentials. So what comes
//! of it must not lead back to a caller: it is options and nothing that answers requests, goes
//! only where the parent lets its credentials go, and nobody reads what it writes to its console.
//! Without one of its own the parent's makes the client.

use authbridge_core::SecretJson;
use authbridge_core::auth::{Arguments, AuthError, proxy};
use authbridge_core::client::{AllowedHosts, ApiClient, ApiClientError, Defaults, TargetError};
use authbridge_core::connector::{Function, FunctionName};
use authbridge_script::{Outcome, ScriptError, Thrown};
use serde_json::Value;

use super::FunctionRunner;
use super::scrub::Secrets;
use crate::integrations::lay_over;

/// What a connector delegates to.
#[derive(Clone)]
pub(crate) struct Parent<'a> {
    pub(crate) runner: Box<FunctionRunner<'a>>,
    pub(crate) parameters: &'a SecretJson,
    /// What the user typed to connect the account; a child sees only what itself asked.
    pub(crate) input: Option<&'a SecretJson>,
}

impl Parent<'_> {
    /// What the parent's own functions get for a child's `arguments`. The child's parameters apply
    /// on top of the parent's.
    pub(super) fn arguments(&self, arguments: &Arguments) -> Arguments {
        let childs = arguments.connector_parameters.clone();
        let input = self.input.unwrap_or(&arguments.connection_input);
        Arguments {
            connector_parameters: lay_over(self.parameters.clone(), childs),
            connection_input: input.clone(),
            withholds_credentials: self.runner.parent.is_some(),
            own: SecretJson::default(),
            ..arguments.clone()
        }
    }

    /// The parent's client for a child's `arguments`, unsigned.
    async fn client(&self, arguments: &Arguments) -> Result<ApiClient, AuthError> {
        let arguments = self.arguments(arguments);
        Box::pin(self.runner.unsigned_client(&arguments)).await
    }
}

impl FunctionRunner<'_> {
    /// What makes the client, if the connector has it itself.
    pub(super) fn own_client_function(&self) -> Option<&Function> {
        self.option.function(FunctionName::MakeApiClient)
    }

    /// What holds where the function that makes the client says nothing.
    pub(super) fn client_defaults(&self) -> Defaults<'_> {
        let parent = self.parent.as_ref();
        let parents = parent.and_then(|parent| parent.runner.client_defaults().base_uri);
        Defaults {
            base_uri: self.defaults.base_uri.or(parents),
            ..self.defaults
        }
    }

    /// Where the credentials may go that `parent` has.
    pub(super) async fn parents_limit(
        &self,
        parent: &Parent<'_>,
        arguments: &Arguments,
    ) -> Result<AllowedHosts, AuthError> {
        match declared_limit(parent)? {
            Some(declared) => Ok(declared),
            None => Ok(parent.client(arguments).await?.allowed_hosts),
        }
    }

    /// The client of a child of `parent`, unsigned.
    pub(super) async fn childs_client(
        &self,
        parent: &Parent<'_>,
        arguments: &Arguments,
    ) -> Result<ApiClient, AuthError> {
        let declared = declared_limit(parent)?;
        let has_own = self.own_client_function().is_some();
        if let (true, Some(limit), Some(base_uri)) =
            (has_own, &declared, self.client_defaults().base_uri)
        {
            let client = self.childs_own_client(arguments, base_uri).await?;
            return self.limited(client, limit.clone(), parent, arguments);
        }
        // The parent's client has a say: it is inherited, or tells hosts or the base URI.
        let parents = parent.client(arguments).await?;
        let limit = declared.unwrap_or_else(|| parents.allowed_hosts.clone());
        let client = if has_own {
            let base_uri = self.client_defaults().base_uri;
            let base_uri = base_uri.unwrap_or(parents.base_uri.as_str());
            self.childs_own_client(arguments, base_uri).await?
        } else {
            self.at_own_base(parents)?
        };
        self.limited(client, limit, parent, arguments)
    }

    /// What the child's own function makes, which must not answer requests.
    async fn childs_own_client(
        &self,
        arguments: &Arguments,
        base_uri: &str,
    ) -> Result<ApiClient, AuthError> {
        let shown = Arguments {
            withholds_credentials: false,
            ..arguments.clone()
        };
        let defaults = Defaults {
            base_uri: Some(base_uri),
            ..self.defaults
        };
        let client = match self.own_client(&shown, defaults).await {
            Ok(client) => client,
            Err(AuthError::ApiClient(error)) => {
                let message = Secrets::of_credentials(arguments).scrub(&error.to_string());
                return Err(AuthError::Delegation(message));
            }
            Err(error) => return Err(error),
        };
        if client.code.is_client() || client.code.has_on_error {
            return Err(AuthError::Delegation(format!(
                "`makeApiClient` of `{}` returns functions that answer requests; a connector that \
                 delegates authentication returns options, and `dynamicOptions` at most, since the \
                 credentials are another connector's",
                self.connector.key
            )));
        }
        Ok(client)
    }

    fn limited(
        &self,
        client: ApiClient,
        limit: AllowedHosts,
        parent: &Parent<'_>,
        arguments: &Arguments,
    ) -> Result<ApiClient, AuthError> {
        client.limited_to(limit).map_err(|error| {
            let TargetError::HostNotPermitted { host } = error else {
                return AuthError::Target(error);
            };
            // A host may be made of what the function got, which callers must not read.
            let host = Secrets::of_credentials(arguments).scrub(&host);
            let parent = &parent.runner.connector.key;
            AuthError::Delegation(format!(
                "`{}` sends its requests to `{host}`, and `{parent}`, which it delegates to, does \
                 not let its credentials go there; to permit it, add `allowedChildHosts: \
                 [\"{host}\"]` to the `auth` of `{parent}`",
                self.connector.key
            ))
        })
    }

    /// The parent's client, at the base URI that the child declares if it does.
    fn at_own_base(&self, inherited: ApiClient) -> Result<ApiClient, AuthError> {
        if self.defaults.base_uri.is_none() {
            return Ok(inherited);
        }
        let own = ApiClient::from_value(None, self.defaults)?;
        Ok(ApiClient {
            base_uri: own.base_uri,
            allowed_hosts: own.allowed_hosts,
            ..inherited
        })
    }

    /// Whether nobody may read what `function` says: it got credentials of another connector.
    pub(super) fn is_silent(&self, function: &str) -> bool {
        self.parent.is_some() && function == FunctionName::MakeApiClient.as_str()
    }

    /// What a child's code returned, without a way back for what it was given: response handlers
    /// can put data of theirs in the place of an answer.
    pub(super) fn without_way_back(
        &self,
        arguments: &Arguments,
        value: Option<Value>,
    ) -> Option<Value> {
        if self.parent.is_none() {
            return value;
        }
        let secrets = Secrets::of_credentials(arguments);
        let mut value = value?;
        if let Some(handlers) = value.get_mut("responseHandlers") {
            *handlers = secrets.scrub_value(handlers.take());
        }
        Some(value)
    }
}

/// Where children of `parent` may send its credentials, as far as it says.
fn declared_limit(parent: &Parent<'_>) -> Result<Option<AllowedHosts>, AuthError> {
    let declared = proxy::child_hosts(parent.runner.option);
    declared.map_err(|error| AuthError::ApiClient(ApiClientError::from(error)))
}

/// How code went that nobody may read the words of.
pub(super) fn silenced(outcome: Outcome) -> Outcome {
    let result = outcome.result.map_err(|error| match error {
        ScriptError::Thrown(thrown) => ScriptError::Thrown(Thrown {
            name: String::new(),
            message: "it threw an error, which is not shown since the credentials that it got are \
                      another connector's"
                .to_owned(),
            data: None,
            ..thrown
        }),
        other @ (ScriptError::Limit { .. }
        | ScriptError::Busy
        | ScriptError::Syntax { .. }
        | ScriptError::NoFunction { .. }
        | ScriptError::NotSerialisable { .. }
        | ScriptError::Abandoned
        | ScriptError::Crashed { .. }) => other,
    });
    Outcome {
        result,
        logs: Vec::new(),
        ..outcome
    }
}
