//! A clock that stands still until it is told otherwise.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use authbridge_core::{Clock, Effects, Random};
use jiff::{SignedDuration, Timestamp};

pub(crate) struct TestClock(AtomicI64);

impl Default for TestClock {
    fn default() -> Self {
        Self(AtomicI64::new(1_800_000_000_000))
    }
}

impl TestClock {
    pub(crate) fn advance(&self, by: SignedDuration) {
        let milliseconds = i64::try_from(by.as_millis()).unwrap();
        self.0.fetch_add(milliseconds, Ordering::SeqCst);
    }

    pub(crate) fn seconds(&self) -> i64 {
        self.now().as_second()
    }

    /// Effects with this clock and the system's random numbers.
    pub(crate) fn effects(self: &Arc<Self>) -> Effects {
        let random = SystemRandom(Effects::of_the_system());
        Effects::new(Arc::clone(self) as Arc<dyn Clock>, Arc::new(random))
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.0.load(Ordering::SeqCst)).unwrap()
    }
}

struct SystemRandom(Effects);

impl Random for SystemRandom {
    fn fill(&self, buffer: &mut [u8]) {
        self.0.fill_random(buffer);
    }
}
