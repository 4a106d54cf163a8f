#include "host/host.h"

#include <algorithm>
#include <iterator>
#include <optional>

#include <fmt/format.h>

#include "base/ids.h"
#include "base/seeded.h"
#include "bundle/load.h"
#include "host/grants.h"
#include "host/guest_abi.h"
#include "host/invocation.h"
#include "host/loaded.h"
#include "host/network_access.h"
#include "host/panic.h"
#include "host/reply.h"
#include "wasi2/session.h"
#include "wasm/prepare.h"

namespace ferry::host {
namespace {

using engine::End;

double microseconds(Monotonic from, Monotonic to) {
  return std::chrono::duration<double, std::micro>(to - from).count();
}

// What a guest sees in place of this machine's time and randomness, where the host's clock is a
// SeededTime: the same for every event. Sleeping takes no time, and what a platform adds to the
// environment (a trace id, say) is left out.
struct Seeded {
  Seeded(std::uint64_t seed, const InvokeOptions& from)
      : clock(seed), random(seed), context(clock, random), options(from) {
    options.env.clear();
  }
  SeededClock clock;
  SeededRandom random;
  wasi::Context context;
  InvokeOptions options;
};

// Returned, or left by proc_exit: nothing was cut short in the middle.
bool ended_by_itself(const End& end, const wasi::Context& context) {
  return end.kind == End::Kind::kReturned ||
         (end.kind == End::Kind::kStopped && context.stop() == wasi::Stop::kExit);
}

}  // namespace

// One invocation, from instance to outcome.
struct Host::Run {
  Host& host;
  Loaded& function;
  wasi::Context& context;
  Monotonic deadline;
  Outcome& outcome;

  // `logs`: as InvokeOptions::logs, which others may want as well.
  static Outcome invoke(Host& host, Loaded& function, event::LazyEvent& event,
                        const InvokeOptions& options, bool logs, Witness* witness);
  static Outcome invoke_recorded(Host& host, Loaded& function, event::LazyEvent& event,
                                 const InvokeOptions& options);

