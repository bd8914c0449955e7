//! The host's side of the door (`quickjs/shim.c`): what one instance may ask, and what waits for it.

use std::collections::HashMap;
use std::mem;
use std::sync::Arc;

use bytes::Bytes;
use wasmtime::{Caller, Extern, Linker, Memory, ResourceLimiter};

use crate::error::{LimitKind, ScriptError};
use crate::meter::Meter;
use crate::operations::{self, Started};
use crate::settings::{Clock, Limits, Random};
use crate::wire::{Logs, limit_text};

/// Something the host says: a text and, beside it, bytes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Message {
    pub(crate) text: String,
    pub(crate) bytes: Option<Bytes>,
}

impl Message {
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            bytes: None,
        }
    }

    pub(crate) fn bytes(bytes: impl Into<Bytes>) -> Self {
        Self {
            text: String::new(),
            bytes: Some(bytes.into()),
        }
    }
}

/// State of one instance.
pub(crate) struct Guest {
    /// What the guest will take next.
    pub(crate) waiting: Message,
    /// The guest's last word: the outcome, not yet parsed.
    pub(crate) outcome: Option<Message>,
    /// Asynchronous operations that it has begun since the host last looked.
    pub(crate) started: Vec<Started>,
    pub(crate) logs: Logs,
    pub(crate) limits: Limits,
    pub(crate) meter: Arc<Meter>,
    pub(crate) clock: Clock,
    pub(crate) random: Random,
    pub(crate) requests: usize,
    /// Requests that were not answered yet, and their sizes.
    pub(crate) open_requests: HashMap<u32, usize>,
    pub(crate) timers: usize,
    pub(crate) heap_bytes: usize,
    /// What the shim reported: an exception that nothing caught, in the prelude itself.
    pub(crate) report: Option<String>,
}

/// Why an instance is stopped from outside. Travels through wasmtime as an error.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Stop(pub(crate) ScriptError);

impl Guest {
    /// The error that ends this call for passing `which`.
    pub(crate) fn over(&self, which: LimitKind) -> wasmtime::Error {
        Stop(ScriptError::Limit {
            which,
            limit: limit_text(&self.limits, which),
        })
        .into()
    }

    /// Fails when the processor time is used up.
    pub(crate) fn check_cpu(&self) -> wasmtime::Result<()> {
        if self.meter.used() > self.limits.cpu {
            Err(self.over(LimitKind::Cpu))
        } else {
            Ok(())
        }
    }
}

impl ResourceLimiter for Guest {
    fn memory_growing(
        &mut self,
        _: usize,
        desired: usize,
        _: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if desired > self.limits.heap_bytes {
            return Err(self.over(LimitKind::Heap));
        }
        self.heap_bytes = desired;
        Ok(true)
    }

    fn table_growing(&mut self, _: usize, _: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        Ok(true)
    }
}

/// WASI's code for "bad file descriptor": there are none.
const BAD_DESCRIPTOR: i32 = 8;

/// Everything that the module imports.
pub(crate) fn define_imports(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    linker.func_wrap("authbridge", "call", call)?;
    linker.func_wrap("authbridge", "text_size", |caller: Caller<'_, Guest>| {
        i32::try_from(caller.data().waiting.text.len()).map_err(wasmtime::Error::from)
    })?;
    linker.func_wrap(
        "authbridge",
        "bytes_size",
        |caller: Caller<'_, Guest>| match &caller.data().waiting.bytes {
            Some(bytes) => i32::try_from(bytes.len()).map_err(wasmtime::Error::from),
            None => Ok(-1),
        },
    )?;
    linker.func_wrap("authbridge", "take", take)?;
    linker.func_wrap("wasi_snapshot_preview1", "clock_time_get", clock)?;
    linker.func_wrap("wasi_snapshot_preview1", "fd_close", |_: i32| {
        BAD_DESCRIPTOR
    })?;
    linker.func_wrap(
        "wasi_snapshot_preview1",
        "fd_fdstat_get",
        |_: i32, _: i32| BAD_DESCRIPTOR,
    )?;
    linker.func_wrap(
        "wasi_snapshot_preview1",
        "fd_seek",
        |_: i32, _: i64, _: i32, _: i32| BAD_DESCRIPTOR,
    )?;
    linker.func_wrap(
        "wasi_snapshot_preview1",
        "fd_write",
        |_: i32, _: i32, _: i32, _: i32| BAD_DESCRIPTOR,
    )?;
    Ok(())
}

/// One synchronous call. The answer stays here until the guest takes it.
fn call(
    mut caller: Caller<'_, Guest>,
    operation: i32,
    text: u32,
    text_size: u32,
    bytes: u32,
    bytes_size: u32,
) -> wasmtime::Result<i32> {
    let memory = memory(&mut caller)?;
    let (data, guest) = memory.data_and_store_mut(&mut caller);
    let text = slice(data, text, text_size)?;
    let bytes = slice(data, bytes, bytes_size)?;
    // QuickJS writes lone surrogates as if they were characters; JSON has them escaped, so they are rare here.
    let text = String::from_utf8_lossy(text);
    let answer = operations::perform(guest, operation, &text, bytes)?;
    guest.check_cpu()?;
    let (failed, message) = match answer {
        Ok(message) => (0, message),
        Err(message) => (1, Message::text(message)),
    };
    guest.waiting = message;
    Ok(failed)
}

fn take(mut caller: Caller<'_, Guest>, text: u32, bytes: u32) -> wasmtime::Result<()> {
    let message = mem::take(&mut caller.data_mut().waiting);
    let memory = memory(&mut caller)?;
    memory.write(&mut caller, text as usize, message.text.as_bytes())?;
    if let Some(content) = message.bytes {
        memory.write(&mut caller, bytes as usize, &content)?;
    }
    Ok(())
}

/// Whole milliseconds for every clock: a finer one would measure other people's work.
fn clock(
    mut caller: Caller<'_, Guest>,
    _clock: i32,
    _precision: i64,
    result: u32,
) -> wasmtime::Result<i32> {
    let nanoseconds = (caller.data().clock)().saturating_mul(1_000_000);
    let memory = memory(&mut caller)?;
    memory.write(&mut caller, result as usize, &nanoseconds.to_le_bytes())?;
    Ok(0)
}

fn memory(caller: &mut Caller<'_, Guest>) -> wasmtime::Result<Memory> {
    caller
        .get_export("memory")
        .and_then(Extern::into_memory)
        .ok_or_else(|| wasmtime::Error::msg("no memory"))
}

fn slice(data: &[u8], start: u32, size: u32) -> wasmtime::Result<&[u8]> {
    let start = start as usize;
    data.get(start..start.saturating_add(size as usize))
        .ok_or_else(|| wasmtime::Error::msg("a pointer outside of the memory"))
}
