//! Response handlers on the proxy: they learn about the connection and change nothing of the
//! answer.

use std::collections::VecDeque;
use std::sync::Arc;

use authbridge_core::client::{HandlerErrorKey, ResponseFacts, ResponseHandler, Verdict};
use authbridge_engine::egress::IncomingBody;
use authbridge_engine::{PreparedClient, Session};
use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, Response, StatusCode};
use http_body::Body as _;
use http_body_util::BodyExt as _;
use serde_json::Value;

use super::Judged;
use crate::body::{PeekedBody, ServerBody};
use crate::error::ApiError;
use crate::worker::Worker;

/// The most of a body that is looked at.
const PEEK_BYTES: usize = 256 * 1024;

/// Asks the handlers about `response`, and passes it on.
pub(super) async fn apply(
    worker: &Arc<Worker>,
    session: &Session,
    client: &PreparedClient,
    response: Response<IncomingBody>,
) -> Result<Judged, ApiError> {
    let handlers = &client.api.response_handlers;
    let (head, body) = response.into_parts();
    let may_peek = handlers.iter().any(ResponseHandler::needs_body)
        && !body.is_end_stream()
        && is_readable(&head.headers);
    let (body, data) = if may_peek {
        peek(body).await?
    } else {
        (ServerBody::Upstream(body), None)
    };
    let facts = ResponseFacts {
        status: head.status,
        headers: &head.headers,
        data: data.as_ref(),
    };
    let is_expired = match ResponseHandler::judge(handlers, &facts) {
        Some(Verdict::Success(_)) => false,
        None => head.status == StatusCode::UNAUTHORIZED,
        Some(Verdict::Failure(failure)) => match failure.key {
            Some(HandlerErrorKey::AccessTokenExpired) => true,
            Some(HandlerErrorKey::RateLimitExceeded) => false,
            Some(HandlerErrorKey::ConnectionIsDefunct) => {
                report_defunct(worker, session, client, failure.message).await;
                false
            }
            None => head.status == StatusCode::UNAUTHORIZED,
        },
    };
    Ok(Judged {
        response: Response::from_parts(head, body),
        is_expired,
    })
}

async fn report_defunct(
    worker: &Worker,
    session: &Session,
    client: &PreparedClient,
    message: Option<String>,
) {
    let reported = worker.engine.report_defunct(session, client, message).await;
    if let Err(error) = reported {
        let id = &client.connection_id;
        tracing::warn!(error = &error as &dyn std::error::Error, connection.id = %id,
            "cannot note that the connection is defunct");
    }
}

/// Reads the body up to the limit. What is longer is passed on unread.
async fn peek(mut body: IncomingBody) -> Result<(ServerBody, Option<Value>), ApiError> {
    let mut first = VecDeque::new();
    let mut size = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| {
            tracing::debug!(
                error = &*error as &dyn std::error::Error,
                "the answer broke off"
            );
            let message = "the external app's answer broke off";
            ApiError::new(StatusCode::BAD_GATEWAY, "connection", message)
        })?;
        let Ok(piece) = frame.into_data() else {
            continue;
        };
        size += piece.len();
        first.push_back(piece);
        if size > PEEK_BYTES {
            return Ok((
                ServerBody::Peeked(Box::new(PeekedBody {
                    first,
                    rest: Some(body),
                })),
                None,
            ));
        }
    }
    let whole: Bytes = match first.make_contiguous() {
        [only] => only.clone(),
        pieces => pieces.concat().into(),
    };
    let data = authbridge_core::request::data_of(&whole);
    Ok((
        ServerBody::Peeked(Box::new(PeekedBody { first, rest: None })),
        Some(data),
    ))
}

/// Whether a body may be waited for and then read: one that is not compressed and comes to an
/// end by itself. JSON does, unless it is a stream of documents; other text when it says how long
/// it is.
fn is_readable(headers: &HeaderMap) -> bool {
    if headers.contains_key(CONTENT_ENCODING) {
        return false;
    }
    let media_type = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .map(|value| value.trim().to_ascii_lowercase())
        .unwrap_or_default();
    match media_type.as_str() {
        "application/json" | "text/json" => true,
        "application/stream+json" | "text/event-stream" => false,
        "application/xml" => headers.contains_key(CONTENT_LENGTH),
        other if other.starts_with("text/") => headers.contains_key(CONTENT_LENGTH),
        other => other.ends_with("+json"),
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    fn readable(media_type: &'static str, other: Option<(HeaderName, &'static str)>) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
        if let Some((name, value)) = other {
            headers.insert(name, HeaderValue::from_static(value));
        }
        is_readable(&headers)
    }

    #[test]
    fn what_may_never_end_is_not_waited_for() {
        for endless in [
            "text/event-stream",
            "application/x-ndjson",
            "application/stream+json",
            "application/json-seq",
            "text/plain",
            "application/octet-stream",
        ] {
            assert!(!readable(endless, None), "{endless}");
        }
    }

    #[test]
    fn json_is_read_and_text_of_a_known_length_is() {
        let length = Some((CONTENT_LENGTH, "10"));
        assert!(readable("application/json; charset=utf-8", None));
        assert!(readable("Application/Problem+JSON", None));
        assert!(readable("text/html", length.clone()));
        assert!(!readable("image/png", length));
    }

    #[test]
    fn a_compressed_body_is_not_read() {
        let compressed = Some((CONTENT_ENCODING, "gzip"));
        assert!(!readable("application/json", compressed));
    }
}
