//! When the credentials of a connection expire, and when they are refreshed.

use authbridge_core::SecretJson;
use authbridge_core::auth::{self, Arguments, Issued, Start};
use authbridge_core::id::ConnectionId;
use authbridge_store::{Customer, Integration};
use jiff::Timestamp;

use crate::connect::Setup;
use crate::{Engine, EngineError, Session};

/// The two times that a connection has.
pub(crate) struct Schedule {
    pub(crate) expires_at: Option<Timestamp>,
    /// `None` where nothing can refresh them, or nothing has to.
    pub(crate) refresh_due_at: Option<Timestamp>,
}

impl Engine {
    /// The times of credentials that were issued now.
    pub(crate) fn schedule(&self, issued: &Issued) -> Schedule {
        let now = self.shared.effects.now();
        let stated = auth::expires_at(issued.credentials.expose(), now);
        let expires_at = issued.timing.expires_at(stated, now);
        let due = issued.timing.due_at(expires_at, now, self.jitter());
        Schedule {
            expires_at,
            refresh_due_at: due.filter(|_| issued.is_refreshable),
        }
    }

    /// A random number from 0 to 1.
    pub(crate) fn jitter(&self) -> f64 {
        let random = u32::from_le_bytes(self.shared.effects.random_bytes());
        f64::from(random) / f64::from(u32::MAX)
    }

    /// Credentials that somebody brought for the connection that `arguments` are of. They live
    /// like all others, as far as the connector can say how.
    pub(crate) async fn ready_made(
        &self,
        session: &Session,
        setup: &Setup,
        customer: &Customer,
        arguments: Arguments,
        credentials: SecretJson,
    ) -> Result<Issued, EngineError> {
        // A type that this build does not know still keeps what it is given.
        let Ok(flow) = auth::flow(setup.option.auth_type) else {
            return Ok(Issued::of(&setup.option, credentials));
        };
        let arguments = Arguments {
            credentials: Some(credentials.clone()),
            ..arguments
        };
        let mut runner = self.runner(session, setup, customer, None)?;
        let redirect_uri = self.redirect_uri(&setup.integration);
        let start = Start {
            redirect_uri: &redirect_uri,
            state: "",
        };
        let adopting = flow.adopt(&mut runner, &setup.option, &arguments, &start);
        match adopting.await {
            Ok(issued) => Ok(issued),
            // They may be good for as long as they live, whatever is wrong with the rest.
            Err(error) => {
                tracing::info!(
                    error = &error as &dyn std::error::Error,
                    integration.key = setup.integration.key,
                    "credentials are kept, but the connector cannot say how to refresh them"
                );
                Ok(Issued::of(&setup.option, credentials))
            }
        }
    }

    /// Where a user connects an account again, once a token is added to it.
    pub(crate) fn connect_uri(&self, connection: &ConnectionId) -> Option<String> {
        let public = self.public_uri.as_ref()?.as_str().trim_end_matches('/');
        Some(format!("{public}/connect?connectionId={connection}"))
    }

    /// Where the external app sends the browser back to: what the integration has in front of
    /// us, or our own callback.
    pub(crate) fn redirect_uri(&self, integration: &Integration) -> String {
        let own = integration.oauth_callback_uri.clone();
        own.unwrap_or_else(|| self.callback_uri())
    }

    /// Our own callback.
    pub fn callback_uri(&self) -> String {
        let public = self.public_uri.as_ref().map_or("", |uri| uri.as_str());
        format!("{}/oauth-callback", public.trim_end_matches('/'))
    }
}
