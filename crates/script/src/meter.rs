//! Processor time of one call, measured on whatever threads it ran.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use crate::ticker::Ticker;

/// Adds up the slices that a call runs. One thread at a time writes it: the one that polls the call.
#[derive(Default)]
pub(crate) struct Meter {
    /// Nanoseconds of finished slices.
    used: AtomicU64,
    /// The thread's processor time when the running slice began, in nanoseconds; 0 between slices.
    slice: AtomicU64,
}

impl Meter {
    /// Processor time so far. Exact when called by the call itself or after it.
    pub(crate) fn used(&self) -> Duration {
        let begun = self.slice.load(Ordering::Relaxed);
        let running = if begun == 0 {
            0
        } else {
            thread_time().saturating_sub(begun)
        };
        Duration::from_nanos(self.used.load(Ordering::Relaxed) + running)
    }

    /// Counts the time that `future` takes to poll, and keeps the ticker awake meanwhile.
    pub(crate) async fn measure<T>(&self, ticker: &Ticker, future: impl Future<Output = T>) -> T {
        let mut future = pin!(future);
        poll_fn(|context| {
            let _running = ticker.running();
            self.slice.store(thread_time().max(1), Ordering::Relaxed);
            let _slice = Slice(self);
            future.as_mut().poll(context)
        })
        .await
    }
}

/// Ends the slice, also when the poll panics.
struct Slice<'a>(&'a Meter);

impl Drop for Slice<'_> {
    fn drop(&mut self) {
        let begun = self.0.slice.swap(0, Ordering::Relaxed);
        self.0
            .used
            .fetch_add(thread_time().saturating_sub(begun), Ordering::Relaxed);
    }
}

/// Nanoseconds that the current thread has run.
fn thread_time() -> u64 {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    let seconds = u64::try_from(now.tv_sec).unwrap_or(0);
    seconds
        .saturating_mul(1_000_000_000)
        .saturating_add(u64::try_from(now.tv_nsec).unwrap_or(0))
}
