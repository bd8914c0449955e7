//! Operations: listed, shown, run.

use authbridge_core::auth::{AuthError, InputError, check_input};
use authbridge_core::connector::Operation;
use serde_json::{Value, json};

use crate::client::require_ready;
use crate::open::Opened;
use crate::refresh::ConnectionRenewal;
use crate::{Engine, EngineError, Session};

impl Engine {
    /// The operations of an integration's connector.
    pub async fn integration_operations(
        &self,
        session: &Session,
        integration: &str,
    ) -> Result<Vec<Operation>, EngineError> {
        let workspace = session.workspace_id();
        let integration = self.integration(session, integration).await?;
        let connector = self.connector_of(workspace, &integration).await?;
        Ok(connector.operations.clone())
    }

    /// One operation of an integration's connector.
    pub async fn integration_operation(
        &self,
        session: &Session,
        integration: &str,
        key: &str,
    ) -> Result<Operation, EngineError> {
        let workspace = session.workspace_id();
        let integration = self.integration(session, integration).await?;
        let connector = self.connector_of(workspace, &integration).await?;
        connector
            .operation(key)
            .cloned()
            .ok_or_else(|| EngineError::not_found("Operation", key))
    }

    /// The operations that can be run with a connection.
    pub async fn connection_operations(
        &self,
        session: &Session,
        connection: &str,
    ) -> Result<Vec<Operation>, EngineError> {
        let connection = self.connection(session, connection).await?;
        self.integration_operations(session, connection.integration_id.as_str())
            .await
    }

    /// One operation that can be run with a connection.
    pub async fn connection_operation(
        &self,
        session: &Session,
        connection: &str,
        key: &str,
    ) -> Result<Operation, EngineError> {
        let connection = self.connection(session, connection).await?;
        self.integration_operation(session, connection.integration_id.as_str(), key)
            .await
    }

    /// Runs an operation with `input`, which must fit its schema. `None` where it returned
    /// nothing.
    pub async fn run_operation(
        &self,
        session: &Session,
        connection: &str,
        key: &str,
        input: Value,
    ) -> Result<Option<Value>, EngineError> {
        let connection = self.connection(session, connection).await?;
        require_ready(&connection)?;
        let opened = self.open(session, connection).await?;
        let Opened {
            setup,
            owner,
            arguments,
            connection,
            generation,
        } = &opened;
        let operation = setup
            .connector
            .operation(key)
            .ok_or_else(|| EngineError::not_found("Operation", key))?;
        let input = match &operation.input_schema {
            Some(schema) => check_input(Some(schema), &input).map_err(|error| {
                AuthError::from(InputError {
                    form: "the operation's `inputSchema`",
                    ..error
                })
            })?,
            // Code takes the input apart without asking whether it is there.
            None if input.is_null() => json!({}),
            None => input,
        };
        let renewal = ConnectionRenewal {
            engine: self,
            session,
            connection,
            generation: *generation,
        };
        let runner = self.runner(session, setup, owner, Some(&renewal))?;
        let result = runner.run_operation(operation, &input, arguments).await;
        match result {
            Ok(output) => Ok(output),
            Err(error) => Err(self.explain_to_caller(session, &opened, error).await.into()),
        }
    }
}
