// The names and types of WASI preview 1's calls, for judging a module's imports. What the calls
// do is the wasi module's; its tests hold the two tables equal.
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
};

// Sorted by name.
std::span<const WasiName> wasi_names();
// Null if there is no such call.
const WasiName* find_wasi_name(std::string_view name);
bool has_wasi_type(const WasiName& call, const FuncType& type);

}  // namespace ferry::wasm
