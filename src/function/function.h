// A Function: one .wasm file plus its optional manifest. Its digest names it everywhere.
#pragma once

#include <optional>
#include <string>

#include "base/bytes.h"
#include "function/manifest.h"
#include "wasm/binary.h"

namespace ferry::function {

struct Function {
  std::string name;
  std::string digest;  // "sha256:…" of the wasm file
  std::string path;    // where it was read from, or empty
  Bytes wasm;
  wasm::Binary binary;
  Manifest manifest;
};

// Keeps what components were lowered to, so that only the first start does that work. The digest is
// the component's.
class LoweredCache {
 public:
  virtual ~LoweredCache() = default;
  // Proven to be what keep() was given, by this version of lowering; nothing where it is not there.
  virtual std::optional<Bytes> find(const std::string& digest) const = 0;
  // Where it cannot be kept, the next start lowers again, and nothing is said.
  virtual void keep(const std::string& name, const std::string& digest, ByteView lowered) const = 0;
};

// Reads FUNCTION as a user names it: a .wasm file, a ferry.toml, or a folder that holds one.
// `manifest_path` (may be empty) overrides the ferry.toml beside the wasm file. A ferry.toml
// beside a wasm file applies only where its [function].wasm names that file, or names none.
// `sections`: the tables of platforms that a manifest may have. `cache`: of large components;
// borrowed, or null.
Result<Function> load_function(const std::string& path, const std::string& manifest_path,
                               Sections sections = {}, const LoweredCache* cache = nullptr);

// The same from bytes that came over a wire.
Result<Function> make_function(const std::string& name, Bytes wasm, Manifest manifest,
                               const LoweredCache* cache = nullptr);

// Whether we can run it at all, and if not why and what to do: no entry point, a component,
// unknown imports, shared or 64-bit memory, more memory than the limit.
Status check_runnable(const Function& function);

}  // namespace ferry::function
