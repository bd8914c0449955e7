//! A sandbox to test with: a clock that stands still, randomness that can be predicted, a host that answers by rule.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use authbridge_script::{
    Call, ClientRequest, ClientResponse, FetchRequest, FetchResponse, Host, HostError,
    ModuleFormat, ModuleSource, Outcome, Program, ProgramSource, Sandbox, SandboxSettings,
    ScriptError, Thrown,
};
use serde_json::Value;

/// 2026-01-02T03:04:05.678Z
pub(crate) const NOW: i64 = 1_767_323_045_678;

pub(crate) fn settings() -> SandboxSettings {
    let counter = Arc::new(AtomicU64::new(1));
    let random = move |bytes: &mut [u8]| {
        // SplitMix64: different each time, the same in each run.
        for chunk in bytes.chunks_mut(8) {
            let mut z = counter
                .fetch_add(1, Ordering::Relaxed)
                .wrapping_mul(0x9E37_79B9_7F4A_7C15);
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            chunk.copy_from_slice(&(z ^ (z >> 31)).to_le_bytes()[..chunk.len()]);
        }
    };
    let mut settings = SandboxSettings::new(Arc::new(|| NOW), Arc::new(random));
    settings.threads = 2;
    settings.max_live_calls = 32;
    settings.max_live_calls_per_tenant = 32;
    settings
}

pub(crate) fn sandbox() -> Sandbox {
    Sandbox::new(settings()).expect("a sandbox")
}

pub(crate) type Fetch = dyn Fn(&FetchRequest) -> Result<FetchResponse, HostError> + Send + Sync;
pub(crate) type ClientRule =
    dyn Fn(&str, &ClientRequest) -> Result<ClientResponse, HostError> + Send + Sync;

/// Answers by rule, and remembers what was asked.
pub(crate) struct TestHost {
    pub(crate) delay: Duration,
    pub(crate) fetch: Box<Fetch>,
    pub(crate) client: Box<ClientRule>,
    pub(crate) fetched: Mutex<Vec<FetchRequest>>,
    pub(crate) requested: Mutex<Vec<(String, ClientRequest)>>,
}

impl Default for TestHost {
    fn default() -> Self {
        Self {
            delay: Duration::ZERO,
            fetch: Box::new(|_| Err(HostError::network("no network in this test"))),
            client: Box::new(|_, _| Err(HostError::connection("no API in this test"))),
            fetched: Mutex::default(),
            requested: Mutex::default(),
        }
    }
}

impl TestHost {
    pub(crate) fn fetching(
        rule: impl Fn(&FetchRequest) -> Result<FetchResponse, HostError> + Send + Sync + 'static,
    ) -> Self {
        Self {
            fetch: Box::new(rule),
            ..Self::default()
        }
    }

    pub(crate) fn client(
        rule: impl Fn(&str, &ClientRequest) -> Result<ClientResponse, HostError> + Send + Sync + 'static,
    ) -> Self {
        Self {
            client: Box::new(rule),
            ..Self::default()
        }
    }
}

#[async_trait]
impl Host for TestHost {
    async fn fetch(&self, request: FetchRequest) -> Result<FetchResponse, HostError> {
        tokio::time::sleep(self.delay).await;
        let answer = (self.fetch)(&request);
        self.fetched.lock().unwrap().push(request);
        answer
    }

    async fn client_request(
        &self,
        client: &str,
        request: ClientRequest,
    ) -> Result<ClientResponse, HostError> {
        tokio::time::sleep(self.delay).await;
        let answer = (self.client)(client, &request);
        self.requested
            .lock()
            .unwrap()
            .push((client.to_owned(), request));
        answer
    }
}

pub(crate) fn response(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> FetchResponse {
    FetchResponse {
        status,
        status_text: "text".to_owned(),
        url: "https://api.example.com/final".to_owned(),
        headers: vec![("Content-Type".to_owned(), content_type.to_owned())],
        body: body.into().into(),
    }
}

pub(crate) fn module(
    name: &str,
    format: ModuleFormat,
    code: &str,
    imports: &[(&str, &str)],
) -> ModuleSource {
    ModuleSource {
        name: name.to_owned(),
        code: code.to_owned(),
        format,
        imports: imports
            .iter()
            .map(|(from, to)| ((*from).to_owned(), (*to).to_owned()))
            .collect(),
    }
}

pub(crate) fn program(modules: Vec<ModuleSource>) -> ProgramSource {
    ProgramSource {
        entry: modules[0].name.clone(),
        modules,
    }
}

/// A `CommonJS` module with one function.
pub(crate) fn source(body: &str) -> ProgramSource {
    program(vec![module(
        "main.js",
        ModuleFormat::CommonJs,
        &format!("module.exports = async (input) => {{ {body}\n}}"),
        &[],
    )])
}

pub(crate) async fn compiled(sandbox: &Sandbox, body: &str) -> Program {
    sandbox.compile(&source(body)).await.expect("it compiles")
}

pub(crate) fn call() -> Call {
    Call {
        tenant: "tenant".to_owned(),
        function: "run".to_owned(),
        ..Call::default()
    }
}

/// Runs the body of a function in a sandbox of its own.
pub(crate) async fn run(body: &str) -> Outcome {
    run_with(
        body,
        Value::Object(serde_json::Map::new()),
        &TestHost::default(),
    )
    .await
}

pub(crate) async fn run_with(body: &str, argument: Value, host: &TestHost) -> Outcome {
    let sandbox = sandbox();
    let program = compiled(&sandbox, body).await;
    sandbox
        .call(&program, Call { argument, ..call() }, host)
        .await
}

/// The result of a body that succeeds.
pub(crate) async fn value(body: &str) -> Value {
    run(body)
        .await
        .result
        .expect("it succeeds")
        .expect("it returns something")
}

/// What a body throws.
pub(crate) async fn thrown(body: &str) -> Thrown {
    match run(body).await.result {
        Err(ScriptError::Thrown(thrown)) => thrown,
        other => panic!("it threw nothing: {other:?}"),
    }
}
