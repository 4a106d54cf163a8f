#include "verify/stream.h"

#include <array>
#include <cerrno>

#include <mbedtls/net_sockets.h>
#include <mbedtls/ssl.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "verify/identity.h"

namespace ferry::verify {
namespace {

ssize_t send_some(int socket, const void* bytes, std::size_t size) {
  while (true) {
    const ssize_t sent = ::send(socket, bytes, size, MSG_NOSIGNAL);
    if (sent >= 0 || errno != EINTR) return sent;
  }
}

ssize_t receive_some(int socket, void* room, std::size_t size, int flags = 0) {
  while (true) {
    const ssize_t got = ::recv(socket, room, size, flags);
    if (got >= 0 || errno != EINTR) return got;
  }
}

int send_of_server(void* user, const unsigned char* bytes, std::size_t size) {
  const ssize_t sent = send_some(*static_cast<const int*>(user), bytes, size);
  return sent < 0 ? MBEDTLS_ERR_NET_SEND_FAILED : static_cast<int>(sent);
}

int receive_of_server(void* user, unsigned char* room, std::size_t size) {
  const ssize_t got = receive_some(*static_cast<const int*>(user), room, size);
  return got < 0 ? MBEDTLS_ERR_NET_RECV_FAILED : static_cast<int>(got);
}

}  // namespace

int listen_on_loopback(int backlog, Listener& out) {
  out.socket = Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  auto* generic = reinterpret_cast<sockaddr*>(&at);
  const int socket = out.socket.get();
  if (socket < 0 || ::bind(socket, generic, size) != 0 || ::listen(socket, backlog) != 0 ||
      ::getsockname(socket, generic, &size) != 0) {
    return errno;
  }
  out.port = ntohs(at.sin_port);
  return 0;
}

struct Stream::Server {
  Server() {
    mbedtls_ssl_config_init(&config);
    mbedtls_ssl_init(&session);
  }
  ~Server() {
    mbedtls_ssl_free(&session);
    mbedtls_ssl_config_free(&config);
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  std::unique_ptr<Authority::Identity> identity;
  mbedtls_ssl_config config{};
  mbedtls_ssl_context session{};
  // No HTTP/2: cases have bytes and HTTP/1.1. PostgreSQL's clients offer their own name.
  std::array<const char*, 3> protocols{"http/1.1", "postgresql", nullptr};
};

struct Stream::Transport final : net::TlsTransport {
  explicit Transport(int the_socket) : socket(the_socket) {}
  int send(std::span<const std::uint8_t> bytes) override {
    const ssize_t sent = send_some(socket, bytes.data(), bytes.size());
    return sent < 0 ? kFailed : static_cast<int>(sent);
  }
  int receive(std::span<std::uint8_t> room) override {
    const ssize_t got = receive_some(socket, room.data(), room.size());
    return got < 0 ? kFailed : static_cast<int>(got);
  }
  int socket;
};

Stream::Stream(int socket) : socket_(socket) {}

Stream::~Stream() = default;

bool Stream::serve_tls(Authority& authority, const std::string& host) {
  auto server = std::make_unique<Server>();
  server->identity = authority.identity_of(host);
  int code = mbedtls_ssl_config_defaults(&server->config, MBEDTLS_SSL_IS_SERVER,
                                         MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT);
  mbedtls_ssl_conf_min_version(&server->config, MBEDTLS_SSL_MAJOR_VERSION_3,
                               MBEDTLS_SSL_MINOR_VERSION_3);
  mbedtls_ssl_conf_rng(&server->config, draw_for_tls, nullptr);
  if (code == 0) {
    code = mbedtls_ssl_conf_own_cert(&server->config, &server->identity->certificate,
                                     &server->identity->key);
  }
  if (code == 0) {
    code = mbedtls_ssl_conf_alpn_protocols(&server->config, server->protocols.data());
  }
  if (code == 0) code = mbedtls_ssl_setup(&server->session, &server->config);
  if (code != 0) return false;
  mbedtls_ssl_set_bio(&server->session, &socket_, send_of_server, receive_of_server, nullptr);
  if (mbedtls_ssl_handshake(&server->session) != 0) return false;
  if (const char* agreed = mbedtls_ssl_get_alpn_protocol(&server->session)) protocol_ = agreed;
  server_ = std::move(server);
  return true;
}

Status Stream::ask_tls(const net::TrustStore& trusted, const std::string& host,
                       const std::string& protocol) {
  transport_ = std::make_unique<Transport>(socket_);
  FERRY_TRY(auto client, net::TlsClient::make(trusted, host, *transport_, protocol));
  if (client->handshake() != net::TlsState::kDone) {
    return Error{Code::kDenied, client->error(), ""};
  }
  client_ = std::move(client);
  return Done{};
}

bool Stream::send(std::string_view bytes) {
  while (!bytes.empty()) {
    std::size_t done = 0;
    if (server_ != nullptr) {
      const int sent = mbedtls_ssl_write(
          &server_->session, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
      if (sent <= 0) return false;
      done = static_cast<std::size_t>(sent);
    } else if (client_ != nullptr) {
      if (client_->write(as_bytes(bytes), done) != net::TlsState::kDone) return false;
    } else {
      const ssize_t sent = send_some(socket_, bytes.data(), bytes.size());
      if (sent < 0) return false;
      done = static_cast<std::size_t>(sent);
    }
    bytes.remove_prefix(done);
  }
  return true;
}

std::size_t Stream::receive(std::span<char> room) {
  auto* at = reinterpret_cast<unsigned char*>(room.data());
  if (server_ != nullptr) {
    const int got = mbedtls_ssl_read(&server_->session, at, room.size());
    return got > 0 ? static_cast<std::size_t>(got) : 0;
  }
  if (client_ != nullptr) {
    std::size_t done = 0;
    return client_->read({at, room.size()}, done) == net::TlsState::kDone ? done : 0;
  }
  const ssize_t got = receive_some(socket_, room.data(), room.size());
  return got > 0 ? static_cast<std::size_t>(got) : 0;
}

std::size_t Stream::peek(std::span<char> room) const {
  const ssize_t got = receive_some(socket_, room.data(), room.size(), MSG_PEEK);
  return got > 0 ? static_cast<std::size_t>(got) : 0;
}

bool Stream::has_pending() const {
  if (server_ != nullptr) return mbedtls_ssl_get_bytes_avail(&server_->session) > 0;
  return client_ != nullptr && client_->has_pending();
}

void Stream::end() {
  if (server_ != nullptr) mbedtls_ssl_close_notify(&server_->session);
  if (client_ != nullptr) client_->close();
  ::shutdown(socket_, SHUT_WR);
}

}  // namespace ferry::verify
