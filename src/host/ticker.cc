#include "host/ticker.h"

#include <chrono>
#include <system_error>

namespace ferry::host {
namespace {

// How long nothing must run before the thread goes to sleep: long enough that a server under
// load never pays for waking it.
constexpr std::chrono::seconds kLinger{1};

}  // namespace

// The thread starts with the first that runs: a process that has only loaded its functions has one
// thread (sandbox.h).
Ticker::Ticker(engine::Engine& engine) : engine_(engine) { asleep_.store(true); }

Ticker::~Ticker() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

int Ticker::enter() {
  // Sequentially consistent on both sides: either we see it asleep, or it sees us running.
  running_.fetch_add(1);
  if (asleep_.load()) {
    std::lock_guard lock(mutex_);
    if (!thread_.joinable()) {
      try {
        thread_ = std::thread([this] { loop(); });
      } catch (const std::system_error& error) {
        return error.code().value();  // the next one tries again
      }
      asleep_.store(false);
    }
    wake_.notify_all();
  }
  return 0;
}

void Ticker::loop() {
  using SteadyClock = std::chrono::steady_clock;
  std::unique_lock lock(mutex_);
  auto next = SteadyClock::now();
  auto last_busy = next;
  while (!stopping_) {
    next += engine::Engine::kTick;
    wake_.wait_until(lock, next, [this] { return stopping_; });
    auto now = SteadyClock::now();
    engine_.tick();
    // A late wake-up must not make deadlines late: catch up tick by tick.
    for (; next + engine::Engine::kTick <= now; next += engine::Engine::kTick) {
      engine_.tick();
    }
    if (running_.load() > 0) {
      last_busy = now;
    } else if (now - last_busy > kLinger) {
      asleep_.store(true);
      wake_.wait(lock, [this] { return stopping_ || running_.load() > 0; });
      asleep_.store(false);
      next = last_busy = SteadyClock::now();
    }
  }
}

}  // namespace ferry::host
