#include "wasi2/waitables.h"

#include <algorithm>

#include "wasi2/channel.h"
#include "wasi2/http_message.h"
#include "wasi2/wait.h"

namespace ferry::wasi2 {
namespace {

using Awaits = Pollable::Awaits;

bool has_event(S& s, G g, u32 handle) {
  if (const Subtask* subtask = s.handles.find<Subtask>(handle)) {
    return !subtask->delivered &&
           (subtask->state != Subtask::State::kStarted || is_ready(s, subtask->awaits));
  }
  return copy_is_over(s, g, handle);
}

std::optional<Pollable> awaits_of(S& s, u32 handle) {
  const Subtask* subtask = s.handles.find<Subtask>(handle);
  if (subtask == nullptr) return copy_awaits(s, handle);
  return subtask->delivered ? std::nullopt : std::optional(subtask->awaits);
}

Event take_event(S& s, G g, u32 handle) {
  if (Subtask* subtask = s.handles.find<Subtask>(handle)) {
    if (subtask->state == Subtask::State::kStarted) {
      subtask->state = Subtask::State::kReturned;
      const Subtask was = *subtask;
      // Making the response may move the subtask.
      if (was.awaits.what == Awaits::kResponse) {
        put_response(s, g, was.awaits.exchange, was.ret, false);
      }
    }
    subtask = s.handles.find<Subtask>(handle);
    subtask->delivered = true;
    return {EventCode::kSubtask, handle, static_cast<u32>(subtask->state)};
  }
  const ChannelEnd* end = s.handles.find<ChannelEnd>(handle);
  const bool reads = end->readable;
  const EventCode code = s.channels[end->channel]->is_future
                             ? (reads ? EventCode::kFutureRead : EventCode::kFutureWrite)
                             : (reads ? EventCode::kStreamRead : EventCode::kStreamWrite);
  return {code, handle, take_copy(s, g, handle, false)};
}

std::optional<u32> find_ready(S& s, G g, std::span<const u32> handles) {
  for (const u32 handle : handles) {
    const bool has = has_event(s, g, handle);
    if (s.stopped) return std::nullopt;
    if (has) return handle;
  }
  return std::nullopt;
}

// A clock that stands still does not reach the instant that was waited for: it has come.
void end_first_wait(S& s, std::span<const u32> handles) {
  Subtask* first = nullptr;
  for (const u32 handle : handles) {
    Subtask* subtask = s.handles.find<Subtask>(handle);
    if (subtask == nullptr || subtask->delivered || subtask->awaits.what != Awaits::kTime) continue;
    if (first == nullptr || subtask->awaits.at < first->awaits.at) first = subtask;
  }
  if (first != nullptr) first->awaits = {};
}

// One of them that has an event.
std::optional<u32> wait_for_one(S& s, G g, std::span<const u32> handles) {
  for (;;) {
    if (const auto ready = find_ready(s, g, handles)) return ready;
    if (s.stopped) return std::nullopt;
    s.polled.clear();
    for (const u32 handle : handles) {
      if (const auto awaits = awaits_of(s, handle)) s.polled.push_back(*awaits);
    }
    if (s.polled.empty()) {
      trap(s, "the task waits for what only the task itself could do");
      return std::nullopt;
    }
    if (!wait_for(s, s.polled)) return std::nullopt;
    if (!std::ranges::any_of(s.polled, [&s](const Pollable& p) { return is_ready(s, p); })) {
      end_first_wait(s, handles);
    }
  }
}

// The event of a member, which then stands behind the others.
Event take_from(S& s, G g, u32 set, u32 member) {
  auto& members = s.handles.find<WaitableSet>(set)->members;
  const auto at = std::ranges::find(members, member);
  std::rotate(at, at + 1, members.end());
  return take_event(s, g, member);
}

// The set that a waitable is in; null where the handle is none.
u32* set_of(S& s, u32 handle) {
  if (Subtask* subtask = s.handles.find<Subtask>(handle)) return &subtask->set;
  if (ChannelEnd* end = s.handles.find<ChannelEnd>(handle)) return &end->set;
  return nullptr;
}

}  // namespace

void join(S& s, u32 handle, u32 set) {
  u32* in = set_of(s, handle);
  if (in == nullptr) return trap_handle(s, handle, "a waitable");
  if (set != 0 && need<WaitableSet>(s, set) == nullptr) return;
  if (*in != 0) std::erase(s.handles.find<WaitableSet>(*in)->members, handle);
  *in = set;
  if (set != 0) s.handles.find<WaitableSet>(set)->members.push_back(handle);
}

std::optional<Event> poll_event(S& s, G g, u32 set) {
  const WaitableSet* found = need<WaitableSet>(s, set);
  if (found == nullptr) return std::nullopt;
  const auto ready = find_ready(s, g, found->members);
  if (s.stopped) return std::nullopt;
  return ready ? take_from(s, g, set, *ready) : Event{};
}

std::optional<Event> wait_event(S& s, G g, u32 set) {
  const WaitableSet* found = need<WaitableSet>(s, set);
  if (found == nullptr) return std::nullopt;
  const auto ready = wait_for_one(s, g, found->members);
  return ready ? std::optional(take_from(s, g, set, *ready)) : std::nullopt;
}

bool wait_waitable(S& s, G g, u32 handle) { return wait_for_one(s, g, {&handle, 1}).has_value(); }

u32 add_subtask(S& s, const Pollable& awaits, u32 ret) {
  return make(s, Subtask{.awaits = awaits, .ret = ret});
}

}  // namespace ferry::wasi2
