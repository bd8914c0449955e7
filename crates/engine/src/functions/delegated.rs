//! The API client of a connector that delegates authentication.
//!
//! Its own `makeApiClient` is the one function that gets the parent's credentials. So what comes
//! of it must not lead back to a caller: it is options and nothing that answers requests, goes
//! only where the parent lets its credentials go, and nobody reads what it writes to its console.
//! Without one of its own the parent's makes the client.

use authbridge_core::SecretJson;
use authbridge_core::auth::{Arguments, AuthError, proxy};
use authbridge_core::client::{
    self, AllowedHosts, ApiClient, ApiClientError, Defaults, TargetError,
};
use authbridge_core::connector::{Function, FunctionName, Implementation};
use authbridge_script::{Outcome, ScriptError, Thrown};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::Value;
use url::Url;

use super::FunctionRunner;

/// What API clients have rules on answers in, which can put data in the place of an answer.
const HANDLERS: &str = "responseHandlers";

/// What a connector delegates to.
#[derive(Clone)]
pub(crate) struct Parent<'a> {
    pub(crate) runner: Box<FunctionRunner<'a>>,
    pub(crate) parameters: &'a SecretJson,
    /// What the user typed to connect the account; a child sees only what itself asked.
    pub(crate) input: Option<&'a SecretJson>,
}

