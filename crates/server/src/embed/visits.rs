//! Visits of the pages: what a token was exchanged for.
//!
//! A visit may do one thing, which is said when it begins. It is known by an id that is in the
//! page's address, and by the secret in a cookie, or a pass where there are no cookies; neither
//! works without the other.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use authbridge_core::auth::FieldError;
use authbridge_engine::{BrowserRequest, Engine, Session};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use http::HeaderMap;
use http::header::COOKIE;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::access::{By, Known, Proof};
use super::style::Theme;
use crate::connect::{Ending, Failure};

/// How long a user may look at a page.
pub(super) const PATIENCE: SignedDuration = SignedDuration::from_mins(30);

/// How long a visit is remembered after that, so that it can go on.
const MEMORY: SignedDuration = SignedDuration::from_hours(6);

/// More visits than this are not remembered at once.
const MOST: usize = 10_000;

/// More visits than this are not remembered of one customer.
const MOST_OF_ONE: usize = 16;

/// Visits that are over are looked for whenever so many have begun.
const SWEEP_EVERY: usize = 256;

/// How the name of a visit's cookie begins; the first characters of the visit's id follow.
const COOKIE_PREFIX: &str = "authbridge_visit_";

/// How much of a visit's id is in the name of its cookie.
const NAMED: usize = 8;

/// The visits of all workers.
#[derive(Default)]
pub(crate) struct Visits {
    by_id: Mutex<HashMap<String, Arc<Visit>>>,
    begun: AtomicUsize,
}

/// One user's visit.
pub(super) struct Visit {
    /// The part of the page's address.
    pub(super) id: String,
    /// The cookie's value.
    pub(super) secret: String,
    /// Stands for the cookie where the browser keeps none, in the body of each request.
    pub(super) pass: String,
    /// Stands for the cookie in one form: that which opens a window in which the cookie is not
    /// known, since browsers keep those of frames apart.
    pub(super) ticket: String,
    until: Mutex<Timestamp>,
    /// Whose it is.
    pub(super) session: Session,
    /// What the app wants its pages to look like.
    pub(super) theme: Theme,
    /// What it is about.
    pub(super) purpose: Purpose,
}

/// What a visit may do.
pub(super) enum Purpose {
    /// Connects an account.
    Connect(Box<Connecting>),
    /// Looks at the integrations, and begins visits that connect.
    Look(Looking),
}

/// Whether a page that is asked for can be shown.
pub(super) enum Found {
    Here(Known),
    /// It was open for too long; and what the browser was known by, if it was.
    Late(Arc<Visit>, Option<By>),
    /// The browser has neither its cookie nor its pass.
    NoProof,
    /// It is not known: ended long ago, before a restart, or never begun.
    Unknown,
}

/// A visit that connects an account.
pub(super) struct Connecting {
    /// What is to be connected, without what the user has yet to say.
    pub(super) request: BrowserRequest,
    /// The visit from which it began, and to which it leads back.
    pub(super) back: Option<String>,
    /// Held while something is submitted, so that a form that is submitted twice counts once.
    pub(super) progress: tokio::sync::Mutex<Progress>,
}

impl Connecting {
    /// One that has not begun yet.
    pub(super) fn new(request: BrowserRequest, back: Option<String>) -> Self {
        Self {
            request,
            back,
            progress: tokio::sync::Mutex::default(),
        }
    }
}

impl From<Connecting> for Purpose {
    fn from(connecting: Connecting) -> Self {
        Self::Connect(Box::new(connecting))
    }
}

/// A visit that looks at integrations.
pub(super) struct Looking {
    /// The only one that it is about.
    pub(super) only: Option<String>,
}

/// How far a visit has come.
#[derive(Default)]
pub(super) struct Progress {
    /// What was submitted last.
    pub(super) last: Option<Attempt>,
    /// How it ended. From then on nothing more happens.
    pub(super) ending: Option<Ending>,
    /// Counts what a page that waits must show anew.
    pub(super) version: u32,
}

impl Progress {
    /// Whether what was submitted last went on in a window of its own.
    pub(super) fn is_elsewhere(&self) -> bool {
        self.last.as_ref().is_some_and(|last| last.is_elsewhere)
    }
}

/// A form that was submitted.
pub(super) struct Attempt {
    /// The option whose form it is.
    pub(super) option: Option<String>,
    /// What was typed, without secrets.
    pub(super) typed: Value,
    /// Why it did not work.
    pub(super) problem: Option<Problem>,
    /// Whether it goes on in a window of its own, while the page waits.
    pub(super) is_elsewhere: bool,
}

/// Why what was submitted did not lead to a connection.
pub(super) enum Problem {
    /// Fields that do not fit the form.
    Fields(Vec<FieldError>),
    /// Anything else.
    Other(Failure),
}

