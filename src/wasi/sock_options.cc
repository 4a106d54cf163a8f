// sock_getsockopt and sock_setsockopt: those options that mean something for a connection that goes
// out. The numbers are the extension's own.
#include <algorithm>
#include <array>

#include <sys/socket.h>

#include "wasi/socket_io.h"

namespace ferry::wasi {
namespace {

using std::chrono::microseconds;

constexpr u32 kSolSocket = 0;
enum Option : u32 {
  kReuseAddr = 0,
  kType = 1,
  kError = 2,
  kBroadcast = 4,
  kSendBuffer = 5,
  kReceiveBuffer = 6,
  kKeepAlive = 7,
  kReceiveTimeout = 11,
  kSendTimeout = 12
};

struct GuestTime {  // timeval
  std::int64_t seconds = 0;
  std::int64_t microseconds = 0;
};

Errno need_option(S& s, u32 fd, u32 level, Entry*& entry) {
  entry = s.fds.find(fd);
  if (entry == nullptr) return Errno::kBadf;
  if (entry->kind != Entry::Kind::kSocket) return Errno::kNotsock;
  return level == kSolSocket ? Errno::kSuccess : Errno::kNoprotoopt;
}

// What the kernel keeps for a socket that it has; 0 before.
std::int32_t kernel_value(const Entry& entry, int name) {
  int value = 0;
  socklen_t size = sizeof value;
  if (entry.host >= 0) ::getsockopt(entry.host, SOL_SOCKET, name, &value, &size);
  return value;
}

bool value_of(S& s, Entry& entry, u32 name, std::int32_t& value) {
  Socket& socket = socket_of(s, entry);
  switch (name) {
    case kType:
      value = socket.stream ? 2 : 1;
      return true;
    case kError:
      refresh(s, entry, socket);
      value = static_cast<std::int32_t>(std::exchange(socket.error, Errno::kSuccess));
      return true;
    case kReuseAddr:
    case kBroadcast:
      value = 0;
      return true;
    case kSendBuffer:
      value = kernel_value(entry, SO_SNDBUF);
      return true;
    case kReceiveBuffer:
      value = kernel_value(entry, SO_RCVBUF);
      return true;
    case kKeepAlive:
      value = socket.keeps_alive ? 1 : 0;
      return true;
    default:
      return false;
  }
}

GuestTime time_of(microseconds time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  return {seconds.count(), (time - seconds).count()};
}

// The last parameter: the size itself, or where it is (see docs on both generations). No guest
// has a variable in the first 16 bytes of its memory.
Errno take_size(G g, u32 size_or_at, u32& size) {
  constexpr u32 kLeastPointer = 16;
  size = size_or_at;
  if (size_or_at > kLeastPointer && !g.get(size_or_at, size)) return Errno::kFault;
  return Errno::kSuccess;
}

}  // namespace

Answer sock_getsockopt(S& s, G g, u32 fd, u32 level, u32 name, u32 value_at, u32 size_or_at) {
  Entry* entry = nullptr;
  if (Errno e = need_option(s, fd, level, entry); e != Errno::kSuccess) return e;
  u32 size = 0;
  if (Errno e = take_size(g, size_or_at, size); e != Errno::kSuccess) return e;
  const Socket& socket = socket_of(s, *entry);
  if (name == kReceiveTimeout || name == kSendTimeout) {
    if (size < sizeof(GuestTime)) return Errno::kInval;
    const GuestTime time =
        time_of(name == kReceiveTimeout ? socket.receive_timeout : socket.send_timeout);
    return g.put(value_at, time) ? Errno::kSuccess : Errno::kFault;
  }
  if (size < 4) return Errno::kInval;
  if (!g.has(value_at, 4)) return Errno::kFault;  // before an error is taken from the socket
  std::int32_t value = 0;
  if (!value_of(s, *entry, name, value)) return Errno::kNoprotoopt;
  g.put(value_at, value);
  return Errno::kSuccess;
}

Answer sock_setsockopt(S& s, G g, u32 fd, u32 level, u32 name, u32 value_at, u32 size) {
  constexpr std::int64_t kLongest = 86'400;  // seconds; no event runs for longer
  Entry* entry = nullptr;
  if (Errno e = need_option(s, fd, level, entry); e != Errno::kSuccess) return e;
  Socket& socket = socket_of(s, *entry);
  if (name == kReceiveTimeout || name == kSendTimeout) {
    GuestTime time;
    if (size < sizeof time) return Errno::kInval;
    if (!g.get(value_at, time)) return Errno::kFault;
    if (time.seconds < 0 || time.microseconds < 0 || time.microseconds >= 1'000'000) {
      return Errno::kInval;
    }
    (name == kReceiveTimeout ? socket.receive_timeout : socket.send_timeout) =
        std::chrono::seconds(std::min(time.seconds, kLongest)) + microseconds(time.microseconds);
    return Errno::kSuccess;
  }
  std::int32_t value = 0;
  if (size < 4) return Errno::kInval;
  if (!g.get(value_at, value)) return Errno::kFault;
  switch (name) {
    case kKeepAlive:
      socket.keeps_alive = value != 0;
      if (entry->host >= 0) {
        const int on = value != 0 ? 1 : 0;
        ::setsockopt(entry->host, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
      }
      return Errno::kSuccess;
    // Advice about a socket that only connects: the kernel sizes buffers by itself.
    case kReuseAddr:
    case kBroadcast:
    case kSendBuffer:
    case kReceiveBuffer:
      return Errno::kSuccess;
    default:
      return Errno::kNoprotoopt;
  }
}

}  // namespace ferry::wasi
