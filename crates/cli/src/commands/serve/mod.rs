//! `authbridge serve`.

mod files;
#[cfg(debug_assertions)]
mod pause;
mod report;
mod workspace;

use std::net::TcpListener;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use authbridge_core::Effects;
use authbridge_definition::{Diagnostic, ReadError, Severity};
use authbridge_engine::egress::{Deadlines, Egress, Policy};
use authbridge_engine::{Engine, LoadError, LoadReport};
use authbridge_server::{ListenError, Options, Server};
use authbridge_store::{Access, Store};
use serde_json::json;

use crate::args::{LogFormat, Serve};
use crate::commands::watch::Changes;
use crate::error::CliError;
use crate::output::Output;
use crate::setup::open_store;
use crate::signals::StopSignals;

/// Editors save in several steps; what comes this close together is one change.
const ONE_CHANGE: Duration = Duration::from_millis(200);

pub(super) async fn run(
    args: Serve,
    output: Output,
    effects: Effects,
) -> Result<ExitCode, CliError> {
    start_logging(&args)?;
    // What is plainly wrong is said before anything is made.
    if let Some(directory) = &args.directory {
        require_readable(directory)?;
    }
    workspace::check(&args.workspace)?;
    require_free(&args)?;
    #[cfg(debug_assertions)]
    let effects = pause::at(args.pause_at.clone(), effects);
    files::allow_as_many_as_possible();
    let mut signals = StopSignals::new()?;
    let store = open_store(&args.data, Access::Exclusive, &effects).await?;
    let outcome = serve(&args, output, &store, effects, &mut signals).await;
    store.close().await;
    outcome.map(|()| ExitCode::SUCCESS)
}

async fn serve(
    args: &Serve,
    output: Output,
    store: &Store,
    effects: Effects,
    signals: &mut StopSignals,
) -> Result<(), CliError> {
    let mut running = tokio::select! {
        running = start(args, output, store, effects) => running?,
        () = signals.next() => return Ok(()),
    };
    let engine = running.engine.clone();
    tokio::select! {
        () = reload(args, &mut running) => {}
        () = Box::pin(engine.keep_house()) => {}
        () = signals.next() => {}
    }
    tracing::info!("stopping: requests in progress may finish");
    let server = running.server;
    let stopping = async {
        let server = tokio::task::spawn_blocking(move || server.stop());
        let grace = Duration::from_secs(args.shutdown_grace);
        let refreshes = tokio::time::timeout(grace, engine.refreshes_finished());
        let (server, refreshes) = tokio::join!(server, refreshes);
        if refreshes.is_err() {
            tracing::warn!(
                "some refreshes did not finish in time; the next start looks after them"
            );
        }
        server
    };
    tokio::select! {
        stopped = stopping => stopped.map_err(std::io::Error::other)?,
        () = signals.next() => tracing::warn!("stopping at once"),
    }
    Ok(())
}

/// A server that listens, and what it serves.
struct Running {
    engine: Engine,
    server: Server,
    /// What DIR is loaded into.
    workspace: Option<String>,
    /// With `--watch`.
    changes: Option<Changes>,
}

async fn start(
    args: &Serve,
    output: Output,
    store: &Store,
    effects: Effects,
) -> Result<Running, CliError> {
    let workspace = workspace::ensure(args, output, store, &effects).await?;
    let scripts = args.sandbox.options();
    let engine = Engine::new(store.clone(), effects, egress(args), scripts);
    let mut engine = engine.with_token_deadline(Duration::from_secs(args.token_timeout));
    if let Some(url) = &args.public_url {
        engine = engine.reached_at(url.clone());
    }
    // Before loading, so that no change falls in between.
    let changes = match &args.directory {
        Some(directory) if args.watch => Some(Changes::of(
            directory,
            Some(&args.data.data_dir),
            ONE_CHANGE,
        )?),
        _ => None,
    };
    if let (Some(directory), Some(workspace)) = (&args.directory, &workspace.key) {
        load(&engine, workspace, directory, args.log_format).await?;
    }
    let server = authbridge_server::start(&engine, options(args))?;
    let url = format!("http://{}", server.address);
    let value = json!({ "url": url, "dataDir": args.data.data_dir, "dev": args.dev });
    output.result(&format!("listening on {url}\n"), &value)?;
    tracing::info!(%url, data_dir = %args.data.data_dir.display(), dev = args.dev, "started");
    if workspace.is_new {
        output.note(&workspace::next_steps(args, &url))?;
    }
    Ok(Running {
        engine,
        server,
        workspace: workspace.key,
        changes,
    })
}

