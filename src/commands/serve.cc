// ferry serve FUNCTION...: HTTP and CloudEvents, from worker processes.
#include <csignal>
#include <cstdlib>
#include <optional>

#include <CLI/CLI.hpp>

#include "capsule/store.h"
#include "commands/common_options.h"
#include "commands/parsed_option.h"
#include "commands/verb.h"
#include "commands/wasm_provider.h"
#include "platforms/list.h"

namespace ferry::commands {
namespace {

class Serve final : public Verb {
 public:
  void declare(CLI::App& app) override {
    options_.listen = "127.0.0.1:8080";
    app.add_option("FUNCTION", paths_, "A .wasm file, a ferry.toml, or a folder with one");
    listen_ =
        app.add_option(
               "--listen", options_.listen,
               "Where to serve: HOST:PORT, [IPV6]:PORT, :PORT or unix:PATH. Port 0: a free one, "
               "which is printed on stderr even with --quiet. A socket that the service manager "
               "hands over (LISTEN_FDS) goes before it")
            ->capture_default_str();
    app.add_option("--workers", options_.workers,
                   "Worker processes (default: one for each core it may use)")
        ->check(CLI::Range(1, 1024));
    app.add_flag("--pin", options_.pin,
                 "Each worker on a core of its own, for the connections that arrive there: where "
                 "the network spreads them over the cores");
    app.add_option("--admin", options_.admin, "Where /livez, /readyz and /metrics are served")
        ->type_name("HOST:PORT");
    app.add_option("--platform", platform_, "Whose side is served")
        ->check(CLI::IsMember(platforms::platform_names()));
    CLI::Option* sandbox =
        app.add_option("--sandbox", sandbox_,
                       "What worker processes shut themselves in with: all (the default), none, or "
                       "what to leave out of all, such as no-files,no-environment")
            ->type_name("PARTS");
    app.add_flag_callback(
           "--no-sandbox", [this] { sandbox_ = "none"; }, "The same as --sandbox none")
        ->excludes(sandbox);
    app.add_flag("--print-sandbox", options_.print_sandbox, "Print what that is here, and end");
    app.add_option("--record", record_.folder,
                   "Folder that events are recorded in, each with its outcome, for 'ferry replay'")
        ->type_name("DIR");
    app.add_option("--record-only", record_.only, "Which: all (default), or failures alone")
        ->check(CLI::IsMember({"all", "failures"}));
    app.add_option("--record-rate", record_.rate, "How many of these: 0.01 is one in a hundred")
        ->type_name("RATE");
    app.add_option("--record-size", record_.size,
                   "Most that is kept in that folder; the oldest goes first (default: 256MiB)")
        ->type_name("SIZE");
    add_parsed(app, "--memory-budget", function::parse_size, options_.memory_budget,
               "Most that all workers together hold to keep instances between events (default: "
               "half of the cgroup's limit, where there is one)",
               "SIZE");
    app.add_flag("--no-snapshot", no_snapshot_,
                 "Serve the functions as they are, and make no snapshots of their start-up")
        ->envname("FERRY_NO_SNAPSHOT");
    declare_warm(app, common_);
    declare_common(app, common_);
    app.add_option("--log-format", log_format_, "How log lines are printed on stderr")
        ->check(CLI::IsMember({"text", "json"}));
    app.add_option("--log-file", log_file_,
                   "File for all that is printed on stderr once the server starts; opened anew on "
                   "SIGHUP")
        ->type_name("FILE");
    app.footer(
        "Examples:\n"
        "  ferry serve hello.wasm\n"
        "  ferry serve hello.wasm orders.wasm --listen :8080 --admin 127.0.0.1:9090\n"
        "  ferry serve --platform openwhisk --listen :8080\n"
        "\n"
        "One function answers every path; of several, each answers /NAME.\n"
        "SIGTERM or Ctrl-C: what was accepted is finished, then the program ends. Twice: at once.\n"
        "SIGHUP: functions and their manifests are read again, and served without a request lost.");
  }

  int run() override {
    Status done = serve();
    if (done.ok()) {
      return was_cut_ ? kExitCut : kExitOk;
    }
    return give_up(done.error());
  }

 private:
  Status serve() {
    std::signal(SIGPIPE, SIG_IGN);  // a log without a reader ends nothing
    options_.log_format = log_format_ == "json" ? serve::LogFormat::kJson : serve::LogFormat::kText;
    options_.quiet = common_.quiet;
    options_.was_cut = &was_cut_;
    const platforms::Platform& platform = *platforms::find_platform(platform_);
    if (listen_->empty() && platform.sign().starts_us) {
      // A platform that starts this process says where it is going to call.
      options_.listen = platform.default_listen(
          [](const char* name) -> const char* { return std::getenv(name); });
    }
    FERRY_CHECK_OK(set_recording());
    FERRY_TRY(options_.sandbox, host::sandbox::parse_parts(sandbox_));
    std::optional<serve::LogFile> log_file;
    if (!log_file_.empty()) {
      FERRY_TRY(auto opened, serve::LogFile::open(log_file_));
      options_.log_file = &log_file.emplace(std::move(opened));
    }
    WasmProvider provider(
        paths_, common_,
        {true,
         !no_snapshot_,
         {platform.environment_varies(), !options_.record.folder.empty(), options_.sandbox}});
    return platform.serve(provider, options_);
  }

  // What the command line leaves out, the environment may say.
  Status set_recording() {
    const capsule::RecordWords words =
        capsule::with_environment(record_, [](const char* name) -> const char* {
          return std::getenv(name);  // NOLINT(concurrency-mt-unsafe): one thread
        });
    FERRY_TRY(options_.record, capsule::record_options(words));
    return options_.record.folder.empty() ? Status(Done{})
                                          : make_directories(options_.record.folder, 0700);
  }

  std::vector<std::string> paths_;
  CommonOptions common_;
  serve::Options options_;
  bool was_cut_ = false;
  CLI::Option* listen_ = nullptr;
  std::string platform_ = "http";
  std::string log_format_ = "text";
  std::string log_file_;
  std::string sandbox_ = "all";
  capsule::RecordWords record_;
  bool no_snapshot_ = false;
};

}  // namespace

std::unique_ptr<Verb> make_serve() { return std::make_unique<Serve>(); }

}  // namespace ferry::commands
