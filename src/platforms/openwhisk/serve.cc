#include "platforms/openwhisk/serve.h"

#include <csignal>
#include <cstdio>
#include <cstdlib>

#include <fmt/format.h>

#include "base/say.h"
#include "http/listener.h"
#include "platforms/openwhisk/openwhisk.h"
#include "serve/front.h"
#include "serve/in_place.h"
#include "serve/shut_in.h"
#include "serve/upload_improver.h"

namespace ferry::platforms::openwhisk {
namespace {

// The invoker sets it for its containers.
constexpr char kApiHost[] = "__OW_API_HOST";

}  // namespace

Status serve(serve::Provider& provider, const serve::Options& options) {
  // First of all: an invoker that was refused tries again only after 100 ms.
  FERRY_TRY(http::Listeners listeners, http::listen_on(options.listen, 1));
  FERRY_TRY(const auto functions, provider.list({{}, "", true}));
  AdapterOptions how;
  if (functions.empty()) {
    FERRY_TRY(how.key, provider.upload_key());
    how.sections = provider.sections();
  }
  host::sandbox::Needs needs = serve::needs_of(functions, options.record);
  needs.late = functions.empty();
  if (options.print_sandbox) {
    serve::print_sandbox(options, needs);
    return Done{};
  }
  const char* const api_host = std::getenv(kApiHost);
  if (api_host != nullptr) {
    how.env[kApiHost] = api_host;
  }
  engine::EngineOptions engine = engine_options();
  engine.count_instructions = serve::engine_options_for(functions).count_instructions;
  // In a container all output before the end of the first activation becomes part of its log.
  const bool tells = !options.quiet && api_host == nullptr;
  FERRY_CHECK_OK(provider.prepare());
  FERRY_TRY(const auto improver, serve::InPlaceImprover::make(provider, functions, engine, tells));
  std::unique_ptr<serve::UploadImprover> of_upload;
  if (functions.empty()) {
    FERRY_TRY(of_upload, serve::UploadImprover::make(provider, engine, tells));
    how.improver = of_upload.get();
  }
  capsule::RecordOptions record = options.record;
  record.at_once = true;  // an idle container is paused, and may never run again
  serve::Phases phases;
  FERRY_TRY(const serve::Running running,
            serve::bring_up(provider, functions, engine, record, phases));
  AdapterContext context = running.context(nullptr);
  context.reads_logs = true;  // an activation's log goes to this process's own streams
  how.on_loaded = [&](const function::Grants& grants) {
    host::sandbox::add_needs(grants, needs);
    serve::shut_in(provider, options, needs);
  };
  OpenWhiskAdapter adapter(std::move(context), how);
  FERRY_TRY(auto server, http::Server::make(front_options(), adapter));
  FERRY_CHECK_OK(server->listen(std::move(listeners.sockets.front())));
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGHUP, SIG_IGN);  // each version of an action has a container of its own
  std::signal(SIGINT, [](int) { std::raise(SIGTERM); });
  const bool announced = listeners.port_chosen || tells;
  if (!needs.late) serve::shut_in(provider, options, needs);
  FERRY_TRY(const auto improving, improver->begin(running));
  FERRY_CHECK_OK(serve::serve_until_stopped(*server, [&] {
    if (announced) {
      const std::size_t known = functions.size();
      say("{}: OpenWhisk on http://{}/, {}\n", provider.program(), listeners.address,
          known == 0 ? "waiting for /init"
                     : fmt::format("{} function{} here", known, known == 1 ? "" : "s"));
    }
  }));
  http::stop_listening(listeners);
  return Done{};
}

}  // namespace ferry::platforms::openwhisk
