#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <memory>

#include <ares.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include "net/network.h"

namespace ferry::net {
namespace {

using std::chrono::milliseconds;

// A server that does not answer is asked again, or the next one is, after this long.
constexpr int kTryMs = 2000;
constexpr int kTries = 3;
constexpr std::size_t kMaxAddresses = 16;
constexpr milliseconds kLongestPoll{1000};

struct Answer {
  int status = ARES_SUCCESS;
  bool done = false;
  std::vector<Address> addresses;
};

void on_answer(void* user, int status, int /*timeouts*/, ares_addrinfo* info) {
  auto& answer = *static_cast<Answer*>(user);
  answer.status = status;
  answer.done = true;
  if (info == nullptr) return;
  for (const ares_addrinfo_node* node = info->nodes; node != nullptr; node = node->ai_next) {
    sockaddr_storage address{};
    if (node->ai_addrlen > sizeof address || answer.addresses.size() == kMaxAddresses) continue;
    std::memcpy(&address, node->ai_addr, node->ai_addrlen);
    const Address found = from_sockaddr(address).address;
    if (std::ranges::find(answer.addresses, found) == answer.addresses.end()) {
      answer.addresses.push_back(found);
    }
  }
  ares_freeaddrinfo(info);
}

// What c-ares waits for, as poll(2) takes it.
int watched(ares_channel channel, std::array<pollfd, ARES_GETSOCK_MAXNUM>& out) {
  std::array<ares_socket_t, ARES_GETSOCK_MAXNUM> sockets{};
  const auto bits = static_cast<unsigned>(ares_getsock(channel, sockets.data(), sockets.size()));
  int count = 0;
  for (unsigned i = 0; i < sockets.size(); ++i) {
    const bool reads = ARES_GETSOCK_READABLE(bits, i) != 0;
    const bool writes = ARES_GETSOCK_WRITABLE(bits, i) != 0;
    if (!reads && !writes) continue;
    const auto events = static_cast<short>((reads ? POLLIN : 0) | (writes ? POLLOUT : 0));
    out[static_cast<std::size_t>(count++)] = {sockets[i], events, 0};
  }
  return count;
}

// Runs the channel until its one question is answered or the time is over.
void drive(ares_channel channel, Answer& answer, Monotonic until) {
  while (!answer.done) {
    const auto left = std::chrono::ceil<milliseconds>(until - std::chrono::steady_clock::now());
    if (left.count() <= 0) {
      ares_cancel(channel);  // answers with ARES_ECANCELLED
      return;
    }
    std::array<pollfd, ARES_GETSOCK_MAXNUM> sockets{};
    const int count = watched(channel, sockets);
    timeval most{};
    timeval next{};
    const milliseconds longest = std::min(left, kLongestPoll);
    most.tv_sec = longest.count() / 1000;
    most.tv_usec = longest.count() % 1000 * 1000;
    const timeval* wait = ares_timeout(channel, &most, &next);
    const auto patience = wait->tv_sec * 1000 + wait->tv_usec / 1000 + 1;
    ::poll(sockets.data(), static_cast<nfds_t>(count), static_cast<int>(patience));
    for (int i = 0; i < count; ++i) {
      const pollfd& each = sockets[static_cast<std::size_t>(i)];
      const bool reads = (each.revents & (POLLIN | POLLHUP | POLLERR)) != 0;
      const bool writes = (each.revents & (POLLOUT | POLLERR)) != 0;
      if (reads || writes) {
        ares_process_fd(channel, reads ? each.fd : ARES_SOCKET_BAD,
                        writes ? each.fd : ARES_SOCKET_BAD);
      }
    }
    ares_process_fd(channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);  // timeouts
  }
}

struct ChannelEnd {
  void operator()(ares_channel channel) const { ares_destroy(channel); }
};
using Channel = std::unique_ptr<ares_channeldata, ChannelEnd>;

class SystemNetwork final : public Network {
 public:
  SystemNetwork() : ready_(ares_library_init(ARES_LIB_INIT_ALL) == ARES_SUCCESS) {}

  Result<std::vector<Address>> resolve(const std::string& name, Monotonic until) override {
    if (!ready_) return Error{Code::kInternal, "the resolver could not be started", ""};
    // One channel a question: it reads /etc/resolv.conf as it is now, and nothing is shared
    // between the threads that ask.
    ares_options options{};
    options.timeout = kTryMs;
    options.tries = kTries;
    ares_channel raw = nullptr;
    int status = ares_init_options(&raw, &options, ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES);
    if (status != ARES_SUCCESS) return failed(name, status);
    const Channel channel(raw);
    Answer answer;
    ares_addrinfo_hints hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = ARES_AI_NOSORT;
    ares_getaddrinfo(raw, name.c_str(), nullptr, &hints, on_answer, &answer);
    drive(raw, answer, until);
    if (answer.status != ARES_SUCCESS) return failed(name, answer.status);
    if (answer.addresses.empty()) return failed(name, ARES_ENODATA);
    // IPv4 first: many containers have IPv6 addresses and no route.
    std::ranges::stable_partition(answer.addresses, [](const Address& each) { return !each.v6; });
    return std::move(answer.addresses);
  }

  int connect(const Endpoint& to, Fd& out) override {
    Fd fd(::socket(to.address.v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
                   IPPROTO_TCP));
    if (!fd.valid()) return errno;
    const int on = 1;
    ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    sockaddr_storage address{};
    const socklen_t size = to_sockaddr(to, address);
    int error = 0;
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0) error = errno;
    if (error == EINTR) error = EINPROGRESS;  // it continues (POSIX, connect)
    if (error == 0 || error == EINPROGRESS) out = std::move(fd);
    return error;
  }

 private:
  static Error failed(const std::string& name, int status) {
    switch (status) {
      case ARES_ENOTFOUND:
      case ARES_ENODATA:
      case ARES_EBADNAME:
        return {Code::kNotFound, fmt::format("no address for {}", name), ""};
      case ARES_ECANCELLED:
      case ARES_ETIMEOUT:
        return {Code::kBusy, fmt::format("no DNS server answered for {} in time", name), ""};
      default:
        return {Code::kBusy, fmt::format("looking up {}: {}", name, ares_strerror(status)), ""};
    }
  }

  bool ready_;
};

}  // namespace

Network& system_network() {
  static SystemNetwork network;
  return network;
}

}  // namespace ferry::net
