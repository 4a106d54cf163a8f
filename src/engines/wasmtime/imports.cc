#include "engines/wasmtime/imports.h"

#include <array>

#include "engines/wasmtime/instance.h"
#include "wasi/calls.h"
#include "wasi2/functions.h"

namespace ferry::engine::wasmtime {
namespace {

constexpr std::string_view kNoInvocation = "a WASI call while the module was being instantiated";

std::string_view results_of(const wasi::Call& call) { return call.has_result ? "i" : ""; }
std::string_view results_of(const wasi2::Function& function) { return function.results; }
constexpr std::size_t most_params(const wasi::Call*) { return wasi::kMaxParams; }
constexpr std::size_t most_params(const wasi2::Function*) { return wasi2::kMaxParams; }
wasi::CallFn function_of(const wasi::Call& call) { return call.function; }
wasi2::CallFn function_of(const wasi2::Function& function) { return function.call; }

// `Call`: of preview 1 or of WASI 0.2.
template <typename Call>
wasm_trap_t* trampoline(void* env, wasmtime_caller_t* caller, wasmtime_val_raw_t* slots,
                        std::size_t count) {
  const auto& call = *static_cast<const Call*>(env);
  auto* self =
      static_cast<WasmtimeInstance*>(wasmtime_context_get_data(wasmtime_caller_context(caller)));
  if (self->wasi() == nullptr) {
    return wasmtime_trap_new(kNoInvocation.data(), kNoInvocation.size());
  }
  std::array<std::uint64_t, most_params(static_cast<const Call*>(nullptr))> args{};
  const std::size_t params = std::min(call.params.size(), count);
  for (std::size_t i = 0; i < params; ++i) {
    args[i] = call.params[i] == 'I' ? static_cast<std::uint64_t>(slots[i].i64)
                                    : static_cast<std::uint32_t>(slots[i].i32);
  }
  const auto result = function_of(call)(*self->wasi(), self->memory(), args.data());
  if (result.stop) {
    return self->stop();
  }
  if (wasm_trap_t* late = self->stop_if_late()) return late;
  const std::string_view results = results_of(call);
  if (results.empty()) return nullptr;
  // An i32 is the lower half of its slot, and the rest is zero.
  slots[0].i64 = results.front() == 'I'
                     ? static_cast<std::int64_t>(result.value)
                     : static_cast<std::int64_t>(static_cast<std::uint32_t>(result.value));
  return nullptr;
}

wasm_valtype_vec_t types_of(std::string_view letters) {
  wasm_valtype_vec_t types{};
  wasm_valtype_vec_new_uninitialized(&types, letters.size());
  for (std::size_t i = 0; i < letters.size(); ++i) {
    types.data[i] = wasm_valtype_new(letters[i] == 'I' ? WASM_I64 : WASM_I32);
  }
  return types;
}

template <typename Call>
Status define(wasmtime_linker_t& linker, std::string_view module, std::string_view name,
              const Call& call) {
  wasm_valtype_vec_t params = types_of(call.params);
  wasm_valtype_vec_t results = types_of(results_of(call));
  const FuncTypePtr type(wasm_functype_new(&params, &results));
  // The tables are static and the engine only reads them back.
  void* env = const_cast<Call*>(&call);  // NOLINT(cppcoreguidelines-pro-type-const-cast)
  if (ErrorPtr error{wasmtime_linker_define_func_unchecked(&linker, module.data(), module.size(),
                                                           name.data(), name.size(), type.get(),
                                                           trampoline<Call>, env, nullptr)}) {
    return Error{Code::kInternal, "wasmtime: " + message_of(*error), ""};
  }
  return Done{};
}

}  // namespace

Status define_imports(wasmtime_linker_t& linker) {
  for (const wasi::Call& call : wasi::calls()) {
    FERRY_CHECK_OK(define(linker, wasi::kModule, call.name, call));
  }
  return Done{};
}

Result<LinkerPtr> component_linker(wasm_engine_t& engine, const wasmtime_module_t& module) {
  LinkerPtr linker;
  wasm_importtype_vec_t imports{};
  wasmtime_module_imports(&module, &imports);
  const std::unique_ptr<wasm_importtype_vec_t, decltype(&wasm_importtype_vec_delete)> owned(
      &imports, wasm_importtype_vec_delete);
  for (std::size_t i = 0; i < imports.size; ++i) {
    const std::string_view from = view(*wasm_importtype_module(imports.data[i]));
    const std::string_view name = view(*wasm_importtype_name(imports.data[i]));
    const wasi2::Function* call = wasi2::find_function(from, name);
    if (call == nullptr) continue;  // instantiation says what is missing
    if (linker == nullptr) {
      linker.reset(wasmtime_linker_new(&engine));
      wasmtime_linker_allow_shadowing(linker.get(), true);  // a module may name one import twice
      FERRY_CHECK_OK(define_imports(*linker));
    }
    FERRY_CHECK_OK(define(*linker, from, name, *call));
  }
  return linker;
}

}  // namespace ferry::engine::wasmtime
