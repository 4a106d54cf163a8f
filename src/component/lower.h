// Makes of a component one core module that every engine takes (docs/components.md): its core
// modules merged, its WASI imports plain functions, its entry an export without parameters.
#pragma once

#include "component/section.h"

namespace ferry::component {

// Raised with every change of what comes out: lowered modules are kept by it (bundle/store.h).
inline constexpr int kLoweringVersion = 1;

struct Lowered {
  Bytes wasm;
  Description description;
};

// `file` is a component, `binary` was read from it, `digest` is the file's. kUnsupported with one
// sentence that says what it is for a component that cannot be one module; kInvalid where it is
// malformed. Takes time and memory in proportion to the file.
Result<Lowered> lower(ByteView file, const wasm::Binary& binary, std::string_view digest);

}  // namespace ferry::component
