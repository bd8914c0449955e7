//! What all requests to a server share.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use http::header::{DATE, HeaderValue};
use http::{Response, request};

use super::ledger::{Ledger, Seconds};
use super::options::AuthorizationServerOptions;
use super::refusal::{Problem, Refusal};
use crate::answer::Body;
use crate::record::{Record, unpoisoned};

/// What a server has been asked, in numbers since its start.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Counts {
    /// Temporary credentials that were issued.
    pub request_tokens_issued: u64,
    /// Users who consented.
    pub consents_given: u64,
    /// Tokens that were issued for a verifier.
    pub access_tokens_issued: u64,
    /// Tokens that were renewed by a session handle.
    pub access_tokens_renewed: u64,
    /// Requests of the resource that were answered.
    pub resource_requests_accepted: u64,
    /// Requests of any kind that were refused.
    pub refused: u64,
}

/// What all requests share. The state is never locked across an `await`.
pub(super) struct Shared {
    pub(super) record: Record,
    state: Mutex<State>,
}

impl Shared {
    pub(super) fn new(options: AuthorizationServerOptions) -> Self {
        Self {
            record: Record::new(options.record_limit),
            state: Mutex::new(State::new(options, &["http"])),
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        unpoisoned(&self.state)
    }
}

pub(super) struct State {
    pub(super) options: AuthorizationServerOptions,
    pub(super) ledger: Ledger,
    pub(super) counts: Counts,
    /// By which requests may have been made: there is none on the wire, but it is signed.
    pub(super) schemes: &'static [&'static str],
    planned: VecDeque<(u32, Problem)>,
}

impl State {
    pub(super) fn new(
        options: AuthorizationServerOptions,
        schemes: &'static [&'static str],
    ) -> Self {
        Self {
            options,
            ledger: Ledger::default(),
            counts: Counts::default(),
            schemes,
            planned: VecDeque::new(),
        }
    }

    /// By the server's own clock.
    pub(super) fn now(&self) -> Seconds {
        let now = self.options.effects.now().as_second();
        now.saturating_add(self.options.clock_skew.as_secs())
    }

    pub(super) fn plan(&mut self, count: u32, problem: Problem) {
        self.planned.push_back((count, problem));
    }

    /// The problem that the request at hand is to meet.
    pub(super) fn planned(&mut self) -> Option<Problem> {
        loop {
            let (count, problem) = self.planned.front_mut()?;
            if let Some(rest) = count.checked_sub(1) {
                *count = rest;
                return Some(*problem);
            }
            self.planned.pop_front();
        }
    }

    pub(super) fn refused(&mut self, refusal: &Refusal) -> Response<Body> {
        self.counts.refused += 1;
        self.dated(refusal.response(self.options.problem_place))
    }

    /// The answer with the server's own time, whether that is the right one or not.
    pub(super) fn dated(&self, mut response: Response<Body>) -> Response<Body> {
        let seconds = u64::try_from(self.now()).unwrap_or_default();
        let date = std::time::UNIX_EPOCH.checked_add(Duration::from_secs(seconds));
        let date = date.map(httpdate::fmt_http_date);
        if let Some(date) = date.and_then(|date| HeaderValue::from_str(&date).ok()) {
            response.headers_mut().insert(DATE, date);
        }
        response
    }

    /// Answers a request to one of the endpoints that take signatures.
    pub(super) fn answer(
        &mut self,
        endpoint: super::verify::Endpoint,
        head: &request::Parts,
        body: &[u8],
    ) -> Result<Answered, Refusal> {
        use super::verify::Endpoint;
        let message = self.verified(endpoint, head, body)?;
        match endpoint {
            Endpoint::RequestToken => self.request_token(&message, head).map(Answered::Token),
            Endpoint::AccessToken => self.access_token(&message).map(Answered::Token),
            Endpoint::Resource => self.resource(&message, head).map(Answered::Resource),
        }
    }
}

/// What a signed request led to.
pub(super) enum Answered {
    /// The members of the answer with a token.
    Token(Vec<(String, String)>),
    /// What the resource says.
    Resource(serde_json::Value),
}
