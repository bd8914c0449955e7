//! One refresh, under a lease: ask, keep what comes, or note why nothing came.

use std::time::Duration;

use authbridge_core::auth::retry::FailureClass;
use authbridge_core::auth::{self, Arguments, AuthError, AuthFlow, Issued, Start};
use authbridge_core::id::LeaseId;
use authbridge_store::{Connection, ConnectionState, Intent, NewCredentials, Released, StoreError};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use super::{Cause, failure};
use crate::open::Opened;
use crate::{Engine, EngineError, Session};

/// How often the external app is asked before a failure that may pass counts.
const ASKS: u32 = 3;

/// The pause before it is asked again; it doubles.
const PAUSE: Duration = Duration::from_millis(250);

/// How often it is tried to keep an answer while the database refuses.
const COMMITS: u32 = 10;

/// How long credentials that the external app does not want to replace yet are left alone.
const TOO_EARLY: SignedDuration = SignedDuration::from_secs(30);

pub(super) struct Attempt {
    pub(super) engine: Engine,
    pub(super) session: Session,
    pub(super) opened: Opened,
    pub(super) cause: Cause,
    pub(super) lease: LeaseId,
    /// An earlier attempt with the same credentials that nobody knows the end of.
    pub(super) interrupted: Option<Intent>,
}

impl Attempt {
    pub(super) async fn make(self) -> Result<Opened, EngineError> {
        let deadline = self.engine.token_deadline;
        let asked = timeout(deadline, self.ask()).await;
        let asked = asked.unwrap_or_else(|_| {
            Err(AuthError::Unavailable {
                reason: format!(
                    "the external app did not answer within {} s",
                    deadline.as_secs_f64()
                ),
            }
            .into())
        });
        self.reached("refresh.answered");
        match asked {
            Ok(issued) if self.is_the_same(&issued) => self.come_back_later(&issued).await?,
            Ok(issued) => self.keep(issued).await?,
            Err(EngineError::Auth(error)) => {
                self.note(&error).await?;
                return Err(error.into());
            }
            // Ours, and nothing about the connection: the lease is given up all the same.
            Err(error) => {
                self.release(self.as_it_was()).await?;
                return Err(error);
            }
        }
        let id = &self.opened.connection.id;
        let connection = self.engine.connection_by_id(&self.session, id).await?;
        self.engine.open(&self.session, connection).await
    }

    fn reached(&self, step: &'static str) {
        self.engine.shared.effects.reached(step);
    }

    fn now(&self) -> Timestamp {
        self.engine.shared.effects.now()
    }

    /// Asks the external app. A failure that may pass is asked about again at once, so that
    /// callers who wait see nothing of it.
    async fn ask(&self) -> Result<Issued, EngineError> {
        let setup = &self.opened.setup;
        let flow = auth::flow(setup.option.auth_type)?;
        let mut pause = PAUSE;
        for _ in 1..ASKS {
            match self.ask_once(flow).await {
                Err(EngineError::Auth(error))
                    if error.failure_class() == FailureClass::Transient =>
                {
                    super::not_refreshed(self.opened.connection.id.as_str(), &error);
                }
                settled => return settled,
            }
            sleep(pause.mul_f64(0.5 + self.engine.jitter())).await;
            pause *= 2;
        }
        self.ask_once(flow).await
    }

    async fn ask_once(&self, flow: &dyn AuthFlow) -> Result<Issued, EngineError> {
        let (engine, setup) = (&self.engine, &self.opened.setup);
        let mut runner = engine.runner(&self.session, setup, &self.opened.owner, None)?;
        if self.cause == Cause::Due {
            // Nobody waits for it, so it may wait for its turn.
            runner.hosts = Some(&engine.shared.hosts);
        }
        let redirect_uri = engine.redirect_uri(&setup.integration);
        let start = Start {
            redirect_uri: &redirect_uri,
            state: "",
        };
        let arguments = &self.opened.arguments;
        let refreshing = flow.refresh(&mut runner, &setup.option, arguments, &start);
        Ok(refreshing.await?)
    }

    /// Some providers answer with the same tokens until these have nearly expired.
    fn is_the_same(&self, issued: &Issued) -> bool {
        let old = self.opened.arguments.credentials.as_ref();
        let tokens = |credentials: &Value| {
            ["access_token", "refresh_token"].map(|name| credentials.get(name).cloned())
        };
        let new = tokens(issued.credentials.expose());
        new.iter().any(Option::is_some) && old.is_some_and(|old| tokens(old.expose()) == new)
    }

