//! The body of an answer: the external app's, passed on as it arrives, or one of our own.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};

use authbridge_engine::egress::IncomingBody;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

type BodyError = Box<dyn std::error::Error + Send + Sync>;

/// The body of an answer.
pub(crate) enum ServerBody {
    /// Made by the API.
    Own(axum::body::Body),
    /// The external app's.
    Upstream(IncomingBody),
    /// The external app's, of which the beginning was looked at.
    Peeked(Box<PeekedBody>),
}

/// A body whose first pieces are in memory.
pub(crate) struct PeekedBody {
    pub(crate) first: VecDeque<Bytes>,
    pub(crate) rest: Option<IncomingBody>,
}

impl ServerBody {
    pub(crate) fn empty() -> Self {
        Self::Own(axum::body::Body::empty())
    }
}

impl Body for ServerBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match self.get_mut() {
            Self::Own(body) => Pin::new(body)
                .poll_frame(context)
                .map(|frame| Some(frame?.map_err(Into::into))),
            Self::Upstream(body) => Pin::new(body).poll_frame(context),
            Self::Peeked(body) => match (body.first.pop_front(), &mut body.rest) {
                (Some(piece), _) => Poll::Ready(Some(Ok(Frame::data(piece)))),
                (None, Some(rest)) => Pin::new(rest).poll_frame(context),
                (None, None) => Poll::Ready(None),
            },
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Own(body) => body.is_end_stream(),
            Self::Upstream(body) => body.is_end_stream(),
            Self::Peeked(body) => {
                body.first.is_empty() && body.rest.as_ref().is_none_or(Body::is_end_stream)
            }
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Own(body) => body.size_hint(),
            Self::Upstream(body) => body.size_hint(),
            Self::Peeked(body) => {
                let first: usize = body.first.iter().map(Bytes::len).sum();
                let rest = body
                    .rest
                    .as_ref()
                    .map_or(SizeHint::with_exact(0), Body::size_hint);
                let mut hint = SizeHint::new();
                hint.set_lower(rest.lower().saturating_add(first as u64));
                if let Some(upper) = rest.upper() {
                    hint.set_upper(upper.saturating_add(first as u64));
                }
                hint
            }
        }
    }
}
