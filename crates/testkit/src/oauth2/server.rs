//! The authorization server as a running server.

use std::fmt;
use std::future::pending;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::counts::Counts;
use super::faults::TokenFault;
use super::ledger::Fresh;
use super::options::AuthorizationServerOptions;
use super::route;
use super::state::Shared;
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

/// Serves an authorization server on `listener` until the future is dropped: for a process of its
/// own. Needs a tokio runtime with I/O and time enabled.
///
/// Fails when the address of `listener` cannot be found out.
pub async fn serve(options: AuthorizationServerOptions, listener: TcpListener) -> io::Result<()> {
    let _server = AuthorizationServer::on(options, listener)?;
    pending().await
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
        let base_uri = format!("http://{address}");
        let shared = Arc::new(Shared::new(options, base_uri.clone()));
        let (stop, stopped) = Stopped::channel();
        let serving = Arc::clone(&shared);
        let accepting = accept(listener, stopped.clone(), move |stream| {
            serve_connection(stream, Arc::clone(&serving))
        });
        tokio::spawn(stopped.or(accepting));
        Ok(Self {
            address,
            base_uri,
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

    /// Changes how the server behaves from the next request on. Options that concern what has been
    /// granted already, such as lifetimes, count for what is granted from now on.
    pub fn change(&self, change: impl FnOnce(&mut AuthorizationServerOptions)) {
        change(&mut self.shared.state().options);
    }

    /// What happened so far, in numbers.
    pub fn counts(&self) -> Counts {
        self.shared.state().counts.clone()
    }

    /// How many grants are in force: those with a refresh token until they are revoked, and others
    /// until some time after their access token expired.
    pub fn live_grants(&self) -> usize {
        self.shared.state().ledger.len()
    }

    /// The last requests, oldest first; a request is here as soon as its head has arrived.
    pub fn seen(&self) -> Vec<Seen> {
        self.shared.record.seen()
    }

    /// Forgets the requests seen so far.
    pub fn forget_seen(&self) {
        self.shared.record.forget();
    }

    /// Opens a grant, as if `client_id` had been through the flow: with a refresh token, unless the
    /// options have none, and with the scopes of `scope` (separated by spaces) that are granted.
    /// For connections that begin with ready-made credentials.
    pub fn issue(&self, client_id: &str, scope: &str) -> IssuedTokens {
        let mut state = self.shared.state();
        let subject = state.options.subject.clone();
        let consented = state.consented(client_id.to_owned(), subject, Some(scope));
        let refreshable = state.options.refresh_tokens;
        let fresh = state.open_grant(consented, refreshable);
        fresh.into()
    }

    /// Whether the resource would accept `access_token` now.
    pub fn is_live(&self, access_token: &str) -> bool {
        let state = self.shared.state();
        state.ledger.access(access_token, state.now()).is_ok()
    }

    /// Every access token expires; refresh tokens stay good.
    pub fn expire_all(&self) {
        self.shared.state().ledger.expire_all();
    }

    /// Every grant and every code is revoked, as if each user had taken back their consent.
    pub fn revoke_all(&self) {
        self.shared.state().ledger.revoke_all();
    }

    /// The next `count` token requests that no earlier fault takes meet `fault`.
    pub fn fault_next(&self, count: u32, fault: TokenFault) {
        self.shared.faults.plan(count, fault);
    }

    /// Every token request that takes no fault of [`AuthorizationServer::fault_next`] meets
    /// `fault`, until [`AuthorizationServer::recover`].
    pub fn fault_always(&self, fault: TokenFault) {
        self.shared.faults.stand(fault);
    }

    /// Takes back every fault: those waiting for their request are forgotten, and what hangs is
    /// answered.
    pub fn recover(&self) {
        self.shared.faults.recover();
    }

    /// Closes the listener and all connections, and returns when they are closed.
    pub async fn shutdown(self) {
        self.stop.send_replace(());
        self.stop.closed().await;
    }
}

/// The tokens of a grant. They do not print.
#[derive(Clone)]
pub struct IssuedTokens {
    /// The access token.
    pub access_token: String,
    /// The refresh token.
    pub refresh_token: Option<String>,
}

impl From<Fresh> for IssuedTokens {
    fn from(fresh: Fresh) -> Self {
        Self {
            access_token: fresh.access_token,
            refresh_token: fresh.refresh_token,
        }
    }
}

impl fmt::Debug for IssuedTokens {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("IssuedTokens")
            .field("has_refresh_token", &self.refresh_token.is_some())
            .finish_non_exhaustive()
    }
}

async fn serve_connection(stream: TcpStream, shared: Arc<Shared>) {
    let service = service_fn(|request| route::answer(Arc::clone(&shared), request));
    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    // A client that goes away, and a fault on demand, are what this server is for.
    drop(connection.await);
}
