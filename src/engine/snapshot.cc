#include "engine/snapshot.h"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <thread>

#include <fmt/format.h>
#include <sys/mman.h>

#include "base/digest.h"
#include "base/file.h"
#include "engine/lower.h"
#include "function/module_edit.h"
#include "function/prepare.h"
#include "function/record.h"
#include "function/snapshot.h"

namespace ferry::engine {
namespace {

Error cannot(std::string message, std::string hint = "") {
  return {Code::kUnsupported, "no snapshot: " + std::move(message), std::move(hint)};
}

// Ticks the engine while a start-up runs, so that one that never ends is ended.
class Ticking {
 public:
  explicit Ticking(Engine& engine)
      : thread_([this, &engine] {
          while (!done_.load()) {
            engine.tick();
            std::this_thread::sleep_for(Engine::kTick);
          }
        }) {}
  ~Ticking() {
    done_.store(true);
    thread_.join();
  }
  Ticking(const Ticking&) = delete;
  Ticking& operator=(const Ticking&) = delete;

 private:
  std::atomic<bool> done_{false};
  std::thread thread_;
};

// One module, brought to life for its start-up.
struct Start {
  function::Binary binary;
  function::CodeFacts facts;
  std::unique_ptr<Module> module;
  std::unique_ptr<wasi::Context> context;
  std::unique_ptr<Instance> instance;
  Monotonic deadline;

