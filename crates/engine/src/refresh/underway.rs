//! Counting the refreshes that are under way, so that the process can wait for them before it
//! ends.

use std::sync::Arc;

use tokio::sync::watch;

/// The refreshes that are under way in this process.
pub(crate) struct Attempts(Arc<watch::Sender<usize>>);

/// One of them; it is over when this is dropped.
pub(super) struct Underway(Arc<watch::Sender<usize>>);

impl Default for Attempts {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(0)))
    }
}

impl Attempts {
    pub(super) fn begin(&self) -> Underway {
        self.0.send_modify(|count| *count += 1);
        Underway(Arc::clone(&self.0))
    }

    /// Waits until there is none.
    pub(crate) async fn finished(&self) {
        // The sender is ours, so it cannot be gone.
        let mut count = self.0.subscribe();
        let _gone = count.wait_for(|count| *count == 0).await;
    }
}

impl Drop for Underway {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[test]
    fn all_that_began_must_have_ended() {
        let attempts = Attempts::default();
        assert_eq!(attempts.finished().now_or_never(), Some(()));
        let (first, second) = (attempts.begin(), attempts.begin());
        drop(first);
        assert_eq!(attempts.finished().now_or_never(), None);
        drop(second);
        assert_eq!(attempts.finished().now_or_never(), Some(()));
    }
}
