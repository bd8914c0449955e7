//! The simulated provider as a program, for test suites in other languages and for trying things;
//! with authorization servers that ask for consent, if wanted.
//!
//! It prints `listening http://ADDRESS` on standard output when it is ready, and stops when its
//! standard input ends, so that it never outlives the suite that started it.

use std::error::Error;
use std::io::{self, Write as _};
use std::net::SocketAddr;

use authbridge_testkit::{Provider, ProviderOptions, oauth1, oauth2};
use tokio::io::{AsyncReadExt as _, stdin};
use tokio::net::TcpListener;

const USAGE: &str = "usage: provider [--listen ADDRESS] [--workspace-secret SECRET] \
    [--authorization-server ADDRESS] [--oauth1-server ADDRESS]";

#[derive(Default)]
struct Options {
    provider: ProviderOptions,
    authorization_server: Option<SocketAddr>,
    oauth1_server: Option<SocketAddr>,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let options = options(std::env::args().skip(1))?;
    let provider = Provider::start(options.provider).await?;
    let _authorization_server = match options.authorization_server {
        Some(address) => Some(authorization_server(address).await?),
        None => None,
    };
    let _oauth1_server = match options.oauth1_server {
        Some(address) => Some(oauth1_server(address).await?),
        None => None,
    };
    writeln!(io::stdout(), "listening {}", provider.base_uri())?;
    while stdin().read(&mut [0; 1024]).await? > 0 {}
    provider.shutdown().await;
    Ok(())
}

async fn authorization_server(address: SocketAddr) -> io::Result<oauth2::AuthorizationServer> {
    let options = oauth2::AuthorizationServerOptions {
        consent: oauth2::Consent::Asked,
        ..oauth2::AuthorizationServerOptions::default()
    };
    oauth2::AuthorizationServer::on(options, TcpListener::bind(address).await?)
}

async fn oauth1_server(address: SocketAddr) -> io::Result<oauth1::AuthorizationServer> {
    let options = oauth1::AuthorizationServerOptions {
        consent: oauth1::Consent::Asked,
        ..oauth1::AuthorizationServerOptions::default()
    };
    oauth1::AuthorizationServer::on(options, TcpListener::bind(address).await?)
}

fn options(mut arguments: impl Iterator<Item = String>) -> Result<Options, Box<dyn Error>> {
    let mut options = Options::default();
    while let Some(name) = arguments.next() {
        let value = arguments.next().ok_or(USAGE)?;
        match name.as_str() {
            "--listen" => options.provider.listen = value.parse::<SocketAddr>()?,
            "--workspace-secret" => options.provider.tokens.workspace_secret = Some(value),
            "--authorization-server" => options.authorization_server = Some(value.parse()?),
            "--oauth1-server" => options.oauth1_server = Some(value.parse()?),
            _ => return Err(USAGE.into()),
        }
    }
    Ok(options)
}
