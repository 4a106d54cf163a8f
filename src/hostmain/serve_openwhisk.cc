// ferry-host --platform openwhisk: with the bundles beside it, or none and an /init to come.
#include <unistd.h>

#include "engine/linked.h"
#include "hostmain/packed.h"
#include "hostmain/serve.h"
#include "platforms/openwhisk/openwhisk.h"
#include "platforms/openwhisk/serve.h"

namespace ferry::hostmain {

Status serve_openwhisk(const Serving& serving) {
  const Options& options = serving.options;
  platforms::openwhisk::ServeOptions how{"ferry-host", {}, {}, options.quiet};
  // First of all: an invoker that was refused tries again only after 100 ms.
  FERRY_TRY(how.listeners, http::listen_on(serving.listen, 1));
  auto packed = read_packed(serving.folder, options.key);
  engine::EngineOptions engine_options = platforms::openwhisk::engine_options();
  if (packed.ok()) {
    engine_options.count_instructions = engine_options_for(*packed).count_instructions;
  } else if (packed.error().code == Code::kNotFound && options.bundle.empty()) {
    packed = std::vector<Packed>();
  } else {
    return std::move(packed).error();
  }
  const std::string key_path = options.key.empty() ? serving.folder + "/" + kKeyFile : options.key;
  if (packed->empty() && access(key_path.c_str(), F_OK) == 0) {
    FERRY_TRY(how.key, read_public_key(key_path));
  }
  FERRY_TRY(auto engine, engine::make_linked_engine(engine_options));
  host::Host host(*engine, system_clock(), system_random());
  std::vector<std::shared_ptr<host::Loaded>> functions;
  for (const Packed& each : *packed) {
    FERRY_TRY(auto loaded, host.load(each.bundle, {each.name, each.manifest, {}}));
    functions.push_back(std::move(loaded));
  }
  return platforms::openwhisk::serve(host, std::move(functions), std::move(how));
}

}  // namespace ferry::hostmain
