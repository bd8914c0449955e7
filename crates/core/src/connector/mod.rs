//! A connector: what its definition says, normalised from every format and ready to use.
//!
//! The `authbridge-definition` crate reads files into this model; nothing after it sees YAML.

mod function;
mod mapping;
mod operation;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::auth::timing::RefreshTiming;

pub use authbridge_formula::Mapping;
pub use function::{
    Function, FunctionName, Implementation, ImplementationType, RestApiMapping, Script,
    SourceLocation,
};
pub use mapping::{
    GraphqlApiMapping, GraphqlDocument, GraphqlField, GraphqlOperation, OperationMapping,
};
pub use operation::Operation;

/// One version of a connector, with inheritance between it and its options already applied.
#[derive(Clone, Debug)]
pub struct Connector {
    /// Names the connector in its workspace.
    pub key: String,
    /// What people see.
    pub name: String,
    /// The identity under which the command line of the original product matches connectors.
    pub uuid: Option<String>,
    /// A semantic version, or `None` for the development version.
    pub version: Option<String>,
    /// What the connector is for.
    pub description: Option<String>,
    /// An image for pages and lists.
    pub logo_uri: Option<String>,
    /// The base URI of API clients whose `makeApiClient` names none.
    pub base_uri: Option<String>,
    /// Free labels, such as `CRM`.
    pub categories: Vec<String>,
    /// Data schema of the connector parameters that the workspace owner sets on an integration.
    pub parameters_schema: Option<Value>,
    /// The ways to authenticate, in the order of the definition; the default comes first.
    pub options: Vec<AuthOption>,
    /// What it can do beside authenticating, in the order of its keys.
    pub operations: Vec<Operation>,
}

impl Connector {
    /// The operation named `key`.
    pub fn operation(&self, key: &str) -> Option<&Operation> {
        self.operations
            .iter()
            .find(|operation| operation.key == key)
    }

    /// The option named `key`, or the default one for `None`.
    pub fn option(&self, key: Option<&str>) -> Option<&AuthOption> {
        let Some(key) = key.filter(|key| !key.is_empty()) else {
            return self.options.first();
        };
        self.options
            .iter()
            .find(|option| option.key.as_deref() == Some(key))
    }
}

/// One way to authenticate with a connector, complete: what the connector says for all its
/// options is already part of it.
#[derive(Clone, Debug)]
pub struct AuthOption {
    /// `None` for the only option of a connector without `options`.
    pub key: Option<String>,
    /// How it authenticates.
    pub auth_type: AuthType,
    /// What people see when they choose.
    pub title: Option<String>,
    /// A longer text for the same purpose.
    pub description: Option<String>,
    /// Where the user finds what the form asks for.
    pub help_uri: Option<String>,
    /// A formula over `connectorParameters`; the option is offered when it is truthy or absent.
    pub enabled: Option<Mapping>,
    /// Data schema of what the user is asked (`inputSchema`, formerly `ui.schema`).
    pub input_schema: Option<Value>,
    /// Data schema of the connector parameters, the connector's and the option's merged.
    pub parameters_schema: Option<Value>,
    /// Data schema of the credentials, where the author declares one.
    pub credentials_schema: Option<Value>,
    /// Hosts besides the base URI's to which credentials may be sent: `api.example.com`,
    /// `*.example.com`, each with an optional `:port`.
    pub allowed_hosts: Vec<String>,
    /// Hosts besides these to which functions may send requests of their own; never the proxy.
    pub function_hosts: Vec<String>,
    /// Of `proxy` only: the integration or auth proxy that authentication is delegated to.
    pub proxy_key: Option<String>,
    /// Hosts to which connectors that delegate to this one may send its credentials, written as
    /// in `allowed_hosts`; its own hosts where there are none.
    pub allowed_child_hosts: Vec<String>,
    /// When credentials are refreshed.
    pub refresh: RefreshTiming,
    /// The functions that the definition gives, each at most once.
    pub functions: Vec<Function>,
}

impl AuthOption {
    /// The function called `name`, unless the definition has none.
    pub fn function(&self, name: FunctionName) -> Option<&Function> {
        self.functions.iter().find(|function| function.name == name)
    }
}

/// How an option authenticates.
///
/// `client-credentials` means that the user types credentials; the OAuth2 grant of the same name
/// is something else (RFC 6749 section 4.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AuthType {
    /// The user types credentials into a form.
    ClientCredentials,
    /// OAuth 2.0 (RFC 6749).
    #[serde(rename = "oauth2")]
    OAuth2,
    /// OAuth 1.0 (RFC 5849).
    #[serde(rename = "oauth1")]
    OAuth1,
    /// Authentication delegated to another connector.
    Proxy,
    /// A JWT signed by the workspace, in `X-Integration-App-Token`.
    IntegrationAppToken,
    /// The same JWT, in `X-Membrane-Token` as well.
    MembraneToken,
}

impl AuthType {
    /// Every auth type.
    pub const ALL: [Self; 6] = [
        Self::ClientCredentials,
        Self::OAuth2,
        Self::OAuth1,
        Self::Proxy,
        Self::IntegrationAppToken,
        Self::MembraneToken,
    ];

    /// The word for it in files and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ClientCredentials => "client-credentials",
            Self::OAuth2 => "oauth2",
            Self::OAuth1 => "oauth1",
            Self::Proxy => "proxy",
            Self::IntegrationAppToken => "integration-app-token",
            Self::MembraneToken => "membrane-token",
        }
    }

    /// The auth type that `text` names in a file.
    pub fn from_name(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|auth_type| auth_type.as_str() == text)
    }

    /// Whether a connection exists without anybody connecting: the workspace's own token is the
    /// credential.
    pub const fn needs_no_connect_form(self) -> bool {
        match self {
            Self::IntegrationAppToken | Self::MembraneToken => true,
            Self::ClientCredentials | Self::OAuth2 | Self::OAuth1 | Self::Proxy => false,
        }
    }

    /// Whether others can delegate to it: it has an account to share. The workspace's own token
    /// is nobody's account, and every connector may send it by itself.
    pub const fn can_be_delegated_to(self) -> bool {
        match self {
            Self::ClientCredentials | Self::OAuth2 | Self::OAuth1 | Self::Proxy => true,
            Self::IntegrationAppToken | Self::MembraneToken => false,
        }
    }
}
