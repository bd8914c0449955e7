//! An engine of this process, in a directory that is thrown away, with a server on loopback.

use std::net::SocketAddr;
use std::time::Duration;

use authbridge_core::secret::ExposeSecret as _;
use authbridge_core::token::{CallerClaims, SigningAlgorithm, SigningKey};
use authbridge_core::{Effects, SecretString};
use authbridge_engine::egress::Egress;
use authbridge_engine::{Engine, ScriptOptions, create_workspace};
use authbridge_server::{Options, Server};
use authbridge_store::{Access, Keyring, NewWorkspace, OpenOptions, Store};
use serde_json::{Map, Value};
use tempfile::TempDir;

use crate::api::Api;
use crate::error::CliError;

/// How long requests in progress may go on when it stops.
const GRACE: Duration = Duration::from_secs(2);

/// How long its tokens are valid, in seconds.
const TOKEN_SECONDS: i64 = 86_400;

/// What it is started with.
pub(super) struct LocalOptions {
    /// Key of its one workspace.
    pub(super) workspace: &'static str,
    /// The workspace's secret.
    pub(super) secret: SecretString,
    /// Where requests may go.
    pub(super) egress: Egress,
    /// Where it listens.
    pub(super) listen: SocketAddr,
}

/// A running engine; what it stored is gone when it stops.
pub(super) struct LocalEngine {
    pub(super) url: String,
    pub(super) engine: Engine,
    workspace: &'static str,
    secret: SecretString,
    store: Store,
    server: Server,
    /// Removed when dropped.
    _directory: TempDir,
}

impl LocalEngine {
    pub(super) async fn start(options: LocalOptions, effects: Effects) -> Result<Self, CliError> {
        let directory = tempfile::tempdir()?;
        let (keyring, _) = Keyring::generate(&effects);
        let open = OpenOptions {
            data_dir: directory.path().to_owned(),
            access: Access::Exclusive,
        };
        let store = Store::open(open, keyring, effects.clone()).await?;
        let new = NewWorkspace {
            key: options.workspace.to_owned(),
            name: None,
            secret: options.secret.clone(),
        };
        create_workspace(&store, &effects, new, SigningAlgorithm::Hs256).await?;
        let scripts = ScriptOptions::default();
        let engine = Engine::new(store.clone(), effects, options.egress, scripts);
        let serving = Options {
            address: options.listen,
            threads: 2,
            grace: GRACE,
        };
        let server = authbridge_server::start(&engine, serving)?;
        let url = format!("http://{}", server.address);
        let engine = match url.parse() {
            Ok(public) => engine.reached_at(public),
            Err(_) => engine,
        };
        Ok(Self {
            url,
            engine,
            workspace: options.workspace,
            secret: options.secret,
            store,
            server,
            _directory: directory,
        })
    }

    /// The key of its workspace.
    pub(super) const fn workspace(&self) -> &'static str {
        self.workspace
    }

    /// What signs the workspace's tokens.
    pub(super) const fn secret(&self) -> &SecretString {
        &self.secret
    }

    /// Its API, called by an admin.
    pub(super) fn admin(&self) -> Result<Api, CliError> {
        let mut claims = Map::new();
        claims.insert("isAdmin".into(), true.into());
        Api::with_token(&self.url, &self.token(claims)?)
    }

    /// A token for the customer `id`, with more `claims`.
    pub(super) fn customer_token(
        &self,
        id: &str,
        mut claims: Map<String, Value>,
    ) -> Result<String, CliError> {
        claims.insert("id".into(), id.into());
        self.token(claims)
    }

    fn token(&self, claims: Map<String, Value>) -> Result<String, CliError> {
        let claims = CallerClaims {
            workspace_key: self.workspace,
            claims,
            lifetime_seconds: TOKEN_SECONDS,
        };
        let key = SigningKey::from_secret(self.secret.expose_secret().as_bytes());
        claims
            .sign(&key, self.engine.effects())
            .ok_or_else(|| CliError::failed("the token cannot be signed"))
    }

    /// Stops it, and removes what it stored.
    pub(super) async fn stop(self) -> Result<(), CliError> {
        let server = self.server;
        let stopped = tokio::task::spawn_blocking(move || server.stop()).await;
        stopped.map_err(std::io::Error::other)?;
        self.store.close().await;
        Ok(())
    }
}
