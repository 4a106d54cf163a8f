#include "capsule/store.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include <fmt/format.h>

#include "base/thread.h"
#include "capsule/entry.h"
#include "capsule/event_view.h"
#include "capsule/line.h"
#include "capsule/redact.h"

namespace ferry::capsule {
namespace {

constexpr std::size_t kMostOrigins = 256;  // that are kept as text
constexpr std::size_t kMostSpare = 4;

}  // namespace

Store::Store(RecordOptions options, std::string program)
    : options_(std::move(options)),
      program_(std::move(program)),
      counters_(options_.counters != nullptr ? *options_.counters : own_),
      files_(options_.folder, options_.most_bytes) {}

Result<std::shared_ptr<Store>> Store::open(RecordOptions options, std::string program) {
  std::shared_ptr<Store> store(new Store(std::move(options), std::move(program)));
  FERRY_CHECK_OK(store->files_.open());
  return store;
}

Store::~Store() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
  write_waiting(SIZE_MAX);
}

// Every n-th, so that each process keeps to the rate exactly. Of failures alone the rate is taken
// when it is known that it is one.
host::Recorder::Wish Store::wish() {
  return options_.failures_only || is_turn() ? Wish::kAll : Wish::kNothing;
}

bool Store::is_turn() {
  if (options_.rate == 1) return true;
  const auto seen = static_cast<double>(seen_.fetch_add(1, std::memory_order_relaxed));
  return static_cast<std::uint64_t>((seen + 1) * options_.rate) !=
         static_cast<std::uint64_t>(seen * options_.rate);
}

void Store::record(const host::Recorded& recorded) {
  if (options_.failures_only && (recorded.outcome.status == host::Status::kOk || !is_turn())) {
    return;
  }
  thread_local EntryBuffer event;
  thread_local Redactor redactor;
  event.clear();
  EventView view(recorded);
  redactor.redact(view, host::manifest_of(recorded.function).redact);
  append_event(event, view);
  if (const Status done = add(recorded, event.view()); !done.ok()) lose(1, done.error());
}

const std::string& Store::origin(const host::Recorded& recorded) {
  const std::uint64_t serial = host::serial_of(recorded.function);
  const auto found = origins_.find(serial);
  if (found != origins_.end()) return found->second;
  if (origins_.size() >= kMostOrigins) origins_.clear();
  return origins_[serial] = origin_members(origin_of(recorded.function, recorded.engine));
}

Status Store::add(const host::Recorded& recorded, std::string_view event) {
  std::unique_lock lock(mutex_);
  const std::string& members = origin(recorded);
  const std::uint64_t most = std::min<std::uint64_t>(files_.most_in_batch(), kMostLine);
  const std::size_t size = members.size() + event.size() + 2 * kEntryHead;  // at most
  if (size > most) {
    return Error{Code::kLimit,
                 fmt::format("its capsule of {} is larger than a file of capsules may be ({})",
                             function::format_size(size), function::format_size(most)),
                 "raise --record-size"};
  }
  if (waiting_bytes_ + size > kMostWaiting + most) {
    return Error{Code::kLimit,
                 fmt::format("{} of capsules wait for the disk of {}",
                             function::format_size(waiting_bytes_), options_.folder),
                 "record to a faster disk, or fewer events (--record-rate)"};
  }
  if (waiting_.empty() ||
      waiting_.back().bytes.size() + size > std::min<std::uint64_t>(most, kBatch)) {
    if (spare_.empty()) {
      waiting_.emplace_back();
      waiting_.back().bytes.reserve(kBatch);
    } else {
      waiting_.push_back(std::move(spare_.back()));
      spare_.pop_back();
    }
  }
  Batch& batch = waiting_.back();
  const std::size_t before = batch.bytes.size();
  const std::uint64_t serial = host::serial_of(recorded.function);
  const auto known = std::ranges::find(batch.numbered, serial);
  const auto number = static_cast<std::uint64_t>(known - batch.numbered.begin()) + 1;
  if (known == batch.numbered.end()) {
    batch.numbered.push_back(serial);
    append_origin_entry(batch.bytes, number, members);
  }
  append_event_entry(batch.bytes, number, event);
  ++batch.events;
  waiting_bytes_ += batch.bytes.size() - before;

  const bool first = waiting_.size() == 1 && batch.events == 1;
  if (options_.at_once || (first && system_clock().monotonic() - last_write_ >= kPause)) {
    lock.unlock();
    write_waiting(SIZE_MAX);
    return Done{};
  }
  if (!running_) {
    // By an event, since a process that shuts itself in may have no second thread before
    // (host/sandbox.h).
    auto started = start_side_thread([this] { run(); });
    if (!started.ok()) {
      lock.unlock();
      write_waiting(SIZE_MAX);
      return Done{};
    }
    thread_ = *std::move(started);
    running_ = true;
  } else if (first || (batch.events == 1 && waiting_.size() == 2)) {
    lock.unlock();
    wake_.notify_one();
  }
  return Done{};
}

// Full batches at once; one that is not full when kPause is over.
void Store::run() {
  std::unique_lock lock(mutex_);
  while (!ending_) {
    wake_.wait(lock, [&] { return ending_ || !waiting_.empty(); });
    const bool full =
        wake_.wait_for(lock, kPause, [&] { return ending_ || waiting_.size() > 1; }) && !ending_;
    const std::size_t batches = waiting_.size() - (full ? 1 : 0);
    lock.unlock();
    write_waiting(batches);
    lock.lock();
  }
}

void Store::write_waiting(std::size_t most) {
  const std::lock_guard one_writer(files_mutex_);
  std::unique_lock lock(mutex_);
  for (most = std::min(most, waiting_.size()); most > 0 && !waiting_.empty(); --most) {
    Batch batch = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    if (const Status done = files_.append(batch.bytes); done.ok()) {
      counters_.written += batch.events;
    } else {
      lose(batch.events, done.error());
    }
    lock.lock();
    waiting_bytes_ -= batch.bytes.size();
    last_write_ = system_clock().monotonic();
    if (spare_.size() < kMostSpare && batch.bytes.capacity() <= 2 * kBatch) {
      batch.bytes.clear();
      batch.numbered.clear();
      batch.events = 0;
      spare_.push_back(std::move(batch));
    }
  }
}

void Store::lose(std::uint64_t events, const Error& error) {
  counters_.lost += events;
  if (warned_.exchange(true)) return;
  fmt::print(stderr, "{}: an event was not recorded, and serving continues: {}\n", program_,
             error.text());
}

}  // namespace ferry::capsule
