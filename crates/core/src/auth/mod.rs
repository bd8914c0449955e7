//! Auth types: what each does to connect an account. One file per type, and one arm in [`flow`].

mod client_credentials;
mod error;
mod expiry;
pub mod graphql;
mod input;
pub mod platform_token;
mod refresh;
pub mod rest;
mod script;

use async_trait::async_trait;
use serde_json::{Value, json};

use crate::SecretJson;
use crate::connector::{AuthOption, AuthType, FunctionName};

pub use error::{AuthError, Blame};
pub use expiry::expires_at;
pub use input::{FieldError, InputError, check_input};
pub use script::{ScriptCause, ScriptFailure, StackFrame};

/// What an auth type may do to the world; it reaches the network through nothing else.
#[async_trait]
pub trait AuthContext: Send {
    /// Runs a function of the definition; `None` where the definition does not have it.
    async fn call(
        &mut self,
        function: FunctionName,
        arguments: &Arguments,
    ) -> Result<Option<Value>, AuthError>;
}

/// One way of authenticating to an external app.
#[async_trait]
pub trait AuthFlow: Send + Sync {
    /// Starts a connection from what the user typed and the integration's parameters.
    async fn begin(
        &self,
        context: &mut dyn AuthContext,
        option: &AuthOption,
        arguments: Arguments,
    ) -> Result<Begin, AuthError>;

    /// Whether credentials of `option` can be renewed without asking the user.
    fn can_refresh(&self, option: &AuthOption) -> bool {
        option.function(FunctionName::RefreshCredentials).is_some()
    }

    /// Renews the credentials in `arguments`; what comes back takes their place.
    async fn refresh(
        &self,
        context: &mut dyn AuthContext,
        arguments: &Arguments,
    ) -> Result<SecretJson, AuthError> {
        refresh::by_function(context, arguments).await
    }
}

/// How starting a connection went.
#[derive(Debug)]
pub enum Begin {
    /// Nothing more to ask: these are the credentials, and the input as it was understood.
    Complete {
        /// What the connection keeps.
        credentials: SecretJson,
        /// What the user typed, with defaults and casts applied.
        input: SecretJson,
    },
}

/// The flow of an auth type, or why this build has none.
pub fn flow(auth_type: AuthType) -> Result<&'static dyn AuthFlow, AuthError> {
    match auth_type {
        AuthType::ClientCredentials => Ok(&client_credentials::ClientCredentials),
        AuthType::IntegrationAppToken | AuthType::MembraneToken => {
            Ok(&platform_token::PlatformToken)
        }
        AuthType::OAuth2 | AuthType::OAuth1 | AuthType::Proxy => Err(AuthError::NotYet {
            what: auth_type.as_str(),
        }),
    }
}

/// The arguments of a function (membrane-connectors reference, section 1.3). All are secret.
#[derive(Clone, Debug)]
pub struct Arguments {
    /// What the workspace owner set on the integration.
    pub connector_parameters: SecretJson,
    /// What the user typed.
    pub connection_input: SecretJson,
    /// The connection's credentials, once there are some.
    pub credentials: Option<SecretJson>,
    /// An object with what only this function gets, such as the `input` of an operation; or null.
    pub own: SecretJson,
}

impl Arguments {
    /// The one object that a function gets. The user's input goes by both of its names.
    pub fn to_variables(&self) -> Value {
        let input = self.connection_input.expose();
        let mut variables = json!({
            "connectorParameters": self.connector_parameters.expose(),
            "connectionInput": input,
            "connectionParameters": input,
        });
        let Value::Object(members) = &mut variables else {
            return variables;
        };
        if let Some(credentials) = &self.credentials {
            members.insert("credentials".into(), credentials.expose().clone());
        }
        if let Value::Object(own) = self.own.expose() {
            members.extend(own.clone());
        }
        variables
    }
}
