//! WebSockets: after the handshake, bytes pass both ways until one side ends.

use authbridge_engine::egress::IncomingBody;
use http::header::{CONNECTION, UPGRADE};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;

use super::headers;
use crate::body::ServerBody;
use crate::error::ApiError;

/// A caller's wish to go on with another protocol.
pub(super) struct Upgrade {
    caller: OnUpgrade,
}

impl Upgrade {
    /// The wish, when the request has one for the protocol that passes, which is WebSocket
    /// (RFC 6455). Others, such as h2c, would carry requests past the engine's checks.
    pub(super) fn of(request: &mut Request<Incoming>) -> Option<Self> {
        wants_websocket(request.headers()).then(|| Self {
            caller: hyper::upgrade::on(request),
        })
    }
}

/// The answer to a handshake that the external app accepted.
pub(super) fn answer(
    upgrade: Option<Upgrade>,
    mut response: Response<IncomingBody>,
) -> Result<Response<ServerBody>, ApiError> {
    let Some(Upgrade { caller }) = upgrade else {
        let message = "the external app changed the protocol without being asked to";
        return Err(ApiError::new(
            StatusCode::BAD_GATEWAY,
            "connection",
            message,
        ));
    };
    let upstream = hyper::upgrade::on(&mut response);
    tokio::spawn(tunnel(caller, upstream));
    headers::strip_response(response.headers_mut());
    response
        .headers_mut()
        .insert(CONNECTION, HeaderValue::from_static("upgrade"));
    response
        .headers_mut()
        .insert(UPGRADE, HeaderValue::from_static("websocket"));
    Ok(response.map(|_| ServerBody::empty()))
}

async fn tunnel(caller: OnUpgrade, upstream: OnUpgrade) {
    let result = async {
        let (caller, upstream) = tokio::try_join!(caller, upstream)?;
        let (mut caller, mut upstream) = (TokioIo::new(caller), TokioIo::new(upstream));
        tokio::io::copy_bidirectional(&mut caller, &mut upstream).await?;
        Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
    };
    if let Err(error) = result.await {
        tracing::debug!(
            error = &*error as &dyn std::error::Error,
            "a WebSocket ended"
        );
    }
}

fn wants_websocket(headers: &HeaderMap) -> bool {
    let has = |name, token: &str| {
        headers
            .get_all(name)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .any(|value| value.trim().eq_ignore_ascii_case(token))
    };
    has(CONNECTION, "upgrade") && has(UPGRADE, "websocket")
}
