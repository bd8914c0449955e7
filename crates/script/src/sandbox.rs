//! The sandbox: threads, places, and the two things that can be done with them.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::{AbortHandle, JoinHandle};
use tokio::time::{Instant, timeout_at};

use crate::call::{Call, Outcome, Usage};
use crate::compile;
use crate::engine::Prepared;
use crate::engine_config::LARGEST_MEMORY;
use crate::error::{LimitKind, SandboxError, ScriptError};
use crate::guest::Message;
use crate::host::{ClientData, ClientResponse, FetchResponse, Host, HostError};
use crate::meter::Meter;
use crate::operations::Request;
use crate::program::{Program, ProgramSource};
use crate::queue::Queue;
use crate::run::{Channels, Instance, Outgoing};
use crate::settings::{Limits, SandboxSettings};
use crate::ticker::Ticker;
use crate::wire;

/// Compiles and runs scripts. Cheap to clone; all clones share threads and places.
#[derive(Clone)]
pub struct Sandbox {
    shared: Arc<Shared>,
    /// Stops with the last clone, without waiting for anything.
    threads: Arc<Threads>,
}

struct Shared {
    settings: SandboxSettings,
    prepared: Prepared,
    ticker: Ticker,
    calls: Queue,
    compilations: Queue,
}

struct Threads(Option<Runtime>);

impl Drop for Threads {
    fn drop(&mut self) {
        // A runtime that is dropped plainly waits for its threads, which an asynchronous caller must not.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// Processor time that compiling may take.
const COMPILE_CPU: Duration = Duration::from_secs(5);

impl Sandbox {
    /// Starts the threads and reserves the places.
    pub fn new(settings: SandboxSettings) -> Result<Self, SandboxError> {
        check(&settings)?;
        // Compiling has places of its own: it must not wait for calls that wait for responses.
        let places = settings.max_live_calls + settings.threads;
        let prepared = Prepared::new(&settings, places)?;
        let ticker = Ticker::start(prepared.engine.clone())?;
        let runtime = Builder::new_multi_thread()
            .worker_threads(settings.threads)
            .thread_name("script")
            .enable_time()
            .build()
            .map_err(SandboxError::Threads)?;
        let calls = Queue::new(settings.max_live_calls, settings.max_live_calls_per_tenant);
        let compilations = Queue::new(settings.threads, settings.threads);
        let shared = Shared {
            settings,
            prepared,
            ticker,
            calls,
            compilations,
        };
        Ok(Self {
            shared: Arc::new(shared),
            threads: Arc::new(Threads(Some(runtime))),
        })
    }

    /// Compiles every module once. Fails with [`ScriptError::Syntax`] for the first that does not parse.
    pub async fn compile(&self, source: &ProgramSource) -> Result<Program, ScriptError> {
        let shared = Arc::clone(&self.shared);
        let source = source.clone();
        let limits = Limits {
            cpu: COMPILE_CPU,
            ..self.shared.settings.limits.clone()
        };
        let task = self.spawn(async move {
            let Ok(_place) = shared.compilations.place("").await else {
                return Err(ScriptError::Busy);
            };
            let meter = Arc::new(Meter::default());
            let compiled = async {
                let mut instance = Instance::new(
                    &shared.prepared,
                    &shared.settings,
                    limits,
                    Arc::clone(&meter),
                )
                .await?;
                compile::compile(&mut instance, &source).await
            };
            meter.measure(&shared.ticker, compiled).await
        });
        let Some(task) = task else {
            return Err(ScriptError::Busy);
        };
        let _abort = AbortOnDrop(task.abort_handle());
        task.await.unwrap_or_else(|error| {
            Err(ScriptError::Crashed {
                reason: error.to_string(),
            })
        })
    }

    /// One isolated call. It ends within its limits whatever the script does, never panics, and stops at once when the
    /// returned future is dropped.
    pub async fn call(&self, program: &Program, call: Call, host: &dyn Host) -> Outcome {
        let begun = Instant::now();
        let mut limits = call
            .limits
            .clone()
            .unwrap_or_else(|| self.shared.settings.limits.clone());
        limits.heap_bytes = limits
            .heap_bytes
            .min(self.shared.settings.limits.heap_bytes);
        let (requests, outgoing) = unbounded_channel();
        let (answers, responses) = unbounded_channel();
        let shared = Arc::clone(&self.shared);
        let program = program.clone();
        let channels = Channels {
            requests,
            responses,
        };
        let task =
            self.spawn(async move { run(&shared, &program, call, limits, channels, begun).await });
        let Some(mut task) = task else {
            return failed(ScriptError::Busy, begun);
        };
        let _abort = AbortOnDrop(task.abort_handle());
        tokio::select! {
            outcome = &mut task => {
                outcome.unwrap_or_else(|error| failed(ScriptError::Crashed { reason: error.to_string() }, begun))
            }
            never = answer_requests(host, outgoing, answers) => match never {},
        }
    }

    fn spawn<T: Send + 'static>(
        &self,
        future: impl Future<Output = T> + Send + 'static,
    ) -> Option<JoinHandle<T>> {
        self.threads.0.as_ref().map(|runtime| runtime.spawn(future))
    }
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox")
            .field("settings", &self.shared.settings)
            .finish_non_exhaustive()
    }
}

