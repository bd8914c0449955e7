//! What the compiler in the build script and the runtime must agree on. Both include this file.

use wasmtime::Config;

/// Address space that the compiled code may assume behind a memory before it must look at the memory's size: none.
/// With 4 GiB the compiler can leave out the bounds checks, and every place for a call would reserve 4 GiB.
const RESERVATION: u64 = 0;

/// The settings that shape compiled code. The rest may differ between build and run.
pub(crate) fn code_settings() -> Config {
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .memory_reservation(RESERVATION)
        .memory_guard_size(64 * 1024)
        .memory_init_cow(true)
        .wasm_backtrace_max_frames(None)
        .generate_address_map(false)
        .native_unwind_info(false);
    config
}
