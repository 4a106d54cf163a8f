// Listening sockets. Of TCP, one a worker process, all on the same address (SO_REUSEPORT), all made
// and kept open by the supervisor: so what is queued on the socket of a worker that died is
// answered by its successor. A Unix socket, and one that was inherited, is one socket for all
// workers, each with a descriptor of its own.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/result.h"

namespace ferry::http {

struct Listeners {
  std::vector<Fd> sockets;
  // "127.0.0.1:8080", the port the kernel chose where 0 was asked; "unix:/run/f.sock".
  std::string address;
  // The kernel chose the port, so the address must be printed, quiet or not.
  bool port_chosen = false;
  bool one_socket = false;       // all descriptors are of the same
  bool inherited = false;        // the process that made it keeps using it
  std::uint64_t unix_inode = 0;  // of the name that was made for it
};

// `address` is HOST:PORT, [IPV6]:PORT or :PORT (all of IPv4), where HOST is an address or
// "localhost"; or unix:PATH. kBusy when somebody listens there already: without this check
// SO_REUSEPORT would silently share the port with them. A Unix socket that nobody listens on any
// more is replaced.
Result<Listeners> listen_on(const std::string& address, std::size_t count);

// One socket for `count` workers; `address` is what the kernel says.
Result<Listeners> share(Fd socket, std::size_t count);

// Of a socket, as in Listeners::address.
std::string address_of(int socket);

// How people write it: "http://127.0.0.1:8080" or "unix:/run/f.sock".
std::string url_of(const std::string& address);

// One more socket at an address where this user's own programs listen already, so without that
// check: for a process that takes over from another.
Result<Fd> listen_beside(const std::string& address);

// From here on the kernel answers no new connection on this socket, while those that it has
// answered already stay in its queue to be accepted. Closing a socket instead resets them.
Status refuse_new_connections(int socket);

// That for all of them, before the workers stop: a Unix socket loses its name, and one that was
// inherited is left as it is, since what comes now is for the process that is given it next. Closes
// these descriptors of it.
void stop_listening(Listeners& listeners);

}  // namespace ferry::http
