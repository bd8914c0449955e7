//! Answers made from the request.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName, LOCATION};
use http::{HeaderMap, HeaderValue, Response, StatusCode, request};
use http_body_util::BodyExt;
use hyper::body::{Frame, Incoming, SizeHint};
use serde_json::{Value, json};

use crate::answer::{self, Body};
use crate::query;
use crate::record::{Entry, Received};

/// `ANY /echo/…`: the request as JSON. `headers` is a list of `[name, value]`; `body` is null unless it is
/// UTF-8 and at most 64 KiB long.
pub(crate) fn echo(head: &request::Parts, received: &Received) -> Response<Body> {
    let text = received
        .small
        .as_deref()
        .and_then(|body| str::from_utf8(body).ok());
    let seen = json!({
        "method": head.method.as_str(),
        "path": head.uri.path(),
        "query": head.uri.query(),
        "headers": headers(&head.headers),
        "bodyLength": received.summary.length,
        "bodySha256": received.summary.sha256,
        "body": text,
    });
    answer::json(StatusCode::OK, &seen)
}

/// The headers as a list of `[name, value]`, each byte of a value as the character of the same
/// number (ISO 8859-1).
pub(crate) fn headers(headers: &HeaderMap) -> Value {
    let pair = |(name, value): (&HeaderName, &HeaderValue)| {
        let value: String = value.as_bytes().iter().copied().map(char::from).collect();
        json!([name.as_str(), value])
    };
    headers.iter().map(pair).collect()
}

/// `ANY /sink`: length and digest of the body.
pub(crate) fn sink(received: &Received) -> Response<Body> {
    let summary = &received.summary;
    answer::json(
        StatusCode::OK,
        &json!({ "length": summary.length, "sha256": summary.sha256 }),
    )
}

/// `ANY /mirror`: every chunk of the body is sent back as soon as it is there.
pub(crate) fn mirror(head: &request::Parts, body: Incoming, entry: Arc<Entry>) -> Response<Body> {
    let mut response = answer::streamed(
        "application/octet-stream",
        Mirrored { body, entry }.boxed_unsync(),
    );
    if let Some(content_type) = head.headers.get(CONTENT_TYPE) {
        response
            .headers_mut()
            .insert(CONTENT_TYPE, content_type.clone());
    }
    response
}

/// A request body on its way back, noted in the record as it passes.
struct Mirrored {
    body: Incoming,
    entry: Arc<Entry>,
}

impl hyper::body::Body for Mirrored {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context))
            .transpose()
            .map_err(io::Error::other)?;
        match frame.as_ref().map(Frame::data_ref) {
            Some(Some(data)) => self.entry.arrived(data),
            Some(None) => {}
            None => self.entry.ended(),
        }
        Poll::Ready(frame.map(Ok))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// `ANY /status/{code}`.
pub(crate) fn status(code: &str) -> Response<Body> {
    let status = code
        .parse()
        .ok()
        .and_then(|code| StatusCode::from_u16(code).ok());
    let Some(status) = status.filter(|status| !status.is_informational()) else {
        return answer::refusal(
            StatusCode::BAD_REQUEST,
            "bad_request",
            "not a status of a final response",
        );
    };
    if status == StatusCode::NO_CONTENT || status == StatusCode::NOT_MODIFIED {
        let mut response = Response::new(Body::default());
        *response.status_mut() = status;
        return response;
    }
    answer::json(status, &json!({ "status": status.as_u16() }))
}

/// `GET /headers?name=value`: those headers on the response; a name given twice is there twice.
pub(crate) fn with_headers(query: Option<&str>) -> Response<Body> {
    let mut response = answer::json(StatusCode::OK, &json!({ "ok": true }));
    for (name, value) in query::pairs(query) {
        let (Ok(name), Ok(value)) = (
            HeaderName::from_bytes(name.as_bytes()),
            HeaderValue::from_str(&value),
        ) else {
            return answer::refusal(StatusCode::BAD_REQUEST, "bad_request", "not a legal header");
        };
        response.headers_mut().append(name, value);
    }
    response
}

/// `GET /hop`: headers that concern one connection only (RFC 9110 section 7.6.1) beside one that does not.
pub(crate) fn hop_by_hop() -> Response<Body> {
    let mut response = answer::json(StatusCode::OK, &json!({ "ok": true }));
    let headers = [
        ("connection", "close, X-Hop"),
        ("x-hop", "1"),
        ("keep-alive", "timeout=5, max=7"),
        ("proxy-authenticate", "Basic realm=\"hop\""),
        ("proxy-connection", "keep-alive"),
        ("upgrade", "h2c"),
        ("x-end-to-end", "1"),
    ];
    for (name, value) in headers {
        response.headers_mut().append(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
    }
    response
}

/// `GET /redirect?to=`.
pub(crate) fn redirect(query: Option<&str>) -> Response<Body> {
    let target = query::first(query, "to").unwrap_or_else(|| "/me".into());
    let Ok(target) = HeaderValue::from_str(&target) else {
        return answer::refusal(
            StatusCode::BAD_REQUEST,
            "bad_request",
            "not a legal address",
        );
    };
    let mut response = Response::new(Body::default());
    *response.status_mut() = StatusCode::FOUND;
    response.headers_mut().insert(LOCATION, target);
    response
}

/// `GET /error200`: an API that reports failure with status 200.
pub(crate) fn error_with_200() -> Response<Body> {
    answer::refusal(
        StatusCode::OK,
        "invalid_auth",
        "this API says so with status 200",
    )
}

/// `GET /logo.svg`: a picture.
pub(crate) fn logo() -> Response<Body> {
    let picture = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 40 40\">\
        <rect width=\"40\" height=\"40\" rx=\"9\" fill=\"#0a7d5a\"/>\
        <path d=\"M11 28 20 11l9 17\" fill=\"none\" stroke=\"#fff\" stroke-width=\"4\"/></svg>";
    answer::whole(StatusCode::OK, "image/svg+xml", picture)
}

/// `GET /html-error`: an API whose gateway answers for it.
pub(crate) fn html_error() -> Response<Body> {
    let page = "<!doctype html><title>Error</title><h1>Internal Server Error</h1>";
    answer::whole(
        StatusCode::INTERNAL_SERVER_ERROR,
        "text/html; charset=utf-8",
        page,
    )
}
