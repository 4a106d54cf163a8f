#include "serve/front.h"

#include <algorithm>
#include <csignal>

#include "base/event_fd.h"

namespace ferry::serve {
namespace {

constexpr std::uint64_t kEnvelope = 64u << 10;

// For the signal handler; set once, before the handler is.
http::Server* draining_server = nullptr;
Leaving leaving_process;

void on_sigterm(int /*signal*/, siginfo_t* info, void* /*context*/) {
  draining_server->drain();
  if (info->si_code == SI_USER && info->si_pid == leaving_process.supervisor) return;
  if (leaving_process.flag != nullptr) leaving_process.flag->store(true);
  if (leaving_process.attention_fd >= 0) raise_event(leaving_process.attention_fd);
}

}  // namespace

std::uint64_t max_body(const function::Limits& limits) {
  return limits.input + limits.input / 2 + kEnvelope;
}

http::ServerOptions front_options(std::span<const function::Limits> limits) {
  http::ServerOptions server;
  if (limits.empty()) {
    const function::Limits usual;
    return front_options({&usual, 1});
  }
  server.max_running = 0;
  server.reader.body = 0;
  for (const function::Limits& each : limits) {
    server.lanes.push_back({std::max(1u, each.concurrency)});
    server.max_running += std::max(1u, each.concurrency);
    server.reader.body = std::max(server.reader.body, max_body(each));
  }
  // As many as an engine has instances for. Most of so many wait for the network.
  constexpr std::uint32_t kMostRunning = 1024;
  server.max_running = std::min(server.max_running, kMostRunning);
  server.max_held = std::max(server.max_held, 4 * server.reader.body);
  return server;
}

Status serve_until_stopped(http::Server& server, const std::function<void()>& on_ready,
                           const Leaving& leaving) {
  draining_server = &server;
  leaving_process = leaving;
  struct sigaction action {};
  action.sa_sigaction = on_sigterm;
  action.sa_flags = SA_RESTART | SA_SIGINFO;
  sigaction(SIGTERM, &action, nullptr);
  on_ready();
  Status served = server.run();
  std::signal(SIGTERM, SIG_IGN);
  return served;
}

}  // namespace ferry::serve
