//! What the compiler in the build script and the runtime must agree on. Both include this file.

use wasmtime::Config;

/// The largest memory of an instance, and the address space that each place of the pool reserves for it. The compiler
/// knows the number, and checks addresses against it. With 4 GiB it could leave the checks out, but then each place
/// would reserve that much.
pub(crate) const LARGEST_MEMORY: usize = 64 * 1024 * 1024;

/// The settings that shape compiled code. The rest may differ between build and run.
pub(crate) fn code_settings() -> Config {
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .memory_reservation(LARGEST_MEMORY as u64)
        .memory_guard_size(64 * 1024)
        .memory_init_cow(true)
        .wasm_backtrace_max_frames(None)
        .generate_address_map(false)
        .native_unwind_info(false);
    config
}
