//! The executable, running, and a client of it.

use std::error::Error;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use authbridge_core::Effects;
use bytes::Bytes;
use http::{Method, Request};
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::TokioIo;
use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

const KEY: &str = "bench";
const SECRET: &str = "a-workspace-secret-of-the-benchmark-only";

/// How long a stop may take.
const PATIENCE: Duration = Duration::from_mins(1);

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// A running server with a data directory of its own.
pub(crate) struct Authbridge {
    child: Child,
    address: SocketAddr,
    _directory: TempDir,
}

impl Authbridge {
    pub(crate) async fn start(executable: &Path) -> Result<Self> {
        let directory = tempfile::tempdir()?;
        let mut child = Command::new(executable)
            .args(["serve", "--dev", "--listen", "127.0.0.1:0"])
            .current_dir(directory.path())
            .env("AUTHBRIDGE_WORKSPACE_KEY", KEY)
            .env("AUTHBRIDGE_WORKSPACE_SECRET", SECRET)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let stdout = child.stdout.take().ok_or("no standard output")?;
        let mut lines = BufReader::new(stdout).lines();
        let address = loop {
            let line = lines.next_line().await?.ok_or("the server ended")?;
            if let Some(address) = line.strip_prefix("listening on http://") {
                break address.parse()?;
            }
        };
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(Self {
            child,
            address,
            _directory: directory,
        })
    }

    pub(crate) async fn stop(mut self) -> Result<()> {
        let id = self.child.id().ok_or("the server has ended")?.to_string();
        Command::new("kill").arg(id).status().await?;
        tokio::time::timeout(PATIENCE, self.child.wait()).await??;
        Ok(())
    }

    /// Resident memory of its own in MiB, without the pages of files such as the database's.
    pub(crate) fn memory(&self) -> Result<u64> {
        let id = self.child.id().ok_or("the server has ended")?;
        let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
        let mut lines = status.lines();
        let line = lines.find_map(|line| line.strip_prefix("RssAnon:"));
        let kibibytes = line.and_then(|line| line.split_whitespace().next());
        Ok(kibibytes.ok_or("no RssAnon")?.parse::<u64>()? / 1024)
    }

    /// Installs a connector of a provider.
    pub(crate) async fn install(&self, key: &str, provider: &str) -> Result<()> {
        let mapping = |value: Value| json!({ "type": "mapping", "mapping": value });
        let connector = json!({
            "key": key,
            "name": key,
            "type": "oauth2",
            "getOAuthConfig": mapping(json!({
                "clientId": "simulated-client",
                "clientSecret": "simulated-secret",
                "authorizeUri": format!("{provider}/authorize"),
                "tokenUri": format!("{provider}/token"),
            })),
            "makeApiClient": mapping(json!({
                "baseUri": provider,
                "headers": {"Authorization": {
                    "$concat": ["Bearer ", {"$var": "credentials.access_token"}],
                }},
            })),
        });
        self.call(Method::POST, "/connectors", &admin()?, &connector)
            .await?;
        let integration = json!({ "key": key, "connectorKey": key });
        self.call(Method::POST, "/integrations", &admin()?, &integration)
            .await?;
        Ok(())
    }

    pub(crate) async fn connect(
        &self,
        key: &str,
        customer: &str,
        credentials: Value,
    ) -> Result<()> {
        let body = json!({ "integrationKey": key, "credentials": credentials });
        let token = token(json!({ "id": customer }))?;
        self.call(Method::POST, "/connections", &token, &body)
            .await?;
        Ok(())
    }

    /// The status of a request to the provider's API, through the proxy.
    pub(crate) async fn proxy(&self, key: &str, token: &str) -> Result<u16> {
        let path = format!("/connections/{key}/proxy/api/things");
        Ok(self.send(Method::GET, &path, token, "").await?.0)
    }

    /// All connections.
    pub(crate) async fn connections(&self) -> Result<Vec<Value>> {
        let mut all = Vec::new();
        let mut cursor = String::new();
        loop {
            let path = format!("/connections?limit=1000&cursor={cursor}");
            let page = self
                .call(Method::GET, &path, &admin()?, &Value::Null)
                .await?;
            let items = page.get("items").and_then(Value::as_array);
            all.extend(items.cloned().unwrap_or_default());
            match page.get("cursor").and_then(Value::as_str) {
                Some(next) => next.clone_into(&mut cursor),
                None => return Ok(all),
            }
        }
    }

    async fn call(&self, method: Method, path: &str, token: &str, body: &Value) -> Result<Value> {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let (status, answer) = self.send(method, path, token, &body).await?;
        if status >= 300 {
            return Err(format!("{path}: {status} {}", String::from_utf8_lossy(&answer)).into());
        }
        Ok(serde_json::from_slice(&answer)?)
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        token: &str,
        body: &str,
    ) -> Result<(u16, Bytes)> {
        let stream = TcpStream::connect(self.address).await?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        let connection = tokio::spawn(connection);
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", self.address.to_string())
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "application/json")
            .body(Full::new(Bytes::copy_from_slice(body.as_bytes())))?;
        let (head, body) = sender.send_request(request).await?.into_parts();
        let body = body.collect().await?.to_bytes();
        connection.abort();
        Ok((head.status.as_u16(), body))
    }
}

fn admin() -> Result<String> {
    token(json!({ "isAdmin": true }))
}

/// A token with `claims`, for an hour.
pub(crate) fn token(mut claims: Value) -> Result<String> {
    let now = Effects::of_the_system().now().as_second();
    if let Value::Object(members) = &mut claims {
        members.insert("iss".into(), KEY.into());
        members.insert("iat".into(), now.into());
        members.insert("exp".into(), (now + 3600).into());
    }
    let key = EncodingKey::from_secret(SECRET.as_bytes());
    Ok(encode(&Header::default(), &claims, &key)?)
}
