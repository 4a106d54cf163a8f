#include "wasi/host_file.h"

#include <cerrno>

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace ferry::wasi {
namespace {

std::uint64_t nanoseconds(const timespec& time) {
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000u +
         static_cast<std::uint64_t>(time.tv_nsec);
}

timespec time_of(u32 set, u32 flag, u32 flag_now, u64 value) {
  constexpr u64 kSecond = 1'000'000'000;
  if ((set & flag_now) != 0) return {0, UTIME_NOW};
  if ((set & flag) == 0) return {0, UTIME_OMIT};
  return {static_cast<time_t>(value / kSecond), static_cast<long>(value % kSecond)};
}

// A guest's path as it may appear in a message: short, on one line.
std::string shown(std::string_view path) {
  constexpr std::size_t kMost = 120;
  std::string out;
  for (char c : path.substr(0, kMost)) {
    out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  }
  if (path.size() > kMost) out += "...";
  return out;
}

std::string_view grant_name(const S& s, const Entry& entry) {
  if (entry.kind == Entry::Kind::kTreeFolder) return "/";
  return (*s.setup.directories)[entry.grant].guest_path();
}

}  // namespace

Filetype filetype_of(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFBLK:
      return Filetype::kBlockDevice;
    case S_IFCHR:
      return Filetype::kCharacterDevice;
    case S_IFDIR:
      return Filetype::kDirectory;
    case S_IFREG:
      return Filetype::kRegularFile;
    case S_IFLNK:
      return Filetype::kSymbolicLink;
    case S_IFSOCK:
      return Filetype::kSocketStream;
    default:
      return Filetype::kUnknown;
  }
}

GuestFilestat filestat_of(const struct stat& info) {
  GuestFilestat out;
  out.dev = info.st_dev;
  out.ino = info.st_ino;
  out.filetype = static_cast<std::uint8_t>(filetype_of(info.st_mode));
  out.nlink = info.st_nlink;
  out.size = static_cast<std::uint64_t>(info.st_size);
  out.atim = nanoseconds(info.st_atim);
  out.mtim = nanoseconds(info.st_mtim);
  out.ctim = nanoseconds(info.st_ctim);
  return out;
}

Errno times_of(u32 set, u64 atim, u64 mtim, timespec (&times)[2]) {
  constexpr u32 kBothAtim = kSetAtim | kSetAtimNow;
  constexpr u32 kBothMtim = kSetMtim | kSetMtimNow;
  if ((set & ~kSetAll) != 0 || (set & kBothAtim) == kBothAtim || (set & kBothMtim) == kBothMtim) {
    return Errno::kInval;
  }
  times[0] = time_of(set, kSetAtim, kSetAtimNow, atim);
  times[1] = time_of(set, kSetMtim, kSetMtimNow, mtim);
  return Errno::kSuccess;
}

int open_beneath(int dir, const char* path, std::uint64_t flags, mode_t mode) {
  open_how how{};
  how.flags = flags | O_CLOEXEC;
  how.mode = mode;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV;
  // EAGAIN: something was renamed while a ".." was being resolved, so the kernel could not be sure.
  for (int tries = 0;; ++tries) {
    long fd = ::syscall(SYS_openat2, dir, path, &how, sizeof(how));
    if (fd >= 0 || (errno != EAGAIN && errno != EINTR) || tries == 32) return static_cast<int>(fd);
  }
}

Errno take_path(const S& s, Guest g, u32 at, u32 size, std::string& out) {
  std::string_view path;
  if (!g.view(at, size, path)) return Errno::kFault;
  if (size > s.setup.quotas.path_bytes) return Errno::kNametoolong;
  if (path.empty()) return Errno::kNoent;
  if (path.find('\0') != std::string_view::npos) return Errno::kInval;
  if (!is_utf8(path)) return Errno::kIlseq;
  out.assign(path);
  return Errno::kSuccess;
}

Errno need_directory(S& s, u32 fd, std::uint64_t right, std::string_view what,
                     const std::string& path, bool writes, Entry*& entry) {
  entry = s.fds.find(fd);
  if (entry == nullptr) {
    // Programs that connect look for the machine's configuration first (/etc/hosts, resolv.conf,
    // passwd; pgx for a socket in /tmp) and go on without it: no such look is why one fails.
    const bool configuration =
        s.setup.network != nullptr && (path.starts_with("etc/") || what == "path_filestat_get");
    const bool none = s.setup.files == nullptr &&
                      (s.setup.directories == nullptr || s.setup.directories->empty());
    if (none && !configuration) {
      deny(s, fmt::format("{} '{}': no directory is granted", what, shown(path)),
           "grant one: --dir HOST::GUEST, or [grant] dirs in ferry.toml");
    }
    return Errno::kBadf;
  }
  if (!entry->folder() || entry->network_folder()) return Errno::kNotdir;
  if ((entry->base & right) != right) return Errno::kNotcapable;
  if (writes && entry->kind == Entry::Kind::kTreeFolder) {
    deny(s,
         fmt::format("{} '{}': the files that travel with a function are read-only", what,
                     shown(path)),
         "write to a folder that it is granted: --dir HOST::GUEST, or [grant] dirs in ferry.toml");
    return Errno::kRofs;
  }
  if (writes && entry->read_only) {
    const std::string_view grant = grant_name(s, *entry);
    deny(s, fmt::format("{} '{}': '{}' is granted read-only", what, shown(path), grant),
         fmt::format("grant it without ':ro': --dir HOST::{}, or [grant] dirs in ferry.toml",
                     grant));
    return Errno::kRofs;
  }
  return Errno::kSuccess;
}

Errno beneath_error(S& s, int error_number, const Entry& entry, std::string_view what,
                    const std::string& path) {
  if (error_number != EXDEV) return errno_from_host(error_number);
  deny(s,
       fmt::format("{} '{}' leads out of its directory or to another file system, below the "
                   "grant '{}'",
                   what, shown(path), grant_name(s, entry)),
       "grant the directory it leads to as well: --dir HOST::GUEST, or [grant] dirs in ferry.toml");
  return Errno::kPerm;
}

Errno tree_error(S& s, Errno error, const Entry& entry, std::string_view what,
                 const std::string& path) {
  return error == Errno::kXdev ? beneath_error(s, EXDEV, entry, what, path) : error;
}

}  // namespace ferry::wasi
