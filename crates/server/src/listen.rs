//! Listening: one thread per core, each with a socket on the same address.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use authbridge_engine::Engine;
use http::header::CONNECTION;
use http::{HeaderValue, StatusCode};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use socket2::{Domain, Protocol, Socket, TcpKeepalive, Type};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};

use crate::worker::Service;

/// The largest head of a request, and the most that is read ahead of a slow upstream.
const READ_BUFFER_BYTES: usize = 64 * 1024;

/// More header fields than this in one request are refused.
const MAX_HEADERS: usize = 128;

/// A connection on which nothing happens for this long is asked whether its other end is there.
const KEEP_ALIVE: Duration = Duration::from_mins(1);

/// How to serve.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Where to listen; port 0 picks a free one.
    pub address: SocketAddr,
    /// How many workers.
    pub threads: usize,
    /// How long requests in progress may go on after a shutdown begins.
    pub grace: Duration,
}

/// How long callers may take.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Until the head of a request is there, or another request on the same connection begins;
    /// then the caller is hung up on. One minute unless set.
    pub head: Duration,
    /// Until a request to the API is answered, its body included; the proxy has the deadlines of
    /// egress instead. Two minutes unless set.
    pub api: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            head: Duration::from_mins(1),
            api: Duration::from_mins(2),
        }
    }
}

/// A server could not be started.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// The address is taken, or not this machine's.
    #[error("cannot listen on {address}: {source}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// What the operating system says.
        source: io::Error,
    },
    /// No thread, or no runtime in it.
    #[error("cannot start a worker: {0}")]
    Worker(#[from] io::Error),
}

/// A running server.
#[derive(Debug)]
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    shutdown: watch::Sender<bool>,
    is_stopping: Arc<AtomicBool>,
    workers: Vec<JoinHandle<()>>,
}

/// Starts serving `engine`.
pub fn start(engine: &Engine, options: Options) -> Result<Server, ListenError> {
    start_with(engine, options, Patience::default())
}

/// An engine that knows where browsers reach it: where it listens, if nobody says otherwise.
fn reached(engine: &Engine, address: SocketAddr) -> Engine {
    if engine.public_uri().is_some() {
        return engine.clone();
    }
    let host = if address.ip().is_unspecified() {
        format!("localhost:{}", address.port())
    } else {
        address.to_string()
    };
    match format!("http://{host}").parse() {
        Ok(uri) => engine.reached_at(uri),
        Err(_) => engine.clone(),
    }
}

/// Starts serving `engine` to callers who are waited for as `patience` says.
pub fn start_with(
    engine: &Engine,
    options: Options,
    patience: Patience,
) -> Result<Server, ListenError> {
    let error = |source| ListenError::Bind {
        address: options.address,
        source,
    };
    // Sockets that share an address would share it with another process too, unnoticed; one that
    // does not share tells whether it is free.
    let address = match options.address.port() {
        0 => options.address,
        _ => bind(options.address, Sharing::Exclusive)
            .and_then(|it| it.local_addr())
            .map_err(error)?,
    };
    let first = bind(address, Sharing::Shared).map_err(error)?;
    let address = first.local_addr().map_err(error)?;
    let engine = &reached(engine, address);
    let (shutdown, _) = watch::channel(false);
    let is_stopping = Arc::new(AtomicBool::new(false));
    let mut listeners = vec![first];
    for _ in 1..options.threads.max(1) {
        listeners.push(bind(address, Sharing::Shared).map_err(error)?);
    }
    let visits = Arc::default();
    let mut workers = Vec::new();
    for (index, listener) in listeners.into_iter().enumerate() {
        let service = Arc::new(Service::new(engine, &visits, patience.api));
        let stop = shutdown.subscribe();
        let is_stopping = Arc::clone(&is_stopping);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let thread = std::thread::Builder::new().name(format!("worker-{index}"));
        workers.push(thread.spawn(move || {
            let work = Work {
                service,
                is_stopping,
                head_deadline: patience.head,
                grace: options.grace,
            };
            runtime.block_on(work.run(listener, stop));
            // Whoever is still connected has had its time.
            runtime.shutdown_background();
        })?);
    }
    Ok(Server {
        address,
        shutdown,
        is_stopping,
        workers,
    })
}

