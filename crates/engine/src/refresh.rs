//! Renewing the credentials of a connection: by request, or because the external app no longer
//! took them.

use async_trait::async_trait;
use authbridge_core::auth::{self, Arguments, AuthError, AuthFlow, Start};
use authbridge_store::{Connection, ConnectionState, NewCredentials, StoreError};

use crate::connect::{state_after, stored_error};
use crate::functions::Renewal;
use crate::open::Opened;
use crate::{Engine, EngineError, PreparedClient, Session};

impl Engine {
    /// Renews the credentials of a connection now.
    pub async fn refresh_credentials(
        &self,
        session: &Session,
        selector: &str,
    ) -> Result<Connection, EngineError> {
        let connection = self.connection(session, selector).await?;
        let opened = self.open(session, connection).await?;
        let generation = opened.generation;
        let renewing = Box::pin(self.renew(session, opened, generation));
        Ok(renewing.await?.connection)
    }

    /// The external app refused what `client` sent: a client with fresh credentials, or `None`
    /// where there are none to be had.
    pub async fn renewed_client(
        &self,
        session: &Session,
        client: &PreparedClient,
    ) -> Result<Option<std::sync::Arc<PreparedClient>>, EngineError> {
        if !client.can_refresh {
            return Ok(None);
        }
        let id = client.connection_id.as_str();
        let connection = self.connection(session, id).await?;
        let opened = self.open(session, connection).await?;
        match Box::pin(self.renew(session, opened, client.generation)).await {
            Ok(_) => Ok(Some(self.client(session, id).await?)),
            Err(EngineError::Auth(error)) => {
                tracing::info!(
                    error = &error as &dyn std::error::Error,
                    connection.id = id,
                    "credentials were not refreshed"
                );
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Renews credentials whose generation is `seen`. Of several who ask, one does it; the others
    /// wait, and get what it got.
    async fn renew(
        &self,
        session: &Session,
        opened: Opened,
        seen: u64,
    ) -> Result<Opened, EngineError> {
        let _one_at_a_time = self
            .shared
            .refreshing
            .lock(opened.connection.id.as_str())
            .await;
        let connection = self
            .connection(session, opened.connection.id.as_str())
            .await?;
        let opened = self.open(session, connection).await?;
        if opened.generation != seen {
            return Ok(opened);
        }
        let flow = auth::flow(opened.setup.option.auth_type)?;
        if !flow.can_refresh(&opened.setup.option) {
            return Err(
                AuthError::NotRefreshable("its connector has no `refreshCredentials`").into(),
            );
        }
        match self.fresh(session, &opened, flow).await {
            Ok(()) => {
                let connection = self
                    .connection(session, opened.connection.id.as_str())
                    .await?;
                self.open(session, connection).await
            }
            Err(EngineError::Auth(error)) => {
                self.note_failure(session, &opened, &error).await?;
                Err(error.into())
            }
            Err(error) => Err(error),
        }
    }

    /// Asks for fresh credentials and keeps them.
    async fn fresh(
        &self,
        session: &Session,
        opened: &Opened,
        flow: &dyn AuthFlow,
    ) -> Result<(), EngineError> {
        let mut runner = self.runner(session, &opened.setup, &opened.owner, None)?;
        let redirect_uri = self.redirect_uri(&opened.setup.integration);
        let start = Start {
            redirect_uri: &redirect_uri,
            state: "",
        };
        let option = &opened.setup.option;
        let issued = flow
            .refresh(&mut runner, option, &opened.arguments, &start)
            .await?;
        let schedule = self.schedule(&issued);
        let new = NewCredentials {
            credentials: issued.credentials,
            input: None,
            connector_parameters: None,
            state: ConnectionState::Ready,
            error: None,
            expires_at: schedule.expires_at,
            refresh_due_at: schedule.refresh_due_at,
        };
        let id = &opened.connection.id;
        let kept = self
            .shared
            .store
            .replace_credentials(session.workspace_id(), id, opened.generation, new)
            .await;
        self.shared.clients.forget(id).await;
        match kept {
            Ok(connection) => {
                self.audit(session, "connection.refreshed", &connection)
                    .await
            }
            // Somebody reconnected meanwhile: what they brought is newer than ours.
            Err(StoreError::GenerationMoved) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// A failure that says something about the connection changes its state.
    async fn note_failure(
        &self,
        session: &Session,
        opened: &Opened,
        error: &AuthError,
    ) -> Result<(), EngineError> {
        let Some(state) = state_after(error) else {
            return Ok(());
        };
        let current = self
            .connection(session, opened.connection.id.as_str())
            .await?;
        if current.generation != opened.generation {
            return Ok(());
        }
        let stored = Some(stored_error(error));
        self.set_state(session, &current, state, stored).await?;
        self.audit(session, "connection.refresh_failed", &current)
            .await
    }
}

/// Renews the credentials of one connection, for functions that run for it.
pub(crate) struct ConnectionRenewal<'a> {
    pub(crate) engine: &'a Engine,
    pub(crate) session: &'a Session,
    pub(crate) connection: &'a Connection,
    /// Which credentials the function started with.
    pub(crate) generation: u64,
}

#[async_trait]
impl Renewal for ConnectionRenewal<'_> {
    async fn renew(&self, _arguments: &Arguments) -> Option<Arguments> {
        let renewing = async {
            let opened = self
                .engine
                .open(self.session, self.connection.clone())
                .await?;
            let renewing = self.engine.renew(self.session, opened, self.generation);
            Box::pin(renewing).await
        };
        match renewing.await {
            Ok(opened) => Some(opened.arguments),
            Err(error) => {
                tracing::info!(
                    error = &error as &dyn std::error::Error,
                    connection.id = %self.connection.id,
                    "credentials were not refreshed"
                );
                None
            }
        }
    }
}
