//! Makes `sandbox.cwasm`: the script engine with our environment already set up, compiled for the target.
//!
//! 1. `quickjs/quickjs.wasm` (checked in; `quickjs/build.sh` makes it) is run once, here, to create a context and to
//!    evaluate `prelude/`. 2. Its memory after that becomes the initial memory of a new module. 3. That module is
//!    compiled ahead of time for the target's baseline processor, so that the binary runs on other machines of its kind.

#[path = "src/engine_config.rs"]
mod engine_config;

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::{env, fs};

use wasmtime::{Caller, Engine, Extern, Instance, Linker, Module, OptLevel, Store};
use wasmtime_wizer::{InstanceState, SnapshotVal, ValType, Wizer};

type Failure = Box<dyn Error>;

/// What the prelude asks of the build: its own source files.
const SOURCES: i32 = 1;

fn main() -> Result<(), Failure> {
    let root = PathBuf::from(variable("CARGO_MANIFEST_DIR")?);
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/engine_config.rs");
    println!("cargo::rerun-if-changed=quickjs/quickjs.wasm");
    println!("cargo::rerun-if-changed=prelude");

    let quickjs = fs::read(root.join("quickjs/quickjs.wasm"))?;
    let snapshot = initialise(&quickjs, &root.join("prelude"))?;

    let mut config = engine_config::code_settings();
    // An explicit target means its baseline, not the features of the machine that builds.
    config.target(&variable("TARGET")?)?;
    let compiled = Engine::new(&config)
        .and_then(|engine| engine.precompile_module(&snapshot))
        .map_err(|error| format!("cannot compile the sandbox for this target: {error:#}; build on a machine of its kind"))?;
    fs::write(
        PathBuf::from(variable("OUT_DIR")?).join("sandbox.cwasm"),
        compiled,
    )?;
    Ok(())
}

fn variable(name: &str) -> Result<String, Failure> {
    env::var_os(name)
        .and_then(|value| value.into_string().ok())
        .ok_or_else(|| format!("no `{name}`").into())
}

/// The module with its memory as it is after `initialise`.
fn initialise(quickjs: &[u8], prelude: &Path) -> Result<Vec<u8>, Failure> {
    let mut wizer = Wizer::new();
    wizer.init_func("initialise");
    let (context, instrumented) = wizer.instrument(quickjs)?;

    // This copy runs for some milliseconds: no need to optimise it.
    let mut config = engine_config::code_settings();
    config
        .cranelift_opt_level(OptLevel::None)
        .epoch_interruption(false);
    let engine = Engine::new(&config)?;
    let module = Module::new(&engine, instrumented)?;
    let answer = fs::read_to_string(prelude.join("boot.js"))?;
    let mut store = Store::new(
        &engine,
        Build {
            sources: sources(prelude)?,
            answer,
            report: None,
        },
    );
    let instance = linker(&engine)?.instantiate(&mut store, &module)?;
    instance
        .get_typed_func::<(), ()>(&mut store, "_initialize")?
        .call(&mut store, ())?;
    let status = instance
        .get_typed_func::<(), i32>(&mut store, "initialise")?
        .call(&mut store, ())?;
    if status != 0 {
        return Err(store
            .into_data()
            .report
            .unwrap_or_else(|| "the prelude failed".to_owned())
            .into());
    }
    erase_stack(&mut store, instance)?;
    Ok(ready(
        wizer.snapshot(&context, &mut State { store, instance }),
    )?)
}

/// The build's side of the door (see `quickjs/shim.c`).
struct Build {
    sources: String,
    answer: String,
    report: Option<String>,
}

fn linker(engine: &Engine) -> Result<Linker<Build>, Failure> {
    let mut linker = Linker::new(engine);
    linker.func_wrap(
        "authbridge",
        "call",
        |mut caller: Caller<'_, Build>,
         operation: i32,
         text: u32,
         size: u32,
         bytes: u32,
         bytes_size: u32| {
            if operation == SOURCES {
                let sources = std::mem::take(&mut caller.data_mut().sources);
                caller.data_mut().answer = sources;
                return Ok(0);
            }
            let report = format!(
                "{}\n{}",
                read(&mut caller, text, size)?,
                read(&mut caller, bytes, bytes_size)?
            );
            caller.data_mut().report = Some(report);
            Ok::<_, wasmtime::Error>(1)
        },
    )?;
    linker.func_wrap("authbridge", "text_size", |caller: Caller<'_, Build>| {
        i32::try_from(caller.data().answer.len()).map_err(wasmtime::Error::from)
    })?;
    linker.func_wrap("authbridge", "bytes_size", || -1_i32)?;
    linker.func_wrap(
        "authbridge",
        "take",
        |mut caller: Caller<'_, Build>, text: u32, _bytes: u32| {
            let answer = std::mem::take(&mut caller.data_mut().answer);
            let memory = memory(&mut caller)?;
            memory
                .write(caller, text as usize, answer.as_bytes())
                .map_err(wasmtime::Error::from)
        },
    )?;
    // What the engine's C library asks for. Time stands still at zero, so that builds are reproducible.
    linker.func_wrap(
        "wasi_snapshot_preview1",
        "clock_time_get",
        |mut caller: Caller<'_, Build>, _clock: i32, _precision: i64, result: u32| {
            let memory = memory(&mut caller)?;
            memory.write(caller, result as usize, &0_u64.to_le_bytes())?;
            Ok::<_, wasmtime::Error>(0)
        },
    )?;
    linker.func_wrap("wasi_snapshot_preview1", "fd_close", |_: i32| 8)?;
    linker.func_wrap(
        "wasi_snapshot_preview1",
        "fd_fdstat_get",
        |_: i32, _: i32| 8,
    )?;
    linker.func_wrap(
        "wasi_snapshot_preview1",
        "fd_seek",
        |_: i32, _: i64, _: i32, _: i32| 8,
    )?;
    linker.func_wrap(
        "wasi_snapshot_preview1",
        "fd_write",
        |_: i32, _: i32, _: i32, _: i32| 8,
    )?;
    Ok(linker)
}

