// What executes wasm. Each engine is a plug-in (src/engines/*) that implements these four classes
// and nothing else; it binds our WASI (wasi/calls.h) and brings none of its own.
//
// Engine and Module are thread-safe; an Instance is used by one thread at a time, but may move
// between threads. No function here throws. Guest faults are Ends, never crashes.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/clock.h"
#include "wasi/calls.h"
#include "wasi/context.h"

namespace ferry::engine {

// What an engine can do, truthfully. Callers ask these, never the engine's name.
struct Capabilities {
  bool compiles_ahead = false;       // compile() makes native code; else the artifact is the wasm
  bool deadline = false;             // call() ends at the deadline by itself; else the module is
                                     // prepared with polling (wasm/prepare.h)
  bool counts_instructions = false;  // when EngineOptions::count_instructions is set
  bool stack_limit = false;          // deep recursion is a trap, not a crash
  bool backtraces = false;           // End::backtrace is filled
  bool exact_traps = true;           // else some traps are called by a neighbour's name
  bool resettable = false;           // memory() is stable, may be protected, globals can be set
  bool pooling = false;              // instances come from a pool
  bool shares_images = false;        // pages that an instance has not written are the module's own
  bool bulk_memory = true;           // what it takes as it is; else ferry lowers the module first
  bool sign_extension = true;
  bool saturating_float_to_int = true;
  bool multi_value = true;
  bool reference_types = true;
  bool simd = true;
  bool any_imports = true;     // host functions of any type; else a component's go through one
  bool fixed_imports = false;  // binds preview 1's own calls and no others
  bool externref = true;       // within reference_types
  bool relaxed_simd = false;
  bool tail_calls = false;
};

struct Info {
  std::string name;         // "wasmtime"
  std::string version;      // "48.0.8"
  std::string variant;      // of the compiler: "cranelift", "singlepass", or empty
  std::string fingerprint;  // version, flags and CPU features: part of a bundle's key
  Capabilities capabilities;
};

// Of an interpreter: translates a function when it is called first, since most of a program never
// is. For one event at a time, as provisional versions run (host/in_service.h): so it is not to be
// had by an engine's name.
inline constexpr std::string_view kLazyVariant = "lazy";

struct EngineOptions {
  std::string variant;                    // empty: the engine's default
  std::uint64_t max_memory = 4ull << 30;  // bytes of linear memory an instance can ever have
  std::uint32_t max_instances = 64;       // alive at once (pool size where pooled)
  std::uint32_t max_stack = 512u << 10;   // bytes of guest stack
  bool count_instructions = false;
  bool compile_only = false;  // this process compiles and runs nothing
  bool symbols = false;       // artifacts keep them: for a profiler (profile/symbols.h)
};

struct InstanceLimits {
  std::uint64_t memory = 128ull << 20;  // bytes; set through kMemoryLimitGlobal
  std::optional<std::uint64_t> instructions;
};

// How a call into the guest ended.
struct End {
  enum class Kind : unsigned char {
    kReturned,  // value: the i32 returned, or 0
    kStopped,   // one of our WASI calls ended it: see Context::stop()
    kTrapped,   // message: the trap in the standard's words; backtrace if there is one
    kDeadline,
    kInstructions,  // the instruction limit
    kFailed,        // the engine's own fault; message
  };
  Kind kind = Kind::kReturned;
  std::int32_t value = 0;
  std::string message;
  std::string backtrace;  // one frame a line: "  1: main.main"
};

// A global reached through its export; the bits of i32/f32 are in the low half.
struct GlobalHandle {
  std::uint32_t index = 0;
};

class Instance {
 public:
  virtual ~Instance() = default;

  // Calls an exported function of type ()->() or ()->i32. WASI calls go to `wasi`.
  virtual End call(std::string_view name, wasi::Context& wasi, Monotonic deadline) = 0;

  // The linear memory exported as "memory" or kMemoryExport; {nullptr, 0} if there is none.
  virtual wasi::Memory memory() = 0;

  // For saving and restoring the first state. Only numeric globals.
  virtual std::optional<GlobalHandle> find_global(std::string_view name) = 0;
  virtual std::uint64_t get_global(GlobalHandle handle) = 0;
  virtual void set_global(GlobalHandle handle, std::uint64_t bits) = 0;

  // Counted so far, where counted.
  virtual std::optional<std::uint64_t> instructions() const { return std::nullopt; }
};

class Module {
 public:
  virtual ~Module() = default;
  // kLimit when the pool is full or the module wants more memory than the limit.
  virtual Result<std::unique_ptr<Instance>> instantiate(const InstanceLimits& limits) = 0;
};

// A module whose code is still where its file was mapped.
struct MappedModule {
  std::unique_ptr<Module> module;
  const std::uint8_t* image = nullptr;  // the artifact's first byte
};

class Engine {
 public:
  virtual ~Engine() = default;
  virtual const Info& info() const = 0;

  // Prepared wasm → artifact. May take seconds and much memory: run it in a child process
  // (engine/compiler.h) for bytes that are not yours.
  virtual Result<Bytes> compile(ByteView prepared) = 0;

  // An artifact that this engine (same fingerprint) made and that has been authenticated: it is
  // native code. The file stays mapped where the engine can map it: [offset, offset + size) of
  // `fd`, which may be closed afterwards.
  virtual Result<std::unique_ptr<Module>> load(int fd, std::uint64_t offset,
                                               std::uint64_t size) = 0;

  // The same, of the whole file from its start, with the code mapped in place and not even read: so
  // that it can be closed, and opened piece by piece once it is proven (bundle/code_guard.h). All
  // outside the file's code is proven already. kUnsupported where it would be copied or run.
  virtual Result<MappedModule> map(int /*fd*/, std::uint64_t /*size*/) {
    return Error{Code::kUnsupported, "this engine maps no artifacts", ""};
  }

  // Called each kTick by one thread of the process while anything runs. A deadline is kept to two
  // ticks; each tick wakes a core that has better things to do.
  static constexpr std::chrono::milliseconds kTick{4};
  virtual void tick() {}
};

// What a plug-in exports, as "ferry_engine_v1". Null on failure, with `error` filled.
using CreateFn = Engine* (*)(const EngineOptions& options, Error& error);
inline constexpr char kCreateSymbol[] = "ferry_engine_v1";

}  // namespace ferry::engine
