//! Connectors and their versions.

use authbridge_core::id::ConnectorId;
use jiff::Timestamp;
use serde_json::Value;

use super::Origin;

/// A definition of how an API authenticates.
#[derive(Clone, Debug, PartialEq)]
pub struct Connector {
    /// Its id; stays the same over all pushes of the same key.
    pub id: ConnectorId,
    /// Its name in files and calls; unique in the workspace.
    pub key: String,
    /// The id its author gave it; unique in the workspace where there is one.
    pub uuid: Option<String>,
    /// A name for people.
    pub name: String,
    /// Where its logo is.
    pub logo_uri: Option<String>,
    /// Who put it there last.
    pub origin: Origin,
    /// Counts the changes of its bundles, all versions together; starts at 1.
    pub revision: u64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it was archived.
    pub archived_at: Option<Timestamp>,
}

/// A version of a connector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectorVersion {
    /// Its name; `None` is the development version, which may change.
    pub version: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its bundle last changed.
    pub updated_at: Timestamp,
}

/// A connector as it shall be.
#[derive(Clone, Debug)]
pub struct PutConnector {
    /// Its name in files and calls.
    pub key: String,
    /// The id its author gave it; `None` leaves the one we know.
    pub uuid: Option<String>,
    /// A name for people.
    pub name: String,
    /// Where its logo is.
    pub logo_uri: Option<String>,
    /// The version that `bundle` is; `None` is the development version.
    pub version: Option<String>,
    /// The definition's files: a JSON object from path to text. `None` leaves the versions that
    /// there are, and makes none.
    pub bundle: Option<Value>,
    /// Who puts it there.
    pub origin: Origin,
}

impl PutConnector {
    /// Brings all but the bundle up to date. An archived connector that is put comes back.
    pub(crate) fn apply(&self, connector: &mut Connector) {
        connector.name.clone_from(&self.name);
        connector.logo_uri.clone_from(&self.logo_uri);
        connector.origin = self.origin;
        connector.archived_at = None;
        if self.uuid.is_some() {
            connector.uuid.clone_from(&self.uuid);
        }
    }
}

/// The connector that a first `put` makes.
pub(crate) fn fresh_connector(id: ConnectorId, put: &PutConnector, now: Timestamp) -> Connector {
    Connector {
        id,
        key: put.key.clone(),
        uuid: put.uuid.clone(),
        name: put.name.clone(),
        logo_uri: put.logo_uri.clone(),
        origin: put.origin,
        revision: 1,
        created_at: now,
        updated_at: now,
        archived_at: None,
    }
}

/// What came of putting something in its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Put<T> {
    /// The thing as it is now.
    pub item: T,
    /// What that took.
    pub outcome: PutOutcome,
}

/// What putting something in its place took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PutOutcome {
    /// It was not there before.
    Created,
    /// It was there, and different.
    Changed,
    /// It was there already, and nothing was written.
    Unchanged,
}

/// Which connectors to list; archived ones are not.
#[derive(Clone, Debug, Default)]
pub struct ConnectorFilter {
    /// Text that the key or the name contains, in any case.
    pub search: Option<String>,
}
