// wasi:io/poll and wasi:io/error. A poll waits only where nothing that it was given is ready, and
// then for the first clock, and never past the deadline.
#include <algorithm>

#include "wasi2/calls.h"

namespace ferry::wasi2 {
namespace {

bool is_ready(const Pollable& pollable, Monotonic now) {
  return !pollable.at || *pollable.at <= now;
}

// Sleeps until then; false where the deadline comes before.
bool wait_until(S& s, Monotonic until) {
  const Monotonic deadline = s.p1.setup.deadline;
  s.p1.clock.sleep_until(std::min(until, deadline));
  if (until < deadline) return true;
  s.p1.stop = wasi::Stop::kDeadline;
  s.stopped = true;
  return false;
}

Monotonic now_of(S& s) {
  s.p1.drawn.clock = true;
  return s.p1.clock.monotonic();
}

}  // namespace

u32 pollable_ready(S& s, G /*g*/, u32 self) {
  const Pollable* pollable = need<Pollable>(s, self);
  if (pollable == nullptr) return 0;
  return !pollable->at || is_ready(*pollable, now_of(s)) ? 1 : 0;
}

void pollable_block(S& s, G /*g*/, u32 self) {
  const Pollable* pollable = need<Pollable>(s, self);
  if (pollable == nullptr || !pollable->at || is_ready(*pollable, now_of(s))) return;
  wait_until(s, *pollable->at);
}

void poll(S& s, G g, u32 list, u32 count, u32 ret) {
  if (count == 0) return trap(s, "poll was called without pollables");
  if (count > Handles::kMost) return trap(s, "poll was called with more pollables than there are");
  if (!check_list(s, g, list, count, 4, 4) || !begin(s, g, ret, 8, 4)) return;
  Monotonic first = Monotonic::max();
  bool clocks = false;
  bool ready = false;
  const auto each = [&](auto&& function) {
    for (u32 i = 0; i < count; ++i) {
      u32 handle = 0;
      g.get(list + 4 * i, handle);
      const Pollable* pollable = need<Pollable>(s, handle);
      if (pollable == nullptr) return false;
      function(i, *pollable);
    }
    return true;
  };
  if (!each([&](u32, const Pollable& pollable) {
        clocks |= pollable.at.has_value();
        ready |= !pollable.at;
        if (pollable.at) first = std::min(first, *pollable.at);
      })) {
    return;
  }
  Monotonic now = clocks ? now_of(s) : Monotonic{};
  if (!ready && first > now) {
    if (!wait_until(s, first)) return;
    now = std::max(first, now);
  }
  std::vector<u32> found;
  each([&](u32 i, const Pollable& pollable) {
    if (is_ready(pollable, now)) found.push_back(i);
  });
  const u32 at = s.results.list(0, static_cast<u32>(found.size()), 4, 4);
  for (u32 i = 0; i < found.size(); ++i) s.results.put(at + 4 * i, found[i]);
}

void error_to_debug_string(S& s, G g, u32 self, u32 ret) {
  const IoError* error = need<IoError>(s, self);
  if (error == nullptr || !begin(s, g, ret, 8, 4)) return;
  put_text(s, 0, error->message);
}

}  // namespace ferry::wasi2
