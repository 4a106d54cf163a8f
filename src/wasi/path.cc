// The calls on paths, except for path_open. Those that look at a file open it beneath its directory
// (O_PATH) and ask the descriptor; those that change a directory open the parent beneath and act
// on the last name, which the kernel then does not follow.
#include <cerrno>
#include <optional>

#include <fcntl.h>
#include <unistd.h>

#include "wasi/host_file.h"
#include "wasi/tree_file.h"

namespace ferry::wasi {
namespace {

// Where a path ends: a directory of the host, and a last name (with what slashes follow it) that
// is neither "." nor "..". Points into the path, which must outlive it.
struct Place {
  Fd opened;
  int parent = -1;
  const char* name = "";
};

// `dots` is what a last name of "." or ".." gets, as the kernel would answer it.
Errno find_place(S& s, const Entry& entry, std::string_view what, std::string& path, Errno dots,
                 Place& place) {
  std::size_t end = path.find_last_not_of('/');
  if (path.front() == '/') return beneath_error(s, EXDEV, entry, what, path);
  std::size_t slash = path.rfind('/', end);
  std::size_t start = slash == std::string::npos ? 0 : slash + 1;
  std::string_view last(path.data() + start, end + 1 - start);
  if (last == "." || last == "..") {
    Fd whole(open_beneath(entry.host, path.c_str(), O_PATH));
    return whole.valid() ? dots : beneath_error(s, errno, entry, what, path);
  }
  place.parent = entry.host;
  place.name = path.c_str() + start;
  if (slash != std::string::npos) {
    path[slash] = '\0';
    place.opened = Fd(open_beneath(entry.host, path.c_str(), O_PATH | O_DIRECTORY));
    int error_number = errno;
    path[slash] = '/';
    if (!place.opened.valid()) return beneath_error(s, error_number, entry, what, path);
    place.parent = place.opened.get();
  }
  return Errno::kSuccess;
}

// A call that changes a directory: the path taken, the right and the grant checked, the place
// found.
Errno prepare(S& s, G g, u32 fd, std::uint64_t right, std::string_view what, u32 at, u32 size,
              Errno dots, std::string& path, Place& place) {
  if (Errno e = take_path(s, g, at, size, path); e != Errno::kSuccess) return e;
  Entry* entry = nullptr;
  Errno e = need_directory(s, fd, right, what, path, true, entry);
  return e == Errno::kSuccess ? find_place(s, *entry, what, path, dots, place) : e;
}

// What a call that looks at a file found: one of the host, opened, or one of the tree.
struct Looked {
  Fd file;
  std::optional<u32> node;
};

// A call that looks at a file: likewise, and the file found.
Errno look(S& s, G g, u32 fd, std::uint64_t right, std::string_view what, u32 at, u32 size,
           bool follow, bool writes, Looked& out) {
  if (Errno e = take_path(s, g, at, size, s.path); e != Errno::kSuccess) return e;
  Entry* entry = nullptr;
  Errno e = need_directory(s, fd, right, what, s.path, writes, entry);
  if (e != Errno::kSuccess) return e;
  if (entry->kind == Entry::Kind::kTreeFolder) {
    out.node.emplace();
    e = find_in_tree(*s.setup.files, entry->node, s.path, *out.node);
    return tree_error(s, e, *entry, what, s.path);
  }
  out.file = Fd(open_beneath(entry->host, s.path.c_str(), O_PATH | (follow ? 0 : O_NOFOLLOW)));
  return out.file.valid() ? Errno::kSuccess : beneath_error(s, errno, *entry, what, s.path);
}

Answer done(int result) { return result == 0 ? Errno::kSuccess : errno_from_host(errno); }

}  // namespace

Answer path_create_directory(S& s, G g, u32 fd, u32 path, u32 size) {
  Place place;
  Errno e = prepare(s, g, fd, rights::kPathCreateDirectory, "path_create_directory", path, size,
                    Errno::kExist, s.path, place);
  if (e != Errno::kSuccess) return e;
  return done(::mkdirat(place.parent, place.name, 0777));
}

Answer path_filestat_get(S& s, G g, u32 fd, u32 flags, u32 path, u32 size, u32 result_at) {
  if ((flags & ~kSymlinkFollow) != 0) return Errno::kInval;
  if (!g.has(result_at, sizeof(GuestFilestat))) return Errno::kFault;
  Looked found;
  Errno e = look(s, g, fd, rights::kPathFilestatGet, "path_filestat_get", path, size, flags != 0,
                 false, found);
  if (e != Errno::kSuccess) return e;
  if (found.node) {
    g.put(result_at, filestat_of(*s.setup.files, *found.node));
    return Errno::kSuccess;
  }
  struct stat info {};
  if (::fstat(found.file.get(), &info) != 0) return errno_from_host(errno);
  g.put(result_at, filestat_of(info));
  return Errno::kSuccess;
}

Answer path_filestat_set_times(S& s, G g, u32 fd, u32 flags, u32 path, u32 size, u64 atim, u64 mtim,
                               u32 set) {
  timespec times[2];
  if ((flags & ~kSymlinkFollow) != 0) return Errno::kInval;
  if (Errno e = times_of(set, atim, mtim, times); e != Errno::kSuccess) return e;
  Looked found;
  Errno e = look(s, g, fd, rights::kPathFilestatSetTimes, "path_filestat_set_times", path, size,
                 flags != 0, true, found);
  if (e != Errno::kSuccess) return e;
  return done(::utimensat(found.file.get(), "", times, AT_EMPTY_PATH));
}

Answer path_link(S& s, G g, u32 old_fd, u32 old_flags, u32 old_path, u32 old_size, u32 new_fd,
                 u32 new_path, u32 new_size) {
  if (old_flags != 0) return Errno::kInval;  // symlinks are linked themselves, never followed
  Place from;
  Place to;
  // The source counts as written to: a link in a writable grant would be a way to write to it.
  Errno e = prepare(s, g, old_fd, rights::kPathLinkSource, "path_link", old_path, old_size,
                    Errno::kPerm, s.path, from);
  if (e != Errno::kSuccess) return e;
  e = prepare(s, g, new_fd, rights::kPathLinkTarget, "path_link", new_path, new_size, Errno::kExist,
              s.second_path, to);
  if (e != Errno::kSuccess) return e;
  if (s.path.back() == '/') {
    // A slash would make the kernel follow the last name; only a directory may have one anyway.
    Fd whole(open_beneath(s.fds.find(old_fd)->host, s.path.c_str(), O_PATH | O_DIRECTORY));
    return whole.valid() ? Errno::kPerm
                         : beneath_error(s, errno, *s.fds.find(old_fd), "path_link", s.path);
  }
  return done(::linkat(from.parent, from.name, to.parent, to.name, 0));
}

Answer path_readlink(S& s, G g, u32 fd, u32 path, u32 size, u32 buffer, u32 room, u32 result_at) {
  if (!g.has(buffer, room) || !g.has(result_at, 4)) return Errno::kFault;
  Looked found;
  Errno e = look(s, g, fd, rights::kPathReadlink, "path_readlink", path, size, false, false, found);
  if (e != Errno::kSuccess) return e;
  if (found.node) return Errno::kInval;  // there are no links in a tree
  auto* text = reinterpret_cast<char*>(bounce(s));
  ssize_t n = ::readlinkat(found.file.get(), "", text, kBounceBytes);
  // With an empty path the kernel says ENOENT for what is no symlink.
  if (n < 0) return errno == ENOENT ? Errno::kInval : errno_from_host(errno);
  if (n > 0 && text[0] == '/') return Errno::kPerm;  // a path of the host, none of the guest's
  u32 used = std::min(room, static_cast<u32>(n));
  g.put_bytes(buffer, text, used);
  g.put(result_at, used);
  return Errno::kSuccess;
}

Answer path_remove_directory(S& s, G g, u32 fd, u32 path, u32 size) {
  Place place;
  Errno e = prepare(s, g, fd, rights::kPathRemoveDirectory, "path_remove_directory", path, size,
                    Errno::kInval, s.path, place);
  if (e != Errno::kSuccess) return e;
  if (::unlinkat(place.parent, place.name, AT_REMOVEDIR) == 0) return Errno::kSuccess;
  const int error = errno;
  if (error == ENOTDIR && s.path.back() == '/') {
    // Linux refuses a link with a slash for being a link; by POSIX, 4.16, it is what it leads to.
    const Fd whole(open_beneath(s.fds.find(fd)->host, s.path.c_str(), O_PATH | O_DIRECTORY));
    if (!whole.valid()) {
      return beneath_error(s, errno, *s.fds.find(fd), "path_remove_directory", s.path);
    }
  }
  return errno_from_host(error);
}

Answer path_rename(S& s, G g, u32 fd, u32 old_path, u32 old_size, u32 new_fd, u32 new_path,
                   u32 new_size) {
  Place from;
  Place to;
  Errno e = prepare(s, g, fd, rights::kPathRenameSource, "path_rename", old_path, old_size,
                    Errno::kBusy, s.path, from);
  if (e != Errno::kSuccess) return e;
  e = prepare(s, g, new_fd, rights::kPathRenameTarget, "path_rename", new_path, new_size,
              Errno::kBusy, s.second_path, to);
  if (e != Errno::kSuccess) return e;
  return done(::renameat(from.parent, from.name, to.parent, to.name));
}

Answer path_symlink(S& s, G g, u32 old_path, u32 old_size, u32 fd, u32 new_path, u32 new_size) {
  if (Errno e = take_path(s, g, old_path, old_size, s.second_path); e != Errno::kSuccess) return e;
  Place place;
  Errno e = prepare(s, g, fd, rights::kPathSymlink, "path_symlink", new_path, new_size,
                    Errno::kExist, s.path, place);
  if (e != Errno::kSuccess) return e;
  // No guest could follow it, and other readers of the directory should not.
  if (s.second_path.front() == '/') return Errno::kPerm;
  return done(::symlinkat(s.second_path.c_str(), place.parent, place.name));
}

Answer path_unlink_file(S& s, G g, u32 fd, u32 path, u32 size) {
  Place place;
  Errno e = prepare(s, g, fd, rights::kPathUnlinkFile, "path_unlink_file", path, size,
                    Errno::kIsdir, s.path, place);
  if (e != Errno::kSuccess) return e;
  return done(::unlinkat(place.parent, place.name, 0));
}

}  // namespace ferry::wasi
