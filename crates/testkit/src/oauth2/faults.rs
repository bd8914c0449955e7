//! Failures of the token endpoint on demand.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

use http::header::{HeaderValue, RETRY_AFTER};
use http::{Response, StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::answer::{self, Body};
use crate::record::unpoisoned;

/// What goes wrong with one token request, after it has arrived as a whole.
#[derive(Clone, Debug)]
pub enum TokenFault {
    /// It is answered so, and nothing is granted.
    Answer(FaultAnswer),
    /// It waits so long (in tokio's time), and is then served as ever. A client that goes away
    /// before that gets nothing granted.
    Delay(Duration),
    /// It waits until [`AuthorizationServer::recover`](super::AuthorizationServer::recover), and is
    /// then served as ever.
    Hang,
    /// The connection is closed, and nothing is granted.
    CloseBefore,
    /// Everything is done, so that a refresh token is replaced, and then the connection is closed
    /// without an answer.
    CloseAfter,
    /// Everything is done, and the connection is closed in the middle of the answer's body.
    CutAfter,
    /// Everything is done, and the answer waits until
    /// [`AuthorizationServer::recover`](super::AuthorizationServer::recover).
    HangAfter,
}

/// An answer in place of the right one.
#[derive(Clone, Debug)]
pub struct FaultAnswer {
    /// The status. One that cannot be of a whole answer (1xx) is sent as 502.
    pub status: StatusCode,
    /// The body.
    pub body: FaultBody,
    /// The header `Retry-After` (RFC 9110 section 10.2.3).
    pub retry_after: Option<RetryAfter>,
}

/// The body of a [`FaultAnswer`].
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum FaultBody {
    /// `{"error": …}` with this code, and a description that says that it was ordered.
    Error(String),
    /// This JSON.
    Json(Value),
    /// The page of a gateway.
    Html,
    /// What begins like JSON and is none.
    Garbage,
    /// Nothing.
    Empty,
}

/// A header `Retry-After`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RetryAfter {
    /// So many seconds.
    Seconds(u64),
    /// Until a moment; written in whole seconds.
    At(Timestamp),
}

impl FaultAnswer {
    /// An answer with this status and body.
    pub fn new(status: StatusCode, body: FaultBody) -> Self {
        Self {
            status,
            body,
            retry_after: None,
        }
    }

    /// An answer with an error code of RFC 6749 section 5.2, such as `invalid_grant`.
    pub fn error(status: StatusCode, code: &str) -> Self {
        Self::new(status, FaultBody::Error(code.to_owned()))
    }

    /// The same with `Retry-After`.
    #[must_use]
    pub fn retry_after(self, retry_after: RetryAfter) -> Self {
        Self {
            retry_after: Some(retry_after),
            ..self
        }
    }

    pub(super) fn response(&self) -> Response<Body> {
        let status = match self.status {
            status if status.is_informational() => StatusCode::BAD_GATEWAY,
            status => status,
        };
        let mut response = match &self.body {
            FaultBody::Error(code) => {
                let description = "this failure was ordered";
                let body = json!({ "error": code, "error_description": description });
                answer::json(status, &body)
            }
            FaultBody::Json(value) => answer::json(status, value),
            FaultBody::Html => {
                let page = "<!doctype html><title>Error</title><h1>Bad Gateway</h1>";
                answer::whole(status, "text/html; charset=utf-8", page)
            }
            FaultBody::Garbage => answer::whole(status, "application/json", "{\"access_token\": "),
            FaultBody::Empty => answer::whole(status, "application/json", ""),
        };
        let retry_after = self.retry_after.map(RetryAfter::value);
        if let Some(value) = retry_after.and_then(|value| HeaderValue::from_str(&value).ok()) {
            response.headers_mut().insert(RETRY_AFTER, value);
        }
        response
    }
}

impl RetryAfter {
    fn value(self) -> String {
        match self {
            Self::Seconds(seconds) => seconds.to_string(),
            Self::At(moment) => httpdate::fmt_http_date(moment.into()),
        }
    }
}

/// Faults that wait for their request.
pub(super) struct TokenFaults {
    plan: Mutex<Plan>,
    recovery: watch::Sender<()>,
}

#[derive(Default)]
struct Plan {
    next: VecDeque<(u32, TokenFault)>,
    standing: Option<TokenFault>,
}

/// A fault, and how the request that meets it learns of the recovery.
pub(super) struct Met {
    pub(super) fault: TokenFault,
    recovery: watch::Receiver<()>,
}

impl Met {
    /// Waits until everything is taken back.
    pub(super) async fn recovered(mut self) {
        // An error means that the server is gone, and with it this request.
        drop(self.recovery.changed().await);
    }
}

impl TokenFaults {
    pub(super) fn none() -> Self {
        Self {
            plan: Mutex::default(),
            recovery: watch::Sender::new(()),
        }
    }

    /// The next `count` requests that no earlier fault takes meet `fault`.
    pub(super) fn plan(&self, count: u32, fault: TokenFault) {
        unpoisoned(&self.plan).next.push_back((count, fault));
    }

    /// Every request for which nothing else is planned meets `fault`.
    pub(super) fn stand(&self, fault: TokenFault) {
        unpoisoned(&self.plan).standing = Some(fault);
    }

    /// Forgets all faults and lets go what hangs.
    pub(super) fn recover(&self) {
        let mut plan = unpoisoned(&self.plan);
        *plan = Plan::default();
        self.recovery.send_replace(());
    }

    /// The fault of the request at hand.
    pub(super) fn next(&self) -> Option<Met> {
        let mut plan = unpoisoned(&self.plan);
        let fault = plan.take()?;
        // While the plan is locked, so that no recovery comes in between.
        let recovery = self.recovery.subscribe();
        Some(Met { fault, recovery })
    }
}

impl Plan {
    fn take(&mut self) -> Option<TokenFault> {
        while let Some((count, fault)) = self.next.front_mut() {
            if let Some(rest) = count.checked_sub(1) {
                *count = rest;
                return Some(fault.clone());
            }
            self.next.pop_front();
        }
        self.standing.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(faults: &TokenFaults, count: usize) -> Vec<String> {
        let name = |met: Option<Met>| met.map_or("none".into(), |met| format!("{:?}", met.fault));
        (0..count).map(|_| name(faults.next())).collect()
    }

    #[test]
    fn planned_faults_come_before_the_standing_one() {
        let faults = TokenFaults::none();
        faults.stand(TokenFault::Hang);
        faults.plan(0, TokenFault::CutAfter);
        faults.plan(2, TokenFault::CloseAfter);
        faults.plan(1, TokenFault::CloseBefore);
        let expected = ["CloseAfter", "CloseAfter", "CloseBefore", "Hang", "Hang"];
        assert_eq!(names(&faults, 5), expected);
        faults.recover();
        assert_eq!(names(&faults, 1), ["none"]);
    }

    #[tokio::test]
    async fn a_recovery_right_after_the_fault_is_noticed() {
        let faults = TokenFaults::none();
        faults.stand(TokenFault::Hang);
        let met = faults.next().unwrap();
        faults.recover();
        met.recovered().await;
    }
}
