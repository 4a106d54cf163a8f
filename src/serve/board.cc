#include "serve/board.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <new>

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

namespace ferry::serve {
namespace {

// Each slot's counters stand on cache lines of their own.
constexpr std::size_t kLine = 64;
constexpr std::size_t round_up(std::size_t size) { return (size + kLine - 1) / kLine * kLine; }
constexpr std::size_t kSlotSize = round_up(sizeof(SlotCounters));
constexpr std::size_t kFunctionSize = round_up(sizeof(FunctionCounters));

std::uint64_t resident_bytes(int pid) {
  if (pid <= 0) {
    return 0;
  }
  auto text = read_file(fmt::format("/proc/{}/statm", pid), 4096);
  unsigned long size = 0;
  unsigned long resident = 0;
  // NOLINTNEXTLINE(cert-err34-c): both stay 0 when it is not two numbers
  if (!text.ok() ||
      std::sscanf(std::string(as_text(*text)).c_str(), "%lu %lu", &size, &resident) != 2) {
    return 0;
  }
  return resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

std::string escaped(std::string_view label) {
  std::string out;
  for (char c : label) {
    if (c == '\\' || c == '"') {
      out += '\\';
    }
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

void head(std::string& out, std::string_view name, std::string_view type, std::string_view help) {
  out += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
}

constexpr auto kRelaxed = std::memory_order_relaxed;

template <std::size_t kBounds>
void add(Buckets<kBounds>& to, const std::array<std::uint64_t, kBounds>& bounds,
         std::uint64_t value) {
  const auto bucket = std::ranges::lower_bound(bounds, value) - bounds.begin();
  to.counts[static_cast<std::size_t>(bucket)].fetch_add(1, kRelaxed);
  to.sum.fetch_add(value, kRelaxed);
}

std::uint64_t whole(double microseconds) {
  return microseconds > 0 ? static_cast<std::uint64_t>(microseconds) : 0;
}

}  // namespace

void FunctionCounters::count(const host::Outcome& outcome, Nanoseconds took) {
  const host::Usage& usage = outcome.usage;
  const auto us = static_cast<std::uint64_t>(std::max<std::int64_t>(took.count(), 0)) / 1000;
  by_status[std::min(static_cast<std::size_t>(outcome.status), kStatuses - 1)].fetch_add(1,
                                                                                         kRelaxed);
  add(requests, kBucketBounds, us);
  add(queue, kBucketBounds, whole(usage.queue_us));
  const std::uint64_t instance = whole(usage.instantiate_us + usage.teardown_us);
  const std::uint64_t guest = whole(usage.run_us);
  const std::array<std::uint64_t, kPhases> times{instance, guest,
                                                 us - std::min(us, instance + guest)};
  for (std::size_t i = 0; i < kPhases; ++i) {
    add(phases[i], kBucketBounds, times[i]);
  }
  if (usage.memory_bytes == 0) return;  // it never ran
  add(memory, kMemoryBounds, usage.memory_bytes);
}

void Board::Unmap::operator()(char* memory) const { munmap(memory, size); }

Result<Board> Board::make(std::size_t slots, std::vector<std::string> functions) {
  Board board;
  board.slots_ = slots;
  board.functions_ = std::move(functions);
  std::size_t size = slots * (kSlotSize + board.functions_.size() * kFunctionSize);
  void* memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    return errno_error("map memory for the counters", errno);
  }
  board.memory_ = std::unique_ptr<char, Unmap>(static_cast<char*>(memory), Unmap{size});
  for (std::size_t w = 0; w < slots; ++w) {
    new (&board.slot(w)) SlotCounters();
    for (std::size_t f = 0; f < board.functions_.size(); ++f) {
      new (&board.function(w, f)) FunctionCounters();
    }
  }
  return board;
}

SlotCounters& Board::slot(std::size_t index) const {
  auto* at =
      static_cast<char*>(memory_.get()) + index * (kSlotSize + functions_.size() * kFunctionSize);
  return *reinterpret_cast<SlotCounters*>(at);
}

FunctionCounters& Board::function(std::size_t slot_index, std::size_t index) const {
  auto* at = reinterpret_cast<char*>(&slot(slot_index)) + kSlotSize + index * kFunctionSize;
  return *reinterpret_cast<FunctionCounters*>(at);
}

void Board::clear(std::size_t index) const {
  SlotCounters& counters = slot(index);
  counters.ready.store(false);
  counters.leaving.store(false);
  counters.front.beats.store(0);
  counters.front.running.store(0);
  counters.front.queued.store(0);
  counters.front.connections.store(0);
  counters.front.held.store(0);
  counters.kept.store(0);
  for (std::size_t f = 0; f < functions_.size(); ++f) {
    function(index, f).snapshot.store(0);
    function(index, f).interpreted.store(0);
  }
}

bool Board::is_ready(const Census& census) const {
  if (census.draining || census.stuck) return false;
  return std::ranges::all_of(census.slots,
                             [&](std::size_t index) { return slot(index).is_ready(); });
}

std::string Board::metrics(const Census& census) const {
  std::string out;
  auto sum = [&](auto&& of) {
    std::uint64_t total = 0;
    for (std::size_t w = 0; w < slots_; ++w) {
      total += of(w).load(std::memory_order_relaxed);
    }
    return total;
  };
  auto single = [&](const char* name, const char* type, const char* help, std::uint64_t value) {
    head(out, name, type, help);
    out += fmt::format("{} {}\n", name, value);
  };

  head(out, "ferry_requests_total", "counter", "Events by function and outcome.");
  for (std::size_t f = 0; f < functions_.size(); ++f) {
    for (std::size_t s = 0; s < kStatuses; ++s) {
      std::uint64_t value =
          sum([&](std::size_t w) -> auto& { return function(w, f).by_status[s]; });
      out += fmt::format("ferry_requests_total{{function=\"{}\",status=\"{}\"}} {}\n",
                         escaped(functions_[f]),
                         host::status_row(static_cast<host::Status>(s)).name, value);
    }
  }
  const auto histogram = [&](std::string_view name, const std::string& labels, const auto& bounds,
                             double unit, auto&& of) {
    std::uint64_t running = 0;
    for (std::size_t b = 0; b <= bounds.size(); ++b) {
      running += sum([&](std::size_t w) -> auto& { return of(w).counts[b]; });
      const std::string bound =
          b < bounds.size() ? fmt::format("{}", static_cast<double>(bounds[b]) / unit) : "+Inf";
      out += fmt::format("{}_bucket{{{},le=\"{}\"}} {}\n", name, labels, bound, running);
    }
    const std::uint64_t total = sum([&](std::size_t w) -> auto& { return of(w).sum; });
    out += fmt::format("{}_sum{{{}}} {}\n{}_count{{{}}} {}\n", name, labels,
                       static_cast<double>(total) / unit, name, labels, running);
  };
  constexpr double kMicroseconds = 1e6;
  const auto times = [&](const char* name, const char* help, Times FunctionCounters::*member) {
    head(out, name, "histogram", help);
    for (std::size_t f = 0; f < functions_.size(); ++f) {
      histogram(name, fmt::format("function=\"{}\"", escaped(functions_[f])), kBucketBounds,
                kMicroseconds, [&](std::size_t w) -> auto& { return function(w, f).*member; });
    }
  };
  times("ferry_request_seconds", "Time from the last byte of a request to its outcome.",
        &FunctionCounters::requests);
  times("ferry_queue_seconds",
        "Of ferry_request_seconds, the time until the function could be called.",
        &FunctionCounters::queue);
  head(out, "ferry_phase_seconds", "histogram",
       "That time by phase: the instance, the guest, and the glue around both.");
  constexpr std::array<std::string_view, kPhases> kPhaseNames{"instance", "guest", "glue"};
  for (std::size_t f = 0; f < functions_.size(); ++f) {
    for (std::size_t p = 0; p < kPhases; ++p) {
      histogram("ferry_phase_seconds",
                fmt::format("function=\"{}\",phase=\"{}\"", escaped(functions_[f]), kPhaseNames[p]),
                kBucketBounds, kMicroseconds,
                [&](std::size_t w) -> auto& { return function(w, f).phases[p]; });
    }
  }
  head(out, "ferry_function_memory_bytes", "histogram",
       "Linear memory of a function at the end of an event.");
  for (std::size_t f = 0; f < functions_.size(); ++f) {
    histogram("ferry_function_memory_bytes", fmt::format("function=\"{}\"", escaped(functions_[f])),
              kMemoryBounds, 1.0, [&](std::size_t w) -> auto& { return function(w, f).memory; });
  }
  head(out, "ferry_function_snapshot", "gauge",
       "Workers that serve the function from a snapshot of its start-up.");
  for (std::size_t f = 0; f < functions_.size(); ++f) {
    out += fmt::format("ferry_function_snapshot{{function=\"{}\"}} {}\n", escaped(functions_[f]),
                       sum([&](std::size_t w) -> auto& { return function(w, f).snapshot; }));
  }
  head(out, "ferry_function_interpreted", "gauge",
       "Workers that serve the function by an interpreter until it is compiled.");
  for (std::size_t f = 0; f < functions_.size(); ++f) {
    out += fmt::format("ferry_function_interpreted{{function=\"{}\"}} {}\n", escaped(functions_[f]),
                       sum([&](std::size_t w) -> auto& { return function(w, f).interpreted; }));
  }
  auto front = [&](std::atomic<std::uint64_t> http::Counters::*member) {
    return sum([&](std::size_t w) -> auto& { return slot(w).front.*member; });
  };
  single("ferry_in_flight", "gauge", "Functions running now.", front(&http::Counters::running));
  single("ferry_queued", "gauge", "Requests waiting for a slot.", front(&http::Counters::queued));
  single("ferry_connections", "gauge", "Open connections.", front(&http::Counters::connections));
  single("ferry_connections_total", "counter", "Connections accepted.",
         front(&http::Counters::accepted));
  single("ferry_overloaded_total", "counter", "Requests answered 503 for lack of a slot.",
         front(&http::Counters::overloaded));
  single("ferry_malformed_total", "counter", "Requests refused before a function was chosen.",
         front(&http::Counters::malformed));
  single("ferry_shed_total", "counter", "Requests refused or cut off for lack of memory.",
         front(&http::Counters::shed));
  single("ferry_held_bytes", "gauge", "Bytes of requests and answers that connections hold.",
         front(&http::Counters::held));
  single("ferry_kept_bytes", "gauge", "Bytes held to keep instances from event to event.",
         sum([&](std::size_t w) -> auto& { return slot(w).kept; }));
  single("ferry_memory_pressure_total", "counter",
         "How often workers gave kept instances back because memory was short.",
         sum([&](std::size_t w) -> auto& { return slot(w).gave_back; }));
  single("ferry_log_dropped_lines_total", "counter",
         "Log lines lost because nobody read them in time.",
         sum([&](std::size_t w) -> auto& { return slot(w).log_dropped; }));
  single("ferry_recorded_total", "counter", "Events whose capsule was written.",
         sum([&](std::size_t w) -> auto& { return slot(w).capsules.written; }));
  single("ferry_record_lost_total", "counter",
         "Events whose capsule was lost: a full or slow disk, or its size.",
         sum([&](std::size_t w) -> auto& { return slot(w).capsules.lost; }));
  single("ferry_worker_restarts_total", "counter", "Workers that died and were replaced.",
         census.restarts);
  head(out, "ferry_reloads_total", "counter", "Reloads of the functions, by how they ended.");
  out += fmt::format("ferry_reloads_total{{result=\"done\"}} {}\n", census.reloads);
  out += fmt::format("ferry_reloads_total{{result=\"failed\"}} {}\n", census.failed_reloads);
  single("ferry_ready", "gauge", "Whether all workers take requests.", is_ready(census) ? 1 : 0);
  head(out, "ferry_worker_resident_bytes", "gauge", "Resident memory of each worker process.");
  for (std::size_t w = 0; w < census.pids.size(); ++w) {
    out += fmt::format("ferry_worker_resident_bytes{{worker=\"{}\"}} {}\n", w,
                       resident_bytes(census.pids[w]));
  }
  return out;
}

}  // namespace ferry::serve
