// The front over real sockets: framing, limits, slowness, lanes, relief, draining.
#include "fixture.h"

namespace ferry::http {
namespace {

using std::chrono::seconds;

TEST(Server, AnswersAndKeepsTheConnection) {
  TestService service;
  TestServer server({}, service);
  server.start();
  RawClient client(server.port);
  std::string body;
  std::string head;
  for (int i = 0; i < 3; ++i) {
    client.get("/a?b=" + std::to_string(i));
    EXPECT_EQ(client.response(&body, &head), 200);
    EXPECT_EQ(body, "GET /a?b=" + std::to_string(i) + " ");
    EXPECT_NE(head.find("\r\nDate: "), std::string::npos);
    EXPECT_NE(head.find("\r\nContent-Type: text/plain\r\n"), std::string::npos);
    EXPECT_EQ(head.find("Connection:"), std::string::npos);
  }
  client.get("/", "Connection: close\r\n");
  EXPECT_NE(client.until_closed().find("Connection: close\r\n"), std::string::npos);
}

TEST(Server, AnswersPipelinedRequestsInOrder) {
  TestService service;
  TestServer server({}, service);
  server.start();
  RawClient client(server.port);
  std::string all;
  for (int i = 0; i < 100; ++i) {
    all += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: x\r\n\r\n";
  }
  client.send(all);
  for (int i = 0; i < 100; ++i) {
    std::string body;
    ASSERT_EQ(client.response(&body), 200);
    EXPECT_EQ(body, "GET /" + std::to_string(i) + " ");
  }
}

// What a service puts off until then (its log, whose thread has to be woken) would otherwise be
// done after every few requests of a server that has no time to wait.
TEST(Server, TellsItsServiceBeforeItWaitsAndNotEachTurn) {
  constexpr int kRequests = 2000;
  TestService service;
  std::atomic<int> unsaid{0};
  std::atomic<int> calls{0};
  service.on_request = [&](const Request&, Response&) { ++unsaid; };
  service.on_wait = [&] {
    ++calls;
    unsaid = 0;
  };
  ManualClock clock;  // never is a wait long in coming
  ServerOptions options;
  options.clock = &clock;
  TestServer server(std::move(options), service);
  server.start();
  RawClient client(server.port);
  std::string all;
  for (int i = 0; i < kRequests; ++i) all += "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
  client.send(all);
  for (int i = 0; i < kRequests; ++i) ASSERT_EQ(client.response(), 200);
  for (int i = 0; i < 5000 && unsaid > 0; ++i) usleep(1000);
  EXPECT_EQ(unsaid, 0);
  EXPECT_LT(calls, kRequests / 40);  // a turn answers 16 of them
}

TEST(Server, TellsItsServiceInTimeWhereItNeverWaits) {
  TestService service;
  std::atomic<int> calls{0};
  ManualClock clock;
  service.on_request = [&](const Request&, Response&) { clock.pass(std::chrono::milliseconds(1)); };
  service.on_wait = [&] { ++calls; };
  ServerOptions options;
  options.clock = &clock;
  TestServer server(std::move(options), service);
  server.start();
  RawClient client(server.port);
  std::string all;
  for (int i = 0; i < 320; ++i) all += "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
  client.send(all);
  for (int i = 0; i < 320; ++i) ASSERT_EQ(client.response(), 200);
  EXPECT_GE(calls, 10);  // each turn takes 16 ms
}

TEST(Server, TakesBodiesByLengthAndInChunks) {
  TestService service;
  service.on_request = [](const Request& request, Response& response) {
    response.body = std::string(request.body);
  };
  TestServer server({}, service);
  server.start();
  RawClient client(server.port);
  std::string large(3u << 20, 'x');
  large[1234567] = 'y';
  std::string body;
  client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(large.size()) +
              "\r\n\r\n" + large);
  EXPECT_EQ(client.response(&body), 200);
  EXPECT_TRUE(body == large);
  client.send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n300000\r\n" + large);
  client.send("\r\n2\r\nzz\r\n0\r\n\r\n");
  EXPECT_EQ(client.response(&body), 200);
  EXPECT_TRUE(body == large + "zz");
}

TEST(Server, SaysContinueOnlyWhenTheBodyIsWelcome) {
  TestService service;
  TestServer server({.reader = {.body = 100}}, service);
  server.start();
  RawClient client(server.port);
  client.send("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
  EXPECT_EQ(client.until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("abc");
  std::string body;
  EXPECT_EQ(client.response(&body), 200);
  EXPECT_EQ(body, "POST / abc");
  client.send("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 101\r\n\r\n");
  EXPECT_EQ(client.response(), 413);
}

// RFC 9110, 6.5.1: to those who say that they take them.
TEST(Server, SendsTrailersToClientsThatTakeThem) {
  TestService service;
  service.on_request = [](const Request& request, Response& response) {
    response.body = request.target == "/empty" ? std::string() : std::string(20, 'x');
    if (request.target == "/large") response.body = std::string(100'000, 'x');
    response.trailers = {
        {"X-Sum", "1"}, {"Content-Length", "5"}, {"Set-Cookie", "a"}, {"A\r", "b"}};
  };
  TestServer server({}, service);
  server.start();
  const auto asked = [&server](const std::string& line, const std::string& field) {
    RawClient client(server.port);
    client.send(line + "\r\nHost: x\r\nConnection: TE, close\r\n" + field + "\r\n");
    return client.until_closed();
  };
  const std::string takes = "TE: deflate, Trailers\r\n";
  const std::string some = asked("GET / HTTP/1.1", takes);
  EXPECT_NE(some.find("Transfer-Encoding: chunked\r\n"), std::string::npos);
  EXPECT_EQ(some.find("Content-Length"), std::string::npos);
  EXPECT_TRUE(some.ends_with("\r\n\r\n14\r\n" + std::string(20, 'x') + "\r\n0\r\nX-Sum: 1\r\n\r\n"))
      << some;
  EXPECT_TRUE(asked("GET /empty HTTP/1.1", takes).ends_with("\r\n\r\n0\r\nX-Sum: 1\r\n\r\n"));
  EXPECT_TRUE(asked("GET /large HTTP/1.1", takes).ends_with("x\r\n0\r\nX-Sum: 1\r\n\r\n"));
  EXPECT_TRUE(asked("HEAD / HTTP/1.1", takes).ends_with("Content-Length: 20\r\n\r\n"));
  EXPECT_TRUE(asked("GET / HTTP/1.1", "").ends_with("\r\n\r\n" + std::string(20, 'x')));
  EXPECT_TRUE(asked("GET / HTTP/1.1", "TE: x-trailers\r\n").ends_with(std::string(20, 'x')));
  EXPECT_TRUE(asked("GET / HTTP/1.0", takes).ends_with(std::string(20, 'x')));
}

// Answers that begin before they are complete.
TEST(Server, SendsAnAnswerInPiecesWhileItIsMade) {
  TestService service;
  std::promise<void> seen;
  service.on_request = [&](const Request& request, Response& response) {
    ASSERT_NE(request.stream, nullptr);
    Response head;
    head.status = 201;
    head.fields.emplace_back("X-Kind", "pieces");
    ASSERT_TRUE(request.stream->begin(head));
    EXPECT_FALSE(request.stream->begin(head)) << "a second time";
    request.stream->add("one");
    request.stream->add("");
    seen.get_future().wait();
    request.stream->add("two");
    response.body = "three";
    response.trailers.emplace_back("X-Sum", "6");
  };
  TestServer server({}, service);
  server.start();
  RawClient client(server.port);
  client.get("/", "TE: trailers\r\n");
  const std::string first = client.until("3\r\none\r\n");
  EXPECT_TRUE(first.starts_with("HTTP/1.1 201 Created\r\n")) << first;
  EXPECT_NE(first.find("\r\nX-Kind: pieces\r\n"), std::string::npos);
  EXPECT_NE(first.find("\r\nTransfer-Encoding: chunked\r\n"), std::string::npos);
  EXPECT_EQ(first.find("Content-Length"), std::string::npos);
  seen.set_value();
  EXPECT_EQ(client.until("\r\n\r\n"), "3\r\ntwo\r\n5\r\nthree\r\n0\r\nX-Sum: 6\r\n\r\n");
  seen = std::promise<void>();
  seen.set_value();
  client.get("/again");
  EXPECT_TRUE(client.until("\r\n0\r\n\r\n").ends_with("5\r\nthree\r\n0\r\n\r\n"))
      << "no trailers for one that has not asked for them, and the connection goes on";
}

TEST(Server, AnAnswerThatBrokeOffHasNoEnd) {
  TestService service;
  service.on_request = [&](const Request& request, Response& response) {
    ASSERT_TRUE(request.stream->begin(Response()));
    request.stream->add("one");
    response.broken = true;
    response.body = "not sent";
  };
  TestServer server({}, service);
  server.start();
  RawClient client(server.port);
  client.get("/");
  EXPECT_TRUE(client.until_closed().ends_with("\r\n\r\n3\r\none\r\n"));
}

TEST(Server, PiecesAreNotForEveryClientNorEveryStatus) {
  TestService service;
  int status = 200;
  service.on_request = [&](const Request& request, Response& response) {
    Response head;
    head.status = response.status = status;
    EXPECT_FALSE(request.stream->begin(head)) << request.method;
    response.body = "whole";
  };
  TestServer server({}, service);
  server.start();
  RawClient old(server.port);
  old.send("GET / HTTP/1.0\r\n\r\n");
  EXPECT_TRUE(old.until_closed().ends_with("\r\n\r\nwhole"));
  RawClient head(server.port);
  head.send("HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_NE(head.until_closed().find("Content-Length: 5\r\n"), std::string::npos);
  status = 204;
  RawClient bare(server.port);
  bare.get("/", "Connection: close\r\n");
  EXPECT_TRUE(bare.until_closed().starts_with("HTTP/1.1 204 "));
}

// A peer that does not read holds up nobody: what it does not take waits for it.
TEST(Server, PiecesWaitForASlowPeer) {
  TestService service;
  const std::string piece(1u << 20, 'x');
  service.on_request = [&](const Request& request, Response& response) {
    ASSERT_TRUE(request.stream->begin(Response()));
    for (int i = 0; i < 16; ++i) request.stream->add(piece);
    response.body = "end";
  };
  TestServer server({}, service);
  server.start();
  RawClient client(server.port);
  client.get("/");
  const std::string all = client.until("3\r\nend\r\n0\r\n\r\n");
  EXPECT_GT(all.size(), 16u << 20);
  EXPECT_LT(all.size(), (16u << 20) + 1024);
}

TEST(Server, AnswersHeadWithoutABody) {
  TestService service;
  TestServer server({}, service);
  server.start();
  RawClient client(server.port);
  client.send("HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  std::string all = client.until_closed();
  EXPECT_NE(all.find("Content-Length: 7\r\n"), std::string::npos);
  EXPECT_TRUE(all.ends_with("\r\n\r\n")) << all;
}

TEST(Server, Speaks10) {
  TestService service;
  TestServer server({}, service);
  server.start();
  RawClient once(server.port);
  once.send("GET / HTTP/1.0\r\n\r\n");
  EXPECT_TRUE(once.until_closed().ends_with("GET / "));
  RawClient kept(server.port);
  for (int i = 0; i < 2; ++i) {
    std::string head;
    kept.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    EXPECT_EQ(kept.response(nullptr, &head), 200);
    EXPECT_NE(head.find("Connection: keep-alive"), std::string::npos);
  }
}

TEST(Server, AnswersAHalfClosedClient) {
  TestService service;
  TestServer server({}, service);
  server.start();
  RawClient client(server.port);
  client.get("/");
  client.finish_sending();
  EXPECT_TRUE(client.until_closed().ends_with("GET / "));
}

TEST(Server, RefusesAndClosesAndTheAnswerArrives) {
  TestService service;
  TestServer server({}, service);
  server.start();
  RawClient client(server.port);
  // More than the socket's buffers hold follows the refused head: a plain close would reset the
  // connection and destroy the answer.
  client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n");
  std::thread sender([&] { client.send(std::string(8u << 20, 'x')); });
  std::string all = client.until_closed();
  sender.join();
  EXPECT_TRUE(all.starts_with("HTTP/1.1 413 Content Too Large\r\n")) << all;
  EXPECT_NE(all.find("application/problem+json"), std::string::npos);
  EXPECT_NE(all.find("Connection: close"), std::string::npos);
}

TEST(Server, NothingIsReadBehindARefusedRequest) {
  std::atomic<int> calls{0};
  TestService service;
  service.on_request = [&](const Request&, Response&) { ++calls; };
  TestServer server({}, service);
  server.start();
  RawClient client(server.port);
  client.send(
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
      "0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(client.until_closed().starts_with("HTTP/1.1 400 "));
  EXPECT_EQ(calls, 0);
}

TEST(Server, DropsFieldsThatWouldSplitTheResponse) {
  TestService service;
  service.on_request = [](const Request&, Response& response) {
    response.content_type = "text/plain\r\nEvil: 1";
    response.fields = {
        {"Good", "yes"},         {"Bad", "a\r\nEvil: 2"},    {"Evil: 3\r\nX", "b"},
        {"Content-Length", "1"}, {"Transfer-Encoding", "x"}, {"Connection", "upgrade"}};
    response.body = "hello";
  };
  TestServer server({}, service);
  server.start();
  RawClient client(server.port);
  client.get("/", "Connection: close\r\n");
  std::string all = client.until_closed();
  EXPECT_NE(all.find("Good: yes\r\n"), std::string::npos);
  EXPECT_EQ(all.find("Evil"), std::string::npos) << all;
  EXPECT_EQ(all.find("Transfer-Encoding"), std::string::npos) << all;
  EXPECT_NE(all.find("Content-Length: 5\r\n"), std::string::npos);
}

TEST(Server, EndsRequestsThatNeverEnd) {
  TestService service;
  TestServer server({.head_timeout = seconds(0), .body_timeout = seconds(0)}, service);
  server.start();
  RawClient head(server.port);
  head.send("GET / HTTP/1.1\r\nHost: ");
  RawClient body(server.port);
  body.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab");
  RawClient silent(server.port);
  EXPECT_TRUE(head.until_closed().starts_with("HTTP/1.1 408 "));
  EXPECT_TRUE(body.until_closed().starts_with("HTTP/1.1 408 "));
  EXPECT_EQ(silent.until_closed(), "");
}

TEST(Server, EndsIdleConnections) {
  TestService service;
  TestServer server({.idle_timeout = seconds(0)}, service);
  server.start();
  RawClient client(server.port);
  client.get("/");
  EXPECT_EQ(client.response(), 200);
  EXPECT_EQ(client.until_closed(), "");
}

TEST(Server, EndsReadersThatDoNotRead) {
  TestService service;
  service.on_request = [](const Request&, Response& response) {
    response.body.assign(64u << 20, 'x');
  };
  TestServer server({.write_timeout = seconds(0)}, service);
  server.start();
  RawClient client(server.port);
  client.get("/");
  while (server.counters.accepted.load() == 0 || server.counters.connections.load() != 0) {
    std::this_thread::yield();
  }
  EXPECT_LT(client.until_closed().size(), 64u << 20);
}

TEST(Server, LargeAnswersArriveWhole) {
  TestService service;
  service.on_request = [](const Request&, Response& response) {
    response.body.assign(16u << 20, 'x');
    response.body.back() = 'y';
  };
  TestServer server({}, service);
  server.start();
  RawClient client(server.port);
  for (int i = 0; i < 2; ++i) {
    std::string body;
    client.get("/");
    EXPECT_EQ(client.response(&body), 200);
    EXPECT_EQ(body.size(), 16u << 20);
    EXPECT_EQ(body.back(), 'y');
  }
}

TEST(Server, BoundsTheMemoryOfUnfinishedRequests) {
  TestService service;
  TestServer server({.reader = {.body = 64u << 20}, .max_held = 1u << 20}, service);
  server.start();
  RawClient client(server.port);
  client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 60000000\r\n\r\n");
  std::thread sender([&] { client.send(std::string(4u << 20, 'x')); });
  EXPECT_EQ(client.response(), 503);
  client.until_closed();
  sender.join();
}

TEST(Server, HoldsBackConnectionsPastItsMaximum) {
  TestService service;
  TestServer server({.max_connections = 1}, service);
  server.start();
  RawClient first(server.port);
  first.get("/1");
  EXPECT_EQ(first.response(), 200);
  RawClient second(server.port);  // the kernel takes it; we do not, yet
  second.get("/2");
  first.abandon();
  std::string body;
  EXPECT_EQ(second.response(&body), 200);
  EXPECT_EQ(body, "GET /2 ");
}

TEST(Server, MovesRequestsThroughAnAdoptedSocket) {
  TestService service;
  TestServer server({}, service);
  int pair[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
  Fd mine(pair[0]);
  ASSERT_TRUE(server.server->adopt(Fd(pair[1])).ok());
  server.start();
  std::string_view text = "GET /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
  ASSERT_EQ(write(mine.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  auto all = read_all(mine.get(), 4096, "the pair");
  ASSERT_TRUE(all.ok());
  EXPECT_TRUE(as_text(*all).ends_with("GET /x "));
}

}  // namespace
}  // namespace ferry::http
