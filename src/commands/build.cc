// ferry build [DIR|FILE.wasm]: source → wasm → checked. With --snapshot: a module that starts where
// its start-up ended, compared with the original before it is written.
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <sys/wait.h>

#include "commands/ready.h"
#include "commands/same.h"
#include "commands/verb.h"
#include "engine/compiler.h"
#include "engine/loader.h"
#include "engine/snapshot.h"

namespace ferry::commands {
namespace {

namespace fs = std::filesystem;

class Build final : public Verb {
 public:
  void declare(CLI::App& app) override {
    app.add_option("FUNCTION", path_, "A folder with a ferry.toml, or a .wasm file (default: .)");
    app.add_flag("--snapshot", snapshot_, "Make it start where its start-up ended");
    app.add_option("-o,--out", out_, "Where the module goes (with --snapshot)")->type_name("FILE");
    app.add_option("--accept-frozen", accepted_,
                   "Accept that this was drawn before the snapshot and is the same at every event")
        ->type_name("random")
        ->check(CLI::IsMember({"random"}));
    app.add_option("--case", cases_,
                   "File with an event's data on which the two must agree (repeatable)")
        ->type_name("FILE")
        ->expected(1)
        ->allow_extra_args(false);
    declare_common(app, common_);
    app.footer(
        "Examples:\n  ferry build\n  ferry build hello.wasm --snapshot -o hello.fast.wasm\n"
        "  ferry build hello-go.wasm --snapshot --accept-frozen random -o fast.wasm\n\n"
        "Exit codes: 0 built, 1 not (the reason is on stderr), 2 usage, 10 no such file or "
        "engine.");
  }

  int run() override {
    if (snapshot_ == out_.empty()) {
      complain({snapshot_ ? "--snapshot needs -o FILE" : "-o goes with --snapshot",
                "see 'ferry build --help'"});
      return kExitUsage;
    }
    if (Status built = run_build_command(); !built.ok()) {
      complain({built.error().message, built.error().hint});
      return built.error().code == Code::kNotFound ? kExitNoEngineOrFile : kExitDifference;
    }
    auto function = read_function(path_, common_);
    if (!function.ok()) {
      complain({function.error().message, function.error().hint});
      return function.error().code == Code::kUsage ? kExitUsage : kExitNoEngineOrFile;
    }
    if (!snapshot_) {
      fmt::print("{}: {} ({}), {}\n", function->name, function->path,
                 function::format_size(function->wasm.size()), function->digest);
      return kExitOk;
    }
    Status made = make(*function);
    if (!made.ok()) {
      complain({made.error().message, made.error().hint});
      return kExitDifference;
    }
    return kExitOk;
  }

 private:
  // [build] command of a folder's manifest, run in that folder by the shell, as its author wrote
  // it.
  Status run_build_command() {
    if (!fs::is_directory(path_)) {
      return Done{};
    }
    std::string manifest_path =
        common_.manifest.empty() ? (fs::path(path_) / "ferry.toml").string() : common_.manifest;
    FERRY_TRY(auto text, read_file(manifest_path, 1u << 20));
    FERRY_TRY(auto manifest, function::parse_manifest(as_text(text), manifest_path));
    if (manifest.build_command.empty()) {
      return Done{};
    }
    if (!common_.quiet) {
      fmt::print(stderr, "ferry: {}\n", manifest.build_command);
    }
    std::error_code failed;
    fs::path before = fs::current_path();
    fs::current_path(path_, failed);
    if (failed) {
      return errno_error(path_, failed.value());
    }
    int status = std::system(manifest.build_command.c_str());  // NOLINT: the user's own command
    fs::current_path(before, failed);
    if (status != 0) {
      return Error{Code::kInvalid,
                   fmt::format("the build command ended with exit code {}",
                               WIFEXITED(status) ? WEXITSTATUS(status) : 128),
                   fmt::format("it is [build] command of {}", manifest_path)};
    }
    return Done{};
  }

  Status make(const function::Function& function) {
    engine::EngineOptions options = engine_options_for({function});
    options.max_instances = 4;
    FERRY_TRY(auto engine, engine::load_engine(common_.engine, options));
    const engine::Info& info = engine->info();
    std::string name = info.name + (info.variant.empty() ? "" : ":" + info.variant);
    engine::SnapshotOptions how;
    how.name = function.name;
    how.timeout = function.manifest.limits.timeout;
    how.memory = function.manifest.limits.memory;
    for (const auto& [key, value] : function.manifest.grants.env) {
      how.environ.emplace_back(key).append("=").append(value);
    }
    FERRY_TRY(auto snapshot, engine::make_snapshot(
                                 *engine,
                                 [&](ByteView prepared) {
                                   return engine::compile_in_child(name, options, prepared, {});
                                 },
                                 function.wasm, function.binary, how));
    FERRY_CHECK_OK(judge_frozen(snapshot.drawn));
    FERRY_TRY(auto baked, function::make_function(function.name, snapshot.wasm, function.manifest));
    FERRY_TRY(auto same, compare_functions(*engine, options, function, baked, cases_));
    FERRY_CHECK_OK(write_file_atomically(out_, snapshot.wasm));
    if (!common_.quiet) {
      fmt::print(
          "{}: {} -> {}, starts with {} of memory, {} functions and {} bytes of stack taken ahead; "
          "{}\n",
          out_, function::format_size(function.wasm.size()),
          function::format_size(snapshot.wasm.size()), function::format_size(snapshot.memory),
          snapshot.frames, snapshot.stack_bytes, same);
    }
    return Done{};
  }

  // What was drawn before the snapshot is the same at every event from now on.
  Status judge_frozen(const wasi::Drawn& drawn) const {
    if (drawn.random && accepted_ != "random") {
      return Error{
          Code::kUnsupported,
          "no snapshot: randomness was drawn before the first read; seeds made of it (hash seeds, "
          "Go's math/rand) would be the same at every event, and so be known to an attacker",
          "where nothing secret hangs on them, --accept-frozen random; crypto/rand and the like "
          "that ask at each use stay random"};
    }
    if (common_.quiet) {
      return Done{};
    }
    if (drawn.random) {
      fmt::print(stderr, "ferry: frozen: randomness drawn while starting (accepted)\n");
    }
    if (drawn.environ) {
      fmt::print(
          stderr,
          "ferry: frozen: the environment ([grant] env as it is now; no CE_* attribute of an "
          "event is seen: use input = \"cloudevent\" for those)\n");
    }
    if (drawn.clock) {
      fmt::print(stderr, "ferry: frozen: the time at which it believes to have started\n");
    }
    return Done{};
  }

  CommonOptions common_;
  std::string path_ = ".";
  std::string out_;
  std::string accepted_;
  std::vector<std::string> cases_;
  bool snapshot_ = false;
};

}  // namespace

std::unique_ptr<Verb> make_build() { return std::make_unique<Build>(); }

}  // namespace ferry::commands
