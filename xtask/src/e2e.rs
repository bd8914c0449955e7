//! The end-to-end suite in `tests/e2e`: real clients against the real executable.

use std::fs;
use std::time::SystemTime;

use clap::Args;

use crate::command::{self, command, root};
use crate::error::TaskError;

/// The oldest Node.js the clients run on.
const OLDEST_NODE: u32 = 20;

/// Arguments of `cargo xtask e2e`.
#[derive(Args, Debug, Default)]
pub(crate) struct Options {
    /// Build with optimisation, as it is shipped.
    #[arg(long)]
    release: bool,
    /// Run only the test files whose name contains this.
    filter: Option<String>,
}

/// What keeps the suite from running here, if anything.
pub(crate) fn obstacle() -> Option<String> {
    let version = command::output(&mut command("node", &["--version"])).ok();
    let version = version.and_then(|version| String::from_utf8(version).ok());
    let major = version.as_deref().and_then(|text| {
        text.trim_start_matches('v')
            .split('.')
            .next()?
            .parse::<u32>()
            .ok()
    });
    if major.is_none_or(|major| major < OLDEST_NODE) {
        return Some(format!("it needs Node.js {OLDEST_NODE} or newer"));
    }
    let missing = ["npm", "curl", "script"]
        .into_iter()
        .find(|program| !command::exists(program, &["--version"]));
    if let Some(program) = missing {
        return Some(format!("it needs `{program}`"));
    }
    if !command::exists("python3", &["-c", "import ensurepip, venv"]) {
        return Some("it needs Python 3 with `venv`".to_owned());
    }
    let has_browser = command::exists("sh", &["-c", FIND_CHROMIUM]);
    (!has_browser).then(|| "it needs Chromium; CHROMIUM_BIN can say where it is".to_owned())
}

/// Whether the browser that the suite drives is where Debian has it, or where the variable says.
const FIND_CHROMIUM: &str = r#"test -x "${CHROMIUM_BIN:-/usr/bin/chromium}""#;

/// Builds the executable and the simulated provider, installs the clients, and runs the suite.
pub(crate) fn run(options: &Options) -> Result<(), TaskError> {
    if let Some(obstacle) = obstacle() {
        return Err(TaskError::Missing(format!(
            "the end-to-end suite cannot run: {obstacle}"
        )));
    }
    let profile: &[&str] = if options.release { &["--release"] } else { &[] };
    let authbridge = command::build(&[&["--package", "authbridge"], profile].concat())?;
    let example = ["--package", "authbridge-testkit", "--example", "provider"];
    let provider = command::build(&[&example, profile].concat())?;
    install_clients()?;

    let mut node = command("node", &["--test", "--test-concurrency=1"]);
    node.args(test_files(options.filter.as_deref().unwrap_or_default())?);
    let screenshots = authbridge.with_file_name(SCREENSHOTS);
    node.env("AUTHBRIDGE_BIN", authbridge)
        .env("PROVIDER_BIN", provider)
        .env("SCREENSHOTS", &screenshots);
    let ran = command::run(node.current_dir(root().join("tests/e2e")));
    println!("pictures of the pages: {}", screenshots.display());
    ran
}

/// The directory of the pictures that the suite takes, beside the executable.
const SCREENSHOTS: &str = "screenshots";

/// `npm ci`, unless what is installed is newer than the lockfile.
fn install_clients() -> Result<(), TaskError> {
    let directory = root().join("tests/e2e");
    let modified = |name: &str| -> Option<SystemTime> {
        fs::metadata(directory.join(name)).ok()?.modified().ok()
    };
    if modified("node_modules/.package-lock.json") > modified("package-lock.json") {
        return Ok(());
    }
    command::run(command("npm", &["ci", "--no-audit", "--no-fund"]).current_dir(directory))
}

fn test_files(filter: &str) -> Result<Vec<String>, TaskError> {
    let directory = root().join("tests/e2e");
    let mut names = Vec::new();
    for entry in fs::read_dir(&directory).map_err(TaskError::file(&directory))? {
        let name = entry
            .map_err(TaskError::file(&directory))?
            .file_name()
            .to_string_lossy()
            .into_owned();
        if name.ends_with(".test.mjs") && name.contains(filter) {
            names.push(name);
        }
    }
    if names.is_empty() {
        return Err(TaskError::Missing(format!(
            "no test file has `{filter}` in its name"
        )));
    }
    names.sort();
    Ok(names)
}
