#include "verify/run.h"

#include <map>
#include <utility>

#include <fmt/format.h>

namespace ferry::verify {
namespace {

using platforms::Observed;

// A side with one set of limits: what lies between a case and the platform's answer. In this
// order, since each borrows from those before it.
struct Rig {
  std::unique_ptr<platforms::LogTap> log;
  platforms::Adapter adapter;
  std::unique_ptr<platforms::Emulator> emulator;
};

class Runner {
 public:
  explicit Runner(const RunContext& context) : context_(context) {}

  Result<CaseResult> run(const Case& one) {
    CaseResult result;
    result.name = one.name;
    FERRY_TRY(const auto function, loaded(one.limits));
    if (one.native) {
      return run_native(one, std::move(result));
    }
    const host::Outcome outcome = context_.host.invoke(*function, one.event, {});
    result.seen = platforms::observed_of(outcome);
    tick();
    const Observed again = platforms::observed_of(context_.host.invoke(*function, one.event, {}));
    tick();
    result.steady = !platforms::first_difference(result.seen, again);
    result.unexpected = first_unexpected(one.expected, result.seen);
    for (std::size_t i = 0; i < context_.sides.size(); ++i) {
      result.sides.push_back(through(i, one, result));
      tick();
    }
    return result;
  }

 private:
  Result<std::shared_ptr<host::Loaded>> loaded(const CaseLimits& limits) {
    auto found = loaded_.find(limits);
    if (found == loaded_.end()) {
      FERRY_TRY(auto function, context_.load(limits));
      found = loaded_.emplace(limits, std::move(function)).first;
    }
    return found->second;
  }

  Result<platforms::Emulator*> emulator(std::size_t side, const CaseLimits& limits) {
    auto& rig = rigs_[{side, limits}];
    if (rig.emulator != nullptr) {
      return rig.emulator.get();
    }
    const Side& at = context_.sides[side];
    if (at.remote) {
      FERRY_TRY(rig.emulator, at.platform->make_remote(at.remote()));
      return rig.emulator.get();
    }
    FERRY_TRY(auto function, loaded(limits));
    FERRY_TRY(rig.log, platforms::LogTap::make());
    platforms::AdapterContext context{context_.host, {function}, system_clock(), system_random()};
    context.log = rig.log->writer();
    context.out = rig.log->out();
    context.err = rig.log->err();
    FERRY_TRY(rig.adapter, at.platform->platform().make_adapter(std::move(context)));
    FERRY_TRY(rig.emulator,
              at.platform->make_emulator(rig.adapter,
                                         {rig.log.get(), {host::manifest_of(*function).limits}}));
    return rig.emulator.get();
  }

  SideResult through(std::size_t side, const Case& one, const CaseResult& result) {
    const Side& at = context_.sides[side];
    if (at.remote && one.limits != CaseLimits{}) {
      return {State::kSkipped, std::nullopt, "a real platform has its own limits"};
    }
    auto emulator = this->emulator(side, one.limits);
    if (!emulator.ok()) {
      return {State::kFailed, std::nullopt, emulator.error().text()};
    }
    auto seen = (*emulator)->observe(one.event);
    if (!seen.ok()) {
      return {State::kFailed, std::nullopt, seen.error().text()};
    }
    Observed expected = result.seen;
    std::string lost = at.platform->lose(expected);
    if (!result.steady) {
      if (seen->status != expected.status) {
        return {State::kDiffers, platforms::Difference{"status", expected.status, seen->status},
                ""};
      }
      return {State::kSame, std::nullopt, ""};
    }
    if (auto difference = platforms::first_difference(expected, *seen)) {
      return {State::kDiffers, std::move(difference), ""};
    }
    return {lost.empty() ? State::kSame : State::kLost, std::nullopt, std::move(lost)};
  }

  Result<CaseResult> run_native(const Case& one, CaseResult result) {
    bool had = false;
    for (std::size_t i = 0; i < context_.sides.size(); ++i) {
      const Side& at = context_.sides[i];
      if (at.name != one.native->platform) {
        result.sides.push_back(
            {State::kSkipped, std::nullopt, "this input is " + one.native->platform + "'s"});
        continue;
      }
      had = true;
      result.sides.push_back(run_native_at(i, one, result));
      tick();
    }
    if (!had) {
      for (SideResult& side : result.sides) {
        side.why = "no platform '" + one.native->platform + "' takes part";
      }
    }
    return result;
  }

  SideResult run_native_at(std::size_t side, const Case& one, CaseResult& result) {
    auto emulator = this->emulator(side, one.limits);
    if (!emulator.ok()) {
      return {State::kFailed, std::nullopt, emulator.error().text()};
    }
    auto answer = (*emulator)->send_native(one.native->input);
    if (!answer.ok()) {
      return {State::kFailed, std::nullopt, answer.error().text()};
    }
    result.seen.status = "ok";
    result.seen.http = answer->status;
    result.seen.content_type = std::string(answer->field("content-type"));
    result.seen.body = answer->body;
    Expected expected = one.expected;
    expected.body = one.native->answer ? one.native->answer : expected.body;
    result.unexpected = first_unexpected(expected, result.seen);
    return {State::kSame, std::nullopt, ""};
  }

  void tick() { context_.progress(++exchanges_); }

  const RunContext& context_;
  std::map<CaseLimits, std::shared_ptr<host::Loaded>> loaded_;
  std::map<std::pair<std::size_t, CaseLimits>, Rig> rigs_;
  std::size_t exchanges_ = 0;
};

}  // namespace

const char* state_name(State state) {
  switch (state) {
    case State::kSame:
      return "same";
    case State::kLost:
      return "lost";
    case State::kDiffers:
      return "differs";
    case State::kFailed:
      return "failed";
    case State::kSkipped:
      return "skipped";
  }
  return "";
}

Result<std::vector<CaseResult>> run_cases(const RunContext& context,
                                          const std::vector<Case>& cases) {
  Runner runner(context);
  std::vector<CaseResult> results;
  for (const Case& one : cases) {
    FERRY_TRY(CaseResult result, runner.run(one));
    results.push_back(std::move(result));
  }
  return results;
}

}  // namespace ferry::verify
