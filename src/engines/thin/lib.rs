//! What an engine's Rust layer implements to be a plug-in: three traits, and `export!`, which
//! makes the C functions of thin.h of them. The types here pair with those of thin.h.
//!
//! Every entry catches unwinding: a panic of an engine is an error, never an abort.

use std::os::raw::c_void;

mod ffi;
pub use ffi::{Export, RawEnd, RawHost, RawInfo, RawOptions, View};

pub const COMPILES_AHEAD: u32 = 1 << 0;
pub const DEADLINE: u32 = 1 << 1;
pub const COUNTS_INSTRUCTIONS: u32 = 1 << 2;
pub const STACK_LIMIT: u32 = 1 << 3;
pub const BACKTRACES: u32 = 1 << 4;
pub const RESETTABLE: u32 = 1 << 5;
pub const POOLING: u32 = 1 << 6;
pub const BULK_MEMORY: u32 = 1 << 7;
pub const SIGN_EXTENSION: u32 = 1 << 8;
pub const SATURATING_FLOAT_TO_INT: u32 = 1 << 9;
pub const MULTI_VALUE: u32 = 1 << 10;
pub const REFERENCE_TYPES: u32 = 1 << 11;
pub const SIMD: u32 = 1 << 12;

/// The kind of an error; `FERRY_THIN_*` of thin.h.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Invalid = 1,
    Unsupported = 2,
    Limit = 3,
    Internal = 4,
}

#[derive(Debug)]
pub struct Error(pub Kind, pub String);

pub fn invalid(text: impl ToString) -> Error {
    Error(Kind::Invalid, text.to_string())
}
pub fn unsupported(text: impl ToString) -> Error {
    Error(Kind::Unsupported, text.to_string())
}
pub fn limit(text: impl ToString) -> Error {
    Error(Kind::Limit, text.to_string())
}
pub fn internal(text: impl ToString) -> Error {
    Error(Kind::Internal, text.to_string())
}

/// The traps of the standard; `text()` has the words of its test suite, the same on each engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trap {
    Unreachable,
    MemoryOutOfBounds,
    TableOutOfBounds,
    UndefinedElement,
    UninitializedElement,
    IndirectCallMismatch,
    IntegerOverflow,
    DivideByZero,
    InvalidConversion,
    StackExhausted,
    NullReference,
}

impl Trap {
    pub fn text(self) -> &'static str {
        match self {
            Trap::Unreachable => "unreachable",
            Trap::MemoryOutOfBounds => "out of bounds memory access",
            Trap::TableOutOfBounds => "out of bounds table access",
            Trap::UndefinedElement => "undefined element",
            Trap::UninitializedElement => "uninitialized element",
            Trap::IndirectCallMismatch => "indirect call type mismatch",
            Trap::IntegerOverflow => "integer overflow",
            Trap::DivideByZero => "integer divide by zero",
            Trap::InvalidConversion => "invalid conversion to integer",
            Trap::StackExhausted => "call stack exhausted",
            Trap::NullReference => "null reference",
        }
    }
}

/// How a call ended.
pub enum End {
    Returned(i32),
    Stopped,
    Trapped { trap: Trap, backtrace: String },
    Instructions,
    Failed(String),
}

pub struct Options {
    pub variant: String,
    pub max_memory: u64,
    pub max_instances: u32,
    pub max_stack: u32,
    pub count_instructions: bool,
    pub host: Host,
}

/// Our side of the guest's imports.
#[derive(Clone, Copy)]
pub struct Host {
    raw: RawHost,
}

impl Host {
    pub fn new(raw: RawHost) -> Host {
        Host { raw }
    }

    /// Which host function serves an import; an error names the import.
    pub fn resolve(&self, module: &str, name: &str, params: &str, results: &str) -> Result<u32, Error> {
        let number = unsafe {
            (self.raw.resolve)(View::of(module), View::of(name), View::of(params), View::of(results))
        };
        if number < 0 {
            return Err(unsupported(format!("it imports {}.{}, which is not offered here", module, name)));
        }
        Ok(number as u32)
    }

    /// Calls it; `None` ends the guest.
    ///
    /// # Safety
    /// `memory` is the guest's for the length of the call, `user` what came with the call.
    #[inline]
    pub unsafe fn call(
        &self,
        user: *mut c_void,
        function: u32,
        memory: (*mut u8, usize),
        args: &[u64],
    ) -> Option<i32> {
        let answer = (self.raw.call)(user, function, memory.0, memory.1, args.as_ptr());
        if answer >> 32 == 0 {
            Some(answer as u32 as i32)
        } else {
            None
        }
    }
}

pub struct Info {
    pub name: &'static str,
    pub version: &'static str,
    pub variant: String,
    /// Version, flags and CPU features: what an artifact depends on.
    pub fingerprint: String,
    pub capabilities: u32,
}

pub trait Engine: Sized + Send + Sync + 'static {
    type Module: Module;
    fn open(options: Options) -> Result<(Self, Info), Error>;
    fn compile(&self, wasm: &[u8]) -> Result<Vec<u8>, Error>;
    /// # Safety
    /// The artifact was made by `compile` of this very engine: it may be native code.
    unsafe fn load(&self, artifact: &[u8]) -> Result<Self::Module, Error>;
}

