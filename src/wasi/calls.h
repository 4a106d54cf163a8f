// The 46 calls of WASI preview 1 (wasi_snapshot_preview1.witx) and the 15 of WasmEdge's sockets
// extension, as one table that every engine binds in the same way. A call sees guest memory as a
// span and its arguments as 64-bit slots.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace ferry::wasi {

class Context;

inline constexpr char kModule[] = "wasi_snapshot_preview1";
// The name before the snapshot was final; same calls except for fd_seek's and the stat structures'
// layout, which we do not offer: a module that imports it is refused with that reason.
inline constexpr char kOldModule[] = "wasi_unstable";

// The guest's linear memory for the length of one call. `base` may be null when size is 0.
struct Memory {
  std::uint8_t* base = nullptr;
  std::size_t size = 0;
};

// What a call tells the engine: give `value` to the guest (an errno; meaningless for proc_exit),
// or end the guest now. Why it ended is in the Context.
struct CallResult {
  std::uint32_t value = 0;
  bool stop = false;
};

// Arguments: i32 zero-extended in 64 bits. Never throws, never blocks past the context's deadline.
using CallFn = CallResult (*)(Context& context, Memory memory, const std::uint64_t* args);

struct Call {
  // "fd_write". Of calls whose name has two types one has a suffix here ("sock_accept.v1"), which
  // wasm::prepare() gives to the guest's import: an engine binds one type to a name.
  std::string_view name;
  std::string_view params;  // one letter each: 'i' i32, 'I' i64
  bool has_result;          // an i32; only proc_exit has none
  CallFn function;
};

// All of them, sorted by name.
std::span<const Call> calls();
const Call* find_call(std::string_view name);

inline constexpr std::size_t kMaxParams = 9;  // path_open

}  // namespace ferry::wasi
