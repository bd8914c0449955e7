//! The `authbridge` executable: reads the command line, runs one command, renders its error.

mod api;
mod args;
mod command_line;
mod commands;
mod error;
mod output;
mod setup;
mod signals;

use std::process::ExitCode;

/// Half of the proxy's time would go to the system's allocator otherwise.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let (args, output) = match command_line::read() {
        Ok(read) => read,
        Err(code) => return code,
    };
    let runtime = match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return output.failure(&error.into()),
    };
    let code = match runtime.block_on(commands::run(args.command, output)) {
        Ok(code) => code,
        Err(error) => output.failure(&error),
    };
    // What still waits, such as for standard input, shall not keep the process.
    runtime.shutdown_background();
    code
}
