//! Instances of actions.

use authbridge_core::id::{ActionInstanceId, ConnectionId, WorkspaceId};

use super::Store;
use crate::model::action_instance::{
    ActionInstance, ActionInstanceFilter, InstanceAuthor, InstanceContent, InstanceLimits,
    NewActionInstance,
};
use crate::{Page, Paged, StoreError};

impl Store {
    /// Makes an instance; a conflict when its connection has one of that action and key,
    /// [`StoreError::Full`] when it would have more than `limits` allow.
    pub async fn insert_action_instance(
        &self,
        workspace: &WorkspaceId,
        new: NewActionInstance,
        limits: InstanceLimits,
    ) -> Result<ActionInstance, StoreError> {
        let id = ActionInstanceId::generate(self.effects());
        let instance = new.with_id(id, self.now());
        self.backend()
            .insert_action_instance(workspace, &instance, limits)
            .await?;
        Ok(instance)
    }

    /// The instance with this id.
    pub async fn find_action_instance(
        &self,
        workspace: &WorkspaceId,
        id: &ActionInstanceId,
    ) -> Result<Option<ActionInstance>, StoreError> {
        self.backend().find_action_instance(workspace, id).await
    }

    /// The instance that a connection has of an action; without `instance_key` the one that is
    /// meant where none is named.
    pub async fn find_action_instance_by_key(
        &self,
        workspace: &WorkspaceId,
        connection: &ConnectionId,
        action_key: &str,
        instance_key: Option<&str>,
    ) -> Result<Option<ActionInstance>, StoreError> {
        self.backend()
            .find_action_instance_by_key(workspace, connection, action_key, instance_key)
            .await
    }

    /// A page of instances.
    pub async fn list_action_instances(
        &self,
        workspace: &WorkspaceId,
        filter: ActionInstanceFilter,
        page: Page,
    ) -> Result<Paged<ActionInstance>, StoreError> {
        self.backend()
            .list_action_instances(workspace, filter, page)
            .await
    }

    /// Makes an instance say something else. What an admin wrote is
    /// [protected](StoreError::Protected) from customers; what would take more room than before and
    /// more than `limits` allow is [`StoreError::Full`].
    pub async fn set_action_instance(
        &self,
        workspace: &WorkspaceId,
        id: &ActionInstanceId,
        said: InstanceContent,
        limits: InstanceLimits,
    ) -> Result<ActionInstance, StoreError> {
        self.backend()
            .set_action_instance(workspace, id, said, limits, self.now())
            .await
    }

    /// Takes an instance away; one that is gone stays so. What an admin wrote is
    /// [protected](StoreError::Protected) from customers.
    pub async fn remove_action_instance(
        &self,
        workspace: &WorkspaceId,
        id: &ActionInstanceId,
        by: InstanceAuthor,
    ) -> Result<(), StoreError> {
        self.backend()
            .remove_action_instance(workspace, id, by)
            .await
    }
}
