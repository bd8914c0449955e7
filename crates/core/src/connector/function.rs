//! Functions: the named steps of auth, and how a definition implements them.

use std::sync::Arc;

use authbridge_formula::Mapping;
use authbridge_module::Program;

use super::{AuthType, GraphqlApiMapping, OperationMapping};

/// A step that the definition gives, with where it stands.
#[derive(Clone, Debug)]
pub struct Function {
    /// Which step.
    pub name: FunctionName,
    /// How it is done.
    pub implementation: Implementation,
    /// Where the definition says so, for messages at run time.
    pub source: SourceLocation,
}

/// A place in a file of a definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceLocation {
    /// The file, relative to the definition's directory, with forward slashes.
    pub file: String,
    /// Counted from 1.
    pub line: usize,
    /// In characters, counted from 1.
    pub column: usize,
}

/// How a function is done.
#[derive(Clone, Debug)]
pub enum Implementation {
    /// A value with formulas in it; no I/O.
    Mapping(Mapping),
    /// One HTTP request described by mappings.
    RestApiMapping(RestApiMapping),
    /// One GraphQL request described by mappings.
    GraphqlApiMapping(GraphqlApiMapping),
    /// A call of one of the connector's operations.
    OperationMapping(OperationMapping),
    /// Code.
    Javascript(Script),
    /// Known not to be supported by the external app.
    NotSupported,
}

impl Implementation {
    /// Which kind this is.
    pub const fn kind(&self) -> ImplementationType {
        match self {
            Self::Mapping(_) => ImplementationType::Mapping,
            Self::RestApiMapping(_) => ImplementationType::RestApiMapping,
            Self::GraphqlApiMapping(_) => ImplementationType::GraphqlApiMapping,
            Self::OperationMapping(_) => ImplementationType::OperationMapping,
            Self::Javascript(_) => ImplementationType::Javascript,
            Self::NotSupported => ImplementationType::NotSupported,
        }
    }
}

/// One HTTP request as mappings (wire contract C.4).
///
/// Every mapping sees the function's arguments; `response_mapping` sees `response` as well, with
/// `data`, `headers`, `statusCode` and `status`.
#[derive(Clone, Debug)]
pub struct RestApiMapping {
    /// A path below the base URI, or a whole URL; `{name}` is replaced by a path parameter.
    pub path: Mapping,
    /// `GET` unless the definition says otherwise; upper case.
    pub method: String,
    /// An object whose members replace `{name}` in the path, percent-encoded.
    pub path_parameters: Option<Mapping>,
    /// An object of query parameters.
    pub query: Option<Mapping>,
    /// An object of header fields.
    pub headers: Option<Mapping>,
    /// The request body: a string is sent as it is, anything else as JSON.
    pub data: Option<Mapping>,
    /// What the function returns; the response's data when absent.
    pub response_mapping: Option<Mapping>,
}

/// Code of a function, with all it imports.
#[derive(Clone, Debug)]
pub struct Script {
    /// The linked modules; the entry is the function's file.
    pub program: Arc<Program>,
}

/// The kinds of implementation, by the names that files use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ImplementationType {
    /// `mapping`
    Mapping,
    /// `rest-api-mapping`
    RestApiMapping,
    /// `graphql-api-mapping`
    GraphqlApiMapping,
    /// `operation-mapping`
    OperationMapping,
    /// `javascript`
    Javascript,
    /// `not-supported`
    NotSupported,
}

impl ImplementationType {
    /// Every kind.
    pub const ALL: [Self; 6] = [
        Self::Mapping,
        Self::RestApiMapping,
        Self::GraphqlApiMapping,
        Self::OperationMapping,
        Self::Javascript,
        Self::NotSupported,
    ];

    /// The word for it in files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mapping => "mapping",
            Self::RestApiMapping => "rest-api-mapping",
            Self::GraphqlApiMapping => "graphql-api-mapping",
            Self::OperationMapping => "operation-mapping",
            Self::Javascript => "javascript",
            Self::NotSupported => "not-supported",
        }
    }

    /// The kind that `text` names.
    pub fn from_name(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// File suffixes of this kind, longest first (membrane-connectors reference, section 2.1).
    pub const fn file_suffixes(self) -> &'static [&'static str] {
        match self {
            Self::Mapping => &[".map.yml", ".map.yaml", ".yml", ".yaml"],
            Self::RestApiMapping => &[".rest.yml", ".rest.yaml", ".api.yml", ".api.yaml"],
            Self::GraphqlApiMapping => &[".graphql.yml", ".graphql.yaml"],
            Self::OperationMapping => &[".op.yml", ".op.yaml"],
            Self::Javascript => &[".js", ".ts"],
            Self::NotSupported => &[],
        }
    }
}

