//! Wasmtime's own C API, nothing added.
pub use wasmtime_c_api::*;
