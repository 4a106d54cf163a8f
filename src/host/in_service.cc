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

// True: the caller has the turn, and gives it back by running an event. Nobody holds it for longer
// than an event may take.
bool InService::take_turn(State& state, std::unique_lock<std::mutex>& lock) {
  const auto free = [&] { return state.stage == Stage::kLast || !state.busy; };
  if (!free()) {
    lock.unlock();
    const Blocking blocking(blocking_observer);
    lock.lock();
    state.turn.wait(lock, free);
  }
  return state.stage != Stage::kLast && (state.busy = true);
}

// On the version of this moment.
Outcome InService::run(State& state, std::unique_lock<std::mutex>& lock, bool has_turn,
                       event::LazyEvent& event, const InvokeOptions& options) {
  const std::shared_ptr<Loaded> version = state.version;
  lock.unlock();
  Outcome outcome = version->host.invoke(*version, event, options);
  if (has_turn) {
    lock.lock();
    state.busy = false;
    state.turn.notify_one();
  }
  return outcome;
}

Outcome InService::invoke(event::LazyEvent& event, const InvokeOptions& options) const {
  State& state = *state_;
  std::unique_lock lock(state.mutex);
  if (state.stage == Stage::kLast) return run(state, lock, false, event, options);

  const Monotonic longest =
      std::min(options.deadline.value_or(Monotonic::max()),
               system_clock().monotonic() + state.version->manifest.limits.timeout);
  bool has_turn = take_turn(state, lock);
  if (state.stage == Stage::kProvisional) {
    InvokeOptions first = options;
    first.deadline = std::min(longest, system_clock().monotonic() + kPatience);
    first.stream = nullptr;  // it may be run again
    Outcome outcome = run(state, lock, has_turn, event, first);
    if (is_the_same_everywhere(outcome)) return outcome;
    state.changed.wait_until(lock, longest, [&] { return state.stage != Stage::kProvisional; });
    has_turn = take_turn(state, lock);
  }
  if (!has_turn) return run(state, lock, false, event, options);
  InvokeOptions rest = options;
  rest.deadline = longest;
  return run(state, lock, true, event, rest);
}

void InService::replace(std::shared_ptr<Loaded> next) const {
  {
    const std::lock_guard lock(state_->mutex);
    std::swap(state_->version, next);
    state_->stage = Stage::kLast;
  }
  state_->changed.notify_all();
  state_->turn.notify_all();
  next->retire();
}

void InService::settle() const {
  {
    const std::lock_guard lock(state_->mutex);
    if (state_->stage == Stage::kProvisional) state_->stage = Stage::kSettled;
  }
  state_->changed.notify_all();
}

bool is_the_same_everywhere(const Outcome& outcome) {
  const bool bad_input = outcome.status == Status::kRefused && !outcome.overload;
  return outcome.status == Status::kOk || outcome.status == Status::kFailed || bad_input;
}

}  // namespace ferry::host
