// ferry replay CAPSULE...: recorded invocations again, and what came out differently.
#include "capsule/replay.h"

#include <cstdio>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include "base/excerpt.h"
#include "base/terminal.h"
#include "commands/common_options.h"
#include "commands/verb.h"
#include "engine/loader.h"
#include "event/json_text.h"
#include "wasi/trace.h"

namespace ferry::commands {
namespace {

// "failed (exit code 2)".
std::string outcome_words(const capsule::Seen& seen) {
  return seen.exit_code == 0 ? seen.status
                             : fmt::format("{} (exit code {})", seen.status, seen.exit_code);
}

class Replay final : public Verb {
 public:
  void declare(CLI::App& app) override {
    app.add_option("CAPSULE", paths_,
                   "Files of capsules, as --record writes them, or folders of such")
        ->required();
    app.add_option("--function", function_path_,
                   "The function: a .wasm file, a ferry.toml, or a folder with one (default: .)")
        ->type_name("FUNCTION");
    app.add_option("--invocation", only_, "Replay this one alone, by its id")->type_name("ID");
    app.add_flag("--other-function", other_,
                 "Replay on a function of another digest: to see whether a change repairs it");
    app.add_option("--trace", trace_, "wasi: print the function's WASI calls on stderr")
        ->check(CLI::IsMember({"wasi"}));
    app.add_flag("--show", show_,
                 "Print what was sent, the log and the reply of the replay, and where it ended");
    app.add_flag(
        "--export", export_,
        "Replay nothing: print each capsule as a line of JSON, which is a capsule by itself");
    app.add_option("--output", output_, "text or json")->check(CLI::IsMember({"text", "json"}));
    declare_common(app, common_);
    app.footer(
        "Examples:\n"
        "  ferry replay capsules --function orders.wasm\n"
        "  ferry replay failing.capsules --show\n"
        "  ferry replay failing.capsules --engine wasmi --trace wasi\n"
        "  ferry replay failing.capsules --function fixed/ --other-function\n"
        "  ferry replay capsules --invocation 01a22469-fb75-… --export > one.capsules\n"
        "\n"
        "Exit codes: 0 the same outcomes, 1 a difference (as after a repair), 2 usage, 10 no such "
        "engine or\nfile, 11 not a capsule.");
  }

  int run() override {
    if (export_) {
      const Status done = print_lines();
      return done.ok() ? kExitOk : give_up(done.error());
    }
    auto same = replay_all();
    if (!same.ok()) {
      return give_up(same.error());
    }
    return *same ? kExitOk : kExitDifference;
  }

 private:
  Result<std::vector<capsule::Capsule>> read() const {
    std::vector<capsule::Capsule> all;
    for (const std::string& path : paths_) {
      std::vector<std::string> notes;
      FERRY_TRY(auto capsules, capsule::read_capsules(path, notes));
      for (const std::string& note : notes) fmt::print(stderr, "ferry: {}\n", note);
      std::ranges::move(capsules, std::back_inserter(all));
    }
    if (!only_.empty()) {
      std::erase_if(all, [&](const auto& each) { return each.invocation != only_; });
    }
    if (all.empty()) {
      return Error{Code::kNotFound,
                   only_.empty() ? "there is no capsule in these files"
                                 : fmt::format("there is no capsule of invocation {}", only_),
                   ""};
    }
    return all;
  }

  Status print_lines() const {
    FERRY_TRY(const auto capsules, read());
    for (const capsule::Capsule& each : capsules) {
      FERRY_TRY(const std::string line, capsule::to_line(each));
      fmt::print("{}\n", line);
    }
    return Done{};
  }

  Status check_digest(const function::Function& function,
                      const std::vector<capsule::Capsule>& capsules) const {
    for (const capsule::Capsule& each : capsules) {
      if (each.digest != function.digest && !other_) {
        return Error{Code::kNotFound,
                     fmt::format("the capsule of {} is of {} ({}), and {} is {}", each.invocation,
                                 each.function, each.digest, function.path, function.digest),
                     "give the function that was recorded with --function, or --other-function to "
                     "replay on this one"};
      }
    }
    return Done{};
  }

