// Connections of a guest: both generations of the extension, the path dial, names, limits, and that
// nothing of one event is seen by the next.
#include <thread>

#include <gmock/gmock.h>

#include "wasi/socket_fixture.h"

namespace ferry::wasi {
namespace {

using testing::HasSubstr;

TEST_F(SocketTest, WithoutAGrantEverythingIsDeniedAndSaysSo) {
  real_context.reset({});
  EXPECT_EQ(call("sock_open", {1, 2, kResult}), Errno::kAcces);
  EXPECT_THAT(denial(), HasSubstr("--connect HOST:PORT"));
  EXPECT_TRUE(real_context.drawn().network);
  EXPECT_EQ(call("fd_prestat_get", {3, kResult}), Errno::kBadf);  // no /dev either
}

TEST_F(SocketTest, ABlockingConnectionTalksBothWays) {
  Listener listener;
  grant({"127.0.0.1:" + std::to_string(listener.port)});
  const std::uint32_t fd = open();
  ASSERT_EQ(connect(fd, "127.0.0.1", listener.port), Errno::kSuccess);
  Fd peer = listener.accept();
  EXPECT_EQ(send(fd, "ping"), Errno::kSuccess);
  char got[8] = {};
  EXPECT_EQ(::read(peer.get(), got, sizeof got), 4);
  EXPECT_STREQ(got, "ping");
  EXPECT_EQ(::write(peer.get(), "pong", 4), 4);
  EXPECT_EQ(receive(fd), "pong");
  EXPECT_EQ(call("sock_shutdown", {fd, kShutWrite}), Errno::kSuccess);
  EXPECT_EQ(::read(peer.get(), got, sizeof got), 0);  // half-closed
  EXPECT_EQ(::write(peer.get(), "late", 4), 4);
  EXPECT_EQ(receive(fd), "late");
  peer.reset();
  EXPECT_EQ(receive(fd), "");
  real_context.end_network();
  ASSERT_EQ(real_context.connections().size(), 1U);
  EXPECT_EQ(real_context.connections()[0].sent, 4U);
  EXPECT_EQ(real_context.connections()[0].received, 8U);
}

// What Go's runtime relies on: see docs/network.md, "How a connection is made".
TEST_F(SocketTest, ANonBlockingConnectionIsReportedByPoll) {
  Listener listener;
  grant({"127.0.0.1:" + std::to_string(listener.port)});
  const std::uint32_t fd = open();
  ASSERT_EQ(call("fd_fdstat_get", {fd, kResult}), Errno::kSuccess);
  EXPECT_EQ(get<GuestFdstat>(kResult).filetype, 6);
  ASSERT_EQ(call("fd_fdstat_set_flags", {fd, kFdNonblock}), Errno::kSuccess);
  EXPECT_EQ(call("sock_getpeeraddr.v2", {fd, kAddress, kValue}), Errno::kNotconn);
  ASSERT_EQ(connect(fd, "127.0.0.1", listener.port, 128), Errno::kInprogress);
  EXPECT_EQ(poll(fd, EventType::kFdWrite, 5000), 1U);
  EXPECT_EQ(event.userdata, 7U);
  EXPECT_EQ(option(fd, 2), 0U);
  put_address("0.0.0.0", 128);
  ASSERT_EQ(call("sock_getpeeraddr.v2", {fd, kAddress, kValue}), Errno::kSuccess);
  EXPECT_EQ(get<std::uint32_t>(kValue), listener.port);
  EXPECT_EQ(receive(fd), "errno 6");  // EAGAIN
  Fd peer = listener.accept();
  EXPECT_EQ(poll(fd, EventType::kFdRead, 20), 1U);
  EXPECT_EQ(event.userdata, 8U);  // the timer: there is nothing to read
  EXPECT_EQ(::write(peer.get(), "x", 1), 1);
  EXPECT_EQ(poll(fd, EventType::kFdRead, 5000), 1U);
  EXPECT_EQ(event.userdata, 7U);
  EXPECT_EQ(receive(fd), "x");
}

TEST_F(SocketTest, ARefusedConnectionIsAnErrorOfTheSocket) {
  std::uint16_t port = 0;
  { port = Listener().port; }
  grant({"127.0.0.1:" + std::to_string(port)});
  const std::uint32_t fd = open();
  EXPECT_EQ(connect(fd, "127.0.0.1", port), Errno::kConnrefused);
  const std::uint32_t other = open();
  ASSERT_EQ(call("fd_fdstat_set_flags", {other, kFdNonblock}), Errno::kSuccess);
  ASSERT_EQ(connect(other, "127.0.0.1", port), Errno::kInprogress);
  EXPECT_EQ(poll(other, EventType::kFdWrite, 5000), 1U);
  EXPECT_EQ(event.flags, kHangup);
  EXPECT_EQ(option(other, 2), static_cast<std::uint32_t>(Errno::kConnrefused));
}

TEST_F(SocketTest, ABlackHoleEndsAtTheConnectTimeout) {
  const FullListener full;
  NetworkAccess base;
  base.connect_timeout = std::chrono::milliseconds(50);
  grant({"127.0.0.1:" + std::to_string(full.port)}, base);
  const std::uint32_t fd = open();
  EXPECT_EQ(connect(fd, "127.0.0.1", full.port), Errno::kTimedout);
}

TEST_F(SocketTest, AReadEndsAtTheDeadline) {
  Listener listener;
  grant({"127.0.0.1:" + std::to_string(listener.port)}, {},
        std::chrono::steady_clock::now() + std::chrono::milliseconds(100));
  const std::uint32_t fd = open();
  ASSERT_EQ(connect(fd, "127.0.0.1", listener.port), Errno::kSuccess);
  slice(kData, 10);
  EXPECT_TRUE(raw("fd_read", {fd, kIovs, 1, kResult}).stop);
  EXPECT_EQ(real_context.stop(), Stop::kDeadline);
}

TEST_F(SocketTest, AWriteToAClosedPeerIsAnErrnoAndNoSignal) {
  Listener listener;
  grant({"127.0.0.1:" + std::to_string(listener.port)});
  const std::uint32_t fd = open();
  ASSERT_EQ(connect(fd, "127.0.0.1", listener.port), Errno::kSuccess);
  {
    Fd peer = listener.accept();
    const linger now{1, 0};
    ::setsockopt(peer.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
  }
  Errno last = Errno::kSuccess;
  for (int i = 0; i < 100 && last == Errno::kSuccess; ++i) last = send(fd, "x");
  EXPECT_TRUE(last == Errno::kPipe || last == Errno::kConnreset) << static_cast<int>(last);
}

TEST_F(SocketTest, AResetInTheMiddleIsAnErrnoAfterWhatCame) {
  Listener listener;
  grant({"127.0.0.1:" + std::to_string(listener.port)});
  const std::uint32_t fd = open();
  ASSERT_EQ(connect(fd, "127.0.0.1", listener.port), Errno::kSuccess);
  Fd peer = listener.accept();
  EXPECT_EQ(::write(peer.get(), "half", 4), 4);
  EXPECT_EQ(receive(fd), "half");
  const linger at_once{1, 0};  // closing resets
  ASSERT_EQ(::setsockopt(peer.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
  peer.reset();
  EXPECT_EQ(receive(fd), "errno 15");  // ECONNRESET
  EXPECT_EQ(send(fd, "x"), Errno::kPipe);
}

TEST_F(SocketTest, WhatIsNotGrantedIsNeitherLookedUpNorConnectedTo) {
  grant({"db.internal:5432"});
  network.names["evil.example"] = {"93.184.216.34"};
  EXPECT_EQ(dial("tcp/evil.example/443"), Errno::kAcces);
  EXPECT_EQ(network.lookups.size(), 0U);
  EXPECT_THAT(denial(), HasSubstr("--connect evil.example:443"));
  const std::uint32_t fd = open();
  EXPECT_EQ(connect(fd, "93.184.216.34", 443), Errno::kAcces);
  EXPECT_EQ(connect(open(), "169.254.169.254", 80), Errno::kAcces);
  EXPECT_TRUE(network.connects.empty());
}

TEST_F(SocketTest, ALyingResolverLeadsNowhere) {
  Listener listener;
  grant({"*.example.com:443"});
  network.names["a.example.com"] = {"127.0.0.1"};
  EXPECT_EQ(dial("tcp/a.example.com/443"), Errno::kAcces);
  EXPECT_THAT(denial(), HasSubstr("a.example.com leads to 127.0.0.1, a loopback address"));
  // It changes its answer: this event keeps the first one, so that what was checked is what counts.
  network.names["a.example.com"] = {"93.184.216.34"};
  EXPECT_EQ(dial("tcp/a.example.com/443"), Errno::kAcces);
  EXPECT_EQ(network.lookups["a.example.com"], 1);
  EXPECT_TRUE(network.connects.empty());
}

TEST_F(SocketTest, APathIsDialled) {
  Listener listener;
  grant({"db.internal:5432"});
  network.names["db.internal"] = {"127.0.0.1", "10.1.2.3"};
  network.leads["10.1.2.3:5432"] = listener.port;
  ASSERT_EQ(dial("tcp/db.internal/5432", kFdNonblock), Errno::kSuccess);
  const std::uint32_t fd = result();
  EXPECT_EQ(network.connects, std::vector<std::string>{"10.1.2.3:5432"});
  ASSERT_EQ(call("fd_fdstat_get", {fd, kResult}), Errno::kSuccess);
  EXPECT_EQ(get<GuestFdstat>(kResult).filetype, 6);
  EXPECT_EQ(get<GuestFdstat>(kResult).flags, kFdNonblock);
  for (std::string_view bad : {"tcp", "tcp/", "tcp/x", "tcp//1", "tcp/x/", "tcp/x/0", "tcp/x/65536",
                               "udp/x/1", "null", "tcp/x/1x"}) {
    EXPECT_EQ(dial(bad), Errno::kNoent) << bad;
  }
  EXPECT_EQ(dial("tcp/nowhere.internal/5432"), Errno::kAcces);
}

TEST_F(SocketTest, NamesThatDoNotResolve) {
  NetworkAccess base;
  base.connect_timeout = std::chrono::milliseconds(20);
  grant({"none.example:1", "silent.example:1"}, base);
  EXPECT_EQ(dial("tcp/none.example/1"), Errno::kNoent);
  EXPECT_EQ(dial("tcp/silent.example/1"), Errno::kTimedout);
}

TEST_F(SocketTest, QueriesAreAnsweredUnderTheGrants) {
  grant({"db.internal:5432"});
  network.names["db.internal"] = {"10.1.2.3", "fd00::7", "127.0.0.1"};
  const std::uint32_t fd = open(1);
  ASSERT_EQ(connect(fd, "127.0.0.1", 53), Errno::kSuccess);
  const std::string ask =
      std::string("\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00", 12) + std::string(
                                                                                "\x02"
                                                                                "db"
                                                                                "\x08"
                                                                                "internal"
                                                                                "\x00",
                                                                                13);
  ASSERT_EQ(send(fd, ask + std::string("\x00\x01\x00\x01", 4)), Errno::kSuccess);
  std::string answer = receive(fd);
  ASSERT_EQ(answer.size(), ask.size() + 4 + 16);  // one A record: loopback is not told
  EXPECT_EQ(answer.substr(0, 2), "\x12\x34");
  EXPECT_EQ(answer[3] & 0x0F, 0);
  EXPECT_EQ(answer.substr(answer.size() - 4), std::string("\x0a\x01\x02\x03", 4));
  ASSERT_EQ(send(fd, ask + std::string("\x00\x1c\x00\x01", 4)), Errno::kSuccess);
  EXPECT_EQ(receive(fd).size(), ask.size() + 4 + 28);  // AAAA
  const std::string other = std::string("\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00", 12) +
                            std::string(
                                "\x04"
                                "evil"
                                "\x00\x00\x01\x00\x01",
                                10);
  ASSERT_EQ(send(fd, other), Errno::kSuccess);
  EXPECT_EQ(receive(fd)[3] & 0x0F, 5);  // REFUSED
  EXPECT_EQ(network.lookups.size(), 1U);
  ASSERT_EQ(send(fd, "short"), Errno::kSuccess);
  EXPECT_EQ(receive(fd), "errno 6");
  EXPECT_EQ(connect(open(1), "127.0.0.1", 54), Errno::kAcces);
  put_address("127.0.0.1", 4);
  EXPECT_EQ(call("sock_send_to", {open(1), kIovs, 1, kAddress, 54, 0, kResult}), Errno::kAcces);
}

TEST_F(SocketTest, LimitsHold) {
  Listener listener(64);
  NetworkAccess base;
  base.connections = 2;
  base.bytes = 10;
  const std::string place = "127.0.0.1:" + std::to_string(listener.port);
  grant({place}, base);
  const std::uint32_t fd = open();
  ASSERT_EQ(connect(fd, "127.0.0.1", listener.port), Errno::kSuccess);
  ASSERT_EQ(connect(open(), "127.0.0.1", listener.port), Errno::kSuccess);
  EXPECT_EQ(connect(open(), "127.0.0.1", listener.port), Errno::kMfile);
  EXPECT_THAT(denial(), HasSubstr("more than 2 connections at once (raise [limits] connections)"));
  EXPECT_EQ(send(fd, "0123456789"), Errno::kSuccess);
  EXPECT_EQ(send(fd, "x"), Errno::kDquot);
  EXPECT_THAT(denial(), HasSubstr("raise [limits] network_bytes"));
  // A loop that connects ends too.
  grant({place}, base);
  Errno last = Errno::kSuccess;
  int made = 0;
  for (; made < 10'000 && last == Errno::kSuccess; ++made) {
    const std::uint32_t again = open();
    last = connect(again, "127.0.0.1", listener.port);
    EXPECT_EQ(call("fd_close", {again}), Errno::kSuccess);
    static_cast<void>(listener.accept());
  }
  EXPECT_EQ(last, Errno::kMfile);
  EXPECT_EQ(made, 2 * 16 + 1);
}

TEST_F(SocketTest, TenThousandSocketsAreNotToBeHad) {
  grant({"127.0.0.1:1"});
  const std::size_t before = open_descriptors();
  Errno last = Errno::kSuccess;
  for (int i = 0; i < 10'000; ++i) last = call("sock_open", {1, 2, kResult});
  EXPECT_EQ(last, Errno::kMfile);
  EXPECT_EQ(open_descriptors(), before);
}

// The canary: what one event left open, and what came for it, is gone for the next.
TEST_F(SocketTest, NothingOfAnEventIsLeftForTheNext) {
  Listener listener;
  const std::string place = "127.0.0.1:" + std::to_string(listener.port);
  const std::size_t before = open_descriptors();
  grant({place});
  const std::uint32_t fd = open();
  ASSERT_EQ(connect(fd, "127.0.0.1", listener.port), Errno::kSuccess);
  Fd peer = listener.accept();
  EXPECT_EQ(::write(peer.get(), "canary", 6), 6);
  real_context.end_network();
  char got[8];
  EXPECT_LE(::recv(peer.get(), got, sizeof got, 0), 0);  // closed at once, not at the next event
  EXPECT_EQ(receive(fd), "errno 8");
  grant({place});
  EXPECT_EQ(receive(fd), "errno 8");
  EXPECT_EQ(call("sock_recv", {fd, kIovs, 1, 0, kResult, kValue}), Errno::kBadf);
  EXPECT_TRUE(real_context.connections().empty());
  peer.reset();
  EXPECT_EQ(open_descriptors(), before);
  // The same where the event did not end by itself: reset() alone.
  ASSERT_EQ(connect(open(), "127.0.0.1", listener.port), Errno::kSuccess);
  real_context.reset({});
  EXPECT_EQ(open_descriptors(), before);
}

TEST_F(SocketTest, CertificatesAreAFileThatCanOnlyBeRead) {
  NetworkAccess base;
  base.ca_bundle = "roots\n";
  grant({"127.0.0.1:1"}, base);
  const auto open_ca = [&](std::string_view name, std::uint32_t oflags, std::uint64_t base_rights) {
    const auto size = put_text(kPath, name);
    return call("path_open", {4, 0, kPath, size, oflags, base_rights, 0, 0, kResult});
  };
  ASSERT_EQ(call("fd_prestat_dir_name", {4, kData, 14}), Errno::kSuccess);
  EXPECT_EQ(text(kData, 14), kCaFolderPath);
  ASSERT_EQ(open_ca(kCaName, 0, rights::kFdRead), Errno::kSuccess);
  const std::uint32_t fd = result();
  EXPECT_EQ(receive(fd), "roots\n");
  EXPECT_EQ(receive(fd), "");
  EXPECT_EQ(send(fd, "x"), Errno::kNotcapable);
  EXPECT_EQ(open_ca(kCaName, kOpenTrunc, rights::kFdWrite), Errno::kRofs);
  EXPECT_EQ(open_ca("../passwd", 0, rights::kFdRead), Errno::kNoent);
  EXPECT_EQ(call("path_unlink_file", {4, kPath, put_text(kPath, kCaName)}), Errno::kNotdir);
}

TEST_F(SocketTest, PollOnAClosedDescriptorIsAnErrorOfTheEvent) {
  grant({"127.0.0.1:1"});
  const std::uint32_t closed = open();
  ASSERT_EQ(call("fd_close", {closed}), Errno::kSuccess);
  for (const std::uint32_t fd : {closed, 40U}) {
    EXPECT_EQ(poll(fd, EventType::kFdRead, 5000), 1U);
    EXPECT_EQ(event.error, static_cast<std::uint16_t>(Errno::kBadf));
  }
}

TEST_F(SocketTest, PointersOutsideOfMemoryAreFaults) {
  Listener listener;
  grant({"127.0.0.1:" + std::to_string(listener.port)});
  EXPECT_EQ(call("sock_open", {1, 2, kOutside}), Errno::kFault);
  const std::uint32_t fd = open();
  EXPECT_EQ(call("sock_connect", {fd, kOutside, 1}), Errno::kFault);
  put(kAddress, std::uint32_t{kOutside});
  put(kAddress + 4, std::uint32_t{4});
  EXPECT_EQ(call("sock_connect", {fd, kAddress, 1}), Errno::kFault);
  ASSERT_EQ(connect(fd, "127.0.0.1", listener.port), Errno::kSuccess);
  put_address("0.0.0.0", 4);
  for (std::string_view name : {"sock_getlocaladdr", "sock_getpeeraddr"}) {
    EXPECT_EQ(call(name, {fd, kOutside, kValue, kValue}), Errno::kFault) << name;
    EXPECT_EQ(call(name, {fd, kAddress, kOutside, kValue}), Errno::kFault) << name;
    EXPECT_EQ(call(name, {fd, kAddress, kValue, kOutside}), Errno::kFault) << name;
  }
  for (std::string_view name : {"sock_getlocaladdr.v2", "sock_getpeeraddr.v2"}) {
    EXPECT_EQ(call(name, {fd, kOutside, kValue}), Errno::kFault) << name;
    EXPECT_EQ(call(name, {fd, kAddress, kOutside}), Errno::kFault) << name;
  }
  Fd peer = listener.accept();
  EXPECT_EQ(::write(peer.get(), "0123456789", 10), 10);
  slice(kData, 1);
  struct Pointers {
    std::uint32_t iovs = kIovs, address = kAddress, port = kValue, size = kResult, flags = kValue;
  };
  for (const Pointers& at : {Pointers{.iovs = kOutside}, Pointers{.address = kOutside},
                             Pointers{.size = kOutside}, Pointers{.flags = kMemory - 1}}) {
    EXPECT_EQ(call("sock_recv_from", {fd, at.iovs, 1, at.address, 0, at.size, at.flags}),
              Errno::kFault);
    EXPECT_EQ(
        call("sock_recv_from.v2", {fd, at.iovs, 1, at.address, 0, at.port, at.size, at.flags}),
        Errno::kFault);
  }
  EXPECT_EQ(call("sock_recv_from.v2", {fd, kIovs, 1, kAddress, 0, kOutside, kResult, kValue}),
            Errno::kFault);
  const std::uint32_t datagrams = open(1);
  EXPECT_EQ(call("sock_send_to", {datagrams, kIovs, 1, kOutside, 53, 0, kResult}), Errno::kFault);
  put_address("127.0.0.1", 4);
  EXPECT_EQ(call("sock_send_to", {datagrams, kOutside, 1, kAddress, 53, 0, kResult}),
            Errno::kFault);
  EXPECT_EQ(call("sock_send_to", {datagrams, kIovs, 1, kAddress, 53, 0, kOutside}), Errno::kFault);
  EXPECT_EQ(call("sock_getsockopt", {fd, 0, 2, kOutside, 4}), Errno::kFault);
  EXPECT_EQ(call("sock_setsockopt", {fd, 0, 7, kOutside, 4}), Errno::kFault);
  EXPECT_EQ(call("sock_recv", {fd, kOutside, 1, 0, kResult, kValue}), Errno::kFault);
  EXPECT_EQ(call("sock_send", {fd, kOutside, 1, 0, kResult}), Errno::kFault);
  EXPECT_EQ(call("sock_getaddrinfo", {kOutside, 9, 0, 0, 0, 0, 1, kResult}), Errno::kFault);
  const std::uint64_t size = put_text(kPath, "127.0.0.1");
  EXPECT_EQ(call("sock_getaddrinfo", {kPath, size, kOutside, 9, 0, 0, 1, kResult}), Errno::kFault);
  EXPECT_EQ(call("sock_getaddrinfo", {kPath, size, 0, 0, kOutside, 0, 1, kResult}), Errno::kFault);
  EXPECT_EQ(call("sock_getaddrinfo", {kPath, size, 0, 0, 0, kOutside, 1, kResult}), Errno::kFault);
  EXPECT_EQ(call("sock_getaddrinfo", {kPath, size, 0, 0, 0, 0, 1, kOutside}), Errno::kFault);
}

}  // namespace
}  // namespace ferry::wasi
