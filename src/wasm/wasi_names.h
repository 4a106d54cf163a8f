// The names and types of WASI preview 1's calls and of WasmEdge's sockets extension, for judging a
// module's imports. What the calls do is the wasi module's; its tests hold the two tables equal.
#pragma once

#include <span>
#include <string_view>

#include "wasm/binary.h"

namespace ferry::wasm {

inline constexpr char kWasiModule[] = "wasi_snapshot_preview1";
inline constexpr char kOldWasiModule[] = "wasi_unstable";

struct WasiName {
  std::string_view name;
  std::string_view params;  // 'i' i32, 'I' i64; the result is an i32, except for proc_exit
  // What prepare() names the import so that engines, which bind one type to a name, can tell calls
  // of one name apart. Empty: the name itself.
  std::string_view bound = {};
};

// Sorted by name; a name has an entry for each of its types.
std::span<const WasiName> wasi_names();
bool is_wasi_name(std::string_view name);
// Whether the call is of preview 1 itself; else it is of the sockets extension.
bool is_preview1(const WasiName& call);
// Null if there is no such call of this type.
const WasiName* find_wasi_call(std::string_view name, const FuncType& type);

}  // namespace ferry::wasm
