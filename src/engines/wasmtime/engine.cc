// The plug-in's engine: compile, load, tick, and the one symbol that it exports.
#include "engine/engine.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "engines/wasmtime/config.h"
#include "engines/wasmtime/cpu.h"
#include "engines/wasmtime/imports.h"
#include "engines/wasmtime/interrupts.h"
#include "engines/wasmtime/module.h"
#include "engines/wasmtime/slim.h"
#include "engines/wasmtime/stops.h"
#include "wasm/copied_data.h"
#include "wasm/trapping_function.h"

#ifdef FERRY_WASMTIME_CROSS
// cross/lib.rs. The error, or null and the code in `out`, which the caller deletes.
extern "C" wasmtime_error_t* ferry_wasmtime_precompile(const wasm_engine_t* engine,
                                                       const std::uint8_t* wasm, std::size_t size,
                                                       wasm_byte_vec_t* out);
#endif

namespace ferry::engine::wasmtime {
namespace {

Info make_info(const EngineOptions& options, const Variant& variant) {
  Info info;
  info.name = "wasmtime";
  info.version = WASMTIME_VERSION;
  info.variant = options.variant.empty() ? default_variant() : options.variant;
  info.fingerprint = make_fingerprint(options, variant);
  Capabilities& c = info.capabilities;
  c.compiles_ahead = true;
  c.deadline = true;
  c.counts_instructions = true;
  c.stack_limit = true;
  c.backtraces = true;
  c.resettable = true;
  c.pooling = true;
  c.shares_images = true;
  c.externref = false;  // needs its garbage collector
  c.tail_calls = true;
  return info;
}

#ifdef WASMTIME_FEATURE_COMPILER
Result<Bytes> take(wasm_byte_vec_t& code, bool symbols) {
  const std::unique_ptr<wasm_byte_vec_t, decltype(&wasm_byte_vec_delete)> owned(
      &code, wasm_byte_vec_delete);
  const ByteView whole(reinterpret_cast<const std::uint8_t*>(code.data), code.size);
  FERRY_TRY(Bytes out, with_stops(whole));
  return symbols ? std::move(out) : slim(std::move(out));
}
#endif

#ifdef FERRY_WASMTIME_CROSS
Result<Bytes> compile_foreign(const wasm_engine_t& engine, ByteView wasm) {
  wasm_byte_vec_t code{};
  if (ErrorPtr error{ferry_wasmtime_precompile(&engine, wasm.data(), wasm.size(), &code)}) {
    return Error{Code::kInvalid, "wasmtime: " + message_of(*error), ""};
  }
  return take(code, false);
}
#endif

class WasmtimeEngine final : public Engine {
 public:
  WasmtimeEngine(const EngineOptions& options, const Variant& variant)
      : variant_(variant), info_(make_info(options, variant)), shared_(std::make_shared<Shared>()) {
    shared_->options = options;
  }

  Status start() {
    FERRY_TRY(ConfigPtr config, make_config(shared_->options, variant_));
    if (variant_.portable && !variant_.foreign() && !is_portable_cpu()) {
      return Error{
          Code::kUnsupported,
          std::string("wasmtime: this CPU has less than ") + portable_level(kThisArchitecture), ""};
    }
    shared_->engine.reset(wasm_engine_new_with_config(config.release()));
    if (variant_.foreign()) return Done{};
    if (kBySignal && !shared_->options.compile_only) {
      FERRY_CHECK_OK(Interruptible::handle_signal());
    }
    shared_->linker.reset(wasmtime_linker_new(shared_->engine.get()));
    return define_imports(*shared_->linker);
  }

  const Info& info() const override { return info_; }

