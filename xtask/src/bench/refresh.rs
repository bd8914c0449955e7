//! `cargo xtask bench refresh`: how fast, and how surely, credentials are refreshed.

use std::path::PathBuf;

use clap::Args;

use crate::command::{self, command};
use crate::error::TaskError;

/// Arguments of `cargo xtask bench refresh`.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// Connections in the largest scene.
    #[arg(long, default_value_t = 10_000)]
    connections: usize,
    /// Measure this executable instead of a release build of the working tree.
    #[arg(long, value_name = "PATH")]
    binary: Option<PathBuf>,
}

/// Plays the providers to a release build, and prints what became of it.
pub(crate) fn refresh(options: &Options) -> Result<(), TaskError> {
    let executable = match &options.binary {
        Some(path) => path.canonicalize().map_err(TaskError::file(path))?,
        None => command::build(&["--release", "--package", "authbridge"])?,
    };
    let mut measure = command(
        "cargo",
        &[
            "run",
            "--quiet",
            "--release",
            "--package",
            "authbridge-testkit",
            "--example",
            "refresh",
            "--",
        ],
    );
    measure.arg(executable).arg(options.connections.to_string());
    command::run(&mut measure)
}
