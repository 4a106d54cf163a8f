// Many guests at once: slots, the queue, relief of a leader that runs long, and draining.

#include "fixture.h"

namespace ferry::http {
namespace {

// A gate that requests to /wait are at until the test opens it.
struct Gate {
  std::mutex mutex;
  std::condition_variable changed;
  int inside = 0;
  bool open = false;

  void pass() {
    std::unique_lock lock(mutex);
    ++inside;
    changed.notify_all();
    changed.wait(lock, [&] { return open; });
  }
  void wait_for(int count) {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return inside >= count; });
  }
  void let_go() {
    std::lock_guard lock(mutex);
    open = true;
    changed.notify_all();
  }
};

class GateService : public TestService {
 public:
  GateService() {
    on_request = [this](const Request& request, Response& response) {
      if (request.path() == "/wait") {
        gate.pass();
      }
      response.body = std::string(request.target);
    };
    on_lane = [](const Request& request) {
      return request.path() == "/free" ? kNoLane : request.query() == "b" ? 1 : 0;
    };
  }
  Gate gate;
};

TEST(Lanes, ALongGuestHoldsUpNobody) {
  GateService service;
  TestServer server({.lanes = {{8}}}, service);
  server.start();
  std::vector<std::unique_ptr<RawClient>> longs;
  for (int i = 1; i <= 5; ++i) {
    longs.push_back(std::make_unique<RawClient>(server.port));
    longs.back()->get("/wait");
    service.gate.wait_for(i);
    RawClient client(server.port);
    for (int j = 0; j < 100; ++j) {
      client.get("/short");
      ASSERT_EQ(client.response(), 200);
    }
  }
  while (server.counters.running.load() != 5) {
    std::this_thread::yield();
  }
  service.gate.let_go();
  for (auto& client : longs) {
    std::string body;
    EXPECT_EQ(client->response(&body), 200);
    EXPECT_EQ(body, "/wait");
    // Its connection goes on under the new leader.
    client->get("/again");
    EXPECT_EQ(client->response(&body), 200);
    EXPECT_EQ(body, "/again");
  }
}

TEST(Lanes, ReadyRequestsOfTheSameTurnDoNotWaitForALongGuest) {
  GateService service;
  TestServer server({.lanes = {{64}}}, service);
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 32; ++i) {
    // Sent before the server runs: one turn of the loop finds them all.
    clients.push_back(std::make_unique<RawClient>(server.port));
    clients.back()->get(i % 8 == 0 ? "/wait" : "/short");
  }
  server.start();
  for (int i = 0; i < 32; ++i) {
    if (i % 8 != 0) {
      EXPECT_EQ(clients[static_cast<std::size_t>(i)]->response(), 200);
    }
  }
  service.gate.let_go();
  for (int i = 0; i < 32; i += 8) {
    EXPECT_EQ(clients[static_cast<std::size_t>(i)]->response(), 200);
  }
}

TEST(Lanes, QueuesThenRefusesWith503AndRetryAfter) {
  GateService service;
  TestServer server({.lanes = {{2}}, .max_queued = 3}, service);
  server.start();
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 5; ++i) {
    clients.push_back(std::make_unique<RawClient>(server.port));
    clients.back()->get("/wait");
  }
  service.gate.wait_for(2);
  while (server.counters.queued.load() != 3) {
    std::this_thread::yield();
  }
  RawClient sixth(server.port);
  sixth.get("/wait");
  std::string head;
  EXPECT_EQ(sixth.response(nullptr, &head), 503);
  EXPECT_NE(head.find("Retry-After: 1\r\n"), std::string::npos);
  sixth.get("/free");  // takes no slot, and the connection is still good
  EXPECT_EQ(sixth.response(), 200);
  service.gate.let_go();
  for (auto& client : clients) {
    EXPECT_EQ(client->response(), 200);
  }
  EXPECT_EQ(server.counters.overloaded.load(), 1u);
}

TEST(Lanes, AFullLaneLeavesTheOtherAlone) {
  GateService service;
  TestServer server({.lanes = {{1}, {1}}}, service);
  server.start();
  RawClient a(server.port);
  a.get("/wait");
  service.gate.wait_for(1);
  RawClient queued(server.port);
  queued.get("/short");
  RawClient b(server.port);
  for (int i = 0; i < 10; ++i) {
    b.get("/short?b");
    EXPECT_EQ(b.response(), 200);
  }
  EXPECT_EQ(server.counters.queued.load(), 1u);
  service.gate.let_go();
  EXPECT_EQ(queued.response(), 200);
}

