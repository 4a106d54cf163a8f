#include "verify/run.h"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/digest.h"
#include "host/network_access.h"

namespace ferry::verify {
namespace {

using platforms::Observed;

// A side with one set of limits: what lies between a case and the platform's answer. In this
// order, since each borrows from those before it.
struct Rig {
  std::unique_ptr<platforms::LogTap> log;
  bool log_left = false;  // the last exchange did not take its log
  platforms::Adapter adapter;
  std::unique_ptr<platforms::Emulator> emulator;
};

bool is_encrypted(const Upstream& upstream) {
  return upstream.tls || std::ranges::any_of(upstream.steps, &Step::tls);
}

// How many bytes an encrypted connection takes is not the function's doing: the signature in the
// handshake is one byte longer or shorter each time (ECDSA in DER, RFC 3279, 2.2.3).
void drop_encrypted_sizes(const Case& one, Observed& seen) {
  if (std::ranges::none_of(one.upstreams, is_encrypted)) return;
  constexpr std::string_view kSent = " bytes sent, ";
  constexpr std::string_view kReceived = " received";
  for (std::string& note : seen.notes) {
    const std::size_t middle = note.find(kSent);
    if (!note.starts_with(host::kConnectionLine) || middle == std::string::npos) continue;
    const std::size_t begin = note.rfind(' ', middle - 1) + 1;
    const std::size_t end = note.find(kReceived, middle);
    if (end != std::string::npos) note.replace(begin, end + kReceived.size() - begin, "encrypted");
  }
}

// Takes what differs between `one` and `other` out of both of the rest: the names of that.
std::vector<std::string> drop_varying(const Observed& one, const Observed& other,
                                      Observed& expected, Observed& seen) {
  std::vector<std::string> names;
  const auto drop = [&](const char* name, auto Observed::*field) {
    if (one.*field != other.*field) {
      names.emplace_back(name);
      expected.*field = {};
      seen.*field = {};
    }
  };
  const auto drop_pairs = [&](const char* name, auto Observed::*field) {
    auto all = one.*field;
    all.insert((other.*field).begin(), (other.*field).end());
    for (const auto& [key, value] : all) {
      const auto at = (one.*field).find(key);
      const auto there = (other.*field).find(key);
      if (at == (one.*field).end() || there == (other.*field).end() ||
          at->second != there->second) {
        names.push_back(fmt::format("{} {}", name, key));
        (expected.*field).erase(key);
        (seen.*field).erase(key);
      }
    }
  };
  drop("status", &Observed::status);
  drop("error", &Observed::error);
  drop("HTTP status", &Observed::http);
  drop("content type", &Observed::content_type);
  drop("reply", &Observed::body);
  drop_pairs("attribute", &Observed::attributes);
  drop_pairs("header", &Observed::headers);
  drop("log", &Observed::logs);
  drop("ferry's own log lines", &Observed::notes);
  return names;
}

class Runner {
 public:
  explicit Runner(const RunContext& context) : context_(context) {}

  Result<CaseResult> run(const Case& one) {
    CaseResult result;
    result.name = one.name;
    FERRY_TRY(const auto function, loaded(one.limits));
    if (context_.upstreams != nullptr) FERRY_CHECK_OK(context_.upstreams->begin(one.upstreams));
    if (one.native) {
      return run_native(one, std::move(result));
    }
    result.seen = by_host(*function, one);
    received_ = received();
    result.steady = !platforms::first_difference(result.seen, by_host(*function, one));
    result.steady &= received_ == received();
    result.unexpected = first_unexpected(one.expected, result.seen);
    std::optional<Observed> other;
    const bool any_real = std::ranges::any_of(
        context_.sides, [](const Side& side) { return static_cast<bool>(side.remote); });
    if (any_real && context_.at_another_time) {
      FERRY_TRY(other, context_.at_another_time(one));
    }
    for (std::size_t i = 0; i < context_.sides.size(); ++i) {
      const bool real = static_cast<bool>(context_.sides[i].remote);
      result.sides.push_back(through(i, one, result, real && other ? &*other : nullptr));
      tick();
    }
    // Beside the log, so that engines are compared by it too.
    if (!received_.empty()) {
      result.seen.notes.push_back("upstreams received " + (is_utf8(received_)
                                                               ? received_
                                                               : digest_of(as_bytes(received_))));
    }
    return result;
  }

