#include "snapshot/snapshot.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "base/digest.h"
#include "base/seeded.h"
#include "engine/lower.h"
#include "snapshot/image.h"
#include "snapshot/start_up.h"
#include "wasm/module_edit.h"
#include "wasm/names.h"

namespace ferry::snapshot {
namespace {

// The second start is compared and thrown away. It draws the same each time, so that the same
// function gives the same answer each time it is asked for a snapshot.
constexpr std::uint64_t kSecondSeed = 0x7477696E;

// Of memory for the stack, where one is not enough.
constexpr std::uint32_t kMostPages = 16;

// Everything that stays the same from step to step.
struct Making {
  engine::Engine& engine;
  const CompilePrepared& compile;
  ByteView wasm;
  const wasm::Binary& binary;
  const SnapshotOptions& options;
  std::optional<GoProgram> go;
};

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

Status check_code(const wasm::CodeFacts& facts) {
  if (facts.writes_tables || facts.drops_data) {
    return no_snapshot("its code changes tables or drops segments, which a snapshot does not hold");
  }
  return Done{};
}

std::vector<std::uint32_t> drawing_functions(const Making& making) {
  return making.go ? making.go->drawing : std::vector<std::uint32_t>{};
}

// The name of the function that the trap is in, if it is one that was not to be entered.
std::string drawing_function(const Making& making, const engine::End& end) {
  const auto frames = frames_of(end.backtrace);
  if (end.kind != engine::End::Kind::kTrapped || frames.empty() || !making.go ||
      !std::ranges::binary_search(making.go->drawing, frames.front())) {
    return "";
  }
  return std::string(making.go->names[frames.front()]);
}

// The same by counting, where the backtrace does not go down to _start.
Result<std::vector<std::uint32_t>> count_frames(const Making& making) {
  std::uint32_t first_counter = 0;
  FERRY_TRY(Bytes counting, count_at_first_read(making.wasm, making.binary, first_counter));
  FERRY_TRY(Startable module, make_startable(making.engine, making.compile, counting));
  FERRY_TRY(StartUp run, start_up(module, making.options, *making.options.random));
  run.call("_start");
  const auto globals = run.globals(module.binary);
  std::vector<std::uint32_t> frames;
  for (std::uint32_t i = 0; i < making.binary.functions.size(); ++i) {
    if (globals[first_counter + i] != 0) {
      frames.push_back(wasm::imported_functions(making.binary) + i);
    }
  }
  return frames;
}

// What is open belongs to one event; memory that was taken then would hold its number at all
// others.
Status check_opened(const wasi::Context& context) {
  if (context.opened() == 0) return Done{};
  return no_snapshot("it keeps files open before it reads its event",
                     "read what it needs of them and close them, or open them when an event is "
                     "there");
}

// The functions on the stack at the first read of stdin, without our own wrapper. Fills `drew`.
Result<std::vector<std::uint32_t>> find_frames(const Making& making,
                                               const std::vector<std::uint32_t>& trapping,
                                               std::string& drew) {
  FERRY_TRY(Bytes trapped, trap_at_first_read(making.wasm, making.binary, trapping));
  FERRY_TRY(Startable module, make_startable(making.engine, making.compile, trapped));
  FERRY_CHECK_OK(check_code(module.facts));
  FERRY_TRY(StartUp run, start_up(module, making.options, *making.options.random));
  engine::End end = run.call("_start");
  if (!trapping.empty()) {
    if (drew = drawing_function(making, end); !drew.empty()) {
      std::string unused;
      return find_frames(making, {}, unused);
    }
  }
  const std::uint32_t own = wasm::imported_functions(module.binary) +
                            static_cast<std::uint32_t>(module.binary.functions.size()) - 1;
  std::vector<std::uint32_t> frames = frames_of(end.backtrace);
  if (end.kind != engine::End::Kind::kTrapped || frames.empty() || frames.front() != own) {
    std::string how = end.kind == engine::End::Kind::kTrapped ? "it trapped: " + end.message
                      : end.kind == engine::End::Kind::kDeadline
                          ? "its start-up did not end in time"
                          : "it came to its end";
    return no_snapshot("it did not read stdin (" + how + ")",
                       "a snapshot holds only what happens before the first read of stdin");
  }
  frames.erase(frames.begin());
  FERRY_CHECK_OK(run.check_worth(making.options.least_pages));
  if (run.context->drawn().wrote) {
    return no_snapshot("it wrote to stdout or stderr before its first read of stdin",
                       "read the event first, then log");
  }
  if (run.context->drawn().network) {
    return no_snapshot(
        "it reached for the network before it read its event; a connection can't be "
        "part of a snapshot",
        "connect when an event is there, after stdin was first read");
  }
  if (run.context->drawn().files) {
    return no_snapshot("it opened files before its first read of stdin");
  }
  FERRY_CHECK_OK(check_opened(*run.context));
  const auto* entry = making.binary.find_export("_start", wasm::ExternKind::kFunc);
  if (frames.empty() || entry == nullptr || frames.back() != entry->index) {
    return count_frames(making);
  }
  std::ranges::sort(frames);
  frames.erase(std::unique(frames.begin(), frames.end()), frames.end());
  return frames;
}

// Where the stack was kept, and how much of it.
struct Stack {
  std::uint32_t area = 0;
  std::uint32_t bytes = 0;
};

// Runs to the first read, where the stack goes into memory.
Result<Stack> unwind(StartUp& run, const Startable& module, const UnwindGlobals& at) {
  engine::End end = run.call("_start");
  std::vector<std::uint64_t> globals = run.globals(module.binary);
  if (end.kind != engine::End::Kind::kReturned || globals[at.state] != 1) {
    return no_snapshot(
        "its stack could not be taken off at the first read of stdin: " + end.message + "\n" +
            end.backtrace,
        fmt::format("it has more than {} KiB of stack there, or its second start did "
                    "not take the same path as the first",
                    kMostPages * 64));
  }
  if (end = run.call("asyncify_stop_unwind"); end.kind != engine::End::Kind::kReturned) {
    return no_snapshot("asyncify: " + end.message);
  }
  wasi::Memory memory = run.instance->memory();
  const auto area = static_cast<std::uint32_t>(globals[at.area]);
  if (memory.size < 8 || area > memory.size - 8) {
    return no_snapshot("its stack went astray");
  }
  std::uint32_t top = 0;
  std::copy_n(memory.base + area, sizeof top, reinterpret_cast<std::uint8_t*>(&top));
  if (top < area || top > memory.size) {
    return no_snapshot("its stack went astray");
  }
  return Stack{area, top - area};
}

std::string note(const Making& making, std::string_view at, const Frozen& frozen) {
  const wasi::Drawn& drawn = frozen.drawn;
  return fmt::format(
      R"({{"version":1,"of":"{}","at":"{}","random":{},"seeded_anew":{},"clock":{},"environ":{},)"
      R"("args":{},"folders":{},"files":"{}"}})",
      digest_of(making.wasm), at, drawn.random, frozen.generators, drawn.clock, drawn.environ,
      drawn.args, drawn.folders,
      making.options.files == nullptr ? "" : making.options.files->digest());
}

Baked baked_of(const Making& making, StartUp& run, std::string_view at, Frozen& frozen) {
  Baked baked;
  const wasi::Memory memory = run.instance->memory();
  baked.memory = ByteView(memory.base, memory.size);
  frozen.drawn = run.drawn();
  auto redrawing = find_frozen(making.wasm, making.binary, making.go, baked.memory,
                               run.random->first(), run.random->calls(), frozen);
  baked.redraws = std::move(redrawing.redraws);
  baked.words = std::move(redrawing.words);
  baked.note = note(making, at, frozen);
  return baked;
}

SecondStart second_start_of(StartUp& run, const wasm::Binary& binary) {
  const wasi::Memory memory = run.instance->memory();
  return {Bytes(memory.base, memory.base + memory.size), run.globals(binary)};
}

// What it drew could have been another: worth a second start.
bool could_differ(const Frozen& frozen) { return frozen.drawn.random || frozen.drawn.clock; }

Result<Snapshot> snapshot_command(const Making& making) {
  Snapshot out;
  FERRY_TRY(auto frames, find_frames(making, drawing_functions(making), out.frozen.drew));
  out.frames = frames.size();
  // binaryen names functions that have no name by their place among those defined here.
  for (std::uint32_t& frame : frames) {
    frame -= wasm::imported_functions(making.binary);
  }
  wasm::ModuleEdit edit(making.wasm, making.binary);
  edit.drop_custom("name");
  FERRY_TRY(Bytes nameless, edit.finish());
  FERRY_TRY(Bytes instrumented, making.options.unwindable(nameless, frames));
  FERRY_TRY(auto instrumented_binary, wasm::read_binary(instrumented));
  const auto first = static_cast<std::uint32_t>(making.binary.globals.size());
  const UnwindGlobals at = unwind_globals(first);
  Bytes unwinding;
  Startable module;
  StartUp run;
  Stack stack;
  for (std::uint32_t pages : {1u, kMostPages}) {
    FERRY_TRY(unwinding, unwind_at_first_read(instrumented, instrumented_binary, first, pages));
    run = {};  // an instance goes before its module
    FERRY_TRY(module, make_startable(making.engine, making.compile, unwinding));
    FERRY_TRY(run, start_up(module, making.options, *making.options.random));
    auto unwound = unwind(run, module, at);
    if (unwound.ok()) {
      stack = *unwound;
      break;
    }
    if (pages == kMostPages) {
      return unwound.error();
    }
  }
  auto length = [](const Stack& of) { return (of.bytes + 7) / 8 * 8; };
  Baked baked = baked_of(making, run, "first read of stdin", out.frozen);
  baked.globals = run.globals(module.binary);
  baked.globals[at.length] = length(stack);
  baked.rewinds = true;
  baked.unwind = at;
  FERRY_TRY(out.wasm, bake(unwinding, module.binary, baked));
  // asyncify adds functions behind those that were there, and moves none.
  wasm::put_function_names(out.wasm, wasm::read_function_names(making.wasm, making.binary), {});
  out.stack_bytes = stack.bytes;
  out.memory = baked.memory.size();
  if (could_differ(out.frozen)) {
    SeededRandom random(kSecondSeed);
    FERRY_TRY(StartUp second, start_up(module, making.options, random, true));
    FERRY_TRY(const Stack other, unwind(second, module, at));
    out.second_start = second_start_of(second, module.binary);
    out.second_start.globals[at.length] = length(other);
  }
  return out;
}

// Whether a warm event left a state that others may start from.
Status check_warm(const engine::End& end, const wasi::Drawn& drawn) {
  if (drawn.files || drawn.network) {
    return no_snapshot("a warm event opened files or reached for the network",
                       "warm it with events that need neither");
  }
  if (end.kind != engine::End::Kind::kReturned || end.value != 0) {
    return no_snapshot(fmt::format("a warm event did not end well: {}",
                                   end.kind == engine::End::Kind::kReturned
                                       ? fmt::format("it returned {}", end.value)
                                       : (end.message.empty() ? "it did not return" : end.message)),
                       "name events that the function answers");
  }
  return Done{};
}

// Up to the point at which the first event would arrive.
Result<StartUp> initialize(const Making& making, const Startable& module, Random& random,
                           bool second) {
  FERRY_TRY(StartUp run, start_up(module, making.options, random, second));
  if (!is_component(making.binary) &&
      making.binary.find_export("_initialize", wasm::ExternKind::kFunc) != nullptr) {
    if (engine::End end = run.call("_initialize"); end.kind != engine::End::Kind::kReturned) {
      return no_snapshot("_initialize failed: " + end.message);
    }
  }
  const wasi::Drawn& drawn = run.context->drawn();
  if (drawn.wrote || drawn.files || drawn.stdin_read || drawn.network) {
    return no_snapshot("its start-up wrote, read stdin, opened files, or reached for the network");
  }
  FERRY_CHECK_OK(check_opened(*run.context));
  FERRY_CHECK_OK(run.keep_handles("after its start-up"));
  for (const WarmEvent& event : making.options.warm) {
    FERRY_TRY(const engine::End end, run.warm(event, making.options));
    FERRY_CHECK_OK(check_warm(end, run.earlier));
    if (run.kept_open) {
      return no_snapshot("it keeps files open after a warm event, which are valid for one event",
                         "close them before it replies");
    }
  }
  return run;
}

// The function by which a reactor draws from its own generators while starting, or "".
Result<std::string> find_drawing(const Making& making) {
  const auto drawing = drawing_functions(making);
  if (drawing.empty()) {
    return std::string();
  }
  wasm::ModuleEdit edit(making.wasm, making.binary);
  edit.trap_in(drawing);
  edit.drop_custom("name");
  FERRY_TRY(Bytes trapped, edit.finish());
  FERRY_TRY(Startable module, make_startable(making.engine, making.compile, trapped));
  FERRY_TRY(StartUp run, start_up(module, making.options, *making.options.random));
  std::string drew = drawing_function(making, run.call("_initialize"));
  for (const WarmEvent& event : making.options.warm) {
    if (!drew.empty()) break;
    FERRY_TRY(const engine::End end, run.warm(event, making.options));
    drew = drawing_function(making, end);
  }
  return drew;
}

// Of a reactor or a component.
Result<Snapshot> snapshot_reactor(const Making& making) {
  if (is_component(making.binary) && !making.binary.start && making.options.warm.empty()) {
    return no_snapshot("it runs nothing before its first event",
                       "name an event that warms it: --warm FILE, or [function] warm");
  }
  FERRY_TRY(Startable module, make_startable(making.engine, making.compile, making.wasm));
  FERRY_CHECK_OK(check_code(module.facts));
  FERRY_TRY(StartUp run, initialize(making, module, *making.options.random, false));
  FERRY_CHECK_OK(run.check_worth(making.options.least_pages));
  Snapshot out;
  const std::size_t events = making.options.warm.size();
  const std::string at = events != 0                   ? fmt::format("after {} warm events", events)
                         : is_component(making.binary) ? "after its start functions"
                                                       : "after _initialize";
  Baked baked = baked_of(making, run, at, out.frozen);
  baked.globals = run.globals(module.binary);
  baked.left_handles = run.left;
  FERRY_TRY(out.wasm, bake(making.wasm, module.binary, baked));
  out.memory = baked.memory.size();
  FERRY_TRY(out.frozen.drew, find_drawing(making));
  if (could_differ(out.frozen)) {
    SeededRandom random(kSecondSeed);
    FERRY_TRY(StartUp second, initialize(making, module, random, true));
    out.second_start = second_start_of(second, module.binary);
  }
  return out;
}

// Which functions are on the stack at the first read, and which one drew, is read from the
// backtrace of a trap.
Status check_engine(const Making& making) {
  const engine::Info& info = making.engine.info();
  const bool needed =
      making.binary.abi == wasm::Abi::kCommand || !drawing_functions(making).empty();
  if (!needed || info.capabilities.backtraces) return Done{};
  return no_snapshot(
      fmt::format("{} gives no backtraces, which making one needs", info.name),
      "make it by 'ferry build --snapshot' with wasmtime; the file runs on every engine");
}

}  // namespace

Result<Bytes> make_unwindable(ByteView nameless, const std::vector<std::uint32_t>& functions) {
  const std::vector<std::string> flags = {
      "--enable-bulk-memory",
      "--enable-bulk-memory-opt",
      "--enable-sign-ext",
      "--enable-nontrapping-float-to-int",
      "--asyncify",
      "--pass-arg=asyncify-imports@wasi_snapshot_preview1.fd_read",
      fmt::format("--pass-arg=asyncify-onlylist@{}", fmt::join(functions, ","))};
  return engine::run_wasm_opt(nameless, flags, "make a snapshot", {});
}

Result<Snapshot> make_snapshot(engine::Engine& engine, const CompilePrepared& compile,
                               ByteView wasm, const wasm::Binary& binary,
                               const SnapshotOptions& options) {
  const Ticking ticking(engine);
  FERRY_CHECK_OK(ticking.started());
  Making making{engine, compile, wasm, binary, options, std::nullopt};
  FERRY_TRY(making.go, read_go_program(wasm, binary));
  FERRY_CHECK_OK(check_engine(making));
  switch (binary.abi) {
    case wasm::Abi::kCommand:
      if (!options.warm.empty()) {
        return no_snapshot("a command ends with its event, and cannot be warmed by one",
                           "export handle in place of a main function (a reactor), or leave out "
                           "warm");
      }
      return snapshot_command(making);
    case wasm::Abi::kReactor:
    case wasm::Abi::kHttp:
    case wasm::Abi::kRun:
      return snapshot_reactor(making);
    case wasm::Abi::kNone:
      break;
  }
  return no_snapshot("it has no entry point");
}

}  // namespace ferry::snapshot
