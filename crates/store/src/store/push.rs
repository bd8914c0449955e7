//! A workspace as a whole.

use authbridge_core::SecretJson;
use authbridge_core::id::{IntegrationId, WorkspaceId};

use super::Store;
use crate::StoreError;
use crate::backend::SealedParameters;
use crate::model::push::{
    Bundles, IntegrationWrite, PushBatch, WorkspaceChange, WorkspaceSnapshot,
};

impl Store {
    /// What the workspace is made of, all of one moment.
    pub async fn workspace_snapshot(
        &self,
        workspace: &WorkspaceId,
        bundles: Bundles,
    ) -> Result<WorkspaceSnapshot, StoreError> {
        self.backend().workspace_snapshot(workspace, bundles).await
    }

    /// The changes after a revision, the oldest first; of many only the last ones are known.
    pub async fn workspace_changes(
        &self,
        workspace: &WorkspaceId,
        since: u64,
    ) -> Result<Vec<WorkspaceChange>, StoreError> {
        self.backend().workspace_changes(workspace, since).await
    }

    /// Makes changes, all of them or none, if the workspace has the revision that they were made
    /// for; tells its revision after them, which is one more.
    pub async fn apply_push(
        &self,
        workspace: &WorkspaceId,
        batch: PushBatch,
    ) -> Result<u64, StoreError> {
        let mut parameters = SealedParameters::new();
        for write in &batch.integrations {
            if let Some((id, plain)) = parameters_of(write) {
                let sealed = self.seal_parameters(workspace, id, plain).await?;
                parameters.insert(id.clone(), sealed);
            }
        }
        let effects = self.effects();
        effects.reached("push.planned");
        let revision = self
            .backend()
            .apply_push(workspace, batch, parameters, self.now(), effects.clone())
            .await?;
        effects.reached("push.committed");
        Ok(revision)
    }
}

fn parameters_of(write: &IntegrationWrite) -> Option<(&IntegrationId, &SecretJson)> {
    match write {
        IntegrationWrite::Insert(id, new) => Some((id, new.parameters.as_ref()?)),
        IntegrationWrite::Update(id, patch) => Some((id, patch.parameters.as_ref()?.as_ref()?)),
        IntegrationWrite::Archive(_) | IntegrationWrite::Restore(_) => None,
    }
}
