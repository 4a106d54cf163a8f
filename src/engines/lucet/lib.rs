//! Lucet 0.6.1 as an engine of ferry: an ahead-of-time compiler whose modules are shared objects,
//! loaded by the dynamic linker and bound to this plug-in by its SONAME.

use std::cell::Cell;
use std::collections::HashMap;
use std::io::Write;
use std::os::raw::c_void;
use std::panic::{catch_unwind, resume_unwind, AssertUnwindSafe};
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex};

use ferry_thin as thin;
use lucet_module::bindings::Bindings;
use lucet_module::{Global, GlobalDef, TrapCode};
use lucet_runtime::{DlModule, Limits, MmapRegion, Region, RunResult, TerminationDetails};
use lucet_runtime_internals::instance::{Instance as Guest, InstanceHandle, InstanceInternal};
use lucetc::{Lucetc, LucetcOpts, OptLevel};
use thin::{internal, invalid, limit, unsupported, End, Error, Host, Trap};

mod hostcalls;
use hostcalls::{Current, Ended, CURRENT, RESERVE};

const VERSION: &str = "0.6.1";

/// FERRY_THIN_COARSE_TRAPS of thin.h: the CPU's fault is all it knows of some traps.
const COARSE_TRAPS: u32 = 1 << 13;
/// Code reaches this much of a heap, whatever has been made of it accessible. By default that is
/// 4 MiB, and memory grown past it would trap.
const HEAP_REACH: u64 = 4 << 30;

struct Engine {
    host: Host,
    bindings: HashMap<String, HashMap<String, String>>,
    counts: bool,
    limits: Limits,
    instances: usize,
    /// Reserves address space for every instance at once, so it is made when a module is loaded.
    region: Mutex<Option<Arc<MmapRegion>>>,
}

struct Module {
    module: Arc<DlModule>,
    region: Arc<MmapRegion>,
    host: Host,
}

struct Instance {
    guest: InstanceHandle,
    host: Host,
    instructions: u64,
}

/// The path of this plug-in, which modules are linked to. They note its SONAME alone.
fn plugin() -> Result<PathBuf, Error> {
    use std::os::unix::ffi::OsStrExt;
    let mut info: libc::Dl_info = unsafe { std::mem::zeroed() };
    let inside = hostcalls::ferry_lucet_poll as *const c_void;
    if unsafe { libc::dladdr(inside, &mut info) } == 0 || info.dli_fname.is_null() {
        return Err(internal("the dynamic linker does not know where this plug-in is"));
    }
    let name = unsafe { std::ffi::CStr::from_ptr(info.dli_fname) };
    Ok(PathBuf::from(std::ffi::OsStr::from_bytes(name.to_bytes())))
}

impl thin::Engine for Engine {
    type Module = Module;

    fn open(options: thin::Options) -> Result<(Self, thin::Info), Error> {
        if !options.variant.is_empty() {
            return Err(unsupported(format!("lucet has no variant '{}'", options.variant)));
        }
        lucet_runtime::lucet_internal_ensure_linked();
        let mut bindings: HashMap<String, HashMap<String, String>> = HashMap::new();
        for call in hostcalls::resolve(&options.host)? {
            assert!(!call.address.is_null());
            let names = bindings.entry(call.module.to_string()).or_default();
            names.insert(call.name.to_string(), call.symbol.to_string());
        }
        let page = 4096;
        let limits = Limits {
            heap_memory_size: (options.max_memory as usize).min(4 << 30),
            heap_address_space_size: 8 << 30,
            stack_size: (options.max_stack as usize + RESERVE + page - 1) / page * page,
            globals_size: 64 << 10,
            signal_stack_size: 64 << 10,
        };
        let counting = if options.count_instructions { "-counting" } else { "" };
        let info = thin::Info {
            name: "lucet",
            version: VERSION,
            variant: String::new(),
            fingerprint: format!("lucet-{}{}-4g-{}", VERSION, counting, thin::cpu_features()),
            capabilities: thin::COMPILES_AHEAD | thin::COUNTS_INSTRUCTIONS | thin::STACK_LIMIT | COARSE_TRAPS,
        };
        let engine = Engine {
            host: options.host,
            bindings,
            counts: options.count_instructions,
            limits,
            instances: options.max_instances.max(1) as usize,
            region: Mutex::new(None),
        };
        Ok((engine, info))
    }

    fn compile(&self, wasm: &[u8]) -> Result<Vec<u8>, Error> {
        let folder = tempfile::tempdir().map_err(internal)?;
        let object = folder.path().join("module.o");
        let library = folder.path().join("module.so");
        Lucetc::try_from_bytes(wasm)
            .map_err(invalid)?
            .with_bindings(Bindings::new(self.bindings.clone()))
            .with_opt_level(OptLevel::SpeedAndSize)
            .with_min_reserved_size(HEAP_REACH)
            .with_count_instructions(self.counts)
            .object_file(&object)
            .map_err(invalid)?;
        let plugin = plugin()?;
        let linked = Command::new("ld")
            .args(&["-shared", "--no-as-needed", "-o"])
            .args(&[&library, &object, &plugin])
            .output()
            .map_err(|error| internal(format!("ld, which it needs to compile (package binutils): {}", error)))?;
        if !linked.status.success() {
            return Err(internal(format!("ld: {}", String::from_utf8_lossy(&linked.stderr))));
        }
        std::fs::read(&library).map_err(internal)
    }

