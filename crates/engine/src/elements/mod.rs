//! Elements of the workspace: actions, flows, data sources and the others, universal or of one
//! integration.
//!
//! An element of an integration may come from a universal one. As long as it says the same it
//! follows it; what says something else is customised, and stays.

mod change;
pub(crate) mod document;
mod interface;

use authbridge_core::element::{ElementId, ElementType};
use authbridge_core::id::IntegrationId;
use authbridge_store::{self as store, Element, ElementFilter, ElementLevel, Page, Paged};

use crate::{Engine, EngineError, Session};

/// An element, and what clients want to know beside it.
#[derive(Clone, Debug)]
pub struct ElementView {
    /// The stored record.
    pub record: Element,
    /// The key of the integration that it is for.
    pub integration_key: Option<String>,
}

/// Which elements to list.
#[derive(Clone, Debug, Default)]
pub struct ElementQuery {
    /// Those of this integration, by id or key; `None` or `null` are the universal ones.
    pub integration: Option<String>,
    /// Those that come from this one, by id or key.
    pub parent: Option<String>,
    /// Text that the key or the name contains, in any case.
    pub search: Option<String>,
    /// Whether archived ones are listed as well.
    pub include_archived: bool,
}

/// Which element is meant.
#[derive(Clone, Debug)]
pub struct ElementSelector {
    /// Its id or its key.
    pub id_or_key: String,
    /// With a key: the integration, by id or key; `None` or `null` is the universal one.
    pub integration: Option<String>,
}

/// A level, with the integration's record where there is one.
enum Level {
    Universal,
    Integration(Box<store::Integration>),
}

impl Level {
    fn as_stored(&self) -> ElementLevel {
        match self {
            Self::Universal => ElementLevel::Universal,
            Self::Integration(integration) => ElementLevel::Integration(integration.id.clone()),
        }
    }

    fn integration_id(&self) -> Option<IntegrationId> {
        match self {
            Self::Universal => None,
            Self::Integration(integration) => Some(integration.id.clone()),
        }
    }

    fn view(&self, record: Element) -> ElementView {
        let integration_key = match self {
            Self::Universal => None,
            Self::Integration(integration) => Some(integration.key.clone()),
        };
        ElementView {
            record,
            integration_key,
        }
    }
}

impl Engine {
    /// A page of the elements of a type.
    pub async fn list_elements(
        &self,
        session: &Session,
        element_type: ElementType,
        query: ElementQuery,
        page: Page,
    ) -> Result<Paged<ElementView>, EngineError> {
        let level = self
            .level(session, element_type, query.integration.as_deref())
            .await?;
        let parent_id = match &query.parent {
            None => None,
            Some(parent) => {
                let parent = self.universal(session, element_type, parent).await?;
                Some(parent.id)
            }
        };
        let filter = ElementFilter {
            element_type,
            level: Some(level.as_stored()),
            parent_id,
            search: query.search,
            include_archived: query.include_archived,
        };
        let workspace = session.workspace_id();
        let found = self
            .shared
            .store
            .list_elements(workspace, filter, page)
            .await?;
        let items = found.items.into_iter().map(|record| level.view(record));
        Ok(Paged {
            items: items.collect(),
            cursor: found.cursor,
        })
    }

    /// One element that is not archived.
    pub async fn element(
        &self,
        session: &Session,
        element_type: ElementType,
        selector: &ElementSelector,
    ) -> Result<ElementView, EngineError> {
        let found = self.find_element(session, element_type, selector).await?;
        found
            .filter(|view| view.record.archived_at.is_none())
            .ok_or_else(|| EngineError::not_found(element_type.noun(), &selector.id_or_key))
    }

    /// An element, archived or not.
    async fn find_element(
        &self,
        session: &Session,
        element_type: ElementType,
        selector: &ElementSelector,
    ) -> Result<Option<ElementView>, EngineError> {
        let workspace = session.workspace_id();
        let store = &self.shared.store;
        if let Ok(id) = selector.id_or_key.parse::<ElementId>() {
            let found = store.find_element(workspace, &id).await?;
            return match found.filter(|record| record.element_type == element_type) {
                Some(record) => Ok(Some(self.view_of(session, record).await?)),
                None => Ok(None),
            };
        }
        let level = self
            .level(session, element_type, selector.integration.as_deref())
            .await?;
        let key = &selector.id_or_key;
        let found = store
            .find_element_by_key(workspace, element_type, &level.as_stored(), key)
            .await?;
        Ok(found.map(|record| level.view(record)))
    }

    async fn view_of(
        &self,
        session: &Session,
        record: Element,
    ) -> Result<ElementView, EngineError> {
        let integration = match &record.integration_id {
            None => None,
            Some(id) => {
                let store = &self.shared.store;
                store
                    .find_integration(session.workspace_id(), id.as_str())
                    .await?
            }
        };
        Ok(ElementView {
            record,
            integration_key: integration.map(|integration| integration.key),
        })
    }

    /// The level that a caller means. Types without integration level have no integrations.
    async fn level(
        &self,
        session: &Session,
        element_type: ElementType,
        integration: Option<&str>,
    ) -> Result<Level, EngineError> {
        match integration {
            None | Some("null") => Ok(Level::Universal),
            Some(_) if !element_type.has_integration_level() => {
                Err(EngineError::bad_request(format!(
                    "{} belong to the workspace as a whole, and not to an integration",
                    element_type.path()
                )))
            }
            Some(selector) => {
                let integration = self.integration(session, selector).await?;
                Ok(Level::Integration(Box::new(integration)))
            }
        }
    }

    /// The universal element with this id or key.
    async fn universal(
        &self,
        session: &Session,
        element_type: ElementType,
        id_or_key: &str,
    ) -> Result<Element, EngineError> {
        let selector = ElementSelector {
            id_or_key: id_or_key.to_owned(),
            integration: None,
        };
        let view = self.element(session, element_type, &selector).await?;
        if view.record.integration_id.is_some() {
            return Err(EngineError::not_found(element_type.noun(), id_or_key));
        }
        Ok(view.record)
    }
}
