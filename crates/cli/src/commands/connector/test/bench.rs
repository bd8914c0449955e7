//! What a connector is tested with: an engine of its own, and a simulated API in the place of every
//! host.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use authbridge_core::connector::FunctionName;
use authbridge_core::secret::ExposeSecret as _;
use authbridge_core::{Effects, SecretJson};
use authbridge_engine::egress::{Deadlines, Egress, Policy};
use authbridge_engine::{ConnectRequest, EngineError, LoadError, LogSink};
use authbridge_server::ApiError;
use authbridge_testkit::{SimulatedApi, TokenCheck};
use http::{HeaderMap, Method};
use serde_json::{Map, Value, json};

use crate::api::{Api, is_own_error, read, segment};
use crate::commands::local::{LocalEngine, LocalOptions};
use crate::error::CliError;

/// Key of the workspace that connectors are tested in.
pub(super) const WORKSPACE: &str = "connector-test";

pub(super) struct Bench {
    pub(super) simulated: SimulatedApi,
    pub(super) local: LocalEngine,
    admin: Api,
    customers: AtomicU64,
}

/// A customer of the test's, with their own view of the engine's API.
pub(super) struct Person {
    pub(super) id: String,
    /// What the engine knows them by.
    pub(super) token: String,
    pub(super) api: Api,
}

/// The answer to a request through a connection.
pub(super) struct Proxied {
    pub(super) status: u16,
    pub(super) data: Value,
}

/// What a function returned, or the error as the API would answer it, and what it logged.
pub(super) type Tried = (Result<Value, Value>, Vec<Value>);

impl Bench {
    pub(super) async fn start(effects: Effects) -> Result<Self, CliError> {
        let secret = crate::setup::new_secret(&effects);
        let tokens = TokenCheck {
            workspace_secret: Some(secret.expose_secret().to_owned()),
            now: None,
        };
        let simulated = SimulatedApi::start(tokens).await?;
        let policy = Policy {
            redirect_all_to: Some(simulated.address()),
            ..Policy::default()
        };
        let options = LocalOptions {
            workspace: WORKSPACE,
            secret,
            egress: Egress::new(policy, Deadlines::default()),
            listen: ([127, 0, 0, 1], 0).into(),
        };
        let local = LocalEngine::start(options, effects).await?;
        Ok(Self {
            admin: local.admin()?,
            simulated,
            local,
            customers: AtomicU64::new(0),
        })
    }

    /// Loads the connectors of `path`.
    pub(super) async fn load(&self, path: &Path) -> Result<(), CliError> {
        let session = self.local.engine.operator_session(WORKSPACE).await?;
        let loaded = self.local.engine.load_directory(&session, path).await;
        loaded.map(|_| ()).map_err(|error| match error {
            LoadError::Read(error) => CliError::Read(error),
            LoadError::Engine(error) => CliError::Engine(error),
        })
    }

