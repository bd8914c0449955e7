//! `authbridge demo`: the engine, a simulated provider, and one connector per auth type, at work.

mod connectors;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use authbridge_core::Effects;
use authbridge_core::secret::ExposeSecret as _;
use authbridge_core::token::{CallerClaims, SigningAlgorithm, SigningKey};
use authbridge_engine::egress::{Deadlines, Egress, Policy};
use authbridge_engine::{Engine, create_workspace};
use authbridge_server::Options;
use authbridge_store::{Access, NewWorkspace, OpenOptions, Store};
use authbridge_testkit::{Provider, ProviderOptions, TokenCheck};
use http::Method;
use serde_json::{Map, Value, json};

use crate::api::Api;
use crate::args::Demo;
use crate::error::CliError;
use crate::output::{Output, table};
use crate::signals::StopSignals;
use connectors::DemoConnector;

/// What is needed to sign a token: the demo's workspace.
struct Workspace {
    key: String,
    secret: authbridge_core::SecretString,
}

const CUSTOMER: &str = "ada";

/// Whether every request of the demo succeeded.
enum Outcome {
    Succeeded,
    Failed,
}

pub(super) async fn run(
    args: &Demo,
    output: Output,
    effects: Effects,
) -> Result<ExitCode, CliError> {
    let mut signals = StopSignals::new()?;
    let directory = tempfile::tempdir()?;
    let workspace = Workspace {
        key: "demo".into(),
        secret: crate::setup::new_secret(&effects),
    };
    let provider = start_provider(&workspace).await?;
    let started = Instant::now();
    let store = open(directory.path(), &workspace, &effects).await?;
    let policy = Policy {
        is_development: true,
        ..Policy::default()
    };
    let egress = Egress::new(policy, Deadlines::default());
    let engine = Engine::new(store.clone(), effects.clone(), egress);
    let grace = Duration::from_secs(2);
    let options = Options {
        address: args.listen,
        threads: 2,
        grace,
    };
    let server = authbridge_server::start(&engine, options)?;
    let url = format!("http://{}", server.address);
    output.note(&format!(
        "engine at {url} ({}), simulated provider at {}\n",
        milliseconds(started.elapsed()),
        provider.base_uri()
    ))?;
    let outcome = show(&url, &workspace, &provider, output, &effects).await;
    let has_succeeded = matches!(outcome, Ok(Outcome::Succeeded));
    if has_succeeded && !args.once {
        output.note("Ctrl-C ends the demo.")?;
        signals.next().await;
    }
    let stopped = tokio::task::spawn_blocking(move || server.stop()).await;
    stopped.map_err(std::io::Error::other)?;
    store.close().await;
    provider.shutdown().await;
    Ok(match outcome? {
        Outcome::Succeeded => ExitCode::SUCCESS,
        Outcome::Failed => ExitCode::from(1),
    })
}

async fn start_provider(workspace: &Workspace) -> Result<Provider, CliError> {
    let tokens = TokenCheck {
        workspace_secret: Some(workspace.secret.expose_secret().to_owned()),
        ..TokenCheck::default()
    };
    Ok(Provider::start(ProviderOptions {
        tokens,
        ..ProviderOptions::default()
    })
    .await?)
}

async fn open(
    directory: &std::path::Path,
    workspace: &Workspace,
    effects: &Effects,
) -> Result<Store, CliError> {
    let (keyring, _) = authbridge_store::Keyring::generate(effects);
    let options = OpenOptions {
        data_dir: directory.to_owned(),
        access: Access::Exclusive,
    };
    let store = Store::open(options, keyring, effects.clone()).await?;
    let new = NewWorkspace {
        key: workspace.key.clone(),
        name: Some("Demo".into()),
        secret: workspace.secret.clone(),
    };
    create_workspace(&store, effects, new, SigningAlgorithm::Hs256).await?;
    Ok(store)
}

/// Runs every connector, prints what happened, and says whether all of it went well.
async fn show(
    url: &str,
    workspace: &Workspace,
    provider: &Provider,
    output: Output,
    effects: &Effects,
) -> Result<Outcome, CliError> {
    let admin = Api::with_token(url, &token(workspace, None, effects)?)?;
    let customer_token = token(workspace, Some(CUSTOMER), effects)?;
    let customer = Api::with_token(url, &customer_token)?;
    let mut rows = vec![
        [
            "AUTH TYPE",
            "CONNECTOR",
            "PUSH",
            "CONNECT",
            "REQUEST",
            "ANSWER",
        ]
        .map(str::to_owned)
        .to_vec(),
    ];
    let mut results = Vec::new();
    let mut failed = false;
    for connector in connectors::all(provider.base_uri()) {
        let result = try_one(&admin, &customer, &connector).await;
        failed |= result.is_err();
        rows.push(row(&connector, &result));
        results.push(value(&connector, &result));
    }
    let mut text = table(&rows);
    if !failed {
        text.push_str(&next_steps(url, &customer_token));
    }
    let value = json!({ "url": url, "ok": !failed, "connectors": results });
    output.result(&text, &value)?;
    Ok(if failed {
        Outcome::Failed
    } else {
        Outcome::Succeeded
    })
}

