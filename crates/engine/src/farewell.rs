//! The end of a connection: the external app is told, and the secrets are erased.

use std::time::Duration;

use authbridge_core::auth::{self, Arguments, AuthContext as _, Start};
use authbridge_core::connector::FunctionName;
use authbridge_store::Connection;

use crate::open::Opened;
use crate::{Engine, EngineError, Session};

/// How long the external app may take to hear that a connection ends.
const FAREWELL: Duration = Duration::from_secs(20);

impl Engine {
    /// Archives a connection: its secrets are erased and it cannot be used again.
    ///
    /// The account that it used, if it did, is archived with it where nothing else uses that and
    /// either `with_parent` says so or nobody else could: nobody sees those of auth proxies.
    pub async fn archive_connection(
        &self,
        session: &Session,
        selector: &str,
        with_parent: bool,
    ) -> Result<Connection, EngineError> {
        let connection = self.connection(session, selector).await?;
        let archived = self.archive_one(session, &connection).await?;
        let Some(id) = &connection.parent_id else {
            return Ok(archived);
        };
        match self.connection_by_id(session, id).await {
            Ok(account) if with_parent || account.is_hidden => {
                self.archive_unused(session, &account).await?;
            }
            Ok(_) | Err(EngineError::NotFound { .. }) => {}
            Err(error) => return Err(error),
        }
        Ok(archived)
    }

    pub(crate) async fn archive_one(
        &self,
        session: &Session,
        connection: &Connection,
    ) -> Result<Connection, EngineError> {
        // The account is still in use, or told by itself.
        if connection.parent_id.is_none() {
            self.tell_disconnected(session, connection).await;
        }
        let archived = self
            .shared
            .store
            .archive_connection(session.workspace_id(), &connection.id)
            .await?;
        self.shared.clients.forget(&connection.id).await;
        self.audit(session, "connection.archived", &archived)
            .await?;
        Ok(archived)
    }

    /// Runs the definition's `disconnect`, and tells the provider that the tokens are no longer
    /// needed. Whatever comes of it, the connection ends.
    async fn tell_disconnected(&self, session: &Session, connection: &Connection) {
        let telling = tokio::time::timeout(FAREWELL, self.say_farewell(session, connection));
        let error: Box<dyn std::error::Error> = match telling.await {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error.into(),
            Err(elapsed) => elapsed.into(),
        };
        tracing::warn!(
            error = &*error,
            connection.id = %connection.id,
            "`disconnect` did not succeed; the connection is archived all the same"
        );
    }

    async fn say_farewell(
        &self,
        session: &Session,
        connection: &Connection,
    ) -> Result<(), EngineError> {
        let opened = self.open(session, connection.clone()).await?;
        let setup = &opened.setup;
        let mut runner = self.runner(session, setup, &opened.owner, None)?;
        let told = match setup.option.function(FunctionName::Disconnect) {
            Some(_) => {
                let calling = runner.call(FunctionName::Disconnect, &opened.arguments);
                calling.await.map(|_| ())
            }
            None => Ok(()),
        };
        self.revoke(session, &opened, &opened.arguments).await?;
        Ok(told?)
    }

    /// Tells the provider of `opened` that nobody needs the credentials in `arguments` any more,
    /// where it wants to be told.
    pub(crate) async fn revoke(
        &self,
        session: &Session,
        opened: &Opened,
        arguments: &Arguments,
    ) -> Result<(), EngineError> {
        let setup = &opened.setup;
        let flow = auth::flow(setup.option.auth_type)?;
        let mut runner = self.runner(session, setup, &opened.owner, None)?;
        let redirect_uri = self.redirect_uri(&setup.integration);
        let start = Start {
            redirect_uri: &redirect_uri,
            state: "",
        };
        let revoking = flow.revoke(&mut runner, &setup.option, arguments, &start);
        Ok(revoking.await?)
    }
}
