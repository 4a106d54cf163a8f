// ferry run FUNCTION [DATA]: one event, one outcome.
#include <algorithm>
#include <cstdio>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include "base/ids.h"
#include "base/terminal.h"
#include "builder/quick_tier.h"
#include "bundle/bundle_mark.h"
#include "commands/common_options.h"
#include "commands/exchange.h"
#include "commands/packed_function.h"
#include "commands/profiled_run.h"
#include "commands/verb.h"
#include "emulators/list.h"
#include "engine/loader.h"
#include "event/json.h"
#include "host/in_service.h"
#include "host/outcome_json.h"
#include "host/reply.h"
#include "packaging/parts.h"
#include "project/samples.h"

namespace ferry::commands {
namespace {

constexpr std::uint64_t kMaxInput = 1ull
                                    << 30;  // what run reads at all; limits.input says the rest

class Run final : public Verb {
 public:
  void declare(CLI::App& app) override {
    app.add_option("FUNCTION", function_path_,
                   "A .wasm file, a ferry.toml, a folder with one, or a bundle that you packed")
        ->required();
    given_ = app.add_option("DATA", data_, "The event's data: literal, @FILE, or - for stdin");
    app.add_option("--event", event_path_, "A CloudEvent (JSON) to send in place of DATA")
        ->type_name("FILE");
    app.add_option(
           "--sample", sample_name_,
           "A sample of what a platform sends: s3, azure-queue, pubsub, ... (any other word "
           "lists them)")
        ->type_name("NAME");
    app.add_option("--native", native_path_,
                   "What the platform itself would send, in place of DATA: Lambda's JSON, an HTTP "
                   "request as text (without --platform, http's)")
        ->type_name("FILE");
    app.add_option("--request", request_,
                   "Send DATA as an HTTP request, the way it reaches a function on --platform "
                   "(default http)")
        ->type_name("'METHOD /PATH'");
    app.add_option("--header", headers_, "Header of --request (repeatable)")
        ->type_name("'NAME: VALUE'")
        ->allow_extra_args(false);
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
    app.add_flag("--profile", profile_,
                 "Send the event again and again for 2 s, and write a flame graph of the "
                 "function's time: NAME-profile.svg");
    app.footer(
        "Examples:\n"
        "  ferry run hello.wasm '{\"name\":\"Ada\"}'\n"
        "  ferry run hello.wasm @event.json --timeout 500ms --output json\n"
        "  ferry run hello.wasm @event.json --profile\n"
        "  echo '{\"name\":\"Ada\"}' | ferry run hello.wasm\n"
        "  ferry run hello.wasm '{\"name\":\"Ada\"}' --platform lambda\n"
        "  ferry run hello.wasm --event order-placed.json --engine wasmi\n"
        "  ferry run hello.wasm --request 'POST /a?x=1' --header 'Accept: text/html' @body.json\n"
        "  ferry run hello.wasm --platform lambda --native sqs-event.json\n"
        "  ferry run hello.wasm --sample azure-queue\n"
        "\n"
        "Exit codes: 0 ok, 1 failed, 3 trapped, 4 timeout, 5 out of memory, 6 output too large,\n"
        "7 denied, 8 refused, 9 broken; 2 usage, 10 no such engine or file, 11 a file that cannot\n"
        "be used.");
  }

