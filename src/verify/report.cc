#include "verify/report.h"

#include <algorithm>

#include <fmt/format.h>

namespace ferry::verify {
namespace {

using platforms::Difference;
using platforms::Observed;

std::optional<Difference> across(const EngineResult& measure, const EngineResult& other,
                                 std::size_t at) {
  const CaseResult& one = measure.cases[at];
  const CaseResult& two = other.cases[at];
  if (!one.steady || !two.steady) {
    if (one.seen.status != two.seen.status) {
      return Difference{"status", one.seen.status, two.seen.status};
    }
    return std::nullopt;
  }
  Observed expected = one.seen;
  Observed got = two.seen;
  // Engines word a trap as they like, unless they publish that they do not.
  if (!(measure.exact_traps && other.exact_traps) && expected.status == "trapped" &&
      got.status == "trapped") {
    expected.error = got.error;
    expected.notes = got.notes;
  }
  return platforms::first_difference(expected, got);
}

}  // namespace

void compare_engines(Report& report) {
  const EngineResult* measure = nullptr;
  for (EngineResult& engine : report.engines) {
    engine.across.assign(engine.cases.size(), std::nullopt);
    if (!engine.error.empty()) {
      continue;
    }
    if (measure == nullptr) {
      measure = &engine;
      continue;
    }
    for (std::size_t i = 0; i < std::min(engine.cases.size(), measure->cases.size()); ++i) {
      engine.across[i] = across(*measure, engine, i);
    }
  }
}

std::vector<Fault> faults_of(const Report& report) {
  std::vector<Fault> faults;
  for (const EngineResult& engine : report.engines) {
    const std::string on = "engine " + engine.engine;
    if (!engine.error.empty()) {
      if (!engine.skipped) {
        faults.push_back({"", on, {"failed", "it runs", engine.error}});
      }
      continue;
    }
    for (std::size_t i = 0; i < engine.cases.size(); ++i) {
      const CaseResult& one = engine.cases[i];
      if (one.unexpected) {
        faults.push_back({one.name, on + " against the case", *one.unexpected});
      }
      if (i < engine.across.size() && engine.across[i]) {
        faults.push_back({one.name, fmt::format("{} against {}", on, report.engines.front().engine),
                          *engine.across[i]});
      }
      for (std::size_t side = 0; side < one.sides.size(); ++side) {
        const SideResult& result = one.sides[side];
        const std::string where = fmt::format("{}, {}", report.sides[side], on);
        if (result.state == State::kDiffers && result.difference) {
          faults.push_back({one.name, where, *result.difference});
        } else if (result.state == State::kFailed) {
          faults.push_back({one.name, where, {"failed", "an outcome", result.why}});
        }
      }
    }
  }
  return faults;
}

}  // namespace ferry::verify
