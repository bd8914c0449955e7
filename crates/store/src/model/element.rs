//! Elements: what a workspace's owner describes beside connectors and integrations.

use authbridge_core::element::{ElementId, ElementType};
use authbridge_core::id::IntegrationId;
use jiff::Timestamp;
use serde_json::Value;

use super::{Origin, set};

/// An element of a workspace.
#[derive(Clone, Debug, PartialEq)]
pub struct Element {
    /// Its id.
    pub id: ElementId,
    /// What it is.
    pub element_type: ElementType,
    /// Its name in files and calls; unique among the unarchived ones of its type and level.
    pub key: String,
    /// The integration it is for; `None` makes it universal.
    pub integration_id: Option<IntegrationId>,
    /// The universal element that it comes from.
    pub parent_id: Option<ElementId>,
    /// Whether it says something else than its parent. One that does not follows it.
    pub is_customized: bool,
    /// What it says: a JSON object without key and ids.
    pub content: Value,
    /// Who put it there.
    pub origin: Origin,
    /// Counts its changes; starts at 1.
    pub revision: u64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it was archived.
    pub archived_at: Option<Timestamp>,
}

/// An element to make.
#[derive(Clone, Debug)]
pub struct NewElement {
    /// What it is.
    pub element_type: ElementType,
    /// Its name in files and calls.
    pub key: String,
    /// The integration it is for.
    pub integration_id: Option<IntegrationId>,
    /// The universal element that it comes from.
    pub parent_id: Option<ElementId>,
    /// Whether it says something else than its parent.
    pub is_customized: bool,
    /// What it says: a JSON object.
    pub content: Value,
    /// Who puts it there.
    pub origin: Origin,
}

impl NewElement {
    /// The element with this id, as it begins.
    pub(crate) fn with_id(self, id: ElementId, now: Timestamp) -> Element {
        Element {
            id,
            element_type: self.element_type,
            key: self.key,
            integration_id: self.integration_id,
            parent_id: self.parent_id,
            is_customized: self.is_customized,
            content: self.content,
            origin: self.origin,
            revision: 1,
            created_at: now,
            updated_at: now,
            archived_at: None,
        }
    }
}

/// What to change about an element; `None` leaves a field, `Some(None)` clears it.
#[derive(Clone, Debug, Default)]
pub struct ElementPatch {
    /// Its name in files and calls.
    pub key: Option<String>,
    /// The universal element that it comes from.
    pub parent_id: Option<Option<ElementId>>,
    /// Whether it says something else than its parent.
    pub is_customized: Option<bool>,
    /// What it says: a JSON object.
    pub content: Option<Value>,
    /// Who puts it there.
    pub origin: Option<Origin>,
}

impl ElementPatch {
    pub(crate) fn apply(self, element: &mut Element) {
        let Self {
            key,
            parent_id,
            is_customized,
            content,
            origin,
        } = self;
        set(&mut element.key, key);
        set(&mut element.parent_id, parent_id);
        set(&mut element.is_customized, is_customized);
        set(&mut element.content, content);
        set(&mut element.origin, origin);
    }
}

/// Where elements are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ElementLevel {
    /// Of the workspace as a whole.
    Universal,
    /// Of one integration.
    Integration(IntegrationId),
}

/// Which elements to list.
#[derive(Clone, Debug)]
pub struct ElementFilter {
    /// Of which type.
    pub element_type: ElementType,
    /// At which level; `None` is all.
    pub level: Option<ElementLevel>,
    /// Only those that come from this one.
    pub parent_id: Option<ElementId>,
    /// Text that the key or the name contains, in any case.
    pub search: Option<String>,
    /// Whether archived ones are listed as well.
    pub include_archived: bool,
}
