//! The whole workspace as a push would bring it about.

use std::collections::HashMap;

use authbridge_core::id::IntegrationId;
use authbridge_store::{Bundles, Connector, Element, Integration, SnapshotVersion};
use serde::Serialize;
use serde_json::{Value, json};

use super::ElementName;
use super::integrations::without_nulls;
use super::read::{CONNECTORS, path_of};
use crate::interfaces::is_of_interface;
use crate::{Engine, EngineError, Session};

/// Everything in a workspace that a push can bring about.
#[derive(Clone, Debug, Serialize)]
pub struct WorkspaceElements {
    /// Moves with every change of any of them.
    pub revision: u64,
    /// Connectors first, then integrations, then elements, each in the order of their making.
    pub elements: Vec<SnapshotElement>,
}

/// One element of a workspace, as it can be pushed.
#[derive(Clone, Debug, Serialize)]
pub struct SnapshotElement {
    /// Which.
    #[serde(flatten)]
    pub name: ElementName,
    /// What it says. Parameters of integrations are left out; `hasParameters` tells of them.
    pub content: Value,
    /// Of connectors: the files by path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub files: Option<Value>,
    /// Counts its changes.
    pub revision: u64,
}

impl Engine {
    /// Everything in the workspace that a push can bring about; for admins.
    pub async fn workspace_elements(
        &self,
        session: &Session,
    ) -> Result<WorkspaceElements, EngineError> {
        session.require_admin()?;
        let store = &self.shared.store;
        let workspace = session.workspace_id();
        let snapshot = store.workspace_snapshot(workspace, Bundles::All).await?;
        let connectors: HashMap<_, _> = snapshot
            .connectors
            .iter()
            .filter(|record| record.archived_at.is_none())
            .map(|record| (&record.id, record))
            .collect();
        let integrations: HashMap<_, _> = snapshot
            .integrations
            .iter()
            .map(|record| (&record.id, record))
            .collect();
        let mut elements = Vec::new();
        for version in snapshot.versions {
            let record = connectors.get(&version.connector_id);
            if let Some(record) = record.filter(|it| !is_of_interface(&it.key)) {
                elements.push(of_connector(record, version));
            }
        }
        for record in &snapshot.integrations {
            let connector = record.connector_id.as_ref();
            let connector = connector.and_then(|id| connectors.get(id));
            if connector.is_none_or(|it| !is_of_interface(&it.key)) {
                elements.push(of_integration(record, connector.copied()));
            }
        }
        for record in snapshot.elements {
            elements.extend(of_element(record, &integrations));
        }
        Ok(WorkspaceElements {
            revision: snapshot.revision,
            elements,
        })
    }
}

fn of_connector(record: &Connector, version: SnapshotVersion) -> SnapshotElement {
    SnapshotElement {
        name: ElementName {
            element_type: CONNECTORS.to_owned(),
            key: record.key.clone(),
            integration_key: None,
            version: version.version,
        },
        content: without_nulls(json!({
            "name": record.name,
            "uuid": record.uuid,
            "logoUri": record.logo_uri,
        })),
        files: version.bundle,
        revision: record.revision,
    }
}

fn of_integration(record: &Integration, connector: Option<&Connector>) -> SnapshotElement {
    SnapshotElement {
        name: ElementName {
            element_type: path_of(record.is_auth_proxy).to_owned(),
            key: record.key.clone(),
            integration_key: None,
            version: None,
        },
        content: without_nulls(json!({
            "name": record.name,
            "connectorKey": connector.map(|connector| &connector.key),
            "connectorVersion": record.connector_version,
            "logoUri": record.logo_uri,
            "baseUri": record.base_uri,
            "oAuthCallbackUri": record.oauth_callback_uri,
            "allowExternalCallback": record.allows_external_callback.then_some(true),
            "meta": record.meta,
            "hasParameters": record.has_parameters.then_some(true),
        })),
        files: None,
        revision: record.revision,
    }
}

/// Elements of archived integrations are not reached, and not shown.
fn of_element(
    record: Element,
    integrations: &HashMap<&IntegrationId, &Integration>,
) -> Option<SnapshotElement> {
    let integration_key = match &record.integration_id {
        None => None,
        Some(id) => Some(integrations.get(id)?.key.clone()),
    };
    Some(SnapshotElement {
        name: ElementName {
            element_type: record.element_type.path().to_owned(),
            key: record.key,
            integration_key,
            version: None,
        },
        content: record.content,
        files: None,
        revision: record.revision,
    })
}
