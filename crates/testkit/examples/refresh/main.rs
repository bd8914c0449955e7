//! Measures how the executable refreshes: `cargo xtask bench refresh`.
//!
//! It is given the path of the executable, starts it on an empty data directory, plays the
//! providers, and talks to it as any client does.

mod authbridge;
mod scenes;

use std::error::Error;
use std::io::Write as _;
use std::path::PathBuf;

use authbridge::Authbridge;

const USAGE: &str = "usage: refresh EXECUTABLE [CONNECTIONS]";

/// How many connections are due in the largest scene, unless told.
const CONNECTIONS: usize = 10_000;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let executable = PathBuf::from(arguments.next().ok_or(USAGE)?);
    let connections = match arguments.next() {
        Some(number) => number.parse()?,
        None => CONNECTIONS,
    };
    say("one connection whose token has expired, 1,000 requests at once, provider takes 300 ms")?;
    let server = Authbridge::start(&executable).await?;
    say(&scenes::burst(&server, 1_000).await?.to_string())?;
    server.stop().await?;

    say("\nthe scheduler; providers take 100 ms, 64 requests at a time for each host")?;
    say(scenes::Scheduled::HEADER)?;
    for (count, hosts) in [
        (connections / 10, 1),
        (connections, 1),
        (connections, 2),
        (connections, 4),
    ] {
        let server = Authbridge::start(&executable).await?;
        let scheduled = scenes::schedule(&server, count, hosts, false).await?;
        say(&scheduled.to_string())?;
        server.stop().await?;
    }
    say("beside a provider that hangs, with as many connections")?;
    let server = Authbridge::start(&executable).await?;
    let scheduled = scenes::schedule(&server, connections / 10, 1, true).await?;
    say(&scheduled.to_string())?;
    server.stop().await
}

fn say(text: &str) -> std::io::Result<()> {
    writeln!(std::io::stdout(), "{text}")
}
