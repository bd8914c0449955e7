//! Running other programs.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::error::TaskError;

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask).to_owned()
}

/// A command that runs in the root of the repository.
pub(crate) fn command(program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(root());
    command
}

/// Whether `program --version` works.
pub(crate) fn exists(program: &str, arguments: &[&str]) -> bool {
    let mut command = command(program, arguments);
    let silent = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    silent.status().is_ok_and(|status| status.success())
}

/// Runs a command whose output is for the person watching.
pub(crate) fn run(command: &mut Command) -> Result<(), TaskError> {
    let status = command.status().map_err(start_error(command))?;
    if status.success() {
        return Ok(());
    }
    Err(TaskError::Failed {
        command: line(command),
        status,
    })
}

/// Runs a command for its standard output; its standard error is for the person watching.
pub(crate) fn output(command: &mut Command) -> Result<Vec<u8>, TaskError> {
    let Output { status, stdout, .. } = command
        .stderr(Stdio::inherit())
        .output()
        .map_err(start_error(command))?;
    if status.success() {
        return Ok(stdout);
    }
    Err(TaskError::Failed {
        command: line(command),
        status,
    })
}

/// Builds with cargo and returns the executable that came out.
pub(crate) fn build(arguments: &[&str]) -> Result<PathBuf, TaskError> {
    let mut cargo = command(
        "cargo",
        &[
            "build",
            "--quiet",
            "--message-format=json-render-diagnostics",
        ],
    );
    let messages = output(cargo.args(arguments))?;
    let executable = messages
        .split(|byte| *byte == b'\n')
        .filter_map(executable_of)
        .next_back();
    executable.ok_or_else(|| TaskError::Missing(format!("`{}` made no executable", line(&cargo))))
}

/// The executable that a line of cargo's messages announces.
fn executable_of(message: &[u8]) -> Option<PathBuf> {
    let message: Value = serde_json::from_slice(message).ok()?;
    message.get("executable")?.as_str().map(PathBuf::from)
}

/// For `map_err` where `command` is started.
pub(crate) fn start_error(command: &Command) -> impl FnOnce(io::Error) -> TaskError {
    let program = command.get_program().to_string_lossy().into_owned();
    |source| TaskError::Start { program, source }
}

/// The command as one would type it, without its environment.
fn line(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_executable_is_read_from_the_messages_that_have_one() {
        let message = br#"{"reason":"compiler-artifact","executable":"target/debug/authbridge"}"#;
        assert_eq!(
            executable_of(message),
            Some("target/debug/authbridge".into())
        );
        assert_eq!(
            executable_of(br#"{"reason":"compiler-artifact","executable":null}"#),
            None
        );
        assert_eq!(executable_of(b""), None);
    }

    #[test]
    fn a_program_that_is_not_there_does_not_exist() {
        assert!(!exists("no-such-program-of-this-name", &[]));
        assert!(exists("cargo", &["--version"]));
    }
}
