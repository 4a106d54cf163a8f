#include "wasi2/handles.h"

namespace ferry::wasi2 {
namespace {

template <typename R>
const char* name_of_type(const R&) {
  return R::kName;
}
const char* name_of_type(const std::monostate&) { return nullptr; }
template <typename R>
const char* name_of_type(const std::unique_ptr<R>&) {
  return R::kName;
}

}  // namespace

const char* name_of(const Resource& resource) {
  return std::visit([](const auto& each) { return name_of_type(each); }, resource);
}

u32 Handles::add(Resource resource, u32 parent) {
  if (live_ >= kMost) return 0;
  ++live_;
  if (parent != 0) ++slots_[parent - 1].children;
  if (free_ == kNone) {
    slots_.push_back({.resource = std::move(resource), .parent = parent});
    return static_cast<u32>(slots_.size());
  }
  const u32 index = free_;
  Slot& slot = slots_[index];
  free_ = slot.next_free;
  slot = {.resource = std::move(resource), .parent = parent};
  return index + 1;
}

const char* Handles::name(u32 handle) const {
  return handle - 1 < slots_.size() ? name_of(slots_[handle - 1].resource) : nullptr;
}

void Handles::drop(u32 handle) {
  Slot& slot = slots_[handle - 1];
  if (slot.parent != 0) --slots_[slot.parent - 1].children;
  slot.resource = std::monostate{};
  slot.parent = 0;
  slot.next_free = free_;
  free_ = handle - 1;
  --live_;
}

}  // namespace ferry::wasi2
