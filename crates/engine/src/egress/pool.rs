//! Connections kept for reuse.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::HeaderValue;
use hyper::client::conn::http1::SendRequest;
use tokio::time::Instant;
use url::Url;

use super::body::OutgoingBody;

/// Servers commonly close idle connections after a minute or so; this is well before.
const IDLE_FOR: Duration = Duration::from_secs(30);

/// More idle connections to one origin than this are closed.
const IDLE_PER_ORIGIN: usize = 256;

/// A scheme, host and port (RFC 9110 section 4.3.1), with what sending there needs at hand.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Origin {
    /// In lower case; an IPv6 address in brackets.
    pub host: Box<str>,
    /// The port, explicit or the scheme's.
    pub port: u16,
    /// Whether the scheme is `https`.
    pub is_tls: bool,
    /// What the `Host` header says.
    pub host_header: HeaderValue,
}

impl Origin {
    /// The origin of an `http` or `https` URL.
    pub fn of(url: &Url) -> Option<Self> {
        let host = url.host_str()?;
        let authority = match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        Some(Self {
            host: host.into(),
            port: url.port_or_known_default()?,
            is_tls: url.scheme() == "https",
            host_header: HeaderValue::from_str(&authority).ok()?,
        })
    }
}

#[derive(Default)]
pub(super) struct Pool {
    idle: Mutex<HashMap<Arc<Origin>, Vec<Idle>, foldhash::fast::RandomState>>,
}

struct Idle {
    sender: SendRequest<OutgoingBody>,
    since: Instant,
}

impl Pool {
    /// A kept connection to `origin` that still looks alive; the one used last comes first, so
    /// that the others can grow old.
    pub(super) fn take(&self, origin: &Origin) -> Option<SendRequest<OutgoingBody>> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = idle.get_mut(origin)?;
        while let Some(Idle { sender, since }) = kept.pop() {
            if since.elapsed() > IDLE_FOR {
                kept.clear();
                return None;
            }
            if !sender.is_closed() {
                return Some(sender);
            }
        }
        None
    }

    /// Keeps a connection whose exchange is complete.
    pub(super) fn put(&self, origin: &Arc<Origin>, sender: SendRequest<OutgoingBody>) {
        if sender.is_closed() {
            return;
        }
        let since = Instant::now();
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if !idle.contains_key(origin) {
            // A new origin is rare enough to look for what nobody asked for again.
            for kept in idle.values_mut() {
                kept.retain(|kept| kept.since.elapsed() <= IDLE_FOR && !kept.sender.is_closed());
            }
            idle.retain(|_, kept| !kept.is_empty());
        }
        let kept = idle.entry(Arc::clone(origin)).or_default();
        if kept.len() < IDLE_PER_ORIGIN {
            kept.push(Idle { sender, since });
        }
    }
}
