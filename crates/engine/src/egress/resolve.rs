//! Names to addresses, remembered for a short time.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// The operating system's resolver does not tell how long an answer holds; this long is short
/// enough to follow a moved service, and long enough to spare the resolver.
const REMEMBERED_FOR: Duration = Duration::from_secs(30);

/// More names than this are not remembered at once.
const CAPACITY: usize = 4096;

#[derive(Default)]
pub(super) struct Resolver {
    answers: Mutex<HashMap<String, Answer>>,
}

struct Answer {
    addresses: Arc<[IpAddr]>,
    until: Instant,
}

impl Resolver {
    /// The addresses of `host`, which may be an address itself.
    pub(super) async fn resolve(&self, host: &str) -> std::io::Result<Arc<[IpAddr]>> {
        let literal = host.trim_start_matches('[').trim_end_matches(']');
        if let Ok(address) = literal.parse::<IpAddr>() {
            return Ok(Arc::new([address]));
        }
        if let Some(addresses) = self.remembered(host) {
            return Ok(addresses);
        }
        let found = tokio::net::lookup_host((host, 0)).await?;
        let addresses: Arc<[IpAddr]> = found.map(|address| address.ip()).collect();
        self.remember(host, &addresses);
        Ok(addresses)
    }

    fn remembered(&self, host: &str) -> Option<Arc<[IpAddr]>> {
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers
            .get(host)
            .filter(|answer| answer.until > Instant::now())
            .map(|answer| Arc::clone(&answer.addresses))
    }

    fn remember(&self, host: &str, addresses: &Arc<[IpAddr]>) {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if answers.len() >= CAPACITY {
            answers.retain(|_, answer| answer.until > now);
        }
        if answers.len() < CAPACITY {
            let answer = Answer {
                addresses: Arc::clone(addresses),
                until: now + REMEMBERED_FOR,
            };
            answers.insert(host.to_owned(), answer);
        }
    }
}
