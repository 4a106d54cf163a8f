// Descriptors themselves: closing, renumbering, flags, rights, what they stand for.
#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

#include "wasi/host_file.h"
#include "wasi/socket_io.h"
#include "wasi/tree_file.h"

namespace ferry::wasi {
namespace {

using Kind = Entry::Kind;

// stdio is not a terminal, so that guests buffer their output and see that input is piped in.
Filetype filetype_of_entry(const S& s, const Entry& entry) {
  if (entry.folder()) return Filetype::kDirectory;
  if (entry.kind == Kind::kSocket) {
    return s.sockets->all[entry.socket].stream ? Filetype::kSocketStream : Filetype::kSocketDgram;
  }
  return entry.kind == Kind::kFile || entry.kind == Kind::kTreeFile ? Filetype::kRegularFile
                                                                    : Filetype::kUnknown;
}

std::string_view preopen_name(const S& s, const Entry& entry) {
  if (entry.kind == Kind::kTreeFolder) return "/";
  if (entry.kind == Kind::kDialFolder) return "/dev";
  if (entry.kind == Kind::kCaFolder) return kCaFolderPath;
  return (*s.setup.directories)[entry.grant].guest_path();
}

}  // namespace

Answer fd_close(S& s, G /*g*/, u32 fd) {
  Entry* entry = s.fds.find(fd);
  if (entry == nullptr) return Errno::kBadf;
  if (entry->kind == Kind::kSocket) {
    end_socket(s, fd);
  } else {
    s.fds.close(fd);
  }
  return Errno::kSuccess;
}

Answer fd_renumber(S& s, G /*g*/, u32 from, u32 to) {
  Entry* replaced = s.fds.find(to);
  if (s.fds.find(from) == nullptr || replaced == nullptr) return Errno::kBadf;
  if (from != to && replaced->kind == Kind::kSocket) end_socket(s, to);
  s.fds.renumber(from, to);
  return Errno::kSuccess;
}

Answer fd_fdstat_get(S& s, G g, u32 fd, u32 result_at) {
  Entry* entry = s.fds.find(fd);
  if (entry == nullptr) return Errno::kBadf;
  GuestFdstat out{.filetype = static_cast<std::uint8_t>(filetype_of_entry(s, *entry)),
                  .flags = entry->flags,
                  .base = entry->base,
                  .inheriting = entry->inheriting};
  return g.put(result_at, out) ? Errno::kSuccess : Errno::kFault;
}

Answer fd_fdstat_set_flags(S& s, G /*g*/, u32 fd, u32 flags) {
  Entry* entry = nullptr;
  if (Errno e = need(s, fd, rights::kFdFdstatSetFlags, entry); e != Errno::kSuccess) return e;
  if ((flags & ~kFdFlagsAll) != 0) return Errno::kInval;
  // Linux sets these three at open only, and silently ignores them later; we say so.
  constexpr u32 kAtOpen = kFdDsync | kFdRsync | kFdSync;
  if (((flags ^ entry->flags) & kAtOpen) != 0) return Errno::kNotsup;
  if (entry->kind == Kind::kFile && ((flags ^ entry->flags) & kFdAppend) != 0 &&
      ::fcntl(entry->host, F_SETFL, (flags & kFdAppend) != 0 ? O_APPEND : 0) != 0) {
    return errno_from_host(errno);
  }
  entry->flags = static_cast<std::uint16_t>(flags);
  return Errno::kSuccess;
}

Answer fd_fdstat_set_rights(S& s, G /*g*/, u32 fd, u64 base, u64 inheriting) {
  Entry* entry = s.fds.find(fd);
  if (entry == nullptr) return Errno::kBadf;
  if ((base & ~entry->base) != 0 || (inheriting & ~entry->inheriting) != 0) {
    return Errno::kNotcapable;
  }
  entry->base = base;
  entry->inheriting = inheriting;
  return Errno::kSuccess;
}

Answer fd_filestat_get(S& s, G g, u32 fd, u32 result_at) {
  Entry* entry = nullptr;
  if (Errno e = need(s, fd, rights::kFdFilestatGet, entry); e != Errno::kSuccess) return e;
  GuestFilestat out;
  out.filetype = static_cast<std::uint8_t>(filetype_of_entry(s, *entry));
  if (entry->in_tree()) {
    out = filestat_of(*s.setup.files, entry->node);
  } else if (entry->host >= 0 && entry->kind != Kind::kSocket) {
    struct stat info {};
    if (::fstat(entry->host, &info) != 0) return errno_from_host(errno);
    out = filestat_of(info);
  }
  return g.put(result_at, out) ? Errno::kSuccess : Errno::kFault;
}

Answer fd_filestat_set_size(S& s, G /*g*/, u32 fd, u64 size) {
  Entry* entry = s.fds.find(fd);
  if (entry == nullptr) return Errno::kBadf;
  if (entry->folder()) return Errno::kIsdir;
  if (entry->kind != Kind::kFile) return Errno::kInval;  // a tree's too, as of one open for reading
  if ((entry->base & rights::kFdFilestatSetSize) == 0) return Errno::kNotcapable;
  return ::ftruncate(entry->host, static_cast<off_t>(size)) == 0 ? Errno::kSuccess
                                                                 : errno_from_host(errno);
}

Answer fd_filestat_set_times(S& s, G /*g*/, u32 fd, u64 atim, u64 mtim, u32 set) {
  Entry* entry = nullptr;
  if (Errno e = need(s, fd, rights::kFdFilestatSetTimes, entry); e != Errno::kSuccess) return e;
  timespec times[2];
  if (Errno e = times_of(set, atim, mtim, times); e != Errno::kSuccess) return e;
  if (entry->read_only) return Errno::kRofs;
  if (entry->host < 0) return Errno::kInval;
  return ::futimens(entry->host, times) == 0 ? Errno::kSuccess : errno_from_host(errno);
}

// Guests count up from 3 until BADF to find what they were granted.
Answer fd_prestat_get(S& s, G g, u32 fd, u32 result_at) {
  s.drawn.folders = true;
  Entry* entry = s.fds.find(fd);
  if (entry == nullptr || !entry->preopen) return Errno::kBadf;
  const std::string_view name = preopen_name(s, *entry);
  GuestPrestat out{.name_size = static_cast<u32>(name.size())};
  return g.put(result_at, out) ? Errno::kSuccess : Errno::kFault;
}

Answer fd_prestat_dir_name(S& s, G g, u32 fd, u32 buffer, u32 size) {
  Entry* entry = s.fds.find(fd);
  if (entry == nullptr || !entry->preopen) return Errno::kBadf;
  const std::string_view name = preopen_name(s, *entry);
  if (size < name.size()) return Errno::kNametoolong;
  return g.put_bytes(buffer, name.data(), name.size()) ? Errno::kSuccess : Errno::kFault;
}

}  // namespace ferry::wasi
