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

#include "capsule/record_options.h"
#include "host/outcome.h"
#include "http/server.h"

namespace ferry::serve {

inline constexpr std::size_t kStatuses = 9;  // of host::Status
// Upper bounds of the latency buckets, in microseconds; the last one is open.
inline constexpr std::array<std::uint64_t, 14> kBucketBounds{
    50,     100,    250,     500,     1000,      2500,      5000,
    10'000, 25'000, 100'000, 500'000, 1'000'000, 5'000'000, 30'000'000};

// Where the time of an event goes, in the host and around it.
enum class Phase : std::uint8_t {
  kInstance,  // making the instance, and resetting or ending it
  kGuest,     // the function itself
  kGlue,      // the platform's side, and waiting: what is left of the whole
};
inline constexpr std::size_t kPhases = 3;
// Upper bounds of what an event's memory is counted by, in bytes; the last one is open.
inline constexpr std::array<std::uint64_t, 8> kMemoryBounds{
    1u << 20, 4u << 20, 8u << 20, 16u << 20, 32u << 20, 64u << 20, 128u << 20, 512u << 20};

template <std::size_t kBounds>
struct Buckets {
  std::array<std::atomic<std::uint64_t>, kBounds + 1> counts{};
  std::atomic<std::uint64_t> sum{0};
};
using Times = Buckets<kBucketBounds.size()>;  // microseconds

struct FunctionCounters {
  std::array<std::atomic<std::uint64_t>, kStatuses> by_status{};
  Times requests;                             // until its outcome is there
  Times queue;                                // of these, until the function was called
  std::array<Times, kPhases> phases;          // of these, by what was done
  Buckets<kMemoryBounds.size()> memory;       // bytes
  std::atomic<std::uint64_t> snapshot{0};     // 1: it is served from a snapshot of its start-up
  std::atomic<std::uint64_t> interpreted{0};  // 1: by an interpreter, until it is compiled

  // `took` is the time from the request to the outcome.
  void count(const host::Outcome& outcome, Nanoseconds took);
};

struct SlotCounters {
  http::Counters front;
  std::atomic<bool> ready{false};
  std::atomic<bool> leaving{false};           // it drains, and the server does not
  std::atomic<std::uint64_t> log_dropped{0};  // lines
  std::atomic<std::uint64_t> kept{0};         // bytes held for kept instances
  std::atomic<std::uint64_t> gave_back{0};    // how often, since memory was short
  capsule::RecordCounters capsules;

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
