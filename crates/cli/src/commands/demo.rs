//! `authbridge demo`: the engine, a simulated provider, and one connector per auth type, at work.

mod browser;
mod connectors;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use authbridge_core::secret::ExposeSecret as _;
use authbridge_core::{Effects, SecretString};
use authbridge_engine::egress::{Deadlines, Egress, Policy};
use authbridge_testkit::{Provider, ProviderOptions, TokenCheck, oauth1, oauth2};
use http::Method;
use serde_json::{Map, Value, json};

use super::local::{LocalEngine, LocalOptions};
use crate::api::Api;
use crate::args::Demo;
use crate::error::CliError;
use crate::output::{Output, table};
use crate::signals::StopSignals;
use connectors::{Connecting, DemoConnector};

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
    let secret = crate::setup::new_secret(&effects);
    let providers = Providers::start(&secret).await?;
    let started = Instant::now();
    let policy = Policy {
        is_development: true,
        ..Policy::default()
    };
    let options = LocalOptions {
        workspace: "demo",
        secret,
        egress: Egress::new(policy, Deadlines::default()),
        listen: args.listen,
    };
    let local = LocalEngine::start(options, effects).await?;
    output.note(&format!(
        "engine at {} ({}), simulated provider at {}\n",
        local.url,
        milliseconds(started.elapsed()),
        providers.plain.base_uri()
    ))?;
    let outcome = show(&local, &providers, output).await;
    let has_succeeded = matches!(outcome, Ok(Outcome::Succeeded));
    if has_succeeded && !args.once {
        providers.ask_for_consent();
        output.note("Ctrl-C ends the demo.")?;
        signals.next().await;
    }
    local.stop().await?;
    providers.stop().await;
    Ok(match outcome? {
        Outcome::Succeeded => ExitCode::SUCCESS,
        Outcome::Failed => ExitCode::from(1),
    })
}

/// What is at the far end of the demo's connections.
struct Providers {
    plain: Provider,
    oauth1: oauth1::AuthorizationServer,
    oauth2: oauth2::AuthorizationServer,
}

impl Providers {
    async fn start(secret: &SecretString) -> Result<Self, CliError> {
        let tokens = TokenCheck {
            workspace_secret: Some(secret.expose_secret().to_owned()),
            ..TokenCheck::default()
        };
        let plain = Provider::start(ProviderOptions {
            tokens,
            ..ProviderOptions::default()
        });
        let oauth1 = oauth1::AuthorizationServerOptions::default();
        let oauth2 = oauth2::AuthorizationServerOptions::default();
        Ok(Self {
            plain: plain.await?,
            oauth1: oauth1::AuthorizationServer::start(oauth1).await?,
            oauth2: oauth2::AuthorizationServer::start(oauth2).await?,
        })
    }

    /// From now on there are pages with buttons, for people.
    fn ask_for_consent(&self) {
        self.oauth1
            .change(|options| options.consent = oauth1::Consent::Asked);
        self.oauth2
            .change(|options| options.consent = oauth2::Consent::Asked);
    }

    async fn stop(self) {
        self.plain.shutdown().await;
        self.oauth1.shutdown().await;
        self.oauth2.shutdown().await;
    }
}

/// Runs every connector, prints what happened, and says whether all of it went well.
async fn show(
    local: &LocalEngine,
    providers: &Providers,
    output: Output,
) -> Result<Outcome, CliError> {
    let url = local.url.as_str();
    let admin = local.admin()?;
    dress(&admin, providers.plain.base_uri()).await?;
    let mut claims = Map::new();
    claims.insert("name".into(), "Ada Lovelace".into());
    claims.insert("fields".into(), json!({ "plan": "pro" }));
    let customer_token = local.customer_token(CUSTOMER, claims)?;
    let customer = Customer {
        api: Api::with_token(url, &customer_token)?,
        token: &customer_token,
    };
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
    let connectors = connectors::all(
        providers.plain.base_uri(),
        providers.oauth1.base_uri(),
        providers.oauth2.base_uri(),
    );
    for connector in connectors {
        let result = try_one(&admin, &customer, &connector).await;
        failed |= result.is_err();
        rows.extend(rows_of(&connector, &result));
        results.push(value(&connector, &result));
    }
    let mut text = table(&rows);
    if !failed {
        text.push_str(&next_steps(local, &customer_token));
    }
    let value = json!({
        "url": url,
        "ok": !failed,
        "workspaceKey": local.workspace(),
        // Thrown away with everything else when the demo ends.
        "workspaceSecret": local.secret().expose_secret(),
        "connectors": results,
    });
    output.result(&text, &value)?;
    Ok(if failed {
        Outcome::Failed
    } else {
        Outcome::Succeeded
    })
}

/// Gives the connect pages a name, a colour and a logo.
async fn dress(admin: &Api, provider: &str) -> Result<(), CliError> {
    let settings = json!({ "brandColor": "#0a7d5a", "logoUri": format!("{provider}/logo.svg") });
    let workspace = json!({ "name": "Demo", "settings": settings });
    let body = Some(&workspace);
    admin.call(Method::PATCH, "/workspace", body).await?;
    Ok(())
}

/// The demo's customer, with a browser.
struct Customer<'a> {
    api: Api,
    token: &'a str,
}

