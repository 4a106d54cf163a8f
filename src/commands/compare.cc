// ferry compare FUNCTION...: the same work on every engine, measured.
#include "compare/compare.h"

#include <algorithm>
#include <cstdio>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/cgroup.h"
#include "base/file.h"
#include "builder/allow.h"
#include "builder/function_options.h"
#include "commands/place.h"
#include "commands/progress.h"
#include "commands/verb.h"
#include "compare/page.h"
#include "generated/version.h"
#include "platforms/list.h"

namespace ferry::commands {
namespace {

constexpr std::uint64_t kMostJson = 64u << 20;
constexpr std::uint64_t kMostData = 64u << 20;

class Compare final : public Verb {
 public:
  void declare(CLI::App& app) override {
    app.add_option("FUNCTION", paths_,
                   "Functions: .wasm files, or folders with one. A program NAME.native beside "
                   "NAME.wasm is measured too, as the control");
    app.add_option("--data", data_, "Data of every event: literal, or @FILE");
    app.add_option("--engine", engines_,
                   "Engine to measure, the first is the measure (repeatable; all when left out)")
        ->type_name("NAME")
        ->allow_extra_args(false);
    app.add_option("--processes", options_.processes,
                   "Processes for each engine and function (default 5)")
        ->check(CLI::Range(1, 1000));
    app.add_option("--compiles", options_.compiles, "How often each is compiled (default 3)")
        ->check(CLI::Range(1, 100));
    app.add_flag("--allow", allow_,
                 "Allow what a function's ferry.toml asks for outside of its own folder");
    app.add_option("--threads", options_.threads, "Threads of the last throughput (default: cores)")
        ->check(CLI::Range(1, 1024));
    app.add_option("--budget", options_.budget_ms,
                   "Milliseconds for each phase that is repeated (default 200)")
        ->type_name("MS")
        ->check(CLI::Range(1, 60'000));
    app.add_option("--html", html_, "Write a page with plots there as well")->type_name("FILE");
    app.add_option("--from", from_, "Show what an earlier --output json printed; measure nothing")
        ->type_name("FILE");
    app.add_option("--output", output_, "text or json")->check(CLI::IsMember({"text", "json"}));
    app.add_flag("--quiet,-q", quiet_, "No progress on stderr");
    app.footer(
        "Examples:\n"
        "  ferry compare hello.wasm --html compare.html\n"
        "  ferry compare hello.wasm --engine wasmtime --engine wasmi --processes 3\n"
        "  ferry compare *.wasm --output json > compare.json\n"
        "  ferry compare --from compare.json --html compare.html\n"
        "\n"
        "Exit codes: 0 all engines replied the same, 1 one did not or could not, 2 usage,\n"
        "10 no such file or engine, 11 a file that cannot be used.");
  }

  int run() override {
    if (from_.empty() == paths_.empty()) {
      complain({"give functions to compare, or --from with an earlier comparison",
                "see 'ferry compare --help'"});
      return kExitUsage;
    }
    if (!html_.empty()) {
      if (const Status place = check_file_place("--html", html_); !place.ok()) {
        return give_up(place.error());
      }
    }
    auto report = from_.empty() ? measure() : read_report();
    if (!report.ok()) {
      return give_up(report.error());
    }
    if (!html_.empty()) {
      const Status written = write_file_atomically(html_, as_bytes(compare::to_page(*report)));
      if (!written.ok()) {
        return give_up(written.error());
      }
    }
    const std::string text =
        output_ == "json" ? compare::to_json(*report) + "\n" : compare::to_table(*report);
    const Status written = write_all(STDOUT_FILENO, as_bytes(text), "stdout");
    if (!written.ok()) {
      return give_up(written.error());
    }
    return all_well(*report) ? kExitOk : kExitDifference;
  }

 private:
  Result<compare::Report> read_report() const {
    FERRY_TRY(const Bytes bytes, read_file(from_, kMostJson));
    auto report = compare::report_from_json(as_text(bytes));
    return report.ok() ? std::move(report) : with_context(std::move(report).error(), from_ + ": ");
  }

  Result<compare::Report> measure() {
    std::string data = data_;
    if (data.starts_with('@')) {
      FERRY_TRY(const Bytes bytes, read_file(data.substr(1), kMostData));
      data = std::string(as_text(bytes));
    }
    options_.engines = engines_.empty() ? compare::default_engines() : engines_;
    if (options_.engines.empty()) {
      return Error{Code::kNotFound, "no engine found",
                   "build one with 'make build', or set FERRY_ENGINES to the plug-ins' folder"};
    }
    const function::Sections sections = platforms::manifest_sections();
    std::vector<compare::Subject> subjects;
    subjects.reserve(paths_.size());
    for (const std::string& path : paths_) {
      FERRY_TRY(const auto function, builder::open_function(path, "", sections));
      FERRY_TRY(const function::Asks asks, function::find_asks(path, "", sections));
      FERRY_CHECK_OK(builder::require_allowed(function, asks, allow_, quiet_));
      subjects.push_back({path, "", data, sections});
    }
    ProgressLine line(quiet_);
    FERRY_TRY(auto report,
              compare::compare(subjects, options_,
                               [&](std::size_t done, std::size_t all, const std::string& next) {
                                 line.show(done, all, next);
                               }));
    report.ferry = FERRY_VERSION;
    report.command = command();
    return report;
  }

  // What to type to do it again.
  std::string command() const {
    std::string out = "ferry compare";
    for (const std::string& path : paths_) out += " " + path;
    if (data_ != kData) out += " --data '" + data_ + "'";
    for (const std::string& engine : engines_) out += " --engine " + engine;
    return out + fmt::format(" --processes {} --compiles {} --threads {} --budget {}",
                             options_.processes, options_.compiles, options_.threads,
                             options_.budget_ms);
  }

  static bool all_well(const compare::Report& report) {
    return std::ranges::all_of(report.functions, [](const compare::FunctionReport& function) {
      return function.difference.empty() &&
             std::ranges::all_of(function.engines, [](const compare::EngineReport& engine) {
               return engine.error.empty();
             });
    });
  }

  static constexpr const char* kData = R"({"name":"Ada"})";

  std::vector<std::string> paths_;
  std::string data_ = kData;
  std::vector<std::string> engines_;
  compare::Options options_{{}, 5, 3, usable_cores(), 200};
  std::string html_;
  std::string from_;
  std::string output_ = "text";
  bool quiet_ = false;
  bool allow_ = false;
};

}  // namespace

std::unique_ptr<Verb> make_compare() { return std::make_unique<Compare>(); }

}  // namespace ferry::commands
