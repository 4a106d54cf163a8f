#include "reset/kept_instance.h"

#include <algorithm>
#include <cstring>
#include <iterator>

#include <fmt/format.h>

namespace ferry::reset {
namespace {

// How often the set of hot pages is checked again: a page may cease to be hot, and each costs a
// copy at every event.
constexpr unsigned kRelearnEvery = 4096;

Error cannot(std::string_view why) {
  return {Code::kUnsupported, std::string(why), "each event gets a new instance"};
}

}  // namespace

Status can_keep(const wasm::Record& record, const engine::Capabilities& capabilities) {
  if (!capabilities.resettable) {
    return cannot("the engine does not let us set an instance's state");
  }
  return record.not_kept.empty() ? Status(Done{}) : cannot(record.not_kept);
}

std::vector<std::string> globals_to_keep(const wasm::Record& record) {
  std::vector<std::string> names;
  names.reserve(record.mutable_globals.size() + 1);
  for (std::uint32_t index : record.mutable_globals) {
    names.push_back(wasm::kGlobalPrefix + std::to_string(index));
  }
  names.emplace_back(wasm::kMemoryRefusedGlobal);
  return names;
}

Result<std::unique_ptr<KeptInstance>> KeptInstance::make(std::unique_ptr<engine::Instance> instance,
                                                         std::shared_ptr<FirstState> first,
                                                         GuardKind kind, const MemoryTotal& total) {
  std::unique_ptr<KeptInstance> kept(new KeptInstance(total));
  wasi::Memory memory = instance->memory();
  if (memory.size != first->size()) {
    return Error{Code::kInternal, "a new instance has another size than the first", ""};
  }
  for (const std::string& name : first->global_names()) {
    auto handle = instance->find_global(name);
    if (!handle) {
      return Error{Code::kInternal, fmt::format("global {} cannot be reached", name), ""};
    }
    kept->globals_.push_back(*handle);
  }
  FERRY_TRY(kept->guard_, make_page_guard(kind, memory.base, memory.size));
  kept->base_ = memory.base;
  kept->hot_ = first->hot();
  kept->guard_->open(kept->hot_);
  kept->had_.resize(memory.size / kPage);
  kept->count(kept->hot_);
  kept->instance_ = std::move(instance);
  kept->first_ = std::move(first);
  return kept;
}

KeptInstance::~KeptInstance() { guard_.reset(); }

void KeptInstance::copy_back(const std::vector<PageIndex>& pages) {
  for (PageIndex page : pages) {
    first_->put_back(base_, page);
  }
}

// A page that was written is a copy of the instance's own from then on.
void KeptInstance::count(const std::vector<PageIndex>& pages) {
  for (const PageIndex page : pages) {
    if (had_[page]) continue;
    had_[page] = true;
    ++had_count_;
  }
  use_.set(had_count_ * kPage);
}

bool KeptInstance::reset() {
  wasi::Memory memory = instance_->memory();
  if (memory.base != base_ || memory.size != first_->size() || !guard_->written(written_)) {
    return false;
  }
  std::ranges::sort(written_);
  copy_back(hot_);
  copy_back(written_);
  count(written_);
  auto values = first_->global_values();
  for (std::size_t i = 0; i < globals_.size(); ++i) {
    // Most are back where they were: the stack pointer, once the guest has returned.
    if (instance_->get_global(globals_[i]) != values[i]) {
      instance_->set_global(globals_[i], values[i]);
    }
  }
  if (++events_ % kRelearnEvery == 0) {
    // Watch everything for one event; what is still written will be opened again.
    guard_->protect(hot_);
    hot_.clear();
  }
  if (written_.empty()) {
    return true;
  }
  first_->learn(written_);
  std::vector<PageIndex> hot = first_->hot();
  newly_hot_.clear();
  std::ranges::set_intersection(written_, hot, std::back_inserter(newly_hot_));
  if (newly_hot_.empty()) {
    guard_->protect(written_);
    return true;
  }
  std::vector<PageIndex> cold;
  std::ranges::set_difference(written_, newly_hot_, std::back_inserter(cold));
  guard_->protect(cold);
  guard_->open(newly_hot_);
  std::vector<PageIndex> merged;
  std::ranges::set_union(hot_, newly_hot_, std::back_inserter(merged));
  hot_ = std::move(merged);
  return true;
}

Status KeptInstance::compare() {
  wasi::Memory memory = instance_->memory();
  if (memory.size != first_->size()) {
    return Error{
        Code::kInternal,
        fmt::format("memory has {} bytes, at first it had {}", memory.size, first_->size()), ""};
  }
  if (std::memcmp(memory.base, first_->image(), memory.size) != 0) {
    auto differs = std::mismatch(memory.base, memory.base + memory.size, first_->image());
    return Error{Code::kInternal,
                 fmt::format("memory differs at {:#x}: {:#04x}, at first {:#04x}",
                             differs.first - memory.base, *differs.first, *differs.second),
                 ""};
  }
  auto values = first_->global_values();
  for (std::size_t i = 0; i < globals_.size(); ++i) {
    if (instance_->get_global(globals_[i]) != values[i]) {
      return Error{Code::kInternal, fmt::format("global {} differs", first_->global_names()[i]),
                   ""};
    }
  }
  return Done{};
}

}  // namespace ferry::reset
