//! Interfaces: HTTP endpoints with their own authentication, and the actions that call them.
//!
//! One is a connector and an integration made from the same document, so that connections,
//! refreshes, the proxy and everything else work with it as with any other. The integration has
//! the interface's key. The connector's key has a slash in it, which no other can have, and tells
//! that both belong to the interface.

mod exposed;

use authbridge_core::element::ElementType;
use authbridge_definition::Bundle;
use authbridge_store::{Element, ElementLevel, Integration};
use serde_json::{Map, Value, json};

use crate::connector_files::DOCUMENT;
use crate::{Engine, EngineError, Session};

/// The interface that `api-request-to-your-app` calls: the workspace's own app.
pub(crate) const OWN_APP: &str = "your-app";

/// What the keys of connectors begin with that interfaces are compiled to.
const PREFIX: &str = "interfaces/";

/// The key of the connector that the interface `key` is compiled to.
pub(crate) fn connector_key(key: &str) -> String {
    format!("{PREFIX}{key}")
}

/// Whether a connector with this key is that of an interface.
pub(crate) fn is_of_interface(connector_key: &str) -> bool {
    connector_key.starts_with(PREFIX)
}

/// The definition of the connector that an interface is compiled to.
pub(crate) fn definition(key: &str, interface: &Value) -> Bundle {
    let mut document = Map::new();
    document.insert("key".into(), key.into());
    for member in ["name", "description", "baseUri", "logoUri", "auth"] {
        if let Some(value) = interface.get(member).filter(|value| !value.is_null()) {
            document.insert(member.into(), value.clone());
        }
    }
    if let Some(base_uri) = interface.get("baseUrl")
        && !document.contains_key("baseUri")
    {
        document.insert("baseUri".into(), base_uri.clone());
    }
    document.entry("name").or_insert_with(|| json!(key));
    Bundle::from_document(DOCUMENT, &Value::Object(document).to_string())
}

impl Engine {
    /// The interface that `integration` was made from, if it was made from one.
    pub(crate) async fn interface_of(
        &self,
        session: &Session,
        integration: &Integration,
    ) -> Result<Option<Element>, EngineError> {
        if !self.is_made_from_interface(session, integration).await? {
            return Ok(None);
        }
        self.interface(session, &integration.key).await
    }

    /// Whether `integration` was made from an interface.
    pub(crate) async fn is_made_from_interface(
        &self,
        session: &Session,
        integration: &Integration,
    ) -> Result<bool, EngineError> {
        let Some(id) = &integration.connector_id else {
            return Ok(false);
        };
        let store = &self.shared.store;
        let connector = store
            .find_connector(session.workspace_id(), id.as_str())
            .await?;
        Ok(connector.is_some_and(|connector| is_of_interface(&connector.key)))
    }

    /// The unarchived interface with this key.
    pub(crate) async fn interface(
        &self,
        session: &Session,
        key: &str,
    ) -> Result<Option<Element>, EngineError> {
        let store = &self.shared.store;
        let found = store
            .find_element_by_key(
                session.workspace_id(),
                ElementType::Interface,
                &ElementLevel::Universal,
                key,
            )
            .await?;
        Ok(found.filter(|element| element.archived_at.is_none()))
    }
}

#[cfg(test)]
mod tests {
    use authbridge_core::connector::AuthType;
    use authbridge_definition::{ConnectorDefaults, load_connector};

    use super::*;

    #[test]
    fn an_interface_is_a_connector_in_one_document() {
        let interface = json!({
            "name": "Contacts API", "baseUri": "https://app.example.com/api",
            "auth": {"type": "integration-app-token"}, "actions": ["create-contact"], "expose": true,
        });
        let bundle = definition("contacts-api", &interface);
        let loaded = load_connector(&bundle, ConnectorDefaults::default());
        assert_eq!(loaded.diagnostics, []);
        let connector = loaded.value.unwrap();
        assert_eq!(connector.key, "contacts-api");
        assert_eq!(
            connector.base_uri.as_deref(),
            Some("https://app.example.com/api")
        );
        assert_eq!(
            connector.options[0].auth_type,
            AuthType::IntegrationAppToken
        );
    }

    #[test]
    fn the_key_of_its_connector_is_one_that_nobody_else_can_have() {
        assert!(is_of_interface(&connector_key("contacts-api")));
        assert!(!is_of_interface("contacts-api"));
        assert!(crate::elements::document::problem_of_key(&connector_key("a")).is_some());
    }
}
