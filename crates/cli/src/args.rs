//! Every command, flag and environment variable.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use ipnet::IpNet;

/// Connects accounts, keeps credentials, makes authenticated requests.
#[derive(Debug, Parser)]
#[command(
    name = "authbridge",
    version,
    about = "A self-hosted engine for connector authentication",
    after_help = "Try it:  authbridge demo\n\nExit codes: 0 done, 1 it failed, 2 used wrongly, 3 the server cannot be reached."
)]
pub(crate) struct Args {
    /// Prints results as JSON
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Runs the engine
    Serve(Box<Serve>),
    /// Shows the whole thing at work against a simulated provider
    Demo(Demo),
    /// Checks connector and integration files
    Validate(Validate),
    /// Works with formulas
    #[command(subcommand)]
    Formula(Formula),
    /// Makes and checks tokens
    #[command(subcommand)]
    Token(Token),
    /// Works with the workspaces of a data directory
    #[command(subcommand)]
    Workspace(Workspace),
    /// Works with connections of a running server
    #[command(subcommand)]
    Connections(Connections),
    /// Sends a request through a connection, as curl would
    Request(Request),
    /// Prints a completion script for a shell
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
    /// Prints the description of the API (OpenAPI 3.1)
    Openapi,
    /// Writes every generated file of the repository below a directory
    #[command(hide = true)]
    Generate {
        /// Where
        directory: PathBuf,
    },
}

#[derive(ClapArgs, Debug)]
#[command(
    after_help = "Examples:\n  authbridge serve ./membrane --dev\n  AUTHBRIDGE_WORKSPACE_KEY=acme AUTHBRIDGE_WORKSPACE_SECRET=… authbridge serve --listen 0.0.0.0:4700"
)]
pub(crate) struct Serve {
    /// Connectors and integrations to load at start
    #[arg(value_name = "DIR")]
    pub(crate) directory: Option<PathBuf>,
    /// Where to listen
    #[arg(long, env = "AUTHBRIDGE_LISTEN", default_value = "127.0.0.1:4700")]
    pub(crate) listen: SocketAddr,
    #[command(flatten)]
    pub(crate) data: Data,
    #[command(flatten)]
    pub(crate) workspace: NewWorkspace,
    /// Permits upstreams on loopback and private addresses, and plain http
    #[arg(long, env = "AUTHBRIDGE_DEV")]
    pub(crate) dev: bool,
    /// Loads DIR again when a file in it changes
    #[arg(long, requires = "directory")]
    pub(crate) watch: bool,
    /// Worker threads; one per core unless given
    #[arg(long, env = "AUTHBRIDGE_THREADS")]
    pub(crate) threads: Option<usize>,
    /// Networks of yours that requests may go to, such as 10.0.0.0/8
    #[arg(
        long,
        env = "AUTHBRIDGE_ALLOW_NETWORK",
        value_delimiter = ',',
        value_name = "CIDR"
    )]
    pub(crate) allow_network: Vec<IpNet>,
    /// Seconds to connect to an upstream
    #[arg(
        long,
        env = "AUTHBRIDGE_CONNECT_TIMEOUT",
        default_value_t = 10,
        value_name = "SECONDS"
    )]
    pub(crate) connect_timeout: u64,
    /// Seconds for an upstream to begin its answer
    #[arg(
        long,
        env = "AUTHBRIDGE_RESPONSE_TIMEOUT",
        default_value_t = 60,
        value_name = "SECONDS"
    )]
    pub(crate) response_timeout: u64,
    /// Seconds between two pieces of a body
    #[arg(
        long,
        env = "AUTHBRIDGE_IDLE_TIMEOUT",
        default_value_t = 60,
        value_name = "SECONDS"
    )]
    pub(crate) idle_timeout: u64,
    /// Seconds that requests in progress may go on after SIGTERM or Ctrl-C
    #[arg(
        long,
        env = "AUTHBRIDGE_SHUTDOWN_GRACE",
        default_value_t = 20,
        value_name = "SECONDS"
    )]
    pub(crate) shutdown_grace: u64,
    /// How log lines look
    #[arg(long, env = "AUTHBRIDGE_LOG_FORMAT", value_enum, default_value_t = LogFormat::Text)]
    pub(crate) log_format: LogFormat,
    /// What is logged: error, warn, info, debug, or a filter such as `authbridge_engine=debug`
    #[arg(long, env = "AUTHBRIDGE_LOG", default_value = "info")]
    pub(crate) log: String,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people
    Text,
    /// One JSON object a line
    Json,
}

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
    /// The keyring that seals secrets: a file [default: `keyring` in the data directory]
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
    pub(crate) keyring: Option<String>,
}

/// The workspace that `serve` makes sure of.
#[derive(ClapArgs, Clone, Debug)]
#[expect(
    clippy::struct_field_names,
    reason = "the fields are flags, named as people type them"
)]
pub(crate) struct NewWorkspace {
    /// The key of the workspace that is created at first start
    #[arg(long, env = "AUTHBRIDGE_WORKSPACE_KEY", value_name = "KEY")]
    pub(crate) workspace_key: Option<String>,
    /// Its secret, which signs tokens; better by environment than as an argument
    #[arg(
        long,
        env = "AUTHBRIDGE_WORKSPACE_SECRET",
        hide_env_values = true,
        value_name = "SECRET"
    )]
    pub(crate) workspace_secret: Option<String>,
    /// What it signs tokens for external apps with, when it is created
    #[arg(long, env = "AUTHBRIDGE_WORKSPACE_ALGORITHM", value_enum, default_value_t = Algorithm::Hs256)]
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

