// Everything one comparison found. Plain data: made by compare(), read by the table, the page and
// JSON.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "compare/stats.h"

namespace ferry::compare {

// One engine's part with one function; "native" is the control.
struct EngineReport {
  std::string engine;  // "wasmer:singlepass"
  std::string version;
  std::uint64_t plugin_bytes = 0;
  std::vector<std::string> rewritten;  // features that ferry rewrote for it first
  std::string error;                   // why it could not; then there are no metrics
  std::string reply_digest;            // of the reply's bytes
  std::map<std::string, Spread, std::less<>> metrics;  // by Metric::id
};

struct FunctionReport {
  std::string name;
  std::string digest;
  std::uint64_t size_bytes = 0;
  std::string data;  // what it was sent
  std::vector<EngineReport> engines;
  std::string difference;  // the engines whose reply was another one; empty: all gave the same
};

struct Machine {
  std::string cpu;
  unsigned cores = 0;  // that this process may use
  std::uint64_t memory_bytes = 0;
  std::string kernel;
  std::string system;
  double load_before = 0;  // the load average of one minute: what else ran
  double load_after = 0;
};

struct Report {
  std::string ferry;  // its version
  std::string time;   // RFC 3339
  std::string command;
  Machine machine;
  unsigned processes = 0;
  unsigned threads = 0;
  unsigned budget_ms = 0;
  // The same arithmetic in each process, in our own native code: how quiet the machine was.
  Spread control_us;
  // That work by the clock over its CPU time: 1 on a quiet machine, 4 where three others wait.
  Spread control_waiting;
  std::vector<FunctionReport> functions;
};

// Version 1 of the format: docs/formats/compare.md.
std::string to_json(const Report& report);

// The other way; also what the page of a committed report is made from.
Result<Report> report_from_json(std::string_view text);

Machine describe_machine();
double load_average();

}  // namespace ferry::compare
