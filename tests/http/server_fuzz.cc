// The server's loop with its state: several connections whose bytes, reads, ends and time-outs come
// in any order, by a clock that the input moves. Each two bytes are a step: what, and with which
// connection or how much; text is taken from the words below, so that most requests are nearly
// right.
//
// What must hold: an answer begins as one; what is held stays within its bound; when all peers have
// gone, nothing is left.
#include <array>
#include <memory>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/server.h"

using namespace ferry;        // NOLINT: a program of one function
using namespace ferry::http;  // NOLINT

namespace {

constexpr std::array<std::string_view, 16> kWords{
    "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n",
    "POST /b HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
    "hello",
    "5\r\nhello\r\n",
    "0\r\n\r\n",
    "GET /large HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET /free HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    "POST /c HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 70000\r\n\r\n",
    "\r\n",
    "G",
    "HEAD / HTTP/1.1\r\nHost: x\r\n",
    "Connection: close\r\n\r\n",
    "TE: trailers\r\nx: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n",
    "\n",
    std::string_view("\0\xff", 2)};
constexpr std::uint64_t kMostHeld = 512u << 10;
constexpr std::size_t kLargest = 300u << 10;
constexpr std::size_t kLargestPiece = kLargest / 8;

class InputClock final : public Clock {
 public:
  WallTime wall() const override { return {}; }
  Monotonic monotonic() const override { return at; }
  void sleep_until(Monotonic) const override {}
  Monotonic at{std::chrono::hours(1)};
};

class Answers final : public Service {
 public:
  explicit Answers(InputClock& clock) : clock_(clock) {}
  int lane(const Request& request) override {
    return request.path() == "/free" ? kNoLane : request.path() == "/a" ? 0 : 1;
  }
  void handle(const Request& request, Response& response) override {
    clock_.at += std::chrono::microseconds(request.body.size() * 100);
    response.body = request.path() == "/large" ? std::string(kLargest, 'x') : "ok";
    response.trailers = {{"x-sum", "7"}, {"content-length", "9"}};
    if (request.path() == "/b" || request.field("te") == "trailers") in_pieces(request, response);
  }

 private:
  // An answer of up to eight pieces, empty ones among them; some are never ended.
  static void in_pieces(const Request& request, Response& response) {
    if (request.stream == nullptr || !request.stream->begin(response)) return;
    const std::size_t seed = request.body.size() + request.fields.size();
    for (std::size_t i = 0; i < seed % 8; ++i) {
      request.stream->add(std::string(seed * i * 997 % kLargestPiece, 'p'));
    }
    response.broken = seed % 3 == 2;
  }

  InputClock& clock_;
};

struct Peer {
  Fd fd;
  bool seen = false;  // the first bytes of its answers
};

void look_at_answer(Peer& peer) {
  std::array<char, 4096> text;
  const ssize_t size = recv(peer.fd.get(), text.data(), text.size(), MSG_DONTWAIT);
  if (size <= 0 || peer.seen) return;
  peer.seen = true;
  if (!std::string_view("HTTP/1.1 ")
           .starts_with(
               std::string_view(text.data(), static_cast<std::size_t>(size)).substr(0, 9))) {
    __builtin_trap();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  InputClock clock;
  Counters counters;
  Answers service(clock);
  ServerOptions options;
  options.reader = {4096, 64u << 10};
  options.lanes = {{2}, {2}};
  options.max_queued = 1;
  options.max_wait = std::chrono::milliseconds(1);
  options.max_connections = 6;
  options.max_held = kMostHeld;
  options.clock = &clock;
  options.counters = &counters;
  auto server = Server::make(options, service);
  if (!server.ok()) return 0;
  std::array<Peer, 8> peers;
  for (std::size_t at = 0; at + 1 < size && at < 400; at += 2) {
    Peer& peer = peers[data[at] >> 5];
    const std::uint8_t much = data[at + 1];
    switch (data[at] & 7) {
      case 0:
      case 1: {
        if (peer.fd.valid()) break;
        std::array<int, 2> ends{};
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) != 0) {
          return 0;
        }
        peer = {Fd(ends[0]), false};
        static_cast<void>((*server)->adopt(Fd(ends[1])).ok());
        break;
      }
      case 2:
      case 3:
      case 4: {
        const std::string_view word = kWords[much & 15].substr(0, 1 + (much >> 4) * 16u);
        if (peer.fd.valid()) send(peer.fd.get(), word.data(), word.size(), MSG_NOSIGNAL);
        break;
      }
      case 5:
        if (peer.fd.valid()) look_at_answer(peer);
        break;
      case 6:
        clock.at += std::chrono::milliseconds(much * much);
        break;
      default:
        if (much % 2 == 0) {
          peer.fd.reset();
        } else if (peer.fd.valid()) {
          shutdown(peer.fd.get(), SHUT_WR);
        }
    }
    if (much % 4 != 3) (*server)->step();
    if (counters.held.load() > kMostHeld + 2 * kLargest) __builtin_trap();
  }
  for (Peer& peer : peers) peer.fd.reset();
  for (int i = 0; i < 12; ++i) {
    clock.at += std::chrono::seconds(30);
    for (int j = 0; j < 8; ++j) (*server)->step();
  }
  if (counters.connections.load() != 0 || counters.held.load() != 0 ||
      counters.queued.load() != 0 || counters.running.load() != 0) {
    __builtin_trap();
  }
  return 0;
}
