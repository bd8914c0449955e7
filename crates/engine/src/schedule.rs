//! When the credentials of a connection expire, and when they are refreshed.

use authbridge_core::SecretJson;
use authbridge_core::auth::{self, Issued};
use authbridge_store::{Connection, Integration};
use jiff::Timestamp;

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

    /// Credentials that somebody brought for a connection. They live like all others.
    pub(crate) async fn ready_made(
        &self,
        session: &Session,
        connection: &Connection,
        credentials: SecretJson,
    ) -> Result<Issued, EngineError> {
        let integration = self
            .integration(session, connection.integration_id.as_str())
            .await?;
        let setup = self.setup_of(session, integration, connection).await?;
        Ok(Issued::of(&setup.option, credentials))
    }

    /// Where the external app sends the browser back to: what the integration has in front of
    /// us, or our own callback.
    pub(crate) fn redirect_uri(&self, integration: &Integration) -> String {
        if let Some(uri) = &integration.oauth_callback_uri {
            return uri.clone();
        }
        let public = self.public_uri.as_ref().map_or("", |uri| uri.as_str());
        format!("{}/oauth-callback", public.trim_end_matches('/'))
    }
}
