// ferry run FUNCTION [DATA]: one event, one outcome.
#include <cstdio>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include "base/ids.h"
#include "commands/common_options.h"
#include "commands/platforms.h"
#include "commands/verb.h"
#include "emulators/list.h"
#include "engine/loader.h"
#include "event/json.h"
#include "host/outcome_json.h"
#include "host/reply.h"

namespace ferry::commands {
namespace {

constexpr std::uint64_t kMaxInput = 1ull
                                    << 30;  // what run reads at all; limits.input says the rest

class Run final : public Verb {
 public:
  void declare(CLI::App& app) override {
    app.add_option("FUNCTION", function_path_, "A .wasm file, a ferry.toml, or a folder with one")
        ->required();
    given_ = app.add_option("DATA", data_, "The event's data: literal, @FILE, or - for stdin");
    app.add_option("--event", event_path_, "A CloudEvent (JSON) to send in place of DATA")
        ->type_name("FILE");
    app.add_option("--arg", args_, "Argument for the function, beyond its name (repeatable)")
        ->type_name("TEXT")
        ->allow_extra_args(false);
    declare_common(app, common_);
    app.add_option("--output", output_, "text: the reply alone; json: the whole outcome")
        ->check(CLI::IsMember({"text", "json"}));
    app.add_option("--log-format", log_format_, "How log lines are printed on stderr")
        ->check(CLI::IsMember({"text", "json"}));
    app.add_option("--platform", platform_, "Send the event through this platform's emulator")
        ->check(CLI::IsMember(platforms::emulated_names()));
    app.add_flag("--trace", trace_, "Print the time by phase on stderr");
    app.footer(
        "Examples:\n"
        "  ferry run hello.wasm '{\"name\":\"Ada\"}'\n"
        "  ferry run hello.wasm @event.json --timeout 500ms --output json\n"
        "  echo '{\"name\":\"Ada\"}' | ferry run hello.wasm\n"
        "  ferry run hello.wasm '{\"name\":\"Ada\"}' --platform lambda\n"
        "  ferry run hello.wasm --event order-placed.json --engine wasmi\n"
        "\n"
        "Exit codes: 0 ok, 1 failed, 3 trapped, 4 timeout, 5 out of memory, 6 output too large,\n"
        "7 denied, 8 refused, 9 broken; 2 usage, 10 no such engine or file.");
  }

  int run() override {
    if (!platform_.empty() && !args_.empty()) {
      return give_up({Code::kUsage, "--arg is not possible with --platform", "no platform has it"});
    }
    auto function = builder::read_function(function_path_, common_);
    if (!function.ok()) {
      return give_up(function.error());
    }
    auto event = read_event();
    if (!event.ok()) {
      complain({event.error().message, event.error().hint});
      return event.error().code == Code::kUsage ? kExitUsage
             : event.error().code == Code::kInvalid
                 ? host::status_row(host::Status::kRefused).exit_code
                 : kExitNoEngineOrFile;
    }
    engine::EngineOptions engine_options = builder::engine_options_for({&*function, 1});
    engine_options.max_instances = 1;
    auto engine = engine::load_engine(common_.engine, engine_options);
    if (!engine.ok()) {
      return give_up(engine.error());
    }
    const engine::Info& info = (*engine)->info();
    bool cached = false;
    auto before_bundle = system_clock().monotonic();
    auto bundle = builder::make_bundle(*function, info, engine_options, common_.quiet, &cached);
    if (!bundle.ok()) {
      return give_up(bundle.error());
    }
    auto before_load = system_clock().monotonic();
    host::Host host(**engine, system_clock(), system_random());
    host::LoadOptions load{function->name, function->manifest, {}};
    load.keeping.enabled = false;  // there is no second event
    auto loaded = host.load(*bundle, load);
    if (!loaded.ok() && loaded.error().code == Code::kDenied && cached) {
      // It was damaged, and is gone from the store now.
      bundle = builder::make_bundle(*function, info, engine_options, common_.quiet, &cached);
      if (!bundle.ok()) {
        return give_up(bundle.error());
      }
      loaded = host.load(*bundle, load);
    }
    if (!loaded.ok()) {
      return give_up(loaded.error());
    }
    auto ready = system_clock().monotonic();
    auto outcome_or = invoke(host, *loaded, *event);
    if (!outcome_or.ok()) {
      return give_up(outcome_or.error());
    }
    host::Outcome outcome = std::move(*outcome_or);
    host::OutcomeOf of{function->name, function->digest, function->binary.abi, info.name,
                       info.version};
    if (trace_) {
      auto us = [](auto from, auto to) {
        return std::chrono::duration<double, std::micro>(to - from).count();
      };
      fmt::print(stderr,
                 "ferry: {} bundle {:.0f} us, load {:.0f} us, instantiate {:.1f} us, run {:.1f} "
                 "us, teardown {:.1f} us, memory {} bytes\n",
                 cached ? "cached" : "compiled", us(before_bundle, before_load),
                 us(before_load, ready), outcome.usage.instantiate_us, outcome.usage.run_us,
                 outcome.usage.teardown_us, outcome.usage.memory_bytes);
    }
    return print(outcome, of);
  }

