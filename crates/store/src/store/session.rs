//! Attempts to connect that go by way of the external app.

use authbridge_core::id::{AuthSessionId, WorkspaceId};
use jiff::{SignedDuration, Timestamp};

use super::seal::Secrets;
use super::{Store, to_the_microsecond};
use crate::StoreError;
use crate::backend::TakenSession;
use crate::keys::{Place, field};
use crate::model::session::{AuthSession, NewAuthSession, TakenAuthSession};

impl Store {
    /// Begins an attempt; a conflict when its state was used before.
    pub async fn insert_auth_session(
        &self,
        workspace: &WorkspaceId,
        new: NewAuthSession,
    ) -> Result<AuthSession, StoreError> {
        let session = AuthSession {
            id: AuthSessionId::generate(self.effects()),
            workspace_id: workspace.clone(),
            integration_id: new.integration_id,
            customer_id: new.customer_id,
            connection_id: new.connection_id,
            request_id: new.request_id,
            browser_hash: new.browser_hash,
            created_at: self.now(),
            expires_at: to_the_microsecond(new.expires_at),
            used_at: None,
        };
        let place = Place {
            workspace,
            field: field::SESSION_PAYLOAD,
            row: session.id.as_str(),
            generation: 0,
        };
        let payload = self.seal_json(place, &new.payload).await?;
        self.backend()
            .insert_auth_session(&session, new.state_hash, payload)
            .await?;
        Ok(session)
    }

    /// Takes the session of the state that a callback brought. Exactly one call gets it
    /// [`Fresh`](TakenAuthSession::Fresh); its payload is erased with that.
    ///
    /// It names no workspace, because a callback names none. That is safe as the state holds 256
    /// random bits and only its hash is kept: who knows a state was given it by us or by the
    /// external app, and the session found by it says which workspace it belongs to. Nobody can
    /// try states, nor learn one from the database.
    pub async fn take_auth_session(
        &self,
        state_hash: [u8; 32],
        now: Timestamp,
    ) -> Result<TakenAuthSession, StoreError> {
        let now = to_the_microsecond(now);
        let taken = self.backend().take_auth_session(state_hash, now).await?;
        Ok(match taken {
            TakenSession::Fresh(session, sealed) => {
                let id = session.id.clone();
                let secrets = Secrets::of(self, &session.workspace_id, id.as_str(), vec![sealed]);
                let payload = secrets.require_json(field::SESSION_PAYLOAD).await?;
                TakenAuthSession::Fresh(session, payload)
            }
            TakenSession::Used(session) => TakenAuthSession::Used(session),
            TakenSession::Expired(session) => TakenAuthSession::Expired(session),
            TakenSession::Unknown => TakenAuthSession::Unknown,
        })
    }

    /// Removes the sessions of all workspaces that expired more than a day before `now`, and
    /// tells how many. It takes a few at a time, so that others can write in between.
    pub async fn purge_auth_sessions(&self, now: Timestamp) -> Result<u64, StoreError> {
        let before = to_the_microsecond(now.checked_sub(KEPT).unwrap_or(Timestamp::MIN));
        let mut purged = 0;
        loop {
            let batch = self.backend().purge_auth_sessions(before, BATCH).await?;
            purged += u64::from(batch);
            if batch < BATCH {
                return Ok(purged);
            }
        }
    }
}

/// How long a session that expired is kept, so that a late callback is told what happened.
const KEPT: SignedDuration = SignedDuration::from_hours(24);

/// How many sessions one transaction removes at most.
const BATCH: u32 = 500;
