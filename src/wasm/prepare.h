// Rewrites a core module so that every engine can enforce what some cannot, once, in our code.
// The prepared module is what engines compile; the original's digest stays its identity.
//
// 1. memory.grow goes through a function of ours that knows the limit, refuses growth past it
//    as the standard lets it (-1), and notes what was refused: hence "out-of-memory" means the
//    same on every engine.
// 2. Where asked (an engine without a deadline of its own): function entries and loop heads count
//    down and call back, so that a deadline holds in-process.
// 3. A start section becomes an export: the host calls it like any other function of the guest,
//    with WASI and a deadline, and instantiation itself runs no guest code.
// 4. Where asked: the functions of a lowered component are imported as one (wasm/one_import.h).
// 5. Mutable globals and the memory are exported, so that an instance's state can be saved and
//    reset.
// 6. Imports of WASI whose name has several types get different names (wasi_names.h).
// 7. Segments that do not fit trap when kStartExport is called, on every engine.
// 8. Of the custom sections the names of functions stay.
//
// Nothing else changes: indices, names and behaviour stay. (With polling there is one import more,
// and the functions behind it move up by one; with one import for all, what named an import names
// the function in its place.) The encoding may become older and shorter, so that more engines take
// it: calculated constants (wasm/first_values.h), the number of a table in more bytes than it
// needs, a count of data segments that the code does not need.
//
// The added functions and globals follow the guest's own. They touch no memory and no other
// global.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "wasm/binary.h"
#include "wasm/one_import.h"

namespace ferry::wasm {

// Names of what preparation adds. Guests that already use the prefix are refused.
// The limit: i64, mutable, bytes. 0 at first: until the host has set it, no memory grows.
inline constexpr char kMemoryLimitGlobal[] = "ferry:memory_limit";
// i64, mutable: the size in bytes that the last refused growth would have led to, or 0.
inline constexpr char kMemoryRefusedGlobal[] = "ferry:memory_refused";
inline constexpr char kMemoryExport[] = "ferry:memory";
inline constexpr char kGlobalPrefix[] = "ferry:g";     // + index: each mutable global of the guest
inline constexpr char kStartExport[] = "ferry:start";  // what the start section named
inline constexpr char kPollModule[] = "ferry";         // import, only with poll: ferry.poll ()->()
inline constexpr char kPollName[] = "poll";
// Function entries and loop rounds between two polls.
inline constexpr std::int32_t kPollBudget = 4096;

struct PrepareOptions {
  bool poll = false;  // count down at entries and loop heads
  bool export_globals = true;
  // Imports that it knows are called through one of one type (wasm/one_import.h).
  ImportNumber one_import = {};
};

// What the reader of the code found: decides whether an instance can be reset in place.
struct CodeFacts {
  bool writes_tables = false;  // table.set/grow/fill/init/copy, elem.drop
  bool drops_data = false;     // data.drop
  bool uses_simd = false;
  bool uses_bulk_memory = false;
  bool uses_sign_extension = false;
  bool uses_saturating_float_to_int = false;
  bool uses_multi_value = false;
  bool uses_reference_types = false;
  bool uses_externref = false;  // beyond reference types: values that the host gives out
  bool uses_relaxed_simd = false;
  bool uses_tail_calls = false;
  bool uses_exceptions = false;         // with exnref: try_table, throw_ref
  bool uses_legacy_exceptions = false;  // the older form: try, catch, delegate
  bool uses_threads = false;
  bool grows_memory = false;
  bool has_opaque_globals = false;  // mutable ones of vectors or references: not to be saved
  bool traps_at_start = false;      // a segment does not fit: kStartExport traps
};

// Reads the code without changing anything: for `ferry check`, and to decide about lowering.
// kInvalid, naming the offset, where an instruction is not understood.
Result<CodeFacts> read_code_facts(ByteView wasm, const Binary& binary);

struct Prepared {
  Bytes wasm;
  CodeFacts facts;
};

inline constexpr std::uint32_t kPrepareVersion = 2;  // part of a bundle's key

// kUnsupported for what no engine here runs: components, exceptions, threads, several memories,
// 64-bit memory, names that begin with "ferry:".
Result<Prepared> prepare(ByteView wasm, const Binary& binary, const PrepareOptions& options);

}  // namespace ferry::wasm