fn memory(caller: &mut Caller<'_, Build>) -> wasmtime::Result<wasmtime::Memory> {
    caller
        .get_export("memory")
        .and_then(Extern::into_memory)
        .ok_or_else(|| wasmtime::Error::msg("no memory"))
}

fn read(caller: &mut Caller<'_, Build>, start: u32, size: u32) -> wasmtime::Result<String> {
    let mut buffer = vec![0; size as usize];
    memory(caller)?.read(caller, start as usize, &mut buffer)?;
    Ok(String::from_utf8_lossy(&buffer).into_owned())
}

/// What the initialisation left below the stack pointer would only make the snapshot larger.
fn erase_stack(store: &mut Store<Build>, instance: Instance) -> Result<(), Failure> {
    let memory = instance
        .get_memory(&mut *store, "memory")
        .ok_or("no memory")?;
    let globals: Vec<_> = instance
        .exports(&mut *store)
        .filter_map(wasmtime::Export::into_global)
        .collect();
    // The stack is first in memory and grows down: the pointer is the one global that is below its size.
    let values = globals
        .iter()
        .filter_map(|global| global.get(&mut *store).i32());
    let pointer = values
        .filter(|value| *value > 0)
        .find_map(|value| usize::try_from(value).ok());
    let pointer = pointer.ok_or("no stack pointer")?;
    memory
        .data_mut(store)
        .get_mut(..pointer)
        .ok_or("the stack pointer is outside of the memory")?
        .fill(0);
    Ok(())
}

/// The prelude's files as a JSON object.
fn sources(prelude: &Path) -> Result<String, Failure> {
    let mut files = BTreeMap::new();
    collect(prelude, prelude, &mut files)?;
    let members: Vec<String> = files
        .iter()
        .map(|(name, text)| format!("{}:{}", json_string(name), json_string(text)))
        .collect();
    Ok(format!("{{{}}}", members.join(",")))
}

fn collect(
    root: &Path,
    folder: &Path,
    files: &mut BTreeMap<String, String>,
) -> Result<(), Failure> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(root, &path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "js") {
            let name = path
                .strip_prefix(root)?
                .to_str()
                .ok_or("a file name is not Unicode")?
                .replace('\\', "/");
            files.insert(name, fs::read_to_string(&path)?);
        }
    }
    Ok(())
}

fn json_string(text: &str) -> String {
    let mut out = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => {
                out.push('\\');
                out.push(character);
            }
            character if (character as u32) < 0x20 => {
                let _ = write!(out, "\\u{:04x}", character as u32);
            }
            character => out.push(character),
        }
    }
    out.push('"');
    out
}

struct State {
    store: Store<Build>,
    instance: Instance,
}

#[expect(
    clippy::expect_used,
    clippy::panic,
    reason = "the trait says to panic for what the instrumentation did not export"
)]
impl InstanceState for State {
    async fn global_get(&mut self, name: &str, _: ValType) -> SnapshotVal {
        let global = self
            .instance
            .get_global(&mut self.store, name)
            .expect("an exported global");
        let value = global.get(&mut self.store);
        if let Some(value) = value.i32() {
            return SnapshotVal::I32(value);
        }
        match value.i64() {
            Some(value) => SnapshotVal::I64(value),
            None => panic!("a global of an unexpected type: {value:?}"),
        }
    }

    async fn memory_contents(&mut self, name: &str, contents: impl FnOnce(&[u8]) + Send) {
        let memory = self
            .instance
            .get_memory(&mut self.store, name)
            .expect("an exported memory");
        contents(memory.data(&self.store));
    }
}

/// The result of a future that never waits.
fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => unreachable!("reading a snapshot waits for nothing"),
    }
}