  int run() override {
    if (const Status usage = check_usage(); !usage.ok()) {
      return give_up(usage.error());
    }
    std::optional<bundle::Bundle> packed;
    auto function = read_function(packed);
    if (!function.ok()) {
      return give_up(function.error());
    }
    auto sent = read_input();
    if (!sent.ok()) {
      const int code = give_up(sent.error());
      // An event that is none is refused, as it is by every platform.
      return code == kExitInvalid ? host::status_row(host::Status::kRefused).exit_code : code;
    }
    engine::EngineOptions engine_options = builder::engine_options_for({&*function, 1});
    // What a platform sends may be a batch, whose events run beside each other.
    if (platform_.empty() && std::holds_alternative<event::Event>(*sent)) {
      engine_options.max_instances = 1;
    }
    auto engine =
        engine::load_engine(packed ? packaging::kShippedEngine : common_.engine, engine_options);
    if (!engine.ok()) {
      return give_up(engine.error());
    }
    const engine::Info& info = (*engine)->info();
    if (profile_) {
      return profiled(*function, *engine, engine_options, std::get<event::Event>(*sent));
    }
    if (!packed && common_.engine.empty() && platform_.empty() &&
        builder::may_answer_quickly(*function) && !builder::is_stored(*function, info)) {
      builder::compile_behind(*function, info, engine_options);
      if (const auto answered =
              answer_quickly(*function, engine_options, std::get<event::Event>(*sent))) {
        return *answered;
      }
    }
    bool cached = false;
    auto before_bundle = system_clock().monotonic();
    Result<bundle::Bundle> bundle =
        packed ? *std::move(packed)
               : builder::make_bundle(*function, info, engine_options, common_.quiet, &cached);
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
    auto done = send(host, *loaded, *sent);
    if (!done.ok()) {
      return give_up(done.error());
    }
    host::OutcomeOf of{function->name, function->digest, host::abi_of(**loaded), info.name,
                       info.version};
    if (trace_ && !done->outcomes.empty()) {
      const auto us = microseconds;
      const host::Usage& usage = done->outcomes.back().usage;
      fmt::print(stderr,
                 "ferry: {} bundle {:.0f} us, load {:.0f} us, instantiate {:.1f} us, run {:.1f} "
                 "us, teardown {:.1f} us, memory {} bytes\n",
                 cached ? "cached" : "compiled", us(before_bundle, before_load),
                 us(before_load, ready), usage.instantiate_us, usage.run_us, usage.teardown_us,
                 usage.memory_bytes);
    }
    return print(*done, of);
  }

 private:
  // Of a bundle that this user packed, `packed` is the bundle.
  Result<function::Function> read_function(std::optional<bundle::Bundle>& packed) const {
    if (!bundle::is_bundle(function_path_)) {
      return builder::read_function(function_path_, common_);
    }
    FERRY_TRY(PackedFunction opened, open_packed(function_path_, common_));
    if (profile_) {
      return Error{Code::kUsage, "--profile is not possible with a bundle",
                   "give the .wasm file that it was made from"};
    }
    packed = std::move(opened.bundle);
    return std::move(opened.function);
  }

  // The result: without a platform, one outcome and no answer.
  struct Ran {
    std::vector<host::Outcome> outcomes;
    std::optional<platforms::Answer> answer;
  };

  Result<Ran> send(host::Host& host, const std::shared_ptr<host::Loaded>& function,
                   const Sent& sent) const {
    Ran ran;
    const platforms::Emulation* emulation = platforms::find_emulation(platform_);
    if (emulation == nullptr) {
      host::InvokeOptions options;
      options.args = args_;
      ran.outcomes.push_back(host.invoke(*function, std::get<event::Event>(sent), options));
      return ran;
    }
    FERRY_TRY(Exchange done, exchange(*emulation, host, function, sent));
    ran.outcomes = std::move(done.outcomes);
    ran.answer = std::move(done.answer);
    if (ran.outcomes.empty()) {
      ran.outcomes.push_back(without_function(*ran.answer));
    }
    return ran;
  }

  // The platform, or its adapter, answered in the function's place.
  host::Outcome without_function(const platforms::Answer& answer) const {
    const std::string said =
        fmt::format("{} answered {}, and the function was not asked", platform_, answer.status);
    if (answer.status >= 400) {
      return host::refuse(said, "", false);
    }
    host::Outcome outcome;
    outcome.status = host::Status::kOk;
    outcome.logs.push_back({system_clock().wall(), said});
    return outcome;
  }

  int profiled(const function::Function& function, const engine::LoadedEngine& engine,
               const engine::EngineOptions& engine_options, const event::Event& event) const {
    auto outcome = run_profiled(function, engine, engine_options, event, args_);
    if (!outcome.ok()) return give_up(outcome.error());
    const engine::Info& info = engine->info();
    Ran ran;
    ran.outcomes.push_back(*std::move(outcome));
    return print(ran,
                 {function.name, function.digest, function.binary.abi, info.name, info.version});
  }

  static double microseconds(Monotonic from, Monotonic to) {
    return std::chrono::duration<double, std::micro>(to - from).count();
  }

