//! An integration that a caller names by its connector, as newer clients may.

use authbridge_store::{Integration, IntegrationFilter, Page};

use crate::{Engine, EngineError, Session};

impl Engine {
    /// The only integration of the connector that `selector` means: its id, key or uuid.
    pub async fn integration_of_connector(
        &self,
        session: &Session,
        selector: &str,
    ) -> Result<Integration, EngineError> {
        let (store, workspace) = (&self.shared.store, session.workspace_id());
        let connector = store.find_connector(workspace, selector).await?;
        let connector = connector
            .filter(|connector| connector.archived_at.is_none())
            .ok_or_else(|| EngineError::not_found("Connector", selector))?;
        let mut page = Page {
            limit: 1000,
            cursor: None,
        };
        let mut only = None;
        loop {
            let filter = IntegrationFilter::default();
            let found = store.list_integrations(workspace, filter, page.clone());
            let found = found.await?;
            for integration in found.items {
                if integration.connector_id.as_ref() != Some(&connector.id) {
                    continue;
                }
                if only.is_some() {
                    return Err(EngineError::bad_request(format!(
                        "the connector `{selector}` has several integrations: name one with \
                         `integrationKey`"
                    )));
                }
                only = Some(integration);
            }
            match found.cursor {
                Some(cursor) => page.cursor = Some(cursor),
                None => break,
            }
        }
        only.ok_or_else(|| {
            EngineError::bad_request(format!(
                "the connector `{selector}` has no integration: accounts are connected through \
                 one, which an admin makes with `POST /integrations`"
            ))
        })
    }
}
