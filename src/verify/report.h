// What verify found, for one function on all engines; and the forms in which it is printed.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "verify/run.h"

namespace ferry::verify {

// One engine's share: run in a process of its own, handed to the parent as JSON.
struct EngineResult {
  std::string engine;  // as --engine names it
  std::string version;
  bool exact_traps = true;  // whether its messages about traps are those of other engines
  std::string error;        // why nothing could be run on it
  bool skipped = false;     // and that is no fault: the engine can't run this function
  std::vector<CaseResult> cases;
  // By the parent: where the host differs from the host on the first engine.
  std::vector<std::optional<platforms::Difference>> across;
};

struct Report {
  std::string function;
  std::string digest;
  std::string time;
  std::vector<std::string> sides;
  std::vector<std::string> cases;
  std::vector<EngineResult> engines;
};

// Holds the engines against the first one that ran.
void compare_engines(Report& report);

// One thing that is wrong, in words.
struct Fault {
  std::string name;                  // of the case, or empty
  std::string where;                 // "on lambda, engine wasmi"
  platforms::Difference difference;  // field "failed" when no exchange came about
};
std::vector<Fault> faults_of(const Report& report);
inline bool all_same(const Report& report) { return faults_of(report).empty(); }

// For a terminal, with colours or without.
std::string to_table(const Report& report, bool colours);
std::string to_json(const Report& report);
std::string to_junit(const Report& report);

// Between the child and the parent; bodies and all.
std::string engine_to_json(const EngineResult& result);
Result<EngineResult> engine_from_json(std::string_view text);

}  // namespace ferry::verify
