//! Server-sent events: how an attempt went, for the client that waits for it.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures_util::stream::unfold;
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use tokio::sync::watch;
use tokio::time::timeout;

use super::request::is_request_id;
use crate::error::ApiError;
use crate::routes::{Named, Shared};

/// Something is sent this often, so that nobody in between takes the connection for dead.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// A stream with one message: how the attempt with this `requestId` went. It waits for it, or
/// tells at once what was said before anybody listened. The id is the capability.
#[utoipa::path(get, path = "/sse/connection-events/{requestId}", tag = "connect", security(()),
    params(("requestId" = String, Path, description = "What the client called its attempt")),
    responses((status = 200, content_type = "text/event-stream",
        description = "the message that the page posts to its opener")))]
pub(super) async fn connection_events(State(worker): Shared, Named(id): Named) -> Response {
    if !is_request_id(&id) {
        return ApiError::bad_request("no attempt has such a long id").into_response();
    }
    let now = worker.engine.effects().now();
    let listener = worker.engine.outcomes().listen(&id, now);
    let mut response = Response::new(Body::from_stream(unfold(Stage::Opening(listener), next)));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

enum Stage {
    /// The head is sent with a first comment, so that the client knows that it is connected.
    Opening(watch::Receiver<Option<Arc<str>>>),
    Waiting(watch::Receiver<Option<Arc<str>>>),
    Over,
}

async fn next(stage: Stage) -> Option<(Result<Bytes, Infallible>, Stage)> {
    match stage {
        Stage::Opening(listener) => Some((Ok(":\n\n".into()), Stage::Waiting(listener))),
        Stage::Over => None,
        Stage::Waiting(mut listener) => {
            let heard = timeout(HEARTBEAT, listener.wait_for(Option::is_some)).await;
            let heard = heard.map(|heard| heard.map(|outcome| outcome.clone()));
            match heard {
                Ok(Ok(outcome)) => {
                    let data = outcome.unwrap_or_default();
                    Some((Ok(format!("data: {data}\n\n").into()), Stage::Over))
                }
                // The attempt was forgotten.
                Ok(Err(_)) => None,
                Err(_) => Some((Ok(":\n\n".into()), Stage::Waiting(listener))),
            }
        }
    }
}