impl Visits {
    /// Begins a visit of whoever has `session`.
    pub(super) fn begin(
        &self,
        engine: &Engine,
        session: Session,
        theme: Theme,
        purpose: Purpose,
    ) -> Arc<Visit> {
        let now = engine.effects().now();
        let visit = Arc::new(Visit {
            id: engine.new_browser(),
            secret: engine.new_browser(),
            pass: engine.new_browser(),
            ticket: engine.new_browser(),
            until: Mutex::new(after(now, PATIENCE)),
            session,
            theme,
            purpose,
        });
        let mut by_id = self.by_id.lock().unwrap_or_else(PoisonError::into_inner);
        let begun = self.begun.fetch_add(1, Ordering::Relaxed);
        if begun.is_multiple_of(SWEEP_EVERY) || by_id.len() >= MOST {
            by_id.retain(|_, visit| after(visit.until(), MEMORY) > now);
        }
        let of_the_same = by_id.values().filter(|other| other.is_of_the_same(&visit));
        if of_the_same.count() >= MOST_OF_ONE {
            forget_oldest(&mut by_id, |other| other.is_of_the_same(&visit));
        }
        if by_id.len() >= MOST {
            forget_oldest(&mut by_id, |_| true);
        }
        by_id.insert(visit.id.clone(), Arc::clone(&visit));
        visit
    }

    /// The visit of this id, unless it is over.
    pub(super) fn find(&self, id: &str, now: Timestamp) -> Option<Arc<Visit>> {
        self.remembered(id, now)
            .filter(|visit| visit.is_in_time(now))
    }

    /// The visit of this id for a browser that shows `proof`.
    pub(super) fn seek(&self, id: &str, proof: Proof<'_>, now: Timestamp) -> Found {
        let Some(visit) = self.remembered(id, now) else {
            return Found::Unknown;
        };
        match (visit.is_in_time(now), visit.known_by(proof)) {
            (true, Some(by)) => Found::Here(Known { visit, by }),
            (true, None) => Found::NoProof,
            (false, by) => Found::Late(visit, by),
        }
    }

    fn remembered(&self, id: &str, now: Timestamp) -> Option<Arc<Visit>> {
        let by_id = self.by_id.lock().unwrap_or_else(PoisonError::into_inner);
        let found = by_id.get(id);
        found
            .filter(|visit| after(visit.until(), MEMORY) > now)
            .cloned()
    }
}

/// Forgets the one that is over first of those that `may_go`.
fn forget_oldest(by_id: &mut HashMap<String, Arc<Visit>>, may_go: impl Fn(&Visit) -> bool) {
    let candidates = by_id.values().filter(|visit| may_go(visit));
    let oldest = candidates.min_by_key(|visit| visit.until());
    if let Some(id) = oldest.map(|visit| visit.id.clone()) {
        by_id.remove(&id);
    }
}

impl Visit {
    /// Whether another visit is of the same customer, or both are of admins of the same workspace.
    fn is_of_the_same(&self, other: &Self) -> bool {
        let (own, others) = (&self.session, &other.session);
        let own_id = own.customer().map(|customer| &customer.id);
        let others_id = others.customer().map(|customer| &customer.id);
        own.workspace_id() == others.workspace_id() && own_id == others_id
    }

    /// What it connects; nothing where it only looks.
    pub(super) fn connecting(&self) -> Option<&Connecting> {
        match &self.purpose {
            Purpose::Connect(connecting) => Some(connecting),
            Purpose::Look(_) => None,
        }
    }

    /// What it looks at; nothing where it connects.
    pub(super) fn looking(&self) -> Option<&Looking> {
        match &self.purpose {
            Purpose::Look(looking) => Some(looking),
            Purpose::Connect(_) => None,
        }
    }

    /// Whether it can go on though it was open for too long: the token that it was begun with
    /// must still be valid.
    pub(super) fn is_resumable(&self, now: Timestamp) -> bool {
        self.session.expires_at.is_none_or(|until| until > now)
    }

    /// Goes on from now.
    pub(super) fn resume(&self, now: Timestamp) {
        *self.until.lock().unwrap_or_else(PoisonError::into_inner) = after(now, PATIENCE);
    }

    fn until(&self) -> Timestamp {
        *self.until.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_in_time(&self, now: Timestamp) -> bool {
        self.until() > now
    }

    fn known_by(&self, proof: Proof<'_>) -> Option<By> {
        if self.is_shown_by(proof.headers) {
            return Some(By::Cookie);
        }
        let has_pass = proof.pass.is_some_and(|pass| is_same(&self.pass, pass));
        has_pass.then_some(By::Pass)
    }

    fn is_shown_by(&self, headers: &HeaderMap) -> bool {
        let name = self.cookie_name();
        let cookies = headers.get_all(COOKIE).iter();
        cookies
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .any(|(key, value)| key == name && is_same(&self.secret, value))
    }

    /// Whether `ticket` is this visit's.
    pub(super) fn admits(&self, ticket: &str) -> bool {
        is_same(&self.ticket, ticket)
    }

    /// The name of its cookie.
    pub(super) fn cookie_name(&self) -> String {
        let id = self.id.get(..NAMED).unwrap_or(&self.id);
        format!("{COOKIE_PREFIX}{id}")
    }
}

/// Compares in a time that does not tell how much of it is right.
fn is_same(ours: &str, theirs: &str) -> bool {
    verify_slices_are_equal(ours.as_bytes(), theirs.as_bytes()).is_ok()
}

fn after(moment: Timestamp, duration: SignedDuration) -> Timestamp {
    moment.checked_add(duration).unwrap_or(moment)
}
