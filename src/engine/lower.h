// Rewrites a module in older instructions for an engine that lacks newer ones, by binaryen's
// wasm-opt as a child process with limits. What comes out is compiled and kept in the bundle, so
// it is done once a function and engine.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "engine/engine.h"
#include "wasm/binary.h"
#include "wasm/lower.h"
#include "wasm/prepare.h"

namespace ferry::engine {

struct LowerLimits {
  std::chrono::seconds cpu_time{120};
  std::uint64_t result = 256ull << 20;  // bytes
};

// What this engine lacks of what the module uses: the features that wasm/lower.h names, and in
// `impossible` also "wasi-sockets" and "component-imports" where it binds neither.
wasm::Lowering lowering_for(const wasm::Binary& binary, const wasm::CodeFacts& facts,
                            const Capabilities& engine);

// wasm-opt, from $FERRY_WASM_OPT, where `tools/setup.sh binaryen` puts it, or PATH: Debian's is old
// (108), which does for snapshots and not for each rewriting. kNotFound says how to get it.
Result<std::string> find_wasm_opt();

// Runs wasm-opt with these flags on a module; `purpose` is for messages: "rewrite the function".
// kUnsupported where the tool is too old to know one of them.
Result<Bytes> run_wasm_opt(ByteView wasm, const std::vector<std::string>& flags,
                           std::string_view purpose, const LowerLimits& limits);

// The same function without what is listed in `lowering.rewrite`. kUnsupported when something of
// it has no older form.
Result<Bytes> lower(ByteView wasm, const wasm::Lowering& lowering, std::string_view engine,
                    const LowerLimits& limits);

// A module made ready for this engine: lowered where it must be, then prepared
// (wasm/prepare.h), polling where the engine has no deadline of its own.
struct Ready {
  wasm::Binary binary;  // of what was prepared: the original, or the lowered module
  wasm::Prepared prepared;
};
Result<Ready> ready_for(ByteView wasm, const wasm::Binary& binary, const Info& engine);

}  // namespace ferry::engine
