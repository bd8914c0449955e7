//! How an attempt went: the server tells it as a server-sent event.

use std::time::Duration;

use authbridge_engine::egress::{IncomingBody, OutgoingBody};
use http::header::ACCEPT;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::Value;
use tokio::time::sleep;

use crate::api::{Api, read, segment};
use crate::error::CliError;

/// Before it is asked again after an answer that broke off.
const PAUSE: Duration = Duration::from_secs(1);

/// No outcome is as long.
const MOST_BYTES: usize = 1 << 20;

/// Waits for the message about the attempt `request_id`, through interruptions of the line.
pub(super) async fn wait(api: &Api, request_id: &str) -> Result<Value, CliError> {
    let path = format!("/sse/connection-events/{}", segment(request_id));
    let mut has_answered = false;
    loop {
        match listen(api, &path).await {
            Ok(Some(message)) => return Ok(message),
            Ok(None) => has_answered = true,
            // It is being restarted; the user may be at the external app meanwhile.
            Err(CliError::Unreachable { .. }) if has_answered => {}
            Err(error) => return Err(error),
        }
        sleep(PAUSE).await;
    }
}

/// The message, if it comes before the stream ends.
async fn listen(api: &Api, path: &str) -> Result<Option<Value>, CliError> {
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("text/event-stream"));
    let answer = api.send(Method::GET, path, headers, OutgoingBody::Empty);
    let answer = answer.await?;
    let status = answer.status();
    if status != StatusCode::OK {
        let body = serde_json::from_slice(&read(answer).await?).unwrap_or_default();
        return Err(CliError::api(status, body));
    }
    Ok(message(answer.into_body()).await)
}

/// The first event's data; `None` when the stream ended without.
async fn message(mut body: IncomingBody) -> Option<Value> {
    let mut text = Vec::new();
    while let Some(Ok(frame)) = body.frame().await {
        let Ok(bytes) = frame.into_data() else {
            continue;
        };
        text.extend_from_slice(&bytes);
        if text.len() > MOST_BYTES {
            return None;
        }
        if let Some(message) = data(&text) {
            return Some(message);
        }
    }
    None
}

/// The data of the first complete event in `text`. The server writes it on one line.
fn data(text: &[u8]) -> Option<Value> {
    let text = std::str::from_utf8(text).ok()?;
    let complete = text.rfind('\n').and_then(|end| text.get(..end))?;
    let line = complete
        .lines()
        .find_map(|line| line.strip_prefix("data: "))?;
    serde_json::from_str(line).ok()
}

/// The connection that the message is about, or why there is none (wire contract B.3).
pub(super) fn connection(mut message: Value) -> Result<Value, CliError> {
    let mut take = |name: &str| message.get_mut(name).map(Value::take);
    if let Some(connection @ Value::Object(_)) = take("connection") {
        return Ok(connection);
    }
    match take("errorData") {
        Some(error @ Value::Object(_)) => Err(CliError::not_connected(error)),
        _ => Err(CliError::failed(
            take("error")
                .and_then(|error| error.as_str().map(str::to_owned))
                .unwrap_or_else(|| "the server does not say how it went".into()),
        )),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_event_is_read_when_it_is_complete() {
        assert_eq!(data(b":\n\n:\n\n"), None);
        assert_eq!(data(b":\n\ndata: {\"a\":"), None);
        assert_eq!(data(b":\n\ndata: {\"a\":1}\n\n"), Some(json!({ "a": 1 })));
    }

    #[test]
    fn a_failure_keeps_what_the_server_said() {
        let message = json!({
            "type": "newConnectionFailure",
            "error": "no",
            "errorData": { "type": "configuration", "message": "no client id" },
        });
        let error = connection(message).unwrap_err();
        assert_eq!(error.to_string(), "no client id");
        assert!(error.hint().unwrap().contains("runs this workspace"));
        assert!(connection(json!({})).is_err());
        let made = connection(json!({ "connection": { "id": "con_1" } })).unwrap();
        assert_eq!(made["id"], "con_1");
    }
}
