// Guests that compute for long make room for the others, and are not forgotten over it.

#include "http/long_ones.h"

#include <atomic>
#include <ctime>

#include <sched.h>

#include "fixture.h"

namespace ferry::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

bool makes_room() { return sched_getscheduler(0) == SCHED_IDLE; }

void keep_to_one_core() {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  sched_getaffinity(0, sizeof cores, &cores);
  for (std::size_t core = 0; core < CPU_SETSIZE; ++core) {
    if (!CPU_ISSET(core, &cores)) continue;
    CPU_ZERO(&cores);
    CPU_SET(core, &cores);
  }
  ASSERT_EQ(sched_setaffinity(0, sizeof cores, &cores), 0);
}

// A thread that computes, or sleeps, until it is told to end.
class Busy {
 public:
  explicit Busy(bool computes)
      : thread_([this, computes] {
          keep_to_one_core();
          tid = gettid();
          while (!over_) {
            if (!computes) std::this_thread::sleep_for(milliseconds(1));
          }
        }) {
    while (tid == 0) std::this_thread::yield();
  }
  ~Busy() {
    over_ = true;
    thread_.join();
  }
  pthread_t handle() { return thread_.native_handle(); }

  std::atomic<pid_t> tid{0};

 private:
  std::atomic<bool> over_{false};
  std::thread thread_;
};

// Looks as the watch does, until `owed` is as it should be.
bool becomes(LongOnes& ones, bool owed) {
  const auto until = std::chrono::steady_clock::now() + seconds(20);
  do {
    std::this_thread::sleep_for(milliseconds(2));
    ones.look();
  } while (ones.owed() != owed && std::chrono::steady_clock::now() < until);
  return ones.owed() == owed;
}

TEST(LongOnes, WhoComputesForLongMakesRoom) {
  Busy busy(true);
  LongOnes ones;
  ones.add(busy.handle(), busy.tid, cpu_time(busy.handle()), false);
  EXPECT_NE(sched_getscheduler(busy.tid), SCHED_IDLE);
  while (cpu_time(busy.handle()) < milliseconds(20)) std::this_thread::yield();
  ones.look();
  EXPECT_EQ(sched_getscheduler(busy.tid), SCHED_IDLE);
}

TEST(LongOnes, WhoIsKeptFromItsCoreIsOwedSome) {
  Busy busy(true);
  LongOnes ones;
  ones.add(busy.handle(), busy.tid, cpu_time(busy.handle()), true);
  {
    Busy leader(true);
    EXPECT_TRUE(becomes(ones, true));
  }
  EXPECT_TRUE(becomes(ones, false));
}

TEST(LongOnes, WhoSleepsIsOwedNothing) {
  Busy busy(false);
  Busy leader(true);
  LongOnes ones;
  ones.add(busy.handle(), busy.tid, cpu_time(busy.handle()), true);
  int owed = 0;
  for (int i = 0; i < 50; ++i) {
    std::this_thread::sleep_for(milliseconds(2));
    ones.look();
    owed += ones.owed() ? 1 : 0;
  }
  // Caught at the moment of waking, it may count for a spell of ten looks.
  EXPECT_LT(owed, 40);
}

TEST(LongOnes, ThreadsThatHaveEndedUseNothing) {
  std::thread ended([] {});
  while (cpu_time(ended.native_handle()) != std::chrono::nanoseconds(0)) std::this_thread::yield();
  LongOnes ones;
  ones.add(ended.native_handle(), 0, {}, false);
  ones.look();
  EXPECT_FALSE(ones.owed());
  ones.remove(ended.native_handle());
  ended.join();
}

// A guest that computes until it is relieved and makes room; then others may hurry.
TEST(Crew, AFunctionThatRanLongIsRunApartFromTheStart) {
  TestService service;
  std::atomic<bool> hurry{false};
  std::atomic<bool> apart{false};
  service.on_lane = [](const Request& request) { return request.path() == "/long" ? 0 : 1; };
  service.on_request = [&](const Request& request, Response& response) {
    response.body = request.path();
    if (request.path() != "/long") {
      response.body += makes_room() ? " apart" : " inline";
      return;
    }
    apart = makes_room();
    while (!hurry && !makes_room()) {
    }
  };
  TestServer server({.lanes = {{8}, {8}}}, service);
  server.start();
  RawClient client(server.port);
  std::string body;
  const auto ask = [&](const char* path) {
    client.get(path);
    EXPECT_EQ(client.response(&body), 200);
  };
  ask("/long");
  EXPECT_FALSE(apart);
  ask("/short");
  EXPECT_EQ(body, "/short inline");
  hurry = true;
  ask("/long");
  EXPECT_TRUE(apart);
  ask("/short");
  EXPECT_EQ(body, "/short inline");
  // It was quick this time.
  ask("/long");
  EXPECT_FALSE(apart);
}

// Every event of a long function has a thread of its own, and the connection comes back each time.
TEST(Crew, LongOnesComeBackUnderLoad) {
  TestService service;
  service.on_lane = [](const Request& request) { return request.path() == "/long" ? 0 : 1; };
  service.on_request = [&](const Request& request, Response& response) {
    response.body = request.target;
    if (request.path() != "/long") return;
    const auto begun = cpu_time(pthread_self());
    while (cpu_time(pthread_self()) - begun < milliseconds(3)) {
    }
  };
  TestServer server({.lanes = {{4}, {16}}}, service);
  server.start();
  std::vector<std::thread> clients;
  clients.reserve(8);
  for (int i = 0; i < 8; ++i) {
    clients.emplace_back([&server, i] {
      RawClient client(server.port);
      for (int j = 0; j < (i < 4 ? 40 : 400); ++j) {
        const std::string target = (i < 4 ? "/long?" : "/short?") + std::to_string(i * 1000 + j);
        client.get(target);
        std::string body;
        ASSERT_EQ(client.response(&body), 200);
        ASSERT_EQ(body, target);
      }
    });
  }
  for (std::thread& each : clients) each.join();
  EXPECT_EQ(server.counters.running.load(), 0U);
}

}  // namespace
}  // namespace ferry::http
