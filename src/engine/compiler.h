// Compiles in a child process with its own time and memory limits: an engine's compiler gives no
// promise about hostile input. The child is this program again, with a hidden verb.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "base/bytes.h"
#include "engine/engine.h"
#include "engine/loader.h"

namespace ferry::engine {

// A child may wait for a busy machine, but not without end.
inline constexpr int kWallPerCpu = 5;

struct CompileLimits {
  std::chrono::seconds cpu_time{120};
  std::uint64_t memory = 4ull << 30;    // address space of the child
  std::uint64_t artifact = 1ull << 30;  // bytes of the result
};

// `engine` as for load_engine. kLimit when the child ran into a limit, kInvalid with the engine's
// words when the module is not valid.
Result<Bytes> compile_in_child(const std::string& engine, const EngineOptions& options,
                               ByteView prepared, const CompileLimits& limits);

// How this program makes its engine: load_engine, or make_linked_engine.
using MakeEngine =
    std::function<Result<LoadedEngine>(const std::string& name, const EngineOptions& options)>;

// The child's side: main() calls this before anything else when argv[1] is kCompileVerb.
// Reads prepared wasm from stdin, writes the artifact to stdout. Returns the exit code.
inline constexpr char kCompileVerb[] = "__compile";
int compile_child_main(int argc, char** argv, const MakeEngine& make);

}  // namespace ferry::engine