#[derive(ClapArgs, Debug)]
pub(crate) struct Demo {
    /// Ends after the requests, with exit code 0 if all of them succeeded
    #[arg(long)]
    pub(crate) once: bool,
    /// Where to listen; a free port unless given
    #[arg(long, default_value = "127.0.0.1:0")]
    pub(crate) listen: SocketAddr,
}

#[derive(ClapArgs, Debug)]
#[command(
    after_help = "Exit code 1 when there are errors; with --strict also when there are warnings."
)]
pub(crate) struct Validate {
    /// A directory such as `membrane/`, one connector's directory, or one file
    #[arg(value_name = "DIR", default_value = ".")]
    pub(crate) directory: PathBuf,
    /// Warnings count as errors
    #[arg(long)]
    pub(crate) strict: bool,
    /// Explains a diagnostic's code, such as AB0103, and ends
    #[arg(long, value_name = "CODE")]
    pub(crate) explain: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Formula {
    /// Evaluates formulas: one JSON object per line of standard input, one result per line of
    /// standard output
    #[command(
        after_help = "Each line has `formula` and `variables` (or `args`), and `fn` for another function than `buildValue`.\nThe answer is {\"value\": …}, {\"undefined\": true} or {\"throws\": …, \"message\": …}.\n\nExample:\n  echo '{\"formula\": {\"$concat\": [\"Bearer \", {\"$var\": \"token\"}]}, \"variables\": {\"token\": \"t\"}}' | authbridge formula eval"
    )]
    Eval,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Token {
    /// Signs a token with the workspace secret
    #[command(
        after_help = "Example:\n  authbridge token mint --customer user-42 --name Ada --field plan=pro"
    )]
    Mint(Mint),
    /// Checks a token and prints what it says
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
    /// A field of the customer; may be given several times
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
    pub(crate) workspace_key: String,
    /// The workspace's secret; better by environment than as an argument
    #[arg(
        long,
        env = "AUTHBRIDGE_WORKSPACE_SECRET",
        hide_env_values = true,
        value_name = "SECRET"
    )]
    pub(crate) workspace_secret: String,
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
        /// Its secret; generated unless given
        #[arg(long, env = "AUTHBRIDGE_WORKSPACE_SECRET", hide_env_values = true)]
        secret: Option<String>,
        /// What it signs tokens for external apps with
        #[arg(long, value_enum, default_value_t = Algorithm::Hs256)]
        algorithm: Algorithm,
        #[command(flatten)]
        data: Data,
    },
    /// Lists the workspaces
    List {
        #[command(flatten)]
        data: Data,
    },
}

/// A running server, and who calls it.
#[derive(ClapArgs, Clone, Debug)]
pub(crate) struct Remote {
    /// Where the server is
    #[arg(long, env = "AUTHBRIDGE_URL", default_value = "http://127.0.0.1:4700")]
    pub(crate) url: String,
    /// A ready-made token; otherwise one is signed with the workspace's secret
    #[arg(long, env = "AUTHBRIDGE_TOKEN", hide_env_values = true)]
    pub(crate) token: Option<String>,
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
    pub(crate) workspace_secret: Option<String>,
    /// Calls as this customer instead of as an admin
    #[arg(long, value_name = "ID")]
    pub(crate) customer: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Connections {
    /// Lists connections
    List {
        /// Through this integration only
        #[arg(long, value_name = "KEY")]
        integration: Option<String>,
        /// Disconnected ones only
        #[arg(long)]
        disconnected: bool,
        /// Archived ones too
        #[arg(long)]
        archived: bool,
        #[command(flatten)]
        remote: Remote,
    },
    /// Shows one connection
    Show {
        /// A connection's id, or an integration's key
        connection: String,
        #[command(flatten)]
        remote: Remote,
    },
    /// Tests whether a connection works
    Test {
        /// A connection's id, or an integration's key
        connection: String,
        #[command(flatten)]
        remote: Remote,
    },
    /// Archives a connection: its secrets are erased
    Archive {
        /// A connection's id, or an integration's key
        connection: String,
        #[command(flatten)]
        remote: Remote,
    },
}

#[derive(ClapArgs, Debug)]
#[command(
    after_help = "Examples:\n  authbridge request acme GET /v1/me --customer user-42\n  authbridge request acme POST /v1/things -d '{\"name\": \"x\"}' --customer user-42\n  authbridge request acme PUT /files/1 -d @photo.jpg -H 'Content-Type: image/jpeg' --customer user-42"
)]
pub(crate) struct Request {
    /// A connection's id, or an integration's key
    pub(crate) connection: String,
    /// The HTTP method
    pub(crate) method: http::Method,
    /// A path below the base URI, or a whole URL
    pub(crate) path: String,
    /// A header field; may be given several times
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE")]
    pub(crate) header: Vec<String>,
    /// The body, `@file`, or `@-` for standard input
    #[arg(short, long, value_name = "DATA")]
    pub(crate) data: Option<String>,
    /// Prints status and header fields too, to standard error
    #[arg(short, long)]
    pub(crate) include: bool,
    /// Ends with exit code 1 when the status is 400 or more
    #[arg(short, long)]
    pub(crate) fail: bool,
    #[command(flatten)]
    pub(crate) remote: Remote,
}
