#include "host/loaded.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include <fmt/format.h>

#include "base/say.h"
#include "host/host.h"

namespace ferry::host {
namespace {

constexpr unsigned kGiveUpAfter = 8;
// Kept instances that none of so many events needed are ended: they are left of a moment when many
// events came at once, and each holds what its events have written.
constexpr unsigned kWindow = 1024;

}  // namespace

std::uint64_t Loaded::next_serial() {
  static std::atomic<std::uint64_t> last{0};
  return ++last;
}

// One lock before an event and one after it: what is uncontended still costs.
Loaded::Held Loaded::take(const Clock& clock, Random& random) {
  Held held;
  {
    std::lock_guard lock(mutex_);
    used_ = true;
    held.again = std::exchange(again_, true);
    if (!kept_.empty()) {
      held.kept = std::move(kept_.back());
      kept_.pop_back();
    }
    fewest_ = std::min(fewest_, kept_.size());
    surplus_ = std::min(surplus_, kept_.size());
    if (!contexts_.empty()) {
      held.context = std::move(contexts_.back());
      contexts_.pop_back();
    }
  }
  if (!held.context) {
    held.context = std::make_unique<wasi::Context>(clock, random);
  }
  return held;
}

Result<std::unique_ptr<engine::Instance>> Loaded::instantiate() {
  return module->instantiate(instance_limits());
}

// Of an instance that has run nothing. What is left in `held` is another such one, or the same.
Result<std::shared_ptr<reset::FirstState>> Loaded::take_first(Held& held) {
  const std::vector<std::string> globals = reset::globals_to_keep(record);
  const bool large = held.fresh->memory().size >= reset::FirstState::kLeastHeld;
  if (!large || !host.engine().info().capabilities.shares_images) {
    return reset::FirstState::take(*held.fresh, globals, host.kept_total());
  }
  FERRY_TRY(auto other, instantiate());
  return reset::FirstState::hold(std::exchange(held.fresh, std::move(other)), globals);
}

ferry::Status Loaded::make_instance(Held& held) {
  std::shared_ptr<reset::FirstState> first;
  {
    std::lock_guard lock(mutex_);
    first = first_;
  }
  FERRY_TRY(held.fresh, instantiate());
  // The first event of a start, and one that comes alone, should not pay for those that follow.
  // What one event used of its instructions must not be missing to the next: an instance that
  // counts them serves one.
  if (!keeping.enabled || gave_up_ || !held.again || held.fresh->instructions().has_value()) {
    return Done{};
  }
  if (!first) {
    {
      std::lock_guard lock(mutex_);
      if (first_ || std::exchange(takes_first_, true)) return Done{};
    }
    auto taken = take_first(held);
    std::lock_guard lock(mutex_);
    takes_first_ = false;
    if (!taken.ok()) {
      // As good without: each event gets a new instance. But the engine may have room again later.
      if (taken.error().code != Code::kLimit && taken.error().code != Code::kBusy) gave_up_ = true;
      return Done{};
    }
    first = first_ = std::move(*taken);
  }
  auto kept = reset::KeptInstance::make(std::move(held.fresh), std::move(first), keeping.guard,
                                        host.kept_total());
  if (kept.ok()) {
    held.kept = std::move(*kept);
    return Done{};
  }
  gave_up_ = true;
  FERRY_TRY(held.fresh, instantiate());
  return Done{};
}

bool Loaded::reset_instance(reset::KeptInstance& kept) {
  if (!kept.reset()) {
    return false;
  }
  if (keeping.check) {
    if (ferry::Status same = kept.compare(); !same.ok()) {
      say("ferry: {}: an instance was not reset: {}\n", name, same.error().message);
      std::abort();
    }
  }
  return true;
}

void Loaded::release(Held held, bool clean) {
  const bool was_kept = held.kept != nullptr;
  if (was_kept && (!clean || !reset_instance(*held.kept))) {
    held.kept.reset();
  }
  if (was_kept && held.kept == nullptr) {
    // A function whose every event grows its memory, say, would pay for keeping in vain.
    if (++lost_in_a_row_ == kGiveUpAfter) {
      gave_up_ = true;
    }
  } else if (was_kept) {
    lost_in_a_row_.store(0, std::memory_order_relaxed);
  }
  // What the guest left open is closed now: the next event may be long in coming.
  held.context->reset({});
  {
    std::lock_guard lock(mutex_);
    if (held.kept && !retired_) {
      kept_.push_back(std::move(held.kept));
    }
    contexts_.push_back(std::move(held.context));
    if (++events_ == kWindow) {
      events_ = 0;
      surplus_ = fewest_;
      fewest_ = kept_.size();
    }
    if (surplus_ > 0 && !kept_.empty()) {
      --surplus_;
      kept_.erase(kept_.begin());
      contexts_.erase(contexts_.begin());
    }
  }
  if (was_kept) host.keep_to_budget(*this);
}

void Loaded::drop_idle() {
  bool idle = false;
  {
    std::lock_guard lock(mutex_);
    idle = !std::exchange(used_, false);
  }
  if (idle) give_back();
}

void Loaded::give_back() {
  drop_kept();
  std::vector<std::unique_ptr<wasi::Context>> contexts;
  std::lock_guard lock(mutex_);
  contexts.swap(contexts_);
  if (first_.use_count() == 1) first_.reset();
  again_ = false;
}

void Loaded::give_up_in_time() {
  give_back();
  if (++too_large_ == kGiveUpAfter) gave_up_ = true;
}

bool Loaded::keeps() {
  std::lock_guard lock(mutex_);
  return !kept_.empty() || (first_ && first_->holds_instance() && first_.use_count() == 1);
}

// The first state goes only with the last of the instances that are reset to it: one that an event
// holds comes back, and another first state beside it would be an instance too many.
bool Loaded::drop_kept() {
  std::lock_guard lock(mutex_);
  bool any = !kept_.empty();
  kept_.clear();  // under the mutex: no event is to find them gone and yet counted by the engine
  if (first_ && first_->holds_instance() && first_.use_count() == 1) {
    first_.reset();
    any = true;
  }
  return any;
}

void Loaded::retire() {
  {
    std::lock_guard lock(mutex_);
    retired_ = true;
  }
  drop_kept();
}

std::uint64_t serial_of(const Loaded& function) { return function.serial; }
const std::string& name_of(const Loaded& function) { return function.name; }
const std::string& digest_of(const Loaded& function) { return function.digest; }
wasm::Abi abi_of(const Loaded& function) { return function.record.abi; }
const function::Manifest& manifest_of(const Loaded& function) { return function.manifest; }
Host& host_of(const Loaded& function) { return function.host; }

}  // namespace ferry::host
