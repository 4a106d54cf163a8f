// ferry verify FUNCTION [CASES]: one digest through every platform and engine; a difference is a
// failure. Each engine runs in a process of its own, which is this verb again.
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <thread>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/child.h"
#include "base/scratch.h"
#include "base/seeded.h"
#include "base/this_program.h"
#include "base/thread.h"
#include "commands/common_options.h"
#include "commands/place.h"
#include "commands/progress.h"
#include "commands/verb.h"
#include "commands/verify_remote.h"
#include "compare/compare.h"
#include "emulators/list.h"
#include "engine/loader.h"
#include "host/network_access.h"
#include "verify/capture.h"
#include "verify/report.h"

namespace ferry::commands {
namespace {

constexpr std::chrono::milliseconds kBeforeProgress{2000};
constexpr std::chrono::milliseconds kTick{200};
constexpr std::uint64_t kMostResult = 1ull << 30;
constexpr std::uint64_t kSeed = 0;
constexpr std::uint64_t kOtherSeed = 1;

void lay_over(const verify::CaseLimits& from, function::Limits& limits) {
  limits.timeout = from.timeout.value_or(limits.timeout);
  limits.memory = from.memory.value_or(limits.memory);
  limits.input = from.input.value_or(limits.input);
  limits.output = from.output.value_or(limits.output);
  limits.log = from.log.value_or(limits.log);
}

class Verify final : public Verb {
 public:
  void declare(CLI::App& app) override {
    app.add_option("FUNCTION", function_path_, "A .wasm file, a ferry.toml, or a folder with one")
        ->required();
    app.add_option("CASES", case_paths_,
                   "Case files (.toml, .json) or folders of them; generated ones when left out");
    app.add_option("--platform", platforms_,
                   "Platform to go through (repeatable; all when left out). NAME=URL drives a real "
                   "one in place of its emulator")
        ->type_name("NAME[=URL]")
        ->allow_extra_args(false);
    declare_common(app, common_);
    // Of the common options this one alone may be given several times.
    app.remove_option(app.get_option("--engine"));
    app.add_option("--engine", engines_,
                   "Engine to run on, the first is the measure (repeatable; all when left out)")
        ->type_name("NAME")
        ->allow_extra_args(false);
    app.add_option("--record", record_, "Write the cases there, with their outcomes")
        ->type_name("DIR");
    app.add_option("--junit", junit_, "Write the report there as JUnit XML as well")
        ->type_name("FILE");
    app.add_option("--output", output_, "text or json")->check(CLI::IsMember({"text", "json"}));
    app.add_option("--child", child_progress_)->group("");
    app.add_option("--capture", child_capture_)->group("");
    app.footer(
        "Examples:\n"
        "  ferry verify hello.wasm\n"
        "  ferry verify hello.wasm cases/ --junit report.xml\n"
        "  ferry verify hello.wasm --record cases\n"
        "  ferry verify hello.wasm --engine wasmtime --platform http --platform lambda\n"
        "  OPENWHISK_AUTH=user:key ferry verify hello.wasm \\\n"
        "    --platform openwhisk=http://HOST:3233/api/v1/namespaces/_/actions/hello\n"
        "\n"
        "Exit codes: 0 the same everywhere, 1 a difference, 2 usage, 10 no such engine or file,\n"
        "11 a file that cannot be used.");
  }

  int run() override {
    auto code = child_progress_.empty() ? run_parent() : run_child_side();
    if (!code.ok()) {
      return give_up(code.error());
    }
    return *code;
  }

 private:
  Result<std::vector<verify::Side>> sides() const {
    std::vector<verify::Side> out;
    for (const std::string& given : platforms_) {
      const std::size_t equals = given.find('=');
      verify::Side side{
          given.substr(0, equals), platforms::find_emulation(given.substr(0, equals)), {}};
      if (side.platform == nullptr) {
        return Error{Code::kUsage, fmt::format("there is no platform '{}'", side.name),
                     fmt::format("there are {}", fmt::join(platforms::emulated_names(), ", "))};
      }
      if (equals != std::string::npos) {
        std::string variable = side.name + "_AUTH";
        for (char& c : variable) {
          c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
        }
        const char* auth = std::getenv(variable.c_str());
        FERRY_TRY(side.remote, remote_wire(given.substr(equals + 1), auth == nullptr ? "" : auth));
      }
      out.push_back(std::move(side));
    }
    if (out.empty()) {
      for (const platforms::Emulation* each : platforms::all_emulations()) {
        out.push_back({each->platform().name(), each, {}});
      }
    }
    return out;
  }

