//! Elements.

use authbridge_core::element::{ElementId, ElementType};
use authbridge_core::id::WorkspaceId;

use super::Store;
use crate::model::element::{Element, ElementFilter, ElementLevel, ElementPatch, NewElement};
use crate::{Page, Paged, StoreError};

impl Store {
    /// Makes an element; a conflict when an unarchived one of its type and level has its key.
    pub async fn insert_element(
        &self,
        workspace: &WorkspaceId,
        new: NewElement,
    ) -> Result<Element, StoreError> {
        let id = ElementId::generate(new.element_type, self.effects());
        let element = new.with_id(id, self.now());
        self.backend().insert_element(workspace, &element).await?;
        Ok(element)
    }

    /// The element with this id, archived or not.
    pub async fn find_element(
        &self,
        workspace: &WorkspaceId,
        id: &ElementId,
    ) -> Result<Option<Element>, StoreError> {
        self.backend().find_element(workspace, id).await
    }

    /// The element with this key at a level: an unarchived one before archived ones, and of those
    /// the newest.
    pub async fn find_element_by_key(
        &self,
        workspace: &WorkspaceId,
        element_type: ElementType,
        level: &ElementLevel,
        key: &str,
    ) -> Result<Option<Element>, StoreError> {
        self.backend()
            .find_element_by_key(workspace, element_type, level, key)
            .await
    }

    /// A page of the elements of a type.
    pub async fn list_elements(
        &self,
        workspace: &WorkspaceId,
        filter: ElementFilter,
        page: Page,
    ) -> Result<Paged<Element>, StoreError> {
        self.backend().list_elements(workspace, filter, page).await
    }

    /// Changes an element, and with it those that come from it and are not customised; a conflict
    /// when another has its new key. A patch that changes nothing leaves the revision.
    pub async fn update_element(
        &self,
        workspace: &WorkspaceId,
        id: &ElementId,
        patch: ElementPatch,
    ) -> Result<Element, StoreError> {
        self.backend()
            .update_element(workspace, id, patch, self.now())
            .await
    }

    /// Archives an element; one that is archived already stays as it is.
    pub async fn archive_element(
        &self,
        workspace: &WorkspaceId,
        id: &ElementId,
    ) -> Result<Element, StoreError> {
        let now = self.now();
        self.backend()
            .set_element_archived(workspace, id, Some(now), now)
            .await
    }

    /// Brings an archived element back; a conflict when another has its key by now.
    pub async fn restore_element(
        &self,
        workspace: &WorkspaceId,
        id: &ElementId,
    ) -> Result<Element, StoreError> {
        self.backend()
            .set_element_archived(workspace, id, None, self.now())
            .await
    }
}
