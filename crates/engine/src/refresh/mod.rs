//! Renewing the credentials of a connection: by request, because they have expired, or because
//! the external app no longer took them.
//!
//! The protocol is that of ARCHITECTURE.md, "Refresh that cannot lose a token": within the process
//! one task at a time has a connection; between processes a lease decides, which is longer than
//! anything that is done under it. `attempt` is what happens under the lease, `failure` what a
//! failed attempt means.

mod attempt;
mod failure;
mod underway;

use std::time::Duration;

use async_trait::async_trait;
use authbridge_core::SecretJson;
use authbridge_core::auth::{Arguments, AuthError};
use authbridge_core::id::LeaseId;
use authbridge_store::{Claim, Claimed, Connection, ConnectionState, Intent};
use aws_lc_rs::digest::{SHA256, digest};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tokio::time::{Instant, sleep};

use crate::functions::Renewal;
use crate::open::Opened;
use crate::{Engine, EngineError, PreparedClient, Session};

pub(crate) use underway::Attempts;

/// How long the external app may take to answer, all requests of one refresh together, unless
/// the operator says otherwise.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

/// How long storing the answer may take.
const COMMIT: Duration = Duration::from_secs(15);

/// What a lease lasts beyond both, for clocks that differ between processes.
const SLACK: Duration = Duration::from_secs(15);

/// How long a lease is in force. Nobody else may begin before whoever has it is done.
const fn lease_of(deadline: Duration) -> Duration {
    deadline.saturating_add(COMMIT).saturating_add(SLACK)
}

/// How often to look whether it is done.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Why credentials are renewed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// Somebody said so.
    Asked,
    /// The external app no longer took them.
    Refused,
    /// It is time.
    Due,
}

impl Cause {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Refused => "refused",
            Self::Due => "due",
        }
    }
}

impl Engine {
    /// Renews the credentials of a connection now.
    pub async fn refresh_credentials(
        &self,
        session: &Session,
        selector: &str,
    ) -> Result<Connection, EngineError> {
        let connection = self.connection(session, selector).await?;
        let generation = connection.generation;
        let renewing = self.renew(session, connection, generation, Cause::Asked);
        Ok(Box::pin(renewing).await?.connection)
    }

