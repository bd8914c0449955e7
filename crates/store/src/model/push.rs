//! A workspace as a whole: what it is made of, and changes of much of it at once.

use authbridge_core::element::ElementId;
use authbridge_core::id::{ConnectorId, IntegrationId};
use jiff::Timestamp;
use serde_json::Value;

use super::connector::{Connector, PutConnector};
use super::element::{Element, ElementPatch, NewElement};
use super::integration::{Integration, IntegrationPatch, NewIntegration};

/// What a workspace is made of, all read at one moment.
#[derive(Clone, Debug)]
pub struct WorkspaceSnapshot {
    /// Moves with every change of what is below.
    pub revision: u64,
    /// The connectors, archived ones too, for their keys are taken.
    pub connectors: Vec<Connector>,
    /// The versions of all connectors.
    pub versions: Vec<SnapshotVersion>,
    /// The unarchived integrations.
    pub integrations: Vec<Integration>,
    /// The unarchived elements; those of archived integrations too.
    pub elements: Vec<Element>,
}

/// A version of a connector in a snapshot.
#[derive(Clone, Debug)]
pub struct SnapshotVersion {
    /// The connector.
    pub connector_id: ConnectorId,
    /// Its name; `None` is the development version.
    pub version: Option<String>,
    /// The definition's files, where they were asked for.
    pub bundle: Option<Value>,
}

/// Which bundles to read with a snapshot.
#[derive(Clone, Debug)]
pub enum Bundles {
    /// All of them.
    All,
    /// Those of the connectors with these keys.
    OfConnectors(Vec<String>),
}

/// Changes that are made all together or not at all, in the order of the fields.
#[derive(Clone, Debug)]
pub struct PushBatch {
    /// The workspace's revision that they were made for.
    pub expected_revision: u64,
    /// What they are, for people: `a push of 3 elements`.
    pub subject: String,
    /// Who makes them.
    pub changed_by: Option<String>,
    /// Versions of connectors, with the id that each connector has, or gets when it is new.
    pub connectors: Vec<(ConnectorId, PutConnector)>,
    /// Integrations.
    pub integrations: Vec<IntegrationWrite>,
    /// Elements; parents before their children.
    pub elements: Vec<ElementWrite>,
    /// Connectors to archive.
    pub archived_connectors: Vec<ConnectorId>,
}

impl PushBatch {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.connectors.is_empty()
            && self.integrations.is_empty()
            && self.elements.is_empty()
            && self.archived_connectors.is_empty()
    }
}

/// What to do to one integration.
#[derive(Clone, Debug)]
pub enum IntegrationWrite {
    /// Make it.
    Insert(IntegrationId, NewIntegration),
    /// Change it.
    Update(IntegrationId, IntegrationPatch),
    /// Archive it.
    Archive(IntegrationId),
    /// Take it back from the archive.
    Restore(IntegrationId),
}

/// What to do to one element.
#[derive(Clone, Debug)]
pub enum ElementWrite {
    /// Make it.
    Insert(ElementId, NewElement),
    /// Change it.
    Update(ElementId, ElementPatch),
    /// Archive it.
    Archive(ElementId),
    /// Take it back from the archive.
    Restore(ElementId),
}

/// One move of a workspace's revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkspaceChange {
    /// The revision that it led to.
    pub revision: u64,
    /// What changed, for people: ``integration `crm` ``.
    pub subject: String,
    /// Who changed it, where that is known.
    pub changed_by: Option<String>,
    /// When.
    pub changed_at: Timestamp,
}
