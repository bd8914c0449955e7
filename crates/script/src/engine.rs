//! The compiled engine and its pool of places.

use wasmtime::{
    Enabled, Engine, InstanceAllocationStrategy, InstancePre, Linker, Module,
    PoolingAllocationConfig,
};

use crate::engine_config::code_settings;
use crate::error::SandboxError;
use crate::guest::{self, Guest};
use crate::settings::SandboxSettings;

/// What the build script made: `QuickJS` with the prelude evaluated.
const SANDBOX: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/sandbox.cwasm"));

/// Native stack of one call. The engine's own stack is in its linear memory and limited there, so that deep recursion
/// is a `RangeError`; this one is limited too, by a trap, for the rare path that needs more of it.
const NATIVE_STACK: usize = 4 * 1024 * 1024;
/// What of it WebAssembly may use; the rest is for host functions.
const WASM_STACK: usize = NATIVE_STACK - 512 * 1024;

/// More than a small call writes to, and little enough for every place to have it.
const KEPT_MEMORY: usize = 512 * 1024;

/// The whole table of functions.
const KEPT_TABLE: usize = 64 * 1024;

/// A wasmtime engine with our module, ready to instantiate.
#[derive(Clone)]
pub(crate) struct Prepared {
    pub(crate) engine: Engine,
    pub(crate) instance: InstancePre<Guest>,
}

impl Prepared {
    /// `places` instances can be alive at one time.
    pub(crate) fn new(settings: &SandboxSettings, places: usize) -> Result<Self, SandboxError> {
        prepare(settings, places).map_err(|error| SandboxError::Engine(format!("{error:#}")))
    }
}

fn prepare(settings: &SandboxSettings, places: usize) -> wasmtime::Result<Prepared> {
    let count = u32::try_from(places)?;
    let mut pool = PoolingAllocationConfig::new();
    pool.total_core_instances(count)
        .total_memories(count)
        .total_tables(count)
        .total_stacks(count)
        .max_memories_per_module(1)
        .max_tables_per_module(1)
        .max_memory_size(settings.limits.heap_bytes)
        // Of a call's memory, that much stays with its place: a small call then meets no page fault at all.
        .linear_memory_keep_resident(KEPT_MEMORY)
        .table_keep_resident(KEPT_TABLE)
        .pagemap_scan(Enabled::Auto)
        .max_unused_warm_slots(count);
    let mut config = code_settings();
    config
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool))
        .async_stack_size(NATIVE_STACK)
        .max_wasm_stack(WASM_STACK);
    let engine = Engine::new(&config)?;
    let module = load(&engine)?;
    let mut linker = Linker::new(&engine);
    guest::define_imports(&mut linker)?;
    let instance = linker.instantiate_pre(&module)?;
    Ok(Prepared { engine, instance })
}

#[expect(
    unsafe_code,
    reason = "the bytes are our own build script's, part of this binary"
)]
fn load(engine: &Engine) -> wasmtime::Result<Module> {
    // SAFETY: `SANDBOX` was written by `Engine::precompile_module` when this crate was built.
    unsafe { Module::deserialize(engine, SANDBOX) }
}
