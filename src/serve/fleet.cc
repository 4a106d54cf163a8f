#include "serve/fleet.h"

#include <cstdio>

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "http/admin.h"
#include "http/pinning.h"
#include "http/server.h"
#include "serve/service_manager.h"
#include "serve/supervisor.h"

namespace ferry::serve {
namespace {

constexpr std::size_t kMostNamed = 20;

// A function keeps its compiled file open, a client its connection.
void allow_descriptors() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);  // without it, what fits is served
  }
}

http::Census census(const Supervisor& supervisor) {
  http::Census census{supervisor.restarts(), supervisor.draining(), {}};
  for (std::size_t i = 0; i < supervisor.size(); ++i) {
    census.pids.push_back(supervisor.pid_of(i));
  }
  return census;
}

void announce(const FleetOptions& options, const std::string& address,
              const std::string& admin_address, std::size_t workers) {
  std::string what;
  const std::string url = http::url_of(address);
  for (const std::string& name : options.names) {
    if (options.names.size() > kMostNamed) {
      what = fmt::format("{} functions on {}/", options.names.size(), url);
      break;
    }
    what += what.empty() ? "" : ", ";
    what += fmt::format("{} on {}/{}", name, url, options.names.size() > 1 ? name : "");
  }
  fmt::print(stderr, "{}: serving {} ({} worker{}{})\n", options.program, what, workers,
             workers == 1 ? "" : "s",
             admin_address.empty() ? "" : ", admin on " + http::url_of(admin_address));
}

void on_death(const FleetOptions& options, http::WorkerCounters& worker, std::size_t index,
              int status) {
  worker.ready.store(false);
  worker.front.running.store(0);
  worker.front.queued.store(0);
  worker.front.connections.store(0);
  fmt::print(stderr, "{}: worker {} {}; starting another\n", options.program, index,
             WIFSIGNALED(status) ? fmt::format("was killed by signal {}", WTERMSIG(status))
                                 : fmt::format("ended with code {}", WEXITSTATUS(status)));
}

}  // namespace

Status run_fleet(FleetOptions options, http::Listeners listeners, const WorkerLife& life) {
  allow_descriptors();
  const std::size_t workers = listeners.sockets.size();
  const std::vector<int> cores = http::own_cores();
  if (options.pin && listeners.one_socket) {
    return Error{Code::kUsage, "--pin is not possible on one socket for all workers",
                 "leave it out, or listen on HOST:PORT"};
  }
  if (options.pin) FERRY_CHECK_OK(http::steer_by_core(listeners, cores));
  ServiceManager manager = ServiceManager::from_environment();
  FERRY_TRY(auto board, http::Board::make(workers, options.names));
  Supervisor* running = nullptr;
  http::Admin admin(board, [&] { return census(*running); });
  http::ServerOptions admin_options;
  admin_options.max_connections = 64;
  admin_options.reader.body = 0;
  FERRY_TRY(auto admin_server, http::Server::make(admin_options, admin));
  std::string admin_address;
  bool announced = !options.quiet || listeners.port_chosen;
  http::Listeners admin_listeners;
  if (options.admin_socket) {
    FERRY_TRY(admin_listeners, http::share(*std::move(options.admin_socket), 1));
    admin_listeners.inherited = true;
  } else if (!options.admin.empty()) {
    FERRY_TRY(admin_listeners, http::listen_on(options.admin, 1));
  }
  if (!admin_listeners.sockets.empty()) {
    admin_address = admin_listeners.address;
    announced |= admin_listeners.port_chosen;
    FERRY_CHECK_OK(admin_server->listen(std::move(admin_listeners.sockets[0])));
  }

  SupervisorHooks hooks;
  hooks.worker = [&](std::size_t index) {
    admin_server.reset();
    Fd mine = std::move(listeners.sockets[index]);
    listeners.sockets.clear();
    if (options.pin) {
      // Without it connections still go where they should; they are only served a little slower.
      static_cast<void>(http::keep_to_core(cores[index]).ok());
    }
    return life(std::move(mine), board, index);
  };
  hooks.is_ready = [&](std::size_t index) {
    return board.worker(index).ready.load(std::memory_order_acquire);
  };
  hooks.on_death = [&](std::size_t index, int status) {
    on_death(options, board.worker(index), index, status);
  };
  hooks.on_ready = [&] {
    if (announced) {
      announce(options, listeners.address, admin_address, workers);
    }
    manager.ready(fmt::format("serving on {}", http::url_of(listeners.address)));
  };
  hooks.on_drain = [&] {
    manager.stopping();
    // All sockets at once, before any worker stops: the kernel must not route to one that did.
    http::stop_listening(listeners);
  };
  hooks.side_fd = admin_server->fd();
  hooks.side_step = [&] {
    admin_server->step();
    manager.alive();
  };
  SupervisorOptions supervisor_options;
  supervisor_options.workers = workers;
  Supervisor supervisor(supervisor_options, std::move(hooks));
  running = &supervisor;
  return supervisor.run();
}

}  // namespace ferry::serve