  // `notes`: what their reader should hear.
  Result<std::vector<verify::Case>> cases(std::vector<std::string>& notes) const {
    if (case_paths_.empty()) {
      return verify::generated_cases();
    }
    std::vector<verify::Case> out;
    for (const std::string& path : case_paths_) {
      FERRY_TRY(auto more, verify::load_cases(path, notes));
      std::ranges::move(more, std::back_inserter(out));
    }
    if (out.empty()) {
      return Error{Code::kUsage, "there is no case in these files", "see docs/formats/cases.md"};
    }
    for (const verify::Case& one : out) {
      if (one.native && platforms::find_emulation(one.native->platform) == nullptr) {
        return Error{
            Code::kUsage,
            fmt::format("case '{}': there is no platform '{}'", one.name, one.native->platform),
            fmt::format("there are {}", fmt::join(platforms::emulated_names(), ", "))};
      }
    }
    return out;
  }

  // All that a process of one engine does; the result goes to stdout.
  Result<int> run_child_side() {
    verify::EngineResult result;
    result.engine = engines_.empty() ? "" : engines_.front();
    FERRY_TRY(auto function, builder::read_function(function_path_, common_));
    FERRY_TRY(const auto all_sides, sides());
    std::vector<std::string> said;  // by the parent
    FERRY_TRY(auto all_cases, cases(said));
    engine::EngineOptions options = builder::engine_options_for({&function, 1});
    options.max_instances = 8;
    for (const verify::Case& one : all_cases) {
      options.max_memory = std::max(options.max_memory, one.limits.memory.value_or(0));
    }
    FERRY_TRY(auto engine, engine::load_engine(result.engine, options));
    result.version = engine->info().version;
    result.exact_traps = engine->info().capabilities.exact_traps;
    auto bundle = builder::make_bundle(function, engine->info(), options, true, nullptr);
    if (!bundle.ok() && !child_capture_.empty()) return bundle.error();
    if (!bundle.ok()) {
      result.error = bundle.error().text();
      result.skipped = true;
      return tell(result);
    }
    const SeededTime time(kSeed);
    const verify::Secrets secrets(host::taken_environment(function.manifest.grants));
    // A run with upstreams reaches them and nothing else.
    std::unique_ptr<verify::Upstreams> upstreams;
    std::unique_ptr<verify::Capture> capture;
    if (!child_capture_.empty()) {
      FERRY_TRY(const std::string trusted, trusted_by(function.manifest));
      capture = std::make_unique<verify::Capture>(net::system_network(), trusted);
    } else if (std::ranges::any_of(
                   all_cases, [](const verify::Case& one) { return !one.upstreams.empty(); })) {
      upstreams = std::make_unique<verify::Upstreams>(secrets);
    }
    host::Host host(*engine, time, system_random());
    const auto load = [&](host::Host& into, const verify::CaseLimits& limits) {
      host::LoadOptions how{function.name, function.manifest, {}};
      if (upstreams != nullptr) how.network = upstreams.get();
      if (capture != nullptr) how.network = capture.get();
      lay_over(limits, how.manifest.limits);
      return into.load(*bundle, how);
    };
    std::ofstream progress(child_progress_, std::ios::binary);
    const verify::RunContext context{
        host,
        [&](const verify::CaseLimits& limits) { return load(host, limits); },
        all_sides,
        [&](std::size_t exchanges) {
          progress.seekp(0);
          progress << exchanges << '\n' << std::flush;
        },
        [&](const verify::Case& one) -> Result<platforms::Observed> {
          const SeededTime later(kOtherSeed);
          host::Host other(*engine, later, system_random());
          FERRY_TRY(const auto loaded, load(other, one.limits));
          return platforms::observed_of(other.invoke(*loaded, one.event, {}));
        },
        upstreams.get()};
    if (capture != nullptr) {
      FERRY_CHECK_OK(
          verify::capture_cases(context, all_cases, [&]() -> Result<std::vector<verify::Upstream>> {
            FERRY_TRY(const auto talks, capture->take());
            return verify::upstreams_of(talks, secrets);
          }));
      FERRY_CHECK_OK(write_cases(all_cases, child_capture_, ""));
      return kExitOk;
    }
    auto done = verify::run_cases(context, all_cases);
    if (done.ok()) {
      result.cases = *std::move(done);
    } else {
      result.error = done.error().text();
    }
    return tell(result);
  }

  static Result<int> tell(const verify::EngineResult& result) {
    FERRY_CHECK_OK(write_all(STDOUT_FILENO, as_bytes(verify::engine_to_json(result)), "stdout"));
    return kExitOk;
  }

