//! Visits of the connect page: what a token was exchanged for.
//!
//! A visit may do one thing, which is said when it begins. It is known by an id that is in the
//! page's address, and by the secret in a cookie; neither works without the other.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use authbridge_core::auth::FieldError;
use authbridge_engine::{BrowserRequest, Engine, Session};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::connect::Ending;

/// How long a user has to fill in the form.
pub(super) const PATIENCE: SignedDuration = SignedDuration::from_mins(30);

/// More visits than this are not remembered at once.
const MOST: usize = 10_000;

/// The visits of all workers.
#[derive(Default)]
pub(crate) struct Visits {
    by_id: Mutex<HashMap<String, Arc<Visit>>>,
}

/// One user's visit.
pub(super) struct Visit {
    /// The part of the page's address.
    pub(super) id: String,
    /// The cookie's value.
    pub(super) secret: String,
    until: Timestamp,
    /// Who is to be connected.
    pub(super) session: Session,
    /// What is to be connected, without what the user has yet to say.
    pub(super) request: BrowserRequest,
    /// Held while something is submitted, so that a form that is submitted twice counts once.
    pub(super) progress: tokio::sync::Mutex<Progress>,
}

/// How far a visit has come.
#[derive(Default)]
pub(super) struct Progress {
    /// What was submitted last.
    pub(super) last: Option<Attempt>,
    /// How it ended. From then on nothing more happens.
    pub(super) ending: Option<Ending>,
}

/// A form that was submitted.
pub(super) struct Attempt {
    /// The option whose form it is.
    pub(super) option: Option<String>,
    /// What was typed, without secrets.
    pub(super) typed: Value,
    /// Why it did not work.
    pub(super) problem: Option<Problem>,
}

/// Why what was submitted did not lead to a connection.
pub(super) enum Problem {
    /// Fields that do not fit the form.
    Fields(Vec<FieldError>),
    /// Anything else, in words.
    Other(String),
}

impl Visits {
    /// Begins a visit of whoever has `session`.
    pub(super) fn begin(
        &self,
        engine: &Engine,
        session: Session,
        request: BrowserRequest,
    ) -> Arc<Visit> {
        let now = engine.effects().now();
        let visit = Arc::new(Visit {
            id: engine.new_browser(),
            secret: engine.new_browser(),
            until: now.checked_add(PATIENCE).unwrap_or(now),
            session,
            request,
            progress: tokio::sync::Mutex::default(),
        });
        let mut by_id = self.by_id.lock().unwrap_or_else(PoisonError::into_inner);
        if by_id.len() >= MOST {
            by_id.retain(|_, visit| visit.until > now);
        }
        if by_id.len() >= MOST {
            let oldest = by_id.values().min_by_key(|visit| visit.until);
            if let Some(id) = oldest.map(|visit| visit.id.clone()) {
                by_id.remove(&id);
            }
        }
        by_id.insert(visit.id.clone(), Arc::clone(&visit));
        visit
    }

    /// The visit of this id, unless it is over.
    pub(super) fn find(&self, id: &str, now: Timestamp) -> Option<Arc<Visit>> {
        let by_id = self.by_id.lock().unwrap_or_else(PoisonError::into_inner);
        by_id.get(id).filter(|visit| visit.until > now).cloned()
    }
}

impl Visit {
    /// Whether `secret` is this visit's, in a time that does not tell how much of it is right.
    pub(super) fn is_of(&self, secret: &str) -> bool {
        let differences = self
            .secret
            .bytes()
            .zip(secret.bytes())
            .fold(0, |all, (ours, theirs)| all | (ours ^ theirs));
        self.secret.len() == secret.len() && differences == 0
    }
}
