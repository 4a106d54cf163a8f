#include "serve/board.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <new>

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include "host/outcome.h"

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

}  // namespace

void Histogram::count(std::uint64_t us) {
  auto bucket = std::lower_bound(kBucketBounds.begin(), kBucketBounds.end(), us);
  buckets[static_cast<std::size_t>(bucket - kBucketBounds.begin())].fetch_add(
      1, std::memory_order_relaxed);
  total_us.fetch_add(us, std::memory_order_relaxed);
}

void FunctionCounters::count(std::size_t status, std::uint64_t us, std::uint64_t queue_us) {
  by_status[std::min(status, kStatuses - 1)].fetch_add(1, std::memory_order_relaxed);
  requests.count(us);
  queue.count(queue_us);
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
  for (std::size_t f = 0; f < functions_.size(); ++f) function(index, f).snapshot.store(0);
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
  auto histogram = [&](const char* name, const char* help, Histogram FunctionCounters::*member) {
    head(out, name, "histogram", help);
    for (std::size_t f = 0; f < functions_.size(); ++f) {
      std::string label = escaped(functions_[f]);
      std::uint64_t running = 0;
      for (std::size_t b = 0; b <= kBucketBounds.size(); ++b) {
        running += sum([&](std::size_t w) -> auto& { return (function(w, f).*member).buckets[b]; });
        std::string bound = b < kBucketBounds.size()
                                ? fmt::format("{}", static_cast<double>(kBucketBounds[b]) / 1e6)
                                : "+Inf";
        out +=
            fmt::format("{}_bucket{{function=\"{}\",le=\"{}\"}} {}\n", name, label, bound, running);
      }
      std::uint64_t us =
          sum([&](std::size_t w) -> auto& { return (function(w, f).*member).total_us; });
      out +=
          fmt::format("{}_sum{{function=\"{}\"}} {}\n", name, label, static_cast<double>(us) / 1e6);
      out += fmt::format("{}_count{{function=\"{}\"}} {}\n", name, label, running);
    }
  };
  histogram("ferry_request_seconds", "Time from the last byte of a request to its outcome.",
            &FunctionCounters::requests);
  histogram("ferry_queue_seconds",
            "Of ferry_request_seconds, the time until the function could be called.",
            &FunctionCounters::queue);
  head(out, "ferry_function_snapshot", "gauge",
       "Workers that serve the function from a snapshot of its start-up.");
  for (std::size_t f = 0; f < functions_.size(); ++f) {
    out += fmt::format("ferry_function_snapshot{{function=\"{}\"}} {}\n", escaped(functions_[f]),
                       sum([&](std::size_t w) -> auto& { return function(w, f).snapshot; }));
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
  single("ferry_log_dropped_lines_total", "counter",
         "Log lines lost because nobody read them in time.",
         sum([&](std::size_t w) -> auto& { return slot(w).log_dropped; }));
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
