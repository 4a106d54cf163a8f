// A guest with a network that is a fake: it leads chosen addresses to listeners of the test.
#pragma once

#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "wasi/guest_fixture.h"

namespace ferry::wasi {

class RealClock final : public Clock {
 public:
  WallTime wall() const override { return system_clock().wall(); }
  Monotonic monotonic() const override { return std::chrono::steady_clock::now(); }
  void sleep_until(Monotonic until) const override { system_clock().sleep_until(until); }
};

// A listening socket on loopback.
struct Listener {
  explicit Listener(int backlog = 16) : fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(fd.get(), backlog), 0);
    EXPECT_EQ(::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    port = ntohs(address.sin_port);
  }
  Fd accept() const { return Fd(::accept4(fd.get(), nullptr, nullptr, SOCK_CLOEXEC)); }
  Fd fd;
  std::uint16_t port = 0;
};

// One that takes no more: connections to it stay under way.
struct FullListener : Listener {
  FullListener() : Listener(0), waiting(4) {
    for (Fd& each : waiting) {
      each = Fd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
      sockaddr_in address{};
      address.sin_family = AF_INET;
      address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      address.sin_port = htons(port);
      static_cast<void>(
          ::connect(each.get(), reinterpret_cast<sockaddr*>(&address), sizeof address));
    }
  }
  std::vector<Fd> waiting;
};

class FakeNetwork final : public net::Network {
 public:
  Result<std::vector<net::Address>> resolve(const std::string& name, Monotonic until) override {
    ++lookups[name];
    if (name == "silent.example") {
      system_clock().sleep_until(
          std::min(until, std::chrono::steady_clock::now() + std::chrono::milliseconds(200)));
      return Error{Code::kBusy, "no answer", ""};
    }
    auto found = names.find(name);
    if (found == names.end()) return Error{Code::kNotFound, "no such name", ""};
    std::vector<net::Address> out;
    for (const std::string& text : found->second) out.push_back(*net::parse_address(text));
    return out;
  }
  int connect(const net::Endpoint& to, Fd& out) override {
    connects.push_back(net::to_string(to));
    net::Endpoint real = to;
    if (auto led = leads.find(net::to_string(to)); led != leads.end()) {
      real = {*net::parse_address("127.0.0.1"), led->second};
    }
    return net::system_network().connect(real, out);
  }

  std::map<std::string, std::vector<std::string>> names;
  std::map<std::string, std::uint16_t> leads;
  std::map<std::string, int> lookups;
  std::vector<std::string> connects;
};

constexpr std::uint32_t kAddress = 512;  // an address buffer and what it points to
constexpr std::uint32_t kValue = 640;

class SocketTest : public GuestTest {
 protected:
  SocketTest() : real_context(real_clock, random) {}

  void grant(std::initializer_list<std::string_view> grants, NetworkAccess base = {},
             Monotonic deadline = Monotonic::max()) {
    std::vector<net::Grant> parsed;
    for (std::string_view text : grants) parsed.push_back(*net::parse_grant(text));
    access = std::move(base);
    access.policy = net::Policy(std::move(parsed));
    access.network = &network;
    if (access.ca_bundle.empty()) access.ca_bundle = "certificates\n";
    GuestSetup setup;
    setup.network = &access;
    setup.deadline = deadline;
    real_context.reset(std::move(setup));
  }
  CallResult raw(std::string_view name, std::initializer_list<std::uint64_t> args) {
    const Call* found = find_call(name);
    EXPECT_NE(found, nullptr) << name;
    EXPECT_EQ(found->params.size(), args.size()) << name;
    return found->function(real_context, {memory.data(), memory.size()}, std::data(args));
  }
  Errno call(std::string_view name, std::initializer_list<std::uint64_t> args) {
    CallResult result = raw(name, args);
    EXPECT_FALSE(result.stop) << name;
    return static_cast<Errno>(result.value);
  }
  // The address in a buffer of 4 or 16 bytes, or of 128 with the family in front.
  void put_address(std::string_view text, std::uint32_t size) {
    const net::Address address = *net::parse_address(text);
    put(kAddress, kAddress + 16);
    put(kAddress + 4, size);
    std::uint32_t at = kAddress + 16;
    if (size == 128) {
      put(at, static_cast<std::uint16_t>(address.v6 ? 2 : 1));
      at += 2;
    }
    std::memcpy(memory.data() + at, address.bytes.data(), address.v6 ? 16 : 4);
  }
  std::uint32_t open(std::uint32_t type = 2) {
    EXPECT_EQ(call("sock_open", {1, type, kResult}), Errno::kSuccess);
    return result();
  }
  Errno connect(std::uint32_t fd, std::string_view address, std::uint32_t port,
                std::uint32_t size = 4) {
    put_address(address, size);
    return call("sock_connect", {fd, kAddress, port});
  }
  Errno send(std::uint32_t fd, std::string_view value) {
    slice(kData, static_cast<std::uint32_t>(put_text(kData, value)));
    return call("fd_write", {fd, kIovs, 1, kResult});
  }
  std::string receive(std::uint32_t fd, std::uint32_t size = 1000) {
    slice(kData, size);
    const Errno error = call("fd_read", {fd, kIovs, 1, kResult});
    if (error != Errno::kSuccess) return "errno " + std::to_string(static_cast<int>(error));
    return text(kData, result());
  }
  std::uint32_t option(std::uint32_t fd, std::uint32_t name) {
    EXPECT_EQ(call("sock_getsockopt", {fd, 0, name, kValue, 4}), Errno::kSuccess);
    return get<std::uint32_t>(kValue);
  }
  // Polls one descriptor, with a timer in milliseconds; the number of events.
  std::uint32_t poll(std::uint32_t fd, EventType type, std::uint64_t ms) {
    GuestSubscription subs[2]{};
    subs[0].userdata = 7;
    subs[0].tag = static_cast<std::uint8_t>(type);
    subs[0].id = fd;
    subs[1].userdata = 8;
    subs[1].id = kClockMonotonic;
    subs[1].timeout = ms * 1'000'000;
    put(kData, subs);
    EXPECT_EQ(call("poll_oneoff", {kData, kData + 4096, 2, kResult}), Errno::kSuccess);
    event = get<GuestEvent>(kData + 4096);
    return result();
  }
  Errno dial(std::string_view path, std::uint32_t flags = 0) {
    const auto size = put_text(kPath, path);
    return call("path_open", {3, 0, kPath, size, 0, rights::kFdRead | rights::kFdWrite, ~0ull >> 35,
                              flags, kResult});
  }
  std::string denial() const { return real_context.denial() ? real_context.denial()->text() : ""; }
  static std::size_t open_descriptors() {
    std::size_t count = 0;
    DIR* folder = ::opendir("/proc/self/fd");
    while (::readdir(folder) != nullptr) ++count;
    ::closedir(folder);
    return count;
  }

  RealClock real_clock;
  Context real_context;
  FakeNetwork network;
  NetworkAccess access;
  GuestEvent event{};
};

}  // namespace ferry::wasi
