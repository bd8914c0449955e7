//! Interfaces whose actions are served by themselves (`expose: true`).

use authbridge_core::element::ElementType;
use serde_json::Value;

use crate::{Engine, EngineError, InstanceSelector, Session};

impl Engine {
    /// Runs an action of an interface that exposes its actions, for the calling customer.
    pub async fn run_exposed_action(
        &self,
        session: &Session,
        interface: &str,
        action: &str,
        input: Value,
    ) -> Result<Option<Value>, EngineError> {
        if session.customer().is_none() {
            return Err(EngineError::AccessDenied(
                "actions of interfaces are run by customers: use a customer's token, or an \
                 `X-Integration-App-Token`",
            ));
        }
        let found = self.interface(session, interface).await?;
        let is_exposed = found
            .as_ref()
            .and_then(|found| found.content.get("expose"))
            .and_then(Value::as_bool);
        if found.is_none() {
            return Err(EngineError::not_found(
                ElementType::Interface.noun(),
                interface,
            ));
        }
        if is_exposed != Some(true) {
            return Err(EngineError::not_found(
                ElementType::Interface.noun(),
                format!("{interface} (it has no `expose: true`)"),
            ));
        }
        let selector = InstanceSelector {
            connection: Some(interface.to_owned()),
            action: action.to_owned(),
            instance_key: None,
        };
        self.run_connection_action(session, selector, input).await
    }
}
