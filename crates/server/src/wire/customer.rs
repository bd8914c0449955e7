//! Customers on the wire.

use authbridge_store as store;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// An end user of the workspace's app.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Customer {
    id: String,
    /// The app's own id of the customer.
    internal_id: String,
    /// What people see; the app's id when nobody gave a name.
    name: String,
    /// Free fields, part of the token that external apps of type `integration-app-token` get.
    fields: Value,
    created_at: String,
    last_active_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    archived_at: Option<String>,
}

impl From<store::Customer> for Customer {
    fn from(record: store::Customer) -> Self {
        Self {
            id: record.id.to_string(),
            name: record.name.unwrap_or_else(|| record.internal_id.clone()),
            internal_id: record.internal_id,
            fields: record.fields,
            created_at: record.created_at.to_string(),
            last_active_at: record.last_active_at.to_string(),
            archived_at: record.archived_at.map(|at| at.to_string()),
        }
    }
}
