//! Stopping at a step of what must survive a crash, so that a test can kill the process exactly
//! there. Release builds have none of this.

use std::io::Write as _;
use std::sync::Arc;

use authbridge_core::{Effects, Watcher};

/// Effects that stop whoever reaches `step`.
pub(super) fn at(step: Option<String>, effects: Effects) -> Effects {
    match step {
        Some(step) => effects.watched_by(Arc::new(PauseAt(step))),
        None => effects,
    }
}

struct PauseAt(String);

impl Watcher for PauseAt {
    fn reached(&self, step: &'static str) {
        if step != self.0 {
            return;
        }
        // Without a listener there is nobody to tell.
        let _ignored = writeln!(std::io::stderr(), "paused at {step}");
        loop {
            std::thread::park();
        }
    }
}
