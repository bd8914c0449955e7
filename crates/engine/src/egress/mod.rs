//! Egress: the one sender of everything that leaves the engine.
//!
//! It decides where requests may go ([`Policy`]), resolves names, connects to the very address
//! that was checked, keeps connections for reuse, and bounds everything in time. It follows no
//! redirects.

mod body;
mod connect;
mod error;
mod policy;
mod pool;
mod resolve;
mod send;

use std::sync::Arc;
use std::time::Duration;

pub use body::{IncomingBody, OutgoingBody};
pub use error::EgressError;
pub use policy::Policy;
pub use pool::Origin;

use connect::Connector;
use pool::Pool;

/// How long each step of a request may take.
#[derive(Clone, Copy, Debug)]
pub struct Deadlines {
    /// Resolving, connecting and the TLS handshake together. 10 seconds unless set.
    pub connect: Duration,
    /// From the sent request to the head of the response. 60 seconds unless set.
    pub response_head: Duration,
    /// Between two pieces of a body. 60 seconds unless set.
    pub idle: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            response_head: Duration::from_mins(1),
            idle: Duration::from_mins(1),
        }
    }
}

/// Sends requests. Cheap to clone; clones share their connections.
#[derive(Clone)]
pub struct Egress {
    connector: Arc<Connector>,
    pool: Arc<Pool>,
    deadlines: Deadlines,
}

impl Egress {
    /// A sender under `policy`.
    pub fn new(policy: Policy, deadlines: Deadlines) -> Self {
        Self {
            connector: Arc::new(Connector::new(policy)),
            pool: Arc::new(Pool::default()),
            deadlines,
        }
    }

    /// A sender under the same policy with connections of its own, for one worker thread: a
    /// connection lives on the runtime that opened it.
    #[must_use]
    pub fn for_worker(&self) -> Self {
        Self {
            pool: Arc::new(Pool::default()),
            ..self.clone()
        }
    }

    /// Whether this is a developer's machine (see [`Policy::is_development`]).
    pub fn is_development(&self) -> bool {
        self.connector.is_development()
    }

    /// How long each step may take.
    pub const fn deadlines(&self) -> Deadlines {
        self.deadlines
    }
}
