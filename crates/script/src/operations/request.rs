//! Requests as the prelude describes them.

use std::time::Duration;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;

use super::{Request, arguments};
use crate::host::{ClientBody, ClientRequest, FetchRequest, Redirect, ResponseType};

#[derive(Deserialize)]
struct Fetch {
    id: u32,
    method: String,
    url: String,
    #[serde(default)]
    headers: Vec<(String, String)>,
    /// Whether the bytes beside this are a body, empty or not.
    #[serde(default)]
    body: bool,
    #[serde(default)]
    redirect: String,
    timeout: Option<f64>,
}

pub(super) fn fetch(text: &str, bytes: &[u8]) -> Result<(u32, Request), String> {
    let fetch: Fetch = arguments(text)?;
    let request = FetchRequest {
        method: fetch.method,
        url: fetch.url,
        headers: fetch.headers,
        body: fetch.body.then(|| Bytes::copy_from_slice(bytes)),
        redirect: match fetch.redirect.as_str() {
            "manual" => Redirect::Manual,
            "error" => Redirect::Error,
            _ => Redirect::Follow,
        },
        timeout: milliseconds(fetch.timeout),
    };
    Ok((fetch.id, Request::Fetch(request)))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Client {
    id: u32,
    #[serde(rename = "client")]
    name: String,
    method: String,
    path: String,
    base_uri: Option<String>,
    #[serde(default)]
    query: Value,
    #[serde(default)]
    headers: Value,
    auth: Option<Value>,
    /// Absent without a body; null is data.
    #[serde(default, deserialize_with = "present")]
    data: Option<Value>,
    /// Whether the bytes beside this are the body.
    #[serde(default)]
    body: bool,
    content_type: Option<String>,
    #[serde(default)]
    response_type: String,
    timeout: Option<f64>,
    options: Option<Value>,
    #[serde(default)]
    full_response: bool,
}

fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

pub(super) fn client(text: &str, bytes: &[u8]) -> Result<(u32, Request), String> {
    let client: Client = arguments(text)?;
    let data = match (client.body, client.data) {
        (true, _) => ClientBody::Bytes {
            bytes: Bytes::copy_from_slice(bytes),
            content_type: client.content_type,
        },
        (false, Some(data)) => ClientBody::Json(data),
        (false, None) => ClientBody::None,
    };
    let request = ClientRequest {
        method: client.method,
        path: client.path,
        base_uri: client.base_uri,
        query: client.query,
        headers: client.headers,
        auth: client.auth,
        data,
        options: client.options,
        full_response: client.full_response,
        response_type: match client.response_type.as_str() {
            "arraybuffer" => ResponseType::ArrayBuffer,
            "stream" => ResponseType::Stream,
            "text" => ResponseType::Text,
            _ => ResponseType::Json,
        },
        timeout: milliseconds(client.timeout),
    };
    Ok((client.id, Request::Client(client.name, request)))
}

/// A script's number of milliseconds; none when it is none, zero or absurd.
fn milliseconds(value: Option<f64>) -> Option<Duration> {
    value
        .filter(|value| *value > 0.0)
        .and_then(|value| Duration::try_from_secs_f64(value / 1000.0).ok())
}
