#include "host/in_service.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/blocking.h"
#include "host/loaded.h"

namespace ferry::host {
namespace {

// The longest that an event may take a provisional version, before it waits for the other.
constexpr std::chrono::milliseconds kPatience{1000};

}  // namespace

std::shared_ptr<Loaded> InService::version() const {
  const std::lock_guard lock(state_->mutex);
  return state_->version;
}

Outcome InService::invoke(event::LazyEvent& event, const InvokeOptions& options) const {
  State& state = *state_;
  std::unique_lock lock(state.mutex);
  std::shared_ptr<Loaded> version = state.version;
  const Monotonic last = options.deadline.value_or(Monotonic::max());
  if (state.provisional && state.busy) {
    const Monotonic longest =
        std::min(last, system_clock().monotonic() + version->manifest.limits.timeout);
    lock.unlock();
    const Blocking blocking(blocking_observer);
    lock.lock();
    state.turn.wait_until(lock, longest, [&] { return !state.provisional || !state.busy; });
    version = state.version;
  }
  const bool provisional = state.provisional && !std::exchange(state.busy, true);
  lock.unlock();
  if (!provisional) return version->host.invoke(*version, event, options);

  const Monotonic begun = system_clock().monotonic();
  InvokeOptions first = options;
  first.deadline = std::min(last, begun + kPatience);
  first.stream = nullptr;  // it may be run again
  Outcome outcome = version->host.invoke(*version, event, first);
  lock.lock();
  state.busy = false;
  state.turn.notify_one();
  if (is_the_same_everywhere(outcome)) return outcome;
  state.changed.wait_until(lock, std::min(last, begun + version->manifest.limits.timeout),
                           [&] { return !state.provisional; });
  version = state.version;
  lock.unlock();
  return version->host.invoke(*version, event, options);
}

void InService::replace(std::shared_ptr<Loaded> next) const {
  {
    const std::lock_guard lock(state_->mutex);
    std::swap(state_->version, next);
    state_->provisional = false;
  }
  state_->changed.notify_all();
  state_->turn.notify_all();
  next->retire();
}

void InService::settle() const {
  {
    const std::lock_guard lock(state_->mutex);
    state_->provisional = false;
  }
  state_->changed.notify_all();
  state_->turn.notify_all();
}

bool is_the_same_everywhere(const Outcome& outcome) {
  const bool bad_input = outcome.status == Status::kRefused && !outcome.overload;
  return outcome.status == Status::kOk || outcome.status == Status::kFailed || bad_input;
}

}  // namespace ferry::host
