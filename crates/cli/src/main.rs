//! The `authbridge` executable: reads the command line, runs one command, renders its error.

mod api;
mod args;
mod commands;
mod error;
mod output;
mod setup;

use std::process::ExitCode;

use clap::Parser as _;

use args::Args;
use output::Output;

/// Half of the proxy's time would go to the system's allocator otherwise.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let args = Args::parse();
    let output = Output::new(args.json);
    let runtime = match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return output.failure(&error.into()),
    };
    match runtime.block_on(commands::run(args.command, &output)) {
        Ok(code) => code,
        Err(error) => output.failure(&error),
    }
}
