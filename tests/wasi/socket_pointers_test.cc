// The arguments of socket calls are a guest's: pointers that lie outside, buffers of odd sizes,
// descriptors that are none, flags that nobody knows.
#include <gmock/gmock.h>

#include "wasi/socket_fixture.h"

namespace ferry::wasi {
namespace {

constexpr std::uint32_t kOut = 720;  // where results may go

class SocketPointers : public SocketTest {
 protected:
  void SetUp() override {
    grant({"127.0.0.1:" + std::to_string(listener.port)});
    fd = open();
    ASSERT_EQ(connect(fd, "127.0.0.1", listener.port), Errno::kSuccess);
    peer = listener.accept();
    slice(kData, 16);
    put_address("127.0.0.1", 4);
  }
  // Each of these arguments, one after the other, points to where nothing fits.
  void each_outside(std::string_view name, const std::vector<std::uint64_t>& args,
                    std::initializer_list<std::size_t> pointers) {
    for (const std::size_t at : pointers) {
      std::vector<std::uint64_t> wrong = args;
      wrong[at] = kMemory - 1;
      // Peeked at, so that the next one finds it again.
      ASSERT_EQ(::send(peer.get(), "x", 1, 0), 1);
      const Call* found = find_call(name);
      ASSERT_NE(found, nullptr);
      ASSERT_EQ(found->params.size(), wrong.size()) << name;
      const CallResult result =
          found->function(real_context, {memory.data(), memory.size()}, wrong.data());
      EXPECT_FALSE(result.stop) << name << " " << at;
      EXPECT_EQ(static_cast<Errno>(result.value), Errno::kFault) << name << " " << at;
    }
  }

