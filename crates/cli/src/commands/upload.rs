//! The body of `authbridge request`: small ones are read whole, large ones sent as they are read.

use std::fs::File;
use std::io::{self, Read};

use authbridge_engine::egress::OutgoingBody;
use bytes::Bytes;
use http::HeaderValue;
use http_body_util::channel::{Channel, Sender};
use serde_json::Value;
use tokio::runtime::Handle;

use crate::error::CliError;

/// What is read at once. A body that is no longer is sent with its length and looked at for its
/// type.
const PIECE_BYTES: usize = 256 * 1024;

/// A body and what is known of it.
pub(super) struct Upload {
    pub(super) body: OutgoingBody,
    /// What it looks like; `None` without a body.
    pub(super) content_type: Option<HeaderValue>,
    /// Its length, when the body itself does not tell.
    pub(super) length: Option<u64>,
}

type Source = Box<dyn Read + Send>;

impl Upload {
    /// The body that `--data` means: text, `@file`, or `@-` for standard input.
    pub(super) async fn of(data: Option<&str>) -> Result<Self, CliError> {
        let Some(data) = data else {
            return Ok(Self::whole(Bytes::new()));
        };
        let Some(name) = data.strip_prefix('@') else {
            return Ok(Self::whole(Bytes::from(data.to_owned())));
        };
        let name = name.to_owned();
        let opened = tokio::task::spawn_blocking(move || open(&name)).await;
        let opened = opened.map_err(io::Error::other)?;
        let (first, rest, length) = opened.map_err(|error| cannot_read(data, &error))?;
        if first.len() < PIECE_BYTES {
            return Ok(Self::whole(first));
        }
        let (sender, body) = Channel::new(2);
        let runtime = Handle::current();
        tokio::task::spawn_blocking(move || pump(first, rest, sender, &runtime));
        Ok(Self {
            body: OutgoingBody::made(body),
            content_type: Some(HeaderValue::from_static("application/octet-stream")),
            length,
        })
    }

    fn whole(bytes: Bytes) -> Self {
        let content_type = (!bytes.is_empty()).then(|| content_type(&bytes));
        Self {
            body: OutgoingBody::from(bytes),
            content_type,
            length: None,
        }
    }
}

/// The whole of what `given` means: text, `@file`, or `@-` for standard input.
pub(super) async fn text_of(given: &str) -> Result<Vec<u8>, CliError> {
    let Some(name) = given.strip_prefix('@') else {
        return Ok(given.as_bytes().to_vec());
    };
    let name = name.to_owned();
    let read = move || {
        let (first, mut rest, _) = open(&name)?;
        let mut whole = first.to_vec();
        rest.read_to_end(&mut whole)?;
        Ok(whole)
    };
    let whole: io::Result<Vec<u8>> = tokio::task::spawn_blocking(read)
        .await
        .map_err(io::Error::other)?;
    whole.map_err(|error| cannot_read(given, &error))
}

/// The JSON that `given` means: JSON itself, `@file`, and `-` or `@-` for standard input.
pub(super) async fn json_of(given: &str) -> Result<Value, CliError> {
    let source = if given == "-" { "@-" } else { given };
    let text = text_of(source).await?;
    serde_json::from_slice(&text).map_err(|error| {
        CliError::usage(
            format!("the input is not JSON: {error}"),
            "give JSON such as '{\"name\": \"Ada\"}', `@file`, or `-` for standard input",
        )
    })
}

fn cannot_read(data: &str, error: &io::Error) -> CliError {
    CliError::usage(
        format!("cannot read `{data}`: {error}"),
        "give `@` and the path of a file, or `@-` for standard input",
    )
}

/// The first piece, the rest, and the length of the whole if it is a file's.
fn open(name: &str) -> io::Result<(Bytes, Source, Option<u64>)> {
    let (mut source, length): (Source, _) = if name == "-" {
        (Box::new(io::stdin()), None)
    } else {
        let file = File::open(name)?;
        let about = file.metadata()?;
        let length = about.is_file().then_some(about.len());
        (Box::new(file), length)
    };
    Ok((piece(&mut source)?, source, length))
}

/// Up to [`PIECE_BYTES`]; fewer only at the end.
fn piece(source: &mut Source) -> io::Result<Bytes> {
    let mut piece = Vec::new();
    let limit = u64::try_from(PIECE_BYTES).unwrap_or(u64::MAX);
    source.take(limit).read_to_end(&mut piece)?;
    Ok(piece.into())
}

type BodyError = Box<dyn std::error::Error + Send + Sync>;

/// Sends piece after piece, each when the one before is on its way.
fn pump(first: Bytes, mut rest: Source, mut sender: Sender<Bytes, BodyError>, runtime: &Handle) {
    let mut next: io::Result<Bytes> = Ok(first);
    loop {
        match next {
            Ok(piece) if piece.is_empty() => return,
            Ok(piece) => {
                if runtime.block_on(sender.send_data(piece)).is_err() {
                    // The request ended early; its answer says why.
                    return;
                }
            }
            Err(error) => {
                sender.abort(error.into());
                return;
            }
        }
        next = piece(&mut rest);
    }
}

fn content_type(body: &Bytes) -> HeaderValue {
    let is_json = serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok();
    HeaderValue::from_static(if is_json {
        "application/json"
    } else {
        "application/octet-stream"
    })
}