    async fn come_back_later(&self, issued: &Issued) -> Result<(), EngineError> {
        let now = self.now();
        let due = self.opened.connection.expires_at.map(|expires_at| {
            let half = expires_at.duration_since(now) / 2;
            now + half.max(TOO_EARLY)
        });
        self.release(Released {
            state: ConnectionState::Ready,
            error: None,
            refresh_due_at: due.filter(|_| issued.is_refreshable),
            retry_at: None,
            retry_attempts: 0,
            interrupted: None,
        })
        .await
    }

    /// Keeps the answer. While the database refuses it waits in the spool.
    async fn keep(&self, issued: Issued) -> Result<(), EngineError> {
        let schedule = self.engine.schedule(&issued);
        let new = NewCredentials {
            credentials: issued.credentials,
            input: None,
            connector_parameters: None,
            state: ConnectionState::Ready,
            error: None,
            scopes: issued.scopes,
            expires_at: schedule.expires_at,
            refresh_due_at: schedule.refresh_due_at,
            is_refreshable: issued.is_refreshable,
        };
        match self.commit(&new).await {
            Ok(connection) => {
                self.engine.shared.clients.forget(&connection.id).await;
                self.tell("connection.refreshed", &connection, json!({}))
                    .await
            }
            // A reconnect or an archive came between, and wins.
            Err(StoreError::GenerationMoved) => {
                self.discard(new).await;
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn commit(&self, new: &NewCredentials) -> Result<Connection, StoreError> {
        let store = &self.engine.shared.store;
        let (workspace, opened) = (self.session.workspace_id(), &self.opened);
        let mut pause = PAUSE;
        let mut refused = 0;
        loop {
            let id = &opened.connection.id;
            let committing =
                store.commit_refresh(workspace, id, &self.lease, opened.generation, new.clone());
            match committing.await {
                Err(StoreError::Spooled(error)) if refused < COMMITS => {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        connection.id = %id,
                        "fresh credentials wait in the spool until the database takes them"
                    );
                    refused += 1;
                    sleep(pause).await;
                    pause = (pause * 2).min(Duration::from_secs(2));
                }
                settled => return settled,
            }
        }
    }

    /// Tells the provider that nobody will use what it just issued, where it wants to be told.
    async fn discard(&self, new: NewCredentials) {
        let arguments = Arguments {
            credentials: Some(new.credentials),
            ..self.opened.arguments.clone()
        };
        let revoking = self.engine.revoke(&self.session, &self.opened, &arguments);
        if let Err(error) = revoking.await {
            tracing::info!(
                error = &error as &dyn std::error::Error,
                connection.id = %self.opened.connection.id,
                "credentials that came too late were not revoked"
            );
        }
    }

    /// Notes a failure, and when to try again.
    async fn note(&self, error: &AuthError) -> Result<(), EngineError> {
        let connection = &self.opened.connection;
        let interrupted = self.interrupted.as_ref();
        let (now, jitter) = (self.now(), self.engine.jitter());
        let (class, released) = failure::after(error, connection, interrupted, now, jitter);
        let detail = json!({
            "class": class.as_str(),
            "error": released.error.clone().unwrap_or_else(|| failure::stored(error, class, None)),
            "attempt": released.retry_attempts,
            "retryAt": released.retry_at.map(|at| at.to_string()),
        });
        self.release(released).await?;
        self.engine.shared.clients.forget(&connection.id).await;
        self.tell("connection.refresh_failed", connection, detail)
            .await
    }

    /// The connection as if nobody had tried.
    fn as_it_was(&self) -> Released {
        let connection = &self.opened.connection;
        Released {
            state: connection.state,
            error: connection.error.clone(),
            refresh_due_at: connection.refresh_due_at,
            retry_at: connection.retry_at,
            retry_attempts: connection.retry_attempts,
            interrupted: self.interrupted.clone(),
        }
    }

    async fn release(&self, released: Released) -> Result<(), EngineError> {
        let store = &self.engine.shared.store;
        let id = &self.opened.connection.id;
        let workspace = self.session.workspace_id();
        store
            .release_refresh(workspace, id, &self.lease, released)
            .await?;
        Ok(())
    }

    async fn tell(
        &self,
        action: &str,
        connection: &Connection,
        mut detail: Value,
    ) -> Result<(), EngineError> {
        if let Value::Object(members) = &mut detail {
            members.insert("cause".into(), self.cause.as_str().into());
        }
        let engine = &self.engine;
        engine
            .audit_with(&self.session, action, connection, detail)
            .await
    }
}
