//! `cargo xtask test`: everything a change has to pass.

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};

use crate::command::{self, command, root};
use crate::error::TaskError;
use crate::{e2e, generate, lengths};

/// The version that CI and everybody else uses; it is installed into the target directory.
const CARGO_DENY: &str = "0.20.2";

/// Arguments of `cargo xtask test`.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// Run only this gate; may be repeated.
    #[arg(long, value_name = "GATE")]
    only: Vec<Gate>,
    /// Leave out this gate; may be repeated.
    #[arg(long, value_name = "GATE")]
    skip: Vec<Gate>,
    /// Fail, instead of skipping, when a program that a gate needs is missing.
    #[arg(long)]
    strict: bool,
}

/// One thing that must hold; cheapest first.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum Gate {
    /// The code is formatted.
    Fmt,
    /// No source file is too long.
    Lengths,
    /// Clippy has nothing to say.
    Clippy,
    /// The API documentation builds without warnings.
    Doc,
    /// Unit and integration tests pass.
    Tests,
    /// Examples in the API documentation pass.
    Doctests,
    /// Generated files are what the code generates.
    Generated,
    /// Real clients can drive the executable.
    E2e,
    /// Licences, banned crates and sources of dependencies.
    Deny,
}

enum Outcome {
    Passed,
    Failed,
    Skipped(String),
}

/// Runs the gates that were asked for, all of them even after a failure, and sums up.
pub(crate) fn run(options: &Options) -> Result<(), TaskError> {
    let wanted = |gate: &Gate| options.only.is_empty() || options.only.contains(gate);
    let gates = Gate::value_variants()
        .iter()
        .filter(|gate| wanted(gate) && !options.skip.contains(gate));
    let mut results = Vec::new();
    for gate in gates {
        println!("\n=== {}", gate.title());
        let started = Instant::now();
        let outcome = attempt(*gate, options.strict);
        results.push((*gate, outcome, started.elapsed()));
    }
    summarize(&results)
}

fn attempt(gate: Gate, strict: bool) -> Outcome {
    if let Some(obstacle) = gate.obstacle()
        && !strict
    {
        println!("skipped: {obstacle}");
        return Outcome::Skipped(obstacle);
    }
    match gate.check() {
        Ok(()) => Outcome::Passed,
        Err(error) => {
            println!("error: {error}");
            Outcome::Failed
        }
    }
}

fn summarize(results: &[(Gate, Outcome, Duration)]) -> Result<(), TaskError> {
    println!("\n=== summary");
    let mut failed = 0;
    for (gate, outcome, elapsed) in results {
        let text = match outcome {
            Outcome::Passed => "passed".to_owned(),
            Outcome::Failed => "FAILED".to_owned(),
            Outcome::Skipped(reason) => format!("skipped: {reason}"),
        };
        failed += usize::from(matches!(outcome, Outcome::Failed));
        println!(
            "{:>7.1} s  {:<36} {text}",
            elapsed.as_secs_f64(),
            gate.title()
        );
    }
    if failed > 0 {
        return Err(TaskError::Check(format!(
            "{failed} of {} gates failed",
            results.len()
        )));
    }
    Ok(())
}

impl Gate {
    fn title(self) -> &'static str {
        match self {
            Self::Fmt => "fmt: the code is formatted",
            Self::Lengths => "lengths: no file is too long",
            Self::Clippy => "clippy: no lint speaks up",
            Self::Doc => "doc: the documentation builds",
            Self::Tests => "tests: unit and integration",
            Self::Doctests => "doctests: documented examples",
            Self::Generated => "generated: files are up to date",
            Self::E2e => "e2e: real clients, real executable",
            Self::Deny => "deny: licences, bans, sources",
        }
    }

    /// What keeps this gate from being checked here.
    fn obstacle(self) -> Option<String> {
        match self {
            Self::E2e => e2e::obstacle(),
            Self::Fmt => component("fmt"),
            Self::Clippy => component("clippy"),
            Self::Lengths
            | Self::Doc
            | Self::Tests
            | Self::Doctests
            | Self::Generated
            | Self::Deny => None,
        }
    }

    fn check(self) -> Result<(), TaskError> {
        match self {
            Self::Fmt => cargo(&["fmt", "--all", "--check"]),
            Self::Lengths => lengths::check(),
            Self::Clippy => cargo(&[
                "clippy",
                "--workspace",
                "--all-targets",
                "--",
                "-D",
                "warnings",
            ]),
            Self::Doc => {
                let arguments = [
                    "doc",
                    "--workspace",
                    "--no-deps",
                    "--document-private-items",
                ];
                command::run(command("cargo", &arguments).env("RUSTDOCFLAGS", "-D warnings"))
            }
            Self::Tests if command::exists("cargo", &["nextest", "--version"]) => {
                cargo(&["nextest", "run", "--workspace", "--no-fail-fast"])
            }
            Self::Tests => cargo(&["test", "--workspace", "--all-targets", "--no-fail-fast"]),
            Self::Doctests => cargo(&["test", "--workspace", "--doc"]),
            Self::Generated => generate::check(),
            Self::E2e => e2e::run(&e2e::Options::default()),
            Self::Deny => deny(),
        }
    }
}

fn cargo(arguments: &[&str]) -> Result<(), TaskError> {
    command::run(&mut command("cargo", arguments))
}

/// What to say when a component of the toolchain is not installed.
fn component(name: &str) -> Option<String> {
    let missing = !command::exists("cargo", &[name, "--version"]);
    missing.then(|| {
        format!(
            "it needs `rustup component add {}`",
            if name == "fmt" { "rustfmt" } else { name }
        )
    })
}

/// Advisories are left to a run with network access: their database is no registry.
fn deny() -> Result<(), TaskError> {
    let checks = ["check", "licenses", "bans", "sources"];
    if command::exists("cargo", &["deny", "--version"]) {
        return command::run(command("cargo", &["deny"]).args(checks));
    }
    let executable = tool_directory()?.join("bin/cargo-deny");
    if !executable.exists() {
        println!("installing cargo-deny {CARGO_DENY}, which takes a minute or two");
        install_deny()?;
    }
    command::run(Command::new(executable).current_dir(root()).args(checks))
}

fn install_deny() -> Result<(), TaskError> {
    let mut install = command(
        "cargo",
        &[
            "install",
            "cargo-deny",
            "--version",
            CARGO_DENY,
            "--locked",
            "--debug",
        ],
    );
    command::run(install.arg("--quiet").arg("--root").arg(tool_directory()?))
}

/// Tools of the repository's own, beside what is built.
fn tool_directory() -> Result<PathBuf, TaskError> {
    let metadata = command::output(&mut command(
        "cargo",
        &["metadata", "--no-deps", "--format-version=1"],
    ))?;
    let metadata: serde_json::Value = serde_json::from_slice(&metadata).unwrap_or_default();
    let target = metadata
        .get("target_directory")
        .and_then(serde_json::Value::as_str);
    let target = target
        .ok_or_else(|| TaskError::Missing("cargo does not tell its target directory".to_owned()))?;
    Ok(PathBuf::from(target).join("tools"))
}
