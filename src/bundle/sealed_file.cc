#include "bundle/sealed_file.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace ferry::bundle {

Result<Fd> memory_file() {
  // Not executable as a program: some systems allow no other (vm.memfd_noexec), and kernels before
  // 6.3 do not know the flag. To map it for execution is possible with both.
  constexpr unsigned kNoExecSeal = 8;  // MFD_NOEXEC_SEAL
  Fd fd(memfd_create("ferry-bundle", MFD_CLOEXEC | MFD_ALLOW_SEALING | kNoExecSeal));
  if (!fd.valid()) fd = Fd(memfd_create("ferry-bundle", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd.valid()) return errno_error("keep a bundle in memory", errno);
  return fd;
}

Status copy_part(int from, int to, std::uint64_t offset, std::uint64_t size,
                 const std::string& name) {
  std::array<std::uint8_t, 64u << 10> part;  // stays in the CPU's cache between read and write
  while (size != 0) {
    const std::uint64_t now = std::min<std::uint64_t>(size, part.size());
    const ssize_t n = pread(from, part.data(), now, static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno_error("read " + name, errno);
    if (n == 0) return Error{Code::kInvalid, name + ": not a bundle, or cut off", ""};
    for (ssize_t written = 0; written < n;) {
      const ssize_t more = pwrite(to, part.data() + written, static_cast<std::size_t>(n - written),
                                  static_cast<off_t>(offset) + written);
      if (more < 0 && errno == EINTR) continue;
      if (more <= 0) return errno_error("keep a bundle in memory", more < 0 ? errno : ENOSPC);
      written += more;
    }
    offset += static_cast<std::uint64_t>(n);
    size -= static_cast<std::uint64_t>(n);
  }
  return Done{};
}

Status seal(int fd) {
  if (fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
    return errno_error("seal a bundle in memory", errno);
  }
  return Done{};
}

bool read_part(int fd, std::uint64_t offset, std::uint8_t* to, std::uint64_t size) {
  while (size != 0) {
    const ssize_t n = pread(fd, to, size, static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    to += n;
    offset += static_cast<std::uint64_t>(n);
    size -= static_cast<std::uint64_t>(n);
  }
  return true;
}

}  // namespace ferry::bundle