  // By the quick tier, while the function is compiled for the runs to come. Nothing: this event
  // wants compiled code.
  std::optional<int> answer_quickly(const function::Function& function,
                                    const engine::EngineOptions& engine_options,
                                    const event::Event& event) const {
    const Monotonic begun = system_clock().monotonic();
    auto engine = builder::make_quick_engine(engine_options);
    if (!engine.ok()) return std::nullopt;
    const engine::Info& info = (*engine)->info();
    const auto bundle = builder::make_quick_bundle(function, info);
    if (!bundle.ok()) return std::nullopt;
    host::Host host(**engine, system_clock(), system_random());
    host::LoadOptions load{function.name, function.manifest, {}};
    load.keeping.enabled = false;
    const auto loaded = host.load(*bundle, load);
    if (!loaded.ok()) return std::nullopt;
    host::InvokeOptions options;
    options.args = args_;
    options.deadline = system_clock().monotonic() + builder::kQuickPatience;
    host::Outcome outcome = host.invoke(**loaded, event, options);
    const bool taken = host::is_the_same_everywhere(outcome);
    if (trace_) {
      fmt::print(stderr, "ferry: {} by {} {} after {:.0f} us, while it is compiled\n",
                 taken ? "answered" : "not answered", info.name, info.version,
                 microseconds(begun, system_clock().monotonic()));
    }
    if (!taken) return std::nullopt;
    Ran ran;
    ran.outcomes.push_back(std::move(outcome));
    return print(ran,
                 {function.name, function.digest, function.binary.abi, info.name, info.version});
  }

  Status check_usage() {
    const int kinds = (event_path_.empty() ? 0 : 1) + (native_path_.empty() ? 0 : 1) +
                      (request_.empty() ? 0 : 1) + (sample_name_.empty() ? 0 : 1);
    const bool takes_data = event_path_.empty() && native_path_.empty() && sample_name_.empty();
    if (kinds > 1 || (!given_->empty() && !takes_data)) {
      return Error{Code::kUsage,
                   "more than one of DATA, --event, --native, --sample and --request was given",
                   "give one of them; DATA goes with --request as its body"};
    }
    if (!headers_.empty() && request_.empty()) {
      return Error{Code::kUsage, "--header is for --request alone", ""};
    }
    if (!sample_name_.empty()) {
      FERRY_TRY(sample_, project::find_sample(sample_name_));
      platform_ = platform_.empty() ? sample_->platform : platform_;
    }
    if (!native_path_.empty() || !request_.empty()) {
      platform_ = platform_.empty() ? "http" : platform_;
    }
    if (!platform_.empty() && profile_) {
      return Error{Code::kUsage, "--profile is not possible with --platform, --native or --request",
                   "give the event as DATA, or with --event"};
    }
    if (!platform_.empty() && !args_.empty()) {
      return Error{Code::kUsage,
                   "--arg is not possible with --platform, --native, --sample or --request",
                   "no platform has it"};
    }
    return Done{};
  }

  Result<Sent> read_input() const {
    if (sample_ != nullptr) return Sent(NativeInput{std::string(sample_->text)});
    if (!native_path_.empty()) {
      FERRY_TRY(auto bytes, read_file(native_path_, kMaxInput));
      return Sent(NativeInput{std::string(as_text(bytes))});
    }
    if (!event_path_.empty()) {
      FERRY_TRY(auto text, read_file(event_path_, kMaxInput));
      auto event = event::from_json(as_text(text));
      if (!event.ok()) {
        return with_context(std::move(event).error(), event_path_);
      }
      return Sent(*std::move(event));
    }
    FERRY_TRY(auto data, read_data());
    if (!request_.empty()) {
      FERRY_TRY(ClientRequest request, client_request(request_, headers_, data.value_or("")));
      return Sent(std::move(request));
    }
    return Sent(event_of(std::move(data)));
  }

  Result<std::optional<std::string>> read_data() const {
    std::optional<std::string> data;
    if (data_.starts_with('@')) {
      FERRY_TRY(auto bytes, read_file(data_.substr(1), kMaxInput));
      data = std::string(as_text(bytes));
    } else if (data_ == "-" || (given_->empty() && ::isatty(STDIN_FILENO) == 0)) {
      FERRY_TRY(auto bytes, read_all(STDIN_FILENO, kMaxInput, "stdin"));
      data = std::string(as_text(bytes));
    } else if (!data_.empty()) {
      data = data_;
    }
    if (data && data->empty()) {
      data.reset();
    }
    return data;
  }

