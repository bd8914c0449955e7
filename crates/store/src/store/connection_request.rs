//! Requests to connect an account, which a user follows by a link.

use authbridge_core::SecretJson;
use authbridge_core::id::{ConnectionRequestId, WorkspaceId};
use jiff::{SignedDuration, Timestamp};

use super::{Store, to_the_microsecond};
use crate::StoreError;
use crate::keys::{Place, field};
use crate::model::connection_request::{
    ConnectionRequest, ConnectionRequestOutcome, ConnectionRequestStatus, NewConnectionRequest,
};

impl Store {
    /// Keeps a request; a conflict when what its link holds was used before.
    pub async fn insert_connection_request(
        &self,
        workspace: &WorkspaceId,
        new: NewConnectionRequest,
    ) -> Result<ConnectionRequest, StoreError> {
        let request = ConnectionRequest {
            id: ConnectionRequestId::generate(self.effects()),
            workspace_id: workspace.clone(),
            customer_id: new.customer_id,
            integration_id: new.integration_id,
            connection_id: new.connection_id,
            details: new.details,
            status: ConnectionRequestStatus::Pending,
            result_connection_id: None,
            result_error: None,
            created_at: self.now(),
            expires_at: to_the_microsecond(new.expires_at),
        };
        let place = Place {
            workspace,
            field: field::REQUEST_PARAMETERS,
            row: request.id.as_str(),
            generation: 0,
        };
        let parameters = match &new.connector_parameters {
            Some(parameters) => Some(self.seal_json(place, parameters).await?),
            None => None,
        };
        self.backend()
            .insert_connection_request(&request, new.link_hash, parameters)
            .await?;
        Ok(request)
    }

    /// The request whose link holds what has this hash.
    ///
    /// It names no workspace, because a link names none; see
    /// [`take_auth_session`](Self::take_auth_session) for why that is safe.
    pub async fn find_connection_request(
        &self,
        link_hash: [u8; 32],
    ) -> Result<Option<ConnectionRequest>, StoreError> {
        self.backend().find_connection_request(link_hash).await
    }

    /// The connector parameters that `request` was made with; `None` when it had none, or when its
    /// link is used up.
    pub async fn connection_request_parameters(
        &self,
        request: &ConnectionRequest,
    ) -> Result<Option<SecretJson>, StoreError> {
        let (workspace, row) = (&request.workspace_id, request.id.as_str());
        let table = field::REQUEST_PARAMETERS.table;
        let secrets = self.secrets(workspace, table, row).await?;
        secrets.open_json(field::REQUEST_PARAMETERS).await
    }

    /// Notes what came of a request, unless its link is used up. Success and cancelling use it up.
    /// Tells whether it was noted.
    pub async fn settle_connection_request(
        &self,
        workspace: &WorkspaceId,
        id: &ConnectionRequestId,
        outcome: ConnectionRequestOutcome,
    ) -> Result<bool, StoreError> {
        self.backend()
            .settle_connection_request(workspace, id, outcome)
            .await
    }

    /// Removes the requests of all workspaces that expired more than a day before `now`, and
    /// tells how many. It takes a few at a time, so that others can write in between.
    pub async fn purge_connection_requests(&self, now: Timestamp) -> Result<u64, StoreError> {
        let before = to_the_microsecond(now.checked_sub(KEPT).unwrap_or(Timestamp::MIN));
        let mut purged = 0;
        loop {
            let batch = self.backend().purge_connection_requests(before, BATCH);
            let batch = batch.await?;
            purged += u64::from(batch);
            if batch < BATCH {
                return Ok(purged);
            }
        }
    }
}

/// How long a request that expired is kept, so that whoever asks late is told what happened.
const KEPT: SignedDuration = SignedDuration::from_hours(24);

/// How many requests one transaction removes at most.
const BATCH: u32 = 500;
