//! The flags of `serve`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::builder::FalseyValueParser;
use clap::{Args as ClapArgs, ValueEnum};
use ipnet::IpNet;
use url::Url;

use super::{Data, NewWorkspace, Sandbox, address};

#[derive(ClapArgs, Debug)]
#[command(
    after_help = "Examples:\n  authbridge serve ./membrane --dev --watch\n  AUTHBRIDGE_WORKSPACE_KEY=acme AUTHBRIDGE_WORKSPACE_SECRET=… authbridge serve --listen 0.0.0.0:4700\n\nWhen it is ready, it prints `listening on http://…` on standard output. The log goes to standard\nerror.\nSIGTERM and Ctrl-C let requests in progress finish; a second signal does not wait."
)]
pub(crate) struct Serve {
    /// Connectors and integrations to load at start
    #[arg(value_name = "DIR")]
    pub(crate) directory: Option<PathBuf>,
    /// Where to listen
    #[arg(
        long,
        env = "AUTHBRIDGE_LISTEN",
        default_value = "127.0.0.1:4700",
        value_name = "ADDRESS",
        value_parser = address
    )]
    pub(crate) listen: SocketAddr,
    /// The URL by which browsers reach this server; external apps send them back to
    /// `/oauth-callback` there [default: where it listens]
    #[arg(long, env = "AUTHBRIDGE_PUBLIC_URL", value_name = "URL", value_parser = public_url)]
    pub(crate) public_url: Option<Url>,
    #[command(flatten)]
    pub(crate) data: Data,
    #[command(flatten)]
    pub(crate) workspace: NewWorkspace,
    /// Permits upstreams on loopback and private addresses, and plain http
    #[arg(long, env = "AUTHBRIDGE_DEV", value_parser = FalseyValueParser::new())]
    pub(crate) dev: bool,
    /// Loads DIR again when a file in it changes
    #[arg(
        long,
        env = "AUTHBRIDGE_WATCH",
        value_parser = FalseyValueParser::new(),
        requires = "directory"
    )]
    pub(crate) watch: bool,
    /// Worker threads; one per core unless given
    #[arg(long, env = "AUTHBRIDGE_THREADS", value_name = "NUMBER")]
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
    /// Seconds that one refresh of credentials may wait for the external app, with all that it
    /// asks again
    #[arg(
        long,
        env = "AUTHBRIDGE_TOKEN_TIMEOUT",
        default_value_t = 30,
        value_name = "SECONDS",
        value_parser = clap::value_parser!(u64).range(1..=300)
    )]
    pub(crate) token_timeout: u64,
    /// Seconds that requests in progress may go on after SIGTERM or Ctrl-C
    #[arg(
        long,
        env = "AUTHBRIDGE_SHUTDOWN_GRACE",
        default_value_t = 20,
        value_name = "SECONDS"
    )]
    pub(crate) shutdown_grace: u64,
    /// How log lines look
    #[arg(long, env = "AUTHBRIDGE_LOG_FORMAT", value_enum, default_value_t = LogFormat::Text, value_name = "FORMAT")]
    pub(crate) log_format: LogFormat,
    /// What is logged: error, warn, info, debug, or a filter such as `authbridge_engine=debug`
    #[arg(
        long,
        env = "AUTHBRIDGE_LOG",
        default_value = "info",
        value_name = "FILTER"
    )]
    pub(crate) log: String,
    /// Stops for ever at a step of a refresh, such as `refresh.spooled`, so that a test can kill it
    /// there
    #[cfg(debug_assertions)]
    #[arg(long, env = "AUTHBRIDGE_PAUSE_AT", hide = true, value_name = "STEP")]
    pub(crate) pause_at: Option<String>,
    #[command(flatten)]
    pub(crate) sandbox: Sandbox,
}

fn public_url(text: &str) -> Result<Url, String> {
    let expected = "expected a URL such as https://auth.example.com";
    let url = Url::parse(text).map_err(|error| format!("{expected}: {error}"))?;
    let is_plain = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    if matches!(url.scheme(), "https" | "http") && is_plain {
        return Ok(url);
    }
    Err(format!("{expected}, without query or user name"))
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people
    Text,
    /// One JSON object a line
    Json,
}
