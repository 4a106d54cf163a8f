// fd_readdir. Cookies are the kernel's own places in the listing (d_off), so that no state is kept
// between calls and a guest may go back to any entry it has seen.
#include <algorithm>
#include <cerrno>

#include <dirent.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "wasi/host_file.h"

namespace ferry::wasi {
namespace {

// linux_dirent64 up to the name, as getdents64 writes it.
struct HostDirent {
  std::uint64_t ino;
  std::int64_t next;
  std::uint16_t size;
  std::uint8_t type;
};
constexpr std::size_t kNameAt = 19;

// The open file to list: its own, or for a preopen one that no other context shares.
Errno listing_of(Entry& entry, int& fd) {
  if (!entry.preopen) {
    fd = entry.host;
    return Errno::kSuccess;
  }
  if (entry.listing < 0) entry.listing = open_beneath(entry.host, ".", O_RDONLY | O_DIRECTORY);
  fd = entry.listing;
  return fd >= 0 ? Errno::kSuccess : errno_from_host(errno);
}

Filetype filetype_of_dirent(std::uint8_t type) { return filetype_of(DTTOIF(type)); }

// Copies what fits of one entry into the guest's buffer.
void put_part(Guest g, u32 buffer, u32 size, u32& used, const void* data, std::size_t length) {
  u32 part = std::min(size - used, static_cast<u32>(length));
  g.put_bytes(buffer + used, data, part);
  used += part;
}

// The inode behind "..": that of the directory itself, since the real one may lie outside of what
// was granted.
std::uint64_t own_inode(int fd) {
  struct stat info {};
  return ::fstat(fd, &info) == 0 ? info.st_ino : 0;
}

}  // namespace

Answer fd_readdir(S& s, G g, u32 fd, u32 buffer, u32 size, u64 cookie, u32 result_at) {
  Entry* entry = s.fds.find(fd);
  if (entry == nullptr) return Errno::kBadf;
  if (entry->kind != Entry::Kind::kDirectory) return Errno::kNotdir;
  if ((entry->base & rights::kFdReaddir) == 0) return Errno::kNotcapable;
  if (!g.has(buffer, size) || !g.has(result_at, 4)) return Errno::kFault;
  int listing = -1;
  if (Errno e = listing_of(*entry, listing); e != Errno::kSuccess) return e;
  if (::lseek(listing, static_cast<off_t>(cookie), SEEK_SET) < 0) return errno_from_host(errno);

  std::uint8_t* room = bounce(s);
  u32 used = 0;
  while (used < size) {
    long bytes = ::syscall(SYS_getdents64, listing, room, kBounceBytes);
    if (bytes < 0) return errno_from_host(errno);
    if (bytes == 0) break;
    for (long at = 0; at < bytes && used < size;) {
      HostDirent host{};
      std::memcpy(&host, room + at, kNameAt);
      const char* name = reinterpret_cast<const char*>(room + at + kNameAt);
      std::size_t length = ::strnlen(name, host.size - kNameAt);
      std::string_view text(name, length);
      GuestDirent out{.next = static_cast<std::uint64_t>(host.next),
                      .ino = text == ".." ? own_inode(listing) : host.ino,
                      .name_size = static_cast<u32>(length),
                      .filetype = static_cast<std::uint8_t>(filetype_of_dirent(host.type))};
      at += host.size;
      put_part(g, buffer, size, used, &out, sizeof(out));
      put_part(g, buffer, size, used, name, length);
    }
  }
  g.put(result_at, used);
  return Errno::kSuccess;
}

}  // namespace ferry::wasi
