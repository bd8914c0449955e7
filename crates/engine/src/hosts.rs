//! How many requests of the scheduler are under way to one token endpoint's host, whichever
//! integrations and workspaces they are for.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use url::Url;

/// How many at a time.
const ROOM: usize = 64;

/// From how many hosts on those that nobody uses are forgotten.
const SWEEP_FROM: usize = 1024;

/// A gate for each host.
#[derive(Default)]
pub(crate) struct HostGates {
    gates: Mutex<HashMap<String, Arc<Semaphore>>>,
}

impl HostGates {
    /// Waits for a turn at the host of `url`; it lasts until the answer is dropped. `None` where
    /// there is no host to wait for.
    pub(crate) async fn turn(&self, url: &Url) -> Option<OwnedSemaphorePermit> {
        let host = url.host_str()?;
        let port = url.port_or_known_default().unwrap_or_default();
        let gate = self.gate(format!("{host}:{port}"));
        // Gates are never closed.
        gate.acquire_owned().await.ok()
    }

    fn gate(&self, authority: String) -> Arc<Semaphore> {
        let mut gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        if gates.len() >= SWEEP_FROM {
            gates.retain(|_, gate| Arc::strong_count(gate) > 1);
        }
        let gate = gates.entry(authority);
        Arc::clone(gate.or_insert_with(|| Arc::new(Semaphore::new(ROOM))))
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    fn turn(gates: &HostGates, url: &str) -> Option<OwnedSemaphorePermit> {
        gates.turn(&url.parse().unwrap()).now_or_never().flatten()
    }

    #[test]
    fn a_full_host_makes_others_wait_for_that_host_only() {
        let gates = HostGates::default();
        let turns: Vec<_> = (0..ROOM)
            .map(|_| turn(&gates, "https://a.example/token").unwrap())
            .collect();
        assert!(turn(&gates, "https://a.example:443/other").is_none());
        assert!(turn(&gates, "https://a.example:8443/token").is_some());
        assert!(turn(&gates, "https://b.example/token").is_some());
        drop(turns);
        assert!(turn(&gates, "https://a.example/token").is_some());
    }
}
