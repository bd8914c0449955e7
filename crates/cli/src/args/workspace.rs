//! Workspaces: where they are kept, their keys and secrets, and the commands on them.

use std::path::PathBuf;

use authbridge_core::SecretString;
use clap::{Args as ClapArgs, Subcommand, ValueEnum};

use super::Remote;
use crate::error::CliError;

/// Where everything is kept, and the keys that seal it.
#[derive(ClapArgs, Clone, Debug)]
#[expect(
    clippy::struct_field_names,
    reason = "the fields are flags, named as people type them"
)]
pub(crate) struct Data {
    /// Where everything is kept
    #[arg(
        long,
        env = "AUTHBRIDGE_DATA_DIR",
        default_value = "./authbridge-data",
        value_name = "PATH"
    )]
    pub(crate) data_dir: PathBuf,
    /// A file with the keyring, which seals secrets [default: `keyring` in the data directory]
    #[arg(long, env = "AUTHBRIDGE_KEYRING_FILE", value_name = "PATH")]
    pub(crate) keyring_file: Option<PathBuf>,
    /// A command that prints the keyring, such as one that asks a key vault
    #[arg(
        long,
        env = "AUTHBRIDGE_KEYRING_COMMAND",
        value_name = "COMMAND",
        conflicts_with = "keyring_file"
    )]
    pub(crate) keyring_command: Option<String>,
    /// The keyring itself; only from the environment, since arguments show in process lists
    #[arg(long, env = "AUTHBRIDGE_KEYRING", hide = true, hide_env_values = true)]
    pub(crate) keyring: Option<SecretString>,
}

/// The workspace that `serve` makes sure of.
#[derive(ClapArgs, Clone, Debug)]
#[expect(
    clippy::struct_field_names,
    reason = "the fields are flags, named as people type them"
)]
pub(crate) struct NewWorkspace {
    /// The workspace that DIR is loaded into; created at first start
    #[arg(long, env = "AUTHBRIDGE_WORKSPACE_KEY", value_name = "KEY")]
    pub(crate) workspace_key: Option<String>,
    /// Its secret, which signs tokens; better by environment than as an argument
    #[arg(
        long,
        env = "AUTHBRIDGE_WORKSPACE_SECRET",
        hide_env_values = true,
        value_name = "SECRET"
    )]
    pub(crate) workspace_secret: Option<SecretString>,
    /// What it signs tokens for external apps with, when it is created
    #[arg(long, env = "AUTHBRIDGE_WORKSPACE_ALGORITHM", value_enum, default_value_t = Algorithm::Hs256, value_name = "ALGORITHM")]
    pub(crate) workspace_algorithm: Algorithm,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Algorithm {
    /// HMAC with the workspace secret
    #[value(name = "HS256", alias = "hs256")]
    Hs256,
    /// ECDSA with a key pair
    #[value(name = "ES256", alias = "es256")]
    Es256,
    /// RSA with a key pair
    #[value(name = "RS256", alias = "rs256")]
    Rs256,
    /// Ed25519 with a key pair
    #[value(name = "EdDSA", alias = "eddsa")]
    EdDsa,
}

