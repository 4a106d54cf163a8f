//! The guest's imports. Lucet binds an import to a symbol, so each WASI call has a function here
//! whose name compiled modules refer to. They run on the guest's own stack.

use std::cell::Cell;
use std::os::raw::c_void;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicU32, Ordering};

use ferry_thin::{Error, Host};
use lucet_runtime_internals::instance::{Instance, TerminationDetails};
use lucet_runtime_internals::vmctx::{instance_from_vmctx, lucet_vmctx, Vmctx};

/// Room that a host call finds on the guest's stack, which is made larger by as much.
pub const RESERVE: usize = 256 << 10;

/// Why we ended a guest.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    Stopped,
    Instructions,
    StackExhausted,
}

/// What runs on this thread: lucet runs one guest a thread at a time.
#[derive(Clone, Copy)]
pub struct Current {
    pub user: *mut c_void,
    pub host: Option<Host>,
    /// Host calls below this address would leave the stack's reserve.
    pub stack_floor: usize,
    pub instructions: u64,
}

thread_local! {
    pub static CURRENT: Cell<Current> =
        Cell::new(Current { user: null_mut(), host: None, stack_floor: 0, instructions: u64::max_value() });
}

unsafe fn end(vmctx: *mut lucet_vmctx, why: Ended) -> ! {
    Vmctx::from_raw(vmctx).terminate_no_unwind(TerminationDetails::provide(why))
}

// Nothing here may need dropping when `end` leaves: it never comes back.
unsafe fn enter(vmctx: *mut lucet_vmctx, number: &AtomicU32, args: &[u64]) -> i32 {
    let here = 0u8;
    let current = CURRENT.with(Cell::get);
    if (&here as *const u8 as usize) < current.stack_floor {
        end(vmctx, Ended::StackExhausted);
    }
    let instance: &mut Instance = instance_from_vmctx(vmctx);
    if current.instructions != u64::max_value()
        && instance.get_instruction_count().map_or(false, |count| count > current.instructions)
    {
        end(vmctx, Ended::Instructions);
    }
    let heap = instance.heap_mut();
    let memory = (heap.as_mut_ptr(), heap.len());
    let answer = match current.host {
        Some(host) => host.call(current.user, number.load(Ordering::Relaxed), memory, args),
        None => None,
    };
    match answer {
        Some(value) => value,
        None => end(vmctx, Ended::Stopped),
    }
}

/// One import: where it comes from, the symbol that serves it, its type, its host function.
pub struct Hostcall {
    pub module: &'static str,
    pub name: &'static str,
    pub symbol: &'static str,
    params: &'static str,
    results: &'static str,
    number: &'static AtomicU32,
    /// Keeps the function in the plug-in, where only modules name it.
    pub address: *const c_void,
}

macro_rules! results {
    (i32) => {
        "i"
    };
    (()) => {
        ""
    };
}
macro_rules! letter {
    (i32) => {
        "i"
    };
    (i64) => {
        "I"
    };
}
macro_rules! slot {
    ($value:expr, i32) => {
        u64::from($value as u32)
    };
    ($value:expr, i64) => {
        $value as u64
    };
}
macro_rules! answer {
    ($value:expr, i32) => {
        $value
    };
    ($value:expr, ()) => {{
        $value;
    }};
}

