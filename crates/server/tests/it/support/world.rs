//! A running server with everything around it.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use authbridge_core::SecretString;
use authbridge_core::token::SigningAlgorithm;
use authbridge_engine::egress::{Deadlines, Egress, Policy};
use authbridge_engine::{Engine, create_workspace};
use authbridge_server::{Options, Patience, Server, start_with};
use authbridge_store::{Access, AuditFilter, Kek, Keyring, NewWorkspace, OpenOptions, Page, Store};
use authbridge_testkit::{Provider, ProviderOptions, TokenCheck};
use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::TokioIo;
use jsonwebtoken::{EncodingKey, Header};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpStream;

use super::{Raw, TestClock};

pub(crate) const WORKSPACE_KEY: &str = "acme";
pub(crate) const WORKSPACE_SECRET: &str = "planted-workspace-secret-8841";

/// What a world is made with.
pub(crate) struct Setup {
    pub(crate) algorithm: SigningAlgorithm,
    pub(crate) policy: Policy,
    pub(crate) deadlines: Deadlines,
    pub(crate) patience: Patience,
    pub(crate) grace: Duration,
    pub(crate) threads: usize,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            algorithm: SigningAlgorithm::Hs256,
            policy: Policy {
                is_development: true,
                ..Policy::default()
            },
            deadlines: Deadlines::default(),
            patience: Patience::default(),
            grace: Duration::from_secs(20),
            threads: 1,
        }
    }
}

