//! From a request to its answer.

use std::fmt;
use std::sync::Arc;

use http::{Method, Request, Response, StatusCode, request};
use hyper::body::Incoming;
use serde_json::json;

use crate::answer::{self, Body};
use crate::faults::Fault;
use crate::provider::{State, Stopped};
use crate::record::{self, Received};
use crate::{echo, streams, websocket};

/// Why a connection is closed without an answer.
#[derive(Debug)]
pub(crate) enum Disconnected {
    /// Ordered by [`Provider::disconnect_next`](crate::Provider::disconnect_next).
    OnDemand,
    /// The body did not arrive.
    Body(hyper::Error),
}

impl fmt::Display for Disconnected {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OnDemand => formatter.write_str("disconnected on demand"),
            Self::Body(error) => write!(formatter, "the request body did not arrive: {error}"),
        }
    }
}

impl std::error::Error for Disconnected {}

/// Records a request and answers it, unless a fault is due.
pub(crate) async fn answer(
    state: Arc<State>,
    stopped: Stopped,
    request: Request<Incoming>,
) -> Result<Response<Body>, Disconnected> {
    let (head, body) = request.into_parts();
    let entry = state.record.begin(&head);
    let fault = state.faults.next().await;
    if fault == Some(Fault::Disconnect) {
        return Err(Disconnected::OnDemand);
    }
    if fault.is_none() && head.uri.path() == "/ws" {
        entry.ended();
        return Ok(websocket::accept(Request::from_parts(head, body), stopped));
    }
    if fault.is_none() && head.uri.path() == "/mirror" {
        return Ok(echo::mirror(&head, body, entry));
    }
    let received = record::receive(body, &entry)
        .await
        .map_err(Disconnected::Body)?;
    match fault {
        Some(Fault::CutShort) => Ok(streams::cut_short()),
        Some(Fault::Status(status)) => Ok(answer::json(status, &json!({ "error": "on_demand" }))),
        Some(Fault::Disconnect) | None => Ok(endpoint(&state, &head, &received).await),
    }
}

/// The endpoints that need the whole request first.
async fn endpoint(state: &State, head: &request::Parts, received: &Received) -> Response<Body> {
    let path = head.uri.path();
    let query = head.uri.query();
    let mut segments = path.trim_start_matches('/').splitn(2, '/');
    let (first, rest) = (segments.next().unwrap_or_default(), segments.next());
    match (first, rest) {
        ("me", None) => state.account.me(head),
        ("login", None) if head.method == Method::POST => state.account.login(received),
        ("echo", _) => echo::echo(head, received),
        ("sink", None) => echo::sink(received),
        ("status", Some(code)) => echo::status(code),
        ("headers", None) => echo::with_headers(query),
        ("hop", None) => echo::hop_by_hop(),
        ("redirect", None) => echo::redirect(query),
        ("error200", None) => echo::error_with_200(),
        ("logo.svg", None) => echo::logo(),
        ("html-error", None) => echo::html_error(),
        ("bytes", Some(count)) => streams::bytes(count),
        ("slow-head", None) => streams::slow_head(query).await,
        ("drip", None) => streams::drip(query),
        ("sse", None) => streams::server_sent_events(query),
        _ => answer::refusal(
            StatusCode::NOT_FOUND,
            "not_found",
            "there is no such endpoint",
        ),
    }
}
