// The server's time-outs, by a clock that the test moves: nothing here waits.
#include <algorithm>
#include <string>

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/fixture.h"
#include "http/server.h"

namespace ferry::http {
namespace {

class ClockTest : public testing::Test {
 protected:
  void SetUp() override {
    ServerOptions options;
    options.lanes = {{1}};
    options.clock = &clock_;
    server_ = std::move(*Server::make(options, service_));
    int ends[2];
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
    client_ = Fd(ends[0]);
    ASSERT_TRUE(server_->adopt(Fd(ends[1])).ok());
    turns();
  }

  void send(std::string_view bytes) {
    ASSERT_EQ(write(client_.get(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
    turns();
  }
  // Enough for everything that is ready now.
  void turns() {
    for (int i = 0; i < 4; ++i) server_->step();
  }
  void pass(std::chrono::seconds time) {
    clock_.pass(time);
    turns();
  }
  std::string received() {
    std::string out(65536, '\0');
    const ssize_t size = read(client_.get(), out.data(), out.size());
    out.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    return out;
  }
  bool closed() {
    char byte = 0;
    return recv(client_.get(), &byte, 1, MSG_PEEK) == 0;
  }

  ManualClock clock_;
  TestService service_;
  std::unique_ptr<Server> server_;
  Fd client_;
};

TEST_F(ClockTest, AConnectionIsKeptBetweenRequestsForAsLongAsTheOptionsSay) {
  send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(received().starts_with("HTTP/1.1 200"));
  pass(std::chrono::seconds(74));
  EXPECT_FALSE(closed());
  send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");  // and each request begins it anew
  EXPECT_TRUE(received().starts_with("HTTP/1.1 200"));
  pass(std::chrono::seconds(74));
  EXPECT_FALSE(closed());
  pass(std::chrono::seconds(3));
  EXPECT_TRUE(closed());
}

TEST_F(ClockTest, AHeadHasToArriveInItsTime) {
  send("GET / HTTP/1.1\r\n");
  pass(std::chrono::seconds(9));
  EXPECT_EQ(received(), "");
  pass(std::chrono::seconds(3));
  EXPECT_TRUE(received().starts_with("HTTP/1.1 408"));
}

// Fault G6: thousands of bodies that did not go on were kept for two minutes.
TEST_F(ClockTest, ABodyThatStandsStillHasTheTimeOfAHead) {
  send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc");
  pass(std::chrono::seconds(9));
  EXPECT_EQ(received(), "");
  pass(std::chrono::seconds(3));
  EXPECT_TRUE(received().starts_with("HTTP/1.1 408"));
}

TEST_F(ClockTest, ABodyThatArrivesAtTheLeastRateHasItsOwnTime) {
  send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n");
  for (int i = 0; i < 11; ++i) {
    send(std::string(11'000, 'x'));
    pass(std::chrono::seconds(10));
    EXPECT_EQ(received(), "");
  }
  pass(std::chrono::seconds(12));
  EXPECT_TRUE(received().starts_with("HTTP/1.1 408"));
}

// Fault R8: an answer that nobody takes is not kept; one that is taken slowly is.
TEST_F(ClockTest, AnAnswerHasToBeTakenAtTheLeastRate) {
  service_.on_request = [](const Request&, Response& response) {
    response.body = std::string(4u << 20, 'x');
  };
  send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  std::string piece(128u << 10, '\0');
  for (int i = 0; i < 10; ++i) {
    pass(std::chrono::seconds(50));
    ssize_t taken = 0;  // all that is there, so that more is sent
    for (ssize_t size = 1; size > 0; taken += std::max<ssize_t>(size, 0)) {
      size = read(client_.get(), piece.data(), piece.size());
    }
    ASSERT_GT(taken, 61'440) << i;
    turns();
  }
  pass(std::chrono::seconds(62));
  while (read(client_.get(), piece.data(), piece.size()) > 0) {
  }
  turns();
  EXPECT_TRUE(closed());
}

TEST_F(ClockTest, AClientThatNeverSendsIsNotKept) {
  pass(std::chrono::seconds(12));
  EXPECT_TRUE(closed());
}

}  // namespace
}  // namespace ferry::http