/// How long each step of a connector took, and what the provider answered.
struct Steps {
    push: Duration,
    /// `None` for types that need no connecting.
    connect: Option<Duration>,
    request: Duration,
    answer: Value,
}

async fn try_one(
    admin: &Api,
    customer: &Api,
    connector: &DemoConnector,
) -> Result<Steps, CliError> {
    let clock = Instant::now();
    admin
        .call(Method::POST, "/connectors", Some(&connector.definition))
        .await?;
    let integration = json!({ "key": connector.key, "connectorKey": connector.key });
    admin
        .call(Method::POST, "/integrations", Some(&integration))
        .await?;
    let push = clock.elapsed();
    let connect = match &connector.input {
        Some(input) => {
            let clock = Instant::now();
            let connection = json!({ "integrationKey": connector.key, "input": input });
            customer
                .call(Method::POST, "/connections", Some(&connection))
                .await?;
            Some(clock.elapsed())
        }
        None => None,
    };
    let clock = Instant::now();
    let path = format!("/connections/{}/proxy/me", connector.key);
    let answer = customer.call(Method::GET, &path, None).await?;
    Ok(Steps {
        push,
        connect,
        request: clock.elapsed(),
        answer,
    })
}

fn row(connector: &DemoConnector, result: &Result<Steps, CliError>) -> Vec<String> {
    let mut row = vec![connector.auth_type.to_owned(), connector.key.to_owned()];
    match result {
        Ok(steps) => row.extend([
            milliseconds(steps.push),
            steps
                .connect
                .map_or_else(|| "not needed".into(), milliseconds),
            milliseconds(steps.request),
            shortened(&steps.answer.to_string()),
        ]),
        Err(error) => row.extend(
            ["-", "-", "-"]
                .map(str::to_owned)
                .into_iter()
                .chain([format!("FAILED: {error}")]),
        ),
    }
    row
}

/// The start of `answer`; as much as fits beside the other columns.
fn shortened(answer: &str) -> String {
    const WIDTH: usize = 72;
    match answer.char_indices().nth(WIDTH) {
        Some((end, _)) => format!("{}…", answer.get(..end).unwrap_or(answer)),
        None => answer.to_owned(),
    }
}

fn value(connector: &DemoConnector, result: &Result<Steps, CliError>) -> Value {
    let mut value = json!({ "authType": connector.auth_type, "connector": connector.key });
    let more = match result {
        Ok(steps) => json!({
            "ok": true,
            "pushMs": steps.push.as_secs_f64() * 1000.0,
            "connectMs": steps.connect.map(|connect| connect.as_secs_f64() * 1000.0),
            "requestMs": steps.request.as_secs_f64() * 1000.0,
            "answer": steps.answer,
        }),
        Err(error) => json!({ "ok": false, "error": error.to_json() }),
    };
    if let (Value::Object(members), Value::Object(more)) = (&mut value, more) {
        members.extend(more);
    }
    value
}

fn next_steps(url: &str, token: &str) -> String {
    format!(
        "\nTry next, as the customer `{CUSTOMER}`:\n\n\
         TOKEN={token}\n\
         curl {url}/connections -H \"Authorization: Bearer $TOKEN\"\n\
         curl {url}/connections/api-key/proxy/me -H \"Authorization: Bearer $TOKEN\"\n\
         curl {url}/connections/api-key/proxy/echo/hello -d '{{\"a\": 1}}' -H \"Authorization: Bearer $TOKEN\"\n\
         curl -N '{url}/connections/api-key/proxy/sse?n=5&ms=300' -H \"Authorization: Bearer $TOKEN\"\n\
         curl {url}/openapi.json\n\n"
    )
}

fn token(
    workspace: &Workspace,
    customer: Option<&str>,
    effects: &Effects,
) -> Result<String, CliError> {
    let mut claims = Map::new();
    match customer {
        Some(customer) => {
            claims.insert("id".into(), customer.into());
            claims.insert("name".into(), "Ada Lovelace".into());
            claims.insert("fields".into(), json!({ "plan": "pro" }));
        }
        None => {
            claims.insert("isAdmin".into(), true.into());
        }
    }
    let claims = CallerClaims {
        workspace_key: &workspace.key,
        claims,
        lifetime_seconds: 86_400,
    };
    let key = SigningKey::from_secret(workspace.secret.expose_secret().as_bytes());
    claims
        .sign(&key, effects)
        .ok_or_else(|| CliError::failed("the token cannot be signed"))
}

fn milliseconds(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}
