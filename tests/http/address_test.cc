// Where a server listens: addresses, sockets of the file system, and those that were handed over.
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <arpa/inet.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "http/inherited.h"
#include "http/listener.h"

namespace ferry::http {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::string address_refusal(const std::string& address) {
  const auto listeners = listen_on(address, 1);
  return listeners.ok() ? "" : listeners.error().text();
}

TEST(ListenAddress, IsAHostAndAPort) {
  for (const char* wrong :
       {"", "8080", "localhost", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536", "127.0.0.1:123456",
        "127.0.0.1:-1", "::1:8080", "[::1:8080", "[]:1", "x.example:80", "256.0.0.1:80"}) {
    EXPECT_THAT(address_refusal(wrong), HasSubstr("is not an address to listen on")) << wrong;
  }
  for (const auto& [address, start] : std::initializer_list<std::pair<const char*, const char*>>{
           {"localhost:0", "127.0.0.1:"}, {":0", "0.0.0.0:"}, {"[::1]:0", "[::1]:"}}) {
    const auto listeners = listen_on(address, 2);
    if (!listeners.ok() && *address == '[') continue;  // there is no IPv6 here
    ASSERT_TRUE(listeners.ok()) << listeners.error().text();
    EXPECT_EQ(listeners->sockets.size(), 2U);
    EXPECT_TRUE(listeners->port_chosen);
    EXPECT_THAT(listeners->address, StartsWith(start));
    EXPECT_EQ(url_of(listeners->address), "http://" + listeners->address);
  }
}

TEST(ListenAddress, ThatIsInUseOrNotOursIsRefused) {
  const auto first = listen_on("127.0.0.1:0", 1);
  ASSERT_TRUE(first.ok());
  EXPECT_THAT(address_refusal(first->address), HasSubstr("is in use by another program"));
  EXPECT_THAT(address_refusal("192.0.2.1:0"), HasSubstr("listen on 192.0.2.1:0"));  // TEST-NET-1
  // Beside the one that is there, which shares: for a program that takes over.
  EXPECT_TRUE(listen_beside(first->address).ok());
  EXPECT_FALSE(listen_beside("nowhere").ok());
}

class UnixSocket : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = std::filesystem::temp_directory_path() / "ferry-unix-XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder = name;
    path = folder / "s";
    address = "unix:" + path.string();
  }
  void TearDown() override { std::filesystem::remove_all(folder); }

  std::filesystem::path folder;
  std::filesystem::path path;
  std::string address;
};

TEST_F(UnixSocket, OfAProgramThatWasKilledIsReplaced) {
  {
    auto killed = listen_on(address, 1);
    ASSERT_TRUE(killed.ok());
  }
  ASSERT_TRUE(std::filesystem::exists(path));  // nobody took it away
  auto next = listen_on(address, 1);
  ASSERT_TRUE(next.ok()) << next.error().text();
  // One that was put there since is not ours to take away.
  std::filesystem::remove(path);
  const auto others = listen_on(address, 1);
  ASSERT_TRUE(others.ok());
  stop_listening(*next);
  EXPECT_TRUE(std::filesystem::exists(path));
}

TEST_F(UnixSocket, ReplacesNothingElse) {
  std::ofstream(path) << "a file";
  EXPECT_THAT(address_refusal(address), HasSubstr("is there and is not a socket"));
  EXPECT_TRUE(std::filesystem::exists(path));
  EXPECT_THAT(address_refusal("unix:" + (folder / "none" / "s").string()),
              HasSubstr("listen on unix:"));
}

TEST(Address, OfWhatIsNoSocketIsEmpty) { EXPECT_EQ(address_of(-1), ""); }

// What a service manager does: descriptors from 3 on, and what they are in the environment. What
// this process itself has there is put aside meanwhile.
std::string handed_over(const std::string& names, const std::vector<int>& sockets,
                        const std::string& count) {
  constexpr int kFirst = 3;
  std::vector<Fd> ours;
  std::vector<Fd> handed;
  ours.reserve(sockets.size());
  handed.reserve(sockets.size());
  for (const int fd : sockets) handed.emplace_back(fcntl(fd, F_DUPFD_CLOEXEC, 100));
  for (std::size_t i = 0; i < handed.size(); ++i) {
    const int place = kFirst + static_cast<int>(i);
    ours.emplace_back(fcntl(place, F_DUPFD_CLOEXEC, 100));
    EXPECT_EQ(dup2(handed[i].get(), place), place);
  }
  setenv("LISTEN_PID", std::to_string(getpid()).c_str(), 1);
  setenv("LISTEN_FDS", count.c_str(), 1);
  setenv("LISTEN_FDNAMES", names.c_str(), 1);
  std::string said;
  {
    auto taken = take_inherited();
    if (!taken.ok()) said = taken.error().text();
    if (taken.ok() && taken->listener) said += "listener " + address_of(taken->listener->get());
    if (taken.ok() && taken->admin) said += " admin " + address_of(taken->admin->get());
  }
  for (const char* name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) {
    EXPECT_EQ(getenv(name), nullptr);  // no child takes them for its own
  }
  for (std::size_t i = 0; i < ours.size(); ++i) {
    const int place = kFirst + static_cast<int>(i);
    if (ours[i].valid()) {
      dup2(ours[i].get(), place);
    } else {
      close(place);
    }
  }
  return said;
}

TEST(Inherited, AreTheListenerAndTheOneNamedAdmin) {
  const auto one = listen_on("127.0.0.1:0", 1);
  const auto two = listen_on("127.0.0.1:0", 1);
  ASSERT_TRUE(one.ok() && two.ok());
  const int a = one->sockets[0].get();
  const int b = two->sockets[0].get();
  EXPECT_EQ(handed_over("", {a}, "1"), "listener " + one->address);
  EXPECT_EQ(handed_over("http:admin", {a, b}, "2"),
            "listener " + one->address + " admin " + two->address);
  EXPECT_EQ(handed_over("admin", {b}, "1"), " admin " + two->address);
  EXPECT_THAT(handed_over("http:more", {a, b}, "2"),
              HasSubstr("more than one socket was handed over"));
}

TEST(Inherited, AreListeningStreamSocketsOrRefused) {
  const Fd datagrams(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const Fd idle(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const Fd file(open("/dev/null", O_RDONLY | O_CLOEXEC));
  for (const Fd* each : {&datagrams, &idle, &file}) {
    EXPECT_THAT(handed_over("", {each->get()}, "1"), HasSubstr("is not a listening stream socket"));
  }
}

TEST(Inherited, AreNoneWhereTheCountIsNoneOrTooLarge) {
  const auto one = listen_on("127.0.0.1:0", 1);
  ASSERT_TRUE(one.ok());
  for (const char* count : {"0", "65", "x", "-1", ""}) {
    EXPECT_EQ(handed_over("", {one->sockets[0].get()}, count), "") << count;
  }
}

// They are for whom $LISTEN_PID names, which is not a child of that process.
TEST(Inherited, OfAnotherProcessAreLeftAlone) {
  setenv("LISTEN_PID", "1", 1);
  setenv("LISTEN_FDS", "1", 1);
  const auto taken = take_inherited();
  ASSERT_TRUE(taken.ok());
  EXPECT_FALSE(taken->listener.has_value() || taken->admin.has_value());
  EXPECT_EQ(getenv("LISTEN_FDS"), nullptr);
}

}  // namespace
}  // namespace ferry::http
