//! The beat by which running scripts take turns and have their limits checked.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle, Thread};
use std::time::Duration;

use wasmtime::Engine;

use crate::error::SandboxError;

/// How long a script runs before it looks up.
const BEAT: Duration = Duration::from_millis(1);

/// Beats without any script before the thread goes to sleep. Waking it costs more than some idle beats do.
const IDLE_BEATS: u32 = 50;

/// A thread that moves the engine's epoch while scripts run.
pub(crate) struct Ticker {
    state: Arc<State>,
    thread: Thread,
    _handle: JoinHandle<()>,
}

#[derive(Default)]
struct State {
    running: AtomicUsize,
    parked: AtomicBool,
    stopped: AtomicBool,
}

impl Ticker {
    pub(crate) fn start(engine: Engine) -> Result<Self, SandboxError> {
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        let handle = thread::Builder::new()
            .name("script-ticker".to_owned())
            .spawn(move || beat(&engine, &shared))
            .map_err(SandboxError::Threads)?;
        Ok(Self {
            state,
            thread: handle.thread().clone(),
            _handle: handle,
        })
    }

    /// Says that a script runs, until the answer is dropped.
    pub(crate) fn running(&self) -> Running<'_> {
        self.state.running.fetch_add(1, Ordering::SeqCst);
        if self.state.parked.load(Ordering::SeqCst) {
            self.thread.unpark();
        }
        Running(&self.state)
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.state.stopped.store(true, Ordering::SeqCst);
        self.thread.unpark();
    }
}

/// See [`Ticker::running`].
pub(crate) struct Running<'a>(&'a State);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::SeqCst);
    }
}

fn beat(engine: &Engine, state: &State) {
    let mut idle = 0;
    while !state.stopped.load(Ordering::SeqCst) {
        idle = if state.running.load(Ordering::SeqCst) > 0 {
            0
        } else {
            idle + 1
        };
        if idle > IDLE_BEATS {
            // Who starts a script after this line sees `parked` and wakes us; who started before it is seen here.
            state.parked.store(true, Ordering::SeqCst);
            if state.running.load(Ordering::SeqCst) == 0 && !state.stopped.load(Ordering::SeqCst) {
                thread::park();
            }
            state.parked.store(false, Ordering::SeqCst);
            idle = 0;
        }
        thread::sleep(BEAT);
        engine.increment_epoch();
    }
}
