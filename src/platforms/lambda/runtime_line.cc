#include "platforms/lambda/runtime_line.h"

#include <array>
#include <cerrno>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

namespace ferry::platforms::lambda {
namespace {

// A payload has at most 6 MB; as JSON strings in an envelope it may come out larger.
constexpr std::uint64_t kMaxDelivery = 64u << 20;
constexpr std::size_t kChunk = 16u << 10;

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
    return Error{Code::kUsage, fmt::format("'{}' is not an address", host), ""};
  }
  Fd fd(socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd.valid()) {
    return errno_error("open a socket", errno);
  }
  int on = 1;
  setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  while (::connect(fd.get(), reinterpret_cast<sockaddr*>(&storage), size) != 0) {
    if (errno != EINTR) {
      return errno_error(fmt::format("connect to {}:{}", host, port), errno);
    }
  }
  return fd;
}

// How long an answer is waited for once we are to stop: what is posted then is mostly done
// with.
constexpr int kAfterStopMs = 2000;

// Until the socket is readable or writable (true) or we are to stop (false), at once or, where an
// answer is due, after kAfterStopMs.
Result<bool> wait_readable(int socket, int stop_fd, bool at_once) {
  std::array<pollfd, 2> fds{{{socket, POLLIN, 0}, {stop_fd, POLLIN, 0}}};
  const auto wait = [&](nfds_t count, int timeout_ms) -> Status {
    while (poll(fds.data(), count, timeout_ms) < 0) {
      if (errno != EINTR) {
        return errno_error("wait for the Runtime API", errno);
      }
    }
    return Done{};
  };
  FERRY_CHECK_OK(wait(stop_fd < 0 ? 1 : 2, -1));
  // Work that was handed over is done, even when the order to stop came with it.
  if (fds[0].revents == 0 && !at_once) {
    FERRY_CHECK_OK(wait(1, kAfterStopMs));
  }
  return fds[0].revents != 0;
}

}  // namespace

Status RuntimeLine::connect() {
  FERRY_TRY(socket_, connect_to(host_, port_));
  return Done{};
}

Status RuntimeLine::send(std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
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

Result<std::optional<http::ClientResponse>> RuntimeLine::receive(bool may_stop, bool& gone) {
  FERRY_TRY(const bool readable, wait_readable(socket_.get(), stop_fd_, may_stop));
  if (!readable) {
    socket_ = Fd();  // what it would still answer belongs to nobody
    return std::optional<http::ClientResponse>();
  }
  http::ResponseReader reader(kMaxDelivery);
  std::array<char, 64u << 10> buffer;  // NOLINT(*-member-init): read() fills it
  for (bool whole = false; !whole;) {
    const ssize_t got = read(socket_.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got <= 0) {
      const int problem = got < 0 ? errno : ECONNRESET;
      socket_ = Fd();
      if (!reader.begun()) {
        gone = true;
        return errno_error("read the Runtime API's answer", problem);
      }
      FERRY_CHECK_OK(reader.end());
      break;
    }
    FERRY_TRY(whole, reader.feed({buffer.data(), static_cast<std::size_t>(got)}));
  }
  if (!reader.keeps_alive()) {
    socket_ = Fd();
  }
  return std::optional(reader.take());
}

Result<std::optional<http::ClientResponse>> RuntimeLine::call(std::string_view head,
                                                              std::string_view body,
                                                              bool may_stop) {
  for (;;) {
    const bool kept = socket_.valid();
    if (!kept) {
      FERRY_CHECK_OK(connect());
    }
    bool gone = false;
    Status sent = send(head);
    if (sent.ok()) {
      sent = send(body);
    }
    if (sent.ok()) {
      auto answer = receive(may_stop, gone);
      if (answer.ok() || !gone || !kept) {
        return answer;
      }
    } else if (!kept) {
      return std::move(sent).error();
    }
    // It had been closed while nothing was said (RFC 9112, 9.3.1).
    socket_ = Fd();
  }
}

// Waits until more can be sent. True: it answers before it has all, which is a no.
Result<bool> RuntimeLine::answered_already() const {
  pollfd ready{socket_.get(), POLLIN | POLLOUT, 0};
  while (poll(&ready, 1, -1) < 0) {
    if (errno != EINTR) {
      return errno_error("wait for the Runtime API", errno);
    }
  }
  return (ready.revents & (POLLIN | POLLHUP | POLLERR)) != 0;
}

Status RuntimeLine::send_chunks(const Streamed& streamed) {
  std::string_view rest = streamed.body;
  while (!rest.empty()) {
    FERRY_TRY(const bool answered, answered_already());
    if (answered) {
      return Done{};
    }
    if (streamed.deadline && system_clock().monotonic() >= *streamed.deadline) {
      FERRY_CHECK_OK(send("0\r\n"));
      FERRY_CHECK_OK(send(streamed.trailers));
      return send("\r\n");
    }
    std::string_view piece = rest.substr(0, kChunk);
    FERRY_CHECK_OK(send(fmt::format("{:x}\r\n", piece.size())));
    FERRY_CHECK_OK(send(piece));
    FERRY_CHECK_OK(send("\r\n"));
    rest.remove_prefix(piece.size());
  }
  return send("0\r\n\r\n");
}

Result<http::ClientResponse> RuntimeLine::stream(std::string_view head, const Streamed& streamed) {
  // A connection of its own: a kept one might be closed by now, and this is not sent twice.
  FERRY_CHECK_OK(connect());
  FERRY_CHECK_OK(send(head));
  FERRY_CHECK_OK(send_chunks(streamed));
  bool gone = false;
  FERRY_TRY(auto answer, receive(false, gone));
  if (!answer) {
    return Error{Code::kIo, "the Runtime API did not answer before the end", ""};
  }
  return std::move(*answer);
}

}  // namespace ferry::platforms::lambda
