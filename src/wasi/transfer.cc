#include "wasi/transfer.h"

#include <algorithm>
#include <cerrno>

#include <unistd.h>

#include "wasi/tree_file.h"

namespace ferry::wasi {
namespace {

// A call on a file moves at most this much and answers with what it moved, so that the engine gets
// to see the deadline in between.
constexpr std::uint64_t kMaxTransfer = 8u << 20;

void cut_to_transfer(S& s) {
  std::uint64_t left = kMaxTransfer;
  for (iovec& slice : s.slices) {
    slice.iov_len = std::min<std::uint64_t>(slice.iov_len, left);
    left -= slice.iov_len;
  }
}

}  // namespace

Answer read_stdin(S& s, u32& done) {
  if (!s.drawn.stdin_read && !s.slices.empty()) {
    if (s.read_hook != nullptr && !s.read_hook(s.read_hook_user)) return Answer::end();
    s.drawn.stdin_read = true;
  }
  for (const iovec& slice : s.slices) {
    std::size_t part = std::min(slice.iov_len, s.setup.stdin_data.size() - s.stdin_at);
    if (part == 0) break;
    std::memcpy(slice.iov_base, s.setup.stdin_data.data() + s.stdin_at, part);
    s.stdin_at += part;
    done += static_cast<u32>(part);
  }
  return Errno::kSuccess;
}

Answer read_file(S& s, int fd, const std::uint64_t* offset, u32& done) {
  cut_to_transfer(s);
  std::uint8_t* room = bounce(s);
  for (const iovec& slice : s.slices) {
    auto* to = static_cast<std::uint8_t*>(slice.iov_base);
    for (std::size_t at = 0; at < slice.iov_len;) {
      std::size_t want = std::min(slice.iov_len - at, kBounceBytes);
      ssize_t n = offset != nullptr ? ::pread(fd, room, want, static_cast<off_t>(*offset + done))
                                    : ::read(fd, room, want);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return done > 0 ? Errno::kSuccess : errno_from_host(errno);
      std::memcpy(to + at, room, static_cast<std::size_t>(n));
      at += static_cast<std::size_t>(n);
      done += static_cast<u32>(n);
      if (static_cast<std::size_t>(n) < want) return Errno::kSuccess;
    }
  }
  return Errno::kSuccess;
}

Answer read_entry(S& s, Entry& entry, const std::uint64_t* offset, u32& done) {
  if (entry.kind != Entry::Kind::kTreeFile) return read_file(s, entry.host, offset, done);
  cut_to_transfer(s);
  return read_tree_file(s, entry, offset, done);
}

Answer write_file(S& s, int fd, const std::uint64_t* offset, u32& done) {
  cut_to_transfer(s);
  int count = static_cast<int>(s.slices.size());
  ssize_t n = 0;
  do {
    n = offset != nullptr ? ::pwritev(fd, s.slices.data(), count, static_cast<off_t>(*offset))
                          : ::writev(fd, s.slices.data(), count);
  } while (n < 0 && errno == EINTR);
  if (n < 0) return errno_from_host(errno);
  done = static_cast<u32>(n);
  return Errno::kSuccess;
}

Answer write_stdout(S& s, u32& done) {
  for (const iovec& slice : s.slices) {
    s.drawn.wrote = true;
    std::uint64_t room = s.setup.quotas.stdout_bytes - s.out.size();
    std::size_t part = std::min<std::uint64_t>(slice.iov_len, room);
    s.out.append(static_cast<const char*>(slice.iov_base), part);
    if (part < slice.iov_len) {
      s.stop = Stop::kOutputFull;
      return Answer::end();
    }
    done += static_cast<u32>(part);
  }
  return Errno::kSuccess;
}

Answer write_stderr(S& s, u32& done) {
  for (const iovec& slice : s.slices) {
    s.drawn.wrote = true;
    std::uint64_t room = s.setup.quotas.stderr_bytes - s.err.size();
    std::size_t part = std::min<std::uint64_t>(slice.iov_len, room);
    // Only where a line begins: the time of a line is that of its first byte, and a guest that
    // writes byte by byte must not cost a clock reading and a chunk for each.
    if (s.setup.times_log && part > 0 && (s.err.empty() || s.err.back() == '\n')) {
      s.log_chunks.push_back({s.clock->wall(), s.err.size()});
    }
    s.err.append(static_cast<const char*>(slice.iov_base), part);
    s.err_dropped += slice.iov_len - part;
    done += static_cast<u32>(slice.iov_len);
  }
  return Errno::kSuccess;
}

}  // namespace ferry::wasi
