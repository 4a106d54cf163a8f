#include "emulators/wire.h"

#include <cerrno>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/say.h"
#include "base/thread.h"
#include "http/client.h"
#include "http/listener.h"

namespace ferry::platforms {
namespace {

constexpr std::uint64_t kMaxAnswer = 1ull << 30;

// What Go's io.Copy reads at a time.
constexpr std::size_t kChunk = 32u << 10;

void append_chunks(std::string_view body, std::string& out) {
  while (!body.empty()) {
    const std::string_view piece = body.substr(0, kChunk);
    out += fmt::format("{:x}\r\n", piece.size());
    out.append(piece).append("\r\n");
    body.remove_prefix(piece.size());
  }
  out += "0\r\n\r\n";
}

std::string text_of(const WireRequest& request, std::string_view authority,
                    const std::string& base) {
  std::string out = fmt::format("{} {}{} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n",
                                request.method, base, request.path, authority);
  for (const auto& [name, value] : request.fields) {
    out += fmt::format("{}: {}\r\n", name, value);
  }
  if (request.chunked) {
    out += "Transfer-Encoding: chunked\r\n\r\n";
    append_chunks(request.body, out);
    return out;
  }
  out += fmt::format("Content-Length: {}\r\n\r\n", request.body.size());
  return out.append(request.body);
}

Result<Answer> exchange_on(int socket, std::string_view text) {
  FERRY_TRY(auto response, http::exchange(socket, text, kMaxAnswer));
  return Answer{response.status, std::move(response.fields), std::move(response.body)};
}

class Loopback final : public Wire {
 public:
  static Result<std::unique_ptr<Wire>> start(http::Service& adapter, http::ServerOptions options) {
    auto made = std::unique_ptr<Loopback>(new Loopback);
    FERRY_TRY(auto listeners, http::listen_on("127.0.0.1:0", 1));
    made->address_ = listeners.address;
    FERRY_TRY(made->server_, http::Server::make(std::move(options), adapter));
    FERRY_CHECK_OK(made->server_->listen(std::move(listeners.sockets.front())));
    FERRY_TRY(made->thread_, start_thread([server = made->server_.get()] {
                if (const Status served = server->run(); !served.ok())
                  say("{}\n", served.error().text());
              }));
    return std::unique_ptr<Wire>(std::move(made));
  }
  ~Loopback() override {
    if (thread_.joinable()) {
      server_->drain();
      thread_.join();
    }
  }
  Loopback(const Loopback&) = delete;
  Loopback& operator=(const Loopback&) = delete;

  Result<Answer> exchange(const WireRequest& request) override {
    FERRY_TRY(const Fd socket, connect());
    return exchange_on(socket.get(), text_of(request, address_, ""));
  }

 private:
  Loopback() = default;

  Result<Fd> connect() const {
    Fd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port =
        htons(static_cast<std::uint16_t>(std::stoul(address_.substr(address_.rfind(':') + 1))));
    if (!fd.valid() || ::connect(fd.get(), reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) {
      return errno_error("connect to " + address_, errno);
    }
    return fd;
  }

  std::string address_;
  std::unique_ptr<http::Server> server_;
  std::thread thread_;
};

class Remote final : public Wire {
 public:
  explicit Remote(RemoteWire remote) : remote_(std::move(remote)) {}
  Result<Answer> exchange(const WireRequest& request) override {
    FERRY_TRY(const Fd socket, remote_.connect());
    WireRequest whole = request;
    whole.fields.insert(whole.fields.end(), remote_.fields.begin(), remote_.fields.end());
    return exchange_on(socket.get(), text_of(whole, remote_.authority, remote_.base));
  }

 private:
  RemoteWire remote_;
};

}  // namespace

std::string_view Answer::field(std::string_view name) const {
  for (const auto& [each, value] : fields) {
    if (each == name) {
      return value;
    }
  }
  return {};
}

Result<std::unique_ptr<Wire>> make_loopback(http::Service& adapter, http::ServerOptions options) {
  return Loopback::start(adapter, std::move(options));
}

std::unique_ptr<Wire> make_remote_wire(RemoteWire remote) {
  return std::make_unique<Remote>(std::move(remote));
}

}  // namespace ferry::platforms
