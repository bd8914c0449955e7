//! `authbridge connect`.

use std::time::Duration;

use clap::Args as ClapArgs;
use jiff::SignedDuration;

use super::Remote;

#[derive(ClapArgs, Debug)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Connect {
    /// What to connect: an integration's key or id
    #[arg(required_unless_present = "connection")]
    pub(crate) integration: Option<String>,
    /// Reconnects this connection, which keeps its id, instead of making a new one; INTEGRATION may
    /// be left out
    #[arg(long, value_name = "ID")]
    pub(crate) connection: Option<String>,
    /// Which of the connector's ways to authenticate
    #[arg(long, value_name = "KEY")]
    pub(crate) auth_option: Option<String>,
    /// What the connector asks; may be given several times. Better asked for on the terminal, or in
    /// a file, when it is a secret
    #[arg(short, long, value_name = "NAME=VALUE")]
    pub(crate) input: Vec<String>,
    /// The same as a JSON object in a file, or `-` for standard input
    #[arg(long, value_name = "PATH")]
    pub(crate) input_file: Option<String>,
    /// Connector parameters of this connection alone, over the integration's: a JSON object, `@file`,
    /// or `@-` for standard input. For admins
    #[arg(long, value_name = "JSON")]
    pub(crate) connector_parameters: Option<String>,
    /// What people see in lists
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Keeps the connections that the customer has through this integration already
    #[arg(long, conflicts_with = "connection")]
    pub(crate) allow_multiple: bool,
    /// Handed to the external app behind a colon in `state`
    #[arg(long, value_name = "TEXT")]
    pub(crate) custom_state: Option<String>,
    /// Prints the URL instead of opening a browser
    #[arg(long)]
    pub(crate) no_browser: bool,
    /// Prints a link of the server, which works in any browser; see below for what is in it
    #[arg(long)]
    pub(crate) link: bool,
    /// Where the page for the browser is served from this machine; 0 picks a free port
    #[arg(long, default_value_t = 0, conflicts_with = "link")]
    pub(crate) port: u16,
    /// How long to wait for the user
    #[arg(long, default_value = "10m", value_name = "DURATION", value_parser = duration)]
    pub(crate) timeout: Duration,
    #[command(flatten)]
    pub(crate) remote: Remote,
}

const AFTER_HELP: &str = "\
Types that need no browser are connected at once. For the others a browser opens; the command waits
until the user is done there, and prints the connection. What the connector asks and was not given
is asked for on the terminal.

Without a desktop, such as over SSH, or with --no-browser, a URL of this machine is printed. It
works once, and no token is in it. In a browser elsewhere it works through a tunnel:
  ssh -L 4711:127.0.0.1:4711 this-machine authbridge connect crm --port 4711 --customer user-42
The browser must reach the server too, by the URL given here and by its public URL.

With --link the URL printed is the server's own, for a browser anywhere. It has a token in it: until
--timeout is over, who has the link can act as that customer. Hand it to them only.

Exit code 1 when nothing was connected.

Examples:
  authbridge connect crm --customer user-42
  authbridge connect shop -i shop=acme.example.com --customer user-42
  authbridge connect --connection con_01jx… --no-browser";

/// Durations as people write them: `90s`, `10m`, `1h 30m`.
fn duration(text: &str) -> Result<Duration, String> {
    let parsed: Option<SignedDuration> = text.parse().ok();
    let parsed = parsed.and_then(|duration| Duration::try_from(duration).ok());
    parsed
        .filter(|duration| !duration.is_zero())
        .ok_or_else(|| "give a duration such as 90s or 10m".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_written_as_people_do() {
        assert_eq!(duration("90s").unwrap(), Duration::from_secs(90));
        assert_eq!(duration("10m").unwrap(), Duration::from_mins(10));
        for text in ["", "0s", "-1m", "10", "soon"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