    /// The external app refused what `client` sent: a client with fresh credentials, or `None`
    /// where there are none to be had.
    pub async fn renewed_client(
        &self,
        session: &Session,
        client: &PreparedClient,
    ) -> Result<Option<std::sync::Arc<PreparedClient>>, EngineError> {
        if !client.can_refresh {
            return Ok(None);
        }
        let id = client.connection_id.as_str();
        let connection = self.connection(session, id).await?;
        let renewing = self.renew(session, connection, client.generation, Cause::Refused);
        match Box::pin(renewing).await {
            Ok(opened) if opened.generation == client.generation => Ok(None),
            Ok(_) => Ok(Some(self.client(session, id).await?)),
            Err(EngineError::Auth(error)) => {
                not_refreshed(id, &error);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Renews credentials whose generation is `seen`. Of several who ask, one does it; the others
    /// wait, and get what it got.
    pub(crate) async fn renew(
        &self,
        session: &Session,
        connection: Connection,
        seen: u64,
        cause: Cause,
    ) -> Result<Opened, EngineError> {
        if let Some(account) = &connection.parent_id {
            let account = self.connection_by_id(session, account).await?;
            Box::pin(self.renew(session, account, seen, cause)).await?;
            let connection = self.connection_by_id(session, &connection.id).await?;
            return self.open(session, connection).await;
        }
        let id = connection.id;
        let _one_at_a_time = self.shared.refreshing.lock(id.as_str()).await;
        let patience = Instant::now() + self.token_deadline + COMMIT;
        loop {
            let connection = self.connection_by_id(session, &id).await?;
            let opened = self.open(session, connection).await?;
            if opened.generation != seen {
                return Ok(opened);
            }
            self.check_attempt(&opened, cause)?;
            let lease = LeaseId::generate(&self.shared.effects);
            match self.claim(session, &opened, &lease).await? {
                Claimed::Granted { interrupted } => {
                    return self
                        .attempt_apart(session, opened, cause, lease, interrupted)
                        .await;
                }
                Claimed::Moved => {}
                Claimed::Held { .. } if Instant::now() < patience => sleep(LOOK_EVERY).await,
                Claimed::Held { .. } => {
                    return Err(AuthError::Unavailable {
                        reason: "another process refreshes these credentials, and takes too long"
                            .to_owned(),
                    }
                    .into());
                }
            }
        }
    }

    /// Whether it makes sense to try. Who asks in person always may.
    fn check_attempt(&self, opened: &Opened, cause: Cause) -> Result<(), EngineError> {
        if !opened.can_refresh() {
            let reason = "the external app gave nothing to refresh them with, and their connector has no \
                          `refreshCredentials`";
            return Err(AuthError::NotRefreshable(reason).into());
        }
        if cause == Cause::Asked {
            return Ok(());
        }
        let connection = &opened.connection;
        let now = self.shared.effects.now();
        if let Some(at) = connection.retry_at.filter(|at| *at > now) {
            let reason = format!("refreshing the credentials failed, and is tried again at {at}");
            return Err(AuthError::Unavailable { reason }.into());
        }
        if connection.state == ConnectionState::ClientActionRequired
            && failure::is_final(connection)
        {
            let reason = "the external app no longer takes them: the account has to be connected \
                          again";
            return Err(AuthError::NotRefreshable(reason).into());
        }
        Ok(())
    }

    async fn claim(
        &self,
        session: &Session,
        opened: &Opened,
        lease: &LeaseId,
    ) -> Result<Claimed, EngineError> {
        let lifetime = lease_of(self.token_deadline);
        let lifetime = SignedDuration::try_from(lifetime).unwrap_or(SignedDuration::MAX);
        let claim = Claim {
            generation: opened.generation,
            lease: lease.clone(),
            until: self.in_at_most(lifetime),
            fingerprint: fingerprint(&opened.arguments),
        };
        let store = &self.shared.store;
        let id = &opened.connection.id;
        Ok(store
            .claim_refresh(session.workspace_id(), id, claim)
            .await?)
    }

    fn in_at_most(&self, duration: SignedDuration) -> Timestamp {
        let end = self.shared.effects.now().checked_add(duration);
        end.unwrap_or(Timestamp::MAX)
    }

    /// Makes the attempt in a task of its own: a caller who hangs up must not stop it half way.
    async fn attempt_apart(
        &self,
        session: &Session,
        opened: Opened,
        cause: Cause,
        lease: LeaseId,
        interrupted: Option<Intent>,
    ) -> Result<Opened, EngineError> {
        let attempt = attempt::Attempt {
            engine: self.clone(),
            session: session.clone(),
            opened,
            cause,
            lease,
            interrupted,
        };
        let underway = self.shared.attempts.begin();
        let attempt = async move {
            let result = Box::pin(attempt.make()).await;
            drop(underway);
            result
        };
        match tokio::spawn(attempt).await {
            Ok(result) => result,
            Err(error) => Err(AuthError::Unavailable {
                reason: format!("the refresh was stopped: {error}"),
            }
            .into()),
        }
    }
}

/// What tells one refresh token from another: its SHA-256, or that of all credentials where there
/// is none.
fn fingerprint(arguments: &Arguments) -> [u8; 32] {
    let credentials = arguments.credentials.as_ref().map(SecretJson::expose);
    let token = credentials
        .and_then(|credentials| credentials.get("refresh_token"))
        .and_then(Value::as_str);
    let text = match (token, credentials) {
        (Some(token), _) => token.to_owned(),
        (None, Some(credentials)) => credentials.to_string(),
        (None, None) => String::new(),
    };
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, text.as_bytes()).as_ref());
    hash
}

fn not_refreshed(connection: &str, error: &(dyn std::error::Error + 'static)) {
    tracing::info!(
        error,
        connection.id = connection,
        "credentials were not refreshed"
    );
}

/// Renews the credentials of one connection, for functions that run for it.
pub(crate) struct ConnectionRenewal<'a> {
    pub(crate) engine: &'a Engine,
    pub(crate) session: &'a Session,
    pub(crate) connection: &'a Connection,
    /// Which credentials the function started with.
    pub(crate) generation: u64,
}

#[async_trait]
impl Renewal for ConnectionRenewal<'_> {
    async fn renew(&self, _arguments: &Arguments) -> Option<Arguments> {
        let connection = self.connection.clone();
        let renewing = self
            .engine
            .renew(self.session, connection, self.generation, Cause::Refused);
        match Box::pin(renewing).await {
            Ok(opened) if opened.generation == self.generation => None,
            Ok(opened) => Some(opened.arguments),
            Err(error) => {
                not_refreshed(self.connection.id.as_str(), &error);
                None
            }
        }
    }
}
