//! What the operator decides: threads, places, limits; and the clock and randomness that scripts see.

use std::fmt;
use std::num::NonZero;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// The wall clock of scripts: milliseconds since 1970-01-01T00:00:00Z.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// Fills the slice with bytes from a cryptographically secure source.
pub type Random = Arc<dyn Fn(&mut [u8]) + Send + Sync>;

/// How a [`Sandbox`](crate::Sandbox) is set up.
#[derive(Clone)]
pub struct SandboxSettings {
    /// Threads that run scripts. Default: one per core.
    pub threads: usize,
    /// Calls that may be alive at one time, waiting for a response included; others queue. Each place reserves
    /// [`Limits::heap_bytes`] of address space, and uses memory only as its script does. Default: 200.
    pub max_live_calls: usize,
    /// The share of these places that one [`Call::tenant`](crate::Call::tenant) can have. Default: 64.
    pub max_live_calls_per_tenant: usize,
    /// The limits of a call that brings none of its own. Its heap and stack are the most that any call can have.
    pub limits: Limits,
    /// What `Date` and `performance` tell scripts.
    pub clock: Clock,
    /// Where `crypto.randomBytes` and the seed of `Math.random` come from.
    pub random: Random,
}

impl SandboxSettings {
    /// The defaults, with a clock and a source of randomness.
    pub fn new(clock: Clock, random: Random) -> Self {
        Self {
            threads: available_parallelism().map_or(1, NonZero::get),
            max_live_calls: 200,
            max_live_calls_per_tenant: 64,
            limits: Limits::default(),
            clock,
            random,
        }
    }
}

impl fmt::Debug for SandboxSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SandboxSettings")
            .field("threads", &self.threads)
            .field("max_live_calls", &self.max_live_calls)
            .field("max_live_calls_per_tenant", &self.max_live_calls_per_tenant)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// What one call may use. Passing one ends the call with [`ScriptError::Limit`](crate::ScriptError::Limit), which a
/// script cannot catch; only lines of the log are dropped quietly, with a last line that says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Processor time. Default: 1 s.
    pub cpu: Duration,
    /// Time from [`Sandbox::call`](crate::Sandbox::call) to its end, with queueing and waiting. Default: 30 s.
    pub wall: Duration,
    /// Memory of the engine, its environment (about 2 MiB) included. Default: 64 MiB.
    pub heap_bytes: usize,
    /// The engine's stack; more than 512 KiB has no effect. Default: 256 KiB, some 1,000 nested calls.
    pub stack_bytes: usize,
    /// The result, as JSON. Default: 10 MiB.
    pub output_bytes: usize,
    /// Requests of one call. Default: 100.
    pub requests: usize,
    /// One request's body. Default: 10 MiB.
    pub request_bytes: usize,
    /// One response's body. Default: 30 MiB.
    pub response_bytes: usize,
    /// Lines of the log that are kept. Default: 1,000.
    pub log_lines: usize,
    /// Bytes of the log that are kept. Default: 256 KiB.
    pub log_bytes: usize,
    /// Timers that run at one time. Default: 1,000.
    pub timers: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            cpu: Duration::from_secs(1),
            wall: Duration::from_secs(30),
            heap_bytes: 64 * MIB,
            stack_bytes: 256 * KIB,
            output_bytes: 10 * MIB,
            requests: 100,
            request_bytes: 10 * MIB,
            response_bytes: 30 * MIB,
            log_lines: 1000,
            log_bytes: 256 * KIB,
            timers: 1000,
        }
    }
}
