//! How attempts to connect went, for clients that wait elsewhere.
//!
//! An outcome is kept for a while, since a client may begin to listen after everything is over. Once
//! somebody heard it, it is told again only for a moment: what breaks while it is told is listened to
//! again at once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

/// How long an outcome, or somebody's waiting for one, is remembered.
const PATIENCE: SignedDuration = SignedDuration::from_mins(15);

/// How long an outcome is told again after somebody heard it.
const AFTERWARDS: SignedDuration = SignedDuration::from_secs(30);

/// How many attempts are remembered; beyond that the oldest are forgotten.
const MOST: usize = 10_000;

/// Outcomes by the id that the waiting client gave its attempt. Whoever knows the id may listen,
/// so it has to be one that cannot be guessed.
#[derive(Default)]
pub struct Outcomes {
    attempts: Mutex<HashMap<String, Attempt>>,
}

struct Attempt {
    outcome: watch::Sender<Option<Arc<str>>>,
    until: Timestamp,
}

impl Attempt {
    /// Whether nobody needs it any more. Who waits for an outcome that did not come yet still does.
    fn is_over(&self, now: Timestamp) -> bool {
        let is_waited_for = self.outcome.borrow().is_none() && self.outcome.receiver_count() > 0;
        self.until <= now && !is_waited_for
    }

    fn heard(&mut self, now: Timestamp) {
        self.until = self.until.min(now.checked_add(AFTERWARDS).unwrap_or(now));
    }
}

impl Outcomes {
    /// Tells whoever waits for the attempt `id`, now or soon, how it went.
    pub fn publish(&self, id: &str, outcome: &str, now: Timestamp) {
        let outcome = Some(Arc::from(outcome));
        self.with(id, now, |attempt| {
            attempt.outcome.send_replace(outcome);
            if attempt.outcome.receiver_count() > 0 {
                attempt.heard(now);
            }
        });
    }

    /// What is published for the attempt `id`.
    pub fn listen(&self, id: &str, now: Timestamp) -> watch::Receiver<Option<Arc<str>>> {
        self.with(id, now, |attempt| {
            if attempt.outcome.borrow().is_some() {
                attempt.heard(now);
            }
            attempt.outcome.subscribe()
        })
    }

    fn with<T>(&self, id: &str, now: Timestamp, act: impl FnOnce(&mut Attempt) -> T) -> T {
        let mut attempts = self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        if attempts.get(id).is_some_and(|known| known.is_over(now)) {
            attempts.remove(id);
        }
        if !attempts.contains_key(id) && attempts.len() >= MOST {
            forget(&mut attempts, now);
        }
        let attempt = attempts.entry(id.to_owned()).or_insert_with(|| Attempt {
            outcome: watch::Sender::new(None),
            until: now.checked_add(PATIENCE).unwrap_or(now),
        });
        act(attempt)
    }
}

/// Forgets what is too old, and if that is nothing, everything that nobody listens to.
fn forget(attempts: &mut HashMap<String, Attempt>, now: Timestamp) {
    attempts.retain(|_, attempt| !attempt.is_over(now));
    if attempts.len() >= MOST {
        attempts.retain(|_, attempt| attempt.outcome.receiver_count() > 0);
    }
    if attempts.len() >= MOST {
        attempts.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        Timestamp::UNIX_EPOCH
    }

    #[test]
    fn an_outcome_is_heard_before_and_after_it_is_published() {
        let outcomes = Outcomes::default();
        let early = outcomes.listen("a", now());
        assert!(early.borrow().is_none());
        outcomes.publish("a", "done", now());
        assert_eq!(early.borrow().as_deref(), Some("done"));
        let late = outcomes.listen("a", now());
        assert_eq!(late.borrow().as_deref(), Some("done"));
        assert!(outcomes.listen("b", now()).borrow().is_none());
    }

    #[test]
    fn an_outcome_is_told_for_a_while_and_once_it_was_heard_for_a_moment() {
        let outcomes = Outcomes::default();
        outcomes.publish("a", "done", now());
        let last = now() + PATIENCE - SignedDuration::from_secs(1);
        assert!(outcomes.listen("a", last).borrow().is_some());
        assert!(outcomes.listen("a", now() + PATIENCE).borrow().is_none());

        let listener = outcomes.listen("b", now());
        let late = now() + PATIENCE * 2;
        outcomes.publish("b", "done", late);
        assert!(listener.borrow().is_some(), "who waits is not forgotten");
        outcomes.publish("c", "done", now());
        let first = outcomes.listen("c", now());
        assert!(first.borrow().is_some());
        let again = now() + AFTERWARDS - SignedDuration::from_secs(1);
        assert!(outcomes.listen("c", again).borrow().is_some());
        assert!(outcomes.listen("c", now() + AFTERWARDS).borrow().is_none());
    }

    #[test]
    fn memory_is_bounded_and_listeners_are_kept_first() {
        let outcomes = Outcomes::default();
        let listener = outcomes.listen("mine", now());
        for number in 0..MOST * 2 {
            outcomes.publish(&number.to_string(), "x", now());
        }
        outcomes.publish("mine", "done", now());
        assert_eq!(listener.borrow().as_deref(), Some("done"));
        assert!(outcomes.attempts.lock().unwrap().len() <= MOST);
    }
}
