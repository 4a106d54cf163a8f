// The custom section "ferry:component" of a lowered module: what the component was
// (docs/formats/lowered-component.md).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "component/entry.h"
#include "wasm/binary.h"

namespace ferry::component {

inline constexpr char kSectionName[] = "ferry:component";
// Raised with every change of the lowered form; a module with another is lowered anew.
inline constexpr std::uint32_t kLoweredVersion = 1;

struct LoweredImport {
  std::string module;  // as the lowered module imports it
  std::string field;
  std::string interface;  // as the component does; "" for a canonical built-in
  std::string function;
  Encoding encoding = Encoding::kUtf8;
  bool allocates = false;  // its results are put into memory from the guest's realloc
  bool is_async = false;
};

// What a component was, for people and tools.
struct Description {
  bool is_http = false;
  Generation generation = Generation::kWasi02;
  std::string interface;  // the one that takes events
  std::string function;
  std::string digest;              // of the component's file
  std::uint64_t size = 0;          // likewise, in bytes
  std::uint32_t core_modules = 0;  // merged
  std::vector<LoweredImport> imports;
};

Bytes write_section(const Description& description);
// kInvalid for a malformed one, kUnsupported for another version.
Result<Description> read_section(ByteView contents);
// Of a module, if it has one.
Result<std::optional<Description>> find_section(ByteView wasm, const wasm::Binary& binary);

}  // namespace ferry::component
