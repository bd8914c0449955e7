//! The commands, one file per verb.

mod completions;
mod connect;
mod connections;
mod connector;
mod demo;
mod formula;
mod generate;
mod local;
mod operations;
mod own;
mod request;
mod run;
mod serve;
mod sync;
mod token;
mod upload;
mod validate;
mod watch;
mod workspace;

use std::process::ExitCode;

use authbridge_core::Effects;

use crate::args::{Command, Formula};
use crate::error::CliError;
use crate::output::Output;

/// Runs `command`.
pub(crate) async fn run(command: Command, output: Output) -> Result<ExitCode, CliError> {
    let effects = Effects::of_the_system();
    match command {
        Command::Serve(args) => serve::run(*args, output, effects).await,
        Command::Demo(args) => demo::run(&args, output, effects).await,
        Command::Validate(args) => validate::run(&args, output),
        Command::Push(args) => sync::push(*args, output, &effects).await,
        Command::Pull(args) => sync::pull(*args, output, &effects).await,
        Command::Diff(args) => sync::diff(*args, output, &effects).await,
        Command::Formula(Formula::Eval) => formula::eval(output),
        Command::Token(command) => token::run(command, output, &effects),
        Command::Workspace(command) => workspace::run(command, output, effects).await,
        Command::Connector(command) => connector::run(command, output, effects).await,
        Command::Operations(command) => operations::run(command, output, &effects).await,
        Command::Connect(args) => connect::run(*args, output, &effects).await,
        Command::Connections(command) => connections::run(command, output, &effects).await,
        Command::Run(args) => run::run(*args, output, &effects).await,
        Command::Request(args) => request::run(args, output, &effects).await,
        Command::Completions { shell } => completions::run(shell, output),
        Command::Openapi => generate::openapi(),
        Command::Generate { directory } => generate::run(&directory, output),
    }
}