impl Server {
    /// Lets requests in progress finish, for the time that the options allow, and ends.
    pub fn stop(self) {
        self.is_stopping.store(true, Ordering::Release);
        self.shutdown.send_replace(true);
        for worker in self.workers {
            if worker.join().is_err() {
                tracing::error!("a worker ended by a panic");
            }
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Sharing {
    Exclusive,
    Shared,
}

fn bind(address: SocketAddr, sharing: Sharing) -> io::Result<TcpListener> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    socket.set_reuse_address(true)?;
    if sharing == Sharing::Shared {
        socket.set_reuse_port(true)?;
        socket.set_nonblocking(true)?;
    }
    // Accepted connections inherit it: a caller that vanished, with a WebSocket that nobody speaks
    // on, is noticed.
    socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(KEEP_ALIVE))?;
    socket.bind(&address.into())?;
    if sharing == Sharing::Shared {
        socket.listen(4096)?;
    }
    Ok(socket.into())
}

/// What one worker thread does.
struct Work {
    service: Arc<Service>,
    is_stopping: Arc<AtomicBool>,
    head_deadline: Duration,
    grace: Duration,
}

impl Work {
    async fn run(self, listener: TcpListener, mut stop: watch::Receiver<bool>) {
        let listener = match tokio::net::TcpListener::from_std(listener) {
            Ok(listener) => listener,
            Err(error) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "a worker cannot listen"
                );
                return;
            }
        };
        // Every connection holds a sender; when the last is gone, all of them have ended.
        let (alive, mut all_gone) = mpsc::channel::<()>(1);
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                _ = stop.changed() => break,
            };
            match accepted {
                Ok((stream, _)) => {
                    let connection = serve(
                        stream,
                        Arc::clone(&self.service),
                        Arc::clone(&self.is_stopping),
                        self.head_deadline,
                        stop.clone(),
                        alive.clone(),
                    );
                    tokio::spawn(connection);
                }
                Err(error) => {
                    // Out of file descriptors, most likely: others must close first.
                    tracing::warn!(error = &error as &dyn std::error::Error, "cannot accept");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
        drop(listener);
        drop(alive);
        let finished = async {
            all_gone.recv().await;
            // Some go on for nobody: a refresh whose caller hung up has an answer to store.
            self.service.refreshes_finished().await;
        };
        if tokio::time::timeout(self.grace, finished).await.is_err() {
            tracing::warn!("some requests or refreshes did not finish in time");
        }
    }
}

async fn serve(
    stream: TcpStream,
    service: Arc<Service>,
    is_stopping: Arc<AtomicBool>,
    head_deadline: Duration,
    mut stop: watch::Receiver<bool>,
    _alive: mpsc::Sender<()>,
) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(error = &error as &dyn std::error::Error, "caller is gone");
        return;
    }
    let handler = service_fn(async |request| {
        let mut answer = service.handle(request).await;
        // Connections learn one after the other that the server stops; what each answers from
        // the first moment on says so.
        if is_stopping.load(Ordering::Acquire)
            && let Ok(response) = &mut answer
            && response.status() != StatusCode::SWITCHING_PROTOCOLS
        {
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(CONNECTION, close);
        }
        answer
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(head_deadline)
        .max_buf_size(READ_BUFFER_BYTES)
        .max_headers(MAX_HEADERS)
        .serve_connection(TokioIo::new(stream), handler)
        .with_upgrades();
    tokio::pin!(connection);
    let result = tokio::select! {
        result = connection.as_mut() => result,
        _ = stop.changed() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = result {
        tracing::debug!(
            error = &error as &dyn std::error::Error,
            "caller's connection ended"
        );
    }
}
