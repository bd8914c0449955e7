//! Time and randomness, the two effects that everything needs; and who watches the steps of what
//! must survive a crash.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;

/// Where the time comes from.
pub trait Clock: Send + Sync {
    /// The present moment.
    fn now(&self) -> Timestamp;
}

/// Where unpredictable bytes come from.
pub trait Random: Send + Sync {
    /// Fills `buffer` from a cryptographic generator.
    fn fill(&self, buffer: &mut [u8]);
}

/// Who is told how far something has come that a crash must not spoil, so that tests can crash
/// it there.
pub trait Watcher: Send + Sync {
    /// `step` has been done, such as `refresh.spooled`.
    fn reached(&self, step: &'static str);
}

/// The one value through which time and randomness reach the engine.
///
/// Cloning is cheap; tests make one with a clock they set and a generator they seed.
#[derive(Clone)]
pub struct Effects {
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    watcher: Option<Arc<dyn Watcher>>,
}

impl Effects {
    /// Effects that come from `clock` and `random`.
    pub fn new(clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Self {
        Self {
            clock,
            random,
            watcher: None,
        }
    }

    /// The same, watched by `watcher`.
    #[must_use]
    pub fn watched_by(self, watcher: Arc<dyn Watcher>) -> Self {
        Self {
            watcher: Some(watcher),
            ..self
        }
    }

    /// Tells whoever watches that `step` has been done.
    pub fn reached(&self, step: &'static str) {
        if let Some(watcher) = &self.watcher {
            watcher.reached(step);
        }
    }

    /// The machine's clock and the operating system's generator.
    pub fn of_the_system() -> Self {
        Self::new(Arc::new(SystemClock), Arc::new(SystemRandom))
    }

    /// The present moment.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Fills `buffer` with unpredictable bytes.
    pub fn fill_random(&self, buffer: &mut [u8]) {
        self.random.fill(buffer);
    }

    /// `N` unpredictable bytes.
    pub fn random_bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.random.fill(&mut bytes);
        bytes
    }
}

impl fmt::Debug for Effects {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Effects")
    }
}

struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the machine's clock"
    )]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

struct SystemRandom;

impl Random for SystemRandom {
    #[expect(
        clippy::expect_used,
        reason = "without the operating system's generator nothing that follows would be safe"
    )]
    fn fill(&self, buffer: &mut [u8]) {
        aws_lc_rs::rand::fill(buffer).expect("the operating system's random generator failed");
    }
}