fn options(args: &Serve) -> Options {
    let cores = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    Options {
        address: args.listen,
        threads: args.threads.unwrap_or_else(cores),
        grace: Duration::from_secs(args.shutdown_grace),
    }
}

fn egress(args: &Serve) -> Egress {
    let policy = Policy {
        is_development: args.dev,
        allowed_networks: args.allow_network.clone(),
        ..Policy::default()
    };
    let deadlines = Deadlines {
        connect: Duration::from_secs(args.connect_timeout),
        response_head: Duration::from_secs(args.response_timeout),
        idle: Duration::from_secs(args.idle_timeout),
    };
    Egress::new(policy, deadlines)
}

/// Loads `directory` into `workspace`; whether everything in it was good.
async fn load(
    engine: &Engine,
    workspace: &str,
    directory: &Path,
    format: LogFormat,
) -> Result<bool, CliError> {
    let session = engine.operator_session(workspace).await?;
    let loaded = engine.load_directory(&session, directory).await;
    let loaded = loaded.map_err(|error| match error {
        LoadError::Read(error) => CliError::Read(error),
        LoadError::Engine(error) => CliError::Engine(error),
    })?;
    report::show(directory, &loaded, format);
    Ok(loaded.loaded.iter().all(|element| element.outcome.is_ok()) && !has_errors(&loaded))
}

/// With `--watch`, loads DIR again whenever something in it changes; without, waits for ever.
async fn reload(args: &Serve, running: &mut Running) {
    let (Some(directory), Some(workspace), Some(changes)) =
        (&args.directory, &running.workspace, &mut running.changes)
    else {
        return std::future::pending().await;
    };
    loop {
        changes.next().await;
        match load(&running.engine, workspace, directory, args.log_format).await {
            Ok(true) => tracing::info!("loaded again"),
            Ok(false) => tracing::warn!(
                "loaded again, except for what has errors: its last good version stays in use"
            ),
            Err(error) => tracing::error!(
                error = &error as &dyn std::error::Error,
                "not loaded: the last good version stays in use"
            ),
        }
    }
}

fn has_errors(report: &LoadReport) -> bool {
    let is_error = |diagnostic: &Diagnostic| matches!(diagnostic.severity, Severity::Error);
    report.directory.diagnostics.iter().any(is_error)
}

fn require_readable(path: &Path) -> Result<(), ReadError> {
    let readable = std::fs::metadata(path).and_then(|metadata| {
        if metadata.is_dir() {
            return std::fs::read_dir(path).map(|_| ());
        }
        std::fs::File::open(path).map(|_| ())
    });
    readable.map_err(|source| ReadError::Io {
        path: path.to_owned(),
        source,
    })
}

/// Whether the server can listen; a workspace's secret is shown only once, so not in vain.
fn require_free(args: &Serve) -> Result<(), ListenError> {
    let listener = TcpListener::bind(args.listen);
    listener.map(|_| ()).map_err(|source| ListenError::Bind {
        address: args.listen,
        source,
    })
}

fn start_logging(args: &Serve) -> Result<(), CliError> {
    let filter = tracing_subscriber::EnvFilter::try_new(&args.log).map_err(|error| {
        CliError::usage(
            format!("`{}` is not a log filter: {error}", args.log),
            "try `info`",
        )
    })?;
    let colors = anstream::AutoStream::choice(&std::io::stderr());
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(colors != anstream::ColorChoice::Never)
        .with_writer(std::io::stderr);
    let started = match args.log_format {
        LogFormat::Text => builder.try_init(),
        LogFormat::Json => builder.json().try_init(),
    };
    started.map_err(|error| CliError::failed(format!("cannot start logging: {error}")))
}