  // Once, for what it does to others. What comes of it is not looked at.
  Status run_once(const Case& one) {
    FERRY_TRY(const auto function, loaded(one.limits));
    if (!one.native) {
      by_host(*function, one);
      return Done{};
    }
    for (std::size_t i = 0; i < context_.sides.size(); ++i) {
      if (context_.sides[i].name != one.native->platform || context_.sides[i].remote) continue;
      FERRY_TRY(platforms::Emulator* const at, emulator(i, one.limits));
      FERRY_CHECK_OK(clear_log(i, one.limits));
      FERRY_CHECK_OK(at->send_native(one.native->input));
      tick();
    }
    return Done{};
  }

 private:
  Observed by_host(host::Loaded& function, const Case& one) {
    Observed seen = platforms::observed_of(context_.host.invoke(function, one.event, {}));
    drop_encrypted_sizes(one, seen);
    tick();
    return seen;
  }

  std::string received() const {
    return context_.upstreams != nullptr ? context_.upstreams->take_received() : std::string();
  }

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
              at.platform->make_emulator(rig.adapter, {rig.log.get(),
                                                       {host::manifest_of(*function).limits},
                                                       host::name_of(*function)}));
    return rig.emulator.get();
  }

  // Each exchange finds an empty log, however the one before ended.
  Status clear_log(std::size_t side, const CaseLimits& limits) {
    Rig& rig = rigs_[{side, limits}];
    if (std::exchange(rig.log_left, true) && rig.log != nullptr) {
      FERRY_CHECK_OK(rig.log->take());
    }
    return Done{};
  }

  // `other`: at another time; for a real platform, which has its own.
  SideResult through(std::size_t side, const Case& one, const CaseResult& result,
                     const Observed* other) {
    const Side& at = context_.sides[side];
    if (at.remote && one.limits != CaseLimits{}) {
      return {State::kSkipped, std::nullopt, "a real platform has its own limits"};
    }
    auto emulator = this->emulator(side, one.limits);
    if (!emulator.ok()) {
      return {State::kFailed, std::nullopt, emulator.error().text()};
    }
    if (auto cleared = clear_log(side, one.limits); !cleared.ok()) {
      return {State::kFailed, std::nullopt, cleared.error().text()};
    }
    auto seen = (*emulator)->observe(one.event);
    if (!seen.ok()) {
      return {State::kFailed, std::nullopt, seen.error().text()};
    }
    drop_encrypted_sizes(one, *seen);
    rigs_[{side, one.limits}].log_left = false;
    const std::string sent = received();
    Observed expected = result.seen;
    std::string lost = at.platform->lose(expected);
    if (other != nullptr) {
      Observed later = *other;
      at.platform->lose(later);
      const Observed first = expected;
      if (const auto names = drop_varying(first, later, expected, *seen); !names.empty()) {
        lost += fmt::format(
            "{}not compared: {}, which var{} with time or randomness, and a real platform has its "
            "own",
            lost.empty() ? "" : "; ", fmt::join(names, ", "), names.size() == 1 ? "ies" : "y");
      }
    }
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
    if (sent != received_) {
      return {State::kDiffers,
              platforms::Difference{"what the upstreams received", received_, sent}, ""};
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
    if (auto cleared = clear_log(side, one.limits); !cleared.ok()) {
      return {State::kFailed, std::nullopt, cleared.error().text()};
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
  std::string received_;  // by the upstreams, when the host alone ran the case
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

Status capture_cases(const RunContext& context, std::vector<Case>& cases,
                     const std::function<Result<std::vector<Upstream>>()>& captured) {
  Runner runner(context);
  for (Case& one : cases) {
    if (!one.upstreams.empty()) continue;
    FERRY_CHECK_OK(runner.run_once(one));
    auto upstreams = captured();
    if (!upstreams.ok()) {
      return with_context(upstreams.error(), fmt::format("case '{}'", one.name));
    }
    one.upstreams = *std::move(upstreams);
  }
  return Done{};
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
