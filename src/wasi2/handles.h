// The guest's handle table (CanonicalABI.md, "Table State"). The host gives out own handles alone
// and lends none, so that every handle in it is an own; a borrow that a call takes lasts as long as
// the call. Handles begin at 1; a dropped one is given out again. Private to src/wasi2.
#pragma once

#include <span>
#include <vector>

#include "wasi2/resources.h"

namespace ferry::wasi2 {

class Handles {
 public:
  // More than any function needs; a guest that makes them in a loop must not fill the host.
  static constexpr u32 kMost = 65536;

  void reset() {
    slots_.clear();
    free_ = kNone;
    live_ = 0;
  }

  // 0 where there are too many. `parent` must not be dropped while this one lives.
  u32 add(Resource resource, u32 parent = 0);

  // Null where the handle is none, or of another type.
  template <typename R>
  R* find(u32 handle) {
    if constexpr (!kExists<R>) {
      return nullptr;
    } else if constexpr (kBoxed<R>) {
      auto* box = find_slot<std::unique_ptr<R>>(handle);
      return box != nullptr ? box->get() : nullptr;
    } else {
      return find_slot<R>(handle);
    }
  }

  // What it is instead, for a message: "a pollable", or "no handle".
  const char* name(u32 handle) const;

  bool has_children(u32 handle) const { return slots_[handle - 1].children > 0; }
  // One that is there and has no children.
  void drop(u32 handle);

  u32 live() const { return live_; }

  // left.cc: into an empty table, and out of it (Session::left()).
  void put(std::span<const LeftHandle> left);
  Result<std::vector<LeftHandle>> left() const;

 private:
  struct Slot {
    Resource resource;
    u32 parent = 0;
    u32 children = 0;
    u32 next_free = kNone;
  };

  template <typename R>
  R* find_slot(u32 handle) {
    return handle - 1 < slots_.size() ? std::get_if<R>(&slots_[handle - 1].resource) : nullptr;
  }

  std::vector<Slot> slots_;
  u32 free_ = kNone;  // the slot that was dropped last, and so on
  u32 live_ = 0;
};

}  // namespace ferry::wasi2
