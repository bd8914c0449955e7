//! The proxy: a caller's request goes to the external app with the connection's credentials, and
//! the answer comes back as it is.

mod coded;
mod describe;
mod handlers;
mod headers;
mod replay;
mod route;
mod upgrade;

use std::sync::Arc;

use authbridge_core::auth::AuthError;
use authbridge_core::client::ApiClient;
use authbridge_engine::egress::{IncomingBody, OutgoingBody};
use authbridge_engine::{Destination, EngineError, PreparedClient};
use bytes::Bytes;
use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use http::request::Parts;
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
    let upgrade = upgrade::Upgrade::of(&mut request);
    let (mut head, body) = request.into_parts();
    headers::strip_request(&mut head.headers, upgrade.is_some());
    if client.api.code.is_client() {
        return Box::pin(coded::forward(worker, session, client, head, body)).await;
    }
    // `dynamicOptions` sees the body where it is kept; signatures may be about it.
    let api = &client.api;
    let keeps_body = client.can_refresh || api.code.has_dynamic_options || api.signer.is_some();
    if upgrade.is_none() && keeps_body {
        return Box::pin(replay::forward(worker, session, client, head, body)).await;
    }
    let body = match upgrade {
        Some(_) => OutgoingBody::Empty,
        None => OutgoingBody::stream(body, worker.engine.egress().deadlines().idle),
    };
    let mut response = send(worker, session, client, head, body).await?;
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        // An intermediary answers with its own version (RFC 9110 section 6.2).
        *response.version_mut() = Version::HTTP_11;
        return upgrade::answer(upgrade, response);
    }
    Ok(judge(worker, session, client, response).await?.response)
}

/// Sends a request whose header fields are stripped, with what the client adds.
async fn send(
    worker: &Worker,
    session: &KnownSession,
    client: &PreparedClient,
    mut head: Parts,
    body: OutgoingBody,
) -> Result<Response<IncomingBody>, ApiError> {
    let special = special_client(worker, session, client, &head, kept(&body)).await?;
    let path = ProxyRoute::parse(head.uri.path()).map_or("", |route| route.rest);
    let destination = match &special {
        None => client.destination(path, head.uri.query())?,
        Some(api) => Destination::of(api, path, head.uri.query())?,
    };
    let uri = PathAndQuery::from_maybe_shared(Bytes::from(destination.path_and_query))
        .map(Uri::from)
        .map_err(|_| {
            ApiError::bad_request("the path or query has characters that a request cannot carry")
        })?;
    let api = special.as_ref().unwrap_or(&client.api);
    inject(worker, session, client, api, &mut head.headers)?;
    announce_body(&head.method, &body, &mut head.headers);
    let mut outgoing = Request::new(body);
    *outgoing.method_mut() = head.method;
    *outgoing.uri_mut() = uri;
    *outgoing.headers_mut() = head.headers;
    let engine = &worker.engine;
    match &api.signer {
        Some(signer) => {
            let signing = engine.send_signed(signer, &destination.origin, outgoing);
            Ok(Box::pin(signing).await?)
        }
        None => Ok(engine.egress().send(&destination.origin, outgoing).await?),
    }
}

/// A body that is in memory; nothing of one that is passed on as it arrives.
fn kept(body: &OutgoingBody) -> Bytes {
    match body {
        OutgoingBody::Full(Some(bytes)) => bytes.clone(),
        OutgoingBody::Full(None)
        | OutgoingBody::Empty
        | OutgoingBody::Stream(_)
        | OutgoingBody::Made(_) => Bytes::new(),
    }
}

/// The API client of one request, where it differs from that of others.
async fn special_client(
    worker: &Worker,
    session: &KnownSession,
    client: &PreparedClient,
    head: &Parts,
    body: Bytes,
) -> Result<Option<ApiClient>, ApiError> {
    let dynamic = if client.api.code.has_dynamic_options {
        let call = coded::call(head, body);
        let engine = &worker.engine;
        let api = engine.client_for_request(&session.session, client, &call);
        Some(Box::pin(api).await?)
    } else {
        None
    };
    let api = dynamic.as_ref().unwrap_or(&client.api);
    if api.overrides.is_empty() {
        return Ok(dynamic);
    }
    let path = ProxyRoute::parse(head.uri.path()).map_or("", |route| route.rest);
    let overridden = api
        .overridden(head.method.as_str(), path)
        .map_err(|error| EngineError::from(AuthError::from(error)))?;
    Ok(overridden.or(dynamic))
}

/// An answer, and whether it says that the credentials have expired.
struct Judged {
    response: Response<ServerBody>,
    is_expired: bool,
}

/// Response handlers see the answer; nothing of it changes.
async fn judge(
    worker: &Arc<Worker>,
    session: &KnownSession,
    client: &PreparedClient,
    mut response: Response<IncomingBody>,
) -> Result<Judged, ApiError> {
    // An intermediary answers with its own version (RFC 9110 section 6.2).
    *response.version_mut() = Version::HTTP_11;
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        return Ok(Judged {
            response: upgrade::answer(None, response)?,
            is_expired: false,
        });
    }
    headers::strip_response(response.headers_mut());
    if client.api.response_handlers.is_empty() {
        let is_expired = response.status() == StatusCode::UNAUTHORIZED;
        return Ok(Judged {
            response: response.map(ServerBody::Upstream),
            is_expired,
        });
    }
    handlers::apply(worker, &session.session, client, response).await
}

/// The client's headers, and the workspace's token for auth types that send it.
fn inject(
    worker: &Worker,
    session: &KnownSession,
    client: &PreparedClient,
    api: &ApiClient,
    headers: &mut HeaderMap,
) -> Result<(), ApiError> {
    headers::add(headers, &api.headers);
    if let Some(token) = &client.token {
        let value = token.value(session.session.customer(), worker.engine.effects())?;
        for name in &token.headers {
            headers.insert(name, value.clone());
        }
    }
    if api
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
