//! `cargo xtask bench proxy`: the proxy beside nginx, on one machine, in one run.
//!
//! The load generator and the upstream share core 0; the proxy under measurement has core 1 to
//! itself. Every round measures each target once, so that what else happens on the machine hits all
//! of them alike; medians are reported.

mod authbridge;
mod http;
mod load;
mod nginx;
mod process;
mod push;
mod refresh;
mod report;
mod scripts;
mod server;

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::command::{self, command};
use crate::error::TaskError;

use authbridge::Authbridge;
use load::Load;
use nginx::Nginx;
pub(crate) use push::{Options as PushOptions, push};
pub(crate) use refresh::{Options as RefreshOptions, refresh};
use report::{Report, Sample, Target};
pub(crate) use scripts::scripts;
use server::Server;

/// The core of the load generator and of the upstream.
const LOAD_CORE: u32 = 0;

/// The core of the proxy under measurement.
const PROXY_CORE: u32 = 1;

/// How long each target runs before it is measured.
const WARM_UP: Duration = Duration::from_secs(1);

/// How often the start is measured.
const STARTS: usize = 9;

/// Arguments of `cargo xtask bench proxy`.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// Seconds per measurement.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Measurements per target; the median is reported.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Connections of the load generator.
    #[arg(long, default_value_t = 64)]
    connections: u32,
    /// Measure this executable instead of a release build of the working tree.
    #[arg(long, value_name = "PATH")]
    binary: Option<PathBuf>,
    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
}

/// Measures and prints the report.
pub(crate) fn proxy(options: &Options) -> Result<(), TaskError> {
    install_programs()?;
    let executable = match &options.binary {
        Some(path) => path.canonicalize().map_err(TaskError::file(path))?,
        None => command::build(&["--release", "--package", "authbridge"])?,
    };
    let scratch = tempfile::tempdir().map_err(TaskError::file("temporary directory"))?;
    let upstream = Nginx::serving_json(scratch.path())?.start(LOAD_CORE)?;
    let nginx = Nginx::proxy_to(upstream.port(), scratch.path())?.start(PROXY_CORE)?;
    let authbridge = Authbridge::prepare(executable, scratch.path(), upstream.port())?;
    let server = authbridge.start()?;
    let credentials = authbridge::connect(&server)?;

    let targets = [
        (Target::Direct, &upstream, nginx::PATH, None),
        (Target::Nginx, &nginx, nginx::PATH, None),
        (
            Target::Authbridge,
            &server,
            authbridge::PATH,
            Some(credentials.as_str()),
        ),
    ];
    let load = Load::new(scratch.path(), LOAD_CORE, options.connections)?;
    let mut samples = Vec::new();
    for round in 0..options.rounds.max(1) {
        for (target, server, path, authorization) in targets {
            let expected =
                http::get(server.port(), path, authorization)?.expect_status(200, target.name())?;
            if round == 0 {
                load.run(server.port(), path, authorization, WARM_UP)?;
            }
            let sample = measure(&load, server, path, authorization, options.seconds)?;
            let body =
                http::get(server.port(), path, authorization)?.expect_status(200, target.name())?;
            if body != expected {
                return Err(TaskError::Measurement(format!(
                    "{} changed its answer",
                    target.name()
                )));
            }
            samples.push((target, sample));
        }
    }
    server.stop()?;
    let starts = authbridge.measure_starts(STARTS, &credentials)?;
    let report = Report::new(&samples, starts, options);
    if options.json {
        println!("{:#}", report.json());
    } else {
        println!("{report}");
    }
    Ok(())
}

fn measure(
    load: &Load,
    server: &Server,
    path: &str,
    authorization: Option<&str>,
    seconds: u64,
) -> Result<Sample, TaskError> {
    let before = server.cpu_time()?;
    let result = load.run(
        server.port(),
        path,
        authorization,
        Duration::from_secs(seconds),
    )?;
    let cpu = server.cpu_time()?.saturating_sub(before);
    Ok(Sample {
        requests_per_second: result.requests_per_second(),
        p50_ms: result.p50_ms,
        p99_ms: result.p99_ms,
        cpu_us_per_request: cpu.as_secs_f64() * 1e6 / result.requests.max(1.0),
        memory: server.memory()?,
    })
}

/// nginx and wrk come from the distribution.
fn install_programs() -> Result<(), TaskError> {
    let missing: Vec<_> = [("nginx", "-v"), ("wrk", "-v"), ("taskset", "-V")]
        .into_iter()
        // wrk prints its version and exits with 1.
        .filter(|(program, argument)| command(program, &[argument]).output().is_err())
        .map(|(program, _)| {
            if program == "taskset" {
                "util-linux"
            } else {
                program
            }
        })
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    println!("installing {}", missing.join(" and "));
    command::run(&mut command("apt-get", &["update", "-qq"]))?;
    command::run(
        command(
            "apt-get",
            &["install", "--yes", "-qq", "--no-install-recommends"],
        )
        .args(missing),
    )
}
