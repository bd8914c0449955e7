//! A snapshot of a workspace, by the names that a push uses.

use std::collections::HashMap;

use authbridge_core::element::{ElementId, ElementType};
use authbridge_core::id::{ConnectorId, IntegrationId};
use authbridge_store::{Connector, Element, Integration, SnapshotVersion, WorkspaceSnapshot};
use serde_json::Value;

/// A snapshot, by name.
pub(super) struct Index {
    pub(super) revision: u64,
    /// By key; archived ones too, for a push brings them back.
    pub(super) connectors: HashMap<String, Connector>,
    versions: HashMap<ConnectorId, Vec<SnapshotVersion>>,
    /// By key.
    pub(super) integrations: HashMap<String, Integration>,
    /// By type, integration and key; without those of archived integrations.
    pub(super) elements: HashMap<ElementPlace, Element>,
}

/// What is unique to an element.
pub(super) type ElementPlace = (ElementType, Option<IntegrationId>, String);

impl Index {
    pub(super) fn of(snapshot: WorkspaceSnapshot) -> Self {
        let mut versions: HashMap<_, Vec<_>> = HashMap::new();
        for version in snapshot.versions {
            let of_connector = versions.entry(version.connector_id.clone()).or_default();
            of_connector.push(version);
        }
        let integrations: HashMap<_, _> = snapshot
            .integrations
            .into_iter()
            .map(|integration| (integration.key.clone(), integration))
            .collect();
        let live: std::collections::HashSet<_> =
            integrations.values().map(|it| it.id.clone()).collect();
        let elements = snapshot
            .elements
            .into_iter()
            .filter(|element| {
                let integration = element.integration_id.as_ref();
                integration.is_none_or(|id| live.contains(id))
            })
            .map(|element| (place_of(&element), element))
            .collect();
        Self {
            revision: snapshot.revision,
            connectors: snapshot
                .connectors
                .into_iter()
                .map(|connector| (connector.key.clone(), connector))
                .collect(),
            versions,
            integrations,
            elements,
        }
    }

    /// The bundle of a version, where it was read.
    pub(super) fn bundle(&self, id: &ConnectorId, version: Option<&str>) -> Option<&Value> {
        self.version(id, version)?.bundle.as_ref()
    }

    pub(super) fn version(
        &self,
        id: &ConnectorId,
        version: Option<&str>,
    ) -> Option<&SnapshotVersion> {
        let versions = self.versions.get(id)?;
        versions.iter().find(|it| it.version.as_deref() == version)
    }

    pub(super) fn universal(&self, element_type: ElementType, key: &str) -> Option<&Element> {
        self.elements.get(&(element_type, None, key.to_owned()))
    }

    /// The elements that come from `parent`.
    pub(super) fn children(&self, parent: &ElementId) -> impl Iterator<Item = &Element> {
        self.elements
            .values()
            .filter(move |element| element.parent_id.as_ref() == Some(parent))
    }

    pub(super) fn integration_key(&self, id: &IntegrationId) -> Option<&str> {
        let found = self.integrations.values().find(|it| it.id == *id);
        found.map(|integration| integration.key.as_str())
    }
}

pub(super) fn place_of(element: &Element) -> ElementPlace {
    (
        element.element_type,
        element.integration_id.clone(),
        element.key.clone(),
    )
}
