//! `cargo xtask bench scripts`: what a function in JavaScript costs in the sandbox.

use crate::command::{self, command};
use crate::error::TaskError;

/// Runs the sandbox's own measurement, built for release.
pub(crate) fn scripts() -> Result<(), TaskError> {
    command::run(&mut command(
        "cargo",
        &[
            "run",
            "--quiet",
            "--release",
            "--package",
            "authbridge-script",
            "--example",
            "measure",
        ],
    ))
}
