//! `authbridge run`.

use clap::Args as ClapArgs;

use super::Remote;

#[derive(ClapArgs, Debug)]
#[command(
    after_help = "Where nothing says what it runs with, it is the action's own integration, or the only interface\nthat lists it, or the only connection there is.\n\nThe output goes to standard output as JSON. With --json it is the server's whole answer:\n`{output, actionRunId}`, and with --logs `_logs`.\n\nExit codes: 0 it ran, 1 it failed (each field that does not fit is named), 2 used wrongly, 3 the\nserver cannot be reached.\n\nExamples:\n  authbridge run find-contacts --connection hubspot --customer user-42\n  authbridge run add-contact --connection hubspot --customer user-42 -i '{\"name\": \"Ada\"}'\n  authbridge run add-contact --connection hubspot --customer user-42 -i @contact.json --logs\n  authbridge run count-contacts --integration contacts-api --customer user-42 --json"
)]
pub(crate) struct Run {
    /// The action's key or id
    pub(crate) action: String,
    /// What it runs with: a connection's id, or the key of an integration or interface through which
    /// the customer has exactly one
    #[arg(long, value_name = "CONNECTION", conflicts_with_all = ["connection_key", "integration"])]
    pub(crate) connection: Option<String>,
    /// The same, by the key that your product gave the connection
    #[arg(long, value_name = "KEY", conflicts_with = "integration")]
    pub(crate) connection_key: Option<String>,
    /// The same, by the id or key of the integration or interface
    #[arg(long, value_name = "KEY")]
    pub(crate) integration: Option<String>,
    /// Its input: JSON, `@file`, or `-` for standard input
    #[arg(short, long, value_name = "JSON")]
    pub(crate) input: Option<String>,
    /// Shows what code wrote to the console, on standard error
    #[arg(long)]
    pub(crate) logs: bool,
    #[command(flatten)]
    pub(crate) remote: Remote,
}
