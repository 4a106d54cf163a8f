// Rewrites a module so that it starts where its start-up ended. Works on the binary alone; it is
// run in between by snapshot/snapshot.h. The steps for a command:
//
//   1. trap_at_first_read: a copy that traps at its first read of stdin. Its backtrace names the
//      functions that are then on the stack.
//   2. binaryen's asyncify instruments just those (not here).
//   3. unwind_at_first_read: at the first read of stdin the stack is written into pages grown past
//      the guest's end, and _start returns.
//   4. bake: memory and globals as they then are become the module's first state; _start rewinds,
//      and the read continues with the event's data.
//
// The result is an ordinary module with the same imports and the same ABI. A reactor needs
// only the last step, after _initialize.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "wasm/binary.h"

namespace ferry::snapshot {

// Custom section of a baked module: JSON that says of what and how it was made.
inline constexpr char kSnapshotSection[] = "ferry:snapshot";

// `trapping`: functions that are not to be entered before that.
Result<Bytes> trap_at_first_read(ByteView wasm, const wasm::Binary& binary,
                                 const std::vector<std::uint32_t>& trapping = {});
// The same where engines cut a backtrace short: each function defined here has a global of its own,
// from index `first_counter` on, that is not 0 while it is on the stack.
Result<Bytes> count_at_first_read(ByteView wasm, const wasm::Binary& binary,
                                  std::uint32_t& first_counter);

// Of an asyncified module: `first_async_global` is the index of the first of the two globals that
// asyncify adds (state, then data), which is the number of globals before it ran.
// `pages`: of memory for the stack.
Result<Bytes> unwind_at_first_read(ByteView wasm, const wasm::Binary& binary,
                                   std::uint32_t first_async_global, std::uint32_t pages = 1);

// Indices of the globals of unwind_at_first_read's module.
struct UnwindGlobals {
  std::uint32_t state;   // asyncify's: 0 normal, 1 unwinding, 2 rewinding
  std::uint32_t data;    // asyncify's: address of {where the stack ends, its bound}
  std::uint32_t phase;   // ours: 1 once the read was met
  std::uint32_t area;    // ours: address of what was grown
  std::uint32_t length;  // ours: bytes of it to be zeroed after the rewind
};
UnwindGlobals unwind_globals(std::uint32_t first_async_global);

// What _start (of a reactor: _initialize) does before anything else, at every event: fresh
// randomness at these addresses, by random_get, and words that go with it.
struct Redraw {
  std::uint32_t at = 0;    // address
  std::uint32_t size = 0;  // bytes
};
struct Word {
  std::uint32_t at = 0;  // address
  std::int32_t value = 0;
};

struct Baked {
  ByteView memory;                     // the whole linear memory as it is
  std::vector<std::uint64_t> globals;  // bits by global index; only those of numbers matter
  bool rewinds = false;                // _start is to rewind first (a command)
  UnwindGlobals unwind{};              // when it rewinds
  std::vector<Redraw> redraws;         // within the memory; needs the import random_get
  std::vector<Word> words;
  std::string note;                                 // JSON for kSnapshotSection
  std::vector<wasm::LeftHandle> left_handles = {};  // for wasm::kHandlesSection
};
Result<Bytes> bake(ByteView wasm, const wasm::Binary& binary, const Baked& baked);

}  // namespace ferry::snapshot
