//! Response handlers on the proxy: they learn about the connection and change nothing of the
//! answer.

use std::collections::VecDeque;
use std::sync::Arc;

use authbridge_core::client::{HandlerErrorKey, ResponseFacts, ResponseHandler, Verdict};
use authbridge_engine::egress::IncomingBody;
use authbridge_engine::{PreparedClient, Session};
use http::Response;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http_body_util::BodyExt as _;
use serde_json::Value;

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
) -> Result<Response<ServerBody>, ApiError> {
    let handlers = &client.api.response_handlers;
    let (head, body) = response.into_parts();
    let needs_body =
        handlers.iter().any(ResponseHandler::needs_body) && is_plain_json(&head.headers);
    let (body, data) = if needs_body {
        peek(body).await?
    } else {
        (ServerBody::Upstream(body), None)
    };
    let facts = ResponseFacts {
        status: head.status,
        headers: &head.headers,
        data: data.as_ref(),
    };
    if let Some(Verdict::Failure(failure)) = ResponseHandler::judge(handlers, &facts)
        && failure.key == Some(HandlerErrorKey::ConnectionIsDefunct)
    {
        let id = &client.connection_id;
        if let Err(error) = worker
            .engine
            .report_defunct(session, id, failure.message)
            .await
        {
            tracing::warn!(error = &error as &dyn std::error::Error, connection.id = %id,
                "cannot note that the connection is defunct");
        }
    }
    Ok(Response::from_parts(head, body))
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
            ApiError::new(http::StatusCode::BAD_GATEWAY, "connection", message)
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
    let whole: Vec<u8> = first
        .iter()
        .flat_map(|piece| piece.iter())
        .copied()
        .collect();
    let data = serde_json::from_slice(&whole).ok();
    Ok((
        ServerBody::Peeked(Box::new(PeekedBody { first, rest: None })),
        data,
    ))
}

fn is_plain_json(headers: &http::HeaderMap) -> bool {
    let is_json = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.to_ascii_lowercase().contains("json"));
    is_json && !headers.contains_key(CONTENT_ENCODING)
}
