//! Integrations.

use authbridge_core::SecretJson;
use authbridge_core::id::{IntegrationId, WorkspaceId};

use super::Store;
use crate::backend::{ParametersChange, SealedField};
use crate::keys::{Place, field};
use crate::model::integration::{Integration, IntegrationFilter, IntegrationPatch, NewIntegration};
use crate::{Page, Paged, StoreError};

impl Store {
    /// Makes an integration; a conflict when an unarchived one has its key.
    pub async fn insert_integration(
        &self,
        workspace: &WorkspaceId,
        new: NewIntegration,
    ) -> Result<Integration, StoreError> {
        let id = IntegrationId::generate(self.effects());
        let parameters = match &new.parameters {
            Some(parameters) => Some(self.seal_parameters(workspace, &id, parameters).await?),
            None => None,
        };
        let integration = new.with_id(id, self.now());
        self.backend()
            .insert_integration(workspace, &integration, parameters)
            .await?;
        Ok(integration)
    }

    /// The integration with this id or key: an unarchived one before archived ones, and of
    /// those the newest.
    pub async fn find_integration(
        &self,
        workspace: &WorkspaceId,
        selector: &str,
    ) -> Result<Option<Integration>, StoreError> {
        self.backend().find_integration(workspace, selector).await
    }

    /// A page of the integrations.
    pub async fn list_integrations(
        &self,
        workspace: &WorkspaceId,
        filter: IntegrationFilter,
        page: Page,
    ) -> Result<Paged<Integration>, StoreError> {
        self.backend()
            .list_integrations(workspace, filter, page)
            .await
    }

    /// Changes an integration; a conflict when another unarchived one has its new key.
    ///
    /// A patch that changes nothing leaves the revision. Parameters always count as a change.
    pub async fn update_integration(
        &self,
        workspace: &WorkspaceId,
        id: &IntegrationId,
        patch: IntegrationPatch,
    ) -> Result<Integration, StoreError> {
        let parameters = match &patch.parameters {
            None => ParametersChange::Keep,
            Some(None) => ParametersChange::Clear,
            Some(Some(parameters)) => {
                ParametersChange::Replace(self.seal_parameters(workspace, id, parameters).await?)
            }
        };
        let now = self.now();
        self.backend()
            .update_integration(workspace, id, patch, parameters, now)
            .await
    }

    /// Archives an integration; one that is archived already stays as it is.
    pub async fn archive_integration(
        &self,
        workspace: &WorkspaceId,
        id: &IntegrationId,
    ) -> Result<Integration, StoreError> {
        let now = self.now();
        self.backend()
            .set_integration_archived(workspace, id, Some(now), now)
            .await
    }

    /// Brings an archived integration back; a conflict when another has its key by now.
    pub async fn restore_integration(
        &self,
        workspace: &WorkspaceId,
        id: &IntegrationId,
    ) -> Result<Integration, StoreError> {
        self.backend()
            .set_integration_archived(workspace, id, None, self.now())
            .await
    }

    /// The connector parameters; an empty object when there are none.
    pub async fn integration_parameters(
        &self,
        workspace: &WorkspaceId,
        id: &IntegrationId,
    ) -> Result<SecretJson, StoreError> {
        let table = field::PARAMETERS.table;
        let secrets = self.secrets(workspace, table, id.as_str()).await?;
        let parameters = secrets.open_json(field::PARAMETERS).await?;
        Ok(parameters.unwrap_or_else(SecretJson::empty_object))
    }

    pub(super) async fn seal_parameters(
        &self,
        workspace: &WorkspaceId,
        id: &IntegrationId,
        parameters: &SecretJson,
    ) -> Result<SealedField, StoreError> {
        let place = Place {
            workspace,
            field: field::PARAMETERS,
            row: id.as_str(),
            generation: 0,
        };
        self.seal_json(place, parameters).await
    }
}