  static event::Event event_of(std::optional<std::string> data) {
    event::Event event;
    event.id = uuid_v7(system_clock(), system_random());
    event.source = "/ferry/run";
    event.type = "ferry.run";
    event.time = to_rfc3339(system_clock().wall());
    event.data = std::move(data);
    if (event.data) {
      event.datacontenttype = host::sniff_content_type(*event.data);
    }
    return event;
  }

  int print(Ran& ran, const host::OutcomeOf& of) const {
    const bool json = output_ == "json";
    const auto bad = std::ranges::find_if(ran.outcomes, [](const host::Outcome& outcome) {
      return outcome.status != host::Status::kOk;
    });
    for (const host::Outcome& outcome : ran.outcomes) {
      print_log(outcome, of);
    }
    std::string text;
    if (bad != ran.outcomes.end()) {
      text = json ? host::to_json(*bad, of) + "\n" : shows_answer() ? ran.answer->body : "";
    } else {
      host::Outcome& last = ran.outcomes.back();
      if (ran.answer) {
        last.reply = reply_of(*ran.answer);
      }
      text = json ? host::to_json(last, of) + "\n" : last.reply.data;
    }
    if (shows_answer() && !json && !common_.quiet) {
      print_head(*ran.answer);
    }
    const Status written = write_all(STDOUT_FILENO, as_bytes(text), "stdout");
    for (const host::Outcome& outcome : ran.outcomes) {
      explain(outcome);
    }
    if (bad != ran.outcomes.end()) {
      return host::status_row(bad->status).exit_code;
    }
    if (!written.ok()) {
      return give_up(written.error());
    }
    return kExitOk;
  }

  // The answer is shown as it is, whatever became of the function.
  bool shows_answer() const {
    return !native_path_.empty() || !request_.empty() || sample_ != nullptr;
  }

  void print_log(const host::Outcome& outcome, const host::OutcomeOf& of) const {
    if (output_ == "json" || common_.quiet) {
      return;
    }
    for (const host::LogLine& line : outcome.logs) {
      fmt::print(stderr, "{}\n",
                 log_format_ == "json" ? host::log_to_json(line, outcome, of)
                                       : escape_controls(line.text));
    }
    if (outcome.log_truncated) {
      fmt::print(stderr, "ferry: the log was cut at its limit ([limits] log)\n");
    }
  }

  void explain(const host::Outcome& outcome) const {
    if (outcome.status == host::Status::kOk) {
      return;
    }
    complain({fmt::format("{}: {}", host::status_row(outcome.status).name, outcome.message),
              outcome.hint});
    if (!outcome.backtrace.empty() && output_ != "json") {
      std::string_view frames = outcome.backtrace;
      frames.remove_suffix(frames.ends_with('\n') ? 1 : 0);
      fmt::print(stderr, "{}\n", escape_controls(frames, LineEnds::kKeep));
    }
  }

  // As curl -v shows it.
  static void print_head(const platforms::Answer& answer) {
    fmt::print(stderr, "< {}\n", answer.status);
    for (const auto& [name, value] : answer.fields) {
      fmt::print(stderr, "< {}: {}\n", escape_controls(name), escape_controls(value));
    }
  }

  // What the platform's caller was given in place of what the function replied.
  host::Reply reply_of(const platforms::Answer& answer) const {
    host::Reply reply;
    reply.data = answer.body;
    reply.content_type = std::string(answer.field("content-type"));
    if (shows_answer()) {
      reply.http = host::HttpAnswer{answer.status, answer.fields};
    }
    return reply;
  }

  CommonOptions common_;
  std::string function_path_;
  std::string data_;
  CLI::Option* given_ = nullptr;  // of DATA: empty data on the command line is data, too
  std::string event_path_;
  std::string native_path_;
  std::string sample_name_;
  const project::Sample* sample_ = nullptr;
  std::string request_;
  std::vector<std::string> headers_;
  std::vector<std::string> args_;
  std::string output_ = "text";
  std::string log_format_ = "text";
  std::string platform_;
  bool trace_ = false;
  bool profile_ = false;
};

}  // namespace

std::unique_ptr<Verb> make_run() { return std::make_unique<Run>(); }

}  // namespace ferry::commands