  // This command line again, for one engine.
  std::vector<std::string> child_words(const std::string& engine,
                                       const std::string& progress) const {
    std::vector<std::string> words = {"ferry", "verify"};
    const auto add = [&](const char* option, const std::string& value) {
      words.emplace_back(fmt::format("{}={}", option, value));
    };
    add("--engine", engine);
    add("--child", progress);
    for (const std::string& platform : platforms_) add("--platform", platform);
    if (!common_.manifest.empty()) add("--manifest", common_.manifest);
    if (common_.timeout) add("--timeout", fmt::format("{}ms", common_.timeout->count()));
    if (common_.memory) add("--memory", std::to_string(*common_.memory));
    for (const std::string& env : common_.env) add("--env", env);
    for (const std::string& dir : common_.dirs) add("--dir", dir);
    for (const std::string& place : common_.connect) add("--connect", place);
    words.emplace_back("--");
    words.push_back(function_path_);
    words.insert(words.end(), case_paths_.begin(), case_paths_.end());
    return words;
  }

  verify::EngineResult run_engine(const std::string& engine, const std::string& progress) const {
    verify::EngineResult failed;
    failed.engine = engine;
    ChildBounds bounds;
    bounds.wall = std::chrono::hours(1);
    bounds.out = kMostResult;
    auto end = run_child(this_program(), child_words(engine, progress), -1, bounds);
    if (!end.ok()) {
      failed.error = end.error().text();
      return failed;
    }
    if (!end->fine()) {
      failed.error =
          end->too_late ? "it did not end within an hour"
          : WIFSIGNALED(end->status)
              ? fmt::format("its process was ended by signal {}{}{}", WTERMSIG(end->status),
                            end->err.empty() ? "" : ": ", end->err)
              : end->err;
      return failed;
    }
    auto result = verify::engine_from_json(as_text(end->out));
    if (!result.ok()) {
      failed.error = result.error().text();
      return failed;
    }
    return *std::move(result);
  }

  // PEM of what a function with this manifest may trust.
  static Result<std::string> trusted_by(const function::Manifest& manifest) {
    std::string out = host::machine_certificates();
    if (!manifest.grants.ca.empty()) {
      FERRY_TRY(const std::string own, function::certificates_in(manifest.grants.ca, "[grant] ca"));
      out += "\n" + own;
    }
    return out;
  }

  // Runs the cases once against the network as it is, in a process of its own, and goes on with
  // what it found there in its place: a service sees each event once, not once a platform.
  Status capture_first(const std::string& engine, const ScratchFolder& scratch,
                       std::vector<verify::Case>& all_cases) {
    const std::string folder = scratch.at("captured");
    std::vector<std::string> words = child_words(engine, scratch.at("progress-capture"));
    words.insert(words.begin() + 2, "--capture=" + folder);
    ChildBounds bounds;
    bounds.wall = std::chrono::hours(1);
    bounds.out = kMostResult;
    FERRY_TRY(const auto end, run_child(this_program(), words, -1, bounds));
    if (!end.fine()) {
      return Error{Code::kNotFound,
                   "the connections could not be recorded" +
                       (end.err.empty() ? std::string() : ": " + end.err),
                   ""};
    }
    case_paths_ = {folder};
    std::vector<std::string> notes;
    FERRY_TRY(all_cases, cases(notes));
    return Done{};
  }

