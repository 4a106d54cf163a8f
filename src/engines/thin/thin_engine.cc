// The plug-in over an engine's Rust layer (thin.h): implements engine.h once for all of them.

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <sys/mman.h>
#include <unistd.h>

#include "base/demangle.h"
#include "base/tsan.h"
#include "engine/engine.h"
#include "engines/thin/thin.h"
#include "wasi2/functions.h"
#include "wasm/one_import.h"
#include "wasm/prepare.h"

namespace ferry::engine {
namespace {

// What a host call needs, for the length of one Instance::call.
struct Running {
  wasi::Context& wasi;
  Monotonic deadline;
  bool past_deadline = false;
  // Of the functions behind the one import (wasm/one_import.h):
  std::array<std::uint64_t, wasi2::kMaxParams> more = {};  // i32 arguments that went ahead
  std::size_t ahead = 0;                                   // how many
  std::uint32_t high = 0;                                  // half of the last result
};

ferry_thin_view view(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::string_view text(ferry_thin_view bytes) {
  return {reinterpret_cast<const char*>(bytes.data), bytes.size};
}

// Takes over what the layer made.
std::string take(ferry_thin_bytes bytes) {
  std::string copy(text({bytes.data, bytes.size}));
  ferry_thin_free(bytes);
  return copy;
}

Error to_error(std::string_view engine, std::uint32_t kind, ferry_thin_bytes bytes) {
  Code code = Code::kInternal;
  if (kind == FERRY_THIN_INVALID) code = Code::kInvalid;
  if (kind == FERRY_THIN_UNSUPPORTED) code = Code::kUnsupported;
  if (kind == FERRY_THIN_LIMIT) code = Code::kLimit;
  return {code, std::string(engine) + ": " + take(bytes), ""};
}

// Host functions have the index of the WASI call; the two behind them are ferry.poll and the one
// import that a component's functions are called through.
std::int32_t resolve(ferry_thin_view module, ferry_thin_view name, ferry_thin_view params,
                     ferry_thin_view results) {
  const auto calls = wasi::calls();
  if (text(module) == wasm::kPollModule && text(name) == wasm::kPollName) {
    return params.size == 0 && results.size == 0 ? static_cast<std::int32_t>(calls.size()) : -1;
  }
  if (text(module) == wasm::kOneImportModule && text(name) == wasm::kOneImportName) {
    const bool fits = text(params) == "iiiiiIIii" && text(results) == "i";
    return fits ? static_cast<std::int32_t>(calls.size()) + 1 : -1;
  }
  if (text(module) != wasi::kModule) return -1;
  const wasi::Call* call = wasi::find_call(text(name));
  if (call == nullptr || call->params != text(params)) return -1;
  if (text(results) != (call->has_result ? "i" : "")) return -1;
  return static_cast<std::int32_t>(call - calls.data());
}

std::uint64_t poll(Running& running) {
  if (std::chrono::steady_clock::now() < running.deadline) return 0;
  running.past_deadline = true;
  return FERRY_THIN_STOP;
}

// `args`: a number, then values by the rules of wasm/one_import.h.
std::uint64_t component_call(Running& running, wasi::Memory memory, const std::uint64_t* args) {
  const auto number = static_cast<std::uint32_t>(args[0]);
  if (number == wasm::kHighHalf) return running.high;
  const std::array<std::uint64_t, wasm::kOneImportI32> narrow = {args[1], args[2], args[3],
                                                                 args[4], args[7], args[8]};
  if (number == wasm::kMoreArguments) {
    for (std::uint64_t each : narrow) {
      if (running.ahead < running.more.size()) running.more.at(running.ahead++) = each;
    }
    return 0;
  }
  const wasi2::Function& called = wasi2::find_numbered(number);
  std::array<std::uint64_t, wasi2::kMaxParams> slots{};
  std::size_t next = 0;
  std::size_t wide = 5;
  for (std::size_t i = 0; i < called.params.size(); ++i) {
    if (called.params[i] == 'I') {
      slots.at(i) = args[wide++];
    } else {
      slots.at(i) = next < narrow.size() ? narrow.at(next) : running.more.at(next - narrow.size());
      ++next;
    }
  }
  running.ahead = 0;
  const wasi2::CallResult result = called.call(running.wasi, memory, slots.data());
  running.high = static_cast<std::uint32_t>(result.value >> 32);
  return result.stop ? FERRY_THIN_STOP : static_cast<std::uint32_t>(result.value);
}

std::uint64_t host_call(void* user, std::uint32_t function, std::uint8_t* memory, std::size_t size,
                        const std::uint64_t* args) {
  auto* running = static_cast<Running*>(user);
  if (running == nullptr) return FERRY_THIN_STOP;
  const auto calls = wasi::calls();
  if (function == calls.size()) return poll(*running);
  if (function > calls.size()) return component_call(*running, {memory, size}, args);
  const wasi::CallResult result = calls[function].function(running->wasi, {memory, size}, args);
  return result.stop ? FERRY_THIN_STOP : static_cast<std::uint32_t>(result.value);
}

template <auto Free>
struct Freer {
  template <typename T>
  void operator()(T* pointer) const {
    Free(pointer);
  }
};
using EnginePtr = std::unique_ptr<ferry_thin_engine, Freer<ferry_thin_close>>;
using ModulePtr = std::unique_ptr<ferry_thin_module, Freer<ferry_thin_unload>>;
using InstancePtr = std::unique_ptr<ferry_thin_instance, Freer<ferry_thin_drop>>;

// Frames of functions without a name are called by their number, "  2: function 7". Where polling
// has put one import more before them, the guest's own number is one lower.
std::string with_own_numbers(std::string backtrace, bool polls) {
  constexpr std::string_view kMark = ": function ";
  if (!polls) return backtrace;
  std::string out;
  for (std::size_t at = 0; at < backtrace.size();) {
    const std::size_t end = std::min(backtrace.find('\n', at), backtrace.size());
    const std::string_view line = std::string_view(backtrace).substr(at, end - at);
    const std::size_t mark = line.find(kMark);
    std::uint32_t number = 0;
    const char* last = line.data() + line.size();
    if (mark != std::string_view::npos &&
        std::from_chars(line.data() + mark + kMark.size(), last, number).ptr == last &&
        number > 0) {
      out.append(line.substr(0, mark + kMark.size())).append(std::to_string(number - 1));
    } else {
      out.append(line);
    }
    out += '\n';
    at = end + 1;
  }
  return out;
}

// For ThreadSanitizer: an instance may get the memory of one that went, on another thread.
constexpr char kMemoryPasses = 0;

// "  1: NAME" lines, with the names as their authors wrote them.
std::string demangled(const std::string& backtrace) {
  std::string out;
  for (std::size_t at = 0; at < backtrace.size();) {
    const std::size_t end = std::min(backtrace.find('\n', at), backtrace.size());
    const std::string_view line = std::string_view(backtrace).substr(at, end - at);
    const std::size_t name = line.find(": ");
    if (name == std::string_view::npos) {
      out.append(line);
    } else {
      out.append(line.substr(0, name + 2)).append(demangle(line.substr(name + 2)));
    }
    out += '\n';
    at = end + 1;
  }
  return out;
}

class ThinInstance final : public Instance {
 public:
  ThinInstance(InstancePtr instance, bool counts, bool polls)
      : instance_(std::move(instance)), counts_(counts), polls_(polls) {
    tsan_acquire(&kMemoryPasses);
  }
  ~ThinInstance() override { tsan_release(&kMemoryPasses); }
  ThinInstance(const ThinInstance&) = delete;
  ThinInstance& operator=(const ThinInstance&) = delete;

  End call(std::string_view name, wasi::Context& wasi, Monotonic deadline) override {
    Running running{wasi, deadline};
    ferry_thin_end raw{};
    ferry_thin_call(instance_.get(), view(name), &running, &raw);
    End end;
    end.value = raw.value;
    end.message = take(raw.message);
    end.backtrace = demangled(with_own_numbers(take(raw.backtrace), polls_));
    switch (raw.kind) {
      case FERRY_THIN_RETURNED:
        end.kind = End::Kind::kReturned;
        break;
      case FERRY_THIN_STOPPED:
        end.kind = running.past_deadline ? End::Kind::kDeadline : End::Kind::kStopped;
        break;
      case FERRY_THIN_TRAPPED:
        end.kind = End::Kind::kTrapped;
        break;
      case FERRY_THIN_INSTRUCTIONS:
        end.kind = End::Kind::kInstructions;
        break;
      default:
        end.kind = End::Kind::kFailed;
    }
    return end;
  }

  wasi::Memory memory() override {
    wasi::Memory memory;
    memory.base = ferry_thin_memory(instance_.get(), &memory.size);
    return memory;
  }

  std::optional<GlobalHandle> find_global(std::string_view name) override {
    const std::int64_t found = ferry_thin_find_global(instance_.get(), view(name));
    if (found < 0) return std::nullopt;
    return GlobalHandle{static_cast<std::uint32_t>(found)};
  }

  std::uint64_t get_global(GlobalHandle handle) override {
    return ferry_thin_get_global(instance_.get(), handle.index);
  }

  void set_global(GlobalHandle handle, std::uint64_t bits) override {
    ferry_thin_set_global(instance_.get(), handle.index, bits);
  }

  std::optional<std::uint64_t> instructions() const override {
    if (!counts_) return std::nullopt;
    return ferry_thin_instructions(instance_.get());
  }

 private:
  InstancePtr instance_;
  bool counts_;
  bool polls_;  // its module was prepared with polling
};

class ThinModule final : public Module {
 public:
  ThinModule(ModulePtr module, const Info& info, bool counts)
      : module_(std::move(module)), info_(info), counts_(counts) {}

  Result<std::unique_ptr<Instance>> instantiate(const InstanceLimits& limits) override {
    if (limits.instructions && !counts_) {
      return Error{Code::kUnsupported, info_.name + " was not set up to count instructions", ""};
    }
    ferry_thin_instance* raw = nullptr;
    ferry_thin_bytes error{};
    const std::uint32_t kind = ferry_thin_instantiate(
        module_.get(), limits.instructions.value_or(UINT64_MAX), &raw, &error);
    if (kind != FERRY_THIN_OK) return to_error(info_.name, kind, error);
    auto instance =
        std::make_unique<ThinInstance>(InstancePtr(raw), counts_, !info_.capabilities.deadline);
    if (instance->memory().size > limits.memory) {
      return Error{Code::kLimit,
                   "the module starts with " + std::to_string(instance->memory().size) +
                       " bytes of memory, and the limit is " + std::to_string(limits.memory),
                   "raise limits.memory"};
    }
    if (const auto global = instance->find_global(wasm::kMemoryLimitGlobal)) {
      instance->set_global(*global, limits.memory);
    }
    return std::unique_ptr<Instance>(std::move(instance));
  }

 private:
  ModulePtr module_;
  Info info_;  // its own: a module may outlive its engine
  bool counts_;
};

class ThinEngine final : public Engine {
 public:
  ThinEngine(EnginePtr engine, bool counts) : engine_(std::move(engine)) {
    ferry_thin_info raw{};
    ferry_thin_describe(engine_.get(), &raw);
    info_.name = text(raw.name);
    info_.version = text(raw.version);
    info_.variant = text(raw.variant);
    info_.fingerprint = text(raw.fingerprint);
    const auto has = [&raw](std::uint32_t flag) { return (raw.capabilities & flag) != 0; };
    Capabilities& can = info_.capabilities;
    can.compiles_ahead = has(FERRY_THIN_COMPILES_AHEAD);
    can.deadline = has(FERRY_THIN_DEADLINE);
    can.counts_instructions = has(FERRY_THIN_COUNTS_INSTRUCTIONS);
    can.stack_limit = has(FERRY_THIN_STACK_LIMIT);
    can.backtraces = has(FERRY_THIN_BACKTRACES);
    can.resettable = has(FERRY_THIN_RESETTABLE);
    can.pooling = has(FERRY_THIN_POOLING);
    can.bulk_memory = has(FERRY_THIN_BULK_MEMORY);
    can.sign_extension = has(FERRY_THIN_SIGN_EXTENSION);
    can.saturating_float_to_int = has(FERRY_THIN_SATURATING_FLOAT_TO_INT);
    can.multi_value = has(FERRY_THIN_MULTI_VALUE);
    can.reference_types = has(FERRY_THIN_REFERENCE_TYPES);
    can.simd = has(FERRY_THIN_SIMD);
    can.externref = can.reference_types;
    can.exact_traps = !has(FERRY_THIN_COARSE_TRAPS);
    can.any_imports = false;  // the layers make a host function of each type that preview 1 has
#ifdef FERRY_THIN_FIXED_IMPORTS
    can.fixed_imports = true;
#endif
    counts_ = counts && can.counts_instructions;
  }

  const Info& info() const override { return info_; }

  Result<Bytes> compile(ByteView prepared) override {
    ferry_thin_bytes artifact{};
    ferry_thin_bytes error{};
    const std::uint32_t kind =
        ferry_thin_compile(engine_.get(), {prepared.data(), prepared.size()}, &artifact, &error);
    if (kind != FERRY_THIN_OK) return to_error(info_.name, kind, error);
    Bytes bytes(artifact.data, artifact.data + artifact.size);
    ferry_thin_free(artifact);
    return bytes;
  }

  Result<std::unique_ptr<Module>> load(int fd, std::uint64_t offset, std::uint64_t size) override {
    // The layers copy what they keep, so the file is mapped only for the length of this call.
    const std::uint64_t page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    const std::uint64_t skipped = offset % page;
    const std::size_t length = size + skipped;
    if (size == 0) return Error{Code::kInvalid, info_.name + ": the artifact is empty", ""};
    void* mapped =
        ::mmap(nullptr, length, PROT_READ, MAP_PRIVATE, fd, static_cast<off_t>(offset - skipped));
    if (mapped == MAP_FAILED) return errno_error("map the artifact", errno);
    ferry_thin_module* raw = nullptr;
    ferry_thin_bytes error{};
    const std::uint32_t kind = ferry_thin_load(
        engine_.get(), {static_cast<const std::uint8_t*>(mapped) + skipped, size}, &raw, &error);
    ::munmap(mapped, length);
    if (kind != FERRY_THIN_OK) return to_error(info_.name, kind, error);
    return std::unique_ptr<Module>(std::make_unique<ThinModule>(ModulePtr(raw), info_, counts_));
  }

 private:
  EnginePtr engine_;
  Info info_;
  bool counts_ = false;
};

}  // namespace
}  // namespace ferry::engine

extern "C" __attribute__((visibility("default"))) ferry::engine::Engine* ferry_engine_v1(
    const ferry::engine::EngineOptions& options, ferry::Error& error) {
  using namespace ferry::engine;
  const ferry_thin_options raw{.variant = view(options.variant),
                               .max_memory = options.max_memory,
                               .max_instances = options.max_instances,
                               .max_stack = options.max_stack,
                               .count_instructions = options.count_instructions,
                               .host = {.resolve = resolve, .call = host_call}};
  ferry_thin_engine* engine = nullptr;
  ferry_thin_bytes text{};
  const std::uint32_t kind = ferry_thin_open(&raw, &engine, &text);
  if (kind != FERRY_THIN_OK) {
    error = to_error("engine", kind, text);
    return nullptr;
  }
  return std::make_unique<ThinEngine>(EnginePtr(engine), options.count_instructions).release();
}
