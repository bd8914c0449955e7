//! `GET /ws`: a WebSocket that sends every message back (RFC 6455).

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::{SinkExt, StreamExt};
use http::header::{
    CONNECTION, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL,
    UPGRADE,
};
use http::{Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{Message, Role};

use crate::answer::{self, Body};
use crate::echo;
use crate::provider::Stopped;

/// RFC 6455 section 1.3: appended to the client's key before hashing.
const ACCEPT_SUFFIX: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// Accepts the upgrade; the echo runs until the client closes or the provider stops. The first
/// subprotocol offered is chosen.
pub(crate) fn accept(mut request: Request<Incoming>, stopped: Stopped) -> Response<Body> {
    let headers = request.headers();
    let is_websocket = headers
        .get(UPGRADE)
        .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"));
    let Some(key) = headers.get(SEC_WEBSOCKET_KEY).filter(|_| is_websocket) else {
        return answer::refusal(
            StatusCode::UPGRADE_REQUIRED,
            "upgrade_required",
            "this is a WebSocket",
        );
    };
    let Ok(accepted) = HeaderValue::from_str(&accept_key(key.as_bytes())) else {
        return answer::refusal(
            StatusCode::BAD_REQUEST,
            "bad_request",
            "not a WebSocket key",
        );
    };
    let protocol = headers.get(SEC_WEBSOCKET_PROTOCOL).and_then(first_of_list);
    let wants_headers = request
        .uri()
        .query()
        .is_some_and(|query| query.split('&').any(|pair| pair == "headers"));
    let greeting = wants_headers.then(|| echo::headers(headers).to_string());

    let upgrade = hyper::upgrade::on(&mut request);
    tokio::spawn(stopped.or(echo_messages(upgrade, greeting)));

    let mut response = Response::new(Body::default());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(SEC_WEBSOCKET_ACCEPT, accepted);
    if let Some(protocol) = protocol {
        headers.insert(SEC_WEBSOCKET_PROTOCOL, protocol);
    }
    response
}

/// Ends at the close of the connection, orderly or not: the client notices either.
async fn echo_messages(upgrade: OnUpgrade, greeting: Option<String>) {
    let Ok(upgraded) = upgrade.await else { return };
    let mut socket =
        WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, None).await;
    if let Some(greeting) = greeting
        && socket.send(Message::text(greeting)).await.is_err()
    {
        return;
    }
    while let Some(Ok(message)) = socket.next().await {
        // The library answers pings and closes by itself.
        let is_data = message.is_text() || message.is_binary();
        if is_data && socket.send(message).await.is_err() {
            return;
        }
    }
}

fn accept_key(key: &[u8]) -> String {
    let mut hash = digest::Context::new(&digest::SHA1_FOR_LEGACY_USE_ONLY);
    hash.update(key);
    hash.update(ACCEPT_SUFFIX);
    STANDARD.encode(hash.finish())
}

fn first_of_list(list: &HeaderValue) -> Option<HeaderValue> {
    let first = list.to_str().ok()?.split(',').next()?.trim();
    HeaderValue::from_str(first).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6455 section 1.3.
    #[test]
    fn the_accept_key_is_that_of_the_rfc() {
        assert_eq!(
            accept_key(b"dGhlIHNhbXBsZSBub25jZQ=="),
            "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
        );
    }
}
