//! `?logs=1`: an answer that carries what functions wrote to their console while it was made
//! (membrane-connectors reference, section 3.4).

use std::convert::Infallible;
use std::sync::Arc;

use authbridge_engine::{Engine, LogSink};
use axum::extract::FromRequestParts;
use axum::response::Response;
use http::header::CONTENT_LENGTH;
use http::request::Parts;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use url::form_urlencoded;

use crate::worker::Worker;

/// The member of the answer.
const MEMBER: &str = "_logs";

/// The engine, which collects console lines where the caller wants them.
pub(crate) struct Collecting(pub(crate) Engine);

impl FromRequestParts<Arc<Worker>> for Collecting {
    type Rejection = Infallible;

    async fn from_request_parts(
        parts: &mut Parts,
        worker: &Arc<Worker>,
    ) -> Result<Self, Infallible> {
        Ok(Self(match parts.extensions.get::<LogSink>() {
            Some(sink) => worker.engine.collecting(sink.clone()),
            None => worker.engine.clone(),
        }))
    }
}

/// Whether `query` asks for logs.
pub(crate) fn wanted(query: Option<&str>) -> bool {
    form_urlencoded::parse(query.unwrap_or_default().as_bytes())
        .any(|(name, value)| name == "logs" && matches!(&*value, "1" | "true"))
}

/// Adds the lines to an answer that is a JSON object.
pub(crate) async fn add(response: Response, sink: &LogSink) -> Response {
    let (mut head, body) = response.into_parts();
    // Our own answers are in memory, so nothing can go wrong here.
    let Ok(body) = body
        .collect()
        .await
        .map(http_body_util::Collected::to_bytes)
    else {
        return Response::from_parts(head, axum::body::Body::empty());
    };
    let Ok(Value::Object(mut members)) = serde_json::from_slice(&body) else {
        return Response::from_parts(head, body.into());
    };
    members.insert(MEMBER.into(), json!(sink.take()));
    head.headers.remove(CONTENT_LENGTH);
    Response::from_parts(head, Value::Object(members).to_string().into())
}
