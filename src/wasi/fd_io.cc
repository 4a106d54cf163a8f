// Reading, writing and moving about in open files. stdio is memory; files go through the kernel,
// which reads guest memory directly but never writes it (guest.h).
#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

#include "wasi/socket_io.h"
#include "wasi/transfer.h"
#include "wasi/tree_file.h"

namespace ferry::wasi {
namespace {

using Kind = Entry::Kind;

// POSIX's least IOV_MAX is 16, Linux has 1,024; more is INVAL as there.
constexpr u32 kMaxSlices = 1024;

}  // namespace

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

namespace {

// Whether reading or writing (`right`) makes sense there at all, and is allowed.
Errno need_io(S& s, u32 fd, std::uint64_t right, Entry*& entry) {
  entry = s.fds.find(fd);
  if (entry == nullptr) return Errno::kBadf;
  if (entry->folder()) return Errno::kIsdir;
  return need(s, fd, right, entry);
}

// The same for a place in a file, which stdio does not have.
Errno need_place(S& s, u32 fd, std::uint64_t right, Entry*& entry) {
  entry = s.fds.find(fd);
  if (entry == nullptr) return Errno::kBadf;
  if (entry->stdio() || entry->kind == Kind::kSocket) return Errno::kSpipe;
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
  // Memory is where stdio goes, and a tree never changes.
  if (entry->stdio() || entry->in_tree()) return Errno::kSuccess;
  return host(entry->host) == 0 ? Errno::kSuccess : errno_from_host(errno);
}

}  // namespace

Answer fd_read(S& s, G g, u32 fd, u32 iovs, u32 count, u32 result_at) {
  Entry* entry = nullptr;
  if (Errno e = need_io(s, fd, rights::kFdRead, entry); e != Errno::kSuccess) return e;
  if (Errno e = prepare(s, g, iovs, count, result_at); e != Errno::kSuccess) return e;
  u32 done = 0;
  Answer answer = entry->kind == Kind::kStdin    ? read_stdin(s, done)
                  : entry->kind == Kind::kSocket ? receive(s, *entry, 0, done)
                                                 : read_entry(s, *entry, nullptr, done);
  return finish(g, answer, result_at, done);
}

Answer fd_pread(S& s, G g, u32 fd, u32 iovs, u32 count, u64 offset, u32 result_at) {
  Entry* entry = nullptr;
  Errno e = need_place(s, fd, rights::kFdRead | rights::kFdSeek, entry);
  if (e != Errno::kSuccess) return e;
  e = prepare(s, g, iovs, count, result_at);
  if (e != Errno::kSuccess) return e;
  u32 done = 0;
  Answer answer = read_entry(s, *entry, &offset, done);
  return finish(g, answer, result_at, done);
}

Answer fd_write(S& s, G g, u32 fd, u32 iovs, u32 count, u32 result_at) {
  Entry* entry = nullptr;
  if (Errno e = need_io(s, fd, rights::kFdWrite, entry); e != Errno::kSuccess) return e;
  if (Errno e = prepare(s, g, iovs, count, result_at); e != Errno::kSuccess) return e;
  u32 done = 0;
  Answer answer = entry->kind == Kind::kStdout   ? write_stdout(s, done)
                  : entry->kind == Kind::kStderr ? write_stderr(s, done)
                  : entry->kind == Kind::kSocket ? send(s, *entry, done)
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
  if (entry->kind == Kind::kTreeFile) return seek_in_tree(s, *entry, delta, whence, g, result_at);
  return move(entry->host, delta, kWhence[whence], g, result_at);
}

Answer fd_tell(S& s, G g, u32 fd, u32 result_at) {
  Entry* entry = nullptr;
  if (Errno e = need_tell(s, fd, entry); e != Errno::kSuccess) return e;
  if (entry->kind == Kind::kTreeFile) return seek_in_tree(s, *entry, 0, SEEK_CUR, g, result_at);
  return move(entry->host, 0, SEEK_CUR, g, result_at);
}

Answer fd_sync(S& s, G /*g*/, u32 fd) { return sync(s, fd, rights::kFdSync, ::fsync); }

Answer fd_datasync(S& s, G /*g*/, u32 fd) { return sync(s, fd, rights::kFdDatasync, ::fdatasync); }

Answer fd_allocate(S& s, G /*g*/, u32 fd, u64 offset, u64 size) {
  Entry* entry = nullptr;
  if (Errno e = need_place(s, fd, rights::kFdAllocate, entry); e != Errno::kSuccess) return e;
  if (entry->in_tree()) return Errno::kBadf;  // as of a file that is open for reading alone
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
  if (entry->in_tree()) return Errno::kSuccess;
  return errno_from_host(::posix_fadvise(entry->host, static_cast<off_t>(offset),
                                         static_cast<off_t>(size), kAdvice[advice]));
}

}  // namespace ferry::wasi
