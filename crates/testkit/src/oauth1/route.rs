//! From a request to its answer.

use std::sync::Arc;

use http::{Request, Response, StatusCode};
use hyper::body::Incoming;

use super::state::{Answered, Shared};
use super::tokens;
use super::verify::Endpoint;
use crate::answer::{self, Body};
use crate::record;
use crate::route::Disconnected;

/// Records a request and answers it.
pub(super) async fn answer(
    shared: Arc<Shared>,
    request: Request<Incoming>,
) -> Result<Response<Body>, Disconnected> {
    let (head, body) = request.into_parts();
    let entry = shared.record.begin(&head);
    let received = record::receive(body, &entry)
        .await
        .map_err(Disconnected::Body)?;
    let Some(body) = received.small else {
        let message = "the simulated server takes 64 KiB at most";
        let status = StatusCode::PAYLOAD_TOO_LARGE;
        return Ok(answer::refusal(status, "too_large", message));
    };
    let mut state = shared.state();
    let endpoint = match head.uri.path() {
        "/authorize" => return Ok(state.answer_authorization(&head, &body)),
        "/request_token" => Endpoint::RequestToken,
        "/access_token" => Endpoint::AccessToken,
        path if path == "/me" || path.starts_with("/api/") => Endpoint::Resource,
        _ => {
            let message = "there is no such endpoint";
            return Ok(answer::refusal(StatusCode::NOT_FOUND, "not_found", message));
        }
    };
    let response = match state.answer(endpoint, &head, &body) {
        Ok(Answered::Token(members)) => tokens::response(&members),
        Ok(Answered::Resource(body)) => answer::json(StatusCode::OK, &body),
        Err(refusal) => return Ok(state.refused(&refusal)),
    };
    Ok(state.dated(response))
}
