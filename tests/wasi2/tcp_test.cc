// wasi:sockets: look-ups and TCP connections under the grants, against services of the test's own.
#include <gmock/gmock.h>

#include "component_fixture.h"
#include "net/network.h"
#include "service.h"

namespace ferry::wasi2 {
namespace {

using testing::HasSubstr;

constexpr char kTcp[] = "wasi:sockets/tcp";
constexpr char kNames[] = "wasi:sockets/ip-name-lookup";

constexpr u8 kAccessDenied = 1;
constexpr u8 kNotSupported = 2;
constexpr u8 kInvalidArgument = 3;
constexpr u8 kNotInProgress = 7;
constexpr u8 kInvalidState = 9;
constexpr u8 kSocketConnectionRefused = 14;

class TcpTest : public ComponentTest {
 protected:
  void grant(std::string_view pattern) {
    ComponentTest::grant(pattern);
    network = static_cast<u32>(call("wasi:sockets/instance-network", "instance-network", {}));
  }
  u32 socket(u32 family = 0) {
    call("wasi:sockets/tcp-create-socket", "create-tcp-socket", {family, kRet});
    EXPECT_EQ(get<u8>(kRet), 0);
    return get(kRet + 4);
  }
  // The error-code in a result whose value would lie at `offset`.
  std::optional<u8> error(u32 offset = 1) const {
    return get<u8>(kRet) == 0 ? std::nullopt : std::optional(get<u8>(kRet + offset));
  }
  std::optional<u8> start(u32 self, std::uint16_t port, u32 first = 127) {
    call(kTcp, "[method]tcp-socket.start-connect",
         {self, network, 0, port, first, 0, 0, 1, 0, 0, 0, 0, 0, 0, kRet});
    return error();
  }
  // Waits for it; the streams are then in `in` and `out`.
  std::optional<u8> finish(u32 self) {
    const u32 pollable = static_cast<u32>(call(kTcp, "[method]tcp-socket.subscribe", {self}));
    call(kPoll, "[method]pollable.block", {pollable});
    call(kPoll, "[resource-drop]pollable", {pollable});
    call(kTcp, "[method]tcp-socket.finish-connect", {self, kRet});
    if (get<u8>(kRet) == 0) {
      in = get(kRet + 4);
      out = get(kRet + 8);
    }
    return error(4);
  }
  u32 connected(std::uint16_t port) {
    const u32 self = socket();
    EXPECT_EQ(start(self, port), std::nullopt);
    EXPECT_EQ(finish(self), std::nullopt);
    return self;
  }
  void write(std::string_view text) {
    const Passed bytes = pass(text);
    call(kStreams, "[method]output-stream.blocking-write-and-flush",
         {out, bytes.at, bytes.size, kRet});
    EXPECT_EQ(get<u8>(kRet), 0);
  }
  std::string read_all() {
    std::string all;
    while (true) {
      heap = kHeap;
      call(kStreams, "[method]input-stream.blocking-read", {in, 1000, kRet});
      if (get<u8>(kRet) != 0) return all;
      all += text(kRet + 4);
    }
  }

