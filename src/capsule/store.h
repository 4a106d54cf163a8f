// Capsules on disk: files of lines in one folder, written by any number of processes, bounded in
// size all together. What a disk does not take is counted and reported once; serving continues.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "base/file.h"
#include "capsule/capsule.h"
#include "host/recorder.h"

namespace ferry::capsule {

// What a user may say about recording.
struct RecordOptions {
  std::string folder;                       // empty: nothing is recorded
  bool failures_only = false;               // outcomes that are not ok
  double rate = 1;                          // of those that could be, from 0 to 1
  std::uint64_t most_bytes = 256ull << 20;  // in the folder; at least 256 KiB
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

// One write an event, at once. Thread-safe.
class Store final : public host::Recorder {
 public:
  // Makes the folder, readable by its owner alone. `program` begins the warning.
  static Result<std::shared_ptr<Store>> open(RecordOptions options, std::string program);

  Wish wish() override;
  void record(const host::Recorded& recorded) override;

  std::uint64_t written() const { return written_; }
  std::uint64_t lost() const { return lost_; }  // for a full disk, or for their size

 private:
  Store(RecordOptions options, std::string program);
  bool is_turn();
  Status write(const std::string& line);
  Status next_file();
  void remove_oldest() const;

  const RecordOptions options_;
  const std::uint64_t most_in_file_;
  const std::string program_;
  std::atomic<std::uint64_t> seen_{0};
  std::atomic<std::uint64_t> written_{0};
  std::atomic<std::uint64_t> lost_{0};
  std::mutex mutex_;
  Fd file_;
  std::string path_;
  std::uint64_t in_file_ = 0;
  bool warned_ = false;
};

}  // namespace ferry::capsule
