// sock_getsockopt, sock_setsockopt and sock_getaddrinfo: what is answered, and what is refused.
#include <gmock/gmock.h>

#include "wasi/socket_fixture.h"

namespace ferry::wasi {
namespace {

using std::string_view_literals::operator""sv;
using testing::HasSubstr;

// The options' numbers are the extension's own.
constexpr std::uint32_t kReuseAddress = 0;
constexpr std::uint32_t kType = 1;
constexpr std::uint32_t kBroadcast = 4;
constexpr std::uint32_t kSendBuffer = 5;
constexpr std::uint32_t kReceiveBuffer = 6;
constexpr std::uint32_t kKeepAlive = 7;
constexpr std::uint32_t kReceiveTimeout = 11;
constexpr std::uint32_t kSendTimeout = 12;

struct Time {
  std::int64_t seconds = 0;
  std::int64_t microseconds = 0;
};

class SocketOptions : public SocketTest {
 protected:
  Errno set(std::uint32_t fd, std::uint32_t name, std::uint32_t value) {
    put(kValue, value);
    return call("sock_setsockopt", {fd, 0, name, kValue, 4});
  }
  Errno set_time(std::uint32_t fd, std::uint32_t name, Time time) {
    put(kValue, time);
    return call("sock_setsockopt", {fd, 0, name, kValue, sizeof time});
  }
  Time time(std::uint32_t fd, std::uint32_t name) {
    EXPECT_EQ(call("sock_getsockopt", {fd, 0, name, kValue, sizeof(Time)}), Errno::kSuccess);
    return get<Time>(kValue);
  }
};

TEST_F(SocketOptions, SayWhatASocketIs) {
  Listener listener;
  grant({"127.0.0.1:" + std::to_string(listener.port)});
  const std::uint32_t fd = open();
  EXPECT_EQ(option(fd, kType), 2U);
  EXPECT_EQ(option(open(1), kType), 1U);  // datagrams
  EXPECT_EQ(option(fd, kReuseAddress), 0U);
  EXPECT_EQ(option(fd, kBroadcast), 0U);
  EXPECT_EQ(option(fd, kSendBuffer), 0U);  // the kernel has no socket yet
  EXPECT_EQ(option(fd, kReceiveBuffer), 0U);
  ASSERT_EQ(connect(fd, "127.0.0.1", listener.port), Errno::kSuccess);
  EXPECT_GT(option(fd, kSendBuffer), 0U);
  EXPECT_GT(option(fd, kReceiveBuffer), 0U);
}

TEST_F(SocketOptions, KeepAliveIsKeptBeforeAndAfterTheConnectionIsMade) {
  Listener listener;
  grant({"127.0.0.1:" + std::to_string(listener.port)});
  const std::uint32_t fd = open();
  EXPECT_EQ(option(fd, kKeepAlive), 0U);
  EXPECT_EQ(set(fd, kKeepAlive, 1), Errno::kSuccess);
  ASSERT_EQ(connect(fd, "127.0.0.1", listener.port), Errno::kSuccess);
  EXPECT_EQ(option(fd, kKeepAlive), 1U);
  EXPECT_EQ(set(fd, kKeepAlive, 0), Errno::kSuccess);
  EXPECT_EQ(option(fd, kKeepAlive), 0U);
}

TEST_F(SocketOptions, TimeoutsAreKeptToTheMicrosecondAndNoLongerThanADay) {
  grant({"a.example:1"});
  const std::uint32_t fd = open();
  EXPECT_EQ(set_time(fd, kReceiveTimeout, {3, 250'000}), Errno::kSuccess);
  EXPECT_EQ(set_time(fd, kSendTimeout, {INT64_MAX, 0}), Errno::kSuccess);
  EXPECT_EQ(time(fd, kReceiveTimeout).seconds, 3);
  EXPECT_EQ(time(fd, kReceiveTimeout).microseconds, 250'000);
  EXPECT_EQ(time(fd, kSendTimeout).seconds, 86'400);
  for (const Time wrong : {Time{-1, 0}, Time{0, -1}, Time{0, 1'000'000}}) {
    EXPECT_EQ(set_time(fd, kReceiveTimeout, wrong), Errno::kInval);
  }
  EXPECT_EQ(time(fd, kReceiveTimeout).seconds, 3);  // as it was
}

TEST_F(SocketOptions, AReadEndsAtItsTimeout) {
  Listener listener;
  grant({"127.0.0.1:" + std::to_string(listener.port)});
  const std::uint32_t fd = open();
  ASSERT_EQ(connect(fd, "127.0.0.1", listener.port), Errno::kSuccess);
  ASSERT_EQ(set_time(fd, kReceiveTimeout, {0, 20'000}), Errno::kSuccess);
  EXPECT_EQ(receive(fd), "errno 6");  // EAGAIN
}

TEST_F(SocketOptions, AdviceIsTakenAndWhatIsUnknownRefused) {
  grant({"a.example:1"});
  const std::uint32_t fd = open();
  for (const std::uint32_t advice : {kReuseAddress, kBroadcast, kSendBuffer, kReceiveBuffer}) {
    EXPECT_EQ(set(fd, advice, 1), Errno::kSuccess);
  }
  for (const std::uint32_t unknown : {3U, 8U, 99U}) {
    EXPECT_EQ(set(fd, unknown, 1), Errno::kNoprotoopt);
    EXPECT_EQ(call("sock_getsockopt", {fd, 0, unknown, kValue, 4}), Errno::kNoprotoopt);
  }
  EXPECT_EQ(call("sock_getsockopt", {fd, 6, kType, kValue, 4}), Errno::kNoprotoopt);  // IPPROTO_TCP
  EXPECT_EQ(call("sock_setsockopt", {fd, 6, kType, kValue, 4}), Errno::kNoprotoopt);
}

TEST_F(SocketOptions, AreThoseOfSocketsAlone) {
  grant({"a.example:1"});
  for (const char* name : {"sock_getsockopt", "sock_setsockopt"}) {
    EXPECT_EQ(call(name, {99, 0, kType, kValue, 4}), Errno::kBadf);
    EXPECT_EQ(call(name, {1, 0, kType, kValue, 4}), Errno::kNotsock);
  }
}

TEST_F(SocketOptions, ValuesLieInMemoryAndAreLargeEnough) {
  grant({"a.example:1"});
  const std::uint32_t fd = open();
  EXPECT_EQ(call("sock_setsockopt", {fd, 0, kKeepAlive, kOutside, 4}), Errno::kFault);
  EXPECT_EQ(call("sock_setsockopt", {fd, 0, kKeepAlive, kValue, 3}), Errno::kInval);
  EXPECT_EQ(call("sock_setsockopt", {fd, 0, kSendTimeout, kOutside, 16}), Errno::kFault);
  EXPECT_EQ(call("sock_setsockopt", {fd, 0, kSendTimeout, kValue, 15}), Errno::kInval);
  EXPECT_EQ(call("sock_getsockopt", {fd, 0, kType, kOutside, 4}), Errno::kFault);
  EXPECT_EQ(call("sock_getsockopt", {fd, 0, kType, kValue, 3}), Errno::kInval);
  EXPECT_EQ(call("sock_getsockopt", {fd, 0, kSendTimeout, kOutside, 16}), Errno::kFault);
  EXPECT_EQ(call("sock_getsockopt", {fd, 0, kSendTimeout, kValue, 8}), Errno::kInval);
}

// One generation of the extension hands over where the size is.
TEST_F(SocketOptions, TheSizeMayBeWhereItPoints) {
  grant({"a.example:1"});
  const std::uint32_t fd = open();
  put(kPath, std::uint32_t{4});
  EXPECT_EQ(call("sock_getsockopt", {fd, 0, kType, kValue, kPath}), Errno::kSuccess);
  EXPECT_EQ(get<std::uint32_t>(kValue), 2U);
  put(kPath, std::uint32_t{1});
  EXPECT_EQ(call("sock_getsockopt", {fd, 0, kType, kValue, kPath}), Errno::kInval);
  EXPECT_EQ(call("sock_getsockopt", {fd, 0, kType, kValue, kOutside}), Errno::kFault);
}

// The list that a guest lays out for sock_getaddrinfo.
constexpr std::uint32_t kList = 8192;
constexpr std::uint32_t kHints = 7000;
constexpr std::uint32_t kListAt = 7100;
constexpr std::uint32_t kCount = 7104;

struct Node {
  std::uint16_t flags = 0;
  std::uint8_t family = 0;
  std::uint8_t socktype = 0;
  std::uint8_t protocol = 0;
  std::uint8_t pad[3] = {};
  std::uint32_t address_size = 0;
  std::uint32_t address = 0;
  std::uint32_t canonname = 0;
  std::uint32_t canonname_size = 0;
  std::uint32_t next = 0;
};
struct Sockaddr {
  std::uint8_t family = 0;
  std::uint8_t pad[3] = {};
  std::uint32_t size = 0;
  std::uint32_t data = 0;
};

class AddressInfo : public SocketTest {
 protected:
  // Nodes whose addresses have room for that many bytes each.
  void lay_out(std::initializer_list<std::uint32_t> rooms) {
    std::uint32_t at = kList;
    put(kListAt, at);
    std::size_t left = rooms.size();
    for (const std::uint32_t room : rooms) {
      const std::uint32_t next = --left > 0 ? at + 128 : 0;
      put(at, Node{.address = at + 32, .next = next});
      put(at + 32, Sockaddr{.size = room, .data = at + 64});
      at += 128;
    }
  }
  Errno look_up(std::string_view host, std::string_view service, std::uint32_t most,
                Node hints = {}) {
    put(kHints, hints);
    return call("sock_getaddrinfo", {kPath, put_text(kPath, host), kPath2,
                                     put_text(kPath2, service), kHints, kListAt, most, kCount});
  }
  std::uint32_t count() const { return get<std::uint32_t>(kCount); }
  Node node(std::uint32_t index) const { return get<Node>(kList + index * 128); }
  // Family, port and address of a node that was filled.
  std::string found(std::uint32_t index) const {
    const auto at = get<Sockaddr>(node(index).address);
    const unsigned port = memory[at.data] * 256U + memory[at.data + 1];
    net::Address address;
    address.v6 = at.family == 2;
    std::memcpy(address.bytes.data(), memory.data() + at.data + 2, address.v6 ? 16 : 4);
    return net::to_string(net::Endpoint{address, static_cast<std::uint16_t>(port)});
  }
};

TEST_F(AddressInfo, IsFilledIntoTheGuestsListWithIpv4First) {
  grant({"db.example:443"});
  network.names["db.example"] = {"2606:4700::1", "93.184.216.34"};
  lay_out({18, 18, 18});
  ASSERT_EQ(look_up("db.example\0"sv, "443", 3), Errno::kSuccess);
  ASSERT_EQ(count(), 2U);
  EXPECT_EQ(found(0), "93.184.216.34:443");
  EXPECT_EQ(found(1), "[2606:4700::1]:443");
  EXPECT_EQ(node(0).family, 1);
  EXPECT_EQ(node(0).socktype, 2);
  EXPECT_EQ(node(0).address_size, 16U);
}

TEST_F(AddressInfo, HintsAndRoomNarrowIt) {
  grant({"db.example:443", "db.example:80", "db.example:1"});
  network.names["db.example"] = {"2606:4700::1", "93.184.216.34", "93.184.216.35"};
  lay_out({18, 18, 18});
  ASSERT_EQ(look_up("db.example", "https", 3, {.family = 2, .socktype = 1, .protocol = 6}),
            Errno::kSuccess);
  ASSERT_EQ(count(), 1U);
  EXPECT_EQ(found(0), "[2606:4700::1]:443");
  EXPECT_EQ(node(0).socktype, 1);
  EXPECT_EQ(node(0).protocol, 6);
  lay_out({6, 6});  // no room for IPv6
  ASSERT_EQ(look_up("db.example", "http", 8), Errno::kSuccess);
  EXPECT_EQ(count(), 2U);
  EXPECT_EQ(found(1), "93.184.216.35:80");
  lay_out({18, 18});
  ASSERT_EQ(look_up("db.example", "", 1), Errno::kSuccess);
  EXPECT_EQ(count(), 1U);
  EXPECT_EQ(found(0), "93.184.216.34:0");
  ASSERT_EQ(look_up("db.example", "", 0), Errno::kSuccess);  // it asks whether there is any
  EXPECT_EQ(count(), 0U);
}

TEST_F(AddressInfo, WhatIsNotFoundOrDoesNotFitIsNoEntry) {
  grant({"db.example:1", "gone.example:1"});
  network.names["db.example"] = {"93.184.216.34"};
  lay_out({5});
  EXPECT_EQ(look_up("db.example", "1", 1), Errno::kNoent);
  put(kListAt, std::uint32_t{0});
  EXPECT_EQ(look_up("db.example", "1", 1), Errno::kNoent);
  lay_out({18});
  EXPECT_EQ(look_up("gone.example", "1", 1), Errno::kNoent);
}

TEST_F(AddressInfo, PortsAreNumbersOrTheTwoNames) {
  grant({"db.example:443", "db.example:80", "db.example:1"});
  network.names["db.example"] = {"93.184.216.34"};
  lay_out({18});
  for (const char* wrong : {"65536", "-1", "80x", "ftp", " 80"}) {
    EXPECT_EQ(look_up("db.example", wrong, 1), Errno::kInval) << wrong;
  }
}

TEST_F(AddressInfo, OnlyOfWhatIsGranted) {
  lay_out({18});
  real_context.reset({});
  EXPECT_EQ(look_up("db.example", "1", 1), Errno::kAcces);
  grant({"db.example:443"});
  EXPECT_EQ(look_up("other.example", "443", 1), Errno::kAcces);
  EXPECT_EQ(look_up("db.example", "80", 1), Errno::kAcces);
  EXPECT_THAT(denial(), HasSubstr("db.example:80"));
  EXPECT_TRUE(network.lookups.empty());
}

TEST_F(AddressInfo, PointersLieInMemory) {
  grant({"db.example:443", "db.example:80", "db.example:1"});
  network.names["db.example"] = {"93.184.216.34"};
  const auto with = [&](std::size_t argument) {
    lay_out({18});
    put(kHints, Node{});
    std::array<std::uint64_t, 8> args{
        kPath, put_text(kPath, "db.example"), kPath2, 0, kHints, kListAt, 1, kCount};
    args[argument] = kOutside;
    return call("sock_getaddrinfo",
                {args[0], args[1], args[2], args[3], args[4], args[5], args[6], args[7]});
  };
  for (const std::size_t argument : {0U, 4U, 5U, 7U}) {
    EXPECT_EQ(with(argument), Errno::kFault) << argument;
  }
  lay_out({18});
  put(kListAt, kOutside);  // the list's first node
  EXPECT_EQ(look_up("db.example", "1", 1), Errno::kFault);
  lay_out({18});
  put(kList, Node{.address = kOutside});
  EXPECT_EQ(look_up("db.example", "1", 1), Errno::kFault);
  put(kList, Node{.address = kList + 32});
  put(kList + 32, Sockaddr{.size = 18, .data = kOutside});
  EXPECT_EQ(look_up("db.example", "1", 1), Errno::kFault);
}

}  // namespace
}  // namespace ferry::wasi
