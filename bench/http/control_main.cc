// The control of every figure about `serve`: the same front, answering without a function.
//   bench_http_control 127.0.0.1:8080 [spin-path-microseconds]
// GET /spin burns that much time (default one second); everything else answers 13 bytes at once.
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "http/listener.h"
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

}  // namespace

int main(int argc, char** argv) {
  Control service(std::chrono::microseconds(argc > 2 ? std::atol(argv[2]) : 1'000'000));
  auto listeners = ferry::http::listen_on(argc > 1 ? argv[1] : "127.0.0.1:8080", 1);
  if (!listeners.ok()) {
    std::fprintf(stderr, "%s\n", listeners.error().text().c_str());
    return 1;
  }
  ferry::http::ServerOptions options;
  options.lanes = {{64}};
  auto made = ferry::http::Server::make(std::move(options), service);
  if (!made.ok() || !(*made)->listen(std::move(listeners->sockets[0])).ok()) {
    return 1;
  }
  server = made->get();
  std::signal(SIGTERM, [](int) { server->drain(); });
  std::fprintf(stderr, "control on %s\n", listeners->address.c_str());
  server->run();
  return 0;
}
