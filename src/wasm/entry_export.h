// Names that a lowered component exports and imports (docs/formats/lowered-component.md).
#pragma once

#include <string_view>

namespace ferry::wasm {

inline constexpr char kHttpExport[] = "ferry:http";  // () -> ()
inline constexpr char kRunExport[] = "ferry:run";    // () -> i32

// Modules of imports: what lowering adds, and the built-ins of WASI 0.3.
inline constexpr char kAbiModule[] = "ferry:abi";
inline constexpr char kCanonModule[] = "ferry:canon";

// All other exports whose names begin so are ferry's own, not a guest's.
inline constexpr char kReservedPrefix[] = "ferry:";

inline bool is_reserved_export(std::string_view name) {
  return name.starts_with(kReservedPrefix) && name != kHttpExport && name != kRunExport;
}

}  // namespace ferry::wasm
