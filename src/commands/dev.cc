// ferry dev [DIR]: watches, builds, serves, and shows every event on a page.
#include <filesystem>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "builder/quick_tier.h"
#include "commands/build_plan.h"
#include "commands/dev_lives.h"
#include "commands/verb.h"
#include "emulators/list.h"
#include "engine/loader.h"
#include "verify/case.h"
#include "workbench/bench.h"

namespace ferry::commands {
namespace {

namespace fs = std::filesystem;

class Dev final : public Verb {
 public:
  void declare(CLI::App& app) override {
    options_.listen = "127.0.0.1:8080";
    options_.page = "127.0.0.1:0";
    app.add_option("DIR", path_,
                   "A folder with a ferry.toml or a project, or a .wasm file "
                   "(default: .)");
    app.add_option("--listen", options_.listen, "Where the function is served")
        ->type_name("HOST:PORT")
        ->capture_default_str();
    app.add_option("--page", options_.page,
                   "Where the page is served, on this machine alone (default: a free port)")
        ->type_name("127.0.0.1:PORT");
    declare_common(app, common_);
    app.footer(
        "Examples:\n  ferry dev\n  ferry dev orders --listen 127.0.0.1:9000\n\n"
        "The page's address is printed. Whoever has it can send events to the function, so it "
        "holds a secret\nthat is new each time. Ctrl-C ends it.\n\n"
        "Exit codes: 0 ended, 2 usage, 10 no such file, tool or address, 11 a file that "
        "cannot be used.");
  }

  int run() override {
    const Status done = dev();
    return done.ok() ? kExitOk : give_up(done.error());
  }

 private:
  Status dev() {
    if (std::error_code unknown; !fs::exists(path_, unknown)) {
      return Error{Code::kNotFound, fmt::format("there is no {}", path_),
                   "give a folder with a function, or make one: ferry new go hello"};
    }
    FERRY_TRY(const BuildPlan plan, plan_build(path_, common_));
    if (plan.command.empty()) {
      // Nothing will make it what it is not.
      FERRY_CHECK_OK(builder::read_function(plan.function, common_));
    }
    const bool folder = fs::is_directory(path_);
    options_.folder = folder ? path_ : fs::path(path_).parent_path().string();
    options_.watch = watched(plan, folder);
    options_.command = plan.command;
    options_.function = plan.function;
    options_.common = passed_on();
    options_.platforms = platforms::emulated_names();
    for (const engine::Plugin& plugin : engine::list_plugins()) {
      options_.engines.push_back(plugin.name);
    }
    options_.quiet = common_.quiet;
    // Each build is served by a new process.
    engine::open_ahead(common_.engine);
    if (common_.engine.empty()) engine::open_ahead(builder::kQuickEngine);
    return workbench::run_bench(options_, lives(plan.function));
  }

  // The folder, where it is built; else the file that somebody else builds.
  std::string watched(const BuildPlan& plan, bool folder) const {
    if (!folder || !plan.command.empty()) {
      return path_;
    }
    const auto function = builder::read_function(plan.function, common_);
    return function.ok() ? function->path : path_;
  }

  // The options of this command line that other verbs need as well.
  std::vector<std::string> passed_on() const {
    std::vector<std::string> words;
    if (!common_.manifest.empty()) words.push_back("--manifest=" + common_.manifest);
    if (common_.timeout) words.push_back(fmt::format("--timeout={}ms", common_.timeout->count()));
    if (common_.memory) words.push_back(fmt::format("--memory={}", *common_.memory));
    for (const std::string& env : common_.env) words.push_back("--env=" + env);
    for (const std::string& file : common_.env_files) words.push_back("--env-file=" + file);
    for (const std::string& dir : common_.dirs) words.push_back("--dir=" + dir);
    for (const std::string& grant : common_.connect) words.push_back("--connect=" + grant);
    if (common_.allow) words.emplace_back("--allow");
    return words;
  }

  workbench::Lives lives(const std::string& function) const {
    workbench::Lives lives;
    lives.serve = [this, function](int channel, const std::string& address) {
      return serve_for_dev(function, common_, channel, address);
    };
    lives.send = [this, function](int channel, const workbench::Sent& sent) {
      return send_for_dev(function, common_, channel, sent);
    };
    lives.to_case =
        [](const capsule::Capsule& capsule,
           const std::string& name) -> Result<std::vector<std::pair<std::string, std::string>>> {
      std::map<std::string, std::string> files;
      const std::string text = verify::cases_to_toml({verify::case_of(capsule, name)}, files);
      std::vector<std::pair<std::string, std::string>> out(files.begin(), files.end());
      out.emplace_back(name + ".toml",
                       "# Saved by ferry dev; the format: docs/formats/cases.md\n\n" + text);
      return out;
    };
    return lives;
  }

  workbench::BenchOptions options_;
  std::string path_ = ".";
  CommonOptions common_;
};

}  // namespace

std::unique_ptr<Verb> make_dev() { return std::make_unique<Dev>(); }

}  // namespace ferry::commands
