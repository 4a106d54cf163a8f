// path_open: the one call that makes descriptors.
#include <cerrno>

#include <fcntl.h>

#include "wasi/host_file.h"
#include "wasi/socket_io.h"
#include "wasi/tree_file.h"

namespace ferry::wasi {
namespace {

constexpr char kName[] = "path_open";

// What the kernel is asked for. witx gives a file its way of access by its rights alone.
std::uint64_t host_flags(u32 lookup, u32 oflags, u64 base, u32 fdflags) {
  bool writes = (base & rights::kFdWrite) != 0;
  bool reads = (base & (rights::kFdRead | rights::kFdReaddir)) != 0;
  // O_NONBLOCK so that a pipe or device somebody left in the folder cannot hold us up.
  std::uint64_t flags = O_NONBLOCK | O_NOCTTY;
  flags |= writes ? (reads ? O_RDWR : O_WRONLY) : O_RDONLY;
  if ((lookup & kSymlinkFollow) == 0) flags |= O_NOFOLLOW;
  if ((oflags & kOpenCreat) != 0) flags |= O_CREAT;
  if ((oflags & kOpenDirectory) != 0) return flags | O_DIRECTORY;
  if ((oflags & kOpenExcl) != 0) flags |= O_EXCL;
  if ((oflags & kOpenTrunc) != 0) flags |= O_TRUNC;
  if ((fdflags & kFdAppend) != 0) flags |= O_APPEND;
  if ((fdflags & kFdDsync) != 0) flags |= O_DSYNC;
  if ((fdflags & (kFdSync | kFdRsync)) != 0) flags |= O_SYNC;
  return flags;
}

Errno check_flags(u32 lookup, u32 oflags, u64 base, u32 fdflags) {
  if ((lookup & ~kSymlinkFollow) != 0 || (oflags & ~kOpenAll) != 0 ||
      (fdflags & ~kFdFlagsAll) != 0) {
    return Errno::kInval;
  }
  if ((oflags & kOpenDirectory) != 0) {
    if ((oflags & ~kOpenDirectory) != 0) return Errno::kInval;
    if ((base & rights::kFdWrite) != 0) return Errno::kIsdir;
  }
  return Errno::kSuccess;
}

// Rights on the directory that the flags take.
u64 rights_needed(u32 oflags) {
  u64 right = rights::kPathOpen;
  if ((oflags & kOpenCreat) != 0) right |= rights::kPathCreateFile;
  if ((oflags & kOpenTrunc) != 0) right |= rights::kPathFilestatSetSize;
  return right;
}

}  // namespace

Answer path_open(S& s, G g, u32 fd, u32 lookup, u32 path, u32 size, u32 oflags, u64 base,
                 u64 inheriting, u32 fdflags, u32 result_at) {
  if (!g.has(result_at, 4)) return Errno::kFault;
  if (Errno e = take_path(s, g, path, size, s.path); e != Errno::kSuccess) return e;
  if (Errno e = check_flags(lookup, oflags, base, fdflags); e != Errno::kSuccess) return e;
  if (Entry* folder = s.fds.find(fd); folder != nullptr && folder->network_folder()) {
    return open_network_path(s, g, *folder, oflags, base, fdflags, result_at);
  }
  bool writes = (base & rights::kFdWrite) != 0 || (oflags & (kOpenCreat | kOpenTrunc)) != 0;
  Entry* from = nullptr;
  Errno e = need_directory(s, fd, rights_needed(oflags), kName, s.path, writes, from);
  if (e != Errno::kSuccess) return e;
  // Bits that name no right of files or directories ask for nothing: stock Go sets all 32.
  base &= rights::kAll;
  inheriting &= rights::kAll;
  if (((base | inheriting) & ~from->inheriting) != 0) return Errno::kNotcapable;
  if (s.fds.opened() >= s.setup.quotas.open_files) return Errno::kMfile;

  if (from->kind == Entry::Kind::kTreeFolder) {
    return open_in_tree(s, g, *from, oflags, base, inheriting, fdflags, result_at);
  }
  Fd file(open_beneath(from->host, s.path.c_str(), host_flags(lookup, oflags, base, fdflags),
                       (oflags & kOpenCreat) != 0 ? 0666 : 0));
  if (!file.valid()) return beneath_error(s, errno, *from, kName, s.path);
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) return errno_from_host(errno);
  bool directory = S_ISDIR(info.st_mode);
  // Devices, pipes and sockets could block past the deadline; none of them is a file to keep data.
  if (!directory && !S_ISREG(info.st_mode)) return Errno::kNotsup;

  Entry entry{.kind = directory ? Entry::Kind::kDirectory : Entry::Kind::kFile,
              .owned = true,
              .read_only = from->read_only,
              .flags = static_cast<std::uint16_t>(fdflags),
              .grant = from->grant,
              .base = base & (directory ? rights::kDirectory : rights::kFile),
              .inheriting = directory ? inheriting : 0};
  entry.host = file.release();
  g.put(result_at, s.fds.add(entry));
  s.drawn.files = true;
  return Errno::kSuccess;
}

}  // namespace ferry::wasi
