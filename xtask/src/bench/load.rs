//! wrk, the load generator.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::command::{self, command};
use crate::error::TaskError;

/// Prints what is measured in one line, exactly; wrk's own report rounds.
const SCRIPT: &str = r#"
done = function(summary, latency, requests)
  local errors = summary.errors
  local broken = errors.connect + errors.read + errors.write + errors.timeout
  io.write(string.format("\nmeasured %d %d %.1f %.1f %d %d\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), errors.status, broken))
end
"#;

/// A load generator with one thread on one core.
#[derive(Debug)]
pub(crate) struct Load {
    script: PathBuf,
    core: String,
    connections: String,
}

/// What one run of wrk measured.
#[derive(Debug, PartialEq)]
pub(crate) struct LoadResult {
    /// Requests answered.
    pub(crate) requests: f64,
    /// Seconds it took.
    pub(crate) seconds: f64,
    /// Median latency in milliseconds.
    pub(crate) p50_ms: f64,
    /// 99th percentile of latency in milliseconds.
    pub(crate) p99_ms: f64,
}

impl LoadResult {
    /// Requests answered per second.
    pub(crate) fn requests_per_second(&self) -> f64 {
        self.requests / self.seconds
    }
}

impl Load {
    /// A generator that keeps `connections` requests in flight.
    pub(crate) fn new(scratch: &Path, core: u32, connections: u32) -> Result<Self, TaskError> {
        let script = scratch.join("wrk.lua");
        fs::write(&script, SCRIPT).map_err(TaskError::file(&script))?;
        Ok(Self {
            script,
            core: core.to_string(),
            connections: connections.to_string(),
        })
    }

    /// Loads `127.0.0.1:port` for `duration`. Any answer but success is an error.
    pub(crate) fn run(
        &self,
        port: u16,
        path: &str,
        authorization: Option<&str>,
        duration: Duration,
    ) -> Result<LoadResult, TaskError> {
        let mut wrk = command(
            "taskset",
            &[
                "--cpu-list",
                &self.core,
                "wrk",
                "--threads",
                "1",
                "--latency",
            ],
        );
        wrk.args([
            "--connections",
            &self.connections,
            "--duration",
            &format!("{}s", duration.as_secs()),
        ]);
        wrk.arg("--script").arg(&self.script);
        if let Some(authorization) = authorization {
            wrk.args(["--header", &format!("Authorization: {authorization}")]);
        }
        wrk.arg(format!("http://127.0.0.1:{port}{path}"));
        let output = command::output(&mut wrk)?;
        let output = String::from_utf8_lossy(&output);
        parse(&output)
            .unwrap_or_else(|| Err(TaskError::Measurement(format!("wrk said:\n{output}"))))
    }
}

/// `None` when the line of the script is not there.
fn parse(output: &str) -> Option<Result<LoadResult, TaskError>> {
    let line = output
        .lines()
        .find_map(|line| line.strip_prefix("measured "))?;
    let numbers: Vec<f64> = line
        .split(' ')
        .map(str::parse)
        .collect::<Result<_, _>>()
        .ok()?;
    let [requests, duration_us, p50_us, p99_us, refused, broken] = *numbers.as_slice() else {
        return None;
    };
    if refused + broken > 0.0 {
        let message = format!("{refused} answers were errors, and {broken} connections broke");
        return Some(Err(TaskError::Measurement(message)));
    }
    Some(Ok(LoadResult {
        requests,
        seconds: duration_us / 1e6,
        p50_ms: p50_us / 1e3,
        p99_ms: p99_us / 1e3,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_of_the_script_is_read() {
        let result = parse("Running …\nmeasured 1000 2000000 650.5 1200.0 0 0\n")
            .unwrap()
            .unwrap();
        let expected = LoadResult {
            requests: 1000.0,
            seconds: 2.0,
            p50_ms: 0.6505,
            p99_ms: 1.2,
        };
        assert_eq!(result, expected);
    }

    #[test]
    fn errors_spoil_the_measurement() {
        assert!(
            parse("measured 1000 2000000 650.5 1200.0 1 0")
                .unwrap()
                .is_err()
        );
        assert!(
            parse("measured 1000 2000000 650.5 1200.0 0 1")
                .unwrap()
                .is_err()
        );
        assert!(parse("nothing").is_none());
    }
}