/// The steps of auth that a definition may give (membrane-connectors reference, section 1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FunctionName {
    /// Credentials to an API client.
    MakeApiClient,
    /// Whether the credentials work.
    Test,
    /// The OAuth endpoints and client of this integration.
    GetOAuthConfig,
    /// Replaces the standard exchange of the authorization code.
    GetTokenData,
    /// More credentials, from the answer to the code exchange.
    GetCredentialsFromAccessTokenResponse,
    /// More credentials, from the answer to a refresh.
    GetCredentialsFromRefreshTokenResponse,
    /// Credentials from what the user typed.
    GetCredentialsFromConnectionParameters,
    /// Fresh credentials from the present ones.
    RefreshCredentials,
    /// Tells the external app that the connection ends.
    Disconnect,
}

impl FunctionName {
    /// Every function.
    pub const ALL: [Self; 9] = [
        Self::MakeApiClient,
        Self::Test,
        Self::GetOAuthConfig,
        Self::GetTokenData,
        Self::GetCredentialsFromAccessTokenResponse,
        Self::GetCredentialsFromRefreshTokenResponse,
        Self::GetCredentialsFromConnectionParameters,
        Self::RefreshCredentials,
        Self::Disconnect,
    ];

    /// The key under which a definition gives it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MakeApiClient => "makeApiClient",
            Self::Test => "test",
            Self::GetOAuthConfig => "getOAuthConfig",
            Self::GetTokenData => "getTokenData",
            Self::GetCredentialsFromAccessTokenResponse => "getCredentialsFromAccessTokenResponse",
            Self::GetCredentialsFromRefreshTokenResponse => {
                "getCredentialsFromRefreshTokenResponse"
            }
            Self::GetCredentialsFromConnectionParameters => {
                "getCredentialsFromConnectionParameters"
            }
            Self::RefreshCredentials => "refreshCredentials",
            Self::Disconnect => "disconnect",
        }
    }

    /// Older keys that are still accepted, with a warning.
    pub const fn older_keys(self) -> &'static [&'static str] {
        match self {
            Self::GetOAuthConfig => &["oAuthConfig", "getOAuth1Config"],
            Self::GetCredentialsFromAccessTokenResponse => &["getCredentialsFromTokenResponse"],
            Self::MakeApiClient
            | Self::Test
            | Self::GetTokenData
            | Self::GetCredentialsFromRefreshTokenResponse
            | Self::GetCredentialsFromConnectionParameters
            | Self::RefreshCredentials
            | Self::Disconnect => &[],
        }
    }

    /// The names of its file below `auth/`, without suffix; the first is the preferred one.
    pub const fn file_stems(self) -> &'static [&'static str] {
        match self {
            Self::MakeApiClient => &["make-api-client"],
            Self::Test => &["test"],
            Self::GetOAuthConfig => &["get-oauth-config", "oauth-config", "get-o-auth-config"],
            Self::GetTokenData => &["get-token-data"],
            Self::GetCredentialsFromAccessTokenResponse => &[
                "get-credentials-from-access-token-response",
                "get-credentials-from-token-response",
            ],
            Self::GetCredentialsFromRefreshTokenResponse => {
                &["get-credentials-from-refresh-token-response"]
            }
            Self::GetCredentialsFromConnectionParameters => {
                &["get-credentials-from-connection-parameters"]
            }
            Self::RefreshCredentials => &["refresh-credentials"],
            Self::Disconnect => &["disconnect"],
        }
    }

    /// Whether options of `auth_type` may have it.
    pub const fn belongs_to(self, auth_type: AuthType) -> bool {
        use AuthType::{ClientCredentials, OAuth1, OAuth2};
        match self {
            Self::MakeApiClient | Self::Test => true,
            Self::GetOAuthConfig => matches!(auth_type, OAuth2 | OAuth1),
            Self::GetTokenData | Self::GetCredentialsFromRefreshTokenResponse => {
                matches!(auth_type, OAuth2)
            }
            Self::GetCredentialsFromAccessTokenResponse => matches!(auth_type, OAuth2 | OAuth1),
            Self::GetCredentialsFromConnectionParameters
            | Self::RefreshCredentials
            | Self::Disconnect => {
                matches!(auth_type, ClientCredentials | OAuth2 | OAuth1)
            }
        }
    }

    /// The kinds of implementation that it may have, besides `not-supported`; the first is what a
    /// definition most probably means.
    ///
    /// What makes the API client and the OAuth configuration runs before there is anything to send
    /// a request with, so these two compute a value.
    pub const fn implementations(self) -> &'static [ImplementationType] {
        use ImplementationType::{
            GraphqlApiMapping, Javascript, Mapping, OperationMapping, RestApiMapping,
        };
        match self {
            Self::MakeApiClient | Self::GetOAuthConfig => &[Mapping, Javascript],
            Self::GetTokenData
            | Self::GetCredentialsFromAccessTokenResponse
            | Self::GetCredentialsFromRefreshTokenResponse
            | Self::GetCredentialsFromConnectionParameters => &[
                Mapping,
                RestApiMapping,
                GraphqlApiMapping,
                OperationMapping,
                Javascript,
            ],
            Self::Test | Self::RefreshCredentials | Self::Disconnect => &[
                RestApiMapping,
                GraphqlApiMapping,
                OperationMapping,
                Javascript,
                Mapping,
            ],
        }
    }
}
