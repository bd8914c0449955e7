//! Auth proxies: shared clients of external apps, registered once by whoever runs the workspace
//! (`authProxies`), for connectors of type `proxy` to delegate to.
//!
//! One is an integration that nobody sees and nobody connects by itself; keys are shared with
//! integrations, so that `proxyKey` means one thing.

use authbridge_store::{Integration, IntegrationFilter, Origin, Page, Paged};

use crate::{Engine, EngineError, IntegrationDraft, Session};

impl Engine {
    /// The auth proxies of the workspace; for admins.
    pub async fn list_auth_proxies(
        &self,
        session: &Session,
        page: Page,
    ) -> Result<Paged<Integration>, EngineError> {
        session.require_admin()?;
        let filter = IntegrationFilter {
            is_auth_proxy: true,
            ..IntegrationFilter::default()
        };
        let store = &self.shared.store;
        Ok(store
            .list_integrations(session.workspace_id(), filter, page)
            .await?)
    }

    /// One auth proxy, by key or id; for admins.
    pub async fn auth_proxy(
        &self,
        session: &Session,
        selector: &str,
    ) -> Result<Integration, EngineError> {
        session.require_admin()?;
        let found = self.any_integration(session, selector).await;
        found
            .ok()
            .filter(|found| found.is_auth_proxy)
            .ok_or_else(|| EngineError::not_found("AuthProxy", selector))
    }

    /// Registers an auth proxy, or changes the one of that key; for admins. Accounts that are
    /// connected through it see the change at once.
    pub async fn put_auth_proxy(
        &self,
        session: &Session,
        key: &str,
        draft: IntegrationDraft,
        origin: Origin,
    ) -> Result<Integration, EngineError> {
        session.require_admin()?;
        let draft = IntegrationDraft {
            key: Some(key.to_owned()),
            ..draft
        };
        match self.any_integration(session, key).await {
            Ok(existing) if existing.is_auth_proxy => {
                self.update_record(session, existing, draft, origin).await
            }
            Ok(_) => Err(EngineError::bad_request(format!(
                "`{key}` is the key of an integration; an auth proxy needs one of its own"
            ))),
            Err(EngineError::NotFound { .. }) => {
                self.create_record(session, draft, origin, true).await
            }
            Err(error) => Err(error),
        }
    }

    /// Archives an auth proxy; what delegates to it stops working until it is put again; for
    /// admins.
    pub async fn archive_auth_proxy(
        &self,
        session: &Session,
        selector: &str,
    ) -> Result<Integration, EngineError> {
        let auth_proxy = self.auth_proxy(session, selector).await?;
        self.archive_record(session, &auth_proxy).await
    }
}
