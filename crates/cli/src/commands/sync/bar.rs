//! Progress, for people at a terminal.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::output::Output;

/// A line that moves while something takes long, and is gone afterwards.
pub(super) struct Progress(ProgressBar);

impl Progress {
    /// Something of unknown length.
    pub(super) fn spinner(output: Output, message: String) -> Self {
        let bar = if output.is_json() {
            ProgressBar::hidden()
        } else {
            ProgressBar::new_spinner()
        };
        bar.set_message(message);
        bar.enable_steady_tick(Duration::from_millis(100));
        Self(bar)
    }

    /// Something of `length` steps.
    pub(super) fn of(output: Output, message: &'static str, length: usize) -> Self {
        let bar = if output.is_json() {
            ProgressBar::hidden()
        } else {
            ProgressBar::new(u64::try_from(length).unwrap_or(u64::MAX))
        };
        if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len}") {
            bar.set_style(style);
        }
        bar.set_message(message);
        Self(bar)
    }

    pub(super) fn step(&self) {
        self.0.inc(1);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
