//! wasmi 1.1 as an engine of ferry. An interpreter: nothing is compiled ahead, so an artifact is
//! the wasm itself, and loading it is what translates it.

use std::fmt;
use std::os::raw::c_void;

use ferry_thin as thin;
use thin::{internal, invalid, limit, unsupported, End, Error, Host, Trap};
use wasmi::errors::HostError;
use wasmi::{
    AsContext, AsContextMut, Caller, Extern, ExternType, Func, FuncType, Global, Linker, Memory, Store, TrapCode, Val, ValType, F32,
    F64,
};

const VERSION: &str = "1.1.0";

struct Engine {
    engine: wasmi::Engine,
    host: Host,
    counts: bool,
}

struct Module {
    module: wasmi::Module,
    linker: Linker<State>,
    counts: bool,
}

/// What host functions reach through their `Caller`.
struct State {
    user: *mut c_void,
    memory: Option<Memory>,
}

// The pointer is handed on only within the call that brought it.
unsafe impl Send for State {}
unsafe impl Sync for State {}

struct Instance {
    store: Store<State>,
    instance: wasmi::Instance,
    globals: Vec<Global>,
    fuel: Option<u64>,
}

/// Ends the guest because the host said so.
#[derive(Debug)]
struct Stopped;
impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("stopped by the host")
    }
}
impl HostError for Stopped {}

fn letters(types: &[ValType]) -> String {
    types
        .iter()
        .map(|ty| match ty {
            ValType::I32 => 'i',
            ValType::I64 => 'I',
            _ => 'x',
        })
        .collect()
}

impl thin::Engine for Engine {
    type Module = Module;

    fn open(options: thin::Options) -> Result<(Self, thin::Info), Error> {
        let lazy = options.variant == "lazy";
        if !lazy && !options.variant.is_empty() {
            return Err(unsupported(format!("wasmi has no variant '{}'", options.variant)));
        }
        let mut config = wasmi::Config::default();
        let stack = options.max_stack as usize;
        config
            .set_min_stack_height(stack.min(16 << 10))
            .set_max_stack_height(stack)
            .set_max_recursion_depth(stack / 32)
            .consume_fuel(options.count_instructions)
            .wasm_multi_memory(false)
            .wasm_tail_call(false)
            .wasm_extended_const(false)
            .wasm_relaxed_simd(false)
            // Lazily, threads that meet a function which another one translates wait for it in a
            // loop that takes a spin lock again and again. On a core that they share with that
            // other thread it may never get the lock. So the variant is for one event at a time.
            .compilation_mode(if lazy {
                wasmi::CompilationMode::LazyTranslation
            } else {
                wasmi::CompilationMode::Eager
            });
        let info = thin::Info {
            name: "wasmi",
            version: VERSION,
            variant: String::new(),
            fingerprint: format!("wasmi-{}", VERSION),
            capabilities: thin::COUNTS_INSTRUCTIONS
                | thin::STACK_LIMIT
                | thin::BULK_MEMORY
                | thin::SIGN_EXTENSION
                | thin::SATURATING_FLOAT_TO_INT
                | thin::MULTI_VALUE
                | thin::REFERENCE_TYPES
                | thin::SIMD,
        };
        let engine = wasmi::Engine::new(&config);
        Ok((Engine { engine, host: options.host, counts: options.count_instructions }, info))
    }

    fn compile(&self, wasm: &[u8]) -> Result<Vec<u8>, Error> {
        wasmi::Module::validate(&self.engine, wasm).map_err(invalid)?;
        Ok(wasm.to_vec())
    }

    unsafe fn load(&self, artifact: &[u8]) -> Result<Module, Error> {
        let module = wasmi::Module::new(&self.engine, artifact).map_err(invalid)?;
        let mut linker = Linker::new(&self.engine);
        linker.allow_shadowing(true); // a module may name one import twice
        for import in module.imports() {
            let ExternType::Func(ty) = import.ty() else {
                return Err(unsupported(format!(
                    "it imports {}.{}, and only functions are offered here",
                    import.module(),
                    import.name()
                )));
            };
            let (params, results) = (letters(ty.params()), letters(ty.results()));
            let number = self.host.resolve(import.module(), import.name(), &params, &results)?;
            define(&mut linker, import.module(), import.name(), ty.clone(), self.host, number).map_err(internal)?;
        }
        Ok(Module { module, linker, counts: self.counts })
    }
}

fn define(
    linker: &mut Linker<State>,
    module: &str,
    name: &str,
    ty: FuncType,
    host: Host,
    number: u32,
) -> Result<(), wasmi::errors::LinkerError> {
    linker
        .func_new(module, name, ty, move |mut caller: Caller<State>, params, results| {
            // The longest list of WASI preview 1 is path_open's nine.
            let mut args = [0u64; 16];
            for (slot, value) in args.iter_mut().zip(params) {
                *slot = bits(value);
            }
            let memory = match caller.data().memory {
                Some(memory) => (memory.data_ptr(&caller), memory.data_size(&caller)),
                None => (std::ptr::null_mut(), 0),
            };
            let user = caller.data_mut().user;
            match unsafe { host.call(user, number, memory, &args) } {
                Some(value) => {
                    if let Some(result) = results.first_mut() {
                        *result = Val::I32(value);
                    }
                    Ok(())
                }
                None => Err(wasmi::Error::host(Stopped)),
            }
        })
        .map(|_| ())
}