  Result<int> run_parent() {
    FERRY_TRY(const auto function, builder::read_function(function_path_, common_));
    FERRY_TRY(const auto all_sides, sides());
    std::vector<std::string> notes;
    FERRY_TRY(auto all_cases, cases(notes));
    for (const std::string& note : notes) fmt::print(stderr, "ferry: {}\n", note);
    if (!record_.empty()) {
      FERRY_CHECK_OK(check_folder_place("--record", record_));
    }
    if (!junit_.empty()) {
      FERRY_CHECK_OK(check_file_place("--junit", junit_));
    }
    std::vector<std::string> engines = engines_.empty() ? compare::default_engines() : engines_;
    if (engines.empty()) {
      return Error{Code::kNotFound, "no engine found",
                   "build one with 'make build', or set FERRY_ENGINES to the plug-ins' folder"};
    }
    for (const std::string& engine : engines) {
      FERRY_CHECK_OK(known(engine));
    }
    verify::Report report;
    report.function = function.name;
    report.digest = function.digest;
    report.time = to_rfc3339(system_clock().wall());
    for (const verify::Side& side : all_sides) report.sides.push_back(side.name);
    for (const verify::Case& one : all_cases) report.cases.push_back(one.name);
    FERRY_TRY(const auto scratch, ScratchFolder::make("verify"));
    const bool all_bring = std::ranges::none_of(
        all_cases, [](const verify::Case& one) { return one.upstreams.empty(); });
    if (!record_.empty() && function.manifest.grants.network() && !all_bring) {
      FERRY_CHECK_OK(capture_first(engines.front(), scratch, all_cases));
    }
    run_engines(engines, scratch, report);
    verify::compare_engines(report);
    if (!record_.empty()) {
      FERRY_CHECK_OK(record(std::move(all_cases), report));
    }
    if (!junit_.empty()) {
      FERRY_CHECK_OK(write_file_atomically(junit_, as_bytes(verify::to_junit(report))));
    }
    const std::string text = output_ == "json"
                                 ? verify::to_json(report) + "\n"
                                 : verify::to_table(report, isatty(STDOUT_FILENO) != 0);
    FERRY_CHECK_OK(write_all(STDOUT_FILENO, as_bytes(text), "stdout"));
    return verify::all_same(report) ? kExitOk : kExitDifference;
  }

  void run_engines(const std::vector<std::string>& engines, const ScratchFolder& scratch,
                   verify::Report& report) const {
    // What a process does: the host twice and every side, for each case.
    const std::size_t each = report.cases.size() * (report.sides.size() + 2);
    ProgressLine line(common_.quiet, kBeforeProgress);
    for (std::size_t i = 0; i < engines.size(); ++i) {
      const std::string progress = scratch.at(fmt::format("progress-{}", i));
      std::atomic<bool> done{false};
      auto watch = start_thread([&] {
        while (!done) {
          std::size_t exchanges = 0;
          std::ifstream(progress) >> exchanges;
          line.show(i * each + exchanges, engines.size() * each, "on " + engines[i]);
          std::this_thread::sleep_for(kTick);
        }
      });
      report.engines.push_back(run_engine(engines[i], progress));
      done = true;
      if (watch.ok()) watch->join();
      verify::EngineResult& result = report.engines.back();
      // An engine that was asked for by name has to run it; so has the first.
      result.skipped &= engines_.empty() && i > 0;
    }
  }

  static Status known(const std::string& engine) {
    const std::string name = engine.substr(0, engine.find(':'));
    const auto plugins = engine::list_plugins();
    if (std::ranges::any_of(plugins, [&](const auto& plugin) { return plugin.name == name; })) {
      return Done{};
    }
    return Error{Code::kNotFound, fmt::format("there is no engine '{}'", engine),
                 "'ferry engines' lists those that are here"};
  }

  Status record(std::vector<verify::Case> cases, const verify::Report& report) const {
    const verify::EngineResult& first = report.engines.front();
    if (!first.error.empty()) {
      return Error{Code::kNotFound, "nothing to record: " + first.error, ""};
    }
    for (std::size_t i = 0; i < cases.size(); ++i) {
      const verify::CaseResult& result = first.cases[i];
      if (cases[i].native) {
        // Where nothing was answered there is nothing to record.
        if (!result.seen.status.empty()) {
          cases[i].native->answer = result.seen.body;
        }
      } else if (result.steady) {
        cases[i].expected = verify::expected_of(result.seen);
      }
    }
    return write_cases(cases, record_,
                       "# Recorded by ferry verify; the format: docs/formats/cases.md\n\n");
  }

  // As cases.toml with the files that it names; `head` stands first.
  static Status write_cases(const std::vector<verify::Case>& cases, const std::string& folder,
                            const std::string& head) {
    FERRY_CHECK_OK(make_directories(folder));
    std::map<std::string, std::string> files;
    const std::string text = head + verify::cases_to_toml(cases, files);
    files["cases.toml"] = text;
    for (const auto& [name, bytes] : files) {
      FERRY_CHECK_OK(write_file_atomically(fmt::format("{}/{}", folder, name), as_bytes(bytes)));
    }
    return Done{};
  }

  CommonOptions common_;
  std::string function_path_;
  std::vector<std::string> case_paths_;
  std::vector<std::string> platforms_;
  std::vector<std::string> engines_;
  std::string record_;
  std::string junit_;
  std::string output_ = "text";
  std::string child_progress_;  // set: this is the child, and counts its exchanges there
  std::string child_capture_;   // of a child, set: it writes the cases with their upstreams there
};

}  // namespace

std::unique_ptr<Verb> make_verify() { return std::make_unique<Verify>(); }

}  // namespace ferry::commands
