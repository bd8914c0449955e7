//! The simulated provider as a program, for test suites in other languages.
//!
//! It prints `listening http://ADDRESS` on standard output when it is ready, and stops when its
//! standard input ends, so that it never outlives the suite that started it.

use std::error::Error;
use std::io::Write as _;
use std::net::SocketAddr;

use authbridge_testkit::{Provider, ProviderOptions};
use tokio::io::{AsyncReadExt as _, stdin};

const USAGE: &str = "usage: provider [--listen ADDRESS] [--workspace-secret SECRET]";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let provider = Provider::start(options(std::env::args().skip(1))?).await?;
    writeln!(std::io::stdout(), "listening {}", provider.base_uri())?;
    while stdin().read(&mut [0; 1024]).await? > 0 {}
    provider.shutdown().await;
    Ok(())
}

fn options(mut arguments: impl Iterator<Item = String>) -> Result<ProviderOptions, Box<dyn Error>> {
    let mut options = ProviderOptions::default();
    while let Some(name) = arguments.next() {
        let value = arguments.next().ok_or(USAGE)?;
        match name.as_str() {
            "--listen" => options.listen = value.parse::<SocketAddr>()?,
            "--workspace-secret" => options.tokens.workspace_secret = Some(value),
            _ => return Err(USAGE.into()),
        }
    }
    Ok(options)
}
