//! The proxy: a caller's request goes to the external app with the connection's credentials, and
//! the answer comes back as it is.

mod describe;
mod handlers;
mod headers;
mod route;
mod upgrade;

use std::sync::Arc;

use authbridge_engine::PreparedClient;
use authbridge_engine::egress::{IncomingBody, OutgoingBody};
use bytes::Bytes;
use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri, Version};
use hyper::body::Incoming;

pub(crate) use describe::describe;
pub(crate) use route::ProxyRoute;

use crate::access::bearer;
use crate::body::ServerBody;
use crate::error::ApiError;
use crate::sessions::KnownSession;
use crate::worker::Worker;
use authbridge_engine::EngineError;

/// Handles a request whose path [`ProxyRoute::parse`] knows.
pub(crate) async fn handle(
    worker: &Arc<Worker>,
    request: Request<Incoming>,
) -> Result<Response<ServerBody>, ApiError> {
    let now = worker.engine.effects().now();
    let token = bearer(request.headers()).map_err(EngineError::from)?;
    let session = worker.sessions.get(&worker.engine, token, now).await?;
    let Some(route) = ProxyRoute::parse(request.uri().path()) else {
        return Err(ApiError::not_found("not a path of the proxy"));
    };
    let client = session
        .client(&worker.engine, &route.selector(), now)
        .await?;
    forward(worker, &session, &client, request).await
}

async fn forward(
    worker: &Arc<Worker>,
    session: &KnownSession,
    client: &PreparedClient,
    mut request: Request<Incoming>,
) -> Result<Response<ServerBody>, ApiError> {
    let path = ProxyRoute::parse(request.uri().path()).map_or("", |route| route.rest);
    let destination = client.destination(path, request.uri().query())?;
    let uri = PathAndQuery::from_maybe_shared(Bytes::from(destination.path_and_query))
        .map(Uri::from)
        .map_err(|_| {
            ApiError::bad_request("the path or query has characters that a request cannot carry")
        })?;
    let upgrade = upgrade::Upgrade::of(&mut request);
    let (mut head, body) = request.into_parts();
    headers::strip_request(&mut head.headers, upgrade.is_some());
    inject(worker, session, client, &mut head.headers)?;
    let body = match upgrade {
        Some(_) => OutgoingBody::Empty,
        None => OutgoingBody::stream(body, worker.engine.egress().deadlines().idle),
    };
    announce_body(&head.method, &body, &mut head.headers);
    let mut outgoing = Request::new(body);
    *outgoing.method_mut() = head.method;
    *outgoing.uri_mut() = uri;
    *outgoing.headers_mut() = head.headers;
    let mut response = worker
        .engine
        .egress()
        .send(&destination.origin, outgoing)
        .await?;
    // An intermediary answers with its own version (RFC 9110 section 6.2).
    *response.version_mut() = Version::HTTP_11;
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        return upgrade::answer(upgrade, response);
    }
    headers::strip_response(response.headers_mut());
    answer(worker, session, client, response).await
}

/// Response handlers see the answer; nothing of it changes.
async fn answer(
    worker: &Arc<Worker>,
    session: &KnownSession,
    client: &PreparedClient,
    response: Response<IncomingBody>,
) -> Result<Response<ServerBody>, ApiError> {
    if client.api.response_handlers.is_empty() {
        return Ok(response.map(ServerBody::Upstream));
    }
    handlers::apply(worker, &session.session, client, response).await
}

/// The client's headers, and the workspace's token for auth types that send it.
fn inject(
    worker: &Worker,
    session: &KnownSession,
    client: &PreparedClient,
    headers: &mut HeaderMap,
) -> Result<(), ApiError> {
    headers::add(headers, &client.api.headers);
    if let Some(token) = &client.token {
        let value = token.value(session.session.customer(), worker.engine.effects())?;
        for name in &token.headers {
            headers.insert(name, value.clone());
        }
    }
    if client
        .api
        .response_handlers
        .iter()
        .any(authbridge_core::client::ResponseHandler::needs_body)
    {
        // A handler cannot look into a compressed body.
        headers.remove(http::header::ACCEPT_ENCODING);
    }
    Ok(())
}

/// Says that there is a body, where the HTTP client would not: an empty one, which some servers
/// insist on, and one of unknown length in a request whose method seldom has any.
fn announce_body(method: &Method, body: &OutgoingBody, headers: &mut HeaderMap) {
    let expects_body = matches!(*method, Method::POST | Method::PUT | Method::PATCH);
    if expects_body && matches!(body, OutgoingBody::Empty) {
        headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
    }
    if !expects_body && body.is_chunked() {
        headers.insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
    }
}
