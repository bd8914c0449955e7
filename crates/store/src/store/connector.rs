//! Connectors.

use authbridge_core::id::{ConnectorId, WorkspaceId};
use serde_json::Value;

use super::Store;
use crate::model::connector::{
    Connector, ConnectorFilter, ConnectorVersion, Put, PutConnector, fresh_connector,
};
use crate::{Page, Paged, StoreError};

impl Store {
    /// Puts a version of a connector in its place, and makes the connector when there is none
    /// with its key. An archived one comes back.
    ///
    /// The development version is replaced; a published one that would change is a conflict.
    pub async fn put_connector(
        &self,
        workspace: &WorkspaceId,
        put: PutConnector,
    ) -> Result<Put<Connector>, StoreError> {
        let now = self.now();
        let fresh = fresh_connector(ConnectorId::generate(self.effects()), &put, now);
        self.backend().put_connector(workspace, fresh, put).await
    }

    /// The connector with this id, key or UUID, in this order, archived or not.
    pub async fn find_connector(
        &self,
        workspace: &WorkspaceId,
        selector: &str,
    ) -> Result<Option<Connector>, StoreError> {
        self.backend().find_connector(workspace, selector).await
    }

    /// A page of the unarchived connectors.
    pub async fn list_connectors(
        &self,
        workspace: &WorkspaceId,
        filter: ConnectorFilter,
        page: Page,
    ) -> Result<Paged<Connector>, StoreError> {
        self.backend()
            .list_connectors(workspace, filter, page)
            .await
    }

    /// Archives a connector; one that is archived already stays as it is.
    pub async fn archive_connector(
        &self,
        workspace: &WorkspaceId,
        id: &ConnectorId,
    ) -> Result<Connector, StoreError> {
        let now = self.now();
        self.backend().archive_connector(workspace, id, now).await
    }

    /// The files of a version, `None` being the development version: a JSON object from path to
    /// text.
    pub async fn connector_bundle(
        &self,
        workspace: &WorkspaceId,
        id: &ConnectorId,
        version: Option<&str>,
    ) -> Result<Option<Value>, StoreError> {
        self.backend()
            .connector_bundle(workspace, id, version)
            .await
    }

    /// The versions of a connector, the oldest first.
    pub async fn list_connector_versions(
        &self,
        workspace: &WorkspaceId,
        id: &ConnectorId,
    ) -> Result<Vec<ConnectorVersion>, StoreError> {
        self.backend().list_connector_versions(workspace, id).await
    }
}
