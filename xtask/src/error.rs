//! What can go wrong in a task.

use std::io;
use std::path::PathBuf;

/// Why a task failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TaskError {
    /// A program could not be started.
    #[error("`{program}` could not be started: {source}")]
    Start {
        /// The name of the program.
        program: String,
        /// What the operating system said.
        source: io::Error,
    },
    /// A program ran and reported failure.
    #[error("`{command}` failed ({status})")]
    Failed {
        /// The command line.
        command: String,
        /// How it ended.
        status: std::process::ExitStatus,
    },
    /// A file or directory could not be read or written.
    #[error("`{}`: {source}", path.display())]
    File {
        /// Where.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// What a program this task needs is missing.
    #[error("{0}")]
    Missing(String),
    /// A check found something; the details are already printed.
    #[error("{0}")]
    Check(String),
    /// A server under measurement did not do as expected.
    #[error("{0}")]
    Measurement(String),
}

impl TaskError {
    /// For `map_err` of file operations on `path`.
    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        |source| Self::File { path, source }
    }
}
