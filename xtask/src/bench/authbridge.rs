//! Authbridge, set up through its public interface.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

use super::server::{Server, free_port};
use super::{PROXY_CORE, http};
use crate::error::TaskError;

/// The document of the upstream, through the connection.
pub(crate) const PATH: &str = "/connections/bench/proxy/data.json";

const WORKSPACE_KEY: &str = "bench-workspace";
const WORKSPACE_SECRET: &str = "a-workspace-secret-of-the-benchmark-only";

const SPEC: &str = "key: bench
name: Bench
auth:
  type: client-credentials
  ui:
    schema:
      type: object
      properties:
        apiKey: {type: string, title: API key}
      required: [apiKey]
  makeApiClient:
    implementationType: mapping
";

const INTEGRATION: &str = "key: bench
name: Bench
connectorKey: bench
";

/// How long a start may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// A workspace with one connector, ready to be served.
#[derive(Debug)]
pub(crate) struct Authbridge {
    executable: PathBuf,
    scratch: PathBuf,
    port: u16,
}

impl Authbridge {
    /// Writes the connector and the integration for an upstream on port `upstream`.
    pub(crate) fn prepare(
        executable: PathBuf,
        scratch: &Path,
        upstream: u16,
    ) -> Result<Self, TaskError> {
        let api_client = format!(
            "baseUri: http://127.0.0.1:{upstream}\n\
             headers: {{Authorization: {{$concat: ['Bearer ', {{$var: credentials.apiKey}}]}}}}\n"
        );
        let files = [
            ("connectors/bench/spec.yml", SPEC),
            ("connectors/bench/auth/make-api-client.map.yml", &api_client),
            ("integrations/bench/bench.yaml", INTEGRATION),
        ];
        for (name, text) in files {
            let path = scratch.join("workspace").join(name);
            let directory = path.parent().unwrap_or(&path);
            fs::create_dir_all(directory).map_err(TaskError::file(directory))?;
            fs::write(&path, text).map_err(TaskError::file(&path))?;
        }
        Ok(Self {
            executable,
            scratch: scratch.to_owned(),
            port: free_port()?,
        })
    }

    /// Starts the server and waits until it listens.
    pub(crate) fn start(&self) -> Result<Server, TaskError> {
        Server::start(&self.command(), PROXY_CORE, self.port, &self.log())
    }

    /// Times from starting the process to the first answer through the proxy, on the database that
    /// is there.
    pub(crate) fn measure_starts(
        &self,
        count: usize,
        authorization: &str,
    ) -> Result<Vec<Duration>, TaskError> {
        (0..count)
            .map(|_| self.measure_start(authorization))
            .collect()
    }

    fn measure_start(&self, authorization: &str) -> Result<Duration, TaskError> {
        let started = Instant::now();
        let mut server = Server::spawn(&self.command(), PROXY_CORE, self.port, &self.log())?;
        loop {
            if http::get(self.port, PATH, Some(authorization))
                .is_ok_and(|answer| answer.is_success())
            {
                let elapsed = started.elapsed();
                server.stop()?;
                return Ok(elapsed);
            }
            server.check_running()?;
            if started.elapsed() > PATIENCE {
                return Err(TaskError::Measurement(
                    "no request came through after the start".to_owned(),
                ));
            }
            std::thread::sleep(Duration::from_micros(500));
        }
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.executable);
        command
            .arg("serve")
            .arg(self.scratch.join("workspace"))
            .args(["--dev", "--threads", "1"]);
        command.args(["--listen", &format!("127.0.0.1:{}", self.port)]);
        command.arg("--data-dir").arg(self.scratch.join("data"));
        command
            .env("AUTHBRIDGE_WORKSPACE_KEY", WORKSPACE_KEY)
            .env("AUTHBRIDGE_WORKSPACE_SECRET", WORKSPACE_SECRET);
        command
    }

    fn log(&self) -> PathBuf {
        self.scratch.join("authbridge.log")
    }
}

/// Connects the customer's account; the result is what they send as `Authorization`.
pub(crate) fn connect(server: &Server) -> Result<String, TaskError> {
    let authorization = format!("Bearer {}", customer_token()?);
    let connection = json!({ "integrationKey": "bench", "name": "bench", "input": { "apiKey": "bench-api-key" } });
    let answer = http::post(server.port(), "/connections", &authorization, &connection)?;
    if !answer.is_success() {
        return Err(TaskError::Measurement(format!(
            "the account could not be connected: {answer:?}"
        )));
    }
    Ok(authorization)
}

/// What an administrator sends as `Authorization`.
pub(crate) fn admin() -> Result<String, TaskError> {
    let token = token(json!({ "isAdmin": true, "name": "Bench" }))?;
    Ok(format!("Bearer {token}"))
}

/// A customer's token as their backend would sign it (wire contract A.3).
fn customer_token() -> Result<String, TaskError> {
    token(json!({ "id": "customer-1", "name": "Bench" }))
}

/// A token with `claims`, valid for two hours.
fn token(mut claims: Value) -> Result<String, TaskError> {
    #[expect(
        clippy::disallowed_methods,
        reason = "a token for a real server needs the real time"
    )]
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs();
    if let Some(members) = claims.as_object_mut() {
        members.insert("iss".into(), WORKSPACE_KEY.into());
        members.insert("iat".into(), now.into());
        members.insert("exp".into(), (now + 7200).into());
    }
    let key = EncodingKey::from_secret(WORKSPACE_SECRET.as_bytes());
    let token = encode(&Header::new(Algorithm::HS256), &claims, &key);
    token.map_err(|error| TaskError::Measurement(format!("the token could not be signed: {error}")))
}
