// The report as JUnit XML, as continuous-integration servers read it: a suite for each engine and
// platform, a test for each case; the digest names the class.
#include <fmt/format.h>

#include "base/excerpt.h"
#include "base/markup.h"
#include "verify/report.h"

namespace ferry::verify {
namespace {

struct Test {
  std::string name;
  std::optional<platforms::Difference> fault;
  std::string skipped;
};

std::string suite_of(const std::string& name, const std::string& digest,
                     const std::vector<Test>& tests) {
  std::size_t failures = 0;
  std::size_t skipped = 0;
  std::string body;
  for (const Test& test : tests) {
    body += fmt::format("    <testcase classname=\"{}\" name=\"{}\"", escape_markup(digest),
                        escape_markup(test.name));
    if (test.fault) {
      ++failures;
      body += fmt::format(
          ">\n      <failure message=\"{}\">expected {}\ngot {}</failure>\n    </testcase>\n",
          escape_markup(test.fault->field),
          escape_markup(excerpt(test.fault->expected, test.fault->got)),
          escape_markup(excerpt(test.fault->got, test.fault->expected)));
    } else if (!test.skipped.empty()) {
      ++skipped;
      body += fmt::format(">\n      <skipped message=\"{}\"/>\n    </testcase>\n",
                          escape_markup(test.skipped));
    } else {
      body += "/>\n";
    }
  }
  return fmt::format(
      "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" skipped=\"{}\">\n{}  </testsuite>\n",
      escape_markup(name), tests.size(), failures, skipped, body);
}

Test test_of(const CaseResult& one, const SideResult& side) {
  Test test{one.name, side.difference, ""};
  if (side.state == State::kFailed) {
    test.fault = platforms::Difference{"failed", "an outcome", side.why};
  } else if (side.state == State::kSkipped) {
    test.skipped = side.why;
  }
  return test;
}

}  // namespace

std::string to_junit(const Report& report) {
  std::string suites;
  for (const EngineResult& engine : report.engines) {
    if (!engine.error.empty()) {
      Test test{"the engine runs the function", std::nullopt, ""};
      if (engine.skipped) {
        test.skipped = engine.error;
      } else {
        test.fault = platforms::Difference{"failed", "it runs", engine.error};
      }
      suites += suite_of(report.function + " on " + engine.engine, report.digest, {test});
      continue;
    }
    std::vector<Test> tests;
    for (std::size_t i = 0; i < engine.cases.size(); ++i) {
      const CaseResult& one = engine.cases[i];
      tests.push_back({one.name, one.unexpected ? one.unexpected : engine.across[i], ""});
    }
    suites += suite_of(report.function + " on " + engine.engine, report.digest, tests);
    for (std::size_t side = 0; side < report.sides.size(); ++side) {
      tests.clear();
      for (const CaseResult& one : engine.cases) {
        tests.push_back(test_of(one, one.sides[side]));
      }
      suites +=
          suite_of(fmt::format("{} on {}, {}", report.function, report.sides[side], engine.engine),
                   report.digest, tests);
    }
  }
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"{}\">\n{}"
      "</testsuites>\n",
      escape_markup("ferry verify " + report.function), suites);
}

}  // namespace ferry::verify
