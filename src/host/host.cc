#include "host/host.h"

#include <fmt/format.h>

#include "base/ids.h"
#include "event/environment.h"
#include "event/json.h"
#include "function/prepare.h"
#include "host/loaded.h"
#include "host/reply.h"

namespace ferry::host {
namespace {

using engine::End;

double microseconds(Monotonic from, Monotonic to) {
  return std::chrono::duration<double, std::micro>(to - from).count();
}

bool has_function(const function::Binary& binary, std::string_view name) {
  return binary.find_export(name, function::ExternKind::kFunc) != nullptr;
}

wasi::Setup make_setup(const Loaded& function, const event::Event& event,
                       const InvokeOptions& options, Monotonic deadline) {
  const function::Limits& limits = function.manifest.limits;
  wasi::Setup setup;
  setup.args = {function.name};
  setup.args.insert(setup.args.end(), options.args.begin(), options.args.end());
  setup.environ = function.environ;
  for (const auto& [name, value] : options.env) {
    setup.environ.push_back(name + "=" + value);
  }
  for (std::string& entry : event::environment(event)) {
    setup.environ.push_back(std::move(entry));
  }
  setup.quotas.stdout_bytes = limits.output;
  setup.quotas.stderr_bytes = limits.log;
  setup.quotas.open_files = limits.open_files;
  setup.deadline = deadline;
  setup.directories = &function.directories;
  return setup;
}

}  // namespace

// One invocation, from instance to outcome.
struct Host::Run {
  Host& host;
  Loaded& function;
  wasi::Context& context;
  Monotonic deadline;
  Outcome& outcome;

