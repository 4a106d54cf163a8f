// Guests that compute for long share the core with the others, and come back to their connection.

#include <atomic>

#include <sched.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "fixture.h"
#include "http/small_slices.h"

namespace ferry::http {
namespace {

using std::chrono::milliseconds;

void compute_for(milliseconds much) {
  const auto begun = cpu_time(pthread_self());
  while (cpu_time(pthread_self()) - begun < much) {
  }
}

// Only the last one of the cores that it may use.
void keep_to_one_core() {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  ASSERT_EQ(sched_getaffinity(0, sizeof cores, &cores), 0);
  std::size_t last = 0;
  for (std::size_t core = 0; core < CPU_SETSIZE; ++core) {
    if (CPU_ISSET(core, &cores)) last = core;
  }
  CPU_ZERO(&cores);
  CPU_SET(last, &cores);
  ASSERT_EQ(sched_setaffinity(0, sizeof cores, &cores), 0);
}

// How often this thread lost its core, while it computed for a while.
long switches() {
  rusage before{};
  rusage after{};
  getrusage(RUSAGE_THREAD, &before);
  compute_for(milliseconds(50));
  getrusage(RUSAGE_THREAD, &after);
  return after.ru_nivcsw + after.ru_nvcsw - before.ru_nivcsw - before.ru_nvcsw;
}

TEST(SmallSlices, GiveTheCoreToTheLeaderFarMoreOftenThanTheKernelWould) {
  std::atomic<bool> over{false};
  std::thread other([&] {
    keep_to_one_core();
    while (!over) {
    }
  });
  std::thread sliced([] {
    keep_to_one_core();
    LeaderWants wants;
    SmallSlices slices(wants);
    slices.start();
    const long unasked = switches();
    wants.runs_on(sched_getcpu());
    const long asked = switches();
    slices.stop();
    const long after = switches();
    // 50 ms are 500 slices, and 12 ticks at HZ=250.
    EXPECT_GT(asked, 100);
    EXPECT_GT(asked, 2 * unasked);
    EXPECT_GT(asked, 2 * after);
  });
  sliced.join();
  over = true;
  other.join();
}

TEST(LeaderWants, TheCoreThatItRunsOnOrOneWhenItHasBeenSentSomething) {
  const Fd epoll(epoll_create1(EPOLL_CLOEXEC));
  const Fd sent(eventfd(0, EFD_CLOEXEC));
  epoll_event event{};
  event.events = EPOLLIN;
  ASSERT_EQ(epoll_ctl(epoll.get(), EPOLL_CTL_ADD, sent.get(), &event), 0);
  LeaderWants wants;
  EXPECT_FALSE(wants.core(0));
  wants.waits_for(epoll.get());
  EXPECT_FALSE(wants.core(0));
  ASSERT_EQ(eventfd_write(sent.get(), 1), 0);
  EXPECT_TRUE(wants.core(0));
  wants.runs_on(1);
  EXPECT_FALSE(wants.core(0));
  EXPECT_TRUE(wants.core(1));
}

TEST(SmallSlices, LeaveASleepAsLongAsItIs) {
  LeaderWants wants;
  SmallSlices slices(wants);
  slices.start();
  const auto& clock = system_clock();
  const auto until = clock.monotonic() + milliseconds(100);
  clock.sleep_until(until);
  EXPECT_GE(clock.monotonic(), until);
  slices.stop();
}

TEST(SmallSlices, NeedNoThreadThatIsStillThere) {
  LeaderWants wants;
  std::optional<SmallSlices> slices;
  std::thread([&] {
    slices.emplace(wants);
    slices->start();
  }).join();
  std::this_thread::sleep_for(milliseconds(1));
}

// Which thread answers tells where the guest before it ran: beside the leader, or on it.
TEST(Crew, AFunctionThatRanLongIsRunApartFromTheStart) {
  TestService service;
  std::atomic<bool> hurry{false};
  service.on_lane = [](const Request& request) { return request.path() == "/long" ? 0 : 1; };
  service.on_request = [&](const Request& request, Response& response) {
    response.body = std::to_string(gettid());
    if (request.path() == "/long" && !hurry) compute_for(milliseconds(50));
  };
  TestServer server({.lanes = {{8}, {8}}}, service);
  server.start();
  RawClient client(server.port);
  const auto ask = [&](const char* path) {
    client.get(path);
    std::string body;
    EXPECT_EQ(client.response(&body), 200);
    return body;
  };
  const std::string first = ask("/short");
  EXPECT_EQ(ask("/long"), first);
  const std::string second = ask("/short");
  EXPECT_NE(second, first);  // it was relieved
  hurry = true;
  EXPECT_EQ(ask("/long"), second);
  const std::string third = ask("/short");
  EXPECT_NE(third, second);  // it had stepped down
  EXPECT_EQ(ask("/long"), third);
  EXPECT_EQ(ask("/short"), third);  // quick the last time, so not any more
}

// Every event of a long function has a thread of its own, and the connection comes back each time.
TEST(Crew, LongOnesComeBackUnderLoad) {
  TestService service;
  service.on_lane = [](const Request& request) { return request.path() == "/long" ? 0 : 1; };
  service.on_request = [&](const Request& request, Response& response) {
    response.body = request.target;
    if (request.path() == "/long") compute_for(milliseconds(12));
  };
  TestServer server({.lanes = {{4}, {16}}}, service);
  server.start();
  std::vector<std::thread> clients;
  clients.reserve(8);
  for (int i = 0; i < 8; ++i) {
    clients.emplace_back([&server, i] {
      RawClient client(server.port);
      for (int j = 0; j < (i < 4 ? 10 : 400); ++j) {
        const std::string target = (i < 4 ? "/long?" : "/short?") + std::to_string(i * 1000 + j);
        client.get(target);
        std::string body;
        ASSERT_EQ(client.response(&body), 200);
        ASSERT_EQ(body, target);
      }
    });
  }
  for (std::thread& each : clients) each.join();
  // The last answers were sent before their threads came back.
  while (server.counters.running.load() != 0) std::this_thread::yield();
}

}  // namespace
}  // namespace ferry::http
