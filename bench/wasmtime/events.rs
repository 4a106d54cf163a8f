//! One event at a time on Wasmtime with its own WASI: a fresh pooled instance for each, stdio in
//! memory, set up as ferry sets up its own engine.
//!
//!   wasmtime-events FUNCTION.wasm DATA EVENTS
//!
//! For each line on stdin, runs EVENTS events and prints the microseconds of CPU time that one took.
use std::io::{BufRead, Write};

use wasmtime::{
    Config, Engine, InstanceAllocationStrategy, InstancePre, Linker, Module, PoolingAllocationConfig,
    Result, Store,
};
use wasmtime_wasi::p1::{self, WasiP1Ctx};
use wasmtime_wasi::p2::pipe::{MemoryInputPipe, MemoryOutputPipe};
use wasmtime_wasi::{I32Exit, WasiCtxBuilder};

/// As many and as long as those that ferry gives a function for a plain request.
const ENVIRONMENT: [(&str, &str); 8] = [
    ("CE_ID", "0197a3c5-7b1e-7c3a-9d2f-0123456789ab"),
    ("CE_SOURCE", "http://127.0.0.1:8080/"),
    ("CE_TYPE", "http.request"),
    ("CE_SPECVERSION", "1.0"),
    ("CE_SUBJECT", "/"),
    ("CE_TIME", "2026-11-22T13:04:05.123456789Z"),
    ("CE_DATACONTENTTYPE", "application/json"),
    ("CE_HTTPMETHOD", "POST"),
];

/// What this thread was charged for so far (Linux, proc(5): schedstat).
fn cpu_us() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").expect("schedstat");
    let nanoseconds = text.split(' ').next().and_then(|first| first.parse::<f64>().ok());
    nanoseconds.expect("a number") / 1e3
}

fn engine() -> Result<Engine> {
    let mut pool = PoolingAllocationConfig::default();
    pool.total_core_instances(4)
        .total_memories(4)
        .total_tables(16)
        .max_memory_size(128 << 20)
        .linear_memory_keep_resident(64 << 10)
        .table_keep_resident(16 << 10);
    let mut config = Config::new();
    config
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool))
        .memory_init_cow(true)
        .epoch_interruption(true);
    Engine::new(&config)
}

fn event(engine: &Engine, pre: &InstancePre<WasiP1Ctx>, data: &str) -> Result<usize> {
    let stdout = MemoryOutputPipe::new(6 << 20);
    let stderr = MemoryOutputPipe::new(1 << 20);
    let context = WasiCtxBuilder::new()
        .arg("hello-c")
        .envs(&ENVIRONMENT)
        .stdin(MemoryInputPipe::new(data.to_owned()))
        .stdout(stdout.clone())
        .stderr(stderr.clone())
        .build_p1();
    let mut store = Store::new(engine, context);
    store.set_epoch_deadline(1000);
    let instance = pre.instantiate(&mut store)?;
    let start = instance.get_typed_func::<(), ()>(&mut store, "_start")?;
    if let Err(error) = start.call(&mut store, ()) {
        match error.downcast_ref::<I32Exit>() {
            Some(I32Exit(0)) => {}
            _ => return Err(error),
        }
    }
    drop(store);
    Ok(stdout.contents().len())
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, wasm, data, events] = arguments.as_slice() else {
        eprintln!("usage: wasmtime-events FUNCTION.wasm DATA EVENTS");
        std::process::exit(2);
    };
    let events: u32 = events.parse().expect("a number of events");
    let engine = engine()?;
    let module = Module::from_file(&engine, wasm)?;
    let mut linker = Linker::new(&engine);
    p1::add_to_linker_sync(&mut linker, |context| context)?;
    let pre = linker.instantiate_pre(&module)?;
    for line in std::io::stdin().lock().lines() {
        line?;
        let from = cpu_us();
        for _ in 0..events {
            assert!(event(&engine, &pre, data)? > 0, "no reply");
        }
        println!("{:.3}", (cpu_us() - from) / f64::from(events));
        std::io::stdout().flush()?;
    }
    Ok(())
}
