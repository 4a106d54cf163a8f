// Counters that all processes of one server share: workers write, the supervisor reads them for
// /metrics. Anonymous shared memory, made before the first fork; a slot (worker_pool.h) outlives
// the processes that use it one after the other, so that no counter ever falls. All of it is
// lock-free.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "http/server.h"

namespace ferry::serve {

inline constexpr std::size_t kStatuses = 9;  // of host::Status
// Upper bounds of the latency buckets, in microseconds; the last one is open.
inline constexpr std::array<std::uint64_t, 14> kBucketBounds{
    50,     100,    250,     500,     1000,      2500,      5000,
    10'000, 25'000, 100'000, 500'000, 1'000'000, 5'000'000, 30'000'000};

struct Histogram {
  std::array<std::atomic<std::uint64_t>, kBucketBounds.size() + 1> buckets{};
  std::atomic<std::uint64_t> total_us{0};

  void count(std::uint64_t us);
};

struct FunctionCounters {
  std::array<std::atomic<std::uint64_t>, kStatuses> by_status{};
  Histogram requests;                      // until its outcome is there
  Histogram queue;                         // of these, until the function was called
  std::atomic<std::uint64_t> snapshot{0};  // 1: it is served from a snapshot of its start-up

  void count(std::size_t status, std::uint64_t us, std::uint64_t queue_us);
};

struct SlotCounters {
  http::Counters front;
  std::atomic<bool> ready{false};
  std::atomic<bool> leaving{false};           // it drains, and the server does not
  std::atomic<std::uint64_t> log_dropped{0};  // lines

  // It has everything loaded, and a thread that serves.
  bool is_ready() const { return ready.load(std::memory_order_acquire) && front.beats.load() > 0; }
};

// What only the supervisor knows.
struct Census {
  std::uint64_t restarts = 0;
  std::uint64_t reloads = 0;
  std::uint64_t failed_reloads = 0;
  bool draining = false;
  bool stuck = false;              // some worker does not answer
  std::vector<int> pids;           // 0: not running
  std::vector<std::size_t> slots;  // by worker: where its counters are
};

class Board {
 public:
  static Result<Board> make(std::size_t slots, std::vector<std::string> functions);

  SlotCounters& slot(std::size_t index) const;
  FunctionCounters& function(std::size_t slot, std::size_t index) const;
  // Before a process starts in this slot, and once it is no more: all but what is counted.
  void clear(std::size_t slot) const;
  bool is_ready(const Census& census) const;  // all workers take requests

  // Prometheus text format 0.0.4.
  std::string metrics(const Census& census) const;

 private:
  struct Unmap {
    std::size_t size;
    void operator()(char* memory) const;
  };
  Board() = default;

  std::size_t slots_ = 0;
  std::vector<std::string> functions_;
  std::unique_ptr<char, Unmap> memory_;
};

}  // namespace ferry::serve
