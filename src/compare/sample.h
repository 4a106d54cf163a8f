// One process's measurements of one engine with one function. A process of its own each time: what
// one engine leaves behind in a process (memory, caches, signal handlers) is nothing to the next.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "function/section.h"

namespace ferry::compare {

inline constexpr std::string_view kNative = "native";

// The child's work; its command line.
struct Task {
  std::string kind;      // "compile" | "run"
  std::string engine;    // as for load_engine, or kNative
  std::string function;  // path of the wasm, or of the native program
  std::string manifest;  // or empty
  std::string folder;    // where compile leaves the bundle and run finds it
  std::string data;      // path of a file with the event's data
  unsigned threads = 1;
  unsigned budget_ms = 200;          // for each phase that is repeated
  function::Sections sections = {};  // tables of platforms that the manifest may have; its own
};

struct Sample {
  std::string version;  // of the engine
  std::vector<std::string> rewritten;
  std::string reply_digest;
  std::map<std::string, double, std::less<>> values;  // by Metric::id
  double control_us = 0;
  double control_wall_us = 0;
};

// The child's side: main() calls it when argv[1] is kMeasureVerb. Prints a Sample as JSON.
inline constexpr char kMeasureVerb[] = "__measure";
int measure_child_main(int argc, char** argv, function::Sections sections);

// The parent's side: starts this program again and reads what it prints. kLimit when it did not
// end in time.
Result<Sample> measure_in_child(const Task& task);

// What the child does, by kind.
Result<Sample> measure_compile(const Task& task);
Result<Sample> measure_run(const Task& task);
Result<Sample> measure_native(const Task& task);

std::string to_json(const Sample& sample);
Result<Sample> sample_from_json(std::string_view text);

}  // namespace ferry::compare
