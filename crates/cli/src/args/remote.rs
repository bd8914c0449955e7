//! The commands that call a running server.

use authbridge_core::SecretString;
use clap::{Args as ClapArgs, Subcommand};

use super::WorkspaceSecret;

/// A running server, and who calls it.
#[derive(ClapArgs, Clone, Debug)]
pub(crate) struct Remote {
    /// Where the server is
    #[arg(long, env = "AUTHBRIDGE_URL", default_value = "http://127.0.0.1:4700")]
    pub(crate) url: String,
    /// A ready-made token; otherwise one is signed with the workspace's secret. Better by
    /// environment than as an argument
    #[arg(long, env = "AUTHBRIDGE_TOKEN", hide_env_values = true)]
    pub(crate) token: Option<SecretString>,
    #[command(flatten)]
    pub(crate) workspace: WorkspaceSecret,
    /// Calls as this customer, by your own id, instead of as an admin
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
    /// Shows one connection, and what happened to it
    Show {
        /// A connection's id, or an integration's key
        connection: String,
        #[command(flatten)]
        remote: Remote,
    },
    /// Tests whether a connection works
    #[command(after_help = "Exit code 1 when it does not work.")]
    Test {
        /// A connection's id, or an integration's key
        connection: String,
        /// Shows what functions wrote to the console, on standard error
        #[arg(long)]
        logs: bool,
        #[command(flatten)]
        remote: Remote,
    },
    /// Renews the credentials of a connection now
    Refresh {
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

#[derive(Debug, Subcommand)]
pub(crate) enum Operations {
    /// Lists what can be run
    List {
        /// A connection's id, or an integration's key
        connection: String,
        #[command(flatten)]
        remote: Remote,
    },
    /// Shows one operation, with the schemas of its input and output
    Show {
        /// A connection's id, or an integration's key
        connection: String,
        /// The operation's key
        operation: String,
        #[command(flatten)]
        remote: Remote,
    },
    /// Runs an operation and prints its output as JSON
    #[command(
        after_help = "Examples:\n  authbridge operations run crm list-contacts --customer user-42\n  authbridge operations run crm add-contact --input '{\"name\": \"Ada\"}' --logs --customer user-42\n  authbridge operations run crm add-contact --input @contact.json --customer user-42"
    )]
    Run {
        /// A connection's id, or an integration's key
        connection: String,
        /// The operation's key
        operation: String,
        /// Its input: JSON, `@file`, or `-` for standard input
        #[arg(short, long, value_name = "JSON")]
        input: Option<String>,
        /// Shows what functions wrote to the console, on standard error
        #[arg(long)]
        logs: bool,
        #[command(flatten)]
        remote: Remote,
    },
}

#[derive(ClapArgs, Debug)]
#[command(
    after_help = "Examples:\n  authbridge request acme GET /v1/me --customer user-42\n  authbridge request acme POST /v1/things -d '{\"name\": \"x\"}' --customer user-42\n  authbridge request acme PUT /files/1 -d @photo.jpg -H 'Content-Type: image/jpeg'\n\nThe answer's body goes to standard output as it arrives. With --json it is one object when the\nanswer is complete, `{status, headers, body}`; a body that is not text is in `bodyBase64`."
)]
pub(crate) struct Request {
    /// A connection's id, or an integration's key
    pub(crate) connection: String,
    /// The HTTP method
    #[arg(value_parser = method)]
    pub(crate) method: http::Method,
    /// A path below the base URI, or a whole URL
    pub(crate) path: String,
    /// A header field; may be given several times
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE")]
    pub(crate) header: Vec<String>,
    /// The body, `@file`, or `@-` for standard input. Sent as application/json if it is JSON, else
    /// as application/octet-stream, unless -H says otherwise
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

/// Methods are upper case on the wire (RFC 9110 section 9.1); people type `get`.
fn method(text: &str) -> Result<http::Method, String> {
    text.to_ascii_uppercase()
        .parse()
        .map_err(|_| "give a method such as GET or POST".to_owned())
}

#[cfg(test)]
mod tests {
    use super::method;

    #[test]
    fn a_method_may_be_typed_in_lower_case() {
        assert_eq!(method("get").unwrap(), http::Method::GET);
        assert!(method("G T").is_err());
    }
}
