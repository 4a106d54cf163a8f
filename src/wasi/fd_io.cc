// Reading, writing and moving about in open files. stdio is memory; files go through the kernel,
// which reads guest memory directly but never writes it (guest.h).
#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

#include "wasi/functions.h"

namespace ferry::wasi {
namespace {

using Kind = Entry::Kind;

// POSIX's least IOV_MAX is 16, Linux has 1,024; more is INVAL as there.
constexpr u32 kMaxSlices = 1024;
// A call on a file moves at most this much and answers with what it moved, so that the engine gets
// to see the deadline in between.
constexpr std::uint64_t kMaxTransfer = 8u << 20;

// The guest's list of slices, checked, in s.slices; `total` is their sum.
Errno gather(S& s, Guest g, u32 iovs, u32 count, std::uint64_t& total) {
  total = 0;
  s.slices.clear();
  if (count > kMaxSlices) return Errno::kInval;
  if (!g.has(iovs, std::uint64_t{count} * sizeof(GuestIovec))) return Errno::kFault;
  for (u32 i = 0; i < count; ++i) {
    GuestIovec slice{};
    g.get(iovs + i * static_cast<u32>(sizeof(GuestIovec)), slice);
    if (slice.size == 0) continue;
    if (!g.has(slice.data, slice.size)) return Errno::kFault;
    total += slice.size;
    s.slices.push_back({g.at(slice.data), slice.size});
  }
  // The count goes back in 32 bits; slices may overlap, so the sum may be more than memory.
  return total > UINT32_MAX ? Errno::kInval : Errno::kSuccess;
}

void cut_to_transfer(S& s) {
  std::uint64_t left = kMaxTransfer;
  for (iovec& slice : s.slices) {
    slice.iov_len = std::min<std::uint64_t>(slice.iov_len, left);
    left -= slice.iov_len;
  }
}

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

// `offset` null: at the file's own place, and moves it.
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

// All of it or, at the bound, as much as fits and the end of the guest.
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

// What is past the bound is dropped and counted; a log must not fail a function.
Answer write_stderr(S& s, u32& done) {
  for (const iovec& slice : s.slices) {
    s.drawn.wrote = true;
    std::uint64_t room = s.setup.quotas.stderr_bytes - s.err.size();
    std::size_t part = std::min<std::uint64_t>(slice.iov_len, room);
    // Only where a line begins: the time of a line is that of its first byte, and a guest that
    // writes byte by byte must not cost a clock reading and a chunk for each.
    if (s.setup.times_log && part > 0 && (s.err.empty() || s.err.back() == '\n')) {
      s.log_chunks.push_back({s.clock.wall(), s.err.size()});
    }
    s.err.append(static_cast<const char*>(slice.iov_base), part);
    s.err_dropped += slice.iov_len - part;
    done += static_cast<u32>(slice.iov_len);
  }
  return Errno::kSuccess;
}

// Whether reading or writing (`right`) makes sense there at all, and is allowed.
Errno need_io(S& s, u32 fd, std::uint64_t right, Entry*& entry) {
  entry = s.fds.find(fd);
  if (entry == nullptr) return Errno::kBadf;
  if (entry->kind == Kind::kDirectory) return Errno::kIsdir;
  return need(s, fd, right, entry);
}

// The same for a place in a file, which stdio does not have.
Errno need_place(S& s, u32 fd, std::uint64_t right, Entry*& entry) {
  entry = s.fds.find(fd);
  if (entry == nullptr) return Errno::kBadf;
  if (entry->stdio()) return Errno::kSpipe;
  return need_io(s, fd, right, entry);
}

// witx: the right to seek implies the right to ask for the place.
Errno need_tell(S& s, u32 fd, Entry*& entry) {
  Errno error = need_place(s, fd, rights::kFdTell, entry);
  return error == Errno::kNotcapable ? need_place(s, fd, rights::kFdSeek, entry) : error;
}

// What all four transfers begin with.
Errno prepare(S& s, G g, u32 iovs, u32 count, u32 result_at) {
  std::uint64_t total = 0;
  if (Errno error = gather(s, g, iovs, count, total); error != Errno::kSuccess) return error;
  return g.has(result_at, 4) ? Errno::kSuccess : Errno::kFault;
}

Answer finish(G g, const Answer& answer, u32 result_at, u32 done) {
  if (!answer.stop && answer.error == Errno::kSuccess) g.put(result_at, done);
  return answer;
}

Answer move(int fd, std::int64_t offset, int whence, G g, u32 result_at) {
  if (!g.has(result_at, 8)) return Errno::kFault;
  off_t at = ::lseek(fd, offset, whence);
  if (at < 0) return errno_from_host(errno);
  g.put(result_at, static_cast<std::uint64_t>(at));
  return Errno::kSuccess;
}

Answer sync(S& s, u32 fd, std::uint64_t right, int (*host)(int)) {
  Entry* entry = nullptr;
  if (Errno error = need(s, fd, right, entry); error != Errno::kSuccess) return error;
  if (entry->stdio()) return Errno::kSuccess;  // memory is where it goes
  return host(entry->host) == 0 ? Errno::kSuccess : errno_from_host(errno);
}

}  // namespace

Answer fd_read(S& s, G g, u32 fd, u32 iovs, u32 count, u32 result_at) {
  Entry* entry = nullptr;
  if (Errno e = need_io(s, fd, rights::kFdRead, entry); e != Errno::kSuccess) return e;
  if (Errno e = prepare(s, g, iovs, count, result_at); e != Errno::kSuccess) return e;
  u32 done = 0;
  Answer answer =
      entry->kind == Kind::kStdin ? read_stdin(s, done) : read_file(s, entry->host, nullptr, done);
  return finish(g, answer, result_at, done);
}

Answer fd_pread(S& s, G g, u32 fd, u32 iovs, u32 count, u64 offset, u32 result_at) {
  Entry* entry = nullptr;
  Errno e = need_place(s, fd, rights::kFdRead | rights::kFdSeek, entry);
  if (e != Errno::kSuccess) return e;
  e = prepare(s, g, iovs, count, result_at);
  if (e != Errno::kSuccess) return e;
  u32 done = 0;
  Answer answer = read_file(s, entry->host, &offset, done);
  return finish(g, answer, result_at, done);
}

Answer fd_write(S& s, G g, u32 fd, u32 iovs, u32 count, u32 result_at) {
  Entry* entry = nullptr;
  if (Errno e = need_io(s, fd, rights::kFdWrite, entry); e != Errno::kSuccess) return e;
  if (Errno e = prepare(s, g, iovs, count, result_at); e != Errno::kSuccess) return e;
  u32 done = 0;
  Answer answer = entry->kind == Kind::kStdout   ? write_stdout(s, done)
                  : entry->kind == Kind::kStderr ? write_stderr(s, done)
                                                 : write_file(s, entry->host, nullptr, done);
  return finish(g, answer, result_at, done);
}

Answer fd_pwrite(S& s, G g, u32 fd, u32 iovs, u32 count, u64 offset, u32 result_at) {
  Entry* entry = nullptr;
  Errno e = need_place(s, fd, rights::kFdWrite | rights::kFdSeek, entry);
  if (e != Errno::kSuccess) return e;
  e = prepare(s, g, iovs, count, result_at);
  if (e != Errno::kSuccess) return e;
  u32 done = 0;
  Answer answer = write_file(s, entry->host, &offset, done);
  return finish(g, answer, result_at, done);
}

Answer fd_seek(S& s, G g, u32 fd, u64 offset, u32 whence, u32 result_at) {
  constexpr int kWhence[] = {SEEK_SET, SEEK_CUR, SEEK_END};
  auto delta = static_cast<std::int64_t>(offset);
  bool only_tells = whence == 1 && delta == 0;
  Entry* entry = nullptr;
  Errno e = only_tells ? need_tell(s, fd, entry) : need_place(s, fd, rights::kFdSeek, entry);
  if (e != Errno::kSuccess) return e;
  if (whence >= std::size(kWhence)) return Errno::kInval;
  return move(entry->host, delta, kWhence[whence], g, result_at);
}

Answer fd_tell(S& s, G g, u32 fd, u32 result_at) {
  Entry* entry = nullptr;
  if (Errno e = need_tell(s, fd, entry); e != Errno::kSuccess) return e;
  return move(entry->host, 0, SEEK_CUR, g, result_at);
}

Answer fd_sync(S& s, G /*g*/, u32 fd) { return sync(s, fd, rights::kFdSync, ::fsync); }

Answer fd_datasync(S& s, G /*g*/, u32 fd) { return sync(s, fd, rights::kFdDatasync, ::fdatasync); }

Answer fd_allocate(S& s, G /*g*/, u32 fd, u64 offset, u64 size) {
  Entry* entry = nullptr;
  if (Errno e = need_place(s, fd, rights::kFdAllocate, entry); e != Errno::kSuccess) return e;
  // Not posix_fallocate: where the file system can't, that writes every block, for hours.
  int failed = ::fallocate(entry->host, 0, static_cast<off_t>(offset), static_cast<off_t>(size));
  return failed == 0 ? Errno::kSuccess : errno_from_host(errno);
}

Answer fd_advise(S& s, G /*g*/, u32 fd, u64 offset, u64 size, u32 advice) {
  constexpr int kAdvice[] = {POSIX_FADV_NORMAL,   POSIX_FADV_SEQUENTIAL, POSIX_FADV_RANDOM,
                             POSIX_FADV_WILLNEED, POSIX_FADV_DONTNEED,   POSIX_FADV_NOREUSE};
  Entry* entry = nullptr;
  if (Errno e = need_place(s, fd, rights::kFdAdvise, entry); e != Errno::kSuccess) return e;
  if (advice >= std::size(kAdvice) || offset > INT64_MAX || size > INT64_MAX) return Errno::kInval;
  return errno_from_host(::posix_fadvise(entry->host, static_cast<off_t>(offset),
                                         static_cast<off_t>(size), kAdvice[advice]));
}

}  // namespace ferry::wasi