  Result<Bytes> compile(ByteView prepared) override {
#ifdef WASMTIME_FEATURE_COMPILER
    const auto copied = wasm::with_copied_data(prepared);
    const auto trapping = wasm::with_trapping_function(copied ? *copied : prepared);
    const ByteView wasm = trapping ? *trapping : copied ? *copied : prepared;
#ifdef FERRY_WASMTIME_CROSS
    if (variant_.foreign()) return compile_foreign(*shared_->engine, wasm);
#endif
    wasmtime_module_t* raw = nullptr;
    if (ErrorPtr error{
            wasmtime_module_new(shared_->engine.get(), wasm.data(), wasm.size(), &raw)}) {
      return Error{Code::kInvalid, "wasmtime: " + message_of(*error), ""};
    }
    const ModulePtr module(raw);
    wasm_byte_vec_t code{};
    if (ErrorPtr error{wasmtime_module_serialize(module.get(), &code)}) {
      return Error{Code::kInternal, "wasmtime: " + message_of(*error), ""};
    }
    return take(code, shared_->options.symbols);
#else
    static_cast<void>(prepared);
    return Error{Code::kUnsupported, "this program has no compiler: it runs bundles only",
                 "make one with `ferry pack` or `ferry build`"};
#endif
  }

  // Not where the file system forbids executable mappings, or there is no /proc.
  Result<MappedModule> map(int fd, std::uint64_t /*size*/) override {
    const std::string path = "/proc/self/fd/" + std::to_string(fd);
    wasmtime_module_t* raw = nullptr;
    if (ErrorPtr error{
            wasmtime_module_deserialize_file(shared_->engine.get(), path.c_str(), &raw)}) {
      return Error{Code::kUnsupported, "wasmtime cannot map this artifact: " + message_of(*error),
                   ""};
    }
    void* start = nullptr;
    void* end = nullptr;
    wasmtime_module_image_range(raw, &start, &end);
    FERRY_TRY(auto module, WasmtimeModule::make(shared_, ModulePtr(raw)));
    return MappedModule{std::move(module), static_cast<const std::uint8_t*>(start)};
  }

  Result<std::unique_ptr<Module>> load(int fd, std::uint64_t offset, std::uint64_t size) override {
    if (offset == 0) {
      // Mapped in place: only the pages that are used are read. A copy in memory always works.
      auto mapped = map(fd, size);
      if (mapped.ok()) return std::move(mapped->module);
    }
    wasmtime_module_t* raw = nullptr;
    const std::uint64_t start = offset & ~std::uint64_t{4095};
    const std::size_t length = size + (offset - start);
    void* map = mmap(nullptr, length, PROT_READ, MAP_PRIVATE, fd, static_cast<off_t>(start));
    if (map == MAP_FAILED) return errno_error("wasmtime: map the artifact", errno);
    const ErrorPtr error(wasmtime_module_deserialize(
        shared_->engine.get(), static_cast<const std::uint8_t*>(map) + (offset - start), size,
        &raw));
    munmap(map, length);
    if (error != nullptr) {
      return Error{Code::kUnsupported, "wasmtime cannot load this artifact: " + message_of(*error),
                   ""};
    }
    return WasmtimeModule::make(shared_, ModulePtr(raw));
  }

  void tick() override {
    if constexpr (kBySignal) {
      Interruptible::interrupt_late();
    } else {
      wasmtime_engine_increment_epoch(shared_->engine.get());
    }
  }

 private:
  Variant variant_;
  Info info_;
  std::shared_ptr<Shared> shared_;  // modules may outlive the engine
};

}  // namespace
}  // namespace ferry::engine::wasmtime

extern "C" __attribute__((visibility("default"))) ferry::engine::Engine* ferry_engine_v1(
    const ferry::engine::EngineOptions& options, ferry::Error& error) {
  using ferry::engine::wasmtime::WasmtimeEngine;
  auto variant = ferry::engine::wasmtime::parse_variant(options);
  if (!variant.ok()) {
    error = std::move(variant).error();
    return nullptr;
  }
  auto engine = std::make_unique<WasmtimeEngine>(options, *variant);
  ferry::Status started = engine->start();
  if (!started.ok()) {
    error = std::move(started).error();
    return nullptr;
  }
  return engine.release();
}
