//! Requests with credentials that can expire: when the external app refuses them, they are renewed
//! and the request is sent once more. If that cannot be, its answer is passed on as it came.

use std::sync::Arc;

use authbridge_engine::PreparedClient;
use authbridge_engine::egress::OutgoingBody;
use bytes::Bytes;
use http::Response;
use http::request::Parts;
use http_body::Body as _;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;

use super::coded::whole;
use super::{Judged, judge, send};
use crate::body::ServerBody;
use crate::error::ApiError;
use crate::sessions::KnownSession;
use crate::worker::Worker;

/// The largest body that is kept so that it can be sent again.
const KEPT_BYTES: u64 = 64 * 1024;

/// Sends a request whose header fields are stripped already.
pub(super) async fn forward(
    worker: &Arc<Worker>,
    session: &KnownSession,
    client: &PreparedClient,
    head: Parts,
    body: Incoming,
) -> Result<Response<ServerBody>, ApiError> {
    let signer = client.api.signer.as_ref();
    let must_be_kept = signer.is_some_and(|signer| signer.needs_body(&head.headers));
    let kept = if must_be_kept {
        Some(Kept::Whole(whole(body, "a signed form").await?))
    } else {
        keep(body).await?
    };
    let Some(kept) = kept else {
        let message = "the body of the request broke off";
        return Err(ApiError::bad_request(message));
    };
    let kept = match kept {
        Kept::Whole(bytes) => bytes,
        Kept::Streamed(body) => {
            let idle = worker.engine.egress().deadlines().idle;
            let body = OutgoingBody::stream(body, idle);
            let response = send(worker, session, client, head, body).await?;
            let judged = judge(worker, session, client, response).await?;
            if judged.is_expired {
                // This request cannot be sent again, but the caller's next one shall succeed.
                worker
                    .engine
                    .renewed_client(&session.session, client)
                    .await?;
            }
            return Ok(judged.response);
        }
    };
    let first = head.clone();
    let response = send(worker, session, client, first, kept.clone().into()).await?;
    let Judged {
        response,
        is_expired,
    } = judge(worker, session, client, response).await?;
    if !is_expired {
        return Ok(response);
    }
    let renewed = worker
        .engine
        .renewed_client(&session.session, client)
        .await?;
    let Some(renewed) = renewed else {
        return Ok(response);
    };
    drop(response);
    let response = send(worker, session, &renewed, head, kept.into()).await?;
    Ok(judge(worker, session, &renewed, response).await?.response)
}

enum Kept {
    Whole(Bytes),
    Streamed(Incoming),
}

/// Reads a body that says it is small; `None` when it broke off.
async fn keep(body: Incoming) -> Result<Option<Kept>, ApiError> {
    if body.is_end_stream() {
        return Ok(Some(Kept::Whole(Bytes::new())));
    }
    let is_small = body
        .size_hint()
        .exact()
        .is_some_and(|length| length <= KEPT_BYTES);
    if !is_small {
        return Ok(Some(Kept::Streamed(body)));
    }
    Ok(body
        .collect()
        .await
        .ok()
        .map(|whole| Kept::Whole(whole.to_bytes())))
}
