//! Refreshing credentials so that no answer of a provider is lost.
//!
//! Claim; ask the provider; commit or release. A commit puts the answer into the spool first,
//! then into the database, where one condition decides (generation and lease are still the
//! same), then removes it from the spool. Whatever is in the spool can be committed again, at
//! any time and by anybody: the first time counts, and the others find that it has.

use std::fs;
use std::io;

use authbridge_core::id::{ConnectionId, IntegrationId, LeaseId, WorkspaceId};
use jiff::Timestamp;

use super::spooled::{Address, Answer, Envelope};
use super::{Store, to_the_microsecond};
use crate::StoreError;
use crate::model::connection::{Connection, NewCredentials};
use crate::model::refresh::{Claim, Claimed, DueRefresh, Released};

impl Store {
    /// Claims a connection for one refresh.
    ///
    /// Of several who claim at a time one is granted the lease; it ends with a commit, with a
    /// release, with anything that replaces the credentials, or when its time is over. If an
    /// earlier owner could only get its answer into the spool, that is brought in first, and
    /// the claim answers [`Claimed::Moved`].
    pub async fn claim_refresh(
        &self,
        workspace: &WorkspaceId,
        id: &ConnectionId,
        claim: Claim,
    ) -> Result<Claimed, StoreError> {
        // Its owner could not: to refresh with the credentials from before it would lose it.
        if let Some(lease) = self.backend().lease(workspace, id).await? {
            self.commit_what_was_left(&lease).await?;
        }
        let claim = Claim {
            until: to_the_microsecond(claim.until),
            ..claim
        };
        let claimed = self
            .backend()
            .claim_refresh(workspace, id, claim, self.now())
            .await?;
        if matches!(claimed, Claimed::Granted { .. }) {
            self.effects().reached("refresh.claimed");
        }
        Ok(claimed)
    }

    /// Puts refreshed credentials in the place of those of `expected_generation`, which `lease`
    /// was granted for. That the lease has run out is no harm if nobody claimed since.
    ///
    /// [`StoreError::GenerationMoved`] when somebody came first; the answer is worthless then,
    /// and gone. [`StoreError::Spooled`] when the database did not take it: it stays in the
    /// spool, and calling again, with the same lease, is right. So it is after any error but
    /// `GenerationMoved`, and after a call that was dropped: what is committed already is
    /// answered as committed.
    pub async fn commit_refresh(
        &self,
        workspace: &WorkspaceId,
        id: &ConnectionId,
        lease: &LeaseId,
        expected_generation: u64,
        new: NewCredentials,
    ) -> Result<Connection, StoreError> {
        let answer = Answer {
            address: Address {
                workspace: workspace.clone(),
                connection: id.clone(),
                lease: lease.clone(),
                generation: expected_generation,
            },
            new,
        };
        let is_spooled = self.put_into_spool(&answer).await;
        let committed = self.commit_answer(answer).await;
        if committed.is_ok() {
            self.effects().reached("refresh.committed");
        }
        match committed {
            Ok(_) | Err(StoreError::GenerationMoved | StoreError::Missing { .. }) => {
                self.remove_from_spool(lease).await;
                committed
            }
            Err(error) if is_spooled => Err(StoreError::Spooled(Box::new(error))),
            Err(error) => Err(error),
        }
    }

    /// Gives a lease up, without new credentials. One that is gone already is no error, and
    /// nothing is written then; nor where the answer is in the spool after all, for that is
    /// brought in instead.
    pub async fn release_refresh(
        &self,
        workspace: &WorkspaceId,
        id: &ConnectionId,
        lease: &LeaseId,
        released: Released,
    ) -> Result<(), StoreError> {
        let released = Released {
            refresh_due_at: released.refresh_due_at.map(to_the_microsecond),
            retry_at: released.retry_at.map(to_the_microsecond),
            ..released
        };
        self.commit_what_was_left(lease).await?;
        self.backend()
            .release_refresh(workspace, id, lease, released, self.now())
            .await?;
        self.effects().reached("refresh.released");
        Ok(())
    }