pub trait Module: Sized + Send + Sync + 'static {
    type Instance: Instance;
    fn instantiate(&self, instructions: u64) -> Result<Self::Instance, Error>;
}

pub trait Instance: Sized + 'static {
    fn call(&mut self, name: &str, user: *mut c_void) -> End;
    fn memory(&mut self) -> (*mut u8, usize);
    fn find_global(&mut self, name: &str) -> Option<u32>;
    fn get_global(&mut self, global: u32) -> u64;
    fn set_global(&mut self, global: u32, bits: u64);
    fn instructions(&self) -> u64 {
        0
    }
}

/// The text of `engine::End::backtrace`: a line a frame, innermost first.
pub fn backtrace<'a>(frames: impl Iterator<Item = (Option<&'a str>, u32)>) -> String {
    let mut text = String::new();
    for (number, (name, index)) in frames.enumerate() {
        let name = name.map_or_else(|| format!("function {}", index), str::to_string);
        text.push_str(&format!("{:3}: {}\n", number + 1, name));
    }
    text
}

/// The CPU features that code generators look at, for a fingerprint.
pub fn cpu_features() -> String {
    #[cfg(target_arch = "x86_64")]
    {
        let mut found = vec!["x86_64"];
        macro_rules! ask {
            ($($name:tt),*) => { $(if std::is_x86_feature_detected!($name) { found.push($name); })* };
        }
        ask!(
            "sse3", "ssse3", "sse4.1", "sse4.2", "popcnt", "avx", "avx2", "fma", "bmi1", "bmi2", "lzcnt", "cmpxchg16b",
            "avx512f", "avx512dq", "avx512vl", "avx512bitalg", "avx512vbmi"
        );
        found.join("+")
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        std::env::consts::ARCH.to_string()
    }
}

/// Makes the C functions of thin.h for one `Engine`. Used once, at the root of the layer's crate.
#[macro_export]
macro_rules! export {
    ($engine:ty) => {
        const _: () = {
            use std::os::raw::c_void;
            use $crate::{Export, RawEnd, RawInfo, RawOptions, View};
            type E = Export<$engine>;
            #[no_mangle]
            unsafe extern "C" fn ferry_thin_open(o: *const RawOptions, out: *mut *mut c_void, error: *mut View) -> u32 {
                E::open(o, out, error)
            }
            #[no_mangle]
            unsafe extern "C" fn ferry_thin_close(engine: *mut c_void) {
                E::close(engine)
            }
            #[no_mangle]
            unsafe extern "C" fn ferry_thin_describe(engine: *const c_void, info: *mut RawInfo) {
                E::describe(engine, info)
            }
            #[no_mangle]
            unsafe extern "C" fn ferry_thin_compile(
                engine: *const c_void,
                wasm: View,
                artifact: *mut View,
                error: *mut View,
            ) -> u32 {
                E::compile(engine, wasm, artifact, error)
            }
            #[no_mangle]
            unsafe extern "C" fn ferry_thin_load(
                engine: *const c_void,
                artifact: View,
                out: *mut *mut c_void,
                error: *mut View,
            ) -> u32 {
                E::load(engine, artifact, out, error)
            }
            #[no_mangle]
            unsafe extern "C" fn ferry_thin_unload(module: *mut c_void) {
                E::unload(module)
            }
            #[no_mangle]
            unsafe extern "C" fn ferry_thin_instantiate(
                module: *const c_void,
                instructions: u64,
                out: *mut *mut c_void,
                error: *mut View,
            ) -> u32 {
                E::instantiate(module, instructions, out, error)
            }
            #[no_mangle]
            unsafe extern "C" fn ferry_thin_drop(instance: *mut c_void) {
                E::drop(instance)
            }
            #[no_mangle]
            unsafe extern "C" fn ferry_thin_call(instance: *mut c_void, name: View, user: *mut c_void, end: *mut RawEnd) {
                E::call(instance, name, user, end)
            }
            #[no_mangle]
            unsafe extern "C" fn ferry_thin_memory(instance: *mut c_void, size: *mut usize) -> *mut u8 {
                E::memory(instance, size)
            }
            #[no_mangle]
            unsafe extern "C" fn ferry_thin_find_global(instance: *mut c_void, name: View) -> i64 {
                E::find_global(instance, name)
            }
            #[no_mangle]
            unsafe extern "C" fn ferry_thin_get_global(instance: *mut c_void, global: u32) -> u64 {
                E::get_global(instance, global)
            }
            #[no_mangle]
            unsafe extern "C" fn ferry_thin_set_global(instance: *mut c_void, global: u32, bits: u64) {
                E::set_global(instance, global, bits)
            }
            #[no_mangle]
            unsafe extern "C" fn ferry_thin_instructions(instance: *const c_void) -> u64 {
                E::instructions(instance)
            }
            #[no_mangle]
            unsafe extern "C" fn ferry_thin_free(bytes: View) {
                bytes.free()
            }
        };
    };
}
