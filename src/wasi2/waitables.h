// What a task of WASI 0.3 waits for (CanonicalABI.md, "Waitable State"): subtasks, and the ends of
// streams and futures, one by one or in sets. One task at a time runs in a component here, so that
// an event can only come from the host. Private to src/wasi2.
#pragma once

#include <optional>

#include "wasi2/state.h"

namespace ferry::wasi2 {

// CanonicalABI.md, EventCode.
enum class EventCode : u32 {
  kNothing = 0,
  kSubtask = 1,
  kStreamRead = 2,
  kStreamWrite = 3,
  kFutureRead = 4,
  kFutureWrite = 5
};

struct Event {
  EventCode code = EventCode::kNothing;
  u32 first = 0;
  u32 second = 0;
};

// Puts a waitable into a set; 0: into none. Ends the guest where the handle is no waitable.
void join(S& s, u32 handle, u32 set);

// Takes the event of one that has one.
std::optional<Event> poll_event(S& s, G g, u32 set);
// Waits for one. Nothing where the guest is to be ended: the deadline came, or none can come.
std::optional<Event> wait_event(S& s, G g, u32 set);
// The same of a waitable by itself.
bool wait_waitable(S& s, G g, u32 handle);

// A subtask that ends when `awaits` is ready; `ret` as in Subtask.
u32 add_subtask(S& s, const Pollable& awaits, u32 ret = 0);

}  // namespace ferry::wasi2