  // Fills the outcome's status from how the guest ended.
  void conclude(const End& end, engine::Instance& instance);
  void conclude_exit(std::uint32_t code);
  void recognise_panic();
  void attribute_failure(engine::Instance& instance);
  void read_reply(const Invocation& invocation);
};

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

void Host::Run::recognise_panic() {
  if (outcome.status != Status::kTrapped || outcome.message != "unreachable") {
    return;
  }
  if (std::string_view line = panic_line(context.err()); !line.empty()) {
    outcome.status = Status::kFailed;
    outcome.message = "the function panicked";
    outcome.hint = "its log says why";
  }
}

void Host::Run::attribute_failure(engine::Instance& instance) {
  if (outcome.status != Status::kFailed && outcome.status != Status::kTrapped) {
    return;
  }
  if (auto handle = instance.find_global(wasm::kMemoryRefusedGlobal)) {
    if (std::uint64_t wanted = instance.get_global(*handle); wanted != 0) {
      outcome.status = Status::kOutOfMemory;
      outcome.message =
          fmt::format("the function asked for {} of memory, the limit is {}; then: {}",
                      function::format_size(wanted),
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

void Host::Run::read_reply(const Invocation& invocation) {
  if (ferry::Status read = invocation.read_reply(context, outcome.reply); !read.ok()) {
    outcome.status = Status::kFailed;
    outcome.message = std::move(read.error().message);
    outcome.hint = std::move(read.error().hint);
  }
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
        outcome.message = fmt::format("{}() returned {}", function.abi->entry(), end.value);
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
          outcome.message =
              fmt::format("the function wrote more than {} {}",
                          function::format_size(limits.output), function.abi->output());
          outcome.hint = "raise [limits] output, or reply with less";
          break;
        case wasi::Stop::kDeadline:
          outcome.status = Status::kTimeout;
          break;
        case wasi::Stop::kNone:
          if (wasi2::Session* session = wasi2::Session::find(context);
              session != nullptr && !session->trap().empty()) {
            outcome.status = Status::kTrapped;
            outcome.message = session->trap();
            break;
          }
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
  recognise_panic();
  attribute_failure(instance);
}

Host::Host(engine::Engine& engine, const Clock& clock, Random& random)
    : engine_(engine),
      clock_(clock),
      seeded_(dynamic_cast<const SeededTime*>(&clock)),
      random_(random),
      ticker_(engine) {}

Host::~Host() = default;

ferry::Status Host::keep_deadlines() {
  const Ticker::Running running(ticker_);
  if (!running.ok()) return running.error();
  return Done{};
}

Result<std::shared_ptr<Loaded>> Host::load(const bundle::Bundle& bundle,
                                           const LoadOptions& options) {
  const engine::Info& engine = engine_.info();
  FERRY_CHECK_OK(bundle::check_bundle_engine(bundle.info, engine.name, engine.fingerprint));
  FERRY_TRY(wasm::Record record, wasm::record_from_json(bundle.info.facts));
  function::Manifest manifest = options.manifest;
  if (manifest.file_tree == nullptr) manifest.file_tree = bundle.info.files;
  if (manifest.file_tree == nullptr && !manifest.files.empty()) {
    return Error{Code::kUnsupported,
                 "its ferry.toml names files that travel with it, and they are not here",
                 "`ferry pack` puts them into the bundle"};
  }
  FERRY_TRY(Guest guest, make_guest(options.name.empty() ? bundle.info.function_name : options.name,
                                    std::move(record), std::move(manifest), Directories::kOpen));
  FERRY_TRY(guest.network, make_network_access(options.manifest, options.network != nullptr
                                                                     ? *options.network
                                                                     : net::system_network()));
  std::vector<std::string> taken = options.like != nullptr
                                       ? options.like->taken_environ
                                       : taken_environment(options.manifest.grants);
  guest.mask = Mask(taken);
  guest.environ.insert(guest.environ.end(), taken.begin(), taken.end());
  if (guest.network != nullptr && !guest.network->ca_bundle.empty() &&
      !options.manifest.grants.env.contains(wasi::kCaVariable)) {
    guest.environ.push_back(
        fmt::format("{}={}/{}", wasi::kCaVariable, wasi::kCaFolderPath, wasi::kCaName));
  }
  auto loaded = std::make_shared<Loaded>(*this, std::move(guest));
  loaded->digest = bundle.info.function_digest;
  loaded->keeping = options.keeping;
  loaded->taken_environ = std::move(taken);
  if (options.like != nullptr) loaded->recorders = options.like->recorders;
  if (!reset::can_keep(loaded->record, engine.capabilities).ok()) {
    loaded->keeping.enabled = false;
  }
  if (std::uint64_t limit = options.manifest.limits.memory; loaded->record.memory_minimum > limit) {
    return Error{Code::kLimit,
                 fmt::format("{} starts with {} of memory, the limit is {}", loaded->name,
                             function::format_size(loaded->record.memory_minimum),
                             function::format_size(limit)),
                 "raise [limits] memory (--memory)"};
  }
  if (options.manifest.limits.instructions && !engine.capabilities.counts_instructions) {
    return Error{
        Code::kUnsupported,
        fmt::format("{} limits its instructions, and {} does not count them", loaded->name,
                    engine.name),
        "leave out [limits] instructions (its timeout holds on every engine), or choose an "
        "engine that counts: `ferry engines` lists counts_instructions"};
  }
  // The keys that authenticate it are beside it.
  const std::string file = bundle.artifact->name();
  for (std::size_t i = 0; i < loaded->directories.size(); ++i) {
    FERRY_CHECK_OK(
        check_holds_none(loaded->directories[i], loaded->manifest.grants.dirs[i].host, {&file, 1}));
  }
  FERRY_TRY(loaded->module, bundle::load_artifact(engine_, bundle.artifact));
  std::lock_guard lock(mutex_);
  std::erase_if(loaded_, [](const auto& each) { return each.expired(); });
  loaded_.push_back(loaded);
  return loaded;
}

std::vector<std::shared_ptr<Loaded>> Host::by_last_event() {
  // By what it was at one moment: it goes on while they are sorted.
  std::vector<std::pair<std::uint64_t, std::shared_ptr<Loaded>>> all;
  {
    std::lock_guard lock(mutex_);
    for (const auto& each : loaded_) {
      if (auto function = each.lock()) {
        all.emplace_back(function->last_event.load(), std::move(function));
      }
    }
  }
  std::ranges::sort(all, {}, [](const auto& each) { return each.first; });
  std::vector<std::shared_ptr<Loaded>> out;
  out.reserve(all.size());
  for (auto& each : all) out.push_back(std::move(each.second));
  return out;
}

void Host::drop_idle() {
  for (const auto& each : by_last_event()) each->drop_idle();
}

void Host::give_back() {
  for (const auto& each : by_last_event()) each->give_back();
}

// Thousands of functions share the instances that an engine can have at once.
bool Host::make_room() {
  const auto all = by_last_event();
  std::size_t keeping = 0;
  for (const auto& each : all) {
    keeping += each->keeps() ? 1 : 0;
  }
  std::size_t dropped = 0;
  for (const auto& each : all) {
    if (dropped * 2 >= keeping) {
      break;
    }
    dropped += each->drop_kept() ? 1 : 0;
  }
  return dropped > 0;
}

void Host::shrink_kept(Loaded& last) {
  for (const auto& each : by_last_event()) {
    if (kept_bytes() <= most_kept_) return;
    if (each.get() != &last) each->give_back();
  }
  if (kept_bytes() > most_kept_) last.give_up_in_time();
}

Outcome Host::Run::invoke(Host& host, Loaded& function, event::LazyEvent& event,
                          const InvokeOptions& options, bool logs, Witness* witness) {
  const function::Limits& limits = function.manifest.limits;
  Monotonic started = host.clock_.monotonic();
  Outcome outcome;
  const std::optional<std::string_view> data = event.data();
  if (std::size_t size = data ? data->size() : 0; size > limits.input) {
    outcome =
        refuse(fmt::format("the event's data has {} bytes, the limit is {}", size, limits.input),
               "raise [limits] input, or send less", false);
    outcome.too_large = true;
  }
  outcome.invocation =
      options.invocation.empty() ? uuid_v7(host.clock_, host.random_) : options.invocation;
  if (!options.record.empty()) outcome.record = options.record;
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

  const Ticker::Running running(host.ticker_);
  if (!running.ok()) {
    outcome.status = Status::kRefused;
    outcome.overload = true;
    outcome.message = running.error().message;
    return outcome;
  }
  std::optional<Seeded> seeded;
  if (witness == nullptr && host.seeded_ != nullptr) {
    seeded.emplace(host.seeded_->seed(), options);
  }
  Invocation call(function, event, seeded ? seeded->options : options, logs);
  Loaded::Held held = function.take(host.clock_, host.random_);
  wasi::Context& context = seeded ? seeded->context : *held.context;
  const Monotonic by_its_clock = seeded ? seeded->clock.monotonic() + limits.timeout
                                 : witness != nullptr && witness->deadline ? *witness->deadline
                                                                           : deadline;
  if (ferry::Status begun =
          call.begin(context, by_its_clock, witness != nullptr ? &witness->clock : nullptr,
                     witness != nullptr ? &witness->random : nullptr);
      !begun.ok()) {
    outcome.status = Status::kRefused;
    outcome.message = std::move(begun.error().message);
    outcome.hint = std::move(begun.error().hint);
    function.release(std::move(held), true);
    return outcome;  // the one object, so that it is made where the caller wants it
  }
  function.last_event.store(++host.events_, std::memory_order_relaxed);
  Monotonic instantiated = started;  // a kept one is there at once
  if (!held.kept) {
    ferry::Status made = function.make_instance(held);
    if (!made.ok() && made.error().code == Code::kLimit && host.make_room()) {
      made = function.make_instance(held);
    }
    instantiated = host.clock_.monotonic();
    outcome.usage.instantiate_us = microseconds(started, instantiated);
    if (!made.ok()) {
      bool full = made.error().code == Code::kLimit || made.error().code == Code::kBusy;
      outcome.status = full ? Status::kRefused : Status::kBroken;
      outcome.overload = full;
      outcome.message = made.error().message;
      outcome.hint = made.error().hint;
      function.release(std::move(held), false);
      return outcome;
    }
  }

  engine::Instance& instance = held.instance();
  Run run{host, function, context, deadline, outcome};
  End end;
  if (held.kept) {
    reset::KeptInstance::Entered entered(*held.kept);
    end = call.call(instance, context, deadline);
  } else {
    end = call.call(instance, context, deadline);
  }
  Monotonic ended = host.clock_.monotonic();
  outcome.usage.run_us = microseconds(instantiated, ended);
  outcome.usage.memory_bytes = instance.memory().size;
  outcome.usage.instructions = instance.instructions();
  if (function.network != nullptr) {
    context.end_network();
    outcome.connections = context.connections();
  }
  run.conclude(end, instance);
  if (outcome.status == Status::kOk) {
    run.read_reply(call);
  }
  if (logs) {
    outcome.logs = read_log(context.err(), context.log_chunks(), most_log_lines(limits.log),
                            &outcome.log_truncated);
  }
  outcome.log_truncated |= context.err_dropped() > 0;
  if (witness != nullptr) {
    witness->drawn = context.drawn();
    witness->denial = context.denial();
    witness->deadline = by_its_clock;
  }
  if (logs) std::ranges::move(connection_lines(outcome), std::back_inserter(outcome.logs));
  if (const auto& denial = context.denial(); denial && logs) {
    outcome.logs.push_back({host.clock_.wall(), denial_line(*denial), LogLevel::kWarn});
  }
  if (!function.mask.empty()) {
    function.mask.apply(outcome);
  }
  function.release(std::move(held), ended_by_itself(end, context));
  outcome.ended = host.clock_.monotonic();
  outcome.usage.teardown_us = microseconds(ended, *outcome.ended);
  return outcome;
}

Outcome Host::invoke(Loaded& function, event::LazyEvent& event, const InvokeOptions& options) {
  if (function.recorders.empty()) {
    return Run::invoke(*this, function, event, options, options.logs, function.witness);
  }
  return Run::invoke_recorded(*this, function, event, options);
}

Outcome Host::Run::invoke_recorded(Host& host, Loaded& function, event::LazyEvent& event,
                                   const InvokeOptions& options) {
  using Wish = Recorder::Wish;
  std::vector<Recorder*> interested;
  Wish wish = Wish::kNothing;
  for (const auto& recorder : function.recorders) {
    const Wish each = recorder->wish();
    if (each != Wish::kNothing) interested.push_back(recorder.get());
    wish = std::max(wish, each);
  }
  if (wish != Wish::kAll) {
    Outcome outcome = invoke(host, function, event, options, options.logs, function.witness);
    if (interested.empty()) return outcome;
    static const Draws kNone;
    const Witness none{host.clock_, host.random_};
    for (Recorder* recorder : interested) {
      recorder->record({function, host.engine_.info(), event, options, outcome, kNone, none});
    }
    return outcome;
  }
  // What one event's draws took in memory is there for those of the thread's next.
  thread_local Draws kept;
  DrawRecorder draws(host.clock_, host.random_, std::move(kept));
  Witness witness{draws.clock(), draws.random()};
  Outcome outcome = invoke(host, function, event, options, true, &witness);
  for (Recorder* recorder : interested) {
    recorder->record(
        {function, host.engine_.info(), event, options, outcome, draws.draws(), witness});
  }
  kept = draws.take();
  return outcome;
}

void add_recorder(Loaded& function, std::shared_ptr<Recorder> recorder) {
  function.recorders.push_back(std::move(recorder));
}

Outcome invoke_with(Host& host, Loaded& function, event::LazyEvent& event,
                    const InvokeOptions& options, Witness& witness) {
  function.witness = &witness;
  Outcome outcome = host.invoke(function, event, options);
  function.witness = nullptr;
  return outcome;
}

}  // namespace ferry::host
