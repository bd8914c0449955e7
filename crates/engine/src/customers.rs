//! Customers: the end users of the workspace's app.

use authbridge_core::SecretJson;
use authbridge_store::{
    Customer, CustomerFilter, CustomerPatch, CustomerSelector, Page, Paged, SeenCustomer,
};

use crate::{Engine, EngineError, Session};

impl Engine {
    /// The customers of the workspace; for admins.
    pub async fn list_customers(
        &self,
        session: &Session,
        filter: CustomerFilter,
        page: Page,
    ) -> Result<Paged<Customer>, EngineError> {
        session.require_admin()?;
        Ok(self
            .shared
            .store
            .list_customers(session.workspace_id(), filter, page)
            .await?)
    }

    /// Creates a customer before any token names it, or updates the one that has this id.
    pub async fn put_customer(
        &self,
        session: &Session,
        seen: SeenCustomer,
        credentials: Option<SecretJson>,
    ) -> Result<Customer, EngineError> {
        session.require_admin()?;
        let workspace = session.workspace_id();
        let customer = self.shared.store.see_customer(workspace, seen).await?;
        if let Some(credentials) = credentials {
            self.set_customer_credentials(session, &customer, &credentials)
                .await?;
        }
        self.customer_changed(&customer);
        Ok(customer)
    }

    /// A customer by our id or the app's; customers find only themselves.
    pub async fn customer(
        &self,
        session: &Session,
        selector: &str,
    ) -> Result<Customer, EngineError> {
        let store = &self.shared.store;
        let workspace = session.workspace_id();
        let by_id = match selector.parse() {
            Ok(id) => {
                store
                    .find_customer(workspace, &CustomerSelector::Id(id))
                    .await?
            }
            Err(_) => None,
        };
        let found = if let Some(customer) = by_id {
            Some(customer)
        } else {
            let selector = CustomerSelector::InternalId(selector.to_owned());
            store.find_customer(workspace, &selector).await?
        };
        found
            .filter(|customer| session.customer().is_none_or(|own| own.id == customer.id))
            .ok_or_else(|| EngineError::not_found("Customer", selector))
    }

    /// Changes a customer's name or fields; for admins.
    pub async fn update_customer(
        &self,
        session: &Session,
        selector: &str,
        patch: CustomerPatch,
    ) -> Result<Customer, EngineError> {
        session.require_admin()?;
        let customer = self.customer(session, selector).await?;
        let updated = self
            .shared
            .store
            .update_customer(session.workspace_id(), &customer.id, patch)
            .await?;
        self.customer_changed(&customer);
        Ok(updated)
    }

    /// Archives a customer: its tokens are refused from then on. For admins.
    pub async fn archive_customer(
        &self,
        session: &Session,
        selector: &str,
    ) -> Result<Customer, EngineError> {
        session.require_admin()?;
        let customer = self.customer(session, selector).await?;
        let archived = self
            .shared
            .store
            .archive_customer(session.workspace_id(), &customer.id)
            .await?;
        self.customer_changed(&customer);
        Ok(archived)
    }

    /// Undoes [`Engine::archive_customer`].
    pub async fn restore_customer(
        &self,
        session: &Session,
        selector: &str,
    ) -> Result<Customer, EngineError> {
        session.require_admin()?;
        let customer = self.customer(session, selector).await?;
        let restored = self
            .shared
            .store
            .restore_customer(session.workspace_id(), &customer.id)
            .await?;
        self.customer_changed(&customer);
        Ok(restored)
    }

    /// What is remembered of `customer` is not used again.
    fn customer_changed(&self, customer: &Customer) {
        self.shared.changes.note(customer.id.as_str());
        self.shared.clients.forget_customer(&customer.id);
    }

    /// Keeps what the app says are this customer's credentials for the app's own API
    /// (`PATCH /self`).
    pub async fn set_customer_credentials(
        &self,
        session: &Session,
        customer: &Customer,
        credentials: &SecretJson,
    ) -> Result<(), EngineError> {
        let workspace = session.workspace_id();
        let store = &self.shared.store;
        Ok(store
            .replace_customer_credentials(workspace, &customer.id, Some(credentials))
            .await?)
    }
}