/// How long each step of a connector took, and what the provider answered.
struct Steps {
    push: Duration,
    /// `None` for types that need no connecting.
    connect: Option<Duration>,
    request: Duration,
    answer: Value,
    operation: Option<Ran>,
}

/// An operation that was run.
struct Ran {
    key: &'static str,
    time: Duration,
    output: Value,
}

async fn try_one(
    admin: &Api,
    customer: &Customer<'_>,
    connector: &DemoConnector,
) -> Result<Steps, CliError> {
    let clock = Instant::now();
    admin
        .call(Method::POST, "/connectors", Some(&connector.definition))
        .await?;
    let integration = json!({
        "key": connector.key,
        "name": connector.definition.get("name"),
        "connectorKey": connector.key,
        "parameters": connector.parameters,
    });
    admin
        .call(Method::POST, "/integrations", Some(&integration))
        .await?;
    let push = clock.elapsed();
    let clock = Instant::now();
    let connect = match &connector.connecting {
        Connecting::Typing(input) => {
            let connection = json!({ "integrationKey": connector.key, "input": input });
            let body = Some(&connection);
            customer
                .api
                .call(Method::POST, "/connections", body)
                .await?;
            Some(clock.elapsed())
        }
        Connecting::Consenting(server) => {
            let Customer { api, token } = customer;
            browser::consent(api, token, connector.key, server).await?;
            Some(clock.elapsed())
        }
        Connecting::Sharing => {
            let connection = json!({ "integrationKey": connector.key });
            let body = Some(&connection);
            let connecting = customer.api.call(Method::POST, "/connections", body);
            connecting.await?;
            Some(clock.elapsed())
        }
        Connecting::NotNeeded => None,
    };
    let customer = &customer.api;
    let clock = Instant::now();
    let path = format!("/connections/{}/proxy/me", connector.key);
    let answer = customer.call(Method::GET, &path, None).await?;
    let request = clock.elapsed();
    let operation = match &connector.operation {
        Some((key, input)) => Some(run_operation(customer, connector.key, key, input).await?),
        None => None,
    };
    Ok(Steps {
        push,
        connect,
        request,
        answer,
        operation,
    })
}

async fn run_operation(
    customer: &Api,
    connection: &str,
    key: &'static str,
    input: &Value,
) -> Result<Ran, CliError> {
    let clock = Instant::now();
    let path = format!("/connections/{connection}/operations/{key}/run");
    let body = json!({ "input": input });
    let answer = customer.call(Method::POST, &path, Some(&body)).await?;
    Ok(Ran {
        key,
        time: clock.elapsed(),
        output: answer.get("output").cloned().unwrap_or_default(),
    })
}

/// The connector's row, and one for its operation.
fn rows_of(connector: &DemoConnector, result: &Result<Steps, CliError>) -> Vec<Vec<String>> {
    let mut rows = vec![row(connector, result)];
    if let Ok(Steps {
        operation: Some(ran),
        ..
    }) = result
    {
        rows.push(vec![
            "its operation".to_owned(),
            ran.key.to_owned(),
            "-".to_owned(),
            "-".to_owned(),
            milliseconds(ran.time),
            shortened(&ran.output.to_string()),
        ]);
    }
    rows
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
            "operation": steps.operation.as_ref().map(|ran| json!({
                "key": ran.key,
                "ms": ran.time.as_secs_f64() * 1000.0,
                "output": ran.output,
            })),
        }),
        Err(error) => json!({ "ok": false, "error": error.to_json() }),
    };
    if let (Value::Object(members), Value::Object(more)) = (&mut value, more) {
        members.extend(more);
    }
    value
}

fn next_steps(local: &LocalEngine, token: &str) -> String {
    let (url, key) = (local.url.as_str(), local.workspace());
    let secret = local.secret().expose_secret();
    format!(
        "\nTry next, as the customer `{CUSTOMER}`:\n\n\
         TOKEN={token}\n\
         curl {url}/connections -H \"Authorization: Bearer $TOKEN\"\n\
         curl {url}/connections/api-key/proxy/me -H \"Authorization: Bearer $TOKEN\"\n\
         curl {url}/connections/typescript/operations/greet/run?logs=1 -d '{{\"input\": {{\"greeting\": \"Good morning\"}}}}' -H \"Content-Type: application/json\" -H \"Authorization: Bearer $TOKEN\"\n\
         curl {url}/connections/api-key/proxy/echo/hello -d '{{\"a\": 1}}' -H \"Authorization: Bearer $TOKEN\"\n\
         curl -N '{url}/connections/api-key/proxy/sse?n=5&ms=300' -H \"Authorization: Bearer $TOKEN\"\n\
         curl {url}/openapi.json\n\n\
         In a browser: all integrations, and the page of one that asks for consent:\n\n\
         {url}/embed/main?token={token}\n\
         {url}/connect?integrationKey=oauth2&token={token}\n\n\
         As your own app, which signs such tokens (docs/guides/embed-in-your-app.md):\n\n\
         export AUTHBRIDGE_URL={url} AUTHBRIDGE_WORKSPACE_KEY={key}\n\
         export AUTHBRIDGE_WORKSPACE_SECRET={secret}\n\n"
    )
}

fn milliseconds(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}
