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

constexpr const char* kOneAtATime =
    "until it is compiled, the function is interpreted, one event at a time: send it again later";

}  // namespace

std::shared_ptr<Loaded> InService::version() const {
  const std::lock_guard lock(state_->mutex);
  return state_->version;
}

InService::Turn InService::take_turn(State& state, std::unique_lock<std::mutex>& lock,
                                     Monotonic last) {
  const auto free = [&] { return state.stage == Stage::kLast || !state.busy; };
  if (!free()) {
    lock.unlock();
    const Blocking blocking(blocking_observer);
    lock.lock();
    if (!state.turn.wait_until(lock, last, free)) return Turn::kNone;
  }
  if (state.stage == Stage::kLast) return Turn::kNotNeeded;
  state.busy = true;
  return Turn::kTaken;
}

// On the version of this moment. Gives the turn back.
Outcome InService::run(State& state, std::unique_lock<std::mutex>& lock, Turn turn,
                       event::LazyEvent& event, const InvokeOptions& options) {
  const std::shared_ptr<Loaded> version = state.version;
  lock.unlock();
  Outcome outcome = version->host.invoke(*version, event, options);
  if (turn == Turn::kTaken) {
    lock.lock();
    state.busy = false;
    state.turn.notify_one();
  }
  return outcome;
}

Outcome InService::invoke(event::LazyEvent& event, const InvokeOptions& options) const {
  State& state = *state_;
  std::unique_lock lock(state.mutex);
  if (state.stage == Stage::kLast) return run(state, lock, Turn::kNotNeeded, event, options);

  const Monotonic longest =
      std::min(options.deadline.value_or(Monotonic::max()),
               system_clock().monotonic() + state.version->manifest.limits.timeout);
  Turn turn = take_turn(state, lock, longest);
  if (turn == Turn::kNone) {
    return refuse("earlier events ran until its deadline", kOneAtATime, true);
  }
  if (state.stage == Stage::kProvisional) {
    InvokeOptions first = options;
    first.deadline = std::min(longest, system_clock().monotonic() + kPatience);
    first.stream = nullptr;  // it may be run again
    Outcome outcome = run(state, lock, turn, event, first);
    if (is_the_same_everywhere(outcome)) return outcome;
    state.changed.wait_until(lock, longest, [&] { return state.stage != Stage::kProvisional; });
    turn = take_turn(state, lock, longest);
    if (turn == Turn::kNone) return outcome;
  }
  if (turn == Turn::kNotNeeded) return run(state, lock, turn, event, options);
  InvokeOptions rest = options;
  rest.deadline = longest;
  return run(state, lock, turn, event, rest);
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
