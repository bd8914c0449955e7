//! `authbridge serve`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use authbridge_core::secret::ExposeSecret as _;
use authbridge_core::{Effects, SecretString};
use authbridge_engine::egress::{Deadlines, Egress, Policy};
use authbridge_engine::{Engine, LoadError, LoadReport, create_workspace};
use authbridge_server::Options;
use authbridge_store::{Access, NewWorkspace, Store};
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

use crate::args::{self, LogFormat, Serve};
use crate::error::CliError;
use crate::output::Output;
use crate::setup::{new_secret, new_workspace_key, open_store};

pub(super) async fn run(
    args: Serve,
    output: Output,
    effects: Effects,
) -> Result<ExitCode, CliError> {
    start_logging(&args)?;
    let store = open_store(&args.data, Access::Exclusive, &effects).await?;
    let outcome = serve(&args, output, &store, effects).await;
    store.close().await;
    outcome
}

async fn serve(
    args: &Serve,
    output: Output,
    store: &Store,
    effects: Effects,
) -> Result<ExitCode, CliError> {
    let workspace = ensure_workspace(&args.workspace, output, store, &effects).await?;
    let engine = Engine::new(store.clone(), effects, egress(args));
    if let Some(directory) = &args.directory {
        let report = load(&engine, &workspace, directory).await?;
        show(&report);
    }
    let server = authbridge_server::start(&engine, options(args))?;
    let url = format!("http://{}", server.address);
    let value = json!({ "url": url, "dataDir": args.data.data_dir, "dev": args.dev });
    output.result(&format!("listening on {url}\n"), &value)?;
    tracing::info!(%url, data_dir = %args.data.data_dir.display(), dev = args.dev, "started");
    let watching = args.directory.clone().filter(|_| args.watch);
    let watch = watch(&engine, &workspace, watching);
    tokio::select! {
        result = watch => result?,
        result = asked_to_stop() => result?,
    }
    tracing::info!("stopping");
    let stopped = tokio::task::spawn_blocking(move || server.stop()).await;
    stopped.map_err(std::io::Error::other)?;
    Ok(ExitCode::SUCCESS)
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
    };
    let deadlines = Deadlines {
        connect: Duration::from_secs(args.connect_timeout),
        response_head: Duration::from_secs(args.response_timeout),
        idle: Duration::from_secs(args.idle_timeout),
    };
    Egress::new(policy, deadlines)
}

/// The workspace that the environment names, or the only one there is, or a new one.
///
/// # Errors
///
/// When there are several and nothing says which one is meant.
async fn ensure_workspace(
    wanted: &args::NewWorkspace,
    output: Output,
    store: &Store,
    effects: &Effects,
) -> Result<String, CliError> {
    if let Some(key) = &wanted.workspace_key {
        if let Some(existing) = store.find_workspace_by_key(key).await? {
            if let Some(secret) = &wanted.workspace_secret {
                keep_secret(store, &existing, secret).await?;
            }
            return Ok(existing.key);
        }
        return create(key.clone(), wanted, output, store, effects).await;
    }
    let mut existing = store.list_workspaces().await?.into_iter();
    match (existing.next(), existing.next()) {
        (None, _) => create(new_workspace_key(effects), wanted, output, store, effects).await,
        (Some(only), None) => Ok(only.key),
        (Some(_), Some(_)) => Err(CliError::usage(
            "there are several workspaces in this data directory",
            "say which one DIR is for with AUTHBRIDGE_WORKSPACE_KEY; `authbridge workspace list` shows them",
        )),
    }
}

/// The environment says what the secret is; a changed one takes effect.
async fn keep_secret(
    store: &Store,
    workspace: &authbridge_store::Workspace,
    secret: &str,
) -> Result<(), CliError> {
    let stored = store.workspace_secret(&workspace.id).await?;
    if stored.expose_secret() != secret {
        let secret = SecretString::from(secret);
        store
            .replace_workspace_secret(&workspace.id, &secret)
            .await?;
        tracing::warn!(workspace.key = %workspace.key,
            "the workspace's secret was replaced by the one in the environment");
    }
    Ok(())
}

