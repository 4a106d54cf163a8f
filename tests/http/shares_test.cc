// What one flooded function, or one greedy peer, leaves to the others. Time is the test's: a guest
// takes what the service lets pass.
#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "http/fixture.h"
#include "http/server.h"

namespace ferry::http {
namespace {

using std::chrono::milliseconds;

class SharesTest : public testing::Test {
 protected:
  // Lane 0 is slow, lane 1 quick.
  void make(ServerOptions options) {
    options.lanes = {{64}, {64}};
    options.clock = &clock_;
    options.counters = &counters_;
    service_.on_lane = [](const Request& request) { return request.path() == "/slow" ? 0 : 1; };
    service_.on_request = [this](const Request& request, Response& response) {
      order_.emplace_back(request.path());
      if (request.path() == "/slow") clock_.pass(takes_);
      response.body = std::string(body_, 'x');
    };
    server_ = std::move(*Server::make(options, service_));
  }
  int connect() {
    int ends[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
    clients_.emplace_back(ends[0]);
    EXPECT_TRUE(server_->adopt(Fd(ends[1])).ok());
    return ends[0];
  }
  std::vector<int> connect(int count) {
    std::vector<int> clients(static_cast<std::size_t>(count));
    for (int& each : clients) each = connect();
    return clients;
  }
  void ask(int client, const std::string& path) {
    const std::string text = "GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n";
    ASSERT_EQ(::write(client, text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  static std::string answer(int client) {
    std::string out(65536, '\0');
    const ssize_t size = ::read(client, out.data(), out.size());
    out.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    return out.substr(0, 12);
  }
  void turns(int count) {
    for (int i = 0; i < count; ++i) server_->step();
  }

  // A hundred clients, each with a request for /slow that nobody has read yet.
  std::vector<int> flood_slow() {
    std::vector<int> clients = connect(100);
    turns(4);
    for (const int client : clients) ask(client, "/slow");
    return clients;
  }

  // What requests for /slow take.
  void let_it_learn() {
    const int warm = connect();
    turns(2);
    for (int i = 0; i < 50; ++i) {
      ask(warm, "/slow");
      ask(warm, "/slow");
      turns(8);
      answer(warm);
    }
  }

  milliseconds takes_{1};
  std::size_t body_ = 1;
  ManualClock clock_;
  Counters counters_;
  TestService service_;
  std::vector<std::string> order_;
  std::vector<Fd> clients_;
  std::unique_ptr<Server> server_;
};

// Fault R5: a short function with many clients starved the one beside it.
TEST_F(SharesTest, AFloodedFunctionLeavesAnotherItsShare) {
  make({});
  const std::vector<int> flood = connect(100);
  const int quick = connect();
  turns(4);
  for (const int client : flood) ask(client, "/slow");
  ask(quick, "/quick");
  turns(1);
  ASSERT_LE(order_.size(), 4U) << "a turn is bounded";
  EXPECT_EQ(std::ranges::count(order_, "/quick"), 1);
  EXPECT_EQ(answer(quick), "HTTP/1.1 200");
  // And in every turn after that.
  for (int i = 0; i < 10; ++i) {
    order_.clear();
    ask(quick, "/quick");
    turns(1);
    ASSERT_LE(order_.size(), 4U);
    EXPECT_EQ(answer(quick), "HTTP/1.1 200");
  }
  turns(500);  // each of them uses up the shares of four
  for (const int client : flood) EXPECT_EQ(answer(client), "HTTP/1.1 200");
}

// A flood of short requests had several times the share of a function whose time is its guest's.
TEST_F(SharesTest, ReadingAndWritingAreOfAFunctionsShare) {
  make({});
  service_.on_lane = [this](const Request& request) {
    const bool slow = request.path() == "/slow";
    if (!slow) clock_.pass(std::chrono::microseconds(20));  // as reading it does
    return slow ? 0 : 1;
  };
  const std::vector<int> flood = connect(100);
  const int slow = connect();
  turns(4);
  const Monotonic begun = clock_.monotonic();
  for (int i = 0; i < 300; ++i) {
    for (const int client : flood) {
      if (i == 0 || answer(client) == "HTTP/1.1 200") ask(client, "/quick");
    }
    if (i == 0 || answer(slow) == "HTTP/1.1 200") ask(slow, "/slow");
    turns(1);
  }
  const auto had = takes_ * std::ranges::count(order_, "/slow");
  EXPECT_GT(had, (clock_.monotonic() - begun) * 2 / 5);
}

// A process that stands still (a frozen container, a paused virtual machine) has all that time in
// the turn that it was in. It was charged to the functions of that turn, which then had to wait
// for as many turns as it takes to pay it off: 4,000 for each second.
TEST_F(SharesTest, TimeThatTheProcessStoodStillIsNobodysDebt) {
  make({});
  const int slow = connect();
  const int quick = connect();
  turns(2);
  takes_ = std::chrono::seconds(5);  // within a guest
  ask(slow, "/slow");
  ask(quick, "/quick");
  turns(2);
  clock_.pass(std::chrono::seconds(5));  // and beside it
  takes_ = milliseconds(1);
  for (int i = 0; i < 2; ++i) {
    turns(100);
    EXPECT_EQ(answer(slow), "HTTP/1.1 200") << i;
    EXPECT_EQ(answer(quick), "HTTP/1.1 200") << i;
    ask(slow, "/slow");
    ask(quick, "/quick");
  }
}

TEST_F(SharesTest, RequestsThatWouldWaitTooLongAreRefusedAtOnce) {
  make({.max_queued = 4, .max_wait = milliseconds(20)});
  let_it_learn();
  const std::vector<int> flood = flood_slow();
  turns(1);
  int refused = 0;
  for (const int client : flood) refused += answer(client) == "HTTP/1.1 503" ? 1 : 0;
  EXPECT_GT(refused, 60);
  EXPECT_LT(refused, 90);
  EXPECT_EQ(counters_.overloaded.load(), static_cast<std::uint64_t>(refused));
}

// 64 connections were refused because one event before theirs had been held up by another process.
TEST_F(SharesTest, OneSlowEventHasNobodyRefusedWhereFewWait) {
  make({});
  const std::vector<int> clients = connect(64);
  turns(4);
  takes_ = milliseconds(3000);
  ask(clients[0], "/slow");
  turns(2);
  EXPECT_EQ(answer(clients[0]), "HTTP/1.1 200");
  takes_ = milliseconds(1);
  for (const int client : clients) ask(client, "/slow");
  turns(500);
  for (const int client : clients) EXPECT_EQ(answer(client), "HTTP/1.1 200");
  EXPECT_EQ(counters_.overloaded.load(), 0U);
}

// Clients that do not heed Retry-After had the leader do little but refuse them.
TEST_F(SharesTest, AClientThatAsksAgainAtOnceHasItsAnswerDeferred) {
  make({.max_queued = 4, .max_wait = milliseconds(4)});
  let_it_learn();
  const std::vector<int> flood = flood_slow();
  turns(1);
  std::vector<int> refused;
  for (const int client : flood) {
    if (answer(client) == "HTTP/1.1 503") refused.push_back(client);
  }
  ASSERT_GT(refused.size(), 50U);
  for (const int client : refused) ask(client, "/slow");
  turns(1);
  for (const int client : refused) EXPECT_EQ(answer(client), "");
  // Others are neither deferred nor kept from their answers.
  const int other = connect();
  ask(other, "/quick");
  turns(2);
  EXPECT_EQ(answer(other), "HTTP/1.1 200");
  // Each is answered, whether it left the queue in time or not; and one that went away is not.
  const linger reset{1, 0};
  setsockopt(refused.back(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  shutdown(refused.back(), SHUT_RDWR);
  refused.pop_back();
  for (int i = 0; i < 200; ++i) {
    clock_.pass(milliseconds(1));
    turns(1);
  }
  for (const int client : refused) EXPECT_NE(answer(client), "");
}

// Fault G6: answers that nobody took were held without any bound.
TEST_F(SharesTest, AnswersThatNobodyTakesAreBounded) {
  body_ = 1u << 20;
  make({.max_held = 8u << 20});
  for (int i = 0; i < 40; ++i) {
    ask(connect(), "/quick");
    turns(2);
    EXPECT_LE(counters_.held.load(), 10u << 20);
  }
  EXPECT_GT(counters_.shed.load(), 20U);
  EXPECT_GT(counters_.connections.load(), 4U);
}

// Fault G6: and so were heads that never ended.
TEST_F(SharesTest, HeadsThatDoNotEndAreBounded) {
  make({.max_held = 1u << 20});
  const std::string start = "GET / HTTP/1.1\r\nx: " + std::string(30'000, 'y');
  for (int i = 0; i < 100; ++i) {
    const int client = connect();
    ASSERT_EQ(write(client, start.data(), start.size()), static_cast<ssize_t>(start.size()));
    turns(4);
    EXPECT_LE(counters_.held.load(), 2u << 20);
  }
  EXPECT_GT(counters_.shed.load(), 50U);
  const int good = connect();
  ask(good, "/quick");
  turns(4);
  EXPECT_EQ(answer(good), "HTTP/1.1 200");
}

// What was given back stayed with its connection: 16 idle ones held the bodies that they had sent
// and been answered with.
TEST_F(SharesTest, IdleConnectionsHoldNoBodies) {
  body_ = 1u << 20;
  make({});
  const std::string request = "POST /quick HTTP/1.1\r\nHost: x\r\nContent-Length: 150000\r\n\r\n" +
                              std::string(150'000, 'y');
  for (int i = 0; i < 16; ++i) {
    const int client = connect();
    ASSERT_EQ(write(client, request.data(), request.size()), static_cast<ssize_t>(request.size()));
    std::size_t taken = 0;
    std::string out(65536, '\0');
    while (taken < body_) {
      turns(1);
      for (ssize_t size = 0; (size = ::read(client, out.data(), out.size())) > 0;) {
        taken += static_cast<std::size_t>(size);
      }
    }
    turns(2);
  }
  EXPECT_EQ(counters_.connections.load(), 16U);
  EXPECT_LE(counters_.held.load(), 16U * (256u << 10));
}

// Bodies that were refused for lack of memory were not given back, so that all that came were
// refused, whoever held the most. And all clients of a Unix socket were one peer, so that one user
// could take the share of another.
TEST_F(SharesTest, OnAUnixSocketEachUserIsAPeer) {
  if (geteuid() != 0) GTEST_SKIP() << "connecting as another user takes root";
  make({.max_held = 1u << 20});
  const std::string path = testing::TempDir() + "ferry-shares.sock";
  unlink(path.c_str());
  auto listeners = listen_on("unix:" + path, 1);
  ASSERT_TRUE(listeners.ok()) << listeners.error().text();
  ASSERT_EQ(chmod(path.c_str(), 0666), 0);
  ASSERT_TRUE(server_->listen(Fd(dup(listeners->sockets[0].get()))).ok());
  const auto connect_as = [&](uid_t user) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    clients_.emplace_back(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    EXPECT_EQ(seteuid(user), 0);
    EXPECT_EQ(
        ::connect(clients_.back().get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(seteuid(0), 0);
    return clients_.back().get();
  };
  const auto send_half = [&](int client, std::size_t size) {
    const std::string text =
        "POST /quick HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(2 * size) +
        "\r\n\r\n" + std::string(size, 'y');
    ASSERT_EQ(write(client, text.data(), text.size()), static_cast<ssize_t>(text.size()));
    turns(4);
  };
  const int good = connect_as(0);  // it waits the longest
  send_half(good, 20'000);
  for (int i = 0; i < 40; ++i) {
    send_half(connect_as(65534), 100'000);
    for (std::size_t each = 1; each < clients_.size(); ++each) {
      if (clients_[each].valid() && !answer(clients_[each].get()).empty()) clients_[each].reset();
    }
    turns(2);
  }
  EXPECT_GT(counters_.shed.load(), 10U);
  const std::string rest(20'000, 'y');
  ASSERT_EQ(write(good, rest.data(), rest.size()), static_cast<ssize_t>(rest.size()));
  turns(4);
  EXPECT_EQ(answer(good), "HTTP/1.1 200");
  stop_listening(*listeners);
}

}  // namespace
}  // namespace ferry::http
