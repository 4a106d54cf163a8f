// wasi:io/poll and wasi:io/error. A poll waits only where nothing that it was given is ready, and
// never past the deadline.
#include <algorithm>

#include "base/blocking.h"
#include "wasi/socket_io.h"
#include "wasi2/calls.h"
#include "wasi2/exchange.h"
#include "wasi2/tcp.h"
#include "wasi2/wait.h"

namespace ferry::wasi2 {
namespace {

using Awaits = Pollable::Awaits;

Monotonic now_of(S& s) {
  s.p1.drawn.clock = true;
  return s.p1.clock->monotonic();
}

bool end_at_deadline(S& s) {
  s.p1.stop = wasi::Stop::kDeadline;
  s.stopped = true;
  return false;
}

// Only clocks are waited for.
bool sleep_until(S& s, Monotonic until) {
  const Monotonic deadline = s.p1.setup.deadline;
  {
    const Blocking blocking(s.p1.setup.observer);
    s.p1.clock->sleep_until(std::min(until, deadline));
  }
  return until < deadline || end_at_deadline(s);
}

bool any_ready(S& s, std::span<const Pollable> pollables) {
  return std::ranges::any_of(pollables, [&s](const Pollable& each) { return is_ready(s, each); });
}

}  // namespace

bool is_ready(S& s, const Pollable& pollable) {
  if (pollable.what == Awaits::kNothing) return true;
  if (pollable.what == Awaits::kTime) return pollable.at <= now_of(s);
  if (pollable.tcp != kNone) {
    pump(s, *s.tcps[pollable.tcp]);
    return is_ready(s, *s.tcps[pollable.tcp], pollable.what);
  }
  Exchange& exchange = *s.exchanges[pollable.exchange];
  pump(exchange);
  switch (pollable.what) {
    case Awaits::kResponse:
      return has_response(exchange);
    case Awaits::kReadable:
      return can_read(exchange);
    case Awaits::kWritable:
      return can_write(exchange);
    case Awaits::kSent:
      return exchange.stage == Exchange::Stage::kOver || unsent(exchange) == 0;
    default:
      return exchange.failure || exchange.response.whole() ||
             exchange.stage == Exchange::Stage::kOver;
  }
}

bool wait_for(S& s, std::span<const Pollable> pollables) {
  while (!any_ready(s, pollables)) {
    Monotonic first = Monotonic::max();
    const Pollable* expires = nullptr;  // the one whose time is the first to pass, unless a clock
    std::vector<pollfd> sockets;
    for (const Pollable& each : pollables) {
      if (each.what == Awaits::kTime) {
        if (each.at <= first) expires = nullptr;
        first = std::min(first, each.at);
        continue;
      }
      Monotonic until = Monotonic::max();
      sockets.push_back(each.tcp != kNone ? awaited(s, *s.tcps[each.tcp], each.what, until)
                                          : awaited(*s.exchanges[each.exchange], until));
      if (until < first) {
        first = until;
        expires = &each;
      }
    }
    if (sockets.empty()) return sleep_until(s, first);
    switch (wasi::wait_for(s.p1, sockets, first)) {
      case wasi::Waited::kDeadline:
        s.stopped = true;
        return false;
      case wasi::Waited::kTimeout:
        // By the clock that the guest sees, which may stand still, it need not have passed.
        if (expires == nullptr) return true;
        if (expires->tcp != kNone) {
          expire(s, *s.tcps[expires->tcp]);
        } else {
          expire(*s.exchanges[expires->exchange]);
        }
        break;
      case wasi::Waited::kReady:
        break;
    }
  }
  return true;
}

u32 pollable_ready(S& s, G /*g*/, u32 self) {
  const Pollable* pollable = need<Pollable>(s, self);
  return pollable != nullptr && is_ready(s, *pollable) ? 1 : 0;
}

void pollable_block(S& s, G /*g*/, u32 self) {
  const Pollable* pollable = need<Pollable>(s, self);
  if (pollable != nullptr) wait_for(s, {pollable, 1});
}

void poll(S& s, G g, u32 list, u32 count, u32 ret) {
  if (count == 0) return trap(s, "poll was called without pollables");
  if (count > Handles::kMost) return trap(s, "poll was called with more pollables than there are");
  if (!check_list(s, g, list, count, 4, 4) || !begin(s, g, ret, 8, 4)) return;
  s.polled.clear();
  for (u32 i = 0; i < count; ++i) {
    u32 handle = 0;
    g.get(list + 4 * i, handle);
    const Pollable* pollable = need<Pollable>(s, handle);
    if (pollable == nullptr) return;
    s.polled.push_back(*pollable);
  }
  if (!wait_for(s, s.polled)) return;
  std::vector<u32> found;
  for (u32 i = 0; i < count; ++i) {
    if (is_ready(s, s.polled[i])) found.push_back(i);
  }
  const u32 at = s.results.list(0, static_cast<u32>(found.size()), 4, 4);
  for (u32 i = 0; i < found.size(); ++i) s.results.put(at + 4 * i, found[i]);
}

void error_to_debug_string(S& s, G g, u32 self, u32 ret) {
  const IoError* error = need<IoError>(s, self);
  if (error == nullptr || !begin(s, g, ret, 8, 4)) return;
  put_text(s, 0, error->message);
}

}  // namespace ferry::wasi2