    unsafe fn load(&self, artifact: &[u8]) -> Result<Module, Error> {
        // The dynamic linker wants a file with a name. It is gone again when this returns.
        let mut file = tempfile::Builder::new().prefix("ferry-lucet").suffix(".so").tempfile().map_err(internal)?;
        file.write_all(artifact).map_err(internal)?;
        let module = DlModule::load(file.path()).map_err(invalid)?;
        let mut region = self.region.lock().map_err(internal)?;
        if region.is_none() {
            *region = Some(MmapRegion::create(self.instances, &self.limits).map_err(limit)?);
        }
        let region = region.clone().ok_or_else(|| internal("no region"))?;
        Ok(Module { module, region, host: self.host })
    }
}

impl thin::Module for Module {
    type Instance = Instance;

    fn instantiate(&self, instructions: u64) -> Result<Instance, Error> {
        let mut guest = self.region.new_instance(self.module.clone()).map_err(limit)?;
        guest.set_fatal_handler(fatal);
        Ok(Instance { guest, host: self.host, instructions })
    }
}

/// A fault lucet cannot place, such as a host call running off the stack.
struct Fatal;
fn fatal(_: &Guest) -> ! {
    resume_unwind(Box::new(Fatal))
}

fn trapped(code: Option<TrapCode>) -> End {
    let trap = match code {
        Some(TrapCode::StackOverflow) => Trap::StackExhausted,
        Some(TrapCode::HeapOutOfBounds) | Some(TrapCode::OutOfBounds) => Trap::MemoryOutOfBounds,
        Some(TrapCode::TableOutOfBounds) => Trap::UndefinedElement,
        Some(TrapCode::IndirectCallToNull) => Trap::UninitializedElement,
        Some(TrapCode::BadSignature) => Trap::IndirectCallMismatch,
        Some(TrapCode::IntegerOverflow) => Trap::IntegerOverflow,
        Some(TrapCode::IntegerDivByZero) => Trap::DivideByZero,
        Some(TrapCode::BadConversionToInteger) => Trap::InvalidConversion,
        Some(TrapCode::Unreachable) => Trap::Unreachable,
        _ => return End::Failed("a fault that lucet does not know".to_string()),
    };
    End::Trapped { trap, backtrace: String::new() }
}

fn terminated(details: &TerminationDetails) -> End {
    match details.provided_details().and_then(|any| any.downcast_ref::<Ended>()) {
        Some(Ended::Stopped) => End::Stopped,
        Some(Ended::Instructions) => End::Instructions,
        Some(Ended::StackExhausted) => End::Trapped { trap: Trap::StackExhausted, backtrace: String::new() },
        None => End::Failed(format!("lucet ended the guest: {:?}", details)),
    }
}

impl Instance {
    fn returns_value(&self, name: &str) -> bool {
        let module = self.guest.module();
        module.get_export_func(name).map_or(false, |function| module.get_signature(function.id).ret_ty.is_some())
    }

    fn global(&self, index: u32) -> Option<GlobalDef> {
        match self.guest.module().globals().get(index as usize)?.global() {
            Global::Def(definition) => Some(definition.clone()),
            Global::Import { .. } => None,
        }
    }
}

impl thin::Instance for Instance {
    fn call(&mut self, name: &str, user: *mut c_void) -> End {
        if self.guest.is_terminated() {
            return End::Failed("the instance was ended and can't be called again".to_string());
        }
        let stack_floor = self.guest.alloc().slot().stack as usize + RESERVE;
        let current = Current { user, host: Some(self.host), stack_floor, instructions: self.instructions };
        let before = CURRENT.with(|cell| cell.replace(current));
        let returns = self.returns_value(name);
        let guest = &mut self.guest;
        let outcome = catch_unwind(AssertUnwindSafe(|| guest.run(name, &[])));
        CURRENT.with(|cell: &Cell<Current>| cell.set(before));
        match outcome {
            Ok(Ok(RunResult::Returned(value))) => End::Returned(if returns { value.as_i32() } else { 0 }),
            Ok(Ok(RunResult::Yielded(_))) => End::Failed("the guest yielded".to_string()),
            Ok(Err(lucet_runtime::Error::RuntimeFault(details))) => trapped(details.trapcode),
            Ok(Err(lucet_runtime::Error::RuntimeTerminated(details))) => terminated(&details),
            Ok(Err(error)) => End::Failed(error.to_string()),
            Err(cause) if cause.is::<Fatal>() => End::Failed("the guest made lucet's own code fault".to_string()),
            Err(cause) => resume_unwind(cause),
        }
    }

    fn memory(&mut self) -> (*mut u8, usize) {
        let heap = self.guest.heap_mut();
        (heap.as_mut_ptr(), heap.len())
    }

    fn find_global(&mut self, name: &str) -> Option<u32> {
        let globals = self.guest.module().globals();
        let index = globals.iter().position(|global| global.export_names().contains(&name))? as u32;
        self.global(index).map(|_| index)
    }

    fn get_global(&mut self, global: u32) -> u64 {
        let value = &self.guest.globals()[global as usize];
        let bits = unsafe { value.i_64 } as u64;
        match self.global(global) {
            Some(GlobalDef::I32(_)) | Some(GlobalDef::F32(_)) => bits & 0xFFFF_FFFF,
            _ => bits,
        }
    }

    fn set_global(&mut self, global: u32, bits: u64) {
        self.guest.globals_mut()[global as usize].i_64 = bits as i64;
    }

    fn instructions(&self) -> u64 {
        self.guest.get_instruction_count().unwrap_or(0)
    }
}

thin::export!(Engine);
