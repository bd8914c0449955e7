//! Building blocks of responses.

use std::convert::Infallible;
use std::io;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use serde_json::{Value, json};

/// The body of any response. Its error cuts the connection in the middle of the body.
pub(crate) type Body = UnsyncBoxBody<Bytes, io::Error>;

/// A response with a body that is known as a whole.
pub(crate) fn whole(
    status: StatusCode,
    content_type: &'static str,
    body: impl Into<Bytes>,
) -> Response<Body> {
    let body = Full::new(body.into()).map_err(|never: Infallible| match never {});
    let mut response = Response::new(body.boxed_unsync());
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// A response with a JSON body.
pub(crate) fn json(status: StatusCode, body: &Value) -> Response<Body> {
    whole(status, "application/json", body.to_string())
}

/// A refusal as this provider words them: `{"error": code, "message": …}`.
pub(crate) fn refusal(status: StatusCode, error: &str, message: &str) -> Response<Body> {
    json(status, &json!({ "error": error, "message": message }))
}

/// A response with status 200 and a body made while it is sent.
pub(crate) fn streamed(content_type: &'static str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
