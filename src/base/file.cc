#include "base/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdlib.h>  // mkostemp
#include <sys/stat.h>
#include <unistd.h>

namespace ferry {

Fd& Fd::operator=(Fd&& other) noexcept {
  if (this != &other) {
    reset();
    fd_ = other.release();
  }
  return *this;
}

int Fd::release() {
  int fd = fd_;
  fd_ = -1;
  return fd;
}

void Fd::reset() {
  if (fd_ >= 0) {
    ::close(fd_);
  }
  fd_ = -1;
}

Result<Bytes> read_all(int fd, std::uint64_t limit, std::string_view name) {
  Bytes out;
  struct stat info {};
  if (::fstat(fd, &info) == 0 && S_ISREG(info.st_mode)) {
    if (static_cast<std::uint64_t>(info.st_size) > limit) {
      return Error{Code::kLimit,
                   fmt::format("{} has {} bytes, the limit is {}", name, info.st_size, limit), ""};
    }
    out.reserve(static_cast<std::size_t>(info.st_size) + 1);
  }
  std::size_t used = 0;
  for (;;) {
    // Of a file whose size is known one byte of room is left, to see its end without growing.
    std::size_t room = out.capacity() > used ? out.capacity() - used : 65536;
    out.resize(used + room);
    ssize_t n = ::read(fd, out.data() + used, room);
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n < 0) {
      return errno_error(fmt::format("read {}", name), errno);
    }
    used += static_cast<std::size_t>(n);
    if (used > limit) {
      return Error{Code::kLimit, fmt::format("{} has more than {} bytes", name, limit), ""};
    }
    if (n == 0) {
      out.resize(used);
      return out;
    }
  }
}

Result<Bytes> read_file(const std::string& path, std::uint64_t limit) {
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) {
    return errno_error(fmt::format("open {}", path), errno);
  }
  return read_all(fd.get(), limit, path);
}

Status write_all(int fd, ByteView bytes, std::string_view name) {
  while (!bytes.empty()) {
    ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n < 0) {
      return errno_error(fmt::format("write {}", name), errno);
    }
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return Done{};
}

namespace {

// A file without a name in the folder of `path`: it disappears if this process is killed.
// Invalid where the file system has none (O_TMPFILE), or there is no /proc to name it by.
Fd nameless_file(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  Fd fd(::open(folder.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600));
  return fd.valid() && ::access(fmt::format("/proc/self/fd/{}", fd.get()).c_str(), F_OK) == 0
             ? std::move(fd)
             : Fd();
}

Status write_whole(int fd, ByteView bytes, const std::string& path, unsigned mode) {
  FERRY_CHECK_OK(write_all(fd, bytes, path));
  if (::fchmod(fd, mode) != 0 || ::fsync(fd) != 0) {
    return errno_error(fmt::format("write {}", path), errno);
  }
  return Done{};
}

}  // namespace

Status write_file_atomically(const std::string& path, ByteView bytes, unsigned mode) {
  std::string temporary = path + ".tmp-XXXXXX";
  Fd fd = nameless_file(path);
  bool named = !fd.valid();
  if (named) {
    fd = Fd(::mkostemp(temporary.data(), O_CLOEXEC));
    if (!fd.valid()) {
      return errno_error(fmt::format("create {}", temporary), errno);
    }
  }
  Status written = write_whole(fd.get(), bytes, path, mode);
  if (written.ok() && !named) {
    // A link replaces nothing: where there is a file already, it takes a name for a moment.
    const std::string self = fmt::format("/proc/self/fd/{}", fd.get());
    if (::linkat(AT_FDCWD, self.c_str(), AT_FDCWD, path.c_str(), AT_SYMLINK_FOLLOW) == 0) {
      return Done{};
    }
    temporary = fmt::format("{}.tmp-{}.{}", path, ::getpid(), fd.get());
    ::unlink(temporary.c_str());  // a killed process may have had our number
    if (::linkat(AT_FDCWD, self.c_str(), AT_FDCWD, temporary.c_str(), AT_SYMLINK_FOLLOW) != 0) {
      return errno_error(fmt::format("write {}", path), errno);
    }
    named = true;
  }
  if (written.ok() && ::rename(temporary.c_str(), path.c_str()) != 0) {
    written = errno_error(fmt::format("write {}", path), errno);
  }
  if (!written.ok() && named) {
    ::unlink(temporary.c_str());
  }
  return written;
}

Status make_directories(const std::string& path, unsigned mode) {
  for (std::size_t at = path.find('/', 1);; at = path.find('/', at + 1)) {
    std::string part = path.substr(0, at);
    if (::mkdir(part.c_str(), mode) != 0 && errno != EEXIST) {
      return errno_error(fmt::format("create folder {}", part), errno);
    }
    if (at == std::string::npos) {
      break;
    }
  }
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0 || !S_ISDIR(info.st_mode)) {
    return Error{Code::kIo, fmt::format("{} is not a folder", path), ""};
  }
  return Done{};
}

}  // namespace ferry
