//! `authbridge connector`: for authors of connectors.

mod new;
mod templates;
mod test;

use std::process::ExitCode;

use authbridge_core::Effects;

use crate::args::Connector;
use crate::error::CliError;
use crate::output::Output;

/// Runs `command`.
pub(super) async fn run(
    command: Connector,
    output: Output,
    effects: Effects,
) -> Result<ExitCode, CliError> {
    match command {
        Connector::New(args) => new::run(args, output),
        Connector::Test(args) => test::run(args, output, effects).await,
    }
}