impl From<Algorithm> for authbridge_core::token::SigningAlgorithm {
    fn from(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Hs256 => Self::Hs256,
            Algorithm::Es256 => Self::Es256,
            Algorithm::Rs256 => Self::Rs256,
            Algorithm::EdDsa => Self::EdDsa,
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Workspace {
    /// Creates a workspace and shows its secret, once
    Create {
        /// Its key, such as your app's name
        key: String,
        /// What people see
        #[arg(long)]
        name: Option<String>,
        /// Its secret; generated unless given. Better by environment than as an argument
        #[arg(long, env = "AUTHBRIDGE_WORKSPACE_SECRET", hide_env_values = true)]
        secret: Option<SecretString>,
        /// What it signs tokens for external apps with
        #[arg(long, value_enum, default_value_t = Algorithm::Hs256)]
        algorithm: Algorithm,
        #[command(flatten)]
        data: Data,
    },
    /// Shows what a running server's workspace is set to
    Show {
        #[command(flatten)]
        remote: Remote,
    },
    /// Sets what connect pages look like, who may embed them, and where they lead
    ///
    /// A list that is given takes the place of the one there was; an empty value removes a
    /// setting. `serve --dev` lets everybody embed and sends browsers anywhere.
    #[command(after_help = SET_EXAMPLES)]
    Set(WorkspaceSettings),
    /// Lists the workspaces
    List {
        #[command(flatten)]
        data: Data,
    },
}

const SET_EXAMPLES: &str = "Examples:
  authbridge workspace set --name Acme --brand-color '#0057b8' --logo ./acme.svg
  authbridge workspace set --embedding-origin https://app.acme.example \\
      --redirect-uri 'https://app.acme.example/settings/*'
  authbridge workspace set --embedding-origin ''     nobody may embed any more";

/// What `workspace set` changes.
#[derive(ClapArgs, Debug)]
pub(crate) struct WorkspaceSettings {
    /// What customers see
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// An origin whose pages may embed connect pages, such as `https://app.example.com` or
    /// `https://*.example.com`; may be given several times
    #[arg(long, value_name = "ORIGIN")]
    pub(crate) embedding_origin: Vec<String>,
    /// Where browsers may be sent at the end, such as `https://app.example.com/connected`, or
    /// `https://app.example.com/*`; may be given several times
    #[arg(long, value_name = "URI")]
    pub(crate) redirect_uri: Vec<String>,
    /// Allows one more origin beside those there are
    #[arg(long, value_name = "ORIGIN", conflicts_with = "embedding_origin")]
    pub(crate) add_embedding_origin: Vec<String>,
    /// Allows one more address beside those there are
    #[arg(long, value_name = "URI", conflicts_with = "redirect_uri")]
    pub(crate) add_redirect_uri: Vec<String>,
    /// The colour of buttons and links, such as `#0057b8`
    #[arg(long, value_name = "COLOR")]
    pub(crate) brand_color: Option<String>,
    /// A picture: a file of at most 64 KiB, or a URL that the server fetches
    #[arg(long, value_name = "FILE|URL")]
    pub(crate) logo: Option<String>,
    #[command(flatten)]
    pub(crate) remote: Remote,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Token {
    /// Signs a token with the workspace secret
    #[command(
        after_help = "Example:\n  authbridge token mint --customer user-42 --name Ada --field plan=pro"
    )]
    Mint(Mint),
    /// Checks a token and prints what it says
    #[command(after_help = "Exit code 1 when the token is not valid.")]
    Verify {
        /// The token; standard input unless given
        token: Option<String>,
        #[command(flatten)]
        workspace: WorkspaceSecret,
    },
}

#[derive(ClapArgs, Debug)]
pub(crate) struct Mint {
    /// For this customer, by your own id
    #[arg(
        long,
        value_name = "ID",
        required_unless_present = "admin",
        conflicts_with = "admin"
    )]
    pub(crate) customer: Option<String>,
    /// For an admin
    #[arg(long)]
    pub(crate) admin: bool,
    /// A display name
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// A field of the customer; may be given several times. A value that is JSON is taken as such
    #[arg(long, value_name = "NAME=VALUE", conflicts_with = "admin")]
    pub(crate) field: Vec<String>,
    /// Seconds that it is valid
    #[arg(long, default_value_t = 7200, value_name = "SECONDS", value_parser = clap::value_parser!(i64).range(1..=315_360_000))]
    pub(crate) expires_in: i64,
    #[command(flatten)]
    pub(crate) workspace: WorkspaceSecret,
}

/// A workspace by its key and secret.
#[derive(ClapArgs, Clone, Debug)]
pub(crate) struct WorkspaceSecret {
    /// The workspace's key
    #[arg(long, env = "AUTHBRIDGE_WORKSPACE_KEY", value_name = "KEY")]
    pub(crate) workspace_key: Option<String>,
    /// The workspace's secret; better by environment than as an argument
    #[arg(
        long,
        env = "AUTHBRIDGE_WORKSPACE_SECRET",
        hide_env_values = true,
        value_name = "SECRET"
    )]
    pub(crate) workspace_secret: Option<SecretString>,
}

/// What signs a token: a workspace's key and secret.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Credentials<'a> {
    /// The workspace's key.
    pub(crate) key: &'a str,
    /// Its secret.
    pub(crate) secret: &'a SecretString,
}

impl WorkspaceSecret {
    /// Both key and secret, when both are given.
    pub(crate) fn both(&self) -> Option<Credentials<'_>> {
        Some(Credentials {
            key: self.workspace_key.as_deref()?,
            secret: self.workspace_secret.as_ref()?,
        })
    }

    /// Both key and secret; otherwise what to do to give them.
    pub(crate) fn required(&self) -> Result<Credentials<'_>, CliError> {
        self.both().ok_or_else(|| {
            CliError::usage(
                "this needs the workspace's key and secret",
                "set AUTHBRIDGE_WORKSPACE_KEY and AUTHBRIDGE_WORKSPACE_SECRET to what `authbridge serve` was started with, or what it printed",
            )
        })
    }
}
