#include "platforms/lambda/runtime_api.h"

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/file.h"
#include "http/head.h"

namespace ferry::platforms::lambda {
namespace {

constexpr std::string_view kBase = "/2018-06-01";
// A payload has at most 6 MB; as JSON strings in an envelope it may come out larger.
constexpr std::uint64_t kMaxAnswer = 64u << 20;

Result<Fd> connect_to(const std::string& host, unsigned short port) {
  sockaddr_storage storage{};
  socklen_t size = 0;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&storage);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&storage);
  if (inet_pton(AF_INET, host.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    size = sizeof *v4;
  } else if (inet_pton(AF_INET6, host.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    size = sizeof *v6;
  } else {
    return Error{Code::kUsage, fmt::format("'{}' is no address", host), ""};
  }
  Fd fd(socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd.valid()) {
    return errno_error("open a socket", errno);
  }
  int on = 1;
  setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  while (connect(fd.get(), reinterpret_cast<sockaddr*>(&storage), size) != 0) {
    if (errno != EINTR) {
      return errno_error(fmt::format("connect to {}:{}", host, port), errno);
    }
  }
  return fd;
}

// Until the socket has something to say (true) or we are told to stop (false).
Result<bool> wait_readable(int socket, int stop_fd) {
  std::array<pollfd, 2> fds{{{socket, POLLIN, 0}, {stop_fd, POLLIN, 0}}};
  while (poll(fds.data(), stop_fd < 0 ? 1 : 2, -1) < 0) {
    if (errno != EINTR) {
      return errno_error("wait for the Runtime API", errno);
    }
  }
  // Work that was handed over is done, even when the order to stop came with it.
  return fds[0].revents != 0;
}

Status send_request(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t sent = send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) {
      continue;
    }
    if (sent < 0 && (errno == EPIPE || errno == ECONNRESET)) {
      return Done{};  // it answers before it has read all (413): the answer says why
    }
    if (sent < 0) {
      return errno_error("send to the Runtime API", errno);
    }
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return Done{};
}

}  // namespace

Result<RuntimeApi> RuntimeApi::at(const std::string& address, int stop_fd) {
  Error bad{Code::kUsage, fmt::format("'{}' is no address of a Runtime API", address),
            "AWS_LAMBDA_RUNTIME_API is HOST:PORT, for example 127.0.0.1:9001"};
  std::size_t colon = address.rfind(':');
  if (colon == std::string::npos) {
    return bad;
  }
  unsigned short port = 0;
  auto end = std::from_chars(address.data() + colon + 1, address.data() + address.size(), port);
  if (end.ec != std::errc() || end.ptr != address.data() + address.size() || port == 0) {
    return bad;
  }
  std::string host = address.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  if (host == "localhost") {
    host = "127.0.0.1";
  }
  std::array<unsigned char, sizeof(in6_addr)> parsed{};
  if (inet_pton(AF_INET, host.c_str(), parsed.data()) != 1 &&
      inet_pton(AF_INET6, host.c_str(), parsed.data()) != 1) {
    return bad;
  }
  return RuntimeApi(address, host, port, stop_fd);
}

Result<std::optional<http::ClientResponse>> RuntimeApi::call(std::string_view method,
                                                             std::string_view path,
                                                             std::string_view fields,
                                                             std::string_view body,
                                                             bool may_stop) const {
  FERRY_TRY(Fd socket, connect_to(host_, port_));
  std::string head = fmt::format("{} {}{} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{}", method,
                                 kBase, path, address_, fields);
  if (method == "POST") {
    head += fmt::format("Content-Type: application/json\r\nContent-Length: {}\r\n", body.size());
  }
  head += "\r\n";
  FERRY_CHECK_OK(send_request(socket.get(), head));
  FERRY_CHECK_OK(send_request(socket.get(), body));
  FERRY_TRY(bool readable, wait_readable(socket.get(), may_stop ? stop_fd_ : -1));
  if (!readable) {
    return std::optional<http::ClientResponse>();
  }
  FERRY_TRY(Bytes bytes, read_all(socket.get(), kMaxAnswer, "the Runtime API's answer"));
  FERRY_TRY(auto response, http::parse_response(as_text(bytes), kMaxAnswer));
  return std::optional(std::move(response));
}

Result<std::optional<http::ClientResponse>> RuntimeApi::next() const {
  FERRY_TRY(auto response, call("GET", "/runtime/invocation/next", "", "", true));
  if (response && response->status != 200) {
    return Error{Code::kIo,
                 fmt::format("the Runtime API answered /next with {}: {}", response->status,
                             response->body.substr(0, 200)),
                 ""};
  }
  return response;
}

Result<int> RuntimeApi::post(std::string_view path, std::string_view fields,
                             std::string_view body) const {
  FERRY_TRY(auto response, call("POST", path, fields, body, false));
  return response ? response->status : 0;
}

Result<int> RuntimeApi::respond(std::string_view request_id, std::string_view body) const {
  return post(fmt::format("/runtime/invocation/{}/response", request_id), "", body);
}

Result<int> RuntimeApi::fail(std::string_view request_id, std::string_view type,
                             std::string_view body) const {
  return post(fmt::format("/runtime/invocation/{}/error", request_id),
              fmt::format("Lambda-Runtime-Function-Error-Type: {}\r\n", type), body);
}

Result<int> RuntimeApi::fail_init(std::string_view type, std::string_view body) const {
  return post("/runtime/init/error",
              fmt::format("Lambda-Runtime-Function-Error-Type: {}\r\n", type), body);
}

}  // namespace ferry::platforms::lambda
