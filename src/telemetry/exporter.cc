#include "telemetry/exporter.h"

#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <deque>
#include <mutex>
#include <thread>

#include <fmt/format.h>

#include "base/thread.h"
#include "telemetry/otlp.h"
#include "telemetry/spans.h"

namespace ferry::telemetry {
class Exporter::Core {
 public:
  Core(Settings settings, std::string program)
      : settings_(std::move(settings)), program_(std::move(program)) {}

  void add(const std::shared_ptr<Core>& self, std::string service, std::string spans);
  void end();
  std::uint64_t dropped() const;
  const Settings& settings() const { return settings_; }

 private:
  struct Item {
    std::string service;
    std::string spans;
  };
  void run();
  void send(std::deque<Item> items, std::chrono::milliseconds timeout);
  void complain(const Error& error);

  const Settings settings_;
  const std::string program_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Item> queue_;
  std::uint64_t dropped_ = 0;
  bool running_ = false;
  bool ending_ = false;
  bool warned_ = false;
};

std::uint64_t Exporter::Core::dropped() const {
  const std::lock_guard lock(mutex_);
  return dropped_;
}

void Exporter::Core::add(const std::shared_ptr<Core>& self, std::string service,
                         std::string spans) {
  const std::lock_guard lock(mutex_);
  if (queue_.size() >= kMostQueued) {
    ++dropped_;
    return;
  }
  queue_.push_back({std::move(service), std::move(spans)});
  if (!running_) {
    // By the first event, since a process that shuts itself in may have no second thread before
    // (host/sandbox.h).
    auto started = start_side_thread([self] { self->run(); });
    running_ = started.ok();  // the next event tries again
    if (running_) started->detach();
  }
  if (queue_.size() == kMostInRequest) wake_.notify_all();
}

void Exporter::Core::end() {
  std::unique_lock lock(mutex_);
  ending_ = true;
  wake_.notify_all();
  wake_.wait_for(lock, kLast, [&] { return !running_; });
}

void Exporter::Core::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait_for(lock, kPause, [&] { return ending_ || queue_.size() >= kMostInRequest; });
    const bool last = ending_;
    std::deque<Item> items;
    while (!queue_.empty() && items.size() < kMostInRequest) {
      items.push_back(std::move(queue_.front()));
      queue_.pop_front();
    }
    if (items.empty()) {
      if (last) break;
      continue;
    }
    lock.unlock();
    send(std::move(items), last ? std::min(kLast, settings_.timeout) : settings_.timeout);
    lock.lock();
    if (last) break;
  }
  dropped_ += queue_.size();
  running_ = false;
  wake_.notify_all();
}

void Exporter::Core::send(std::deque<Item> items, std::chrono::milliseconds timeout) {
  // One request for each function, since each is a service of its own.
  while (!items.empty()) {
    const std::string service = items.front().service;
    std::string spans;
    std::uint64_t count = 0;
    std::erase_if(items, [&](const Item& each) {
      if (each.service != service) return false;
      if (count++ > 0) spans += ',';
      spans += each.spans;
      return true;
    });
    if (const Status sent = post(settings_, request_of(settings_, service, spans), timeout);
        !sent.ok()) {
      complain(sent.error());
      const std::lock_guard lock(mutex_);
      dropped_ += count;
    }
  }
}

void Exporter::Core::complain(const Error& error) {
  if (std::exchange(warned_, true)) return;
  fmt::print(stderr, "{}: traces are lost, and serving continues: {}\n", program_, error.text());
}

Exporter::Exporter(Settings settings, std::string program)
    : core_(std::make_shared<Core>(std::move(settings), std::move(program))) {}

Exporter::~Exporter() { core_->end(); }

std::uint64_t Exporter::dropped() const { return core_->dropped(); }

void Exporter::record(const host::Recorded& recorded) {
  auto spans = spans_of(core_->settings(), recorded, system_clock().wall(), system_random());
  if (spans) core_->add(core_, host::name_of(recorded.function), *std::move(spans));
}

}  // namespace ferry::telemetry
