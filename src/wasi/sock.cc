// sock_*: preview 1 has no call that opens a socket, and none is ever handed to a guest, so each
// descriptor is either not open or no socket.
#include "wasi/functions.h"

namespace ferry::wasi {
namespace {

Answer no_socket(S& s, u32 fd) {
  return s.fds.find(fd) == nullptr ? Errno::kBadf : Errno::kNotsock;
}

}  // namespace

Answer sock_accept(S& s, G /*g*/, u32 fd, u32 /*flags*/, u32 /*result_at*/) {
  return no_socket(s, fd);
}

Answer sock_recv(S& s, G /*g*/, u32 fd, u32 /*iovs*/, u32 /*count*/, u32 /*flags*/, u32 /*size_at*/,
                 u32 /*flags_at*/) {
  return no_socket(s, fd);
}

Answer sock_send(S& s, G /*g*/, u32 fd, u32 /*iovs*/, u32 /*count*/, u32 /*flags*/,
                 u32 /*size_at*/) {
  return no_socket(s, fd);
}

Answer sock_shutdown(S& s, G /*g*/, u32 fd, u32 /*how*/) { return no_socket(s, fd); }

}  // namespace ferry::wasi
