#include "builder/check_code.h"

#include "builder/function_options.h"
#include "builder/quick_tier.h"
#include "bundle/load.h"
#include "engine/loader.h"
#include "engine/lower.h"

namespace ferry::builder {
namespace {

Status invalid_or_ok(const Error& error) {
  if (error.code == Code::kInvalid) return error;
  return Done{};
}

Status check_by_compiling(const function::Function& function) {
  for (const engine::Plugin& plugin : engine::list_plugins()) {
    engine::EngineOptions options;
    options.compile_only = true;
    const auto engine = engine::load_engine(plugin.name, options);
    if (!engine.ok()) continue;
    const engine::Info& info = (*engine)->info();
    if (!engine::ready_for(function.wasm, function.binary, info).ok()) continue;
    const auto bundle = make_bundle(function, info, options, true, nullptr);
    return bundle.ok() ? Status(Done{}) : invalid_or_ok(bundle.error());
  }
  return Done{};
}

}  // namespace

Status check_code(const function::Function& function) {
  const auto engine = make_quick_engine({});
  if (!engine.ok()) return Done{};
  const auto bundle = make_quick_bundle(function, (*engine)->info());
  if (!bundle.ok()) return check_by_compiling(function);
  const auto module = bundle::load_artifact(**engine, bundle->artifact);
  return module.ok() ? Status(Done{}) : invalid_or_ok(module.error());
}

}  // namespace ferry::builder