 private:
  Result<host::Outcome> invoke(host::Host& host, const std::shared_ptr<host::Loaded>& function,
                               const event::Event& event) const {
    if (const platforms::Emulation* emulation = platforms::find_emulation(platform_)) {
      return run_through(*emulation, host, function, event);
    }
    host::InvokeOptions options;
    options.args = args_;
    return host.invoke(*function, event, options);
  }

  static int give_up(const Error& error) {
    complain({error.message, error.hint});
    return error.code == Code::kUsage ? kExitUsage : kExitNoEngineOrFile;
  }

  Result<event::Event> read_event() {
    if (!event_path_.empty()) {
      if (!data_.empty()) {
        return Error{Code::kUsage, "both DATA and --event were given", "give one of them"};
      }
      FERRY_TRY(auto text, read_file(event_path_, kMaxInput));
      auto event = event::from_json(as_text(text));
      return event.ok() ? std::move(event) : with_context(std::move(event).error(), event_path_);
    }
    event::Event event;
    event.id = uuid_v7(system_clock(), system_random());
    event.source = "/ferry/run";
    event.type = "ferry.run";
    event.time = to_rfc3339(system_clock().wall());
    if (data_.starts_with('@')) {
      FERRY_TRY(auto bytes, read_file(data_.substr(1), kMaxInput));
      event.data = std::string(as_text(bytes));
    } else if (data_ == "-" || (given_->empty() && ::isatty(STDIN_FILENO) == 0)) {
      FERRY_TRY(auto bytes, read_all(STDIN_FILENO, kMaxInput, "stdin"));
      event.data = std::string(as_text(bytes));
    } else if (!data_.empty()) {
      event.data = data_;
    }
    if (event.data && event.data->empty()) {
      event.data.reset();
    }
    if (event.data) {
      event.datacontenttype = host::sniff_content_type(*event.data);
    }
    return event;
  }

  int print(const host::Outcome& outcome, const host::OutcomeOf& of) const {
    bool json = output_ == "json";
    if (!json && !common_.quiet) {
      for (const host::LogLine& line : outcome.logs) {
        fmt::print(stderr, "{}\n",
                   log_format_ == "json" ? host::log_to_json(line, outcome, of) : line.text);
      }
      if (outcome.log_truncated) {
        fmt::print(stderr, "ferry: the log was cut at its limit ([limits] log)\n");
      }
    }
    std::string text = json ? host::to_json(outcome, of) + "\n" : outcome.reply.data;
    Status written = write_all(STDOUT_FILENO, as_bytes(text), "stdout");
    const host::StatusRow& row = host::status_row(outcome.status);
    if (outcome.status != host::Status::kOk) {
      complain({fmt::format("{}: {}", row.name, outcome.message), outcome.hint});
      if (!outcome.backtrace.empty() && !json) {
        std::string_view frames = outcome.backtrace;
        frames.remove_suffix(frames.ends_with('\n') ? 1 : 0);
        fmt::print(stderr, "{}\n", frames);
      }
    } else if (!written.ok()) {
      complain({written.error().message, written.error().hint});
      return kExitNoEngineOrFile;
    }
    return row.exit_code;
  }

  CommonOptions common_;
  std::string function_path_;
  std::string data_;
  CLI::Option* given_ = nullptr;  // of DATA: empty data on the command line is data, too
  std::string event_path_;
  std::vector<std::string> args_;
  std::string output_ = "text";
  std::string log_format_ = "text";
  std::string platform_;
  bool trace_ = false;
};

}  // namespace

std::unique_ptr<Verb> make_run() { return std::make_unique<Run>(); }

}  // namespace ferry::commands
