// From wasm to compiled code, in the child: what ferry does to the module first, then the engine's
// compiler, then the bundle that the processes that run it load.
#include <sys/resource.h>

#include "bundle/store.h"
#include "compare/sample.h"
#include "compare/stopwatch.h"
#include "engine/loader.h"
#include "engine/lower.h"
#include "function/function.h"

namespace ferry::compare {
namespace {

double children_cpu_us() {
  rusage used{};
  getrusage(RUSAGE_CHILDREN, &used);
  const auto us = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_usec);
  };
  return us(used.ru_utime) + us(used.ru_stime);
}

}  // namespace

Result<Sample> measure_compile(const Task& task) {
  FERRY_TRY(const function::Function function,
            function::load_function(task.function, task.manifest, task.sections));
  engine::EngineOptions options;
  options.compile_only = true;
  FERRY_TRY(auto engine, engine::load_engine(task.engine, options));
  FERRY_TRY(auto store, bundle::Store::open({task.folder}));
  Sample sample;
  sample.version = engine->info().version;
  const double children_before = children_cpu_us();
  const Stopwatch whole(Stopwatch::Of::kProcess);
  double prepared = 0;
  FERRY_TRY(const bundle::Bundle bundle,
            store.get(
                function, engine->info(),
                [&](ByteView wasm) {
                  prepared = whole.cpu_us() + children_cpu_us() - children_before;
                  const double children = children_cpu_us();
                  const Stopwatch watch(Stopwatch::Of::kProcess);
                  auto artifact = engine->compile(wasm);
                  sample.values["compile_us"] = watch.cpu_us() + children_cpu_us() - children;
                  sample.values["compile_wall_us"] = watch.wall_us();
                  return artifact;
                },
                nullptr));
  sample.values["rewrite_us"] = prepared;
  sample.values["artifact_bytes"] = static_cast<double>(bundle.artifact->size());
  FERRY_TRY(const wasm::Prepared ready, wasm::prepare(function.wasm, function.binary, {}));
  const wasm::Lowering lowering =
      engine::lowering_for(function.binary, ready.facts, engine->info().capabilities);
  for (const std::string_view feature : lowering.rewrite) {
    sample.rewritten.emplace_back(feature);
  }
  return sample;
}

}  // namespace ferry::compare
