// fd_readdir. A cookie is how many entries are before the one to begin with. The kernel's own
// places in the listing (d_off) would need no state here, but on some file systems (ext4) they are
// 64-bit hashes, and guests keep cookies in 32 bits: telldir of wasi-libc gives a long.
#include <algorithm>
#include <cerrno>

#include <dirent.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "wasi/host_file.h"
#include "wasi/tree_file.h"

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
// A directory of more entries is not listed: 8 bytes are kept for each.
constexpr std::size_t kMostPlaces = 1u << 20;

// Keeps the place behind the entry of this number, counted from 1.
Errno keep_place(std::vector<std::int64_t>& places, std::uint64_t number, std::int64_t place) {
  if (number < places.size()) {
    places[number] = place;
    return Errno::kSuccess;
  }
  if (places.size() >= kMostPlaces) return Errno::kOverflow;
  places.push_back(place);
  return Errno::kSuccess;
}

// Puts the listing's place behind `cookie` entries; those that were not listed before are passed
// over.
Errno go_to(int listing, std::vector<std::int64_t>& places, u64 cookie, std::uint8_t* room) {
  if (cookie == 0 || places.empty()) places.assign(1, 0);
  while (cookie >= places.size()) {
    if (::lseek(listing, places.back(), SEEK_SET) < 0) return errno_from_host(errno);
    const long bytes = ::syscall(SYS_getdents64, listing, room, kBounceBytes);
    if (bytes < 0) return errno_from_host(errno);
    if (bytes == 0) return Errno::kInval;
    for (long at = 0; at < bytes;) {
      HostDirent host{};
      std::memcpy(&host, room + at, kNameAt);
      at += host.size;
      if (Errno e = keep_place(places, places.size(), host.next); e != Errno::kSuccess) return e;
    }
  }
  return ::lseek(listing, places[cookie], SEEK_SET) < 0 ? errno_from_host(errno) : Errno::kSuccess;
}

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

// The inode behind "..": that of the directory itself, since the real one may lie outside of what
// was granted.
std::uint64_t own_inode(int fd) {
  struct stat info {};
  return ::fstat(fd, &info) == 0 ? info.st_ino : 0;
}

}  // namespace

void put_part(Guest g, u32 buffer, u32 size, u32& used, const void* data, std::size_t length) {
  u32 part = std::min(size - used, static_cast<u32>(length));
  g.put_bytes(buffer + used, data, part);
  used += part;
}

Answer fd_readdir(S& s, G g, u32 fd, u32 buffer, u32 size, u64 cookie, u32 result_at) {
  Entry* entry = s.fds.find(fd);
  if (entry == nullptr) return Errno::kBadf;
  if (!entry->folder() || entry->network_folder()) return Errno::kNotdir;
  if ((entry->base & rights::kFdReaddir) == 0) return Errno::kNotcapable;
  if (!g.has(buffer, size) || !g.has(result_at, 4)) return Errno::kFault;
  if (entry->kind == Entry::Kind::kTreeFolder) {
    return list_tree_folder(s, g, *entry, buffer, size, cookie, result_at);
  }
  int listing = -1;
  if (Errno e = listing_of(*entry, listing); e != Errno::kSuccess) return e;
  std::uint8_t* room = bounce(s);
  if (entry->places == nullptr) entry->places = new std::vector<std::int64_t>;
  std::vector<std::int64_t>& places = *entry->places;
  if (Errno e = go_to(listing, places, cookie, room); e != Errno::kSuccess) return e;

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
      if (Errno e = keep_place(places, ++cookie, host.next); e != Errno::kSuccess) return e;
      GuestDirent out{.next = cookie,
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
