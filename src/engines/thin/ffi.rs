//! The C side of the seam: raw types as in thin.h, and the body of each of its functions, for any
//! `Engine`. `export!` gives them their names.

use std::marker::PhantomData;
use std::os::raw::c_void;
use std::panic::{catch_unwind, AssertUnwindSafe};

use crate::{End, Engine, Error, Host, Info, Instance, Kind, Module, Options};

/// `ferry_thin_view` and `ferry_thin_bytes`: which of the two, says who made it.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct View {
    data: *const u8,
    size: usize,
}

impl View {
    pub fn of(text: &str) -> View {
        View { data: text.as_ptr(), size: text.len() }
    }

    fn empty() -> View {
        View { data: std::ptr::null(), size: 0 }
    }

    /// Hands the bytes over; `free` takes them back.
    fn owned(bytes: Vec<u8>) -> View {
        if bytes.is_empty() {
            return View::empty();
        }
        let slice = Box::leak(bytes.into_boxed_slice());
        View { data: slice.as_ptr(), size: slice.len() }
    }

    unsafe fn bytes<'a>(self) -> &'a [u8] {
        if self.size == 0 {
            &[]
        } else {
            std::slice::from_raw_parts(self.data, self.size)
        }
    }

    unsafe fn text<'a>(self) -> &'a str {
        std::str::from_utf8(self.bytes()).unwrap_or("")
    }

    /// # Safety
    /// Only for what `owned` made, once.
    pub unsafe fn free(self) {
        if self.size != 0 {
            drop(Box::from_raw(std::ptr::slice_from_raw_parts_mut(self.data as *mut u8, self.size)));
        }
    }
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct RawHost {
    pub resolve: unsafe extern "C" fn(View, View, View, View) -> i32,
    pub call: unsafe extern "C" fn(*mut c_void, u32, *mut u8, usize, *const u64) -> u64,
}

#[repr(C)]
pub struct RawOptions {
    variant: View,
    max_memory: u64,
    max_instances: u32,
    max_stack: u32,
    count_instructions: u8,
    host: RawHost,
}

#[repr(C)]
pub struct RawInfo {
    name: View,
    version: View,
    variant: View,
    fingerprint: View,
    capabilities: u32,
}

#[repr(C)]
pub struct RawEnd {
    kind: u32,
    value: i32,
    message: View,
    backtrace: View,
}

/// The bodies of thin.h's functions for one engine.
pub struct Export<E>(PhantomData<E>);

type ModuleOf<E> = <E as Engine>::Module;
type InstanceOf<E> = <ModuleOf<E> as Module>::Instance;

fn panic_text(cause: Box<dyn std::any::Any + Send>) -> String {
    let text = match (cause.downcast_ref::<&str>(), cause.downcast_ref::<String>()) {
        (Some(text), _) => (*text).to_string(),
        (_, Some(text)) => text.clone(),
        _ => "no message".to_string(),
    };
    format!("the engine panicked: {}", text)
}

fn guarded<T>(body: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(result) => result,
        Err(cause) => Err(Error(Kind::Internal, panic_text(cause))),
    }
}

unsafe fn deliver<T>(result: Result<T, Error>, error: *mut View, take: impl FnOnce(T)) -> u32 {
    match result {
        Ok(value) => {
            take(value);
            *error = View::empty();
            0
        }
        Err(Error(kind, text)) => {
            *error = View::owned(text.into_bytes());
            kind as u32
        }
    }
}

unsafe fn boxed<T>(value: T, out: *mut *mut c_void) {
    *out = Box::into_raw(Box::new(value)) as *mut c_void;
}

/// Dropping what an engine made may panic too; there is nobody left to tell.
unsafe fn unbox<T>(pointer: *mut c_void) {
    if !pointer.is_null() {
        let _ = catch_unwind(AssertUnwindSafe(|| drop(Box::from_raw(pointer as *mut T))));
    }
}

