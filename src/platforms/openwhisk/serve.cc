#include "platforms/openwhisk/serve.h"

#include <csignal>
#include <cstdio>

#include <fmt/format.h>

#include "platforms/front.h"
#include "platforms/openwhisk/openwhisk.h"

namespace ferry::platforms::openwhisk {

Status serve(host::Host& host, std::vector<std::shared_ptr<host::Loaded>> functions,
             ServeOptions options) {
  http::Listeners& listeners = options.listeners;
  const bool announced = !options.quiet || listeners.port_chosen;
  const std::size_t known = functions.size();
  OpenWhiskAdapter adapter({host, std::move(functions), system_clock(), system_random()},
                           {options.key});
  FERRY_TRY(auto server, http::Server::make(front_options(), adapter));
  FERRY_CHECK_OK(server->listen(std::move(listeners.sockets.front())));
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGINT, [](int) { std::raise(SIGTERM); });
  serve_until_told(*server, [&] {
    if (announced) {
      fmt::print(stderr, "{}: OpenWhisk on http://{}/, {}\n", options.program, listeners.address,
                 known == 0 ? "waiting for /init"
                            : fmt::format("{} function{} here", known, known == 1 ? "" : "s"));
    }
  });
  return Done{};
}

}  // namespace ferry::platforms::openwhisk
