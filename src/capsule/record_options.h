// What a user may say about recording, and where the words for it come from.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

#include "base/result.h"

namespace ferry::capsule {

// Events, by what became of their capsules.
struct RecordCounters {
  std::atomic<std::uint64_t> written{0};
  std::atomic<std::uint64_t> lost{0};  // for a full or slow disk, or for their size
};

// What a user may say about recording.
struct RecordOptions {
  std::string folder;                       // empty: nothing is recorded
  bool failures_only = false;               // outcomes that are not ok
  double rate = 1;                          // of those that could be, from 0 to 1
  std::uint64_t most_bytes = 256ull << 20;  // in the folder; at least 256 KiB
  // Each event is in its file before it is answered, for platforms that stop the process between
  // events.
  bool at_once = false;
  RecordCounters* counters = nullptr;  // borrowed; null: nobody reads them
};

// The same as words of a command line, or of the environment, which reaches every platform:
//   --record DIR  --record-only failures|all  --record-rate 0.01  --record-size 64MiB
//   FERRY_RECORD  FERRY_RECORD_ONLY           FERRY_RECORD_RATE   FERRY_RECORD_SIZE
struct RecordWords {
  std::string folder = {};
  std::string only = {};
  std::string rate = {};
  std::string size = {};
};
// What is empty is taken from the environment; `env` is getenv, or a test's.
RecordWords with_environment(RecordWords words, const std::function<const char*(const char*)>& env);
// kUsage names the word that makes no sense. What is empty stays as it is by default.
Result<RecordOptions> record_options(const RecordWords& words);

}  // namespace ferry::capsule
