//! Testing connections, and what is learned about them.

use authbridge_core::auth::{AuthError, Blame};
use authbridge_core::connector::FunctionName;
use authbridge_core::id::ConnectionId;
use authbridge_store::{Connection, ConnectionState};
use serde_json::{Value, json};

use crate::open::Opened;
use crate::refresh::ConnectionRenewal;
use crate::{Engine, EngineError, Session};

/// How a test went.
#[derive(Debug)]
pub struct TestOutcome {
    /// The connection, in the state that the test left it.
    pub connection: Connection,
    /// Why it does not work; `None` when it does.
    pub failure: Option<AuthError>,
}

impl Engine {
    /// Tests a connection, and remembers what was learned.
    pub async fn test_connection(
        &self,
        session: &Session,
        selector: &str,
    ) -> Result<TestOutcome, EngineError> {
        let connection = self.connection(session, selector).await?;
        self.test(session, connection).await
    }

    async fn test(
        &self,
        session: &Session,
        connection: Connection,
    ) -> Result<TestOutcome, EngineError> {
        let opened = self.open(session, connection).await?;
        if let Some(account) = &opened.connection.parent_id {
            let has_own = opened.setup.option.function(FunctionName::Test).is_some();
            if !has_own {
                return self.test_account_of(session, &opened, account).await;
            }
            if opened.connection.state.disconnected() {
                let tested = self.test_account_of(session, &opened, account).await?;
                if tested.failure.is_some() {
                    return Ok(tested);
                }
            }
        }
        let renewal = ConnectionRenewal {
            engine: self,
            session,
            connection: &opened.connection,
            generation: opened.generation,
        };
        let runner = self.runner(session, &opened.setup, &opened.owner, Some(&renewal))?;
        let tested = runner.test(&opened.arguments).await;
        let failure = tested.err().map(|error| self.explain(&opened, error));
        // The test may have renewed the credentials, and with them the state.
        let id = &opened.connection.id;
        let connection = self.connection_by_id(session, id).await?;
        let (state, error) = match &failure {
            None => (ConnectionState::Ready, None),
            Some(error) => match state_after(error) {
                Some(state) => (state, Some(stored_error(error))),
                None => (connection.state, connection.error.clone()),
            },
        };
        let connection = self.set_state(session, &connection, state, error).await?;
        Ok(TestOutcome {
            connection,
            failure,
        })
    }

    /// The test of a child without one: that of its account.
    async fn test_account_of(
        &self,
        session: &Session,
        child: &Opened,
        account: &ConnectionId,
    ) -> Result<TestOutcome, EngineError> {
        let runner = self.runner(session, &child.setup, &child.owner, None)?;
        let made = runner.made_client(&child.arguments).await;
        let failure = match made {
            Ok(_) => {
                let account = self.connection_by_id(session, account).await?;
                Box::pin(self.test(session, account)).await?.failure
            }
            Err(error) => Some(error),
        };
        let id = &child.connection.id;
        let connection = self.connection_by_id(session, id).await?;
        let is_own_fault = failure.is_none() && connection.state.disconnected();
        let connection = if is_own_fault {
            let ready = ConnectionState::Ready;
            self.set_state(session, &connection, ready, None).await?
        } else {
            connection
        };
        Ok(TestOutcome {
            connection,
            failure,
        })
    }

    /// An error that is kept with a connection, with what its scopes tell about it. The address in
    /// it needs a token: links that need none are made for those who ask.
    pub(crate) fn explain(&self, opened: &Opened, error: AuthError) -> AuthError {
        let connection = &opened.connection;
        let uri = self.connect_uri(&connection.id);
        // Nobody can connect what nobody sees; its children say how.
        let uri = uri.filter(|_| !connection.is_hidden);
        error.explained_by(&connection.scopes, uri)
    }
}

/// What a failed test means for the connection; `None` when it says nothing about it.
pub(crate) fn state_after(error: &AuthError) -> Option<ConnectionState> {
    match error.blame() {
        Blame::Caller | Blame::Customer => Some(ConnectionState::ClientActionRequired),
        Blame::WorkspaceOwner => Some(ConnectionState::ConfigurationError),
        Blame::Provider | Blame::Operator => None,
    }
}

pub(crate) fn stored_error(error: &AuthError) -> Value {
    let kind = match error.blame() {
        Blame::WorkspaceOwner => "configuration",
        Blame::Caller | Blame::Customer | Blame::Provider | Blame::Operator => "connection",
    };
    let mut stored = json!({ "type": kind, "message": error.to_string() });
    if let (AuthError::NotGranted(not_granted), Value::Object(members)) = (error, &mut stored) {
        members.insert("missingScopes".into(), json!(not_granted.scopes));
        members.insert("connectUri".into(), json!(not_granted.connect_uri));
    }
    stored
}
