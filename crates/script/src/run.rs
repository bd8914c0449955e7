//! One instance from its beginning to its end: enter, wait for what it began, enter again.

use std::collections::{BTreeMap, HashMap};
use std::future::pending;
use std::sync::Arc;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::time::{Instant, sleep_until};
use wasmtime::{Store, Trap, TypedFunc, UpdateDeadline};

use crate::engine::Prepared;
use crate::error::{LimitKind, ScriptError};
use crate::guest::{Guest, Message, Stop};
use crate::meter::Meter;
use crate::operations::{Request, Started};
use crate::settings::{Limits, SandboxSettings};
use crate::wire::{Logs, limit_text};

/// What the host says when it enters the guest; the numbers are those of `prelude/main.js`.
#[derive(Clone, Copy)]
pub(crate) enum Entry {
    Call = 1,
    Response = 2,
    Timer = 3,
    Compile = 4,
}

/// A request on its way to the caller's task, and its answer on the way back.
pub(crate) struct Outgoing {
    pub(crate) id: u32,
    pub(crate) request: Box<Request>,
}

/// The stack that a script may use, at most: the linear memory has 1 MiB for it, and native functions need some.
const LARGEST_STACK: usize = 512 * 1024;

pub(crate) struct Instance {
    store: Store<Guest>,
    enter: TypedFunc<(i32, i32, i64), i32>,
}

/// Where a call's requests go and their answers come from.
pub(crate) struct Channels {
    pub(crate) requests: UnboundedSender<Outgoing>,
    pub(crate) responses: UnboundedReceiver<(u32, Message)>,
}

impl Instance {
    pub(crate) async fn new(
        prepared: &Prepared,
        settings: &SandboxSettings,
        limits: Limits,
        meter: Arc<Meter>,
    ) -> Result<Self, ScriptError> {
        let guest = Guest {
            waiting: Message::default(),
            outcome: None,
            started: Vec::new(),
            logs: Logs::new(&limits),
            limits,
            meter,
            clock: Arc::clone(&settings.clock),
            random: Arc::clone(&settings.random),
            requests: 0,
            open_requests: HashMap::new(),
            timers: 0,
            heap_bytes: 0,
            report: None,
        };
        let mut store = Store::new(&prepared.engine, guest);
        store.limiter(|guest| guest);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|context| {
            context.data().check_cpu()?;
            Ok(UpdateDeadline::Yield(1))
        });
        let limits = store.data().limits.clone();
        let crashed = |error: wasmtime::Error| script_error(error, &limits);
        let instance = prepared
            .instance
            .instantiate_async(&mut store)
            .await
            .map_err(crashed)?;
        let enter = instance
            .get_typed_func(&mut store, "enter")
            .map_err(crashed)?;
        Ok(Self { store, enter })
    }

    pub(crate) fn guest(&mut self) -> &mut Guest {
        self.store.data_mut()
    }

    /// Says `message` to the guest and lets it run until it waits for something.
    pub(crate) async fn enter(
        &mut self,
        entry: Entry,
        message: Message,
    ) -> Result<(), ScriptError> {
        let guest = self.store.data_mut();
        guest.waiting = message;
        let stack = i32::try_from(guest.limits.stack_bytes.min(LARGEST_STACK)).unwrap_or(i32::MAX);
        let seed = match entry {
            Entry::Call | Entry::Compile => seed(guest),
            Entry::Response | Entry::Timer => 0,
        };
        match self
            .enter
            .call_async(&mut self.store, (entry as i32, stack, seed))
            .await
        {
            Ok(0) => Ok(()),
            Ok(_) => Err(self.reported()),
            Err(error) => Err(script_error(error, &self.store.data().limits)),
        }
    }

    fn reported(&mut self) -> ScriptError {
        let reason = self
            .guest()
            .report
            .take()
            .unwrap_or_else(|| "for no reason that it gave".to_owned());
        ScriptError::Crashed { reason }
    }

    /// Runs a call to its outcome.
    pub(crate) async fn drive(
        &mut self,
        start: Message,
        channels: &mut Channels,
    ) -> Result<Message, ScriptError> {
        let mut timers = Timers::default();
        self.enter(Entry::Call, start).await?;
        loop {
            if let Some(outcome) = self.guest().outcome.take() {
                return Ok(outcome);
            }
            for started in std::mem::take(&mut self.guest().started) {
                match started {
                    Started::Request { id, request } => {
                        // It fails when the caller is gone, and then this task is about to be aborted.
                        let _gone = channels.requests.send(Outgoing { id, request });
                    }
                    Started::Timer { id, after } => timers.start(id, Instant::now() + after),
                    Started::Cancel { id } => timers.cancel(id),
                }
            }
            self.guest().timers = timers.len();
            if self.guest().open_requests.is_empty() && timers.len() == 0 {
                return Err(ScriptError::Abandoned);
            }
            tokio::select! {
                Some((id, response)) = channels.responses.recv() => {
                    self.guest().open_requests.remove(&id);
                    self.check_response(&response)?;
                    self.enter(Entry::Response, response).await?;
                }
                id = timers.next() => {
                    self.guest().timers = timers.len();
                    self.enter(Entry::Timer, Message::text(id.to_string())).await?;
                }
            }
        }
    }

    fn check_response(&mut self, response: &Message) -> Result<(), ScriptError> {
        let limits = &self.store.data().limits;
        let size = response.text.len() + response.bytes.as_ref().map_or(0, bytes::Bytes::len);
        if size <= limits.response_bytes {
            return Ok(());
        }
        let which = LimitKind::ResponseSize;
        Err(ScriptError::Limit {
            which,
            limit: limit_text(limits, which),
        })
    }
}

/// A new seed for `Math.random`, which otherwise would go on from the snapshot's. Zero would mean none.
fn seed(guest: &Guest) -> i64 {
    let mut bytes = [0; 8];
    (guest.random)(&mut bytes);
    i64::from_le_bytes(bytes) | 1
}

/// What a failure of the WebAssembly call means.
fn script_error(error: wasmtime::Error, limits: &Limits) -> ScriptError {
    let error = match error.downcast::<Stop>() {
        Ok(Stop(error)) => return error,
        Err(error) => error,
    };
    if error.downcast_ref::<Trap>() == Some(&Trap::StackOverflow) {
        return ScriptError::Limit {
            which: LimitKind::Stack,
            limit: limit_text(limits, LimitKind::Stack),
        };
    }
    ScriptError::Crashed {
        reason: format!("{error:#}"),
    }
}

/// Timers that run, in the order in which they will end.
#[derive(Default)]
struct Timers {
    order: BTreeMap<(Instant, u64), u32>,
    places: HashMap<u32, (Instant, u64)>,
    started: u64,
}

impl Timers {
    fn len(&self) -> usize {
        self.order.len()
    }

    fn start(&mut self, id: u32, end: Instant) {
        self.cancel(id);
        self.started += 1;
        self.order.insert((end, self.started), id);
        self.places.insert(id, (end, self.started));
    }

    fn cancel(&mut self, id: u32) {
        if let Some(place) = self.places.remove(&id) {
            self.order.remove(&place);
        }
    }

    /// Waits for the next one to end, and removes it. Safe to drop while waiting.
    async fn next(&mut self) -> u32 {
        let Some(((end, _), _)) = self.order.first_key_value() else {
            return pending().await;
        };
        sleep_until(*end).await;
        match self.order.pop_first() {
            Some((_, id)) => {
                self.places.remove(&id);
                id
            }
            None => pending().await,
        }
    }
}
