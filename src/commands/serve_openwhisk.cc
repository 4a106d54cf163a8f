#include "commands/serve_openwhisk.h"

#include "commands/signing.h"
#include "platforms/openwhisk/openwhisk.h"
#include "platforms/openwhisk/serve.h"

namespace ferry::commands {

Status serve_openwhisk(const ServeOptions& options, const std::string& listen) {
  FERRY_TRY(auto functions, read_functions(options));
  engine::EngineOptions engine_options = platforms::openwhisk::engine_options();
  engine_options.count_instructions = engine_options_for(functions).count_instructions;
  platforms::openwhisk::ServeOptions how{"ferry", {}, {}, options.common.quiet};
  if (functions.empty()) {
    FERRY_TRY(const KeyPair keys, load_key_pair(""));
    how.key = keys.shown;
  }
  if (!options.common.engine.empty()) {
    engine_options.variant.clear();
  }
  FERRY_TRY(auto engine, engine::load_engine(options.common.engine, engine_options));
  engine_options.variant = engine->info().variant;
  host::Host host(*engine, system_clock(), system_random());
  std::vector<std::shared_ptr<host::Loaded>> loaded;
  for (const function::Function& function : functions) {
    bool cached = false;
    FERRY_TRY(auto bundle,
              make_bundle(function, engine->info(), engine_options, options.common.quiet, &cached));
    FERRY_TRY(auto ready, host.load(bundle, {function.name, function.manifest, {}}));
    loaded.push_back(std::move(ready));
  }
  FERRY_TRY(how.listeners, http::listen_on(listen, 1));
  return platforms::openwhisk::serve(host, std::move(loaded), std::move(how));
}

}  // namespace ferry::commands
