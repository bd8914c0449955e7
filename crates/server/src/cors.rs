//! CORS: browsers of any origin may call, since the token and not the origin is what counts
//! (wire contract A.2).

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD, ORIGIN,
};
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};

use crate::body::ServerBody;

/// The answer to a preflight; `None` when the request is none.
pub(crate) fn preflight<B>(request: &http::Request<B>) -> Option<Response<ServerBody>> {
    let headers = request.headers();
    if request.method() != Method::OPTIONS || !headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD) {
        return None;
    }
    let mut response = Response::new(ServerBody::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let answer = response.headers_mut();
    answer.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    let methods = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";
    answer.insert(
        ACCESS_CONTROL_ALLOW_METHODS,
        HeaderValue::from_static(methods),
    );
    // `*` does not cover `Authorization`, so the names are said back.
    let asked = headers.get(ACCESS_CONTROL_REQUEST_HEADERS).cloned();
    let allowed = asked.unwrap_or(HeaderValue::from_static("authorization, content-type"));
    answer.insert(ACCESS_CONTROL_ALLOW_HEADERS, allowed);
    answer.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("7200"));
    Some(response)
}

/// Whether the request comes from a page of another origin.
pub(crate) fn is_cross_origin(headers: &HeaderMap) -> bool {
    headers.contains_key(ORIGIN)
}

/// Lets the page read the answer.
pub(crate) fn expose(headers: &mut HeaderMap) {
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("*"));
}