  // Fills the outcome's status from how the guest ended.
  void conclude(const End& end, engine::Instance& instance);
  void conclude_exit(std::uint32_t code);
  void blame_memory_or_grant(engine::Instance& instance);
  void read_output();
  End call_all(engine::Instance& instance);
};

End Host::Run::call_all(engine::Instance& instance) {
  End end;
  if (function.has_start) {
    end = instance.call(function::kStartExport, context, deadline);
    if (end.kind != End::Kind::kReturned) {
      return end;
    }
  }
  if (function.abi == function::Abi::kCommand) {
    end = instance.call("_start", context, deadline);
    end.value = 0;  // a command says its result by proc_exit alone
    return end;
  }
  if (function.has_initialize) {
    end = instance.call("_initialize", context, deadline);
    if (end.kind != End::Kind::kReturned) {
      return end;
    }
  }
  return instance.call("handle", context, deadline);
}

void Host::Run::conclude_exit(std::uint32_t code) {
  if (code == 0) {
    outcome.status = Status::kOk;
    return;
  }
  outcome.status = Status::kFailed;
  outcome.exit_code = static_cast<int>(code);
  outcome.message = fmt::format("the function ended with exit code {}", outcome.exit_code);
  outcome.hint = "its log says why";
}

void Host::Run::blame_memory_or_grant(engine::Instance& instance) {
  if (outcome.status != Status::kFailed && outcome.status != Status::kTrapped) {
    return;
  }
  if (auto handle = instance.find_global(function::kMemoryRefusedGlobal)) {
    if (std::uint64_t asked = instance.get_global(*handle); asked != 0) {
      outcome.status = Status::kOutOfMemory;
      outcome.message =
          fmt::format("the function asked for {} of memory, the limit is {}; then: {}",
                      function::format_size(asked),
                      function::format_size(function.manifest.limits.memory), outcome.message);
      outcome.hint = "raise [limits] memory (--memory), or use less";
      return;
    }
  }
  if (const auto& denial = context.denial()) {
    outcome.status = Status::kDenied;
    outcome.message = fmt::format("{}; then: {}", denial->message, outcome.message);
    outcome.hint = denial->hint;
  }
}

void Host::Run::read_output() {
  auto reply = read_reply(context.out(), function.manifest.reply);
  if (reply.ok()) {
    outcome.reply = std::move(*reply);
    return;
  }
  outcome.status = Status::kFailed;
  outcome.message = reply.error().message;
  outcome.hint = reply.error().hint;
}

void Host::Run::conclude(const End& end, engine::Instance& instance) {
  const function::Limits& limits = function.manifest.limits;
  switch (end.kind) {
    case End::Kind::kReturned:
      if (end.value == 0) {
        outcome.status = Status::kOk;
      } else {
        outcome.status = Status::kFailed;
        outcome.exit_code = end.value;
        outcome.message = fmt::format("handle() returned {}", end.value);
        outcome.hint = "its log says why";
      }
      break;
    case End::Kind::kStopped:
      switch (context.stop()) {
        case wasi::Stop::kExit:
          conclude_exit(context.exit_code());
          break;
        case wasi::Stop::kOutputFull:
          outcome.status = Status::kOutputTooLarge;
          outcome.message = fmt::format("the function wrote more than {} to stdout",
                                        function::format_size(limits.output));
          outcome.hint = "raise [limits] output, or reply with less";
          break;
        case wasi::Stop::kDeadline:
          outcome.status = Status::kTimeout;
          break;
        case wasi::Stop::kNone:
          outcome.status = Status::kBroken;
          outcome.message = "the engine says that a WASI call ended the function; none did";
          break;
      }
      break;
    case End::Kind::kTrapped:
      outcome.status = Status::kTrapped;
      outcome.message = end.message;
      outcome.backtrace = end.backtrace;
      break;
    case End::Kind::kDeadline:
      outcome.status = Status::kTimeout;
      break;
    case End::Kind::kInstructions:
      outcome.status = Status::kTimeout;
      outcome.message = "the function used up its instructions";
      outcome.hint = "raise [limits] instructions";
      return;
    case End::Kind::kFailed:
      outcome.status = Status::kBroken;
      outcome.message = end.message;
      break;
  }
  if (outcome.status == Status::kTimeout) {
    outcome.message =
        fmt::format("the function ran past its deadline ({} ms)", limits.timeout.count());
    outcome.hint = "raise [limits] timeout (--timeout), or do less in one event";
    return;
  }
  blame_memory_or_grant(instance);
}

Host::Host(engine::Engine& engine, const Clock& clock, Random& random)
    : engine_(engine), clock_(clock), random_(random), ticker_(engine) {}

Host::~Host() = default;

Result<std::shared_ptr<Loaded>> Host::load(const function::Function& function,
                                           const engine::Bundle& bundle) {
  FERRY_CHECK_OK(
      engine::check_bundle_engine(bundle.info, engine_.info().name, engine_.info().fingerprint));
  auto loaded = std::make_shared<Loaded>();
  loaded->name = function.name;
  loaded->digest = function.digest;
  loaded->abi = function.binary.abi;
  loaded->manifest = function.manifest;
  loaded->has_initialize = has_function(function.binary, "_initialize");
  loaded->has_start = function.binary.start.has_value();
  for (const auto& [name, value] : function.manifest.grants.env) {
    loaded->environ.push_back(name + "=" + value);
  }
  for (const function::DirGrant& grant : function.manifest.grants.dirs) {
    FERRY_TRY(auto directory, wasi::Directory::open(grant.host, grant.guest, grant.read_only));
    loaded->directories.push_back(std::move(directory));
  }
  FERRY_TRY(loaded->module,
            engine_.load(bundle.fd.get(), bundle.artifact_offset, bundle.artifact_size));
  return loaded;
}

Outcome Host::invoke(Loaded& function, const event::Event& event, const InvokeOptions& options) {
  const function::Limits& limits = function.manifest.limits;
  Monotonic started = clock_.monotonic();
  Outcome outcome;
  if (std::size_t size = event.data ? event.data->size() : 0; size > limits.input) {
    outcome =
        refuse(fmt::format("the event's data has {} bytes, the limit is {}", size, limits.input),
               "raise [limits] input, or send less", false);
    outcome.too_large = true;
  }
  outcome.invocation = options.invocation.empty() ? uuid_v7(clock_, random_) : options.invocation;
  if (options.arrived) {
    outcome.usage.queue_us = microseconds(*options.arrived, started);
  }
  if (outcome.status == Status::kRefused) {
    return outcome;
  }
  Monotonic deadline = started + limits.timeout;
  if (options.deadline && *options.deadline < deadline) {
    deadline = *options.deadline;
  }

  Ticker::Running running(ticker_);
  std::string
      whole;  // the event as JSON, where the function wants it so; outlives the context's use
  wasi::Setup setup = make_setup(function, event, options, deadline);
  if (function.manifest.input == function::InputForm::kCloudEvent) {
    auto text = event::to_json(event);
    if (!text.ok()) {
      Outcome refused = refuse(text.error().message, text.error().hint, false);
      refused.invocation = std::move(outcome.invocation);
      return refused;
    }
    whole = std::move(*text);
    setup.stdin_data = whole;
  } else if (event.data) {
    setup.stdin_data = *event.data;
  }
  auto context = function.take_context(clock_, random_);
  context->reset(std::move(setup));

  auto instance = function.module->instantiate({limits.memory, limits.instructions});
  Monotonic instantiated = clock_.monotonic();
  outcome.usage.instantiate_us = microseconds(started, instantiated);
  if (!instance.ok()) {
    bool full = instance.error().code == Code::kLimit || instance.error().code == Code::kBusy;
    outcome.status = full ? Status::kRefused : Status::kBroken;
    outcome.overload = full;
    outcome.message = instance.error().message;
    outcome.hint = instance.error().hint;
    function.give_back(std::move(context));
    return outcome;
  }

  Run run{*this, function, *context, deadline, outcome};
  End end = run.call_all(**instance);
  Monotonic ended = clock_.monotonic();
  outcome.usage.run_us = microseconds(instantiated, ended);
  outcome.usage.memory_bytes = (*instance)->memory().size;
  outcome.usage.instructions = (*instance)->instructions();
  run.conclude(end, **instance);
  instance->reset();
  if (outcome.status == Status::kOk) {
    run.read_output();
  }
  outcome.logs = read_log(context->err(), context->log_chunks());
  outcome.log_truncated = context->err_dropped() > 0;
  function.give_back(std::move(context));
  outcome.usage.teardown_us = microseconds(ended, clock_.monotonic());
  return outcome;
}

}  // namespace ferry::host
