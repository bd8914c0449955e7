//! What all requests to an authorization server share.

use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use super::counts::Counts;
use super::faults::TokenFaults;
use super::ledger::{Ledger, Millis};
use super::options::AuthorizationServerOptions;
use crate::record::{Record, unpoisoned};

/// What all requests share. The state is never locked across an `await`.
pub(super) struct Shared {
    pub(super) faults: TokenFaults,
    pub(super) record: Record,
    state: Mutex<State>,
}

pub(super) struct State {
    pub(super) options: AuthorizationServerOptions,
    pub(super) ledger: Ledger,
    pub(super) counts: Counts,
    /// Where the server is, without a slash at the end.
    pub(super) base_uri: String,
}

impl Shared {
    pub(super) fn new(options: AuthorizationServerOptions, base_uri: String) -> Self {
        Self {
            faults: TokenFaults::none(),
            record: Record::new(options.record_limit),
            state: Mutex::new(State::new(options, base_uri)),
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        unpoisoned(&self.state)
    }

    /// Counts a token request from now until the guard is dropped.
    pub(super) fn enter_token_request(&self) -> InFlight<'_> {
        let counts = &mut self.state().counts;
        counts.token_requests += 1;
        counts.token_requests_in_flight += 1;
        counts.most_concurrent_token_requests = counts
            .most_concurrent_token_requests
            .max(counts.token_requests_in_flight);
        InFlight(self)
    }
}

/// A token request that is being served.
pub(super) struct InFlight<'s>(&'s Shared);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.state().counts.token_requests_in_flight -= 1;
    }
}

impl State {
    pub(super) fn new(options: AuthorizationServerOptions, base_uri: String) -> Self {
        Self {
            ledger: Ledger::new(&options.effects),
            options,
            counts: Counts::default(),
            base_uri,
        }
    }

    /// The present, in milliseconds since 1970.
    pub(super) fn now(&self) -> Millis {
        self.options.effects.now().as_millisecond()
    }

    /// The issuer in metadata, `iss` and ID tokens.
    pub(super) fn issuer(&self) -> &str {
        self.options.issuer.as_deref().unwrap_or(&self.base_uri)
    }

    /// The present, and when an access token issued now ends.
    pub(super) fn token_times(&self) -> (Millis, Millis) {
        let now = self.now();
        let lifetime = self.options.access_token_lifetime;
        (now, lifetime.map_or(Millis::MAX, |it| later(now, it)))
    }

    /// Of the scopes that are asked for, those that are granted, separated by spaces.
    pub(super) fn granted_scope(&self, asked: Option<&str>) -> String {
        let asked: Vec<&str> = asked
            .unwrap_or_default()
            .split([' ', ','])
            .filter(|scope| !scope.is_empty())
            .collect();
        let Some(granted) = &self.options.scopes else {
            return asked.join(" ");
        };
        let granted = granted.iter().map(String::as_str);
        let granted: Vec<&str> = granted
            .filter(|scope| asked.is_empty() || asked.contains(scope))
            .collect();
        granted.join(" ")
    }
}

/// `duration` after `now`.
pub(super) fn later(now: Millis, duration: Duration) -> Millis {
    let millis = Millis::try_from(duration.as_millis()).unwrap_or(Millis::MAX);
    now.saturating_add(millis)
}
