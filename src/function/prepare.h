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
// 4. Mutable globals and the memory are exported, so that an instance's state can be saved and
//    set back.
//
// Nothing else changes: indices, names and behaviour stay.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "function/binary.h"

namespace ferry::function {

// Names of what preparation adds. Guests that already use the prefix are refused.
inline constexpr char kMemoryLimitGlobal[] = "ferry:memory_limit";  // i64, mutable: bytes
inline constexpr char kMemoryRefusedGlobal[] =
    "ferry:memory_refused";  // i64: bytes asked for by the
                             // last refused growth, or 0
inline constexpr char kMemoryExport[] = "ferry:memory";
inline constexpr char kGlobalPrefix[] = "ferry:g";     // + index: each mutable global of the guest
inline constexpr char kStartExport[] = "ferry:start";  // what the start section named
inline constexpr char kPollModule[] = "ferry";         // import, only with poll: ferry.poll ()->()
inline constexpr char kPollName[] = "poll";

struct PrepareOptions {
  bool poll = false;  // count down at entries and loop heads
  bool export_globals = true;
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
  bool uses_tail_calls = false;
  bool uses_exceptions = false;
  bool uses_threads = false;
  bool grows_memory = false;
};

struct Prepared {
  Bytes wasm;
  CodeFacts facts;
};

inline constexpr std::uint32_t kPrepareVersion = 1;  // part of a bundle's key

Result<Prepared> prepare(ByteView wasm, const Binary& binary, const PrepareOptions& options);

}  // namespace ferry::function
