// ferry serve FUNCTION...: HTTP and CloudEvents, from worker processes.
#include <algorithm>
#include <cstdio>
#include <thread>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include "commands/serve_lambda.h"
#include "commands/serve_worker.h"
#include "commands/verb.h"
#include "host/supervisor.h"
#include "http/admin.h"
#include "http/listener.h"

namespace ferry::commands {
namespace {

class Serve final : public Verb {
 public:
  void declare(CLI::App& app) override {
    app.add_option("FUNCTION", options_.paths, "A .wasm file, a ferry.toml, or a folder with one")
        ->required();
    app.add_option("--listen", listen_, "Where to serve: HOST:PORT, [IPV6]:PORT or :PORT")
        ->capture_default_str();
    app.add_option("--workers", workers_, "Worker processes (default: one a core)")
        ->check(CLI::Range(1, 1024));
    app.add_option("--admin", admin_, "Where /livez, /readyz and /metrics are served")
        ->type_name("HOST:PORT");
    app.add_option("--platform", platform_, "Whose side is served")
        ->check(CLI::IsMember({"http", "lambda"}));
    declare_common(app, options_.common);
    app.add_option("--log-format", log_format_, "How log lines are printed on stderr")
        ->check(CLI::IsMember({"text", "json"}));
    app.footer(
        "Examples:\n"
        "  ferry serve hello.wasm\n"
        "  ferry serve hello.wasm orders.wasm --listen :8080 --admin 127.0.0.1:9090\n"
        "\n"
        "One function answers every path; of several, each answers /NAME.\n"
        "SIGTERM or Ctrl-C: what was accepted is finished, then the program ends. Twice: at once.");
  }

  int run() override {
    Status done = serve();
    if (done.ok()) {
      return kExitOk;
    }
    complain({done.error().message, done.error().hint});
    return done.error().code == Code::kUsage ? kExitUsage : kExitNoEngineOrFile;
  }

 private:
  Status serve() {
    if (platform_ == "lambda") {
      return serve_lambda(options_);
    }
    options_.log_format =
        log_format_ == "json" ? platforms::LogFormat::kJson : platforms::LogFormat::kText;
    std::size_t workers =
        workers_ > 0 ? workers_ : std::max(1u, std::thread::hardware_concurrency());
    FERRY_TRY(auto functions, read_functions(options_));
    FERRY_TRY(auto listeners, http::listen_on(listen_, workers));
    // Compiles in a process of its own: this one must not have an engine or a thread when it forks.
    FERRY_CHECK_OK(prepare_in_child(functions, options_));
    std::vector<std::string> names;
    for (const function::Function& function : functions) {
      names.push_back(function.name);
    }
    FERRY_TRY(auto board, http::Board::make(workers, names));

    host::Supervisor* running = nullptr;
    http::Admin admin(board, [&] { return census(*running); });
    http::ServerOptions admin_options;
    admin_options.max_connections = 64;
    admin_options.reader.body = 0;
    FERRY_TRY(auto admin_server, http::Server::make(admin_options, admin));
    std::string admin_address;
    if (!admin_.empty()) {
      FERRY_TRY(auto admin_listeners, http::listen_on(admin_, 1));
      admin_address = admin_listeners.address;
      FERRY_CHECK_OK(admin_server->listen(std::move(admin_listeners.sockets[0])));
    }

    host::SupervisorHooks hooks;
    hooks.worker = [&](std::size_t index) {
      admin_server.reset();
      Fd mine = std::move(listeners.sockets[index]);
      listeners.sockets.clear();
      return serve_worker(functions, options_, std::move(mine), board, index);
    };
    hooks.is_ready = [&](std::size_t index) {
      return board.worker(index).ready.load(std::memory_order_acquire);
    };
    hooks.on_death = [&](std::size_t index, int status) {
      board.worker(index).ready.store(false);
      board.worker(index).front.running.store(0);
      board.worker(index).front.queued.store(0);
      board.worker(index).front.connections.store(0);
      fmt::print(stderr, "ferry: worker {} {}; starting another\n", index,
                 WIFSIGNALED(status) ? fmt::format("was killed by signal {}", WTERMSIG(status))
                                     : fmt::format("ended with code {}", WEXITSTATUS(status)));
    };
    hooks.on_ready = [&] { announce(names, listeners.address, admin_address, workers); };
    hooks.on_drain = [&] {
      // All sockets at once, before any worker stops: the kernel must not route to one that did.
      for (Fd& socket : listeners.sockets) {
        static_cast<void>(http::refuse_new_connections(socket.get()).ok());
        socket.reset();
      }
    };
    hooks.side_fd = admin_server->fd();
    hooks.side_step = [&] { admin_server->step(); };
    host::SupervisorOptions supervisor_options;
    supervisor_options.workers = workers;
    host::Supervisor supervisor(supervisor_options, std::move(hooks));
    running = &supervisor;
    return supervisor.run();
  }

  static http::Census census(const host::Supervisor& supervisor) {
    http::Census census{supervisor.restarts(), supervisor.draining(), {}};
    for (std::size_t i = 0; i < supervisor.size(); ++i) {
      census.pids.push_back(supervisor.pid_of(i));
    }
    return census;
  }

  void announce(const std::vector<std::string>& names, const std::string& address,
                const std::string& admin_address, std::size_t workers) const {
    if (options_.common.quiet) {
      return;
    }
    std::string what;
    for (const std::string& name : names) {
      what += what.empty() ? "" : ", ";
      what += fmt::format("{} on http://{}/{}", name, address, names.size() > 1 ? name : "");
    }
    fmt::print(stderr, "ferry: serving {} ({} worker{}{})\n", what, workers,
               workers == 1 ? "" : "s",
               admin_address.empty() ? "" : ", admin on http://" + admin_address);
  }

  ServeOptions options_;
  std::string listen_ = "127.0.0.1:8080";
  std::string admin_;
  std::string platform_ = "http";
  std::string log_format_ = "text";
  unsigned workers_ = 0;
};

}  // namespace

std::unique_ptr<Verb> make_serve() { return std::make_unique<Serve>(); }

}  // namespace ferry::commands