async fn create(
    key: String,
    wanted: &args::NewWorkspace,
    output: Output,
    store: &Store,
    effects: &Effects,
) -> Result<String, CliError> {
    let given = wanted.workspace_secret.clone().map(SecretString::from);
    let is_generated = given.is_none();
    let secret = given.unwrap_or_else(|| new_secret(effects));
    let new = NewWorkspace {
        key,
        name: None,
        secret: secret.clone(),
    };
    let algorithm = wanted.workspace_algorithm.into();
    let workspace = create_workspace(store, effects, new, algorithm).await?;
    let key = workspace.key;
    let mut text = format!("created the workspace\n  AUTHBRIDGE_WORKSPACE_KEY={key}\n");
    let mut value = json!({ "workspaceKey": key });
    if is_generated {
        let shown = secret.expose_secret();
        text.push_str(&format!("  AUTHBRIDGE_WORKSPACE_SECRET={shown}\n"));
        text.push_str("the secret is shown only now: it signs the tokens of your back end\n");
        if let Some(members) = value.as_object_mut() {
            members.insert("workspaceSecret".into(), shown.into());
        }
    }
    output.result(&text, &value)?;
    Ok(key)
}

async fn load(engine: &Engine, workspace: &str, directory: &Path) -> Result<LoadReport, CliError> {
    let session = engine.operator_session(workspace).await?;
    engine
        .load_directory(&session, directory)
        .await
        .map_err(|error| match error {
            LoadError::Read(error) => CliError::Read(error),
            LoadError::Engine(error) => CliError::Engine(error),
        })
}

/// What loading did, to standard error: standard output is for results.
fn show(report: &LoadReport) {
    use std::io::Write as _;
    let mut text = super::validate::text(&report.directory);
    for element in &report.loaded {
        if let Err(error) = &element.outcome {
            text.push_str(&format!(
                "not loaded   {} {}: {error}\n",
                element.kind, element.key
            ));
        }
    }
    // A closed standard error is no reason not to serve.
    let _ignored = anstream::stderr().write_all(text.as_bytes());
}

/// Loads `directory` again whenever something in it changes; without one, waits for ever.
async fn watch(
    engine: &Engine,
    workspace: &str,
    directory: Option<PathBuf>,
) -> Result<(), CliError> {
    use notify::{RecursiveMode, Watcher as _};
    let Some(directory) = directory else {
        return std::future::pending().await;
    };
    let (sender, mut changes) = tokio::sync::mpsc::unbounded_channel();
    let notice = move |event: notify::Result<notify::Event>| {
        let is_change = event.is_ok_and(|event| !event.kind.is_access());
        // The receiver is gone only when the process ends.
        let _ignored = is_change.then(|| sender.send(()));
    };
    let failed = |error: notify::Error| CliError::failed(format!("cannot watch: {error}"));
    let mut watcher = notify::recommended_watcher(notice).map_err(failed)?;
    watcher
        .watch(&directory, RecursiveMode::Recursive)
        .map_err(failed)?;
    while changes.recv().await.is_some() {
        // Editors save in several steps; what comes close together is one change.
        while let Ok(Some(())) =
            tokio::time::timeout(Duration::from_millis(200), changes.recv()).await
        {}
        match load(engine, workspace, &directory).await {
            Ok(report) => show(&report),
            Err(error) => tracing::error!(error = &error as &dyn std::error::Error, "not loaded"),
        }
    }
    Ok(())
}

async fn asked_to_stop() -> Result<(), CliError> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

fn start_logging(args: &Serve) -> Result<(), CliError> {
    let filter = tracing_subscriber::EnvFilter::try_new(&args.log).map_err(|error| {
        CliError::usage(
            format!("`{}` is not a log filter: {error}", args.log),
            "try `info`",
        )
    })?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    let started = match args.log_format {
        LogFormat::Text => builder.try_init(),
        LogFormat::Json => builder.json().try_init(),
    };
    started.map_err(|error| CliError::failed(format!("cannot start logging: {error}")))
}