impl Parent<'_> {
    /// What the parent's own functions get for a child's `arguments`: nothing of the child's, which
    /// could lead the credentials elsewhere.
    pub(super) fn arguments(&self, arguments: &Arguments) -> Arguments {
        let input = self.input.unwrap_or(&arguments.connection_input);
        Arguments {
            connector_parameters: self.parameters.clone(),
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

    /// Where the credentials may go: where this parent and everybody above it says.
    pub(super) fn limit<'b>(
        &'b self,
        arguments: &'b Arguments,
    ) -> BoxFuture<'b, Result<AllowedHosts, AuthError>> {
        async move {
            let declared = proxy::child_hosts(self.runner.option)
                .map_err(|error| AuthError::ApiClient(ApiClientError::from(error)))?;
            let limit = match declared {
                Some(declared) => declared,
                None => self.client(arguments).await?.allowed_hosts,
            };
            let Some(above) = &self.runner.parent else {
                return Ok(limit);
            };
            let above = above.limit(&self.arguments(arguments)).await?;
            Ok(limit.within(above))
        }
        .boxed()
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

    /// The client of a child of `parent`, unsigned.
    pub(super) async fn childs_client(
        &self,
        parent: &Parent<'_>,
        arguments: &Arguments,
    ) -> Result<ApiClient, AuthError> {
        let limit = parent.limit(arguments).await?;
        let client = if self.own_client_function().is_none() {
            self.at_own_base(parent.client(arguments).await?)?
        } else if let Some(base_uri) = self.client_defaults().base_uri {
            self.childs_own_client(arguments, base_uri).await?
        } else {
            let parents = parent.client(arguments).await?;
            let base_uri = parents.base_uri.as_str();
            self.childs_own_client(arguments, base_uri).await?
        };
        client
            .limited_to(limit)
            .map_err(|error| self.not_permitted(parent, error))
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
            Err(AuthError::ApiClient(_)) => return Err(self.unshown()),
            made => made?,
        };
        let has_own_words =
            !client.response_handlers.is_empty() && self.written(HANDLERS).is_none();
        if client.code.is_client() || client.code.has_on_error || has_own_words {
            return Err(self.answers());
        }
        Ok(client)
    }

    /// `api` with what `dynamicOptions` returned for one request.
    pub(crate) fn overlaid(
        &self,
        api: &ApiClient,
        options: Option<&Value>,
    ) -> Result<ApiClient, AuthError> {
        let overlaid = api.overlaid(options, &self.option.allowed_hosts);
        if self.parent.is_none() || self.own_client_function().is_none() {
            return Ok(overlaid?);
        }
        let overlaid = overlaid.map_err(|_| self.unshown())?;
        if options.is_some_and(|options| client::option_of(options, HANDLERS).is_some()) {
            return Err(self.answers());
        }
        if !overlaid.allowed_hosts.contains(&overlaid.base_uri) {
            return Err(self.unshown());
        }
        Ok(overlaid)
    }

    /// A member of the options that the connector's own function returns, as it is written in the
    /// definition, and so made of no credentials.
    fn written(&self, name: &str) -> Option<&Value> {
        match &self.own_client_function()?.implementation {
            Implementation::Mapping(mapping) => client::option_of(mapping.source(), name),
            Implementation::RestApiMapping(_)
            | Implementation::GraphqlApiMapping(_)
            | Implementation::OperationMapping(_)
            | Implementation::Javascript(_)
            | Implementation::NotSupported => None,
        }
    }

    fn answers(&self) -> AuthError {
        AuthError::Delegation(format!(
            "`makeApiClient` of `{}` returns what answers requests: functions, or response handlers \
             that are computed. A connector that delegates authentication returns options, and \
             `dynamicOptions` at most, since the credentials are another connector's",
            self.connector.key
        ))
    }

    /// An error whose words may be made of the credentials.
    fn unshown(&self) -> AuthError {
        AuthError::Delegation(format!(
            "what `makeApiClient` of `{}` returns makes no API client, or one for a host that it \
             may not send to. What exactly is not shown, since the credentials are another \
             connector's; `authbridge connector test` shows it",
            self.connector.key
        ))
    }

    /// The parent's client at the base URI that the child declares, or its own, with the hosts that
    /// the child declares.
    fn at_own_base(&self, inherited: ApiClient) -> Result<ApiClient, AuthError> {
        if self.defaults.base_uri.is_some() && inherited.code.is_client() {
            return Err(AuthError::Delegation(format!(
                "`{}` has a base URI, and no `makeApiClient`; the one of what it delegates to makes \
                 requests by code of its own, which knows nothing of that base URI: give `{}` a \
                 `makeApiClient`",
                self.connector.key, self.connector.key
            )));
        }
        let own = Defaults {
            base_uri: Some(
                self.defaults
                    .base_uri
                    .unwrap_or(inherited.base_uri.as_str()),
            ),
            ..self.defaults
        };
        let own = ApiClient::from_value(None, own)?;
        Ok(ApiClient {
            base_uri: own.base_uri,
            allowed_hosts: own.allowed_hosts,
            ..inherited
        })
    }

    fn not_permitted(&self, parent: &Parent<'_>, error: TargetError) -> AuthError {
        let TargetError::HostNotPermitted { host } = error else {
            return AuthError::Target(error);
        };
        let (child, parent) = (&self.connector.key, &parent.runner.connector.key);
        if !self.is_declared(&host) {
            return self.unshown();
        }
        AuthError::Delegation(format!(
            "`{child}` sends its requests to `{host}`, and what it delegates to does not let its \
             credentials go there; to permit it, add `allowedChildHosts: [\"{host}\"]` to the \
             `auth` of `{parent}`"
        ))
    }

    /// Whether `host` is in the definition as it is, and so is no secret.
    fn is_declared(&self, host: &str) -> bool {
        let named = self.written("baseUri").or_else(|| self.written("baseUrl"));
        let declared = [
            named.and_then(Value::as_str),
            self.client_defaults().base_uri,
        ];
        let is_host =
            |uri: &str| Url::parse(uri).is_ok_and(|url| client::host_and_port(&url) == host);
        self.own_client_function().is_none() || declared.into_iter().flatten().any(is_host)
    }

    /// Whether nobody may read what `function` says: it got credentials of another connector.
    pub(super) fn is_silent(&self, function: &str) -> bool {
        self.parent.is_some() && function == FunctionName::MakeApiClient.as_str()
    }
}

/// How code went that nobody may read the words of: not even the names in what it threw.
pub(super) fn silenced(outcome: Outcome) -> Outcome {
    const WORDS: &str =
        "failed; how is not shown, since the credentials that it got are another connector's";
    let result = outcome.result.map_err(|error| match error {
        ScriptError::Thrown(thrown) => ScriptError::Thrown(Thrown {
            name: String::new(),
            message: WORDS.to_owned(),
            kind: None,
            key: None,
            data: None,
            doc: None,
            status: None,
            request_blocked: thrown.request_blocked,
            frames: Vec::new(),
            is_error: true,
            cause: None,
        }),
        ScriptError::NotSerialisable { .. } => ScriptError::NotSerialisable {
            reason: WORDS.to_owned(),
        },
        other @ (ScriptError::Limit { .. }
        | ScriptError::Busy
        | ScriptError::Syntax { .. }
        | ScriptError::NoFunction { .. }
        | ScriptError::Abandoned
        | ScriptError::Crashed { .. }) => other,
    });
    Outcome {
        result,
        logs: Vec::new(),
        ..outcome
    }
}
