//! Every command, flag and environment variable.

mod connect;
mod connector;
mod remote;
mod run;
mod sandbox;
mod serve;
mod sync;
mod workspace;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};

pub(crate) use connect::Connect;
pub(crate) use connector::{Connector, Flavour, NewConnector, ScaffoldLanguage, TestConnector};
pub(crate) use remote::{Connections, Operations, Remote, Request};
pub(crate) use run::Run;
pub(crate) use sandbox::Sandbox;
pub(crate) use serve::{LogFormat, Serve};
pub(crate) use sync::{Diff, Place, Pull, Push};
pub(crate) use workspace::{
    Credentials, Data, Mint, NewWorkspace, Token, Workspace, WorkspaceSecret, WorkspaceSettings,
};

/// Connects accounts, keeps credentials, makes authenticated requests.
#[derive(Debug, Parser)]
#[command(
    name = "authbridge",
    version,
    about = "A self-hosted engine for connector authentication",
    after_help = "Try it:  authbridge demo\n\nExit codes: 0 done, 1 it failed, 2 used wrongly, 3 the server cannot be reached."
)]
pub(crate) struct Args {
    /// Prints results and errors as JSON, on standard output
    #[arg(long, global = true, display_order = 1000)]
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
    /// Checks the files of a workspace
    Validate(Validate),
    /// Brings the workspace of a server to what a directory says
    Push(Box<Push>),
    /// Brings a directory to what the workspace of a server says
    Pull(Box<Pull>),
    /// Compares a directory with the workspace of a server
    Diff(Box<Diff>),
    /// Makes connectors, and tests them offline
    #[command(subcommand)]
    Connector(Connector),
    /// Works with formulas
    #[command(subcommand)]
    Formula(Formula),
    /// Makes and checks tokens
    #[command(subcommand)]
    Token(Token),
    /// Works with the workspaces of a data directory
    #[command(subcommand)]
    Workspace(Workspace),
    /// Connects an account, in a browser where that is needed
    Connect(Box<Connect>),
    /// Works with connections of a running server
    #[command(subcommand)]
    Connections(Connections),
    /// Lists and runs the operations of a connection
    #[command(subcommand)]
    Operations(Operations),
    /// Runs an action for a customer
    Run(Box<Run>),
    /// Sends a request through a connection, as curl would
    Request(Request),
    /// Prints a completion script for a shell
    #[command(
        after_help = "Example, for bash:\n  authbridge completions bash > ~/.local/share/bash-completion/completions/authbridge"
    )]
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
pub(crate) struct Demo {
    /// Ends after the requests, with exit code 0 if all of them succeeded
    #[arg(long)]
    pub(crate) once: bool,
    /// Where to listen; port 0 picks a free one
    #[arg(long, default_value = "127.0.0.1:0", value_name = "ADDRESS", value_parser = address)]
    pub(crate) listen: SocketAddr,
}

#[derive(ClapArgs, Debug)]
#[command(
    after_help = "Exit codes: 0 nothing wrong (warnings and ignored files are reported), 1 there are errors, or with\n--strict warnings, 2 the directory cannot be read.\n\nExamples:\n  authbridge validate membrane\n  authbridge validate --format github      # in a workflow: annotations\n  authbridge validate --format sarif > authbridge.sarif"
)]
pub(crate) struct Validate {
    /// A directory such as `membrane/`, one connector's directory, or one file
    #[arg(value_name = "DIR", default_value = ".")]
    pub(crate) directory: PathBuf,
    /// Warnings count as errors
    #[arg(long)]
    pub(crate) strict: bool,
    /// How findings are printed
    #[arg(long, value_enum, default_value_t = ValidateFormat::Human, value_name = "FORMAT")]
    pub(crate) format: ValidateFormat,
    /// Explains a diagnostic's code, such as AB0103, and ends
    #[arg(long, value_name = "CODE")]
    pub(crate) explain: Option<String>,
}

/// How `validate` prints what it found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ValidateFormat {
    /// For people
    Human,
    /// One JSON object, the same as `--json`
    Json,
    /// Workflow commands of GitHub: annotations in pull requests
    Github,
    /// SARIF 2.1.0
    Sarif,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Formula {
    /// Evaluates formulas: one JSON object per line of standard input, one result per line of
    /// standard output
    #[command(
        after_help = "Each line has `formula` and `variables` (or `args`), and `fn` for another function than\n`buildValue`.\nThe answer is {\"value\": …}, {\"undefined\": true} or {\"throws\": …, \"message\": …}.\nA line that is not such an object is answered with {\"error\": …}, and the exit code is 2.\n\nExample:\n  echo '{\"formula\": {\"$var\": \"user.name\"}, \"variables\": {\"user\": {\"name\": \"Ada\"}}}' |\n    authbridge formula eval"
    )]
    Eval,
}

/// An address to listen on; `localhost` is understood, other names are not looked up.
fn address(text: &str) -> Result<SocketAddr, String> {
    let port = text.strip_prefix("localhost:");
    if let Some(port) = port.and_then(|port| port.parse().ok()) {
        return Ok((Ipv4Addr::LOCALHOST, port).into());
    }
    text.parse().map_err(|_| {
        "give an IP address and a port, such as 127.0.0.1:4700, or 0.0.0.0:4700 for all networks"
            .to_owned()
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::{Args, address};

    #[test]
    fn the_command_line_is_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn localhost_is_an_address_to_listen_on() {
        assert_eq!(address("localhost:4700"), address("127.0.0.1:4700"));
        assert!(address("[::1]:0").is_ok());
    }

    #[test]
    fn an_address_without_a_port_says_how_to_write_one() {
        for text in ["127.0.0.1", "4700", ":4700", "localhost", "example.com:80"] {
            assert!(address(text).unwrap_err().contains("127.0.0.1:4700"));
        }
    }
}
