// ferry build [DIR|FILE.wasm]: source → wasm → checked. With --snapshot: a module that starts where
// its start-up ended, compared with the original before it is written.
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <sys/wait.h>

#include "builder/snapshot_builder.h"
#include "commands/build_plan.h"
#include "commands/common_options.h"
#include "commands/go_overlay.h"
#include "commands/place.h"
#include "commands/verb.h"
#include "engine/loader.h"

namespace ferry::commands {
namespace {

namespace fs = std::filesystem;

class Build final : public Verb {
 public:
  void declare(CLI::App& app) override {
    app.add_option("FUNCTION", path_,
                   "A folder with a ferry.toml, go.mod, Cargo.toml, build.zig, package.json or "
                   "pyproject.toml, or a .wasm file (default: .)");
    app.add_flag("--snapshot", snapshot_, "Make it start where its start-up ended");
    app.add_option("-o,--out", out_, "Where the module goes (with --snapshot)")->type_name("FILE");
    app.add_option("--accept-frozen", accepted_,
                   "Accept that this was drawn before the snapshot and is the same at every event: "
                   "hash-key (of Go's maps), or all that is random")
        ->type_name("WHAT")
        ->check(CLI::IsMember({"hash-key", "random"}));
    app.add_option("--case", cases_,
                   "File with an event's data on which the two must agree (repeatable)")
        ->type_name("FILE")
        ->allow_extra_args(false);
    app.add_flag("--go-overlay", go_overlay_,
                 "Print the overlay with which a plain `go build` makes outbound connections");
    declare_warm(app, common_);
    declare_common(app, common_);
    app.footer(
        "Examples:\n  ferry build\n  ferry build hello.wasm --snapshot -o hello.fast.wasm\n"
        "  GOOS=wasip1 GOARCH=wasm go build -overlay \"$(ferry build --go-overlay)\" -o f.wasm .\n"
        "  ferry build hello-go.wasm --snapshot --accept-frozen hash-key -o fast.wasm\n\n"
        "Exit codes: 0 built, 1 not (the reason is on stderr), 2 usage, 10 no such file or "
        "engine,\n11 a file that cannot be used.");
  }

  int run() override {
    if (go_overlay_) {
      auto overlay = make_go_overlay();
      if (!overlay.ok()) {
        return give_up(overlay.error());
      }
      fmt::print("{}\n", *overlay);
      return kExitOk;
    }
    if (snapshot_ == out_.empty()) {
      complain({snapshot_ ? "--snapshot needs -o FILE" : "-o goes with --snapshot",
                "see 'ferry build --help'"});
      return kExitUsage;
    }
    if (snapshot_) {
      if (const Status place = check_file_place("-o", out_); !place.ok()) {
        return give_up(place.error());
      }
    }
    const auto built = run_build_command();
    if (!built.ok()) {
      return give_up(built.error());
    }
    if (!*built) {
      return kExitDifference;
    }
    auto function = read_built();
    if (!function.ok()) {
      return give_up(function.error());
    }
    if (!snapshot_) {
      fmt::print("{}: {} ({}), {}\n", function->name, function->path,
                 function::format_size(function->wasm.size()), function->digest);
      return kExitOk;
    }
    Status made = make(*function);
    if (!made.ok()) {
      const int code = give_up(made.error());
      // "No snapshot" is the answer that was asked for.
      return code == kExitInvalid ? kExitDifference : code;
    }
    return kExitOk;
  }

 private:
  // In the project's own folder, by the shell. False, with a complaint, where the command failed.
  Result<bool> run_build_command() {
    FERRY_TRY(const BuildPlan plan, plan_build(path_, common_));
    built_ = plan.function;
    if (plan.command.empty()) {
      return true;
    }
    if (!common_.quiet) {
      fmt::print(stderr, "ferry: {}\n", plan.command);
    }
    std::error_code failed;
    fs::path before = fs::current_path();
    fs::current_path(path_, failed);
    if (failed) {
      return errno_error(path_, failed.value());
    }
    int status = std::system(plan.command.c_str());  // NOLINT: the user's own command
    fs::current_path(before, failed);
    if (status != 0) {
      complain({fmt::format("the build command ended with exit code {}",
                            WIFEXITED(status) ? WEXITSTATUS(status) : 128),
                fmt::format("it is {}", plan.origin)});
      return false;
    }
    return true;
  }

  Result<function::Function> read_built() const {
    if (snapshot_) {
      return builder::read_function(built_, common_);
    }
    // Nothing is run, so nothing that the manifest asks for is granted.
    FERRY_TRY(auto function, builder::open_function(built_, common_.manifest, common_.sections));
    FERRY_CHECK_OK(function::check_runnable(function));
    return function;
  }

  Status make(const function::Function& function) {
    engine::EngineOptions options = builder::engine_options_for({&function, 1});
    options.max_instances = 4;
    FERRY_TRY(auto engine, engine::load_engine(common_.engine, options));
    builder::SnapshotRequest how;
    how.accepted = accepted_;
    how.cases = cases_;
    FERRY_TRY(const auto taken, builder::build_snapshot(*engine, options, function, how));
    FERRY_CHECK_OK(write_file_atomically(out_, taken.function.wasm));
    if (common_.quiet) {
      return Done{};
    }
    for (const std::string& line : taken.notes) {
      fmt::print(stderr, "ferry: {}\n", line);
    }
    fmt::print(
        "{}: {} -> {}, starts with {} of memory, {} functions and {} bytes of stack in the "
        "snapshot; "
        "{}\n",
        out_, function::format_size(function.wasm.size()),
        function::format_size(taken.function.wasm.size()), function::format_size(taken.made.memory),
        taken.made.frames, taken.made.stack_bytes, taken.compared_on);
    return Done{};
  }

  CommonOptions common_;
  std::string path_ = ".";
  std::string built_;  // what is read after the build
  std::string out_;
  std::string accepted_;
  std::vector<std::string> cases_;
  bool snapshot_ = false;
  bool go_overlay_ = false;
};

}  // namespace

std::unique_ptr<Verb> make_build() { return std::make_unique<Build>(); }

}  // namespace ferry::commands