fn bits(value: &Val) -> u64 {
    match value {
        Val::I32(v) => u64::from(*v as u32),
        Val::I64(v) => *v as u64,
        Val::F32(v) => u64::from(v.to_bits()),
        Val::F64(v) => v.to_bits(),
        _ => 0,
    }
}

impl thin::Module for Module {
    type Instance = Instance;

    fn instantiate(&self, instructions: u64) -> Result<Instance, Error> {
        let state = State { user: std::ptr::null_mut(), memory: None };
        let mut store = Store::new(self.module.engine(), state);
        let fuel = if self.counts { Some(instructions) } else { None };
        if let Some(fuel) = fuel {
            store.set_fuel(fuel).map_err(internal)?;
        }
        let instance = self.linker.instantiate_and_start(&mut store, &self.module).map_err(instantiation)?;
        let named = |name| instance.get_export(&store, name).and_then(Extern::into_memory);
        let memory = named("memory").or_else(|| named("ferry:memory"));
        store.data_mut().memory = memory;
        Ok(Instance { store, instance, globals: Vec::new(), fuel })
    }
}

/// A segment that does not fit is a trap at instantiation; want of memory is a limit.
fn instantiation(error: wasmi::Error) -> Error {
    match (error.as_trap_code(), error.kind()) {
        (Some(_), _) => invalid(error),
        (None, wasmi::errors::ErrorKind::Memory(_)) => limit(error),
        _ => invalid(error),
    }
}

fn ended(error: wasmi::Error) -> End {
    if error.downcast_ref::<Stopped>().is_some() {
        return End::Stopped;
    }
    let trap = match error.as_trap_code() {
        Some(TrapCode::UnreachableCodeReached) => Trap::Unreachable,
        Some(TrapCode::MemoryOutOfBounds) => Trap::MemoryOutOfBounds,
        // It has one code for this and for the rarer table.get past the end.
        Some(TrapCode::TableOutOfBounds) => Trap::UndefinedElement,
        Some(TrapCode::IndirectCallToNull) => Trap::UninitializedElement,
        Some(TrapCode::IntegerDivisionByZero) => Trap::DivideByZero,
        Some(TrapCode::IntegerOverflow) => Trap::IntegerOverflow,
        Some(TrapCode::BadConversionToInteger) => Trap::InvalidConversion,
        Some(TrapCode::StackOverflow) => Trap::StackExhausted,
        Some(TrapCode::BadSignature) => Trap::IndirectCallMismatch,
        Some(TrapCode::OutOfFuel) => return End::Instructions,
        _ => return End::Failed(error.to_string()),
    };
    End::Trapped { trap, backtrace: String::new() }
}

impl thin::Instance for Instance {
    fn call(&mut self, name: &str, user: *mut c_void) -> End {
        let Some(func) = self.instance.get_func(&self.store, name) else {
            return End::Failed(format!("no exported function '{name}'"));
        };
        self.store.data_mut().user = user;
        let outcome = run(func, &mut self.store, name);
        self.store.data_mut().user = std::ptr::null_mut();
        outcome.unwrap_or_else(ended)
    }

    fn memory(&mut self) -> (*mut u8, usize) {
        match self.store.data().memory {
            Some(memory) => (memory.data_ptr(&self.store), memory.data_size(&self.store)),
            None => (std::ptr::null_mut(), 0),
        }
    }

    fn find_global(&mut self, name: &str) -> Option<u32> {
        let global = self.instance.get_global(&self.store, name)?;
        match global.ty(&self.store).content() {
            ValType::I32 | ValType::I64 | ValType::F32 | ValType::F64 => {}
            _ => return None,
        }
        self.globals.push(global);
        Some(self.globals.len() as u32 - 1)
    }

    fn get_global(&mut self, global: u32) -> u64 {
        bits(&self.globals[global as usize].get(self.store.as_context()))
    }

    fn set_global(&mut self, global: u32, bits: u64) {
        let global = self.globals[global as usize];
        let value = match global.ty(&self.store).content() {
            ValType::I32 => Val::I32(bits as i32),
            ValType::I64 => Val::I64(bits as i64),
            ValType::F32 => Val::F32(F32::from_bits(bits as u32)),
            _ => Val::F64(F64::from_bits(bits)),
        };
        // Fails only for an immutable global, which nothing has a reason to set.
        let _ = global.set(self.store.as_context_mut(), value);
    }

    fn instructions(&self) -> u64 {
        match (self.fuel, self.store.get_fuel()) {
            (Some(given), Ok(left)) => given - left,
            _ => 0,
        }
    }
}

fn run(func: Func, store: &mut Store<State>, name: &str) -> Result<End, wasmi::Error> {
    let ty = func.ty(&*store);
    match (ty.params(), ty.results()) {
        ([], []) => {
            func.call(store, &[], &mut [])?;
            Ok(End::Returned(0))
        }
        ([], [ValType::I32]) => {
            let mut result = [Val::I32(0)];
            func.call(store, &[], &mut result)?;
            Ok(End::Returned(result[0].i32().unwrap_or(0)))
        }
        _ => Ok(End::Failed(format!("the export '{name}' is neither ()->() nor ()->i32"))),
    }
}

thin::export!(Engine);
