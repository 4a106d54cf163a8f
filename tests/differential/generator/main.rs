//! generator SEED COUNT: writes COUNT modules to stdout, each its size (32 bits, little-endian)
//! and its bytes. The same seed gives the same modules. Each exports `call0` to `call3` of type
//! () -> i32 and its memory, ends within a budget, and stays within what all engines have.

use std::io::{self, Write};

use arbitrary::Unstructured;
use wasm_smith::{Config, Module};

/// SplitMix64: a stream of bytes from a seed.
struct Bytes(u64);
impl Bytes {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    fn take(&mut self, count: usize) -> Vec<u8> {
        (0..count.div_ceil(8)).flat_map(|_| self.next().to_le_bytes()).collect()
    }
}

/// An empty module with the exports that each generated one must have.
fn shape() -> Vec<u8> {
    let mut wasm = b"\0asm\x01\0\0\0".to_vec();
    wasm.extend([1, 5, 1, 0x60, 0, 1, 0x7f]); // type: () -> i32
    wasm.extend([3, 5, 4, 0, 0, 0, 0]); // four functions
    wasm.extend([5, 3, 1, 0, 1]); // memory of a page or more
    let mut exports = vec![5];
    exports.extend(b"\x06memory\x02\x00");
    for n in 0..4u8 {
        exports.extend(b"\x05call");
        exports.extend([b'0' + n, 0, n]);
    }
    wasm.extend([7, exports.len() as u8]);
    wasm.extend(exports);
    wasm.extend([10, 21, 4]);
    for _ in 0..4 {
        wasm.extend([4, 0, 0x41, 0, 0x0b]);
    }
    wasm
}

/// Every other module is written so that it cannot trap: those run on to their end.
fn config(number: u64) -> Config {
    Config {
        exports: Some(shape()),
        max_imports: 0,
        allow_start_export: false,
        bulk_memory_enabled: false,
        reference_types_enabled: false,
        multi_value_enabled: false,
        sign_extension_ops_enabled: false,
        saturating_float_to_int_enabled: false,
        simd_enabled: false,
        relaxed_simd_enabled: false,
        exceptions_enabled: false,
        gc_enabled: false,
        tail_call_enabled: false,
        threads_enabled: false,
        memory64_enabled: false,
        extended_const_enabled: false,
        wide_arithmetic_enabled: false,
        custom_page_sizes_enabled: false,
        disallow_traps: number % 2 == 1,
        canonicalize_nans: true,
        max_memories: 0,
        min_memories: 0, // the exported one comes on top
        
        max_memory32_bytes: 64 << 16,
        max_tables: 1,
        max_funcs: 20,
        min_funcs: 4,
        max_instructions: 200,
        max_data_segments: 4,
        memory_offset_choices: wasm_smith::MemoryOffsetChoices(95, 5, 0),
        ..Config::default()
    }
}

fn main() -> io::Result<()> {
    let numbers: Vec<u64> = std::env::args().skip(1).filter_map(|word| word.parse().ok()).collect();
    let [seed, count] = numbers[..] else {
        eprintln!("usage: generator SEED COUNT");
        std::process::exit(2);
    };
    let mut source = Bytes(seed);
    let mut out = io::BufWriter::new(io::stdout().lock());
    let mut made = 0;
    while made < count {
        let bytes = source.take(4096);
        let Ok(mut module) = Module::new(config(made), &mut Unstructured::new(&bytes)) else { continue };
        if module.ensure_termination(2000).is_err() {
            continue;
        }
        let wasm = module.to_bytes();
        out.write_all(&(wasm.len() as u32).to_le_bytes())?;
        out.write_all(&wasm)?;
        made += 1;
    }
    out.flush()
}
