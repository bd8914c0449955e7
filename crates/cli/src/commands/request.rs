//! `authbridge request`: like curl, through a connection.

use std::process::ExitCode;

use authbridge_core::Effects;
use authbridge_engine::egress::OutgoingBody;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName};
use http::{HeaderMap, HeaderValue, Response};
use http_body_util::BodyExt as _;
use tokio::io::AsyncWriteExt as _;
use url::form_urlencoded;

use crate::api::{Api, is_own_error};
use crate::args::Request;
use crate::error::CliError;
use crate::output::Output;

pub(super) async fn run(
    args: Request,
    output: Output,
    effects: &Effects,
) -> Result<ExitCode, CliError> {
    let api = Api::new(&args.remote, effects)?;
    let mut headers = headers(&args.header)?;
    let body = match &args.data {
        Some(data) => body(data).await?,
        None => Bytes::new(),
    };
    if !body.is_empty() && !headers.contains_key(CONTENT_TYPE) {
        headers.insert(CONTENT_TYPE, content_type(&body));
    }
    let selector: String = form_urlencoded::byte_serialize(args.connection.as_bytes()).collect();
    let path = format!(
        "/connections/{}/proxy/{}",
        selector.replace('+', "%20"),
        args.path.strip_prefix('/').unwrap_or(&args.path)
    );
    let response = api
        .send(args.method, &path, headers, OutgoingBody::from(body))
        .await?;
    let status = response.status();
    if is_own_error(status, response.headers()) {
        let bytes = response
            .into_body()
            .collect()
            .await
            .map_err(std::io::Error::other)?
            .to_bytes();
        let body = serde_json::from_slice(&bytes).unwrap_or_default();
        return Err(CliError::Api { status, body });
    }
    if args.include {
        output.note(&head(&response))?;
    }
    let mut body = response.into_body();
    let mut stdout = tokio::io::stdout();
    while let Some(frame) = body.frame().await {
        if let Ok(piece) = frame.map_err(std::io::Error::other)?.into_data() {
            stdout.write_all(&piece).await?;
            // Streams such as Server-Sent Events show as they come.
            stdout.flush().await?;
        }
    }
    let failed = args.fail && status.as_u16() >= 400;
    Ok(if failed {
        ExitCode::from(1)
    } else {
        ExitCode::SUCCESS
    })
}

fn headers(given: &[String]) -> Result<HeaderMap, CliError> {
    let mut headers = HeaderMap::new();
    for text in given {
        let error = || {
            CliError::usage(
                format!("`{text}` is not a header field"),
                "write -H 'Name: value'",
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

async fn body(data: &str) -> Result<Bytes, CliError> {
    let Some(file) = data.strip_prefix('@') else {
        return Ok(Bytes::from(data.to_owned()));
    };
    let file = file.to_owned();
    let read = move || match file.as_str() {
        "-" => {
            let mut bytes = Vec::new();
            std::io::Read::read_to_end(&mut std::io::stdin(), &mut bytes).map(|_| bytes)
        }
        path => std::fs::read(path),
    };
    let bytes = tokio::task::spawn_blocking(read)
        .await
        .map_err(std::io::Error::other)?;
    bytes.map(Bytes::from).map_err(|error| {
        CliError::usage(
            format!("cannot read `{data}`: {error}"),
            "give `@` and the path of a file",
        )
    })
}

fn content_type(body: &Bytes) -> HeaderValue {
    let is_json = serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok();
    HeaderValue::from_static(if is_json {
        "application/json"
    } else {
        "application/octet-stream"
    })
}

fn head<B>(response: &Response<B>) -> String {
    let mut text = format!("{:?} {}\n", response.version(), response.status());
    for (name, value) in response.headers() {
        text.push_str(&format!(
            "{name}: {}\n",
            String::from_utf8_lossy(value.as_bytes())
        ));
    }
    text
}
