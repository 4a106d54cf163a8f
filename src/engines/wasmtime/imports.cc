#include "engines/wasmtime/imports.h"

#include <array>

#include "engines/wasmtime/instance.h"
#include "wasi/calls.h"

namespace ferry::engine::wasmtime {
namespace {

constexpr std::string_view kNoInvocation = "a WASI call while the module was being instantiated";

wasm_trap_t* trampoline(void* env, wasmtime_caller_t* caller, wasmtime_val_raw_t* slots,
                        std::size_t count) {
  const auto& call = *static_cast<const wasi::Call*>(env);
  auto* self =
      static_cast<WasmtimeInstance*>(wasmtime_context_get_data(wasmtime_caller_context(caller)));
  if (self->wasi() == nullptr) {
    return wasmtime_trap_new(kNoInvocation.data(), kNoInvocation.size());
  }
  std::array<std::uint64_t, wasi::kMaxParams> args{};
  const std::size_t params = std::min(call.params.size(), count);
  for (std::size_t i = 0; i < params; ++i) {
    args[i] = call.params[i] == 'I' ? static_cast<std::uint64_t>(slots[i].i64)
                                    : static_cast<std::uint32_t>(slots[i].i32);
  }
  const wasi::CallResult result = call.function(*self->wasi(), self->memory(), args.data());
  if (result.stop) {
    return self->stop();
  }
  if (call.has_result) {
    slots[0].i64 = 0;
    slots[0].i32 = static_cast<std::int32_t>(result.value);
  }
  return nullptr;
}

FuncTypePtr type_of(const wasi::Call& call) {
  wasm_valtype_vec_t params{};
  wasm_valtype_vec_new_uninitialized(&params, call.params.size());
  for (std::size_t i = 0; i < call.params.size(); ++i) {
    params.data[i] = wasm_valtype_new(call.params[i] == 'I' ? WASM_I64 : WASM_I32);
  }
  wasm_valtype_vec_t results{};
  wasm_valtype_vec_new_uninitialized(&results, call.has_result ? 1 : 0);
  if (call.has_result) results.data[0] = wasm_valtype_new(WASM_I32);
  return FuncTypePtr(wasm_functype_new(&params, &results));
}

}  // namespace

Status define_imports(wasmtime_linker_t& linker) {
  const std::string_view module = wasi::kModule;
  for (const wasi::Call& call : wasi::calls()) {
    // The table is static and the engine only reads it back.
    void* env = const_cast<wasi::Call*>(&call);  // NOLINT(cppcoreguidelines-pro-type-const-cast)
    if (ErrorPtr error{wasmtime_linker_define_func_unchecked(
            &linker, module.data(), module.size(), call.name.data(), call.name.size(),
            type_of(call).get(), trampoline, env, nullptr)}) {
      return Error{Code::kInternal, "wasmtime: " + message_of(*error), ""};
    }
  }
  return Done{};
}

}  // namespace ferry::engine::wasmtime