fn check(settings: &SandboxSettings) -> Result<(), SandboxError> {
    let counts = [
        ("threads", settings.threads),
        ("max_live_calls", settings.max_live_calls),
        (
            "max_live_calls_per_tenant",
            settings.max_live_calls_per_tenant,
        ),
    ];
    if let Some((setting, _)) = counts
        .into_iter()
        .find(|(_, count)| *count == 0 || *count > 100_000)
    {
        return Err(SandboxError::Setting {
            setting,
            expected: "from 1 to 100000".to_owned(),
        });
    }
    let heap = settings.limits.heap_bytes;
    if !(SMALLEST_HEAP..=LARGEST_MEMORY).contains(&heap) {
        return Err(SandboxError::Setting {
            setting: "heap_bytes",
            expected: "from 4 MiB to 64 MiB".to_owned(),
        });
    }
    Ok(())
}

const SMALLEST_HEAP: usize = 4 * 1024 * 1024;

struct AbortOnDrop(AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn failed(error: ScriptError, begun: Instant) -> Outcome {
    let usage = Usage {
        wall: begun.elapsed(),
        ..Usage::default()
    };
    Outcome {
        result: Err(error),
        logs: Vec::new(),
        usage,
    }
}

/// What stands for a wall time that no clock can count.
const LONGEST_CALL: Duration = Duration::from_hours(365 * 24);

/// The part of a call that happens on the sandbox's threads.
async fn run(
    shared: &Shared,
    program: &Program,
    call: Call,
    limits: Limits,
    mut channels: Channels,
    begun: Instant,
) -> Outcome {
    let deadline = begun
        .checked_add(limits.wall)
        .unwrap_or(begun + LONGEST_CALL);
    let Ok(Ok(_place)) = timeout_at(deadline, shared.calls.place(&call.tenant)).await else {
        return failed(ScriptError::Busy, begun);
    };
    let meter = Arc::new(Meter::default());
    let work = async {
        let mut instance = match Instance::new(
            &shared.prepared,
            &shared.settings,
            limits.clone(),
            Arc::clone(&meter),
        )
        .await
        {
            Ok(instance) => instance,
            Err(error) => return failed(error, begun),
        };
        let start = start_message(program, &call, &limits);
        let driven = timeout_at(deadline, instance.drive(start, &mut channels)).await;
        let result = match driven {
            Ok(Ok(outcome)) => wire::outcome(&outcome.text, &limits, &program.inner.modules),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(ScriptError::Limit {
                which: LimitKind::Wall,
                limit: wire::limit_text(&limits, LimitKind::Wall),
            }),
        };
        let guest = instance.guest();
        let usage = Usage {
            heap_bytes: guest.heap_bytes,
            requests: guest.requests,
            ..Usage::default()
        };
        Outcome {
            result,
            logs: guest.logs.finish(),
            usage,
        }
    };
    let mut outcome = meter.measure(&shared.ticker, work).await;
    outcome.usage.cpu = meter.used();
    outcome.usage.wall = begun.elapsed();
    outcome
}

fn start_message(program: &Program, call: &Call, limits: &Limits) -> Message {
    let then = call
        .then
        .as_ref()
        .map(|then| json!({ "method": then.method, "arguments": then.arguments }));
    let call = json!({
        "function": call.function,
        "argument": call.argument,
        "clients": call.clients,
        "then": then,
        "outputBytes": limits.output_bytes,
        "plain": call.plain,
    });
    let text = format!(r#"{{"program":{},"call":{call}}}"#, program.inner.manifest);
    Message {
        text,
        bytes: Some(program.inner.bytes.clone()),
    }
}

/// Requests that one call makes at one time; more of them wait. The responses of all of them are in memory at once.
const PARALLEL_REQUESTS: usize = 10;

/// Makes the script's requests, on the caller's task, for as long as it is polled.
async fn answer_requests(
    host: &dyn Host,
    mut outgoing: UnboundedReceiver<Outgoing>,
    answers: UnboundedSender<(u32, Message)>,
) -> std::convert::Infallible {
    let mut open = FuturesUnordered::new();
    loop {
        tokio::select! {
            Some(request) = outgoing.recv(), if open.len() < PARALLEL_REQUESTS => open.push(answer(host, request)),
            Some(message) = open.next() => {
                // It fails when the script is over, and then so is this.
                let _over = answers.send(message);
            }
            else => std::future::pending().await,
        }
    }
}

async fn answer(host: &dyn Host, outgoing: Outgoing) -> (u32, Message) {
    let id = outgoing.id;
    let answer = match *outgoing.request {
        Request::Fetch(request) => host
            .fetch(request)
            .await
            .map(|response| fetched(id, response)),
        Request::Client(client, request) => host
            .client_request(&client, request)
            .await
            .map(|response| client_message(id, response)),
    };
    (id, answer.unwrap_or_else(|error| refused(id, error)))
}

fn fetched(id: u32, response: FetchResponse) -> Message {
    let FetchResponse {
        status,
        status_text,
        url,
        headers,
        body,
    } = response;
    let text = json!({
        "id": id,
        "response": { "status": status, "statusText": status_text, "url": url, "headers": headers },
    });
    Message {
        text: text.to_string(),
        bytes: Some(body),
    }
}

fn client_message(id: u32, response: ClientResponse) -> Message {
    let (response, bytes) = client_parts(response);
    Message {
        text: json!({ "id": id, "response": response }).to_string(),
        bytes,
    }
}

fn client_parts(response: ClientResponse) -> (Value, Option<bytes::Bytes>) {
    let ClientResponse {
        status,
        headers,
        data,
    } = response;
    match data {
        ClientData::Json(data) => (
            json!({ "status": status, "headers": headers, "data": data }),
            None,
        ),
        ClientData::Bytes(bytes) => (json!({ "status": status, "headers": headers }), Some(bytes)),
    }
}

fn refused(id: u32, error: HostError) -> Message {
    let (response, bytes) = error
        .response
        .map(|response| client_parts(*response))
        .unzip();
    let error = json!({
        "class": error.class,
        "type": error.kind,
        "key": error.key,
        "message": error.message,
        "data": error.data,
        "response": response,
        "requestBlocked": error.request_blocked,
    });
    Message {
        text: json!({ "id": id, "error": error }).to_string(),
        bytes: bytes.flatten(),
    }
}
