//! `authbridge connector test`.

mod account;
mod authorization;
mod bench;
mod cases;
mod consumer;
mod lifecycle;
mod mask;
mod report;
mod sample;
mod transcript;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use authbridge_core::Effects;
use authbridge_core::connector::Connector;
use authbridge_definition::{
    Cases, ConnectorDefaults, ConnectorFile, Directory, Provider, Severity, load_cases,
    load_directory,
};
use authbridge_testkit::SimulatedRoute;
use serde_json::{Value, json};
use url::Url;

use crate::args::TestConnector;
use crate::commands::validate;
use crate::error::CliError;
use crate::output::Output;
use bench::Bench;
use lifecycle::Subject;
use report::{ConnectorReport, Count, Section};

/// What is requested where the author gives no route: every API has something like it.
const DEFAULT_PATH: &str = "/me";

pub(super) async fn run(
    args: TestConnector,
    output: Output,
    effects: Effects,
) -> Result<ExitCode, CliError> {
    let directory = load_directory(&args.directory)?;
    if directory.connectors.is_empty() {
        return Err(CliError::usage(
            format!("there is no connector in `{}`", args.directory.display()),
            "give the directory of a connector; `authbridge connector new` makes one",
        ));
    }
    if has_errors(&directory) {
        let value = json!({
            "ok": false, "diagnostics": directory.diagnostics, "connectors": [],
        });
        output.result(&validate::text(&args.directory, &directory), &value)?;
        return Ok(ExitCode::from(1));
    }
    let bench = Bench::start(effects).await?;
    let reports = all(&bench, &args, &directory).await;
    bench.local.stop().await?;
    let reports = reports?;
    let count = total(&reports);
    if count == Count::default() {
        return Err(nothing_to_run(&args));
    }
    let value = json!({
        "ok": count.failed == 0,
        "passed": count.passed,
        "failed": count.failed,
        "skipped": count.skipped,
        "diagnostics": directory.diagnostics,
        "connectors": reports.iter().map(ConnectorReport::value).collect::<Vec<_>>(),
    });
    output.result(&text(&args, &directory, &reports, count), &value)?;
    Ok(if count.failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    })
}

fn nothing_to_run(args: &TestConnector) -> CliError {
    match &args.case {
        Some(case) => CliError::usage(
            format!("no case is called {case:?}"),
            "leave `--case` out to run all of them",
        ),
        None => CliError::usage(
            format!("there is nothing to test in `{}`", args.directory.display()),
            "a connector needs an `auth` block, or cases in `tests/`",
        ),
    }
}

fn has_errors(directory: &Directory) -> bool {
    let mut diagnostics = directory.diagnostics.iter();
    diagnostics.any(|diagnostic| diagnostic.severity == Severity::Error)
}

async fn all(
    bench: &Bench,
    args: &TestConnector,
    directory: &Directory,
) -> Result<Vec<ConnectorReport>, CliError> {
    bench.load(&args.directory).await?;
    let mut reports = Vec::new();
    for file in &directory.connectors {
        if let Some(connector) = &file.connector {
            reports.push(one(bench, args, file, connector).await?);
        }
    }
    Ok(reports)
}

async fn one(
    bench: &Bench,
    args: &TestConnector,
    file: &ConnectorFile,
    connector: &Connector,
) -> Result<ConnectorReport, CliError> {
    let defaults = ConnectorDefaults {
        key: Some(connector.key.clone()),
        version: file.version.clone(),
    };
    let Cases {
        cases, provider, ..
    } = load_cases(&file.bundle, &defaults, Some(connector));
    let provider = provider.unwrap_or_default();
    let parameters = parameters(connector, &provider);
    let version = file.version.as_deref();
    let integration = bench.install(&connector.key, version, &parameters).await?;
    account::stand_in(bench, connector, &file.bundle).await?;
    bench.simulated.set_routes(routes(&provider));
    let input = provider.input.clone().map(Value::Object);
    let subject = Subject {
        integration: &integration,
        parameters: &parameters,
        input: input.as_ref(),
        path: path(connector, &provider),
        mask: lifecycle::mask_of(&parameters),
    };
    let mut sections = Vec::new();
    if args.case.is_none() {
        for option in &connector.options {
            let running = lifecycle::run(bench, &subject, option);
            sections.push(Box::pin(running).await?);
        }
    }
    let directory = directory_of(&args.directory, file);
    let mut steps = Vec::new();
    for case in &cases {
        let is_wanted = args
            .case
            .as_ref()
            .is_none_or(|part| contains(&case.name, part));
        if is_wanted {
            let source = directory.join(&case.source.file);
            let place = format!("{}:{}", source.display(), case.source.line);
            steps.push(cases::run(bench, &subject, case, place).await?);
        }
    }
    if !steps.is_empty() {
        let title = "cases".to_owned();
        sections.push(Section { title, steps });
    }
    Ok(ConnectorReport {
        key: connector.key.clone(),
        version: file.version.clone(),
        directory,
        sections,
    })
}

fn contains(name: &str, part: &str) -> bool {
    name.to_lowercase().contains(&part.to_lowercase())
}

/// What the workspace owner would set: what the author gives, and something made up for the rest.
fn parameters(connector: &Connector, provider: &Provider) -> Value {
    let mut parameters = sample::of_schema(connector.parameters_schema.as_ref());
    if let Value::Object(members) = &mut parameters {
        members.extend(provider.connector_parameters.clone());
    }
    parameters
}

fn routes(provider: &Provider) -> Vec<SimulatedRoute> {
    provider
        .routes
        .iter()
        .map(|route| SimulatedRoute {
            method: route.method.clone(),
            path: route.path.clone(),
            answer: cases::simulated(&route.answer),
        })
        .collect()
}

/// A path to request through the API client, below its base URI.
fn path<'a>(connector: &Connector, provider: &'a Provider) -> &'a str {
    let is_plain = |method: &Option<String>| method.as_deref().is_none_or(|it| it == "GET");
    let path = provider
        .routes
        .iter()
        .find(|route| is_plain(&route.method) && !route.path.contains('{'))
        .map_or(DEFAULT_PATH, |route| route.path.as_str());
    let base = connector
        .base_uri
        .as_deref()
        .and_then(|it| Url::parse(it).ok());
    let base = base.as_ref().map_or("", Url::path);
    path.strip_prefix(base.trim_end_matches('/'))
        .unwrap_or(path)
}

/// Where the files of a connector are.
fn directory_of(loaded: &Path, file: &ConnectorFile) -> PathBuf {
    let root = if loaded.is_file() {
        loaded.parent().unwrap_or(loaded)
    } else {
        loaded
    };
    let path = root.join(&file.path);
    if path.is_file() {
        return root.to_owned();
    }
    path
}

fn total(reports: &[ConnectorReport]) -> Count {
    let mut total = Count::default();
    for count in reports.iter().map(ConnectorReport::count) {
        total.passed += count.passed;
        total.failed += count.failed;
        total.skipped += count.skipped;
    }
    total
}

fn text(
    args: &TestConnector,
    directory: &Directory,
    reports: &[ConnectorReport],
    count: Count,
) -> String {
    let mut text = String::new();
    if !directory.diagnostics.is_empty() {
        text.push_str(&validate::diagnostics(&args.directory, directory));
        text.push('\n');
    }
    for report in reports {
        text.push_str(&report.text(args.verbose));
        text.push('\n');
    }
    text.push_str(&format!(
        "{} passed, {} failed, {} skipped\n",
        count.passed, count.failed, count.skipped
    ));
    if count.failed == 0 && !args.verbose {
        text.push_str("`--verbose` shows every request\n");
    }
    text
}
