//! Requests through an API client whose requests are made by code of the connector.

use std::sync::Arc;

use authbridge_core::client::{Call, CallData};
use authbridge_engine::PreparedClient;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderMap, Response, StatusCode};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::Incoming;
use serde_json::{Map, Value};
use url::form_urlencoded;

use super::route::ProxyRoute;
use crate::body::ServerBody;
use crate::error::ApiError;
use crate::sessions::KnownSession;
use crate::wire::MAX_BODY_BYTES;
use crate::worker::Worker;

/// Has the connector's code make the request. Its body and the answer's are held in memory.
pub(super) async fn forward(
    worker: &Arc<Worker>,
    session: &KnownSession,
    client: &PreparedClient,
    head: Parts,
    body: Incoming,
) -> Result<Response<ServerBody>, ApiError> {
    let body = whole(body, "the connector's code").await?;
    let call = call(&head, body);
    let answer = worker
        .engine
        .request_by_code(&session.session, client, &call)
        .await?;
    let mut response = Response::new(ServerBody::Own(answer.body.into()));
    *response.status_mut() = answer.status;
    *response.headers_mut() = answer.headers;
    Ok(response)
}

/// Reads a body that has to be held in memory for `whom`.
pub(super) async fn whole(body: Incoming, whom: &str) -> Result<Bytes, ApiError> {
    match Limited::new(body, MAX_BODY_BYTES).collect().await {
        Ok(whole) => Ok(whole.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(ApiError::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "bad_request",
            format!("the body is larger than {MAX_BODY_BYTES} bytes, which {whom} cannot take"),
        )),
        Err(_) => Err(ApiError::bad_request("the body of the request broke off")),
    }
}

/// The request as the connector's code sees it.
pub(super) fn call(head: &Parts, body: Bytes) -> Call {
    let path = ProxyRoute::parse(head.uri.path()).map_or("", |route| route.rest);
    Call {
        method: head.method.as_str().to_owned(),
        path: path.to_owned(),
        base_uri: None,
        query: query(head.uri.query().unwrap_or_default()),
        headers: headers(&head.headers),
        auth: Value::Null,
        data: data(&head.headers, body),
        // The caller gets status and headers of whatever the code returns.
        wants_full_response: false,
    }
}

/// Parameters that occur several times become lists.
fn query(query: &str) -> Value {
    let mut members = Map::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let value = Value::from(value.into_owned());
        match members.get_mut(&*name) {
            None => {
                members.insert(name.into_owned(), value);
            }
            Some(Value::Array(values)) => values.push(value),
            Some(other) => *other = Value::Array(vec![other.take(), value]),
        }
    }
    Value::Object(members)
}

fn headers(headers: &HeaderMap) -> Value {
    let text = |name| {
        let values = headers.get_all(name).iter();
        let values: Vec<_> = values
            .map(|value| String::from_utf8_lossy(value.as_bytes()))
            .collect();
        values.join(", ")
    };
    headers
        .keys()
        .map(|name| (name.as_str().to_owned(), Value::from(text(name))))
        .collect()
}

fn data(headers: &HeaderMap, body: Bytes) -> CallData {
    if body.is_empty() {
        return CallData::Empty;
    }
    let content_type = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let is_json = content_type.is_some_and(|value| value.contains("json"));
    match serde_json::from_slice(&body) {
        Ok(value) if is_json => CallData::Value(value),
        _ => CallData::Bytes {
            content_type: content_type.map(str::to_owned),
            bytes: body,
        },
    }
}
