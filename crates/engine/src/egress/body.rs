//! Bodies of requests and responses, streamed through without a copy.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::client::conn::http1::SendRequest;
use tokio::time::{Instant, Sleep};

use super::pool::{Origin, Pool};

/// The error of a body that broke off.
pub(super) type BodyError = Box<dyn std::error::Error + Send + Sync>;

/// A piece of a body did not come in time.
#[derive(Debug, thiserror::Error)]
#[error("nothing of the body arrived for {} seconds", .0.as_secs())]
pub(super) struct Idle(Duration);

/// Watches over the time between two pieces; the timer is made only when there is a wait.
struct IdleTimer {
    limit: Duration,
    sleep: Option<Pin<Box<Sleep>>>,
    is_armed: bool,
}

impl IdleTimer {
    const fn new(limit: Duration) -> Self {
        Self {
            limit,
            sleep: None,
            is_armed: false,
        }
    }

    /// A piece came.
    const fn reset(&mut self) {
        self.is_armed = false;
    }

    /// No piece yet: `Err` when the wait has been too long.
    fn poll_wait(&mut self, context: &mut Context<'_>) -> Result<(), Idle> {
        let limit = self.limit;
        let sleep = self
            .sleep
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(limit)));
        if !self.is_armed {
            sleep.as_mut().reset(Instant::now() + limit);
            self.is_armed = true;
        }
        match sleep.as_mut().poll(context) {
            Poll::Ready(()) => Err(Idle(limit)),
            Poll::Pending => Ok(()),
        }
    }
}

/// The body of a request that goes out.
pub enum OutgoingBody {
    /// No body.
    Empty,
    /// A body in memory; `None` once it is sent.
    Full(Option<Bytes>),
    /// A caller's body, passed on as it arrives.
    Stream(Box<StreamedBody>),
    /// Pieces that somebody makes while they are sent, such as a file's; it ends the deadline for
    /// the answer as a caller's body does.
    Made(Box<MadeBody>),
}

/// A body that is made while it is sent.
pub struct MadeBody {
    pieces: Pieces,
    upload: Arc<Upload>,
}

type Pieces = Pin<Box<dyn Body<Data = Bytes, Error = BodyError> + Send>>;

/// A caller's body on its way out.
pub struct StreamedBody {
    incoming: Incoming,
    timer: IdleTimer,
    upload: Arc<Upload>,
}

/// When the last piece of a caller's body came, for whoever waits for the answer: as long as
/// there is something to send, the other side need not answer.
pub(super) struct Upload {
    started: Instant,
    /// Milliseconds after the start.
    last_piece: AtomicU64,
}

impl Upload {
    pub(super) fn start() -> Arc<Self> {
        Arc::new(Self {
            started: Instant::now(),
            last_piece: AtomicU64::new(0),
        })
    }

    pub(super) fn note_piece(&self) {
        let elapsed = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last_piece.store(elapsed, Ordering::Relaxed);
    }

    /// When the last piece came.
    pub(super) fn last_piece(&self) -> Instant {
        self.started + Duration::from_millis(self.last_piece.load(Ordering::Relaxed))
    }
}

impl OutgoingBody {
    /// Passes `incoming` on; a pause longer than `idle` breaks it off.
    pub fn stream(incoming: Incoming, idle: Duration) -> Self {
        if incoming.is_end_stream() {
            return Self::Empty;
        }
        Self::Stream(Box::new(StreamedBody {
            incoming,
            timer: IdleTimer::new(idle),
            upload: Upload::start(),
        }))
    }

    /// Sends what `pieces` gives.
    pub fn made(
        pieces: impl Body<Data = Bytes, Error = Box<dyn std::error::Error + Send + Sync>>
        + Send
        + 'static,
    ) -> Self {
        Self::Made(Box::new(MadeBody {
            pieces: Box::pin(pieces),
            upload: Upload::start(),
        }))
    }

    /// Whether there is a body whose length nobody knows yet.
    pub fn is_chunked(&self) -> bool {
        self.size_hint().exact().is_none()
    }

    pub(super) fn upload(&self) -> Option<Arc<Upload>> {
        match self {
            Self::Stream(body) => Some(Arc::clone(&body.upload)),
            Self::Made(body) => Some(Arc::clone(&body.upload)),
            Self::Empty | Self::Full(_) => None,
        }
    }
}

