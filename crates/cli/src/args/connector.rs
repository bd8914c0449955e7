//! The commands for authors of connectors.

use std::path::PathBuf;

use authbridge_core::connector::AuthType;
use clap::{Args as ClapArgs, Subcommand, ValueEnum};

#[derive(Debug, Subcommand)]
pub(crate) enum Connector {
    /// Makes a connector that works, with comments and a test, to start from
    #[command(
        after_help = "Examples:\n  authbridge connector new contacts --auth api-key\n  authbridge connector new \"My CRM\" --auth session --language ts --base-uri https://api.crm.example\n\nOn a terminal, it asks for what is missing."
    )]
    New(NewConnector),
    /// Runs a connector offline against a simulated API: connect, test, call, expire, refresh,
    /// disconnect, and the cases in its `tests/`
    #[command(
        after_help = "Examples:\n  authbridge connector test contacts\n  authbridge connector test membrane/connectors/crm --case \"wrong key\" --verbose\n\nNothing leaves this machine: every request of the connector goes to the simulated API.\nExit code 0 when everything passed, 1 when something failed, 2 when there is no connector to test."
    )]
    Test(TestConnector),
}

#[derive(ClapArgs, Debug)]
pub(crate) struct NewConnector {
    /// What people see; the key is made from it
    pub(crate) name: Option<String>,
    /// How its API authenticates
    #[arg(long, value_enum, value_name = "TYPE")]
    pub(crate) auth: Option<Flavour>,
    /// Where to make it [default: the key, below the present directory]
    #[arg(long, value_name = "PATH")]
    pub(crate) dir: Option<PathBuf>,
    /// What its functions are written in
    #[arg(
        long,
        value_enum,
        default_value_t = ScaffoldLanguage::Yaml,
        value_name = "LANGUAGE"
    )]
    pub(crate) language: ScaffoldLanguage,
    /// Where its API is
    #[arg(long, default_value = "https://api.example.com", value_name = "URL")]
    pub(crate) base_uri: String,
    /// Writes into a directory that has files, over those that are in the way
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(ClapArgs, Debug)]
pub(crate) struct TestConnector {
    /// The connector's directory, or a directory with several connectors
    #[arg(value_name = "DIR", default_value = ".")]
    pub(crate) directory: PathBuf,
    /// Only the author's cases whose name has this in it, without the life cycle
    #[arg(long, value_name = "NAME")]
    pub(crate) case: Option<String>,
    /// Shows the requests of every step, not only of failed ones
    #[arg(short, long)]
    pub(crate) verbose: bool,
}

/// What `connector new` can make.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Flavour {
    /// The user types a key, which every request carries
    #[value(alias = "client-credentials")]
    ApiKey,
    /// User name and password with every request
    Basic,
    /// User name and password are traded for a token that expires
    Session,
    /// OAuth 2.0
    Oauth2,
    /// OAuth 1.0
    Oauth1,
    /// Another connector of the workspace authenticates
    Proxy,
    /// A token that the workspace signs, in one header
    IntegrationAppToken,
    /// The same token, in two headers
    MembraneToken,
}

impl Flavour {
    /// The auth type in the definition.
    pub(crate) const fn auth_type(self) -> AuthType {
        match self {
            Self::ApiKey | Self::Basic | Self::Session => AuthType::ClientCredentials,
            Self::Oauth2 => AuthType::OAuth2,
            Self::Oauth1 => AuthType::OAuth1,
            Self::Proxy => AuthType::Proxy,
            Self::IntegrationAppToken => AuthType::IntegrationAppToken,
            Self::MembraneToken => AuthType::MembraneToken,
        }
    }
}

/// What the functions of a new connector are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ScaffoldLanguage {
    /// Mappings and mapped requests
    Yaml,
    /// TypeScript
    Ts,
    /// JavaScript
    Js,
}
