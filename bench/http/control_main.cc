// The control of every figure about `serve`: the same front, answering without a function.
//   bench_http_control 127.0.0.1:8080 [spin-path-microseconds] [--pin] [--workers N]
// GET /spin burns that much time (default one second); everything else answers 13 bytes at once.
// Workers are processes with a socket each, as in `ferry serve`.
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

#include "http/listener.h"
#include "http/pinning.h"
#include "http/server.h"

namespace {

class Control final : public ferry::http::Service {
 public:
  explicit Control(std::chrono::microseconds spin) : spin_(spin) {}
  int lane(const ferry::http::Request& /*request*/) override { return 0; }
  void handle(const ferry::http::Request& request, ferry::http::Response& response) override {
    if (request.path() == "/spin") {
      auto end = std::chrono::steady_clock::now() + spin_;
      while (std::chrono::steady_clock::now() < end) {
      }
    }
    response.content_type = "text/plain";
    response.body = "Hello, World!";
  }

 private:
  std::chrono::microseconds spin_;
};

ferry::http::Server* server = nullptr;
std::vector<pid_t> children;

int serve(Control& service, ferry::Fd socket) {
  ferry::http::ServerOptions options;
  options.lanes = {{64}};
  auto made = ferry::http::Server::make(std::move(options), service);
  if (!made.ok() || !(*made)->listen(std::move(socket)).ok()) {
    return 1;
  }
  server = made->get();
  std::signal(SIGTERM, [](int) { server->drain(); });
  return server->run().ok() ? 0 : 1;
}

// One worker is this process; more are children, ended with it.
int supervise(Control& service, std::vector<ferry::Fd>& sockets, bool pin) {
  const std::vector<int> cores = ferry::http::own_cores();
  for (std::size_t i = 0; i < sockets.size(); ++i) {
    const pid_t child = ::fork();
    if (child == 0) {
      if (pin && !ferry::http::keep_to_core(cores[i]).ok()) {
        _exit(1);
      }
      ferry::Fd mine = std::move(sockets[i]);
      sockets.clear();
      _exit(serve(service, std::move(mine)));
    }
    if (child < 0) {
      std::perror("fork");
      return 1;
    }
    children.push_back(child);
  }
  sockets.clear();
  std::signal(SIGTERM, [](int) {
    for (const pid_t child : children) {
      ::kill(child, SIGTERM);
    }
  });
  int result = 0;
  for (const pid_t child : children) {
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    result |= status;
  }
  return result == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  std::size_t workers = 1;
  if (argc > 2 && std::strcmp(argv[argc - 2], "--workers") == 0) {
    workers = std::strtoul(argv[argc - 1], nullptr, 10);
    argc -= 2;
  }
  const bool pin = argc > 2 && std::strcmp(argv[argc - 1], "--pin") == 0;
  argc -= pin ? 1 : 0;
  Control service(std::chrono::microseconds(argc > 2 ? std::atol(argv[2]) : 1'000'000));
  auto listeners = ferry::http::listen_on(argc > 1 ? argv[1] : "127.0.0.1:8080", workers);
  if (!listeners.ok()) {
    std::fprintf(stderr, "%s\n", listeners.error().text().c_str());
    return 1;
  }
  if (pin && !ferry::http::steer_by_core(*listeners, ferry::http::own_cores()).ok()) {
    return 1;
  }
  std::fprintf(stderr, "control on %s\n", listeners->address.c_str());
  return workers == 1 ? serve(service, std::move(listeners->sockets[0]))
                      : supervise(service, listeners->sockets, pin);
}
