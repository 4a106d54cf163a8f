//! Wasmtime's own C API and a function that it lacks: it loads what it compiles at once, and so refuses
//! to compile for a target that is not this machine.
use std::slice;

use wasmtime::Engine;
pub use wasmtime_c_api::*;
use wasmtime_c_api::{wasm_byte_vec_t, wasm_engine_t, wasmtime_error_t};

/// Compiles a module for the target that the engine was configured with. Returns the error, or null
/// with the code in `out`.
///
/// # Safety
/// `wasm` points to `size` bytes, and `out` to a vector that is overwritten.
#[no_mangle]
pub unsafe extern "C" fn ferry_wasmtime_precompile(
    engine: &wasm_engine_t,
    wasm: *const u8,
    size: usize,
    out: &mut wasm_byte_vec_t,
) -> Option<Box<wasmtime_error_t>> {
    // The handle is #[repr(C)] and has one field, which is the engine (wasmtime-c-api-impl 48.0.8,
    // src/engine.rs; the version is exact in Cargo.toml).
    const { assert!(size_of::<wasm_engine_t>() == size_of::<Engine>()) };
    let engine = unsafe { &*(engine as *const wasm_engine_t).cast::<Engine>() };
    let wasm = unsafe { slice::from_raw_parts(wasm, size) };
    match engine.precompile_module(wasm) {
        Ok(code) => {
            out.set_buffer(code);
            None
        }
        Err(error) => Some(Box::new(error.into())),
    }
}
