#include "base/message.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <string>

#include <fmt/format.h>
#include <sys/socket.h>

namespace ferry {
namespace {

// Room for the one descriptor that travels with a message.
union Control {
  cmsghdr header;
  std::array<char, CMSG_SPACE(sizeof(int))> bytes;
};

// The descriptor that came with a message. More than one cannot: there is no room for it.
Fd descriptor_of(msghdr& message) {
  Fd out;
  for (cmsghdr* each = CMSG_FIRSTHDR(&message); each != nullptr;
       each = CMSG_NXTHDR(&message, each)) {
    if (each->cmsg_level == SOL_SOCKET && each->cmsg_type == SCM_RIGHTS) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(each), sizeof fd);
      out = Fd(fd);
    }
  }
  return out;
}

}  // namespace

Result<MessagePipe> make_message_pipe() {
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return errno_error("make a socket pair", errno);
  }
  return MessagePipe{Fd(ends[0]), Fd(ends[1])};
}

Status send_message(int socket, ByteView bytes, int file, WhenFull when_full,
                    std::string_view what) {
  iovec part{const_cast<std::uint8_t*>(bytes.data()), bytes.size()};  // it is only read
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  Control control{};
  if (file >= 0) {
    message.msg_control = control.bytes.data();
    message.msg_controllen = control.bytes.size();
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(header), &file, sizeof file);
  }
  const int flags = MSG_NOSIGNAL | (when_full == WhenFull::kBusy ? MSG_DONTWAIT : 0);
  while (sendmsg(socket, &message, flags) < 0) {
    if (errno == EAGAIN) {
      return Error{Code::kBusy, fmt::format("too many {}s wait to be taken", what), ""};
    }
    if (errno != EINTR) return errno_error(fmt::format("pass on a {}", what), errno);
  }
  return Done{};
}

Result<std::optional<Message>> receive_message(int socket, std::size_t most,
                                               std::string_view what) {
  Message out;
  out.bytes.resize(most);
  iovec part{out.bytes.data(), out.bytes.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  Control control{};
  message.msg_control = control.bytes.data();
  message.msg_controllen = control.bytes.size();
  ssize_t got = 0;
  while ((got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR) {
  }
  if (got < 0 && errno == EAGAIN) return std::optional<Message>();
  if (got < 0) return errno_error(fmt::format("receive a {}", what), errno);
  out.file = descriptor_of(message);
  if (got == 0) return std::optional<Message>();
  if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) {
    return Error{Code::kInvalid, fmt::format("not a {}", what), ""};
  }
  out.bytes.resize(static_cast<std::size_t>(got));
  return std::optional(std::move(out));
}

}  // namespace ferry
