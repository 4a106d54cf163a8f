// ferry serve FUNCTION...: HTTP and CloudEvents, from worker processes.
#include <algorithm>
#include <thread>

#include <CLI/CLI.hpp>

#include "commands/platforms.h"
#include "commands/serve_lambda.h"
#include "commands/serve_openwhisk.h"
#include "commands/verb.h"
#include "platforms/fleet.h"

namespace ferry::commands {
namespace {

class Serve final : public Verb {
 public:
  void declare(CLI::App& app) override {
    app.add_option("FUNCTION", options_.paths, "A .wasm file, a ferry.toml, or a folder with one");
    app.add_option("--listen", listen_,
                   "Where to serve: HOST:PORT, [IPV6]:PORT or :PORT. Port 0: a free one, which is "
                   "printed on stderr even with --quiet")
        ->capture_default_str();
    app.add_option("--workers", workers_, "Worker processes (default: one a core)")
        ->check(CLI::Range(1, 1024));
    app.add_flag("--pin", pin_,
                 "Each worker on a core of its own, for the connections that arrive there: where "
                 "the network spreads them over the cores");
    app.add_option("--admin", admin_, "Where /livez, /readyz and /metrics are served")
        ->type_name("HOST:PORT");
    app.add_option("--platform", platform_, "Whose side is served")
        ->check(CLI::IsMember(platform_names()));
    declare_common(app, options_.common);
    app.add_option("--log-format", log_format_, "How log lines are printed on stderr")
        ->check(CLI::IsMember({"text", "json"}));
    app.footer(
        "Examples:\n"
        "  ferry serve hello.wasm\n"
        "  ferry serve hello.wasm orders.wasm --listen :8080 --admin 127.0.0.1:9090\n"
        "  ferry serve --platform openwhisk --listen :8080\n"
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
    options_.log_format =
        log_format_ == "json" ? platforms::LogFormat::kJson : platforms::LogFormat::kText;
    if (platform_ == "openwhisk") {
      return serve_openwhisk(options_, listen_);
    }
    if (options_.paths.empty()) {
      return Error{Code::kUsage, "FUNCTION is required",
                   "only --platform openwhisk starts without one"};
    }
    if (platform_ == "lambda") {
      return serve_lambda(options_);
    }
    options_.platform = find_platform(platform_);
    std::size_t workers =
        workers_ > 0 ? workers_ : std::max(1u, std::thread::hardware_concurrency());
    FERRY_TRY(auto functions, read_functions(options_));
    FERRY_TRY(auto listeners, http::listen_on(listen_, workers));
    // Compiles in a process of its own: this one must not have an engine or a thread when it forks.
    FERRY_CHECK_OK(prepare_in_child(functions, options_));
    platforms::FleetOptions fleet{"ferry", {}, admin_, pin_, options_.common.quiet};
    for (const function::Function& function : functions) {
      fleet.names.push_back(function.name);
    }
    return platforms::run_fleet(
        fleet, std::move(listeners), [&](Fd listener, http::Board& board, std::size_t index) {
          return serve_worker(functions, options_, std::move(listener), board, index);
        });
  }

  ServeOptions options_;
  std::string listen_ = "127.0.0.1:8080";
  std::string admin_;
  std::string platform_ = "http";
  std::string log_format_ = "text";
  unsigned workers_ = 0;
  bool pin_ = false;
};

}  // namespace

std::unique_ptr<Verb> make_serve() { return std::make_unique<Serve>(); }

}  // namespace ferry::commands
