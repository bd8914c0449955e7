//! The authorization server as a running server.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::options::AuthorizationServerOptions;
use super::refusal::Problem;
use super::route;
use super::state::{Counts, Shared};
use crate::provider::{Stopped, accept};
use crate::record::Seen;

/// A running simulated authorization server. Dropping it stops it;
/// [`AuthorizationServer::shutdown`] also waits until it has.
pub struct AuthorizationServer {
    address: SocketAddr,
    base_uri: String,
    shared: Arc<Shared>,
    stop: watch::Sender<()>,
}

impl fmt::Debug for AuthorizationServer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("AuthorizationServer")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

/// Token credentials. They do not print.
#[derive(Clone)]
pub struct IssuedToken {
    /// `oauth_token`.
    pub token: String,
    /// `oauth_token_secret`.
    pub secret: String,
}

impl fmt::Debug for IssuedToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("IssuedToken")
    }
}

impl AuthorizationServer {
    /// Binds a free port of 127.0.0.1 and serves it on the current tokio runtime, which needs I/O
    /// and time enabled.
    ///
    /// Fails when no port can be bound.
    pub async fn start(options: AuthorizationServerOptions) -> io::Result<Self> {
        Self::on(options, TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?)
    }

    /// Serves `listener` on the current tokio runtime.
    ///
    /// Fails when its address cannot be found out.
    pub fn on(options: AuthorizationServerOptions, listener: TcpListener) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared::new(options));
        let (stop, stopped) = Stopped::channel();
        let serving = Arc::clone(&shared);
        let accepting = accept(listener, stopped.clone(), move |stream| {
            serve_connection(stream, Arc::clone(&serving))
        });
        tokio::spawn(stopped.or(accepting));
        Ok(Self {
            address,
            base_uri: format!("http://{address}"),
            shared,
            stop,
        })
    }

    /// The bound address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where the server is, such as `http://127.0.0.1:41233`, without a slash at the end.
    pub fn base_uri(&self) -> &str {
        &self.base_uri
    }

    /// Changes how the server behaves from the next request on. Lifetimes count for what is issued
    /// from now on.
    pub fn change(&self, change: impl FnOnce(&mut AuthorizationServerOptions)) {
        change(&mut self.shared.state().options);
    }

    /// What happened so far, in numbers.
    pub fn counts(&self) -> Counts {
        self.shared.state().counts.clone()
    }

    /// The last requests, oldest first; a request is here as soon as its head has arrived.
    pub fn seen(&self) -> Vec<Seen> {
        self.shared.record.seen()
    }

    /// Issues a token of `consumer_key`, as if it had been through the flow.
    pub fn issue(&self, consumer_key: &str) -> IssuedToken {
        let members = self.shared.state().token(consumer_key, None);
        let member = |name: &str| {
            let found = members.iter().find(|(given, _)| given == name);
            found.map(|(_, value)| value.clone()).unwrap_or_default()
        };
        IssuedToken {
            token: member("oauth_token"),
            secret: member("oauth_token_secret"),
        }
    }

    /// The next `count` signed requests are refused so, whatever is in them. Refusals are met in
    /// the order they were asked for.
    pub fn refuse_next(&self, count: u32, problem: Problem) {
        self.shared.state().plan(count, problem);
    }

    /// Every token expires; session handles stay good.
    pub fn expire_all(&self) {
        self.shared.state().ledger.expire_all();
    }

    /// Every token is revoked, as if each user had taken back their consent.
    pub fn revoke_all(&self) {
        self.shared.state().ledger.revoke_all();
    }

    /// Closes the listener and all connections, and returns when they are closed.
    pub async fn shutdown(self) {
        self.stop.send_replace(());
        self.stop.closed().await;
    }
}

async fn serve_connection(stream: TcpStream, shared: Arc<Shared>) {
    let service = service_fn(|request| route::answer(Arc::clone(&shared), request));
    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    // A client that goes away is what this server is for.
    drop(connection.await);
}
