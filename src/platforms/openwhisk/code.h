// What a user uploaded as an action's code: one wasm file, one signed bundle, or a zip of several
// and a ferry.toml. Only sorts and selects; nothing is compiled, checked or run here. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"

namespace ferry::platforms::openwhisk {

struct Upload {
  enum class Kind : unsigned char { kWasm, kBundle };
  Kind kind = Kind::kWasm;
  std::string name;  // the file's stem, in a zip; else empty
  Bytes bytes;
  std::string manifest;  // ferry.toml's text, from a zip, for kWasm
};

// `text` is exec.code: base64. `main` names the function among several in a zip. kInvalid with a
// message for the developer of the action.
Result<Upload> read_code(std::string_view text, const std::string& main);

// Whether bytes begin as a wasm module does.
bool looks_like_wasm(ByteView bytes);

}  // namespace ferry::platforms::openwhisk
