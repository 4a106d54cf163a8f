#include "serve/fleet.h"

#include <array>
#include <chrono>
#include <csignal>

#include <fmt/format.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "http/pinning.h"
#include "http/server.h"
#include "serve/admin.h"
#include "serve/notices.h"
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

Census census(const WorkerPool& pool) {
  Census census{pool.restarts(), 0, 0, pool.draining(), false, {}, {}};
  for (std::size_t i = 0; i < pool.size(); ++i) {
    census.pids.push_back(pool.pid_of(i));
    census.slots.push_back(pool.slot_of(i));
    census.stuck |= pool.is_stuck(i);
  }
  return census;
}

std::string what_serves(const FleetOptions& options, const std::string& address,
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
  return fmt::format("serving {} ({} worker{}{})", what, workers, workers == 1 ? "" : "s",
                     admin_address.empty() ? "" : ", admin on " + http::url_of(admin_address));
}

std::string seconds_of(std::chrono::milliseconds pause) {
  return fmt::format("{:.3g} s", static_cast<double>(pause.count()) / 1000);
}

std::string how_it_died(const WorkerDeath& death) {
  const int status = death.wait_status;
  if (!WIFSIGNALED(status)) return fmt::format("ended with code {}", WEXITSTATUS(status));
  const bool by_kernel = WTERMSIG(status) == SIGKILL && !death.killed_by_us;
  return fmt::format("was killed by signal {}{}", WTERMSIG(status),
                     by_kernel ? ", as the kernel does when memory is short" : "");
}

// What the pool's decisions mean for people who read stderr.
void tell(PoolHooks& hooks, Notices& notices, bool* was_cut) {
  hooks.on_death = [&](const WorkerDeath& death) {
    notices.add(fmt::format("worker {} {}; starting another{}", death.index, how_it_died(death),
                            death.pause.count() == 0 ? "" : " in " + seconds_of(death.pause)));
  };
  hooks.on_start_failed = [&](std::size_t index, const Error& error,
                              std::chrono::milliseconds pause) {
    notices.add(
        fmt::format("worker {}: {}; trying again in {}", index, error.text(), seconds_of(pause)));
  };
  hooks.on_stuck = [&](std::size_t index) {
    notices.add(fmt::format("worker {} does not answer; killing it", index));
  };
  hooks.on_leaving = [&](std::size_t index) {
    notices.add(fmt::format("worker {} was asked to end; starting another beside it", index));
  };
  hooks.on_cut = [&notices, was_cut](std::size_t count) {
    notices.add(
        fmt::format("{} worker{} had not finished in time and {} killed: requests were lost", count,
                    count == 1 ? "" : "s", count == 1 ? "was" : "were"));
    if (was_cut != nullptr) *was_cut = true;
  };
}

}  // namespace

Status run_fleet(FleetOptions options, http::Listeners listeners, const WorkerLife& life,
                 Beside& beside) {
  allow_descriptors();
  const std::size_t workers = listeners.sockets.size();
  const std::vector<int> cores = options.pin ? http::own_cores() : std::vector<int>();
  if (options.pin && listeners.one_socket) {
    return Error{Code::kUsage, "--pin is not possible on one socket for all workers",
                 "leave it out, or listen on HOST:PORT"};
  }
  if (options.pin) FERRY_CHECK_OK(http::steer_by_core(listeners, cores));
  ServiceManager manager = ServiceManager::from_environment();
  FERRY_TRY(auto board, Board::make(2 * workers, options.names));
  FERRY_TRY(const auto log, LineOutput::make(STDERR_FILENO));
  Notices notices(*log, options.program);
  const Fd attention(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  Supervisor* processes = nullptr;
  std::array<std::uint64_t, 2> reloads{};  // that failed, that went well
  Admin admin(board, [&] {
    Census now = census(processes->pool());
    now.failed_reloads = reloads[0];
    now.reloads = reloads[1];
    return now;
  });
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
  hooks.worker = [&](std::size_t slot) {
    const std::size_t index = slot % workers;
    admin_server.reset();
    manager = ServiceManager();  // its socket reaches others too
    Fd mine = std::move(listeners.sockets[index]);
    listeners.sockets.clear();
    if (options.pin) {
      // Without it connections still go where they should; they are only served a little slower.
      static_cast<void>(http::keep_to_core(cores[index]).ok());
    }
    const Leaving leaving{getppid(), &board.slot(slot).leaving, attention.get()};
    return life({index, slot, std::move(mine), board, *log, leaving});
  };
  hooks.before_start = [&](std::size_t slot) { board.clear(slot); };
  hooks.is_ready = [&](std::size_t slot) { return board.slot(slot).is_ready(); };
  hooks.is_leaving = [&](std::size_t slot) { return board.slot(slot).leaving.load(); };
  hooks.beats = [&](std::size_t slot) { return board.slot(slot).front.beats.load(); };
  hooks.on_hangup = [&] { beside.on_hangup(); };
  tell(hooks.pool, notices, options.was_cut);
  const std::string status = fmt::format("serving on {}", http::url_of(listeners.address));
  hooks.pool.on_ready = [&] {
    if (announced) {
      notices.add(what_serves(options, listeners.address, admin_address, workers));
    }
    manager.ready(status);
    FleetCalls calls;
    calls.after_fork = [&] {
      admin_server.reset();
      manager = ServiceManager();
      listeners.sockets.clear();
    };
    calls.say = [&](const std::string& text) { notices.add(text); };
    calls.renew = [&] { return processes->renew(); };
    calls.reloading = [&] { manager.reloading(); };
    calls.reloaded = [&](bool well) {
      ++reloads[well ? 1 : 0];
      manager.ready(status);
    };
    beside.start(std::move(calls));
  };
  hooks.pool.on_left = [&](std::size_t slot) {
    // Where two successors came since, the slot is in use.
    const WorkerPool& pool = processes->pool();
    if (pool.slot_of(slot % workers) != slot) board.clear(slot);
  };
  hooks.pool.on_renewed = [&](const Status& renewed) { beside.on_renewed(renewed); };
  hooks.pool.on_answering = [&](const std::vector<bool>& answering) {
    // Without it new connections wait for the successor. Of one socket each worker takes what it
    // can.
    if (!listeners.one_socket) {
      static_cast<void>(http::steer_around(listeners, cores, answering).ok());
    }
  };
  hooks.pool.on_drain = [&] {
    manager.stopping();
    beside.stop();
    // All sockets at once, before any worker stops: the kernel must not route to one that did.
    http::stop_listening(listeners);
  };
  hooks.sides = {{[&] { return admin_server->fd(); },
                  [&] {
                    admin_server->step();
                    notices.step();
                    manager.alive();
                  }},
                 {[&] { return beside.fd(); }, [&] { beside.step(); }}};
  hooks.on_other_end = [&](pid_t pid, int wait_status) {
    log->let_go(pid);
    beside.on_end(pid, wait_status);
  };
  hooks.attention_fd = attention.get();
  PoolOptions pool_options;
  pool_options.workers = workers;
  Supervisor supervisor(pool_options, std::move(hooks));
  processes = &supervisor;
  return supervisor.run();
}

}  // namespace ferry::serve