  Result<bool> replay_all() {
    FERRY_TRY(const auto capsules, read());
    FERRY_TRY(auto function, builder::read_function(function_path_, common_));
    FERRY_CHECK_OK(check_digest(function, capsules));
    engine::EngineOptions options = builder::engine_options_for({&function, 1});
    options.max_instances = 1;
    for (const capsule::Capsule& each : capsules) {
      FERRY_TRY(const auto manifest,
                capsule::manifest_in_force(each, function.manifest, common_.sections));
      options.max_memory = std::max(options.max_memory, manifest.limits.memory);
      options.count_instructions |= manifest.limits.instructions.has_value();
    }
    if (!trace_.empty()) {
      // Read by the engine's plug-in when it is loaded, which is below.
      ::setenv(wasi::kTraceVariable, "1", 1);  // NOLINT(concurrency-mt-unsafe): one thread
    }
    FERRY_TRY(auto engine, engine::load_engine(common_.engine, options));
    FERRY_TRY(const auto bundle,
              builder::make_bundle(function, engine->info(), options, common_.quiet, nullptr));
    host::Host host(*engine, system_clock(), system_random());
    bool all_same = true;
    std::shared_ptr<host::Loaded> loaded;
    const capsule::Capsule* before = nullptr;
    for (const capsule::Capsule& each : capsules) {
      const bool alike = before != nullptr && before->manifest == each.manifest &&
                         before->function == each.function;
      if (!alike) {
        FERRY_TRY(auto manifest,
                  capsule::manifest_in_force(each, function.manifest, common_.sections));
        host::LoadOptions load{each.function, std::move(manifest), {}};
        load.keeping.enabled = false;
        FERRY_TRY(loaded, host.load(bundle, load));
        before = &each;
      }
      const capsule::Replayed replayed = capsule::replay(each, host, *loaded);
      all_same &= replayed.differences.empty();
      print(each, replayed, engine->info());
    }
    return all_same;
  }

  void print(const capsule::Capsule& each, const capsule::Replayed& replayed,
             const engine::Info& engine) const {
    if (output_ == "json") {
      std::string out = "{\"invocation\":";
      event::append_json_string(out, each.invocation);
      out += fmt::format(",\"same\":{},\"engine\":\"{}\",\"status\":\"{}\",\"differences\":[",
                         replayed.differences.empty(), engine.name, replayed.now.status);
      for (std::size_t i = 0; i < replayed.differences.size(); ++i) {
        const capsule::Difference& one = replayed.differences[i];
        out += i > 0 ? ",{\"field\":" : "{\"field\":";
        event::append_json_string(out, one.field);
        out += ",\"recorded\":";
        event::append_json_string(out, excerpt(one.recorded, one.now));
        out += ",\"now\":";
        event::append_json_string(out, excerpt(one.now, one.recorded));
        out += '}';
      }
      out += "],\"notes\":[";
      for (std::size_t i = 0; i < replayed.notes.size(); ++i) {
        if (i > 0) out += ',';
        event::append_json_string(out, replayed.notes[i]);
      }
      fmt::print("{}]}}\n", out);
      return;
    }
    const bool differs = !replayed.differences.empty();
    if (!common_.quiet || differs) {
      fmt::print("{}: {}\n", each.invocation, headline(each, replayed, engine));
    }
    for (const capsule::Difference& one : replayed.differences) {
      fmt::print("  {}\n    recorded: {}\n    now:      {}\n", one.field,
                 excerpt(one.recorded, one.now), excerpt(one.now, one.recorded));
    }
    for (const std::string& note : replayed.notes) {
      if (!common_.quiet) fmt::print("  note: {}\n", note);
    }
    if (show_) show(each, replayed.now);
  }

  // After a change of the function another outcome is no failure of the replay.
  static std::string headline(const capsule::Capsule& each, const capsule::Replayed& replayed,
                              const engine::Info& engine) {
    const std::string now = outcome_words(replayed.now);
    if (replayed.differences.empty()) {
      return fmt::format("{} on {}, as recorded", replayed.now.status, engine.name);
    }
    if (!replayed.other_function) {
      return fmt::format("{} on {}, not as recorded:", replayed.now.status, engine.name);
    }
    const std::string recorded = outcome_words(each.result);
    return recorded == now
               ? fmt::format("changed by this build: {} on {} as recorded, but:", now, engine.name)
               : fmt::format("changed by this build: {} on {}, and {} was recorded:", now,
                             engine.name, recorded);
  }

  // A heading, and each line of the text below it. Nothing for no text.
  static void show_text(std::string_view heading, std::string_view text) {
    if (text.empty()) return;
    fmt::print("  {}\n", heading);
    while (!text.empty()) {
      const std::string_view line = text.substr(0, text.find('\n'));
      text.remove_prefix(std::min(text.size(), line.size() + 1));
      fmt::print("    {}\n", escape_controls(line));
    }
  }

  static void show(const capsule::Capsule& each, const capsule::Seen& now) {
    std::string sent = fmt::format("{} from {}", each.event.type, each.event.source);
    if (each.event.subject) sent += ", " + *each.event.subject;
    show_text("event", sent);
    show_text("data", each.event.data.value_or(""));
    std::string log;
    for (const host::LogLine& line : now.logs) log += line.text + '\n';
    show_text("log", log);
    show_text("reply", now.data);
    show_text("ended", now.message + (now.backtrace.empty() ? "" : "\n" + now.backtrace));
  }

  std::vector<std::string> paths_;
  std::string function_path_ = ".";
  std::string only_;
  std::string trace_;
  std::string output_ = "text";
  bool other_ = false;
  bool show_ = false;
  bool export_ = false;
  CommonOptions common_;
};

}  // namespace

std::unique_ptr<Verb> make_replay() { return std::make_unique<Replay>(); }

}  // namespace ferry::commands
