//! wasmer 7.4 as an engine of ferry, with the compilers cranelift (the default) and singlepass.

use std::os::raw::c_void;

use ferry_thin as thin;
use thin::{internal, invalid, limit, unsupported, End, Error, Host, Trap};
use wasmer::sys::{CompilerConfig, Cranelift, EngineBuilder, Features, Singlepass};
use wasmer::sys::vm::TrapCode;
use wasmer::{
    ExternType, Function, FunctionEnv, FunctionType, Global, Imports, InstantiationError, RuntimeError, Store, Type,
    TypedFunction, Value,
};

mod host;
use host::{State, Stopped};

const VERSION: &str = "7.4.2";

struct Engine {
    variant: String,
    host: Host,
}

struct Import {
    module: String,
    name: String,
    ty: FunctionType,
    number: u32,
}

struct Module {
    module: wasmer::Module,
    engine: wasmer::Engine, // has the code of `module`, and so goes after it
    imports: Vec<Import>,
    host: Host,
}

struct Instance {
    store: Store,
    instance: wasmer::Instance,
    env: FunctionEnv<State>,
    globals: Vec<Global>,
    /// The export called last and its entry: the same one is called for every event.
    last: Option<(String, Entry)>,
}

#[derive(Clone)]
enum Entry {
    Plain(TypedFunction<(), ()>),
    Status(TypedFunction<(), i32>),
}

fn compiler(variant: &str) -> Result<Box<dyn CompilerConfig>, Error> {
    match variant {
        "cranelift" => Ok(Box::new(Cranelift::new())),
        "singlepass" => Ok(Box::new(Singlepass::new())),
        other => Err(unsupported(format!("wasmer has no variant '{other}', but cranelift and singlepass"))),
    }
}

/// An engine that compiles with `variant`.
fn compiling(variant: &str) -> Result<wasmer::Engine, Error> {
    let mut features = Features::none();
    features.bulk_memory(true).reference_types(true).multi_value(true).simd(has_simd(variant));
    Ok(wasmer::Engine::from(EngineBuilder::new(compiler(variant)?).set_features(Some(features)).engine()))
}

fn has_simd(variant: &str) -> bool {
    variant == "cranelift"
}

// wasmer keeps the code of a module, and its entries in the tables that every trap is looked up in,
// for as long as the engine lives that made or loaded it. So each module has an engine of its own,
// and what compiles one is gone when it is compiled.
impl thin::Engine for Engine {
    type Module = Module;

    fn open(options: thin::Options) -> Result<(Self, thin::Info), Error> {
        let variant = if options.variant.is_empty() { "cranelift" } else { options.variant.as_str() };
        compiler(variant)?;
        wasmer_vm::set_stack_size(options.max_stack as usize);
        let mut capabilities = thin::COMPILES_AHEAD
            | thin::STACK_LIMIT
            | thin::BACKTRACES
            | thin::RESETTABLE
            | thin::BULK_MEMORY
            | thin::SIGN_EXTENSION
            | thin::SATURATING_FLOAT_TO_INT
            | thin::MULTI_VALUE
            | thin::REFERENCE_TYPES;
        if has_simd(variant) {
            capabilities |= thin::SIMD;
        }
        let info = thin::Info {
            name: "wasmer",
            version: VERSION,
            variant: variant.to_string(),
            fingerprint: format!("wasmer-{}-{}-{}", VERSION, variant, thin::cpu_features()),
            capabilities,
        };
        Ok((Engine { variant: variant.to_string(), host: options.host }, info))
    }

    fn compile(&self, wasm: &[u8]) -> Result<Vec<u8>, Error> {
        let engine = compiling(&self.variant)?;
        let module = wasmer::Module::from_binary(&engine, wasm).map_err(invalid)?;
        Ok(module.serialize().map_err(internal)?.to_vec())
    }

    unsafe fn load(&self, artifact: &[u8]) -> Result<Module, Error> {
        let engine = wasmer::Engine::from(EngineBuilder::headless().engine());
        let module = wasmer::Module::deserialize_unchecked(&engine, artifact).map_err(invalid)?;
        let mut imports = Vec::new();
        for import in module.imports() {
            let (module, name) = (import.module().to_string(), import.name().to_string());
            let ExternType::Function(ty) = import.ty() else {
                return Err(unsupported(format!("it imports {module}.{name}, and only functions are offered here")));
            };
            let (params, results) = (host::letters(ty.params()), host::letters(ty.results()));
            let number = self.host.resolve(&module, &name, &params, &results)?;
            imports.push(Import { module, name, ty: ty.clone(), number });
        }
        Ok(Module { engine, module, imports, host: self.host })
    }
}

impl thin::Module for Module {
    type Instance = Instance;