    /// At most `limit` connections that are due at `now`, of all workspaces, the longest due
    /// first: their time has come, no wait after a failure holds them, and nobody is at it.
    /// Those through the integrations in `except` are left out.
    pub async fn due_refreshes(
        &self,
        now: Timestamp,
        limit: u32,
        except: &[IntegrationId],
    ) -> Result<Vec<DueRefresh>, StoreError> {
        self.backend().due_refreshes(now, limit, except).await
    }

    /// When the first connection of any workspace is due, as things are; it may have passed.
    /// The ends of waits and of leases count, so that what they hold is not forgotten.
    pub async fn next_refresh_due(&self) -> Result<Option<Timestamp>, StoreError> {
        self.backend().next_refresh_due().await
    }

    /// Commits an answer, once: `GenerationMoved` when somebody else came first.
    pub(super) async fn commit_answer(&self, answer: Answer) -> Result<Connection, StoreError> {
        let Answer { address, new } = answer;
        let committed = self.commit_now(&address, new).await;
        let Err(StoreError::GenerationMoved | StoreError::Missing { .. }) = committed else {
            return committed;
        };
        let Address {
            workspace,
            connection,
            lease,
            ..
        } = &address;
        let backend = self.backend();
        // Somebody was first. It may have been ourselves.
        if let Some(done) = backend.refreshed_by(workspace, connection, lease).await? {
            return Ok(done);
        }
        // An archived connection has no secrets left, which is not to say that it is missing.
        match backend.find_connection(workspace, connection).await? {
            Some(_) => Err(StoreError::GenerationMoved),
            None => Err(StoreError::missing("connection", connection.as_str())),
        }
    }

    async fn commit_now(
        &self,
        address: &Address,
        new: NewCredentials,
    ) -> Result<Connection, StoreError> {
        let Address {
            workspace,
            connection,
            lease,
            generation,
        } = address;
        let mut change = self
            .credentials_change(workspace, connection, *generation, new)
            .await?;
        change.lease = Some(lease.clone());
        self.backend()
            .replace_credentials(workspace, connection, change)
            .await
    }

    /// Puts an answer into the spool, and tells whether it is there. If it cannot be, the
    /// database may still take it.
    async fn put_into_spool(&self, answer: &Answer) -> bool {
        let Ok(file) = self.spool_file(answer).await else {
            return false;
        };
        let put = self.spool().put(&answer.address.lease, file).await;
        if put.is_ok() {
            self.effects().reached("refresh.spooled");
        }
        put.is_ok()
    }

    /// Removes an answer from the spool. One that cannot be removed does no harm: whoever reads
    /// it will find that it is decided.
    async fn remove_from_spool(&self, lease: &LeaseId) {
        let path = self.spool().path(lease);
        if self.spool().remove(&path).await.is_ok() {
            self.effects().reached("refresh.unspooled");
        }
    }

    /// Commits the answer of a lease, if it is in the spool.
    async fn commit_what_was_left(&self, lease: &LeaseId) -> Result<(), StoreError> {
        let path = self.spool().path(lease);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(StoreError::Unavailable(error.into())),
        };
        // A file that cannot be read is for the next start to move aside.
        let Ok(envelope) = Envelope::parse(&bytes) else {
            return Ok(());
        };
        let answer = match self.open_spooled(envelope).await {
            Ok(answer) => answer,
            Err(StoreError::Inconsistent { .. }) => return Ok(()),
            Err(error) => return Err(error),
        };
        match self.commit_answer(answer).await {
            Ok(_) | Err(StoreError::GenerationMoved) => {
                self.remove_from_spool(lease).await;
                Ok(())
            }
            Err(error) => Err(StoreError::Spooled(Box::new(error))),
        }
    }
}
