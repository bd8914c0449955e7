//! Customers: the end users of a workspace's app.

use authbridge_core::id::{CustomerId, WorkspaceId};
use jiff::Timestamp;
use serde_json::Value;

use super::set;

/// An end user of the workspace's app.
#[derive(Clone, Debug, PartialEq)]
pub struct Customer {
    /// Its id.
    pub id: CustomerId,
    /// The workspace it belongs to.
    pub workspace_id: WorkspaceId,
    /// The id that the workspace's app gave it; unique in the workspace.
    pub internal_id: String,
    /// A name for people.
    pub name: Option<String>,
    /// What the app says about it: a JSON object.
    pub fields: Value,
    /// When it was first seen.
    pub created_at: Timestamp,
    /// When it was last seen, to within [`LAST_ACTIVE_STEP`](crate::LAST_ACTIVE_STEP).
    pub last_active_at: Timestamp,
    /// When it was archived.
    pub archived_at: Option<Timestamp>,
}

/// What a token says about the customer who carries it.
#[derive(Clone, Debug)]
pub struct SeenCustomer {
    /// The id that the workspace's app gave it.
    pub internal_id: String,
    /// A name; `None` leaves the one we know.
    pub name: Option<String>,
    /// The fields, a JSON object; `None` leaves those we know.
    pub fields: Option<Value>,
}

impl SeenCustomer {
    /// Brings `customer` up to date, and tells whether that changed anything worth a write.
    pub(crate) fn apply(&self, customer: &mut Customer, now: Timestamp) -> bool {
        let mut changed = false;
        if self.name.is_some() && self.name != customer.name {
            customer.name.clone_from(&self.name);
            changed = true;
        }
        if let Some(fields) = self.fields.as_ref().filter(|new| **new != customer.fields) {
            customer.fields.clone_from(fields);
            changed = true;
        }
        let seen_lately = now.duration_since(customer.last_active_at) < crate::LAST_ACTIVE_STEP;
        if changed || !seen_lately {
            customer.last_active_at = now;
        }
        changed || !seen_lately
    }
}

/// What to change about a customer; `None` leaves a field as it is.
#[derive(Clone, Debug, Default)]
pub struct CustomerPatch {
    /// The name; `Some(None)` clears it.
    pub name: Option<Option<String>>,
    /// The fields: a JSON object that replaces the one there is.
    pub fields: Option<Value>,
}

impl CustomerPatch {
    /// Applies the patch.
    pub(crate) fn apply(self, customer: &mut Customer) {
        let Self { name, fields } = self;
        set(&mut customer.name, name);
        set(&mut customer.fields, fields);
    }
}

/// How a customer is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CustomerSelector {
    /// By our id.
    Id(CustomerId),
    /// By the id that the workspace's app gave it.
    InternalId(String),
}

/// Which customers to list.
#[derive(Clone, Debug, Default)]
pub struct CustomerFilter {
    /// Text that the internal id or the name contains, in any case.
    pub search: Option<String>,
    /// Whether archived ones are listed as well.
    pub include_archived: bool,
}
