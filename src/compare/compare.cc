#include "compare/compare.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/scratch.h"
#include "compare/metric.h"
#include "compare/sample.h"
#include "engine/loader.h"
#include "function/function.h"

namespace ferry::compare {
namespace {

namespace fs = std::filesystem;

// One engine with one function: what is to be done, and the result.
struct Pair {
  std::size_t function = 0;
  Task task;
  EngineReport report;
  std::map<std::string, std::vector<double>, std::less<>> values;
};

std::uint64_t plugin_bytes(const std::string& engine) {
  const std::string name = engine.substr(0, engine.find(':'));
  for (const engine::Plugin& plugin : engine::list_plugins()) {
    std::error_code failed;
    const auto size = fs::file_size(plugin.path, failed);
    if (plugin.name == name && !failed) return size;
  }
  return 0;
}

class Comparison {
 public:
  Comparison(const Options& options, const Progress& progress, ScratchFolder folder)
      : options_(options), progress_(progress), folder_(std::move(folder)) {}

  Status add(const Subject& subject) {
    FERRY_TRY(const function::Function function,
              function::load_function(subject.path, subject.manifest, subject.sections));
    FERRY_CHECK_OK(function::check_runnable(function));
    const std::string number = std::to_string(report_.functions.size());
    const std::string data = folder_.at("data" + number);
    FERRY_CHECK_OK(write_file_atomically(data, as_bytes(subject.data)));
    const std::string native = fs::path(function.path).replace_extension(".native").string();
    std::vector<std::string> engines = options_.engines;
    if (std::error_code failed; fs::is_regular_file(native, failed)) {
      engines.emplace_back(kNative);
    }
    for (const std::string& engine : engines) {
      Pair pair;
      pair.function = report_.functions.size();
      pair.task = {"",
                   engine,
                   engine == kNative ? native : function.path,
                   subject.manifest,
                   folder_.at(fmt::format("{}-{}", number, engine)),
                   data,
                   options_.threads,
                   options_.budget_ms};
      pair.report.engine = engine;
      pair.report.plugin_bytes = plugin_bytes(engine);
      pairs_.push_back(std::move(pair));
    }
    report_.functions.push_back(
        {function.name, function.digest, function.wasm.size(), subject.data, {}, ""});
    return Done{};
  }

  Report run() {
    report_.machine = describe_machine();
    report_.time = to_rfc3339(system_clock().wall());
    report_.processes = options_.processes;
    report_.threads = options_.threads;
    report_.budget_ms = options_.budget_ms;
    std::size_t all = 0;
    for (const Pair& pair : pairs_) {
      all += options_.processes + (pair.task.engine == kNative ? 0 : options_.compiles);
    }
    // Each round begins with another engine.
    for (unsigned round = 0; round < std::max(options_.compiles, options_.processes); ++round) {
      for (std::size_t i = 0; i < pairs_.size(); ++i) {
        Pair& pair = pairs_[(i + round) % pairs_.size()];
        if (round < options_.compiles && pair.task.engine != kNative) measure(pair, "compile", all);
        if (round < options_.processes) measure(pair, "run", all);
      }
    }
    finish();
    return std::move(report_);
  }

 private:
  void measure(Pair& pair, const char* kind, std::size_t all) {
    progress_(done_++, all,
              std::string(kind) + " " + report_.functions[pair.function].name + " on " +
                  pair.task.engine);
    if (!pair.report.error.empty()) return;
    pair.task.kind = kind;
    if (pair.task.kind == "compile") {
      std::error_code ignored;  // what is not there need not be removed
      fs::remove_all(pair.task.folder, ignored);
    }
    auto sample = measure_in_child(pair.task);
    if (!sample.ok()) {
      pair.report.error = sample.error().text();
      return;
    }
    for (const auto& [id, value] : sample->values) pair.values[id].push_back(value);
    control_.push_back(sample->control_us);
    waiting_.push_back(sample->control_wall_us / std::max(1.0, sample->control_us));
    if (!sample->version.empty()) pair.report.version = sample->version;
    if (pair.task.kind == "compile") pair.report.rewritten = sample->rewritten;
    if (!sample->reply_digest.empty()) {
      if (!pair.report.reply_digest.empty() && pair.report.reply_digest != sample->reply_digest) {
        pair.report.error = "its replies differ from process to process";
      }
      pair.report.reply_digest = sample->reply_digest;
    }
  }

  void finish() {
    for (Pair& pair : pairs_) {
      if (pair.report.error.empty()) {
        for (auto& [id, values] : pair.values) {
          pair.report.metrics[id] = spread_of(std::move(values));
        }
      }
      FunctionReport& function = report_.functions[pair.function];
      function.engines.push_back(std::move(pair.report));
      const EngineReport& last = function.engines.back();
      if (last.error.empty() && last.reply_digest != function.engines.front().reply_digest &&
          function.engines.front().error.empty()) {
        function.difference += (function.difference.empty() ? "" : ", ") + last.engine;
      }
    }
    report_.control_us = spread_of(std::move(control_));
    report_.control_waiting = spread_of(std::move(waiting_));
    report_.machine.load_after = load_average();
  }

  const Options& options_;
  const Progress& progress_;
  ScratchFolder folder_;
  std::vector<Pair> pairs_;
  std::vector<double> control_;
  std::vector<double> waiting_;
  std::size_t done_ = 0;
  Report report_;
};

}  // namespace

std::vector<std::string> default_engines() {
  std::vector<std::string> out;
  for (const engine::Plugin& plugin : engine::list_plugins()) {
    out.push_back(plugin.name);
    // An engine with several compilers is several engines here.
    if (plugin.name == "wasmer") out.emplace_back("wasmer:singlepass");
  }
  return out;
}

Result<Report> compare(const std::vector<Subject>& subjects, const Options& options,
                       const Progress& progress) {
  FERRY_TRY(ScratchFolder folder, ScratchFolder::make("compare"));
  Comparison comparison(options, progress, std::move(folder));
  for (const Subject& subject : subjects) FERRY_CHECK_OK(comparison.add(subject));
  return comparison.run();
}

}  // namespace ferry::compare
