//! What functions wrote to the console, collected for whoever asked.

use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;

/// One line of a function's console.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LogEntry {
    /// The function, or `operations/<key>`.
    pub function: String,
    /// `debug`, `info`, `warn` or `error`.
    pub level: &'static str,
    /// The text, without the connection's secrets.
    pub message: String,
}

/// Collects lines. Cheap to clone; clones share what was collected.
#[derive(Clone, Debug, Default)]
pub struct LogSink {
    entries: Arc<Mutex<Vec<LogEntry>>>,
}

/// The most lines that one sink keeps.
const MAX_ENTRIES: usize = 10_000;

impl LogSink {
    pub(crate) fn push(&self, entry: LogEntry) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() < MAX_ENTRIES {
            entries.push(entry);
        }
    }

    /// What was collected so far, and begins anew.
    pub fn take(&self) -> Vec<LogEntry> {
        std::mem::take(&mut self.entries.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
