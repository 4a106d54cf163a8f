// The functions of WASI 0.2 and 0.3 as core functions on linear memory: one table that every engine
// binds in the same way, as it does preview 1's (wasi/calls.h). Types are those that the canonical
// ABI gives after flattening (component model, CanonicalABI.md, "Flattening").
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "wasi/calls.h"

namespace ferry::wasi2 {

// What a lowered component imports beside WASI; docs/formats/lowered-component.md.
inline constexpr std::string_view kAbiModule = "ferry:abi";
inline constexpr std::string_view kCanonModule = "ferry:canon";

// The canonical ABI's bound on flattened parameters.
inline constexpr std::size_t kMaxParams = 16;

// What a function tells the engine: give `value` to the guest, or end the guest now. Why it ended
// is in the Session or the Context.
struct CallResult {
  std::uint64_t value = 0;
  bool stop = false;
};

// Arguments: i32 zero-extended in 64 bits. Never throws, never blocks past the context's deadline.
using CallFn = CallResult (*)(wasi::Context& context, wasi::Memory memory,
                              const std::uint64_t* args);

struct Function {
  std::string_view interface;  // "wasi:io/streams", without its version
  std::string_view name;       // "[method]input-stream.read"
  std::string_view params;     // one letter each: 'i' i32, 'I' i64
  std::string_view results;    // likewise, one at most
  CallFn call;
};

// Those of WASI 0.2 and of ferry:abi, and those of WASI 0.3 and of ferry:canon, each sorted by
// interface, then name. The interfaces of 0.3 end in "@0.3".
std::span<const Function> functions();
std::span<const Function> async_functions();

// What serves an import: `module` is an interface with a version of 0.2 or 0.3
// ("wasi:io/poll@0.2.3"), "ferry:abi" or "ferry:canon", `name` the function's, with or without "#2"
// behind it. Null where nothing does.
const Function* find_function(std::string_view module, std::string_view name);

// For engines that bind functions of one type only (wasm/one_import.h): the number of what serves
// an import, the same in every version of ferry that has the function, and what a number stands
// for: where it is none, a call that ends the guest.
std::optional<std::uint32_t> function_number(std::string_view module, std::string_view name);
const Function& find_numbered(std::uint32_t number);

}  // namespace ferry::wasi2
