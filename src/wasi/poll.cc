// poll_oneoff. Memory and files are always ready; the call waits for clocks and connections, and
// never past the deadline.
#include <algorithm>

#include "base/blocking.h"
#include "wasi/socket_io.h"

namespace ferry::wasi {
namespace {

// A guest has at most one subscription a descriptor and a few timers.
constexpr u32 kMaxSubscriptions = 4096;
constexpr u32 kSubscription = sizeof(GuestSubscription);
// Readable and writable is all there is to say; how much would tell a guest the length of its
// input before it reads it, and a snapshot taken there would hold it for good.
constexpr std::uint64_t kSomeBytes = 1;

struct Now {
  std::int64_t monotonic = 0;  // nanoseconds
  std::int64_t wall = 0;
};

Now now_of(const S& s) {
  return {std::chrono::duration_cast<Nanoseconds>(s.clock->monotonic().time_since_epoch()).count(),
          s.clock->wall().time_since_epoch().count()};
}

// The nanosecond on the monotonic clock at which it fires; the far future where it does not fit.
std::int64_t target_of(const GuestSubscription& sub, const Now& now) {
  u64 wait = sub.timeout;
  if ((sub.flags & kClockAbstime) != 0) {
    u64 from = static_cast<u64>(sub.id == kClockRealtime ? now.wall : now.monotonic);
    wait = sub.timeout > from ? sub.timeout - from : 0;
  }
  u64 room = static_cast<u64>(INT64_MAX - now.monotonic);
  return now.monotonic + static_cast<std::int64_t>(std::min(wait, room));
}

Errno check_clock(const GuestSubscription& sub) {
  bool known = sub.id == kClockRealtime || sub.id == kClockMonotonic;
  return known && (sub.flags & ~kClockAbstime) == 0 ? Errno::kSuccess : Errno::kInval;
}

Errno check_fd(S& s, const GuestSubscription& sub) {
  bool reads = sub.tag == static_cast<std::uint8_t>(EventType::kFdRead);
  Entry* entry = nullptr;
  return need(s, sub.id, rights::kPollFdReadwrite | (reads ? rights::kFdRead : rights::kFdWrite),
              entry);
}

bool is_clock(const GuestSubscription& sub) {
  return sub.tag == static_cast<std::uint8_t>(EventType::kClock);
}

bool reads(const GuestSubscription& sub) {
  return sub.tag == static_cast<std::uint8_t>(EventType::kFdRead);
}

// The connection that a subscription without an error is about, or null: memory or a file.
Entry* socket_entry(S& s, const GuestSubscription& sub) {
  Entry* entry = s.fds.find(sub.id);
  return entry->kind == Entry::Kind::kSocket ? entry : nullptr;
}

// Whether the kernel has to be asked if it is ready: not of what has no connection, where the next
// call answers at once, nor of datagrams, which are here as soon as they are sent for.
bool by_kernel(S& s, Entry& entry) {
  Socket& socket = socket_of(s, entry);
  refresh(s, entry, socket);
  return connecting(socket) || (socket.stream && socket.state == Socket::State::kConnected);
}

bool ready_here(S& s, Entry& entry, const GuestSubscription& sub) {
  const Socket& socket = socket_of(s, entry);
  return socket.stream || !reads(sub) || !socket.datagrams.empty();
}

// What a call waits for.
struct Waits {
  std::int64_t clock = INT64_MAX;              // the first that fires; nanoseconds
  bool ready = false;                          // something is, without the kernel being asked
  bool sockets = false;                        // there are some
  Monotonic connect_until = Monotonic::max();  // the first connection under way to be given up
  bool gave_up = false;                        // it was
  std::vector<pollfd> polled;                  // one a socket's subscription, in their order
};

void add_socket(S& s, Entry& entry, const GuestSubscription& sub, Waits& out) {
  out.sockets = true;
  if (!by_kernel(s, entry)) {
    out.ready |= ready_here(s, entry, sub);
    out.polled.push_back({-1, 0, 0});  // ignored
    return;
  }
  const Socket& socket = socket_of(s, entry);
  const bool under_way = connecting(socket);
  if (under_way) out.connect_until = std::min(out.connect_until, socket.connect_until);
  // Nothing can be read before the connection stands; the kernel would say that it hung up.
  const short events = under_way || !reads(sub) ? POLLOUT : POLLIN;
  out.polled.push_back({entry.host, events, 0});
}

// Whether the kernel, or the time for a connection, made it ready; the event's flags.
bool became_ready(S& s, Entry& entry, const GuestSubscription& sub, const Waits& waits,
                  std::size_t place, GuestEvent& event) {
  const pollfd& polled = waits.polled[place];
  Socket& socket = socket_of(s, entry);
  refresh(s, entry, socket);
  if (waits.gave_up && connecting(socket) && socket.connect_until <= waits.connect_until) {
    give_up(socket);
  }
  if (socket.state == Socket::State::kFailed) {
    event.flags = kHangup;
    return true;
  }
  if (polled.fd < 0) return ready_here(s, entry, sub);
  if (connecting(socket) || polled.revents == 0) return false;
  if ((polled.revents & (POLLHUP | POLLERR)) != 0) event.flags = kHangup;
  // Just connected, and asked whether there is something to read: not known yet.
  return !reads(sub) || polled.events == POLLIN;
}

// What a guest waits for, in `out`.
Errno collect(S& s, G g, u32 in, u32 count, const Now& now, Waits& out) {
  for (u32 i = 0; i < count; ++i) {
    GuestSubscription sub{};
    g.get(in + i * kSubscription, sub);
    if (sub.tag > static_cast<std::uint8_t>(EventType::kFdWrite)) return Errno::kInval;
    if (is_clock(sub)) {
      if (check_clock(sub) == Errno::kSuccess) {
        out.clock = std::min(out.clock, target_of(sub, now));
      } else {
        out.ready = true;
      }
      continue;
    }
    Entry* socket = check_fd(s, sub) == Errno::kSuccess ? socket_entry(s, sub) : nullptr;
    if (socket == nullptr) {
      out.ready = true;
    } else {
      add_socket(s, *socket, sub, out);
    }
  }
  return Errno::kSuccess;
}

// False: the deadline came, and ends the guest. `wake`: how far the clocks may be taken to be.
bool wait_for_first(S& s, Waits& waits, const Now& now, std::int64_t& wake) {
  wake = now.monotonic;
  const Monotonic clock{std::chrono::duration_cast<Monotonic::duration>(Nanoseconds(waits.clock))};
  if (waits.sockets) {
    if (waits.ready || waits.clock <= now.monotonic) {
      ::poll(waits.polled.data(), static_cast<nfds_t>(waits.polled.size()), 0);
      return true;
    }
    const Waited waited = wait_for(s, waits.polled, std::min(clock, waits.connect_until));
    if (waited == Waited::kDeadline) return false;
    waits.gave_up = waited == Waited::kTimeout && clock > waits.connect_until;
    wake = waited == Waited::kTimeout && !waits.gave_up ? waits.clock : now_of(s).monotonic;
    return true;
  }
  if (waits.ready || waits.clock <= now.monotonic) return true;
  wake = waits.clock;
  {
    const Blocking blocking(s.setup.observer);
    s.clock->sleep_until(std::min(clock, s.setup.deadline));
  }
  if (clock < s.setup.deadline) return true;
  s.stop = Stop::kDeadline;
  return false;
}

// Writes an event for each subscription that is due; returns how many.
u32 report(S& s, G g, u32 in, u32 out, u32 count, const Now& now, std::int64_t wake,
           const Waits& waits) {
  u32 events = 0;
  std::size_t next_socket = 0;
  for (u32 i = 0; i < count; ++i) {
    GuestSubscription sub{};
    g.get(in + i * kSubscription, sub);
    GuestEvent event{.userdata = sub.userdata, .error = 0, .type = sub.tag};
    const Errno error = is_clock(sub) ? check_clock(sub) : check_fd(s, sub);
    event.error = static_cast<std::uint16_t>(error);
    if (is_clock(sub) && error == Errno::kSuccess && target_of(sub, now) > wake) continue;
    if (!is_clock(sub) && error == Errno::kSuccess) {
      Entry* socket = socket_entry(s, sub);
      if (socket != nullptr && !became_ready(s, *socket, sub, waits, next_socket++, event)) {
        continue;
      }
      event.bytes = kSomeBytes;
    }
    g.put(out + events * static_cast<u32>(sizeof(GuestEvent)), event);
    ++events;
  }
  return events;
}

}  // namespace

Answer poll_oneoff(S& s, G g, u32 in, u32 out, u32 count, u32 result_at) {
  if (count == 0 || count > kMaxSubscriptions) return Errno::kInval;
  if (!g.has(in, u64{count} * kSubscription) || !g.has(out, u64{count} * sizeof(GuestEvent)) ||
      !g.has(result_at, 4)) {
    return Errno::kFault;
  }
  const Now now = now_of(s);
  // A connection made in the meantime may leave nothing to report: then once more.
  while (true) {
    Waits waits;
    if (Errno error = collect(s, g, in, count, now, waits); error != Errno::kSuccess) return error;
    std::int64_t wake = 0;
    if (!wait_for_first(s, waits, now, wake)) return Answer::end();
    if (const u32 events = report(s, g, in, out, count, now, wake, waits); events > 0) {
      g.put(result_at, events);
      return Errno::kSuccess;
    }
  }
}

}  // namespace ferry::wasi
