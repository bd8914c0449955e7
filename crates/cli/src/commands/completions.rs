//! `authbridge completions`.

use std::process::ExitCode;

use clap::CommandFactory as _;
use clap_complete::Shell;
use serde_json::json;

use crate::args::Args;
use crate::error::CliError;
use crate::output::Output;

pub(super) fn run(shell: Shell, output: Output) -> Result<ExitCode, CliError> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "authbridge", &mut script);
    let script = String::from_utf8_lossy(&script);
    let value = json!({ "shell": shell.to_string(), "script": script });
    output.result(&script, &value)?;
    Ok(ExitCode::SUCCESS)
}
