//! `authbridge request`: like curl, through a connection.

use std::process::ExitCode;

use authbridge_core::Effects;
use authbridge_engine::egress::IncomingBody;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderName};
use http::{HeaderMap, HeaderValue, Response};
use http_body_util::BodyExt as _;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde_json::{Value, json};

use super::connections::not_found;
use super::upload::Upload;
use crate::api::{Api, broken_off, is_own_error, read, segment};
use crate::args::Request;
use crate::error::CliError;
use crate::output::{Output, Reader, piece};

/// What people type and a URL cannot hold; everything else goes out as it was typed.
const NOT_IN_URLS: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

pub(super) async fn run(
    args: Request,
    output: Output,
    effects: &Effects,
) -> Result<ExitCode, CliError> {
    let api = Api::new(&args.remote, effects)?;
    let mut headers = headers(&args.header)?;
    let upload = Upload::of(args.data.as_deref()).await?;
    if let Some(content_type) = upload.content_type {
        headers.entry(CONTENT_TYPE).or_insert(content_type);
    }
    if let Some(length) = upload.length {
        headers.insert(CONTENT_LENGTH, length.into());
    }
    let path = format!(
        "/connections/{}/proxy/{}",
        segment(&args.connection),
        utf8_percent_encode(
            args.path.strip_prefix('/').unwrap_or(&args.path),
            NOT_IN_URLS
        )
    );
    let response = api.send(args.method, &path, headers, upload.body).await?;
    let status = response.status();
    if is_own_error(status, response.headers()) {
        let body = serde_json::from_slice(&read(response).await?).unwrap_or_default();
        return Err(CliError::api(status, body).hint_if_not_found(not_found(&args.remote)));
    }
    if args.include {
        output.note(&head(&response))?;
    }
    if output.is_json() {
        let value = whole(response).await?;
        output.result("", &value)?;
    } else {
        stream(response.into_body()).await?;
    }
    let failed = args.fail && status.as_u16() >= 400;
    Ok(if failed {
        ExitCode::from(1)
    } else {
        ExitCode::SUCCESS
    })
}

/// Passes the answer on as it arrives, so that streams such as Server-Sent Events show at once.
async fn stream(mut body: IncomingBody) -> Result<(), CliError> {
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| broken_off(&*error))?;
        if let Ok(bytes) = frame.into_data()
            && piece(&bytes)? == Reader::Gone
        {
            break;
        }
    }
    Ok(())
}

/// The complete answer as one object.
async fn whole(response: Response<IncomingBody>) -> Result<Value, CliError> {
    let status = response.status().as_u16();
    let headers: Vec<[String; 2]> = response
        .headers()
        .iter()
        .map(|(name, value)| [name.to_string(), lossy(value)])
        .collect();
    let (member, body) = as_json(&read(response).await?);
    let mut answer = json!({ "status": status, "headers": headers });
    if let Value::Object(members) = &mut answer {
        members.insert(member.into(), body);
    }
    Ok(answer)
}

/// Where a body goes in the object, and as what.
fn as_json(body: &[u8]) -> (&'static str, Value) {
    if let Ok(value) = serde_json::from_slice(body) {
        return ("body", value);
    }
    match std::str::from_utf8(body) {
        Ok(text) => ("body", text.into()),
        Err(_) => ("bodyBase64", BASE64_STANDARD.encode(body).into()),
    }
}

fn headers(given: &[String]) -> Result<HeaderMap, CliError> {
    let mut headers = HeaderMap::new();
    for text in given {
        let error = || {
            // The value may be a secret.
            let name = text.split(':').next().unwrap_or_default();
            CliError::usage(
                format!("the header field that starts with `{name}` is not one"),
                "write -H 'Name: value', on one line",
            )
        };
        let (name, value) = text.split_once(':').ok_or_else(error)?;
        let name = HeaderName::from_bytes(name.trim().as_bytes()).map_err(|_| error())?;
        headers.append(
            name,
            HeaderValue::from_str(value.trim()).map_err(|_| error())?,
        );
    }
    Ok(headers)
}

fn head<B>(response: &Response<B>) -> String {
    let mut text = format!("{:?} {}\n", response.version(), response.status());
    for (name, value) in response.headers() {
        text.push_str(&format!("{name}: {}\n", lossy(value)));
    }
    text
}

fn lossy(value: &HeaderValue) -> String {
    String::from_utf8_lossy(value.as_bytes()).into_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{as_json, headers};

    #[test]
    fn a_body_is_json_or_text_or_base64() {
        assert_eq!(as_json(b"{\"a\":1}"), ("body", json!({ "a": 1 })));
        assert_eq!(as_json("grün".as_bytes()), ("body", json!("grün")));
        assert_eq!(as_json(b""), ("body", json!("")));
        assert_eq!(as_json(&[0xff, 0x00]), ("bodyBase64", json!("/wA=")));
    }

    #[test]
    fn a_broken_header_field_does_not_show_its_value() {
        let error = headers(&["Bad Name: hunter2".into()]).unwrap_err();
        assert!(error.to_string().contains("`Bad Name`"));
        assert!(!error.to_string().contains("hunter2"));
        assert!(headers(&["X-A: 1\r\nX-B: 2".into()]).is_err());
    }
}