    /// A call of the API by an admin.
    pub(super) async fn admin(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, CliError> {
        self.admin.call(method, path, body).await
    }

    /// Makes an integration of its own for a version of `connector`, and gives its key.
    pub(super) async fn install(
        &self,
        connector: &str,
        version: Option<&str>,
        parameters: &Value,
    ) -> Result<String, CliError> {
        let key = match version {
            Some(version) => format!("test-of-{connector}-{version}"),
            None => format!("test-of-{connector}"),
        };
        let integration = json!({
            "key": key,
            "connectorKey": connector,
            "connectorVersion": version,
            "parameters": parameters,
        });
        let body = Some(&integration);
        self.admin.call(Method::POST, "/integrations", body).await?;
        Ok(key)
    }

    /// A connection made by an admin from `body`, for `person`; gives its id.
    pub(super) async fn connect_as_given(
        &self,
        person: &Person,
        body: &Value,
    ) -> Result<String, CliError> {
        // The customer comes into being with their first call.
        person.api.call(Method::GET, "/self", None).await?;
        let body = Some(body);
        let connection = self.admin.call(Method::POST, "/connections", body).await?;
        let id = connection.get("id").and_then(Value::as_str);
        Ok(id.unwrap_or_default().to_owned())
    }

    /// Replaces the parameters of an integration.
    pub(super) async fn set_parameters(
        &self,
        integration: &str,
        parameters: &Value,
    ) -> Result<(), CliError> {
        let path = format!("/integrations/{}", segment(integration));
        let body = json!({ "parameters": parameters });
        self.admin.call(Method::PATCH, &path, Some(&body)).await?;
        Ok(())
    }

    /// Runs one function with what `connection` has and with `own` arguments: its result or the
    /// error as the API would answer it, and what it logged.
    pub(super) async fn try_function(
        &self,
        connection: &str,
        function: FunctionName,
        own: SecretJson,
    ) -> Result<Tried, CliError> {
        let session = self.local.engine.operator_session(WORKSPACE).await?;
        let logs = LogSink::default();
        let engine = self.local.engine.collecting(logs.clone());
        let result = engine
            .try_function(&session, connection, function, own)
            .await;
        Ok(tried(result, &logs))
    }

    /// The same before there is a connection: with what `person` connects by `request`.
    pub(super) async fn try_before_connecting(
        &self,
        person: &Person,
        request: &ConnectRequest,
        function: FunctionName,
        own: SecretJson,
    ) -> Result<Tried, CliError> {
        let logs = LogSink::default();
        let engine = self.local.engine.collecting(logs.clone());
        let session = engine.authenticate(&person.token).await?;
        let result = engine
            .try_function_before_connecting(&session, request, function, own)
            .await;
        Ok(tried(result, &logs))
    }

    /// Somebody who has no connections yet.
    pub(super) fn person(&self) -> Result<Person, CliError> {
        let number = self.customers.fetch_add(1, Ordering::Relaxed);
        let id = format!("customer-{number}");
        let token = self.local.customer_token(&id, Map::new())?;
        let api = Api::with_token(&self.local.url, &token)?;
        Ok(Person { id, token, api })
    }
}

fn tried(result: Result<Option<Value>, EngineError>, logs: &LogSink) -> Tried {
    let logs = logs.take().iter().map(|entry| json!(entry)).collect();
    let result = match result {
        Ok(value) => Ok(value.unwrap_or_default()),
        Err(error) => Err(ApiError::from(error).to_json()),
    };
    (result, logs)
}

impl Person {
    /// Connects an account; the answer is the connection.
    pub(super) async fn connect(
        &self,
        integration: &str,
        option: Option<&str>,
        input: &Value,
    ) -> Result<Value, CliError> {
        let body = json!({
            "integrationKey": integration, "authOptionKey": option, "input": input,
        });
        let path = "/connections?logs=1";
        self.api.call(Method::POST, path, Some(&body)).await
    }

    /// The connection as the API shows it.
    pub(super) async fn connection(&self, connection: &str) -> Result<Value, CliError> {
        let path = format!("/connections/{}", segment(connection));
        self.api.call(Method::GET, &path, None).await
    }

    /// `POST`s to something below a connection.
    pub(super) async fn post(
        &self,
        connection: &str,
        what: &str,
        body: Option<&Value>,
    ) -> Result<Value, CliError> {
        let path = format!("/connections/{}/{what}?logs=1", segment(connection));
        self.api.call(Method::POST, &path, body).await
    }

    pub(super) async fn disconnect(&self, connection: &str) -> Result<Value, CliError> {
        let path = format!("/connections/{}?logs=1", segment(connection));
        self.api.call(Method::DELETE, &path, None).await
    }

    /// A request through a connection. Statuses of the API are no errors here.
    pub(super) async fn request(
        &self,
        connection: &str,
        method: Method,
        path: &str,
        headers: HeaderMap,
        data: Option<&Value>,
    ) -> Result<Proxied, CliError> {
        let path = format!(
            "/connections/{}/proxy/{}",
            segment(connection),
            path.trim_start_matches('/')
        );
        let body = match data {
            None => bytes::Bytes::new(),
            Some(Value::String(text)) => text.clone().into(),
            Some(data) => data.to_string().into(),
        };
        let response = self.api.send(method, &path, headers, body.into()).await?;
        let status = response.status();
        let is_own = is_own_error(status, response.headers());
        let bytes = read(response).await?;
        let data = match serde_json::from_slice(&bytes) {
            Ok(value) => value,
            Err(_) => String::from_utf8_lossy(&bytes).into_owned().into(),
        };
        if is_own {
            return Err(CliError::api(status, data));
        }
        Ok(Proxied {
            status: status.as_u16(),
            data,
        })
    }
}
