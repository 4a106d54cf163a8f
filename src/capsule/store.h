// Capsules on their way to disk. An event's bytes are copied where it ran, into a batch; a thread
// beside writes batches, each by one write. What a disk does not take is counted and reported once;
// serving continues.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "capsule/files.h"
#include "capsule/record_options.h"
#include "host/recorder.h"

namespace ferry::capsule {

// Thread-safe. The first event after a pause of kPause is written before record() returns; those
// that follow closer wait for kPause, or until they are a batch. A process that is killed loses
// what waits.
class Store final : public host::Recorder {
 public:
  static constexpr std::chrono::milliseconds kPause{50};
  static constexpr std::size_t kBatch = 64u << 10;        // bytes, about
  static constexpr std::size_t kMostWaiting = 16u << 20;  // bytes; what comes beyond it is lost

  // Makes the folder, readable by its owner alone. `program` begins the warning.
  static Result<std::shared_ptr<Store>> open(RecordOptions options, std::string program);
  ~Store() override;  // once all is written

  Wish wish() override;
  void record(const host::Recorded& recorded) override;

  std::uint64_t written() const { return counters_.written; }
  std::uint64_t lost() const { return counters_.lost; }

 private:
  // Whole entries that go into one file, the origin of each function before its first event.
  struct Batch {
    std::string bytes;
    std::vector<std::uint64_t> numbered;  // functions (host::serial_of): number 1, 2, …
    std::uint64_t events = 0;
  };

  Store(RecordOptions options, std::string program);
  bool is_turn();
  const std::string& origin(const host::Recorded& recorded);
  Status add(const host::Recorded& recorded, std::string_view event);
  void write_waiting(std::size_t most);  // batches
  void run();
  void lose(std::uint64_t events, const Error& error);

  const RecordOptions options_;
  const std::string program_;
  std::atomic<std::uint64_t> seen_{0};
  RecordCounters own_;
  RecordCounters& counters_;
  std::atomic<bool> warned_{false};

  std::mutex mutex_;  // what waits
  std::condition_variable wake_;
  std::map<std::uint64_t, std::string> origins_;  // by host::serial_of
  std::deque<Batch> waiting_;                     // none is empty
  std::vector<Batch> spare_;                      // empty, with room
  std::size_t waiting_bytes_ = 0;
  Monotonic last_write_;
  bool running_ = false;  // the thread
  bool ending_ = false;
  std::thread thread_;

  std::mutex files_mutex_;  // taken before mutex_
  Files files_;
};

}  // namespace ferry::capsule
