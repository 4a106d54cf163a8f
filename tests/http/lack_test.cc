// What a server does without descriptors, and whom it takes its peers for.
#include <filesystem>

#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/un.h>

#include "http/fixture.h"

namespace ferry::http {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

// While it lives, this process has no descriptor left.
class NoDescriptors {
 public:
  NoDescriptors() {
    getrlimit(RLIMIT_NOFILE, &before_);
    const Fd lowest(fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0));
    rlimit none = before_;
    none.rlim_cur = static_cast<rlim_t>(lowest.get());
    setrlimit(RLIMIT_NOFILE, &none);
  }
  ~NoDescriptors() { setrlimit(RLIMIT_NOFILE, &before_); }
  NoDescriptors(const NoDescriptors&) = delete;
  NoDescriptors& operator=(const NoDescriptors&) = delete;

 private:
  rlimit before_{};
};

class LackTest : public testing::Test {
 protected:
  ServerOptions options() {
    ServerOptions out;
    out.clock = &clock_;
    out.on_lack = [this](int error) { lacks_.push_back(error); };
    return out;
  }
  static void turns(TestServer& server) {
    for (int i = 0; i < 4; ++i) server.server->step();
  }

  ManualClock clock_;
  TestService service_;
  std::vector<int> lacks_;
};

// It says so once a minute, and who waits is served once there are some again.
TEST_F(LackTest, WithoutDescriptorsConnectionsWait) {
  TestServer server(options(), service_);
  RawClient client(server.port);
  client.get("/");
  {
    const NoDescriptors lack;
    turns(server);
    clock_.pass(std::chrono::seconds(2));
    turns(server);
    EXPECT_THAT(lacks_, ElementsAre(EMFILE));
    clock_.pass(std::chrono::seconds(61));
    turns(server);
    EXPECT_THAT(lacks_, ElementsAre(EMFILE, EMFILE));
  }
  clock_.pass(std::chrono::seconds(2));
  turns(server);
  std::string body;
  EXPECT_EQ(client.response(&body), 200);
  EXPECT_EQ(body, "GET / ");
}

TEST_F(LackTest, WithoutDescriptorsThereIsNoServer) {
  const NoDescriptors lack;
  const auto made = Server::make(options(), service_);
  ASSERT_FALSE(made.ok());
  EXPECT_THAT(made.error().text(), HasSubstr("make an epoll set"));
}

TEST_F(LackTest, WhatCannotBeWatchedIsNeitherListenedOnNorServed) {
  const auto server = std::move(*Server::make(options(), service_));
  const auto file = [] { return Fd(open("/proc/self/exe", O_RDONLY | O_CLOEXEC)); };
  const Status listening = server->listen(file());
  ASSERT_FALSE(listening.ok());
  EXPECT_THAT(listening.error().text(), HasSubstr("watch the listening socket"));
  const Status adopted = server->adopt(file());
  ASSERT_FALSE(adopted.ok());
  EXPECT_THAT(adopted.error().text(), HasSubstr("watch a connection"));
}

// A request to a server on this socket, and whom the server takes its peer for.
class PeerTest : public LackTest {
 protected:
  std::string peer_of(Listeners listeners, const sockaddr* address, socklen_t size) {
    service_.on_request = [](const Request& request, Response& response) {
      response.body = request.peer;
    };
    auto server = std::move(*Server::make(options(), service_));
    EXPECT_TRUE(server->listen(std::move(listeners.sockets[0])).ok());
    const Fd client(socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(connect(client.get(), address, size), 0);
    const std::string_view request = "GET / HTTP/1.0\r\n\r\n";
    EXPECT_EQ(::send(client.get(), request.data(), request.size(), 0),
              static_cast<ssize_t>(request.size()));
    for (int i = 0; i < 4; ++i) server->step();
    std::string answer(1000, '\0');
    const ssize_t got = recv(client.get(), answer.data(), answer.size(), MSG_DONTWAIT);
    answer.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    return answer.substr(std::min(answer.find("\r\n\r\n") + 4, answer.size()));
  }
};

TEST_F(PeerTest, IsAnAddressAndAPort) {
  auto v6 = listen_on("[::1]:0", 1);
  if (!v6.ok()) GTEST_SKIP() << "no IPv6 here: " << v6.error().text();
  sockaddr_in6 address{};
  socklen_t size = sizeof address;
  getsockname(v6->sockets[0].get(), reinterpret_cast<sockaddr*>(&address), &size);
  EXPECT_THAT(peer_of(std::move(*v6), reinterpret_cast<sockaddr*>(&address), size),
              StartsWith("[::1]:"));
}

TEST_F(PeerTest, OnAUnixSocketIsAUserAndAProcess) {
  std::string folder = std::filesystem::temp_directory_path() / "ferry-peer-XXXXXX";
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  auto listeners = listen_on("unix:" + folder + "/s", 1);
  ASSERT_TRUE(listeners.ok());
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = folder + "/s";
  std::copy(path.begin(), path.end(), address.sun_path);
  EXPECT_EQ(peer_of(std::move(*listeners), reinterpret_cast<sockaddr*>(&address), sizeof address),
            "uid " + std::to_string(getuid()) + ":" + std::to_string(getpid()));
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace ferry::http
