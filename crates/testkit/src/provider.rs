//! The provider as a running server.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::faults::{Fault, Faults};
use crate::options::ProviderOptions;
use crate::record::{Record, Seen};
use crate::resource::Account;
use crate::route;

/// Pause after a connection could not be accepted, as when the process is out of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);

/// A running simulated provider. Dropping it stops it; [`Provider::shutdown`] also waits until it
/// has.
pub struct Provider {
    address: SocketAddr,
    base_uri: String,
    state: Arc<State>,
    stop: watch::Sender<()>,
}

impl fmt::Debug for Provider {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Provider")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

/// What all requests share.
pub(crate) struct State {
    pub(crate) account: Account,
    pub(crate) faults: Faults,
    pub(crate) record: Record,
}

impl Provider {
    /// Binds the address of `options` and serves it on the current tokio runtime, which needs I/O
    /// and time enabled.
    ///
    /// Fails when the address cannot be bound.
    pub async fn start(options: ProviderOptions) -> io::Result<Self> {
        let listener = TcpListener::bind(options.listen).await?;
        let address = listener.local_addr()?;
        let state = Arc::new(State {
            account: Account::new(options.credentials, options.tokens),
            faults: Faults::none(),
            record: Record::new(options.record_limit),
        });
        let (stop, stopped) = Stopped::channel();
        let serving = (Arc::clone(&state), stopped.clone());
        let accepting = accept(listener, stopped.clone(), move |stream| {
            let (state, stopped) = serving.clone();
            serve(stream, state, stopped)
        });
        tokio::spawn(stopped.or(accepting));
        Ok(Self {
            address,
            base_uri: format!("http://{address}"),
            state,
            stop,
        })
    }

    /// The bound address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where the provider is, such as `http://127.0.0.1:41233`, without a slash at the end.
    pub fn base_uri(&self) -> &str {
        &self.base_uri
    }

    /// The last requests, oldest first; a request is here as soon as its head has arrived.
    pub fn seen(&self) -> Vec<Seen> {
        self.state.record.seen()
    }

    /// Forgets the requests seen so far.
    pub fn forget_seen(&self) {
        self.state.record.forget();
    }

    /// Answers the next `count` requests with `status`. Faults are met in the order they were asked
    /// for.
    pub fn fail_next(&self, count: u32, status: StatusCode) {
        self.state.faults.plan(count, Fault::Status(status));
    }

    /// Closes the connections of the next `count` requests without an answer.
    pub fn disconnect_next(&self, count: u32) {
        self.state.faults.plan(count, Fault::Disconnect);
    }

    /// Answers the next `count` requests with 1000 bytes announced, and closes the connection after
    /// a few of them.
    pub fn cut_next(&self, count: u32) {
        self.state.faults.plan(count, Fault::CutShort);
    }

    /// Leaves every request without an answer, until [`Provider::recover`].
    pub fn hang(&self) {
        self.state.faults.hang();
    }

    /// Takes back every fault: those waiting for their request are forgotten, and what hangs is
    /// answered.
    pub fn recover(&self) {
        self.state.faults.recover();
    }

    /// Ends every session of `POST /login`: their tokens get 401 from now on.
    pub fn end_sessions(&self) {
        self.state.account.end_sessions();
    }

    /// Closes the listener and all connections, and returns when they are closed.
    pub async fn shutdown(self) {
        self.stop.send_replace(());
        self.stop.closed().await;
    }
}

/// Ends the tasks of a provider that was stopped or dropped.
#[derive(Clone)]
pub(crate) struct Stopped(watch::Receiver<()>);

impl Stopped {
    /// A sender that stops, and what notices it.
    pub(crate) fn channel() -> (watch::Sender<()>, Self) {
        let (stop, stopped) = watch::channel(());
        (stop, Self(stopped))
    }

    /// Runs `work` until it is done or the provider stops.
    pub(crate) async fn or(mut self, work: impl Future<Output = ()>) {
        tokio::select! {
            // An error means that the provider was dropped.
            _ = self.0.changed() => {}
            () = work => {}
        }
    }
}

/// Hands every connection to `serve`, until the provider stops.
pub(crate) async fn accept<W>(
    listener: TcpListener,
    stopped: Stopped,
    serve: impl Fn(TcpStream) -> W,
) where
    W: Future<Output = ()> + Send + 'static,
{
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                // Without it small answers only wait longer.
                drop(stream.set_nodelay(true));
                tokio::spawn(stopped.clone().or(serve(stream)));
            }
            Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
    }
}

async fn serve(stream: TcpStream, state: Arc<State>, stopped: Stopped) {
    let service = service_fn(|request| route::answer(Arc::clone(&state), stopped.clone(), request));
    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    // A client that goes away, and a fault on demand, are what this server is for.
    drop(connection.with_upgrades().await);
}
