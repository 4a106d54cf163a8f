// One connection of a verify run, from the upstream's side: bytes, plain at first, and over TLS
// from where either side says so.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/file.h"
#include "net/tls.h"
#include "verify/authority.h"

namespace ferry::verify {

// A TCP socket that listens on loopback, at a port that the system chose.
struct Listener {
  Fd socket;
  std::uint16_t port = 0;
};
// Returns 0, or an errno.
int listen_on_loopback(int backlog, Listener& out);

// Blocking; one thread. shutdown(2) on the socket, from another thread, ends what it waits for.
class Stream {
 public:
  explicit Stream(int socket);  // borrowed
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  // A TLS session from here on, as the server `host` of the authority. False: the client would not.
  bool serve_tls(Authority& authority, const std::string& host);
  // The application protocol (ALPN) that serve_tls() agreed on; may be empty.
  const std::string& protocol() const { return protocol_; }
  // A TLS session from here on, as a client. The error says why there is none.
  Status ask_tls(const net::TrustStore& trusted, const std::string& host,
                 const std::string& protocol);

  bool send(std::string_view bytes);
  // How many bytes came; 0: the end, or a failure.
  std::size_t receive(std::span<char> room);
  // Of the next bytes, without taking them; for plain connections. Waits for the first.
  std::size_t peek(std::span<char> room) const;
  // Whether bytes are here that no poll of the socket reports.
  bool has_pending() const;
  void end();  // its own side
  int socket() const { return socket_; }

 private:
  struct Server;
  struct Transport;

  int socket_;
  std::string protocol_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<Transport> transport_;  // of client_
  std::unique_ptr<net::TlsClient> client_;
};

}  // namespace ferry::verify
