#include "commands/serve_lambda.h"

#include <cstdlib>

#include <unistd.h>

#include "platforms/lambda/runtime.h"

namespace ferry::commands {
namespace {

// What the functions run on; outlives the runtime.
struct Served {
  engine::LoadedEngine engine;
  std::unique_ptr<host::Host> host;
  std::vector<std::shared_ptr<host::Loaded>> functions;
};

Result<Served> load(const ServeOptions& options) {
  FERRY_TRY(auto functions, read_functions(options));
  engine::EngineOptions engine_options = engine_options_for(functions);
  FERRY_TRY(auto engine, engine::load_engine(options.common.engine, engine_options));
  Served out{std::move(engine), nullptr, {}};
  out.host = std::make_unique<host::Host>(*out.engine, system_clock(), system_random());
  for (const function::Function& function : functions) {
    bool cached = false;
    FERRY_TRY(auto bundle, make_bundle(function, out.engine->info(), engine_options,
                                       options.common.quiet, &cached));
    FERRY_TRY(auto loaded, out.host->load(bundle, {function.name, function.manifest, {}}));
    out.functions.push_back(std::move(loaded));
  }
  return out;
}

}  // namespace

Status serve_lambda(const ServeOptions& options) {
  FERRY_TRY(auto runtime, platforms::lambda::runtime_options([](const char* name) {
              return std::getenv(name);  // NOLINT(concurrency-mt-unsafe): no thread yet
            }));
  auto served = load(options);
  if (!served.ok()) {
    return platforms::lambda::init_failed(runtime, std::move(served).error());
  }
  platforms::LogWriter log(STDERR_FILENO, runtime.log_format);
  platforms::AdapterContext context{*served->host, served->functions, system_clock(),
                                    system_random()};
  context.log = options.common.quiet ? nullptr : &log;
  return platforms::lambda::run_runtime(runtime, std::move(context));
}

}  // namespace ferry::commands
