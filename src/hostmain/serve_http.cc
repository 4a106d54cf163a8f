// ferry-host on a platform that calls over HTTP.
#include <algorithm>
#include <cstdio>
#include <thread>

#include <fmt/format.h>
#include <unistd.h>

#include "engine/linked.h"
#include "hostmain/packed.h"
#include "hostmain/serve.h"
#include "platforms/fleet.h"
#include "platforms/front.h"

namespace ferry::hostmain {
namespace {

Status work(const std::vector<Packed>& packed, const Options& options,
            const platforms::Platform& platform, Fd listener, http::Board& board,
            std::size_t index) {
  FERRY_TRY(auto engine, engine::make_linked_engine(engine_options_for(packed)));
  host::Host host(*engine, system_clock(), system_random());
  platforms::LogWriter log(STDERR_FILENO, options.log_format);
  platforms::AdapterContext context{host, {}, system_clock(), system_random()};
  context.log = options.quiet ? nullptr : &log;
  context.observe = [&](std::size_t function, const host::Outcome& outcome, Nanoseconds took) {
    board.function(index, function)
        .count(static_cast<std::size_t>(outcome.status),
               static_cast<std::uint64_t>(std::max<std::int64_t>(took.count(), 0)) / 1000);
  };
  std::vector<function::Limits> limits;
  for (const Packed& each : packed) {
    FERRY_TRY(auto loaded, host.load(each.bundle, {each.name, each.manifest, {}}));
    context.functions.push_back(std::move(loaded));
    limits.push_back(each.manifest.limits);
  }
  FERRY_TRY(auto adapter, platform.make_adapter(std::move(context)));
  http::ServerOptions front = platforms::front_options(limits);
  front.counters = &board.worker(index).front;
  FERRY_TRY(auto server, http::Server::make(std::move(front), *adapter));
  FERRY_CHECK_OK(server->listen(std::move(listener)));
  platforms::serve_until_told(
      *server, [&] { board.worker(index).ready.store(true, std::memory_order_release); });
  return Done{};
}

}  // namespace

Status serve_over_http(const Serving& serving, const platforms::Platform& platform) {
  const Options& options = serving.options;
  const std::size_t workers =
      options.workers > 0 ? options.workers : std::max(1u, std::thread::hardware_concurrency());
  // First of all: who comes while the bundles are read and proven waits, and is not refused, which
  // would have them wait longer before they try again.
  FERRY_TRY(auto listeners, http::listen_on(serving.listen, workers));
  FERRY_TRY(auto packed, read_packed(serving.folder, options.key));
  platforms::FleetOptions fleet{"ferry-host", {}, options.admin, options.pin, options.quiet};
  for (const Packed& each : packed) {
    fleet.names.push_back(each.name);
  }
  return platforms::run_fleet(
      fleet, std::move(listeners), [&](Fd listener, http::Board& board, std::size_t index) {
        Status worked = work(packed, options, platform, std::move(listener), board, index);
        if (!worked.ok()) {
          fmt::print(stderr, "ferry-host: {}\n", worked.error().text());
        }
        return worked.ok() ? 0 : 1;
      });
}

}  // namespace ferry::hostmain
