//! What the benchmark found, for people and for programs.

use std::fmt;
use std::time::Duration;

use serde_json::{Value, json};

use super::Options;
use super::process::Memory;

/// What is measured.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Target {
    /// The upstream without anything between.
    Direct,
    /// nginx as a proxy with keep-alive and one header added.
    Nginx,
    /// Authbridge: token verified, connection resolved, credentials added.
    Authbridge,
}

impl Target {
    const ALL: [Self; 3] = [Self::Direct, Self::Nginx, Self::Authbridge];

    /// As the table names it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Direct => "upstream, direct",
            Self::Nginx => "nginx proxy_pass",
            Self::Authbridge => "Authbridge",
        }
    }
}

/// One measurement of one target, or the medians of several.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    /// Requests answered per second.
    pub(crate) requests_per_second: f64,
    /// Median latency in milliseconds.
    pub(crate) p50_ms: f64,
    /// 99th percentile of latency in milliseconds.
    pub(crate) p99_ms: f64,
    /// CPU time of the server per request, in microseconds.
    pub(crate) cpu_us_per_request: f64,
    /// Memory of the server at the end.
    pub(crate) memory: Memory,
}

/// Medians of all targets.
#[derive(Debug)]
pub(crate) struct Report {
    rows: Vec<(Target, Sample)>,
    start_ms: f64,
    setting: String,
}

impl Report {
    /// Takes the medians of `samples` and of `starts`.
    pub(crate) fn new(
        samples: &[(Target, Sample)],
        starts: Vec<Duration>,
        options: &Options,
    ) -> Self {
        let rows = Target::ALL.map(|target| {
            let of_target: Vec<_> = samples
                .iter()
                .filter(|(other, _)| *other == target)
                .map(|(_, sample)| *sample)
                .collect();
            (target, medians(&of_target))
        });
        let setting = format!(
            "{} connections, 1 KB of JSON, medians of {} rounds of {} s; proxies on one core",
            options.connections, options.rounds, options.seconds
        );
        let starts = starts.into_iter().map(|start| start.as_secs_f64() * 1e3);
        Self {
            rows: rows.to_vec(),
            start_ms: median(starts.collect()),
            setting,
        }
    }

    /// Everything as a JSON document.
    pub(crate) fn json(&self) -> Value {
        let row = |(target, sample): &(Target, Sample)| {
            json!({
                "target": target.name(),
                "requestsPerSecond": sample.requests_per_second,
                "p50Ms": sample.p50_ms,
                "p99Ms": sample.p99_ms,
                "cpuUsPerRequest": sample.cpu_us_per_request,
                "residentBytes": sample.memory.resident,
                "peakResidentBytes": sample.memory.peak,
            })
        };
        let ratios = self.ratios();
        json!({
            "setting": self.setting,
            "targets": self.rows.iter().map(row).collect::<Vec<_>>(),
            "authbridgeToNginx": {
                "requestsPerSecond": ratios.requests_per_second,
                "p50": ratios.p50,
                "p99": ratios.p99,
                "cpuPerRequest": ratios.cpu_per_request,
            },
            "startToFirstProxiedRequestMs": self.start_ms,
        })
    }

    fn sample(&self, target: Target) -> Option<&Sample> {
        self.rows
            .iter()
            .find(|(other, _)| *other == target)
            .map(|(_, sample)| sample)
    }

    /// Authbridge's numbers divided by nginx's.
    fn ratios(&self) -> Ratios {
        let ratio = |of: fn(&Sample) -> f64| {
            let value = |target| self.sample(target).map_or(f64::NAN, of);
            value(Target::Authbridge) / value(Target::Nginx)
        };
        Ratios {
            requests_per_second: ratio(|sample| sample.requests_per_second),
            p50: ratio(|sample| sample.p50_ms),
            p99: ratio(|sample| sample.p99_ms),
            cpu_per_request: ratio(|sample| sample.cpu_us_per_request),
        }
    }
}

/// Authbridge's numbers divided by nginx's.
#[derive(Debug)]
struct Ratios {
    requests_per_second: f64,
    p50: f64,
    p99: f64,
    cpu_per_request: f64,
}

/// A Markdown table, ready for the README.
impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "{}\n", self.setting)?;
        let head = "|                   | requests/s | p50 ms | p99 ms | CPU µs/request | memory MiB (peak) |";
        writeln!(formatter, "{head}\n|---|---:|---:|---:|---:|---:|")?;
        for (target, sample) in &self.rows {
            let memory = format!(
                "{:.1} ({:.1})",
                mebibytes(sample.memory.resident),
                mebibytes(sample.memory.peak)
            );
            writeln!(
                formatter,
                "| {:<17} | {:>10.0} | {:>6.3} | {:>6.3} | {:>14.2} | {memory:>17} |",
                target.name(),
                sample.requests_per_second,
                sample.p50_ms,
                sample.p99_ms,
                sample.cpu_us_per_request,
            )?;
        }
        let ratios = self.ratios();
        writeln!(
            formatter,
            "| {:<17} | {:>9.2}× | {:>5.2}× | {:>5.2}× | {:>13.2}× | {:>17} |",
            "Authbridge/nginx",
            ratios.requests_per_second,
            ratios.p50,
            ratios.p99,
            ratios.cpu_per_request,
            ""
        )?;
        let start =
            "From starting the process to the first proxied request, on an existing database";
        write!(formatter, "\n{start}: {:.0} ms", self.start_ms)
    }
}

fn medians(samples: &[Sample]) -> Sample {
    let of = |field: fn(&Sample) -> f64| median(samples.iter().map(field).collect());
    Sample {
        requests_per_second: of(|sample| sample.requests_per_second),
        p50_ms: of(|sample| sample.p50_ms),
        p99_ms: of(|sample| sample.p99_ms),
        cpu_us_per_request: of(|sample| sample.cpu_us_per_request),
        // Memory only grows: the last sample has seen everything.
        memory: samples
            .last()
            .map(|sample| sample.memory)
            .unwrap_or_default(),
    }
}

/// The middle value, the upper one of two; not a number when there is none.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "for display, and no process has 2^52 bytes"
)]
fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}
