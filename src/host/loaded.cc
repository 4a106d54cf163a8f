#include "host/loaded.h"

#include <cstdio>
#include <cstdlib>
#include <utility>

#include <fmt/format.h>

#include "host/host.h"

namespace ferry::host {
namespace {

constexpr unsigned kGiveUpAfter = 8;

}  // namespace

std::unique_ptr<wasi::Context> Loaded::take_context(const Clock& clock, Random& random) {
  {
    std::lock_guard lock(mutex_);
    if (!contexts_.empty()) {
      auto context = std::move(contexts_.back());
      contexts_.pop_back();
      return context;
    }
  }
  return std::make_unique<wasi::Context>(clock, random);
}

void Loaded::give_back(std::unique_ptr<wasi::Context> context) {
  std::lock_guard lock(mutex_);
  contexts_.push_back(std::move(context));
}

Result<std::unique_ptr<engine::Instance>> Loaded::instantiate() {
  return module->instantiate({manifest.limits.memory, manifest.limits.instructions});
}

Result<Loaded::Held> Loaded::take_instance() {
  Held held;
  std::shared_ptr<engine::FirstState> first;
  bool again = false;
  {
    std::lock_guard lock(mutex_);
    used_ = true;
    again = std::exchange(again_, true);
    if (!kept_.empty()) {
      held.kept = std::move(kept_.back());
      kept_.pop_back();
      return held;
    }
    first = first_;
  }
  FERRY_TRY(held.fresh, instantiate());
  // The first event of a start, and one that comes alone, should not pay for those that follow.
  if (!keeping.enabled || gave_up_ || !again) {
    return held;
  }
  if (!first) {
    auto taken = engine::FirstState::take(*held.fresh, engine::globals_to_keep(record));
    std::lock_guard lock(mutex_);
    if (!taken.ok()) {
      gave_up_ = true;  // as good without: each event gets a new instance
      return held;
    }
    if (!first_) {
      first_ = std::move(*taken);
    }
    first = first_;
  }
  auto kept = engine::KeptInstance::make(std::move(held.fresh), std::move(first), keeping.guard);
  if (kept.ok()) {
    held.kept = std::move(*kept);
    return held;
  }
  gave_up_ = true;
  FERRY_TRY(held.fresh, instantiate());
  return held;
}

void Loaded::release(Held held, bool clean) {
  if (!held.kept) {
    return;
  }
  if (!clean || !held.kept->reset()) {
    // A function whose every event grows its memory, say, would pay for keeping and gain nothing.
    if (++lost_in_a_row_ == kGiveUpAfter) {
      gave_up_ = true;
    }
    return;
  }
  lost_in_a_row_ = 0;
  if (keeping.check) {
    if (ferry::Status same = held.kept->compare(); !same.ok()) {
      fmt::print(stderr, "ferry: {}: an instance was not set back: {}\n", name,
                 same.error().message);
      std::abort();
    }
  }
  std::lock_guard lock(mutex_);
  kept_.push_back(std::move(held.kept));
}

void Loaded::drop_idle() {
  std::vector<std::unique_ptr<engine::KeptInstance>> dropped;
  std::lock_guard lock(mutex_);
  if (!used_) {
    dropped = std::move(kept_);
    kept_.clear();
    contexts_.clear();
    first_.reset();
    again_ = false;
  }
  used_ = false;
}

bool Loaded::keeps() {
  std::lock_guard lock(mutex_);
  return !kept_.empty();
}

bool Loaded::drop_kept() {
  std::vector<std::unique_ptr<engine::KeptInstance>> dropped;
  std::lock_guard lock(mutex_);
  dropped = std::move(kept_);
  kept_.clear();
  return !dropped.empty();
}

const std::string& name_of(const Loaded& function) { return function.name; }
const std::string& digest_of(const Loaded& function) { return function.digest; }
function::Abi abi_of(const Loaded& function) { return function.record.abi; }
const function::Manifest& manifest_of(const Loaded& function) { return function.manifest; }

}  // namespace ferry::host
