// The canonical built-ins of WASI 0.3 (ferry:canon), and what a lowered component's entry calls to
// run its task (ferry:abi). Cancellation is never asked of a task here, and only one runs at a
// time: back-pressure has nothing to hold back, and yielding lets nobody else run.
#include "wasi2/calls.h"
#include "wasi2/channel.h"
#include "wasi2/http_message.h"
#include "wasi2/waitables.h"

namespace ferry::wasi2 {
namespace {

// The end that a built-in is about; null and the guest ended where it is another.
ChannelEnd* need_end(S& s, u32 handle, bool is_future, bool readable) {
  ChannelEnd* end = need<ChannelEnd>(s, handle);
  if (end == nullptr) return nullptr;
  if (end->readable == readable && s.channels[end->channel]->is_future == is_future) return end;
  trap(s, std::string("the handle is not the ") + (readable ? "readable" : "writable") +
              " end of a " + (is_future ? "future" : "stream"));
  return nullptr;
}

u32 copy(S& s, G g, u32 handle, u32 at, u32 length, bool is_future, bool readable, bool waits) {
  const ChannelEnd* end = need_end(s, handle, is_future, readable);
  if (end == nullptr) return 0;
  if (waits && end->set != 0) {
    trap(s, "a copy that blocks, of a stream or future that is in a waitable-set");
    return 0;
  }
  const u32 result = begin_copy(s, g, handle, at, length);
  if (result != kBlocked || !waits || s.stopped) return result;
  return wait_waitable(s, g, handle) ? take_copy(s, g, handle, true) : 0;
}

u64 make_channel(S& s, bool is_future, u32 element) {
  const u32 channel = add_channel(s, is_future, element);
  if (channel == kNone) return 0;
  const u64 readable = give_readable(s, channel);
  const u64 writable = make(s, ChannelEnd{.channel = channel});
  return readable | writable << 32;
}

u32 put_event(S& s, G g, const std::optional<Event>& event, u32 at) {
  if (!event) return 0;
  if (!check_list(s, g, at, 2, 4, 4)) return 0;
  g.put(at, event->first);
  g.put(at + 4, event->second);
  return static_cast<u32>(event->code);
}

}  // namespace

u32 next_event(S& s, G g, u32 code) {
  constexpr u32 kYield = 1;
  constexpr u32 kWait = 2;
  std::optional<Event> event;
  if ((code & 0xf) == kYield) {
    event = Event{};
  } else if ((code & 0xf) == kWait) {
    event = wait_event(s, g, code >> 4);
  } else {
    trap(s, "the task's callback answered with an unknown code");
  }
  if (!event) return 0;
  s.task.first = event->first;
  s.task.second = event->second;
  return static_cast<u32>(event->code);
}

u32 event_first(S& s, G /*g*/) { return s.task.first; }
u32 event_second(S& s, G /*g*/) { return s.task.second; }

u32 run_result(S& s, G /*g*/) {
  if (!s.task.returned) trap(s, "the task ended without a call of task.return");
  return s.task.result;
}

void task_return_run(S& s, G /*g*/, u32 result) {
  if (!check_case(s, result, 2)) return;
  if (s.task.returned) return trap(s, "task.return was called twice");
  s.task.returned = true;
  s.task.result = result;
}

void task_cancel(S& s, G /*g*/) { trap(s, "task.cancel, of a task that nobody cancelled"); }
void backpressure(S& /*s*/, G /*g*/) {}
u32 thread_yield(S& /*s*/, G /*g*/) { return 0; }

u32 waitable_set_new(S& s, G /*g*/) { return make(s, WaitableSet{}); }
u32 waitable_set_wait(S& s, G g, u32 set, u32 at) {
  return put_event(s, g, wait_event(s, g, set), at);
}
u32 waitable_set_poll(S& s, G g, u32 set, u32 at) {
  return put_event(s, g, poll_event(s, g, set), at);
}
void waitable_set_drop(S& s, G /*g*/, u32 set) {
  const WaitableSet* found = need<WaitableSet>(s, set);
  if (found == nullptr) return;
  if (!found->members.empty()) return trap(s, "a waitable-set was dropped that is not empty");
  s.handles.drop(set);
}
void waitable_join(S& s, G /*g*/, u32 handle, u32 set) { join(s, handle, set); }

u32 subtask_cancel(S& s, G g, u32 handle) {
  Subtask* subtask = need<Subtask>(s, handle);
  if (subtask == nullptr) return 0;
  if (subtask->delivered) {
    trap(s, "a subtask was cancelled that has ended");
    return 0;
  }
  if (subtask->awaits.exchange != kNone) end_request(s, subtask->awaits.exchange);
  (void)g;
  subtask->state = Subtask::State::kCancelled;
  subtask->delivered = true;
  return static_cast<u32>(subtask->state);
}

void subtask_drop(S& s, G /*g*/, u32 handle) {
  const Subtask* subtask = need<Subtask>(s, handle);
  if (subtask == nullptr) return;
  if (!subtask->delivered) return trap(s, "a subtask was dropped that has not ended");
  join(s, handle, 0);
  s.handles.drop(handle);
}

template <u32 kElement>
u64 stream_new(S& s, G /*g*/) {
  return make_channel(s, false, kElement);
}
template <u32 kElement>
u64 future_new(S& s, G /*g*/) {
  return make_channel(s, true, kElement);
}
template u64 stream_new<0>(S&, G);
template u64 stream_new<1>(S&, G);
template u64 stream_new<2>(S&, G);
template u64 stream_new<4>(S&, G);
template u64 stream_new<8>(S&, G);
template u64 stream_new<kNone>(S&, G);
template u64 future_new<0>(S&, G);
template u64 future_new<1>(S&, G);
template u64 future_new<2>(S&, G);
template u64 future_new<4>(S&, G);
template u64 future_new<8>(S&, G);
template u64 future_new<kNone>(S&, G);

template <bool kReads, bool kWaits>
u32 stream_copy(S& s, G g, u32 handle, u32 at, u32 length) {
  return copy(s, g, handle, at, length, false, kReads, kWaits);
}
template u32 stream_copy<false, false>(S&, G, u32, u32, u32);
template u32 stream_copy<false, true>(S&, G, u32, u32, u32);
template u32 stream_copy<true, false>(S&, G, u32, u32, u32);
template u32 stream_copy<true, true>(S&, G, u32, u32, u32);

template <bool kReads, bool kWaits>
u32 future_copy(S& s, G g, u32 handle, u32 at) {
  return copy(s, g, handle, at, 1, true, kReads, kWaits);
}
template u32 future_copy<false, false>(S&, G, u32, u32);
template u32 future_copy<false, true>(S&, G, u32, u32);
template u32 future_copy<true, false>(S&, G, u32, u32);
template u32 future_copy<true, true>(S&, G, u32, u32);

template <bool kFuture, bool kReads>
u32 cancel(S& s, G /*g*/, u32 handle) {
  return need_end(s, handle, kFuture, kReads) != nullptr ? cancel_copy(s, handle) : 0;
}
template u32 cancel<false, false>(S&, G, u32);
template u32 cancel<false, true>(S&, G, u32);
template u32 cancel<true, false>(S&, G, u32);
template u32 cancel<true, true>(S&, G, u32);

template <bool kFuture, bool kReads>
void drop_channel_end(S& s, G /*g*/, u32 handle) {
  if (need_end(s, handle, kFuture, kReads) == nullptr) return;
  join(s, handle, 0);
  drop_end(s, handle);
}
template void drop_channel_end<false, false>(S&, G, u32);
template void drop_channel_end<false, true>(S&, G, u32);
template void drop_channel_end<true, false>(S&, G, u32);
template void drop_channel_end<true, true>(S&, G, u32);

}  // namespace ferry::wasi2