  End call(std::string_view name) { return instance->call(name, *context, deadline); }
};

Result<Start> start(Engine& engine, const CompilePrepared& compile, ByteView wasm,
                    const SnapshotOptions& options) {
  Start out;
  FERRY_TRY(out.binary, function::read_binary(wasm));
  FERRY_TRY(auto prepared, function::prepare(wasm, out.binary, {}));
  out.facts = prepared.facts;
  FERRY_TRY(Bytes artifact, compile(prepared.wasm));
  Fd memory(::memfd_create("ferry-snapshot", MFD_CLOEXEC));
  FERRY_CHECK_OK(write_all(memory.get(), artifact, "memory"));
  FERRY_TRY(out.module, engine.load(memory.get(), 0, artifact.size()));
  out.context = std::make_unique<wasi::Context>(system_clock(), system_random());
  out.deadline = system_clock().monotonic() + options.timeout;
  wasi::Setup setup;
  setup.lists.args = {options.name};
  setup.lists.environ = options.environ;
  setup.deadline = out.deadline;
  out.context->reset(std::move(setup));
  FERRY_TRY(out.instance, out.module->instantiate({options.memory, std::nullopt}));
  return out;
}

// "  3: function 1245" on each line, as long as names are left out.
std::vector<std::uint32_t> frames_of(std::string_view backtrace) {
  std::vector<std::uint32_t> out;
  constexpr std::string_view kMark = "function ";
  for (std::size_t at = 0; (at = backtrace.find(kMark, at)) != std::string_view::npos;) {
    at += kMark.size();
    std::uint32_t index = 0;
    std::from_chars(backtrace.data() + at, backtrace.data() + backtrace.size(), index);
    out.push_back(index);
  }
  return out;
}

// The functions on the stack at the first read of stdin, without our own wrapper.
Result<std::vector<std::uint32_t>> find_frames(Engine& engine, const CompilePrepared& compile,
                                               ByteView wasm, const function::Binary& binary,
                                               const SnapshotOptions& options) {
  FERRY_TRY(Bytes trapping, function::trap_at_first_read(wasm, binary));
  FERRY_TRY(Start run, start(engine, compile, trapping, options));
  if (run.facts.writes_tables || run.facts.drops_data) {
    return cannot("its code changes tables or drops segments, which a snapshot does not hold");
  }
  if (binary.start) {
    if (End end = run.call(function::kStartExport); end.kind != End::Kind::kReturned) {
      return cannot("its start function failed: " + end.message);
    }
  }
  End end = run.call("_start");
  const std::uint32_t own = function::imported_functions(run.binary) +
                            static_cast<std::uint32_t>(run.binary.functions.size()) - 1;
  std::vector<std::uint32_t> frames = frames_of(end.backtrace);
  if (end.kind != End::Kind::kTrapped || frames.empty() || frames.front() != own) {
    std::string how = end.kind == End::Kind::kTrapped    ? "it trapped: " + end.message
                      : end.kind == End::Kind::kDeadline ? "its start-up did not end in time"
                                                         : "it came to its end";
    return cannot("it did not read stdin (" + how + ")",
                  "only what happens before the first read of stdin can be taken ahead");
  }
  frames.erase(frames.begin());
  if (run.context->drawn().wrote) {
    return cannot("it wrote to stdout or stderr before its first read of stdin",
                  "read the event first, then log");
  }
  if (run.context->drawn().files) {
    return cannot("it opened files before its first read of stdin");
  }
  std::ranges::sort(frames);
  frames.erase(std::unique(frames.begin(), frames.end()), frames.end());
  return frames;
}

std::vector<std::uint64_t> read_globals(Start& run) {
  std::vector<std::uint64_t> out(run.binary.globals.size());
  for (std::uint32_t i = 0; i < out.size(); ++i) {
    if (auto handle = run.instance->find_global(function::kGlobalPrefix + std::to_string(i))) {
      out[i] = run.instance->get_global(*handle);
    }
  }
  return out;
}

std::string note(ByteView original, std::string_view at, const wasi::Drawn& drawn) {
  return fmt::format(
      R"({{"version":1,"of":"{}","at":"{}","random":{},"clock":{},"environ":{},"args":{}}})",
      digest_of(original), at, drawn.random, drawn.clock, drawn.environ, drawn.args);
}

Result<Snapshot> snapshot_command(Engine& engine, const CompilePrepared& compile, ByteView wasm,
                                  const function::Binary& binary, const SnapshotOptions& options) {
  FERRY_TRY(auto frames, find_frames(engine, compile, wasm, binary, options));
  // binaryen names functions that have no name by their place among those defined here.
  for (std::uint32_t& frame : frames) {
    frame -= function::imported_functions(binary);
  }
  function::ModuleEdit edit(wasm, binary);
  edit.drop_custom("name");
  FERRY_TRY(Bytes nameless, edit.finish());
  std::vector<std::string> flags = {
      "--enable-bulk-memory",
      "--enable-bulk-memory-opt",
      "--enable-sign-ext",
      "--enable-nontrapping-float-to-int",
      "--asyncify",
      "--pass-arg=asyncify-imports@wasi_snapshot_preview1.fd_read",
      fmt::format("--pass-arg=asyncify-onlylist@{}", fmt::join(frames, ","))};
  FERRY_TRY(Bytes instrumented, run_wasm_opt(nameless, flags, "take the start-up ahead", {}));
  FERRY_TRY(auto instrumented_binary, function::read_binary(instrumented));
  const auto first = static_cast<std::uint32_t>(binary.globals.size());
  FERRY_TRY(Bytes unwinding,
            function::unwind_at_first_read(instrumented, instrumented_binary, first));
  FERRY_TRY(Start run, start(engine, compile, unwinding, options));
  if (binary.start) {
    if (End end = run.call(function::kStartExport); end.kind != End::Kind::kReturned) {
      return cannot("its start function failed: " + end.message);
    }
  }
  End end = run.call("_start");
  const function::UnwindGlobals at = function::unwind_globals(first);
  std::vector<std::uint64_t> globals = read_globals(run);
  if (end.kind != End::Kind::kReturned || globals[at.state] != 1) {
    return cannot("its stack could not be taken off at the first read of stdin: " + end.message +
                      "\n" + end.backtrace,
                  "the second run did not go the way of the first");
  }
  if (end = run.call("asyncify_stop_unwind"); end.kind != End::Kind::kReturned) {
    return cannot("asyncify: " + end.message);
  }
  globals = read_globals(run);
  wasi::Memory memory = run.instance->memory();
  const auto area = static_cast<std::uint32_t>(globals[at.area]);
  if (memory.size < 8 || area > memory.size - 8) {
    return cannot("its stack went astray");
  }
  std::uint32_t top = 0;
  std::copy_n(memory.base + area, sizeof top, reinterpret_cast<std::uint8_t*>(&top));
  if (top < area || top > memory.size) {
    return cannot("its stack went astray");
  }
  globals[at.length] = (top - area + 7) / 8 * 8;
  function::Baked baked;
  baked.memory = ByteView(memory.base, memory.size);
  baked.globals = std::move(globals);
  baked.rewinds = true;
  baked.unwind = at;
  baked.note = note(wasm, "first read of stdin", run.context->drawn());
  Snapshot out;
  FERRY_TRY(out.wasm, function::bake(unwinding, run.binary, baked));
  out.drawn = run.context->drawn();
  out.frames = frames.size();
  out.stack_bytes = top - area;
  out.memory = memory.size;
  return out;
}

Result<Snapshot> snapshot_reactor(Engine& engine, const CompilePrepared& compile, ByteView wasm,
                                  const function::Binary& binary, const SnapshotOptions& options) {
  FERRY_TRY(Start run, start(engine, compile, wasm, options));
  if (run.facts.writes_tables || run.facts.drops_data) {
    return cannot("its code changes tables or drops segments, which a snapshot does not hold");
  }
  for (std::string_view name :
       {std::string_view(function::kStartExport), std::string_view("_initialize")}) {
    bool there = name == "_initialize"
                     ? binary.find_export(name, function::ExternKind::kFunc) != nullptr
                     : binary.start.has_value();
    if (!there) {
      continue;
    }
    if (End end = run.call(name); end.kind != End::Kind::kReturned) {
      return cannot(fmt::format("{} failed: {}", name, end.message));
    }
  }
  const wasi::Drawn& drawn = run.context->drawn();
  if (drawn.wrote || drawn.files || drawn.stdin_read) {
    return cannot("its _initialize wrote, read stdin, or opened files");
  }
  function::Baked baked;
  wasi::Memory memory = run.instance->memory();
  baked.memory = ByteView(memory.base, memory.size);
  baked.globals = read_globals(run);
  baked.note = note(wasm, "after _initialize", drawn);
  Snapshot out;
  FERRY_TRY(out.wasm, function::bake(wasm, run.binary, baked));
  out.drawn = drawn;
  out.memory = memory.size;
  return out;
}

}  // namespace

Result<Snapshot> make_snapshot(Engine& engine, const CompilePrepared& compile, ByteView wasm,
                               const function::Binary& binary, const SnapshotOptions& options) {
  Ticking ticking(engine);
  switch (binary.abi) {
    case function::Abi::kCommand:
      return snapshot_command(engine, compile, wasm, binary, options);
    case function::Abi::kReactor:
      return snapshot_reactor(engine, compile, wasm, binary, options);
    default:
      return cannot("it is neither a command nor a reactor");
  }
}

}  // namespace ferry::engine
