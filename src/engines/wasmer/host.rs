//! The guest's imports: each becomes a native function of exactly its type, made by the macro
//! below for every type that WASI preview 1 has. A call then costs a few stores, where wasmer's
//! untyped functions would make two vectors.

use std::fmt;
use std::os::raw::c_void;

use ferry_thin::{unsupported, Error, Host};
use wasmer::{AsStoreMut, Function, FunctionEnv, FunctionEnvMut, FunctionType, Memory, RuntimeError, Type};

/// What host functions reach through their environment.
pub struct State {
    pub user: *mut c_void,
    pub memory: Option<Memory>,
    pub host: Host,
}

// The pointer is handed on only within the call that brought it.
unsafe impl Send for State {}

/// Ends the guest because the host said so.
#[derive(Debug)]
pub struct Stopped;
impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("stopped by the host")
    }
}
impl std::error::Error for Stopped {}

pub fn letters(types: &[Type]) -> String {
    let letter = |ty: &Type| match ty {
        Type::I32 => 'i',
        Type::I64 => 'I',
        _ => 'x',
    };
    types.iter().map(letter).collect()
}

fn enter(mut env: FunctionEnvMut<State>, number: u32, args: &[u64]) -> Result<i32, RuntimeError> {
    let (state, store) = env.data_and_store_mut();
    let memory = match &state.memory {
        Some(memory) => {
            let view = memory.view(&store);
            (view.data_ptr(), view.data_size() as usize)
        }
        None => (std::ptr::null_mut(), 0),
    };
    match unsafe { state.host.call(state.user, number, memory, args) } {
        Some(value) => Ok(value),
        None => Err(RuntimeError::user(Box::new(Stopped))),
    }
}

/// An argument as a 64-bit slot: i32 zero-extended.
trait Slot {
    fn slot(self) -> u64;
}
impl Slot for i32 {
    fn slot(self) -> u64 {
        u64::from(self as u32)
    }
}
impl Slot for i64 {
    fn slot(self) -> u64 {
        self as u64
    }
}

macro_rules! bind {
    ($store:expr, $env:expr, $number:expr, $shape:expr; $( $text:literal ($($arg:ident: $ty:ty),*) )*) => {
        match $shape {
            $( concat!($text, ":i") => Some(Function::new_typed_with_env($store, $env,
                move |env: FunctionEnvMut<State>, $($arg: $ty),*| -> Result<i32, RuntimeError> {
                    enter(env, $number, &[$($arg.slot()),*])
                })), )*
            "i:" => Some(Function::new_typed_with_env($store, $env,
                move |env: FunctionEnvMut<State>, a: i32| -> Result<(), RuntimeError> {
                    enter(env, $number, &[a.slot()]).map(|_| ())
                })),
            ":" => Some(Function::new_typed_with_env($store, $env,
                move |env: FunctionEnvMut<State>| -> Result<(), RuntimeError> {
                    enter(env, $number, &[]).map(|_| ())
                })),
            _ => None,
        }
    };
}

/// The function for one import of this type, calling host function `number`.
pub fn function(
    store: &mut impl AsStoreMut,
    env: &FunctionEnv<State>,
    ty: &FunctionType,
    number: u32,
) -> Result<Function, Error> {
    let shape = format!("{}:{}", letters(ty.params()), letters(ty.results()));
    let made = bind!(store, env, number, shape.as_str();
        ""()
        "i"(a: i32)
        "ii"(a: i32, b: i32)
        "iii"(a: i32, b: i32, c: i32)
        "iiii"(a: i32, b: i32, c: i32, d: i32)
        "iiiii"(a: i32, b: i32, c: i32, d: i32, e: i32)
        "iiiiii"(a: i32, b: i32, c: i32, d: i32, e: i32, f: i32)
        "iiiiiii"(a: i32, b: i32, c: i32, d: i32, e: i32, f: i32, g: i32)
        "iI"(a: i32, b: i64)
        "iII"(a: i32, b: i64, c: i64)
        "iIi"(a: i32, b: i64, c: i32)
        "iIii"(a: i32, b: i64, c: i32, d: i32)
        "iIIi"(a: i32, b: i64, c: i64, d: i32)
        "iiiIi"(a: i32, b: i32, c: i32, d: i64, e: i32)
        "iiIIi"(a: i32, b: i32, c: i64, d: i64, e: i32)
        "iiiIIi"(a: i32, b: i32, c: i32, d: i64, e: i64, f: i32)
        "iiiiIIi"(a: i32, b: i32, c: i32, d: i32, e: i64, f: i64, g: i32)
        "iiiiiIIii"(a: i32, b: i32, c: i32, d: i32, e: i32, f: i64, g: i64, h: i32, i: i32)
    );
    made.ok_or_else(|| unsupported(format!("no host function has the type {}", shape)))
}
