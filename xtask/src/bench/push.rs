//! `cargo xtask bench push`: how long a workspace takes to be pushed.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Args;
use serde_json::{Value, json};

use super::authbridge::{self, Authbridge};
use super::http;
use super::server::Server;
use crate::command;
use crate::error::TaskError;

/// Arguments of `cargo xtask bench push`.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// How many elements the workspace has.
    #[arg(long, default_value_t = 1000)]
    elements: usize,
    /// Pushes of each kind but the first; the median is reported.
    #[arg(long, default_value_t = 9)]
    rounds: usize,
    /// Measure this executable instead of a release build of the working tree.
    #[arg(long, value_name = "PATH")]
    binary: Option<PathBuf>,
}

/// Pushes a workspace for the first time, without a change, and with one, and prints the times.
pub(crate) fn push(options: &Options) -> Result<(), TaskError> {
    let executable = match &options.binary {
        Some(path) => path.canonicalize().map_err(TaskError::file(path))?,
        None => command::build(&["--release", "--package", "authbridge"])?,
    };
    let scratch = tempfile::tempdir().map_err(TaskError::file("temporary directory"))?;
    // Nothing is sent anywhere, so no upstream has to listen.
    let server = Authbridge::prepare(executable, scratch.path(), 9)?.start()?;
    let authorization = authbridge::admin()?;
    let send = |body: &Value| time(&server, &authorization, body);

    let workspace = workspace(options.elements, 0);
    let first = send(&workspace)?;
    let mut unchanged = Vec::new();
    let mut one_changed = Vec::new();
    let mut alone = Vec::new();
    for round in 1..=options.rounds.max(1) {
        one_changed.push(send(&self::workspace(options.elements, round))?);
        unchanged.push(send(&self::workspace(options.elements, round))?);
        alone.push(send(
            &json!({ "elements": [changing(round + options.rounds)] }),
        )?);
    }
    let bytes = workspace.to_string().len();
    println!("{} elements, {} KiB", options.elements, bytes / 1024);
    println!("first push             {:>8.1} ms", milliseconds(first));
    println!("unchanged              {:>8.1} ms", median(unchanged));
    println!("one changed            {:>8.1} ms", median(one_changed));
    println!("the changed one alone  {:>8.1} ms", median(alone));
    server.stop()
}

fn time(server: &Server, authorization: &str, body: &Value) -> Result<Duration, TaskError> {
    let started = Instant::now();
    http::post(server.port(), "/workspace/push", authorization, body)?
        .expect_status(200, "the push")?;
    Ok(started.elapsed())
}

/// A tenth integrations with a connector for every ten of them, and actions, flows, data sources
/// and field mappings, two thirds of them integrations' own.
fn workspace(count: usize, round: usize) -> Value {
    let integrations = (count / 10).max(1);
    let connectors = (integrations / 10).max(1);
    let mut elements: Vec<Value> = (0..connectors).map(connector).collect();
    elements.extend((0..integrations).map(|number| {
        json!({
            "type": "integrations", "key": format!("integration-{number}"),
            "content": { "name": format!("Integration {number}"),
                "connectorKey": format!("connector-{}", number % connectors) },
        })
    }));
    elements.push(changing(round));
    let rest = count.saturating_sub(elements.len());
    elements.extend((0..rest).map(|number| element(number, integrations)));
    json!({ "elements": elements })
}

fn connector(number: usize) -> Value {
    let spec = format!(
        "key: connector-{number}\nname: Connector {number}\nauth:\n  type: client-credentials\n  \
         inputSchema: {{type: object, properties: {{apiKey: {{type: string}}}}}}\n  \
         makeApiClient: {{implementationType: mapping}}\n"
    );
    let client =
        "baseUri: https://api.example.com\nheaders: {X-Api-Key: {$var: credentials.apiKey}}\n";
    json!({
        "type": "connectors", "key": format!("connector-{number}"),
        "files": { "spec.yml": spec, "auth/make-api-client.map.yml": client },
    })
}

fn element(number: usize, integrations: usize) -> Value {
    const TYPES: [&str; 4] = ["actions", "flows", "data-sources", "field-mappings"];
    let element_type = TYPES
        .get(number % TYPES.len())
        .copied()
        .unwrap_or("actions");
    let mut element = json!({
        "type": element_type, "key": format!("element-{number}"), "content": content(number),
    });
    if !number.is_multiple_of(3)
        && let Some(members) = element.as_object_mut()
    {
        let key = format!("integration-{}", number % integrations);
        members.insert("integrationKey".into(), key.into());
    }
    element
}

/// The element that changes from round to round.
fn changing(round: usize) -> Value {
    json!({ "type": "actions", "key": "changing", "content": { "round": round } })
}

fn content(number: usize) -> Value {
    json!({
        "name": format!("Element {number}"),
        "description": "Creates a record in the external app from the fields that are given.",
        "inputSchema": { "type": "object", "properties": {
            "email": { "type": "string" }, "name": { "type": "string" },
            "tags": { "type": "array", "items": { "type": "string" } } } },
        "config": { "request": { "method": "POST", "path": "/records",
            "data": { "email": { "$var": "$.input.email" }, "name": { "$var": "$.input.name" } } } },
    })
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times
        .get(times.len() / 2)
        .copied()
        .map_or(0.0, milliseconds)
}