impl From<Bytes> for OutgoingBody {
    fn from(bytes: Bytes) -> Self {
        if bytes.is_empty() {
            Self::Empty
        } else {
            Self::Full(Some(bytes))
        }
    }
}

impl Body for OutgoingBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match self.get_mut() {
            Self::Empty => Poll::Ready(None),
            Self::Full(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Stream(body) => {
                let polled = poll_timed(&mut body.incoming, &mut body.timer, context);
                if polled.is_ready() {
                    body.upload.note_piece();
                }
                polled
            }
            Self::Made(body) => {
                let polled = body.pieces.as_mut().poll_frame(context);
                if polled.is_ready() {
                    body.upload.note_piece();
                }
                polled
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Full(bytes) => bytes.is_none(),
            Self::Stream(body) => body.incoming.is_end_stream(),
            Self::Made(body) => body.pieces.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Empty => SizeHint::with_exact(0),
            Self::Full(bytes) => {
                SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
            }
            Self::Stream(body) => body.incoming.size_hint(),
            Self::Made(body) => body.pieces.size_hint(),
        }
    }
}

/// The body of a response that came in. When it has been read to its end, the connection that it
/// came on goes back to be used again; when it is dropped before, the connection is closed.
pub struct IncomingBody {
    /// What somebody looked at already, before the rest.
    first: Option<Bytes>,
    incoming: Incoming,
    timer: IdleTimer,
    lease: Option<Lease>,
}

/// A connection in use, and where it belongs.
pub(super) struct Lease {
    pub(super) sender: SendRequest<OutgoingBody>,
    pub(super) origin: Arc<Origin>,
    pub(super) pool: Arc<Pool>,
}

impl IncomingBody {
    pub(super) fn new(incoming: Incoming, idle: Duration, lease: Option<Lease>) -> Self {
        let mut body = Self {
            first: None,
            incoming,
            timer: IdleTimer::new(idle),
            lease,
        };
        if body.incoming.is_end_stream() {
            body.give_back();
        }
        body
    }

    /// Looks at a body that says that it is `limit` bytes or shorter; it can still be read. Of a
    /// longer one, and of one that does not say, nothing is read and `None` is given.
    pub(crate) async fn peek(&mut self, limit: u64) -> Result<Option<Bytes>, BodyError> {
        if self.size_hint().exact().is_none_or(|length| length > limit) {
            return Ok(None);
        }
        let whole = (&mut *self).collect().await?.to_bytes();
        self.first = Some(whole.clone()).filter(|whole| !whole.is_empty());
        Ok(Some(whole))
    }

    fn give_back(&mut self) {
        if let Some(Lease {
            sender,
            origin,
            pool,
        }) = self.lease.take()
        {
            pool.put(&origin, sender);
        }
    }
}

impl Drop for IncomingBody {
    fn drop(&mut self) {
        // A reader who knows the length does not ask for the end.
        if self.incoming.is_end_stream() {
            self.give_back();
        }
    }
}

impl Body for IncomingBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let body = self.get_mut();
        if let Some(first) = body.first.take() {
            return Poll::Ready(Some(Ok(Frame::data(first))));
        }
        let polled = poll_timed(&mut body.incoming, &mut body.timer, context);
        match &polled {
            Poll::Ready(None) => body.give_back(),
            Poll::Ready(Some(Err(_))) => body.lease = None,
            Poll::Ready(Some(Ok(_))) | Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.first.is_none() && self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        match &self.first {
            // It was all of it.
            Some(first) => SizeHint::with_exact(first.len() as u64),
            None => self.incoming.size_hint(),
        }
    }
}

fn poll_timed(
    incoming: &mut Incoming,
    timer: &mut IdleTimer,
    context: &mut Context<'_>,
) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
    match Pin::new(incoming).poll_frame(context) {
        Poll::Ready(frame) => {
            timer.reset();
            Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
        }
        Poll::Pending => match timer.poll_wait(context) {
            Ok(()) => Poll::Pending,
            Err(idle) => Poll::Ready(Some(Err(idle.into()))),
        },
    }
}
