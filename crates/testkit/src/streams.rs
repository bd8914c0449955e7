//! Bodies that are made while they are sent.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{Response, StatusCode};
use http_body_util::BodyExt;
use hyper::body::{Frame, SizeHint};
use serde_json::json;
use tokio::time::{Sleep, sleep};

use crate::answer::{self, Body};
use crate::query;

/// Values a byte of `/bytes` takes. A prime, so that a lost or doubled block never goes unnoticed.
const PERIOD: u8 = 251;

/// How often the pattern is repeated in one block: blocks are just under 64 KiB and begin at offset
/// 0 of the pattern.
const PERIODS_PER_BLOCK: usize = 261;

/// `GET /bytes/{n}`: `n` bytes with `Content-Length`, in constant memory.
pub(crate) fn bytes(count: &str) -> Response<Body> {
    let Ok(remaining) = count.parse() else {
        return answer::refusal(
            StatusCode::BAD_REQUEST,
            "bad_request",
            "not a number of bytes",
        );
    };
    let mut block = BytesMut::new();
    for _ in 0..PERIODS_PER_BLOCK {
        block.extend(0..PERIOD);
    }
    let body = Pattern {
        block: block.freeze(),
        remaining,
    };
    answer::streamed("application/octet-stream", body.boxed_unsync())
}

/// `GET /slow-head?ms=`.
pub(crate) async fn slow_head(query: Option<&str>) -> Response<Body> {
    sleep(query::milliseconds(query)).await;
    answer::json(StatusCode::OK, &json!({ "ok": true }))
}

/// `GET /drip?n=&ms=`: chunks `chunk 0`, `chunk 1`, …, each on its own line.
pub(crate) fn drip(query: Option<&str>) -> Response<Body> {
    let chunks = Chunks::new(query, |number| format!("chunk {number}\n"));
    answer::streamed("text/plain", chunks.boxed_unsync())
}

/// `GET /sse?n=&ms=`: Server-Sent Events of type `tick` with ids and JSON data.
pub(crate) fn server_sent_events(query: Option<&str>) -> Response<Body> {
    let chunks = Chunks::new(query, |number| {
        format!("id: {number}\nevent: tick\ndata: {{\"n\":{number}}}\n\n")
    });
    answer::streamed("text/event-stream", chunks.boxed_unsync())
}

/// The beginning of a body that announces more than ever comes: its connection is cut.
pub(crate) fn cut_short() -> Response<Body> {
    answer::streamed(
        "application/octet-stream",
        CutShort { begun: false }.boxed_unsync(),
    )
}

struct Pattern {
    block: Bytes,
    remaining: u64,
}

impl hyper::body::Body for Pattern {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if self.remaining == 0 {
            return Poll::Ready(None);
        }
        let mut piece = self.block.clone();
        piece.truncate(usize::try_from(self.remaining).unwrap_or(usize::MAX));
        self.remaining -= piece.len() as u64;
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.remaining == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.remaining)
    }
}

/// Numbered chunks with a pause before each but the first.
struct Chunks {
    next: u64,
    count: u64,
    every: Duration,
    pause: Option<Pin<Box<Sleep>>>,
    write: fn(u64) -> String,
}

impl Chunks {
    fn new(query: Option<&str>, write: fn(u64) -> String) -> Self {
        let count = query::count(query, "n", 3, 100_000);
        Self {
            next: 0,
            count,
            every: query::milliseconds(query),
            pause: None,
            write,
        }
    }
}

impl hyper::body::Body for Chunks {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if self.next == self.count {
            return Poll::Ready(None);
        }
        if let Some(pause) = &mut self.pause {
            ready!(pause.as_mut().poll(context));
        }
        let chunk = (self.write)(self.next);
        self.next += 1;
        self.pause = (!self.every.is_zero()).then(|| Box::pin(sleep(self.every)));
        Poll::Ready(Some(Ok(Frame::data(chunk.into()))))
    }
}

struct CutShort {
    begun: bool,
}

impl hyper::body::Body for CutShort {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if self.begun {
            return Poll::Ready(Some(Err(io::Error::other("the body is cut here"))));
        }
        self.begun = true;
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(
            b"the beginning of",
        )))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(1000)
    }
}
