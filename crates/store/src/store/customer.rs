//! Customers.

use authbridge_core::SecretJson;
use authbridge_core::id::{CustomerId, WorkspaceId};
use serde_json::Value;

use super::Store;
use crate::keys::{Place, field};
use crate::model::customer::{
    Customer, CustomerFilter, CustomerPatch, CustomerSelector, SeenCustomer,
};
use crate::{Page, Paged, StoreError};

impl Store {
    /// The customer whom a token names: made at first sight, brought up to date when the token
    /// says something new, and otherwise only read.
    pub async fn see_customer(
        &self,
        workspace: &WorkspaceId,
        seen: SeenCustomer,
    ) -> Result<Customer, StoreError> {
        let now = self.now();
        let selector = CustomerSelector::InternalId(seen.internal_id.clone());
        if let Some(mut known) = self.find_customer(workspace, &selector).await?
            && !seen.apply(&mut known, now)
        {
            return Ok(known);
        }
        let fresh = Customer {
            id: CustomerId::generate(self.effects()),
            workspace_id: workspace.clone(),
            internal_id: seen.internal_id.clone(),
            name: seen.name.clone(),
            fields: seen.fields.clone().unwrap_or_else(empty_object),
            created_at: now,
            last_active_at: now,
            archived_at: None,
        };
        self.backend().see_customer(fresh, seen).await
    }

    /// The customer of this name, archived or not.
    pub async fn find_customer(
        &self,
        workspace: &WorkspaceId,
        selector: &CustomerSelector,
    ) -> Result<Option<Customer>, StoreError> {
        self.backend().find_customer(workspace, selector).await
    }

    /// A page of the customers.
    pub async fn list_customers(
        &self,
        workspace: &WorkspaceId,
        filter: CustomerFilter,
        page: Page,
    ) -> Result<Paged<Customer>, StoreError> {
        self.backend().list_customers(workspace, filter, page).await
    }

    /// Changes a customer.
    pub async fn update_customer(
        &self,
        workspace: &WorkspaceId,
        id: &CustomerId,
        patch: CustomerPatch,
    ) -> Result<Customer, StoreError> {
        self.backend().update_customer(workspace, id, patch).await
    }

    /// Archives a customer; one that is archived already stays as it is.
    pub async fn archive_customer(
        &self,
        workspace: &WorkspaceId,
        id: &CustomerId,
    ) -> Result<Customer, StoreError> {
        let now = Some(self.now());
        self.backend()
            .set_customer_archived(workspace, id, now)
            .await
    }

    /// Brings an archived customer back.
    pub async fn restore_customer(
        &self,
        workspace: &WorkspaceId,
        id: &CustomerId,
    ) -> Result<Customer, StoreError> {
        self.backend()
            .set_customer_archived(workspace, id, None)
            .await
    }

    /// Puts other credentials in the place of the customer's, or removes them.
    pub async fn replace_customer_credentials(
        &self,
        workspace: &WorkspaceId,
        id: &CustomerId,
        credentials: Option<&SecretJson>,
    ) -> Result<(), StoreError> {
        let place = Place {
            workspace,
            field: field::CUSTOMER_CREDENTIALS,
            row: id.as_str(),
            generation: 0,
        };
        let sealed = match credentials {
            Some(credentials) => Some(self.seal_json(place, credentials).await?),
            None => None,
        };
        self.backend()
            .replace_customer_credentials(workspace, id, sealed)
            .await
    }

    /// The customer's credentials, where it has any.
    pub async fn customer_credentials(
        &self,
        workspace: &WorkspaceId,
        id: &CustomerId,
    ) -> Result<Option<SecretJson>, StoreError> {
        let table = field::CUSTOMER_CREDENTIALS.table;
        let secrets = self.secrets(workspace, table, id.as_str()).await?;
        secrets.open_json(field::CUSTOMER_CREDENTIALS).await
    }
}

fn empty_object() -> Value {
    Value::Object(serde_json::Map::new())
}
