#include "http/inherited.h"

#include <cerrno>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/process_env.h"

namespace ferry::http {
namespace {

constexpr int kFirst = 3;  // SD_LISTEN_FDS_START
constexpr std::uint64_t kMost = 64;
constexpr char kAdmin[] = "admin";

Status check(int fd) {
  int listens = 0;
  int type = 0;
  socklen_t size = sizeof listens;
  const bool stream = getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_STREAM;
  size = sizeof listens;
  if (!stream || getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0 || listens == 0) {
    return Error{Code::kUsage,
                 fmt::format("descriptor {} of $LISTEN_FDS is not a listening stream socket", fd),
                 "ListenStream= without Accept=yes makes one"};
  }
  return Done{};
}

}  // namespace

Result<Inherited> take_inherited() {
  const auto pid = take_number("LISTEN_PID");
  const auto count = take_number("LISTEN_FDS");
  std::string names = take_variable("LISTEN_FDNAMES");
  Inherited out;
  if (!pid || *pid != static_cast<std::uint64_t>(::getpid()) || !count || *count < 1 ||
      *count > kMost) {
    return out;
  }
  for (int fd = kFirst; fd < kFirst + static_cast<int>(*count); ++fd) {
    FERRY_CHECK_OK(check(fd));
    const std::size_t colon = names.find(':');
    const std::string name = names.substr(0, colon);
    names.erase(0, colon == std::string::npos ? names.size() : colon + 1);
    std::optional<Fd>& place = name == kAdmin ? out.admin : out.listener;
    if (place) {
      return Error{Code::kUsage, "more than one socket was handed over in $LISTEN_FDS",
                   fmt::format("one is served on, and one named {} (FileDescriptorName={}) for "
                               "/readyz and /metrics",
                               kAdmin, kAdmin)};
    }
    const int flags = ::fcntl(fd, F_GETFL);
    if (::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 || flags < 0 ||
        ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0) {
      return errno_error(fmt::format("descriptor {} of $LISTEN_FDS", fd), errno);
    }
    place.emplace(fd);
  }
  return out;
}

}  // namespace ferry::http