macro_rules! hostcalls {
    ($( $module:literal $name:literal $symbol:ident ($($arg:ident: $ty:tt),*) -> $result:tt; )*) => {
        mod numbers {
            use std::sync::atomic::AtomicU32;
            $( #[allow(non_upper_case_globals)] pub static $symbol: AtomicU32 = AtomicU32::new(0); )*
        }
        $(
            #[no_mangle]
            pub unsafe extern "C" fn $symbol(vmctx: *mut lucet_vmctx, $($arg: $ty),*) -> $result {
                answer!(enter(vmctx, &numbers::$symbol, &[$(slot!($arg, $ty)),*]), $result)
            }
        )*
        pub fn all() -> Vec<Hostcall> {
            vec![$( Hostcall {
                module: $module,
                name: $name,
                symbol: stringify!($symbol),
                params: concat!($(letter!($ty)),*),
                results: results!($result),
                number: &numbers::$symbol,
                address: $symbol as *const c_void,
            } ),*]
        }
    };
}

hostcalls! {
    "wasi_snapshot_preview1" "args_get" ferry_lucet_args_get(a: i32, b: i32) -> i32;
    "wasi_snapshot_preview1" "args_sizes_get" ferry_lucet_args_sizes_get(a: i32, b: i32) -> i32;
    "wasi_snapshot_preview1" "clock_res_get" ferry_lucet_clock_res_get(a: i32, b: i32) -> i32;
    "wasi_snapshot_preview1" "clock_time_get" ferry_lucet_clock_time_get(a: i32, b: i64, c: i32) -> i32;
    "wasi_snapshot_preview1" "environ_get" ferry_lucet_environ_get(a: i32, b: i32) -> i32;
    "wasi_snapshot_preview1" "environ_sizes_get" ferry_lucet_environ_sizes_get(a: i32, b: i32) -> i32;
    "wasi_snapshot_preview1" "fd_advise" ferry_lucet_fd_advise(a: i32, b: i64, c: i64, d: i32) -> i32;
    "wasi_snapshot_preview1" "fd_allocate" ferry_lucet_fd_allocate(a: i32, b: i64, c: i64) -> i32;
    "wasi_snapshot_preview1" "fd_close" ferry_lucet_fd_close(a: i32) -> i32;
    "wasi_snapshot_preview1" "fd_datasync" ferry_lucet_fd_datasync(a: i32) -> i32;
    "wasi_snapshot_preview1" "fd_fdstat_get" ferry_lucet_fd_fdstat_get(a: i32, b: i32) -> i32;
    "wasi_snapshot_preview1" "fd_fdstat_set_flags" ferry_lucet_fd_fdstat_set_flags(a: i32, b: i32) -> i32;
    "wasi_snapshot_preview1" "fd_fdstat_set_rights" ferry_lucet_fd_fdstat_set_rights(a: i32, b: i64, c: i64) -> i32;
    "wasi_snapshot_preview1" "fd_filestat_get" ferry_lucet_fd_filestat_get(a: i32, b: i32) -> i32;
    "wasi_snapshot_preview1" "fd_filestat_set_size" ferry_lucet_fd_filestat_set_size(a: i32, b: i64) -> i32;
    "wasi_snapshot_preview1" "fd_filestat_set_times" ferry_lucet_fd_filestat_set_times(a: i32, b: i64, c: i64, d: i32) -> i32;
    "wasi_snapshot_preview1" "fd_pread" ferry_lucet_fd_pread(a: i32, b: i32, c: i32, d: i64, e: i32) -> i32;
    "wasi_snapshot_preview1" "fd_prestat_dir_name" ferry_lucet_fd_prestat_dir_name(a: i32, b: i32, c: i32) -> i32;
    "wasi_snapshot_preview1" "fd_prestat_get" ferry_lucet_fd_prestat_get(a: i32, b: i32) -> i32;
    "wasi_snapshot_preview1" "fd_pwrite" ferry_lucet_fd_pwrite(a: i32, b: i32, c: i32, d: i64, e: i32) -> i32;
    "wasi_snapshot_preview1" "fd_read" ferry_lucet_fd_read(a: i32, b: i32, c: i32, d: i32) -> i32;
    "wasi_snapshot_preview1" "fd_readdir" ferry_lucet_fd_readdir(a: i32, b: i32, c: i32, d: i64, e: i32) -> i32;
    "wasi_snapshot_preview1" "fd_renumber" ferry_lucet_fd_renumber(a: i32, b: i32) -> i32;
    "wasi_snapshot_preview1" "fd_seek" ferry_lucet_fd_seek(a: i32, b: i64, c: i32, d: i32) -> i32;
    "wasi_snapshot_preview1" "fd_sync" ferry_lucet_fd_sync(a: i32) -> i32;
    "wasi_snapshot_preview1" "fd_tell" ferry_lucet_fd_tell(a: i32, b: i32) -> i32;
    "wasi_snapshot_preview1" "fd_write" ferry_lucet_fd_write(a: i32, b: i32, c: i32, d: i32) -> i32;
    "wasi_snapshot_preview1" "path_create_directory" ferry_lucet_path_create_directory(a: i32, b: i32, c: i32) -> i32;
    "wasi_snapshot_preview1" "path_filestat_get" ferry_lucet_path_filestat_get(a: i32, b: i32, c: i32, d: i32, e: i32) -> i32;
    "wasi_snapshot_preview1" "path_filestat_set_times" ferry_lucet_path_filestat_set_times(a: i32, b: i32, c: i32, d: i32, e: i64, f: i64, g: i32) -> i32;
    "wasi_snapshot_preview1" "path_link" ferry_lucet_path_link(a: i32, b: i32, c: i32, d: i32, e: i32, f: i32, g: i32) -> i32;
    "wasi_snapshot_preview1" "path_open" ferry_lucet_path_open(a: i32, b: i32, c: i32, d: i32, e: i32, f: i64, g: i64, h: i32, i: i32) -> i32;
    "wasi_snapshot_preview1" "path_readlink" ferry_lucet_path_readlink(a: i32, b: i32, c: i32, d: i32, e: i32, f: i32) -> i32;
    "wasi_snapshot_preview1" "path_remove_directory" ferry_lucet_path_remove_directory(a: i32, b: i32, c: i32) -> i32;
    "wasi_snapshot_preview1" "path_rename" ferry_lucet_path_rename(a: i32, b: i32, c: i32, d: i32, e: i32, f: i32) -> i32;
    "wasi_snapshot_preview1" "path_symlink" ferry_lucet_path_symlink(a: i32, b: i32, c: i32, d: i32, e: i32) -> i32;
    "wasi_snapshot_preview1" "path_unlink_file" ferry_lucet_path_unlink_file(a: i32, b: i32, c: i32) -> i32;
    "wasi_snapshot_preview1" "poll_oneoff" ferry_lucet_poll_oneoff(a: i32, b: i32, c: i32, d: i32) -> i32;
    "wasi_snapshot_preview1" "proc_exit" ferry_lucet_proc_exit(a: i32) -> ();
    "wasi_snapshot_preview1" "proc_raise" ferry_lucet_proc_raise(a: i32) -> i32;
    "wasi_snapshot_preview1" "random_get" ferry_lucet_random_get(a: i32, b: i32) -> i32;
    "wasi_snapshot_preview1" "sched_yield" ferry_lucet_sched_yield() -> i32;
    "wasi_snapshot_preview1" "sock_accept" ferry_lucet_sock_accept(a: i32, b: i32, c: i32) -> i32;
    "wasi_snapshot_preview1" "sock_recv" ferry_lucet_sock_recv(a: i32, b: i32, c: i32, d: i32, e: i32, f: i32) -> i32;
    "wasi_snapshot_preview1" "sock_send" ferry_lucet_sock_send(a: i32, b: i32, c: i32, d: i32, e: i32) -> i32;
    "wasi_snapshot_preview1" "sock_shutdown" ferry_lucet_sock_shutdown(a: i32, b: i32) -> i32;
    "ferry" "poll" ferry_lucet_poll() -> ();
}

/// Learns the numbers of the host functions; once, before anything runs.
pub fn resolve(host: &Host) -> Result<Vec<Hostcall>, Error> {
    let calls = all();
    for call in &calls {
        let number = host.resolve(call.module, call.name, call.params, call.results)?;
        call.number.store(number, Ordering::Relaxed);
    }
    Ok(calls)
}