TEST(Lanes, ARequestWhoseClientLeftIsNotRun) {
  GateService service;
  std::atomic<int> runs{0};
  auto before = service.on_request;
  service.on_request = [&, before](const Request& request, Response& response) {
    runs += request.path() == "/counted" ? 1 : 0;
    before(request, response);
  };
  TestServer server({.lanes = {{1}}}, service);
  server.start();
  RawClient first(server.port);
  first.get("/wait");
  service.gate.wait_for(1);
  RawClient leaver(server.port);
  leaver.get("/counted");
  while (server.counters.queued.load() != 1) {
    std::this_thread::yield();
  }
  linger reset{1, 0};
  setsockopt(leaver.fd(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  leaver.abandon();
  RawClient probe(server.port);  // one round trip later the reset has been seen
  probe.get("/free");
  EXPECT_EQ(probe.response(), 200);
  service.gate.let_go();
  EXPECT_EQ(first.response(), 200);
  probe.get("/short");
  EXPECT_EQ(probe.response(), 200);
  EXPECT_EQ(runs, 0);
}

TEST(Drain, AnswersWhatTheKernelQueuedBeforeTheServerRan) {
  TestService service;
  TestServer server({}, service);
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 200; ++i) {
    clients.push_back(std::make_unique<RawClient>(server.port));
    clients.back()->get("/" + std::to_string(i));
  }
  server.server->drain();
  server.start();
  for (int i = 0; i < 200; ++i) {
    std::string head;
    std::string body;
    EXPECT_EQ(clients[static_cast<std::size_t>(i)]->response(&body, &head), 200) << i;
    EXPECT_EQ(body, "GET /" + std::to_string(i) + " ");
    EXPECT_NE(head.find("Connection: close"), std::string::npos);
  }
  clients.clear();
  server.join();
}

TEST(Drain, FinishesLongGuestsAndUnfinishedRequests) {
  GateService service;
  TestServer server({}, service);
  server.start();
  RawClient inside(server.port);
  inside.get("/wait");
  service.gate.wait_for(1);
  RawClient partial(server.port);
  partial.send("POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\na");
  RawClient idle(server.port);
  idle.get("/idle");
  EXPECT_EQ(idle.response(), 200);
  while (server.counters.connections.load() != 3) {
    std::this_thread::yield();
  }
  server.server->drain();
  EXPECT_EQ(idle.until_closed(), "");
  partial.send("bc");
  EXPECT_EQ(partial.response(), 200);
  service.gate.let_go();
  std::string head;
  EXPECT_EQ(inside.response(nullptr, &head), 200);
  EXPECT_NE(head.find("Connection: close"), std::string::npos);
  inside.abandon();
  partial.abandon();
  idle.abandon();
  server.join();
}

TEST(Drain, NoNewConnectionIsAnswered) {
  GateService service;
  TestServer server({}, service);
  server.start();
  RawClient inside(server.port);
  inside.get("/wait");
  service.gate.wait_for(1);
  server.server->drain();
  // Filtered at first, then the socket is closed: either way nobody connects, in the end with a
  // refusal (a SYN that was dropped is sent again after a second). Who came before is answered.
  for (;;) {
    RawClient late(server.port);
    if (!late.connected) {
      break;
    }
    late.get("/free");
    EXPECT_EQ(late.response(), 200);
  }
  service.gate.let_go();
  EXPECT_EQ(inside.response(), 200);
  inside.abandon();
  server.join();
}

TEST(Drain, NoRequestIsLostUnderLoad) {
  for (int round = 0; round < 5; ++round) {
    TestService service;
    TestServer server({}, service);
    server.start();
    std::atomic<int> lost{0};
    std::atomic<int> answered{0};
    std::vector<std::thread> threads;
    threads.reserve(4);
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        // A new connection each time: what is accepted must be answered.
        for (;;) {
          RawClient client(server.port);
          if (!client.connected) {
            return;
          }
          client.get("/");
          (client.response() == 200 ? answered : lost) += 1;
        }
      });
    }
    while (answered < 100) {
      std::this_thread::yield();
    }
    server.server->drain();
    for (std::thread& thread : threads) {
      thread.join();
    }
    server.join();
    EXPECT_EQ(lost, 0);
  }
}

}  // namespace
}  // namespace ferry::http
