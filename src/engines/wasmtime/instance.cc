#include "engines/wasmtime/instance.h"

#include <bit>
#include <chrono>

#include "base/tsan.h"
#include "engines/wasmtime/trap.h"
#include "wasm/prepare.h"

namespace ferry::engine::wasmtime {
namespace {

constexpr auto kMostFuel = static_cast<std::uint64_t>(INT64_MAX);
// Wasmtime's counter of epochs must not overflow when this is added to it.
constexpr std::uint64_t kFarTicks = 1ull << 40;

// Preparation leaves no start section (wasm/prepare.h, 3), so that no guest code runs while
// an instance is made; this bounds one that was not prepared.
constexpr std::chrono::seconds kInstantiation{1};

std::uint64_t ticks_until(Monotonic deadline) {
  if (deadline == Monotonic::max()) return kFarTicks;
  const auto left = deadline - std::chrono::steady_clock::now();
  if (left <= left.zero()) return 1;
  const auto ticks = static_cast<std::uint64_t>(left / Engine::kTick) + 1;
  return std::min(ticks, kFarTicks);
}

std::string_view memory_refusal() { return "memory minimum size"; }

}  // namespace

WasmtimeInstance::WasmtimeInstance(const WasmtimeModule& module)
    : module_(module),
      store_(wasmtime_store_new(module.shared().engine.get(), this, nullptr)),
      context_(wasmtime_store_context(store_.get())),
      interruptible_(Interruptible::take()) {
  if constexpr (!kBySignal) {
    wasmtime_store_epoch_deadline_callback(store_.get(), on_epoch, this, nullptr);
  }
}

WasmtimeInstance::~WasmtimeInstance() {
  interruptible_.give_back();
  tsan_release(&module_.shared());  // the next instance may get this one's memory
  store_.reset();
  module_.shared().live.fetch_sub(1, std::memory_order_release);
}

Result<std::unique_ptr<Instance>> WasmtimeInstance::make(const WasmtimeModule& module,
                                                         const InstanceLimits& limits) {
  Shared& shared = module.shared();
  if (shared.live.fetch_add(1, std::memory_order_acquire) >= shared.options.max_instances) {
    shared.live.fetch_sub(1, std::memory_order_release);
    return Error{
        Code::kLimit,
        "wasmtime: all " + std::to_string(shared.options.max_instances) + " instances are in use",
        ""};
  }
  std::unique_ptr<WasmtimeInstance> self(new WasmtimeInstance(module));
  FERRY_CHECK_OK(self->start(limits));
  return std::unique_ptr<Instance>(std::move(self));
}

Status WasmtimeInstance::start(const InstanceLimits& limits) {
  const std::uint64_t memory = std::min(limits.memory, module_.shared().options.max_memory);
  if (module_.minimum_memory() > memory) {
    return Error{Code::kLimit,
                 "the function starts with " + std::to_string(module_.minimum_memory()) +
                     " bytes of memory and its limit is " + std::to_string(memory),
                 "raise [limits] memory, or --memory"};
  }
  // Growth is bounded by the prepared module itself; this holds for one that was not prepared.
  wasmtime_store_limiter(store_.get(), static_cast<std::int64_t>(memory), -1, 1, -1, -1);
  if (module_.shared().options.count_instructions) {
    fuel_ = limits.instructions.value_or(kMostFuel);
    // Placing the data is code of the engine's and not of the guest's.
    ErrorPtr ignored(wasmtime_context_set_fuel(context_, kMostFuel));
  } else if (limits.instructions) {
    return Error{Code::kUnsupported, "wasmtime: instructions are not counted in this process",
                 "set EngineOptions::count_instructions"};
  }
  begin_call(std::chrono::steady_clock::now() + kInstantiation, __builtin_frame_address(0));
  wasm_trap_t* trap = nullptr;
  ErrorPtr error = [&] {
    const TsanUnseen placing_data;
    return ErrorPtr(wasmtime_instance_pre_instantiate(&module_.pre(), context_, &instance_, &trap));
  }();
  interruptible_.end();
  tsan_acquire(&module_.shared());
  TrapPtr trapped(trap);
  if (error != nullptr || trapped != nullptr) {
    if (error != nullptr) {
      std::string text = message_of(*error);
      const bool limit = text.find("limit") != std::string::npos ||
                         text.find(memory_refusal()) != std::string::npos;
      return Error{limit ? Code::kLimit : Code::kInvalid, "wasmtime: " + std::move(text), ""};
    }
    End end = ended(nullptr, std::move(trapped));
    return Error{Code::kInvalid, "wasmtime: instantiation trapped: " + end.message, ""};
  }
  if (module_.shared().options.count_instructions) {
    ErrorPtr ignored(wasmtime_context_set_fuel(context_, fuel_));
  }
  if (!module_.memory_export().empty()) {
    const std::string& name = module_.memory_export();
    wasmtime_extern_t item;
    if (wasmtime_instance_export_get(context_, &instance_, name.data(), name.size(), &item)) {
      memory_ = item.of.memory;
      memory_base_ = wasmtime_memory_data(context_, &memory_);
      has_memory_ = true;
    }
  }
  if (module_.has_limit_global()) {
    if (auto handle = find_global(wasm::kMemoryLimitGlobal)) set_global(*handle, memory);
  }
  return Done{};
}

// `stack`: above the guest's frames.
void WasmtimeInstance::begin_call(Monotonic deadline, const void* stack) {
  late_ = false;
  interruptible_.begin(deadline, module_.stops(), stack);
  if constexpr (!kBySignal) {
    deadline_ = deadline;
    // To the next tick only, where on_epoch looks: most calls end before it, and need no clock.
    wasmtime_context_set_epoch_deadline(context_, 1);
  }
}

// Ticks only say when to look at the clock: a guest is never ended early.
wasmtime_error_t* WasmtimeInstance::on_epoch(wasmtime_context_t*, void* data, std::uint64_t* delta,
                                             wasmtime_update_deadline_kind_t* kind) {
  auto* self = static_cast<WasmtimeInstance*>(data);
  if (std::chrono::steady_clock::now() >= self->deadline_) {
    self->late_ = true;
    return wasmtime_error_new("deadline");
  }
  *delta = ticks_until(self->deadline_);
  *kind = WASMTIME_UPDATE_DEADLINE_CONTINUE;
  return nullptr;
}

const wasmtime_func_t* WasmtimeInstance::find_function(const EntryPoint& entry) {
  if (last_name_ != entry.name) {
    wasmtime_extern_t item;
    if (!wasmtime_instance_export_get(context_, &instance_, entry.name.data(), entry.name.size(),
                                      &item) ||
        item.kind != WASMTIME_EXTERN_FUNC) {
      return nullptr;
    }
    last_function_ = item.of.func;
    last_name_ = entry.name;
  }
  return &last_function_;
}

wasm_trap_t* WasmtimeInstance::stop() {
  stopped_ = true;
  return module_.take_stop_trap().release();
}

wasm_trap_t* WasmtimeInstance::stop_if_late() {
  if (!kBySignal || !interruptible_.overdue()) return nullptr;
  return wasmtime_trap_new_code(WASMTIME_TRAP_CODE_INTERRUPT);
}

End WasmtimeInstance::call(std::string_view name, wasi::Context& wasi, Monotonic deadline) {
  const EntryPoint* entry = module_.find_entry(name);
  const wasmtime_func_t* function = entry != nullptr ? find_function(*entry) : nullptr;
  if (function == nullptr) {
    return End{End::Kind::kFailed, 0,
               "the module has no export '" + std::string(name) + "' of type ()->() or ()->i32",
               ""};
  }
  stopped_ = false;
  wasi_ = &wasi;
  begin_call(deadline, __builtin_frame_address(0));
  wasmtime_val_raw_t slot{};
  wasm_trap_t* trap = nullptr;
  ErrorPtr error(wasmtime_func_call_unchecked(context_, function, &slot, 1, &trap));
  interruptible_.end();
  wasi_ = nullptr;
  if (stopped_) {
    module_.keep_stop_trap(TrapPtr(trap));
    return End{End::Kind::kStopped, 0, "", ""};
  }
  if (error == nullptr && trap == nullptr) {
    return End{End::Kind::kReturned, entry->returns_i32 ? slot.i32 : 0, "", ""};
  }
  return ended(std::move(error), TrapPtr(trap));
}

// A trap of the guest's comes as a trap; one made by a call of ours, or by on_epoch, as an error.
End WasmtimeInstance::ended(ErrorPtr error, TrapPtr trap) const {
  End end;
  wasm_frame_vec_t frames{};
  if (error != nullptr) {
    wasmtime_error_wasm_trace(error.get(), &frames);
    end.backtrace = backtrace_text(frames);
    end.kind = late_ ? End::Kind::kDeadline : End::Kind::kFailed;
    if (!late_) end.message = message_of(*error);
    return end;
  }
  wasm_trap_trace(trap.get(), &frames);
  if (interruptible_.interrupted()) {
    end.kind = End::Kind::kDeadline;
    end.backtrace = backtrace_text(frames, interruptible_.in_function() ? 0 : 1);
    return end;
  }
  end.backtrace = backtrace_text(frames);
  wasmtime_trap_code_t code = 0;
  if (!wasmtime_trap_code(trap.get(), &code)) {
    end.kind = End::Kind::kFailed;
    end.message = trap_text(*trap, UINT8_MAX);
    return end;
  }
  end.kind = code == WASMTIME_TRAP_CODE_OUT_OF_FUEL ? End::Kind::kInstructions
             : code == WASMTIME_TRAP_CODE_INTERRUPT ? End::Kind::kDeadline
                                                    : End::Kind::kTrapped;
  if (end.kind == End::Kind::kTrapped) end.message = trap_text(*trap, code);
  return end;
}

wasi::Memory WasmtimeInstance::memory() {
  if (!has_memory_) return {};
  return {memory_base_, wasmtime_memory_data_size(context_, &memory_)};
}

std::optional<GlobalHandle> WasmtimeInstance::find_global(std::string_view name) {
  wasmtime_extern_t item;
  if (!wasmtime_instance_export_get(context_, &instance_, name.data(), name.size(), &item)) {
    return std::nullopt;
  }
  if (item.kind != WASMTIME_EXTERN_GLOBAL) return std::nullopt;
  wasmtime_val_t value;
  wasmtime_global_get(context_, &item.of.global, &value);
  if (value.kind > WASMTIME_F64) return std::nullopt;
  globals_.push_back({item.of.global, value.kind});
  return GlobalHandle{static_cast<std::uint32_t>(globals_.size() - 1)};
}

std::uint64_t WasmtimeInstance::get_global(GlobalHandle handle) {
  wasmtime_val_t value;
  wasmtime_global_get(context_, &globals_[handle.index].global, &value);
  switch (value.kind) {
    case WASMTIME_I32:
      return static_cast<std::uint32_t>(value.of.i32);
    case WASMTIME_I64:
      return static_cast<std::uint64_t>(value.of.i64);
    case WASMTIME_F32:
      return std::bit_cast<std::uint32_t>(value.of.f32);
    default:
      return std::bit_cast<std::uint64_t>(value.of.f64);
  }
}

void WasmtimeInstance::set_global(GlobalHandle handle, std::uint64_t bits) {
  wasmtime_val_t value;
  value.kind = globals_[handle.index].kind;
  switch (value.kind) {
    case WASMTIME_I32:
      value.of.i32 = static_cast<std::int32_t>(bits);
      break;
    case WASMTIME_I64:
      value.of.i64 = static_cast<std::int64_t>(bits);
      break;
    case WASMTIME_F32:
      value.of.f32 = std::bit_cast<float>(static_cast<std::uint32_t>(bits));
      break;
    default:
      value.of.f64 = std::bit_cast<double>(bits);
      break;
  }
  // Only an immutable global could refuse, and nobody saves one of those.
  ErrorPtr ignored(wasmtime_global_set(context_, &globals_[handle.index].global, &value));
}

std::optional<std::uint64_t> WasmtimeInstance::instructions() const {
  if (!module_.shared().options.count_instructions) return std::nullopt;
  std::uint64_t left = 0;
  ErrorPtr ignored(wasmtime_context_get_fuel(context_, &left));
  return fuel_ - std::min(left, fuel_);
}

}  // namespace ferry::engine::wasmtime
