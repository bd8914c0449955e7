//! From a request to its answer.

use std::sync::Arc;

use http::{Method, Request, Response, StatusCode, request};
use hyper::body::Incoming;
use tokio::time::sleep;

use super::counts::GrantType;
use super::faults::TokenFault;
use super::parameters::Parameters;
use super::refusal::Refusal;
use super::state::Shared;
use crate::answer::{self, Body};
use crate::record::{self, Received};
use crate::route::Disconnected;
use crate::streams;

/// Records a request and answers it.
pub(super) async fn answer(
    shared: Arc<Shared>,
    request: Request<Incoming>,
) -> Result<Response<Body>, Disconnected> {
    let (head, body) = request.into_parts();
    let entry = shared.record.begin(&head);
    let path = head.uri.path();
    let is_token_request = path == "/token";
    let _in_flight = is_token_request.then(|| shared.enter_token_request());
    let received = record::receive(body, &entry)
        .await
        .map_err(Disconnected::Body)?;
    if is_token_request {
        return token(&shared, &head, &received).await;
    }
    Ok(endpoint(&shared, &head, &received))
}

fn endpoint(shared: &Shared, head: &request::Parts, received: &Received) -> Response<Body> {
    let mut state = shared.state();
    let body = received.small.as_deref().unwrap_or_default();
    let path = head.uri.path();
    if path == "/authorize" {
        return state.answer_authorization(head, body);
    }
    if path == "/revoke" {
        let parameters = match head.method {
            Method::POST => {
                let format = state.options.request_format;
                Parameters::of_token_request(head, body, format)
            }
            _ => Err(Refusal::method()),
        };
        return state.answer_revocation(&head.headers, parameters);
    }
    // RFC 8414 section 3.1 puts the path of an issuer behind, OpenID Connect Discovery before.
    let is_metadata = path.starts_with("/.well-known/oauth-authorization-server")
        || path.ends_with("/.well-known/openid-configuration");
    if is_metadata {
        return state.metadata();
    }
    if path == "/me" || path.starts_with("/api/") {
        return state.resource(&head.headers, path);
    }
    let message = "there is no such endpoint";
    answer::refusal(StatusCode::NOT_FOUND, "not_found", message)
}

/// Counts a token request and answers it, unless a fault is due.
async fn token(
    shared: &Shared,
    head: &request::Parts,
    received: &Received,
) -> Result<Response<Body>, Disconnected> {
    let parameters = token_parameters(shared, head, received);
    let serve = || {
        let mut state = shared.state();
        state.answer_token_request(&head.headers, &parameters)
    };
    let Some(met) = shared.faults.next() else {
        return Ok(serve());
    };
    match &met.fault {
        TokenFault::Answer(answer) => Ok(answer.response()),
        TokenFault::Delay(delay) => {
            sleep(*delay).await;
            Ok(serve())
        }
        TokenFault::Hang => {
            met.recovered().await;
            Ok(serve())
        }
        TokenFault::CloseBefore => Err(Disconnected::OnDemand),
        TokenFault::CloseAfter => {
            drop(serve());
            Err(Disconnected::OnDemand)
        }
        TokenFault::CutAfter => {
            drop(serve());
            Ok(streams::cut_short())
        }
        TokenFault::HangAfter => {
            let response = serve();
            met.recovered().await;
            Ok(response)
        }
    }
}

fn token_parameters(
    shared: &Shared,
    head: &request::Parts,
    received: &Received,
) -> Result<Parameters, Refusal> {
    let mut state = shared.state();
    let is_taken =
        head.method == Method::POST || (head.method == Method::GET && state.options.accepts_get);
    if !is_taken {
        return Err(Refusal::method());
    }
    let format = state.options.request_format;
    let body = received.small.as_deref().unwrap_or_default();
    let parameters = Parameters::of_token_request(head, body, format)?;
    if let Some(grant) = parameters.get("grant_type").and_then(GrantType::read) {
        let counts = &mut state.counts.token_requests_by_grant;
        *counts.entry(grant).or_default() += 1;
    }
    Ok(parameters)
}
