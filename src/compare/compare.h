// Runs a comparison: every engine with every function, each measurement in a process of its own,
// several of each, interleaved, so that a noisy minute is noisy for all.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "compare/report.h"
#include "function/section.h"

namespace ferry::compare {

struct Subject {
  std::string path;  // of the wasm; a program PATH-without-.wasm.native beside it is the control
  std::string manifest;
  std::string data;                  // what each event brings
  function::Sections sections = {};  // tables of platforms that the manifest may have
};

struct Options {
  std::vector<std::string> engines;  // as for load_engine
  unsigned processes = 5;            // that run each function on each engine
  unsigned compiles = 3;             // that compile it
  unsigned threads = 2;
  unsigned budget_ms = 200;
};

// Called before each measurement: how many are done, of how many, and what comes next.
using Progress = std::function<void(std::size_t done, std::size_t all, const std::string& next)>;

// Every plug-in that is there, with the compilers of those that have several.
std::vector<std::string> default_engines();

// What an engine cannot do is in its report; an error is something wrong with a function
// itself, or with this machine.
Result<Report> compare(const std::vector<Subject>& subjects, const Options& options,
                       const Progress& progress);

}  // namespace ferry::compare