#[allow(clippy::missing_safety_doc)] // each has the contract that thin.h writes down
impl<E: Engine> Export<E> {
    pub unsafe fn open(options: *const RawOptions, out: *mut *mut c_void, error: *mut View) -> u32 {
        let raw = &*options;
        let options = Options {
            variant: raw.variant.text().to_string(),
            max_memory: raw.max_memory,
            max_instances: raw.max_instances,
            max_stack: raw.max_stack,
            count_instructions: raw.count_instructions != 0,
            host: Host::new(raw.host),
        };
        deliver(guarded(|| E::open(options)), error, |engine: (E, Info)| boxed(engine, out))
    }

    unsafe fn engine<'a>(engine: *const c_void) -> &'a (E, Info) {
        &*(engine as *const (E, Info))
    }

    unsafe fn instance<'a>(instance: *mut c_void) -> &'a mut InstanceOf<E> {
        &mut *(instance as *mut InstanceOf<E>)
    }

    pub unsafe fn close(engine: *mut c_void) {
        unbox::<(E, Info)>(engine)
    }

    pub unsafe fn describe(engine: *const c_void, out: *mut RawInfo) {
        let info = &Self::engine(engine).1;
        *out = RawInfo {
            name: View::of(info.name),
            version: View::of(info.version),
            variant: View::of(&info.variant),
            fingerprint: View::of(&info.fingerprint),
            capabilities: info.capabilities,
        };
    }

    pub unsafe fn compile(engine: *const c_void, wasm: View, artifact: *mut View, error: *mut View) -> u32 {
        let result = guarded(|| Self::engine(engine).0.compile(wasm.bytes()));
        deliver(result, error, |bytes| *artifact = View::owned(bytes))
    }

    pub unsafe fn load(engine: *const c_void, artifact: View, out: *mut *mut c_void, error: *mut View) -> u32 {
        let result = guarded(|| Self::engine(engine).0.load(artifact.bytes()));
        deliver(result, error, |module| boxed(module, out))
    }

    pub unsafe fn unload(module: *mut c_void) {
        unbox::<ModuleOf<E>>(module)
    }

    pub unsafe fn instantiate(
        module: *const c_void,
        instructions: u64,
        out: *mut *mut c_void,
        error: *mut View,
    ) -> u32 {
        let module = &*(module as *const ModuleOf<E>);
        deliver(guarded(|| module.instantiate(instructions)), error, |instance| boxed(instance, out))
    }

    pub unsafe fn drop(instance: *mut c_void) {
        unbox::<InstanceOf<E>>(instance)
    }

    pub unsafe fn call(instance: *mut c_void, name: View, user: *mut c_void, out: *mut RawEnd) {
        let result = guarded(|| Ok(Self::instance(instance).call(name.text(), user)));
        let mut end = RawEnd { kind: 0, value: 0, message: View::empty(), backtrace: View::empty() };
        match result.unwrap_or_else(|Error(_, text)| End::Failed(text)) {
            End::Returned(value) => end.value = value,
            End::Stopped => end.kind = 1,
            End::Trapped { trap, backtrace } => {
                end.kind = 2;
                end.message = View::owned(trap.text().as_bytes().to_vec());
                end.backtrace = View::owned(backtrace.into_bytes());
            }
            End::Instructions => end.kind = 3,
            End::Failed(text) => {
                end.kind = 4;
                end.message = View::owned(text.into_bytes());
            }
        }
        *out = end;
    }

    pub unsafe fn memory(instance: *mut c_void, size: *mut usize) -> *mut u8 {
        let (base, bytes) = Self::instance(instance).memory();
        *size = bytes;
        base
    }

    pub unsafe fn find_global(instance: *mut c_void, name: View) -> i64 {
        Self::instance(instance).find_global(name.text()).map_or(-1, i64::from)
    }

    pub unsafe fn get_global(instance: *mut c_void, global: u32) -> u64 {
        Self::instance(instance).get_global(global)
    }

    pub unsafe fn set_global(instance: *mut c_void, global: u32, bits: u64) {
        Self::instance(instance).set_global(global, bits)
    }

    pub unsafe fn instructions(instance: *const c_void) -> u64 {
        (*(instance as *const InstanceOf<E>)).instructions()
    }
}
