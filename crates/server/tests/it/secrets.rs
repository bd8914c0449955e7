//! Planted secrets turn up nowhere: no answer, no log line, no file.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use http::Method;
use serde_json::{Value, json};
use tracing_subscriber::fmt::MakeWriter;

use crate::support::{Upstream, WORKSPACE_SECRET, World, api_key_connector};

const API_KEY: &str = "planted-api-key-5521";
const PASSWORD: &str = "planted-password-7730";
const PARAMETER: &str = "planted-parameter-1174";
const OF_CUSTOMER: &str = "planted-customer-secret-9002";

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// Everything at the finest level, of all threads; a process can do this once.
fn capture() -> Log {
    let log = Log::default();
    tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_ansi(false)
        .with_writer(log.clone())
        .init();
    log
}

#[track_caller]
fn assert_clean(what: &str, bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for secret in [API_KEY, PASSWORD, PARAMETER, OF_CUSTOMER, WORKSPACE_SECRET] {
        let forms = [
            secret.to_owned(),
            STANDARD_NO_PAD.encode(secret),
            URL_SAFE_NO_PAD.encode(secret),
        ];
        for form in forms {
            assert!(!text.contains(&form), "{what} shows `{form}`");
        }
    }
}

fn basic_connector(base_uri: &str) -> Value {
    let mut connector = api_key_connector("acme", base_uri);
    connector["inputSchema"] = json!({"type": "object", "properties": {
        "apiKey": {"type": "string", "maxLength": 30}, "password": {"type": "string"}}});
    connector["parametersSchema"] =
        json!({"type": "object", "properties": {"clientSecret": {"type": "string"}}});
    let client = &mut connector["makeApiClient"]["mapping"];
    client["auth"] = json!({"username": "u", "password": {"$var": "credentials.password"}});
    client["query"] = json!({"secret": {"$var": "connectorParameters.clientSecret"}});
    connector.as_object_mut().unwrap().remove("test");
    connector
}

fn files(directory: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push(path);
        }
    }
}

#[tokio::test]
async fn planted_secrets_turn_up_nowhere() {
    let log = capture();
    let world = World::new().await;
    let (token, admin) = (world.customer("c-1"), world.admin());
    let connector = basic_connector(world.provider.base_uri());
    let parameters = json!({"parameters": {"clientSecret": PARAMETER}});
    world.install_with(connector, parameters).await;
    let input = json!({"apiKey": API_KEY, "password": PASSWORD});

    let mut answers = Vec::new();
    answers.push(world.connect_with("acme", &token, input).await);
    let body = json!({"credentials": {"token": OF_CUSTOMER}});
    answers.push(world.patch("/self", &token, body).await);
    for (method, path, body) in [
        (Method::GET, "/self", None),
        (Method::GET, "/connections", None),
        (Method::GET, "/connections/acme?includeSecrets=false", None),
        (Method::GET, "/integrations", None),
        (Method::GET, "/integrations/acme", None),
        (Method::GET, "/integrations/acme/connector-spec", None),
        (Method::GET, "/connectors/acme", None),
        (Method::POST, "/connections/acme/test", None),
        (Method::GET, "/connections/acme/proxy/status/500", None),
        (
            Method::GET,
            "/connections/acme/proxy/https://evil.example/",
            None,
        ),
        (
            Method::PATCH,
            "/connections/acme",
            Some(json!({"name": "n"})),
        ),
        (
            Method::PATCH,
            "/connections/acme",
            Some(json!({"credentials": API_KEY})),
        ),
        (
            Method::POST,
            "/connections",
            Some(json!({"integrationKey": "acme", "input": API_KEY})),
        ),
        (
            Method::POST,
            "/connections",
            Some(json!({"integrationKey": "acme",
            "input": {"apiKey": format!("{API_KEY}-and-more"), "password": PASSWORD}})),
        ),
    ] {
        for token in [&token, &admin] {
            answers.push(world.call(method.clone(), path, token, body.clone()).await);
        }
    }
    // The provider was sent all of it, so the test would notice.
    let sent = world.provider.seen();
    assert!(
        sent.iter()
            .any(|seen| seen.path_and_query.contains(PARAMETER))
    );
    assert!(sent.iter().any(|seen| seen.headers["x-api-key"] == API_KEY));

    for answer in &answers {
        assert_clean("an answer", &answer.body);
        assert_clean("a header", format!("{:?}", answer.headers).as_bytes());
    }
    tracing::trace!("the log has this");
    assert!(log.text().contains("the log has this"));
    assert_clean("the log", log.text().as_bytes());
    assert!(
        !log.text().contains(&token),
        "the log shows a caller's token"
    );
    let mut found = Vec::new();
    files(world.data_dir(), &mut found);
    assert!(!found.is_empty());
    for path in found {
        assert_clean(&path.display().to_string(), &std::fs::read(&path).unwrap());
    }
    broken_exchanges(&log).await;
}

/// Exchanges that break in every way: their errors are answered and logged.
async fn broken_exchanges(log: &Log) {
    let world = World::new().await;
    let upstream = Upstream::start().await;
    world.install(basic_connector(&upstream.base_uri)).await;
    let token = world.customer("c-1");
    let input = json!({"apiKey": API_KEY, "password": PASSWORD});
    world.connect_with("acme", &token, input).await.expect(201);
    for answer in [
        "garbage\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        "",
    ] {
        let serve = async {
            let mut connection = upstream.accept().await;
            connection.head().await;
            connection.send(answer).await;
        };
        let ((), answer) = tokio::join!(serve, world.proxy("acme", "/x", &token));
        answer.expect_error(502, "connection", None);
        assert_clean("an answer", &answer.body);
    }
    assert!(log.text().contains("request did not succeed"));
    assert_clean("the log", log.text().as_bytes());
}
