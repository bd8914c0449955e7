//! What is pushed, and what a push answers: the shapes on the wire.

use std::collections::BTreeMap;

use authbridge_core::element::ElementId;
use authbridge_core::id::IntegrationId;
use authbridge_definition::Diagnostic;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::FieldChange;

/// A push. It may hold secrets, so it does not print.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Push {
    /// What shall be there.
    pub elements: Vec<PushedElement>,
    /// Whether what is not among the elements is archived.
    pub prune: bool,
    /// With `prune`: only elements of these types are archived, such as `actions`.
    pub types: Option<Vec<String>>,
    /// The revision that the workspace must have.
    pub base_revision: Option<u64>,
    /// Whether it may have another one nevertheless.
    pub force: bool,
    /// Interfaces to archive, by key, whatever is pruned.
    #[serde(skip)]
    pub(crate) removed: Vec<String>,
    /// The interface among the elements that is taken back from the archive.
    #[serde(skip)]
    pub(crate) restored: Option<Restored>,
}

/// An archived interface to take back, with the integration that was made from it if that is
/// still there: connections belong to its id.
#[derive(Clone, Debug)]
pub(crate) struct Restored {
    /// The interface.
    pub(crate) element: ElementId,
    /// The integration.
    pub(crate) integration: Option<IntegrationId>,
}

/// One element of a push.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PushedElement {
    /// `connectors`, `integrations`, or the path of an element type.
    #[serde(rename = "type")]
    pub element_type: String,
    /// Its name in files and calls.
    pub key: String,
    /// The integration that it is for.
    #[serde(default)]
    pub integration_key: Option<String>,
    /// What it says, without key and server state.
    #[serde(default)]
    pub content: Map<String, Value>,
    /// Of connectors: the definition's files by path.
    #[serde(default)]
    pub files: Option<BTreeMap<String, String>>,
    /// Of connectors: the published version; `None` is the development version.
    #[serde(default)]
    pub version: Option<String>,
}

/// What an element of a push is called.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ElementName {
    /// `connectors`, `integrations`, or the path of an element type.
    #[serde(rename = "type")]
    pub element_type: String,
    /// Its name in files and calls.
    pub key: String,
    /// The integration that it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub integration_key: Option<String>,
    /// Of connectors: the published version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// What a push does, or would do.
#[derive(Clone, Debug, Serialize)]
pub struct Plan {
    /// The workspace's revision after it.
    pub revision: u64,
    /// What becomes of each element.
    pub changes: Vec<Change>,
    /// What there is to say about the definitions of connectors that come or change.
    pub diagnostics: Vec<Diagnostic>,
}

/// What becomes of one element.
#[derive(Clone, Debug, Serialize)]
pub struct Change {
    /// Which.
    #[serde(flatten)]
    pub name: ElementName,
    /// What becomes of it.
    pub change: ChangeKind,
    /// Of one that changes: where.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldChange>,
}

/// What becomes of an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ChangeKind {
    /// It was not there.
    Created,
    /// It was there, and different.
    Changed,
    /// It was there already.
    Unchanged,
    /// It is archived.
    Removed,
}

/// Why a push cannot be applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Issue {
    /// Which element.
    #[serde(flatten)]
    pub name: ElementName,
    /// What is wrong with it, and what to do.
    pub message: String,
}