  Listener listener;
  std::uint32_t fd = 0;
  Fd peer;
};

TEST_F(SocketPointers, LieInMemory) {
  each_outside("sock_open", {1, 2, kOut}, {2});
  each_outside("sock_connect", {fd, kAddress, listener.port}, {1});
  each_outside("sock_recv", {fd, kIovs, 1, 0, kOut, kOut + 8}, {1, 4, 5});
  each_outside("sock_recv_from.v2", {fd, kIovs, 1, kAddress, 0, kOut + 16, kOut, kOut + 8},
               {1, 3, 5, 6, 7});
  each_outside("sock_send", {fd, kIovs, 1, 0, kOut}, {1, 4});
  each_outside("sock_getlocaladdr.v2", {fd, kAddress, kOut}, {1, 2});
  each_outside("sock_getpeeraddr.v2", {fd, kAddress, kOut}, {1, 2});
}

TEST_F(SocketPointers, OfAddressesAreFourSixteenOrTaggedBytes) {
  const std::uint32_t other = open();
  const auto with_size = [&](std::uint32_t size) {
    put(kAddress + 4, size);
    return call("sock_connect", {other, kAddress, listener.port});
  };
  for (const std::uint32_t odd : {0U, 1U, 5U, 15U, 17U, 127U, 129U, ~0U}) {
    EXPECT_EQ(with_size(odd), Errno::kInval) << odd;
  }
  put(kAddress, kMemory - 1);  // where the bytes are
  EXPECT_EQ(with_size(4), Errno::kFault);
  EXPECT_EQ(with_size(128), Errno::kFault);
  put(kAddress, kMemory - 100);  // the tag lies inside, and the rest of the 128 does not
  put(kMemory - 100, std::uint16_t{1});
  EXPECT_EQ(with_size(128), Errno::kFault);
  put(kAddress, kAddress + 16);
  put(kAddress + 16, std::uint16_t{3});
  EXPECT_EQ(with_size(128), Errno::kAfnosupport);
  EXPECT_EQ(call("sock_connect", {other, kAddress, 65'536}), Errno::kInval);  // a port
}

TEST_F(SocketPointers, AnAddressIsWrittenWhereItFits) {
  put(kAddress + 4, std::uint32_t{3});
  EXPECT_EQ(call("sock_getpeeraddr.v2", {fd, kAddress, kOut}), Errno::kInval);
  put(kAddress + 4, std::uint32_t{128});
  put(kAddress, kMemory - 100);
  EXPECT_EQ(call("sock_getpeeraddr.v2", {fd, kAddress, kOut}), Errno::kFault);
  put(kAddress, kOutside);
  put(kAddress + 4, std::uint32_t{4});
  EXPECT_EQ(call("sock_getpeeraddr.v2", {fd, kAddress, kOut}), Errno::kFault);
  put_address("0.0.0.0", 4);
  ASSERT_EQ(call("sock_getlocaladdr.v2", {fd, kAddress, kOut}), Errno::kSuccess);
  EXPECT_EQ(memory[kAddress + 16], 127);
  EXPECT_NE(get<std::uint32_t>(kOut), 0U);
  // Before it is connected a socket has no address of its own, and no peer.
  const std::uint32_t fresh = open();
  ASSERT_EQ(call("sock_getlocaladdr.v2", {fresh, kAddress, kOut}), Errno::kSuccess);
  EXPECT_EQ(get<std::uint32_t>(kOut), 0U);
  EXPECT_EQ(call("sock_getpeeraddr.v2", {fresh, kAddress, kOut}), Errno::kNotconn);
}

TEST_F(SocketPointers, DescriptorsAreSockets) {
  for (const auto& [bad, errno_of_it] :
       {std::pair(99U, Errno::kBadf), std::pair(1U, Errno::kNotsock)}) {
    EXPECT_EQ(call("sock_connect", {bad, kAddress, 1}), errno_of_it);
    EXPECT_EQ(call("sock_recv", {bad, kIovs, 1, 0, kOut, kOut + 8}), errno_of_it);
    EXPECT_EQ(call("sock_send", {bad, kIovs, 1, 0, kOut}), errno_of_it);
    EXPECT_EQ(call("sock_shutdown", {bad, kShutRead}), errno_of_it);
    EXPECT_EQ(call("sock_getpeeraddr.v2", {bad, kAddress, kOut}), errno_of_it);
    EXPECT_EQ(call("sock_bind", {bad, kAddress, 1}), errno_of_it);
    EXPECT_EQ(call("sock_listen", {bad, 1}), errno_of_it);
    EXPECT_EQ(call("sock_accept.v1", {bad, kOut}), errno_of_it);
  }
}

// A function connects and never listens.
TEST_F(SocketPointers, NothingIsServedFromWithin) {
  EXPECT_EQ(call("sock_bind", {fd, kAddress, 1}), Errno::kNotsup);
  EXPECT_EQ(call("sock_listen", {fd, 1}), Errno::kNotsup);
  EXPECT_EQ(call("sock_accept.v1", {fd, kOut}), Errno::kNotsup);
}

TEST_F(SocketPointers, FlagsAndKindsAreKnown) {
  EXPECT_EQ(call("sock_open", {0, 2, kOut}), Errno::kAfnosupport);
  EXPECT_EQ(call("sock_open", {3, 2, kOut}), Errno::kAfnosupport);
  EXPECT_EQ(call("sock_open", {2, 2, kOut}), Errno::kSuccess);
  EXPECT_EQ(call("sock_open", {1, 3, kOut}), Errno::kPrototype);
  EXPECT_EQ(call("sock_recv", {fd, kIovs, 1, 4, kOut, kOut + 8}), Errno::kInval);
  EXPECT_EQ(call("sock_send", {fd, kIovs, 1, 1, kOut}), Errno::kInval);
  EXPECT_EQ(call("sock_shutdown", {fd, 0}), Errno::kInval);
  EXPECT_EQ(call("sock_shutdown", {fd, 4}), Errno::kInval);
  EXPECT_EQ(call("sock_shutdown", {open(), kShutRead}), Errno::kNotconn);
  EXPECT_EQ(call("sock_shutdown", {fd, kShutRead | kShutWrite}), Errno::kSuccess);
}

TEST_F(SocketPointers, WhatIsPeekedAtIsThereAgain) {
  ASSERT_EQ(::send(peer.get(), "abc", 3, 0), 3);
  slice(kData, 2);
  constexpr std::uint32_t kPeek = 1;
  ASSERT_EQ(call("sock_recv", {fd, kIovs, 1, kPeek, kOut, kOut + 8}), Errno::kSuccess);
  EXPECT_EQ(text(kData, 2), "ab");
  EXPECT_EQ(receive(fd, 3), "abc");
  // A peer that sends in two parts: all of them are waited for.
  constexpr std::uint32_t kWaitAll = 2;
  std::thread later([&] {
    ASSERT_EQ(::send(peer.get(), "12", 2, 0), 2);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    ASSERT_EQ(::send(peer.get(), "34", 2, 0), 2);
  });
  slice(kData, 4);
  ASSERT_EQ(call("sock_recv", {fd, kIovs, 1, kWaitAll, kOut, kOut + 8}), Errno::kSuccess);
  later.join();
  EXPECT_EQ(get<std::uint32_t>(kOut), 4U);
  EXPECT_EQ(text(kData, 4), "1234");
}

TEST_F(SocketPointers, AStreamIsConnectedOnceAndSendsToNobodyElse) {
  EXPECT_EQ(connect(fd, "127.0.0.1", listener.port), Errno::kIsconn);
  put_address("127.0.0.1", 4);
  EXPECT_EQ(call("sock_send_to", {fd, kIovs, 1, kAddress, 1, 0, kOut}), Errno::kIsconn);
  EXPECT_EQ(call("sock_send_to", {fd, kIovs, 1, kAddress, 1, 1, kOut}), Errno::kInval);
  EXPECT_EQ(call("sock_send_to", {99, kIovs, 1, kAddress, 1, 0, kOut}), Errno::kBadf);
  const std::uint32_t datagrams = open(1);
  EXPECT_EQ(call("sock_send_to", {datagrams, kIovs, 1, kOutside, 1, 0, kOut}), Errno::kFault);
}

}  // namespace
}  // namespace ferry::wasi