/// A server, its store, its clock, and a provider.
pub(crate) struct World {
    pub(crate) address: SocketAddr,
    pub(crate) provider: Provider,
    pub(crate) store: Store,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) server: Option<Server>,
    directory: TempDir,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {} {}", self.status, self.text()))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Fails unless this is an error of ours with this status, type and key.
    #[track_caller]
    pub(crate) fn expect_error(&self, status: u16, kind: &str, key: Option<&str>) -> Value {
        let body = self.json();
        assert_eq!(self.status, status, "{body}");
        assert_eq!(body["type"], kind, "{body}");
        assert_eq!(body["key"].as_str(), key, "{body}");
        assert!(body["message"].is_string(), "{body}");
        assert!(self.headers.contains_key("x-authbridge-error"));
        body
    }

    #[track_caller]
    pub(crate) fn expect(&self, status: u16) -> &Self {
        assert_eq!(self.status, status, "{}", self.text());
        self
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

/// One request to `address` on a connection of its own.
pub(crate) async fn fetch(address: SocketAddr, request: Request<Full<Bytes>>) -> Answer {
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut sender, connection) = hyper::client::conn::http1::Builder::new()
        .max_buf_size(1 << 20)
        .handshake(TokioIo::new(stream))
        .await
        .unwrap();
    let connection = tokio::spawn(connection);
    let (head, body) = sender.send_request(request).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    connection.abort();
    Answer {
        status: head.status,
        headers: head.headers,
        body,
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(Setup::default()).await
    }

    pub(crate) async fn with(setup: Setup) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let clock = Arc::new(TestClock::default());
        let effects = clock.effects();
        let options = OpenOptions {
            data_dir: directory.path().to_owned(),
            access: Access::Exclusive,
        };
        let keyring = Keyring::new(Kek::new("main", [7; 32]).unwrap(), Vec::new());
        let store = Store::open(options, keyring, effects.clone())
            .await
            .unwrap();
        let new = NewWorkspace {
            key: WORKSPACE_KEY.into(),
            name: None,
            secret: SecretString::from(WORKSPACE_SECRET),
        };
        create_workspace(&store, &effects, new, setup.algorithm)
            .await
            .unwrap();
        let is_hmac = setup.algorithm == SigningAlgorithm::Hs256;
        let tokens = TokenCheck {
            workspace_secret: is_hmac.then(|| WORKSPACE_SECRET.into()),
            now: None,
        };
        let provider = Provider::start(ProviderOptions {
            tokens,
            ..ProviderOptions::default()
        });
        let egress = Egress::new(setup.policy, setup.deadlines);
        let engine = Engine::new(
            store.clone(),
            effects,
            egress,
            authbridge_engine::ScriptOptions::default(),
        );
        let options = Options {
            address: "127.0.0.1:0".parse().unwrap(),
            threads: setup.threads,
            grace: setup.grace,
        };
        let server = start_with(&engine, options, setup.patience).unwrap();
        Self {
            address: server.address,
            provider: provider.await.unwrap(),
            server: Some(server),
            store,
            clock,
            directory,
        }
    }

    pub(crate) fn data_dir(&self) -> &Path {
        self.directory.path()
    }

    /// A customer's token, good for an hour.
    pub(crate) fn customer(&self, id: &str) -> String {
        self.sign(json!({"id": id}))
    }

    pub(crate) fn admin(&self) -> String {
        self.sign(json!({"isAdmin": true, "name": "the test"}))
    }

    /// `claims` with issuer and times.
    pub(crate) fn sign(&self, mut claims: Value) -> String {
        let now = self.clock.seconds();
        let members = claims.as_object_mut().unwrap();
        members.entry("iss").or_insert(WORKSPACE_KEY.into());
        members.entry("iat").or_insert(now.into());
        members.entry("exp").or_insert((now + 3600).into());
        let key = EncodingKey::from_secret(WORKSPACE_SECRET.as_bytes());
        jsonwebtoken::encode(&Header::default(), &claims, &key).unwrap()
    }

    /// One request on a connection of its own.
    pub(crate) async fn send(&self, request: Request<Full<Bytes>>) -> Answer {
        fetch(self.address, request).await
    }

    pub(crate) async fn call(
        &self,
        method: Method,
        path: &str,
        token: &str,
        body: Option<Value>,
    ) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "authbridge.test")
            .header("authorization", format!("Bearer {token}"));
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        self.send(request.body(Full::from(body)).unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str, token: &str) -> Answer {
        self.call(Method::GET, path, token, None).await
    }

    pub(crate) async fn post(&self, path: &str, token: &str, body: Value) -> Answer {
        self.call(Method::POST, path, token, Some(body)).await
    }

    pub(crate) async fn patch(&self, path: &str, token: &str, body: Value) -> Answer {
        self.call(Method::PATCH, path, token, Some(body)).await
    }

    pub(crate) async fn delete(&self, path: &str, token: &str) -> Answer {
        self.call(Method::DELETE, path, token, None).await
    }

    /// A raw connection to the server.
    pub(crate) async fn raw(&self) -> Raw {
        Raw::connect(self.address).await
    }

    /// Pushes a connector, and installs it under the same key.
    #[track_caller]
    pub(crate) fn install(&self, connector: Value) -> impl Future<Output = ()> {
        self.install_with(connector, json!({}))
    }

    /// The same with more members for the integration.
    pub(crate) async fn install_with(&self, connector: Value, integration: Value) {
        let admin = self.admin();
        let key = connector["key"].as_str().unwrap().to_owned();
        self.post("/connectors", &admin, connector)
            .await
            .expect(201);
        let mut body = json!({"key": key, "connectorKey": key});
        for (name, value) in integration.as_object().unwrap() {
            body[name] = value.clone();
        }
        self.post("/integrations", &admin, body).await.expect(201);
    }

    /// Installs the API key connector `key` in front of the provider, and connects `token`'s
    /// customer through it.
    pub(crate) async fn connected(&self, key: &str, token: &str) -> String {
        let connector = super::api_key_connector(key, self.provider.base_uri());
        self.install(connector).await;
        self.connect(key, token).await
    }

    /// Connects with the key that the provider accepts; gives the connection's id.
    pub(crate) async fn connect(&self, integration: &str, token: &str) -> String {
        let input = json!({"apiKey": "simulated-api-key"});
        let answer = self.connect_with(integration, token, input).await;
        answer.expect(201);
        answer.json()["id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn connect_with(
        &self,
        integration: &str,
        token: &str,
        input: Value,
    ) -> Answer {
        let body = json!({"integrationKey": integration, "input": input});
        self.post("/connections", token, body).await
    }

    /// `GET` through the proxy.
    pub(crate) async fn proxy(&self, connection: &str, path: &str, token: &str) -> Answer {
        self.get(&format!("/connections/{connection}/proxy{path}"), token)
            .await
    }

    /// What was done to `subject`, in the order of the alphabet: the clock stands still.
    pub(crate) async fn audited(&self, subject: &str) -> Vec<String> {
        let key = WORKSPACE_KEY;
        let workspace = self.store.find_workspace_by_key(key).await.unwrap();
        let filter = AuditFilter {
            subject: Some(subject.to_owned()),
        };
        let found = self
            .store
            .list_audit(&workspace.unwrap().id, filter, Page::default())
            .await
            .unwrap();
        let mut actions: Vec<_> = found.items.into_iter().map(|it| it.action).collect();
        actions.sort();
        actions
    }
}