    fn instantiate(&self, _instructions: u64) -> Result<Instance, Error> {
        let mut store = Store::new(self.engine.clone());
        let state = State { user: std::ptr::null_mut(), memory: None, host: self.host };
        let env = FunctionEnv::new(&mut store, state);
        let mut imports = Imports::new();
        for import in &self.imports {
            let function = host::function(&mut store, &env, &import.ty, import.number)?;
            imports.define(&import.module, &import.name, function);
        }
        let instance = wasmer::Instance::new(&mut store, &self.module, &imports).map_err(|error| match error {
            InstantiationError::Start(error) => invalid(error.message()),
            other => limit(other),
        })?;
        let named = |name| instance.exports.get_memory(name).ok().cloned();
        env.as_mut(&mut store).memory = named("memory").or_else(|| named("ferry:memory"));
        Ok(Instance { store, instance, env, globals: Vec::new(), last: None })
    }
}

impl Instance {
    fn entry(&mut self, name: &str) -> Result<Entry, String> {
        match &self.last {
            Some((last, entry)) if last == name => return Ok(entry.clone()),
            _ => {}
        }
        let function: &Function =
            self.instance.exports.get_function(name).map_err(|_| format!("no exported function '{name}'"))?;
        let entry = if let Ok(typed) = function.typed::<(), ()>(&self.store) {
            Entry::Plain(typed)
        } else if let Ok(typed) = function.typed::<(), i32>(&self.store) {
            Entry::Status(typed)
        } else {
            return Err(format!("the export '{name}' is neither ()->() nor ()->i32"));
        };
        self.last = Some((name.to_string(), entry.clone()));
        Ok(entry)
    }
}

fn ended(error: RuntimeError) -> End {
    if error.is::<Stopped>() {
        return End::Stopped;
    }
    let trap = match error.clone().to_trap() {
        Some(TrapCode::StackOverflow) => Trap::StackExhausted,
        Some(TrapCode::HeapAccessOutOfBounds) => Trap::MemoryOutOfBounds,
        // One code for this and for table.get past the end.
        Some(TrapCode::TableAccessOutOfBounds) => Trap::UndefinedElement,
        Some(TrapCode::IndirectCallToNull) => Trap::UninitializedElement,
        Some(TrapCode::BadSignature) => Trap::IndirectCallMismatch,
        Some(TrapCode::IntegerOverflow) => Trap::IntegerOverflow,
        Some(TrapCode::IntegerDivisionByZero) => Trap::DivideByZero,
        Some(TrapCode::BadConversionToInteger) => Trap::InvalidConversion,
        Some(TrapCode::UnreachableCodeReached) => Trap::Unreachable,
        _ => return End::Failed(error.message()),
    };
    let frames = error.trace().iter().map(|frame| (frame.function_name(), frame.func_index()));
    End::Trapped { trap, backtrace: thin::backtrace(frames) }
}

impl thin::Instance for Instance {
    fn call(&mut self, name: &str, user: *mut c_void) -> End {
        let entry = match self.entry(name) {
            Ok(entry) => entry,
            Err(text) => return End::Failed(text),
        };
        self.env.as_mut(&mut self.store).user = user;
        let outcome = match entry {
            Entry::Plain(function) => function.call(&mut self.store).map(|()| 0),
            Entry::Status(function) => function.call(&mut self.store),
        };
        self.env.as_mut(&mut self.store).user = std::ptr::null_mut();
        outcome.map_or_else(ended, End::Returned)
    }

    fn memory(&mut self) -> (*mut u8, usize) {
        match &self.env.as_ref(&self.store).memory {
            Some(memory) => {
                let view = memory.view(&self.store);
                (view.data_ptr(), view.data_size() as usize)
            }
            None => (std::ptr::null_mut(), 0),
        }
    }

    fn find_global(&mut self, name: &str) -> Option<u32> {
        let global = self.instance.exports.get_global(name).ok()?.clone();
        match global.ty(&self.store).ty {
            Type::I32 | Type::I64 | Type::F32 | Type::F64 => {}
            _ => return None,
        }
        self.globals.push(global);
        Some(self.globals.len() as u32 - 1)
    }

    fn get_global(&mut self, global: u32) -> u64 {
        let global = self.globals[global as usize].clone();
        match global.get(&mut self.store) {
            Value::I32(v) => u64::from(v as u32),
            Value::I64(v) => v as u64,
            Value::F32(v) => u64::from(v.to_bits()),
            Value::F64(v) => v.to_bits(),
            _ => 0,
        }
    }

    fn set_global(&mut self, global: u32, bits: u64) {
        let global = self.globals[global as usize].clone();
        let value = match global.ty(&self.store).ty {
            Type::I32 => Value::I32(bits as i32),
            Type::I64 => Value::I64(bits as i64),
            Type::F32 => Value::F32(f32::from_bits(bits as u32)),
            _ => Value::F64(f64::from_bits(bits)),
        };
        // Fails only for an immutable global, which nothing has a reason to set.
        let _ = global.set(&mut self.store, value);
    }
}

thin::export!(Engine);
