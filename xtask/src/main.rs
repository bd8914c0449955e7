//! Tasks of the repository, run as `cargo xtask TASK`.

#![expect(
    clippy::print_stdout,
    reason = "a task talks to the person who runs it"
)]

mod bench;
mod command;
mod e2e;
mod error;
mod gates;
mod generate;
mod lengths;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::error::TaskError;

#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask",
    about = "Tasks of the repository",
    disable_help_subcommand = true
)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Run every check and every test.
    Test(gates::Options),
    /// Write the files that are generated from code.
    Generate {
        /// Change nothing; fail if a file is not up to date.
        #[arg(long)]
        check: bool,
    },
    /// Run the end-to-end suite: real clients against the real executable.
    E2e(e2e::Options),
    /// Measure.
    #[command(subcommand)]
    Bench(Bench),
}

#[derive(Debug, Subcommand)]
enum Bench {
    /// The proxy beside nginx on this machine: throughput, latency, CPU, memory, start.
    Proxy(bench::Options),
    /// Functions in JavaScript: an isolated call, a thousand at once, memory, compiling.
    Scripts,
    /// Refreshing: a thousand requests on one expired token, thousands of connections due at once,
    /// a provider that hangs.
    Refresh(bench::RefreshOptions),
    /// Pushing a workspace: for the first time, without a change, with one change.
    Push(bench::PushOptions),
}

fn main() -> ExitCode {
    match run(Arguments::parse().task) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> Result<(), TaskError> {
    match task {
        Task::Test(options) => gates::run(&options),
        Task::Generate { check: false } => generate::write(),
        Task::Generate { check: true } => generate::check(),
        Task::E2e(options) => e2e::run(&options),
        Task::Bench(Bench::Proxy(options)) => bench::proxy(&options),
        Task::Bench(Bench::Scripts) => bench::scripts(),
        Task::Bench(Bench::Refresh(options)) => bench::refresh(&options),
        Task::Bench(Bench::Push(options)) => bench::push(&options),
    }
}
