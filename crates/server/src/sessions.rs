//! What one worker remembers of its callers, so that a token is verified and a selector resolved
//! once and not for every request.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use authbridge_core::token::TokenError;
use authbridge_engine::{Engine, EngineError, PreparedClient, Session};
use foldhash::fast::RandomState;
use jiff::{SignedDuration, Timestamp};

/// A token is verified anew after this, so that a rotated secret or an archived customer is
/// noticed.
const REMEMBERED_FOR: SignedDuration = SignedDuration::from_secs(30);

/// More tokens than this are not remembered at once.
const CAPACITY: usize = 20_000;

/// More selectors than this are not remembered of one token.
const SELECTORS: usize = 64;

#[derive(Default)]
pub(crate) struct Sessions {
    by_token: Mutex<HashMap<Box<str>, Arc<KnownSession>, RandomState>>,
}

/// A verified session, and the clients that it used.
pub(crate) struct KnownSession {
    pub(crate) session: Session,
    until: Timestamp,
    clients: Mutex<HashMap<Box<str>, Arc<PreparedClient>, RandomState>>,
}

impl Sessions {
    /// The session of `token`.
    pub(crate) async fn get(
        &self,
        engine: &Engine,
        token: &str,
        now: Timestamp,
    ) -> Result<Arc<KnownSession>, EngineError> {
        if token.is_empty() {
            return Err(TokenError::Absent.into());
        }
        if let Some(known) = self.known(token, now)
            && !engine.is_outdated(&known.session)
        {
            return Ok(known);
        }
        let session = engine.authenticate(token).await?;
        let mut until = now.checked_add(REMEMBERED_FOR).unwrap_or(now);
        if let Some(expires_at) = session.expires_at {
            until = until.min(expires_at);
        }
        let known = Arc::new(KnownSession {
            session,
            until,
            clients: Mutex::default(),
        });
        self.remember(token, &known, now);
        Ok(known)
    }

    fn known(&self, token: &str, now: Timestamp) -> Option<Arc<KnownSession>> {
        let by_token = self.by_token.lock().unwrap_or_else(PoisonError::into_inner);
        by_token
            .get(token)
            .filter(|known| known.until > now)
            .cloned()
    }

    fn remember(&self, token: &str, known: &Arc<KnownSession>, now: Timestamp) {
        let mut by_token = self.by_token.lock().unwrap_or_else(PoisonError::into_inner);
        if by_token.len() >= CAPACITY {
            by_token.retain(|_, known| known.until > now);
        }
        if by_token.len() >= CAPACITY {
            // All of them are fresh. Starting over costs less than looking through them each time.
            by_token.clear();
        }
        by_token.insert(token.into(), Arc::clone(known));
    }
}

impl KnownSession {
    /// The client of the connection that `selector` means to this caller.
    pub(crate) async fn client(
        &self,
        engine: &Engine,
        selector: &str,
        now: Timestamp,
    ) -> Result<Arc<PreparedClient>, EngineError> {
        if let Some(client) = self.known_client(selector, now) {
            return Ok(client);
        }
        let client = engine.client(&self.session, selector).await?;
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if clients.len() >= SELECTORS {
            clients.clear();
        }
        clients.insert(selector.into(), Arc::clone(&client));
        Ok(client)
    }

    fn known_client(&self, selector: &str, now: Timestamp) -> Option<Arc<PreparedClient>> {
        let clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        clients
            .get(selector)
            .filter(|client| !client.is_stale(now))
            .cloned()
    }
}
