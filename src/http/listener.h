// Listening sockets. One a worker process, all on the same address (SO_REUSEPORT), all made and
// kept open by the supervisor: so what is queued on the socket of a worker that died is answered
// by its successor.
#pragma once

#include <string>
#include <vector>

#include "base/file.h"
#include "base/result.h"

namespace ferry::http {

struct Listeners {
  std::vector<Fd> sockets;
  std::string address;  // "127.0.0.1:8080", the port the kernel chose where 0 was asked
  // The kernel chose the port, so nobody knows the address until it is told, quiet or not.
  bool port_chosen = false;
};

// `address` is HOST:PORT, [IPV6]:PORT or :PORT (all of IPv4); HOST is an address or "localhost".
// kBusy when somebody listens there already: without this check SO_REUSEPORT would share the port
// with them in silence.
Result<Listeners> listen_on(const std::string& address, std::size_t count);

// From here on the kernel answers no new connection on this socket, while those that it has
// answered already stay in its queue to be accepted. Closing a socket instead resets them.
Status refuse_new_connections(int socket);

}  // namespace ferry::http