  u32 network = 0;
  u32 in = 0;
  u32 out = 0;
};

TEST_F(TcpTest, AConnectionTalksBothWaysAndHalfCloses) {
  Service service("answer", "question");
  grant(service.authority());
  const u32 self = connected(service.port());
  call(kTcp, "[method]tcp-socket.remote-address", {self, kRet});
  EXPECT_EQ(get<std::uint16_t>(kRet + 8), service.port());
  EXPECT_EQ(get<u8>(kRet + 10), 127);
  write("question");
  EXPECT_EQ(read_all(), "answer");
  call(kTcp, "[method]tcp-socket.shutdown", {self, 1, kRet});
  EXPECT_EQ(error(), std::nullopt);
  EXPECT_EQ(service.received(), "question");  // it has seen the end
  const Passed more = pass("more");
  call(kStreams, "[method]output-stream.write", {out, more.at, more.size, kRet});
  EXPECT_EQ(get<u8>(kRet), 1);
}

TEST_F(TcpTest, NamesAreLookedUpWhereAGrantCoversThem) {
  Service service("hello", "");
  grant(service.authority());
  const Passed name = pass("localhost");
  call(kNames, "resolve-addresses", {network, name.at, name.size, kRet});
  ASSERT_EQ(get<u8>(kRet), 0);
  const u32 stream = get(kRet + 4);
  call(kNames, "[method]resolve-address-stream.resolve-next-address", {stream, kRet});
  EXPECT_EQ(get<u8>(kRet), 0);
  EXPECT_EQ(get<u8>(kRet + 2), 1);
  EXPECT_EQ(get<u8>(kRet + 4), 0);  // IPv4
  EXPECT_EQ(get(kRet + 6), 0x0100007fu);
  int more = 0;
  do {
    call(kNames, "[method]resolve-address-stream.resolve-next-address", {stream, kRet});
  } while (get<u8>(kRet + 2) == 1 && ++more < 10);
  EXPECT_LT(more, 10);
  const Passed other = pass("example.org");
  call(kNames, "resolve-addresses", {network, other.at, other.size, kRet});
  EXPECT_EQ(error(4), kAccessDenied);
  EXPECT_THAT(context.denial()->hint, HasSubstr("example.org"));
  connected(service.port());
  EXPECT_EQ(read_all(), "hello");
  context.end_network();  // the service waits for it
}

TEST_F(TcpTest, WhatIsNotGrantedIsDenied) {
  grant("localhost:1");
  const u32 self = socket();
  EXPECT_EQ(start(self, 2), kAccessDenied);
  EXPECT_THAT(context.denial()->hint, HasSubstr("127.0.0.1:2"));
  EXPECT_EQ(finish(self), kNotInProgress);
  EXPECT_EQ(start(socket(), 80, 10), kAccessDenied);
}

TEST_F(TcpTest, ARefusedConnectionSaysSo) {
  std::uint16_t port = 0;
  { port = Service().port(); }
  grant("localhost:" + std::to_string(port));
  const u32 self = socket();
  const auto begun = start(self, port);
  EXPECT_EQ(begun ? begun : finish(self), kSocketConnectionRefused);
}

TEST_F(TcpTest, WhatIsNoConnectionThatGoesOutIsRefusedByTheInterfacesOwnError) {
  Service service("x", "");
  grant(service.authority());
  const u32 self = socket();
  EXPECT_EQ(start(socket(1), service.port()), kInvalidArgument);
  call(kTcp, "[method]tcp-socket.start-bind",
       {self, network, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, kRet});
  EXPECT_EQ(error(), kNotSupported);
  call(kTcp, "[method]tcp-socket.start-listen", {self, kRet});
  EXPECT_EQ(error(), kNotSupported);
  call(kTcp, "[method]tcp-socket.shutdown", {self, 1, kRet});
  EXPECT_EQ(error(), kInvalidState);
  EXPECT_EQ(start(self, service.port()), std::nullopt);
  EXPECT_EQ(start(self, service.port()), kInvalidState);
  EXPECT_EQ(finish(self), std::nullopt);
  EXPECT_EQ(finish(self), kNotInProgress);
  EXPECT_THAT(trap(kTcp, "[resource-drop]tcp-socket", {self}), HasSubstr("tcp-socket"));
}

TEST_F(TcpTest, DroppingTheSocketEndsTheConnection) {
  Service service("", "never", false);
  grant(service.authority());
  const u32 self = connected(service.port());
  call(kStreams, "[resource-drop]input-stream", {in});
  call(kStreams, "[resource-drop]output-stream", {out});
  call(kTcp, "[resource-drop]tcp-socket", {self});
  EXPECT_EQ(service.received(), "");
  EXPECT_EQ(context.connections().size(), 1u);
}

}  // namespace
}  // namespace ferry::wasi2
