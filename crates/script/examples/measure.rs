//! What the sandbox costs: `cargo run --release -p authbridge-script --example measure`.
#![expect(
    clippy::print_stdout,
    clippy::expect_used,
    reason = "a program that prints figures"
)]

use std::fs;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use authbridge_script::{
    Call, ClientData, ClientRequest, ClientResponse, FetchRequest, FetchResponse, Host, HostError,
    ModuleFormat, ModuleSource, Program, ProgramSource, Sandbox, SandboxSettings,
};
use aws_lc_rs::rand::fill;
use futures_util::future::join_all;
use serde_json::json;

/// Answers after 20 ms.
struct Slow;

#[async_trait]
impl Host for Slow {
    async fn fetch(&self, _: FetchRequest) -> Result<FetchResponse, HostError> {
        Err(HostError::network("not measured"))
    }

    async fn client_request(&self, _: &str, _: ClientRequest) -> Result<ClientResponse, HostError> {
        tokio::time::sleep(Duration::from_millis(20)).await;
        Ok(ClientResponse {
            status: 200,
            headers: Vec::new(),
            data: ClientData::Json(json!({"id": 7})),
        })
    }
}

const SMALL: &str = "module.exports = ({ credentials }) => ({
  baseUri: 'https://api.example.com',
  headers: { Authorization: `Bearer ${credentials.access_token}` },
})";

const TEST: &str =
    "exports.default = async ({ apiClient }) => Boolean((await apiClient.get('/me')).id)";

/// What it costs is the sandbox's own share of every call.
const EMPTY: &str = "module.exports = () => {}";

const LOOP: &str = "module.exports = () => { const fib = n => (n < 2 ? n : fib(n - 1) + fib(n - 2)); return fib(23) }";

#[tokio::main]
async fn main() {
    let start = Instant::now();
    let sandbox = Sandbox::new(settings()).expect("a sandbox");
    println!("start                     {:>9.2?}", start.elapsed());
    println!("resident, idle            {:>9.1} MiB", resident());

    let start = Instant::now();
    let small = compile(&sandbox, SMALL).await;
    println!(
        "compile (first)           {:>9.2?}   {} bytes",
        start.elapsed(),
        small.size()
    );
    let start = Instant::now();
    let test = compile(&sandbox, TEST).await;
    println!("compile (second)          {:>9.2?}", start.elapsed());

    sequential(&sandbox, &small, "small call").await;
    sequential(&sandbox, &compile(&sandbox, EMPTY).await, "empty function").await;
    sequential(&sandbox, &compile(&sandbox, LOOP).await, "fib(23)").await;

    let before = resident();
    let start = Instant::now();
    let outcomes = join_all((0..1000).map(|_| sandbox.call(&test, call(), &Slow))).await;
    let total = start.elapsed();
    assert!(
        outcomes
            .iter()
            .all(|outcome| outcome.result == Ok(Some(json!(true)))),
        "a call failed"
    );
    println!("1,000 calls awaiting 20 ms {total:>8.2?}");
    println!(
        "resident before, peak     {before:>9.1} MiB, {:.1} MiB",
        peak()
    );
    println!("of which private, after   {:>9.1} MiB", status("RssAnon:"));
    live(&sandbox, &test).await;
}

/// Memory of calls that are alive at one time.
async fn live(sandbox: &Sandbox, program: &Program) {
    let calls = join_all((0..200).map(|_| sandbox.call(program, call(), &Slow)));
    tokio::pin!(calls);
    let before = resident();
    let _elapsed = tokio::time::timeout(Duration::from_millis(15), &mut calls).await;
    println!(
        "resident, some live       {before:>9.1} MiB, {:.1} MiB",
        resident()
    );
    calls.await;
}

async fn sequential(sandbox: &Sandbox, program: &Program, name: &str) {
    for _ in 0..50 {
        sandbox.call(program, call(), &Slow).await;
    }
    let (mut wall, mut cpu) = (Vec::new(), Vec::new());
    for _ in 0..500 {
        let start = Instant::now();
        let outcome = sandbox.call(program, call(), &Slow).await;
        wall.push(start.elapsed());
        cpu.push(outcome.usage.cpu);
        outcome.result.expect("it succeeds");
    }
    println!(
        "{name:<20} wall  p50 {:>9.2?}   p99 {:>9.2?}",
        at(&mut wall, 50),
        at(&mut wall, 99)
    );
    println!(
        "{name:<20} cpu   p50 {:>9.2?}   p99 {:>9.2?}",
        at(&mut cpu, 50),
        at(&mut cpu, 99)
    );
}

fn at(times: &mut [Duration], percent: usize) -> Duration {
    times.sort();
    times
        .get(times.len() * percent / 100)
        .copied()
        .unwrap_or_default()
}

fn settings() -> SandboxSettings {
    #[expect(clippy::disallowed_methods, reason = "the clock begins here")]
    let clock = || {
        let elapsed = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX)
    };
    let random = |bytes: &mut [u8]| fill(bytes).expect("the system has randomness");
    let mut settings = SandboxSettings::new(Arc::new(clock), Arc::new(random));
    settings.max_live_calls_per_tenant = settings.max_live_calls;
    settings
}

async fn compile(sandbox: &Sandbox, code: &str) -> Program {
    let module = ModuleSource {
        name: "main.js".to_owned(),
        code: code.to_owned(),
        format: ModuleFormat::CommonJs,
        imports: Vec::new(),
    };
    let source = ProgramSource {
        entry: "main.js".to_owned(),
        modules: vec![module],
    };
    sandbox.compile(&source).await.expect("it compiles")
}

fn call() -> Call {
    Call {
        function: "makeApiClient".to_owned(),
        argument: json!({ "credentials": { "access_token": "token" } }),
        clients: vec!["apiClient".to_owned()],
        ..Call::default()
    }
}

fn resident() -> f64 {
    status("VmRSS:")
}

fn peak() -> f64 {
    status("VmHWM:")
}

/// MiB, or zero where there is no `/proc`.
fn status(field: &str) -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status
        .lines()
        .find(|line| line.starts_with(field))
        .unwrap_or_default();
    let kib = line
        .split_whitespace()
        .nth(1)
        .and_then(|number| number.parse::<u32>().ok())
        .unwrap_or_default();
    f64::from(kib) / 1024.0
}
