// Guests that compute for long share the core with the others, and come back to their connection.

#include "http/leader_followers.h"

#include <array>
#include <atomic>

#include <gmock/gmock.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>

#include "base/blocking.h"
#include "base/clock.h"
#include "fixture.h"
#include "http/small_slices.h"

namespace ferry::http {
namespace {

using std::chrono::milliseconds;

void compute_for(std::chrono::microseconds much) {
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

// On a thread of its own, whose threads keep to that core too.
template <typename What>
void on_one_core(What what) {
  std::thread([&] {
    keep_to_one_core();
    what();
  }).join();
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

// What a leader waits for, and what it may find there.
struct Waits {
  Fd epoll{epoll_create1(EPOLL_CLOEXEC)};
  Fd sent{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  LeaderPriority priority;
  std::array<epoll_event, 4> events{};

  Waits() {
    epoll_event event{};
    event.events = EPOLLIN | EPOLLET;
    EXPECT_EQ(epoll_ctl(epoll.get(), EPOLL_CTL_ADD, sent.get(), &event), 0);
    priority.waits_for(epoll.get());
  }
  void send() const { EXPECT_EQ(eventfd_write(sent.get(), 1), 0); }
  int wait(int timeout_ms) { return priority.wait(events, timeout_ms); }
};

TEST(SmallSlices, GiveTheCoreToTheLeaderFarMoreOftenThanTheKernelWould) {
  on_one_core([] {
    Waits waits;
    SmallSlices slices(waits.priority);
    slices.start();
    const long unasked = switches();
    waits.wait(0);  // from now on the leader is at work here
    const long asked = switches();
    slices.stop();
    const long after = switches();
    // 50 ms are 1,000 slices, and 12 ticks at HZ=250.
    EXPECT_GT(asked, 100);
    EXPECT_GT(asked, 2 * unasked);
    EXPECT_GT(asked, 2 * after);
  });
}

TEST(LeaderPriority, TheLeaderNeedsTheCoreThatItRunsOnOrRanOnWhenItIsSentSomething) {
  on_one_core([] {
    Waits waits;
    const LeaderPriority& priority = waits.priority;
    const int here = sched_getcpu();
    EXPECT_FALSE(priority.needs(here));
    waits.send();
    EXPECT_TRUE(priority.needs(here));
    EXPECT_TRUE(priority.needs(here + 1));  // it has not run yet: wherever it will
    EXPECT_EQ(waits.wait(0), 1);
    EXPECT_TRUE(priority.needs(here));
    EXPECT_FALSE(priority.needs(here + 1));
    std::thread leader([&] { EXPECT_EQ(waits.wait(10'000), 1); });
    while (priority.needs(here)) std::this_thread::yield();
    waits.send();
    leader.join();
    EXPECT_TRUE(priority.needs(here));
  });
}

// Held up on its way out of the kernel, it would have to wait for those who see nothing left to
// take.
TEST(LeaderPriority, TheLeaderThatWasSentSomethingNeedsItsCoreUntilItHasIt) {
  Waits waits;
  waits.priority.join();
  std::atomic<int> core{-1};
  std::atomic<int> taken{0};
  constexpr int kTimes = 20'000;
  std::thread leader([&] {
    keep_to_one_core();
    core = sched_getcpu();
    for (int i = 0; i < kTimes; ++i) {
      while (waits.wait(1000) == 0) {
      }
      eventfd_t value = 0;
      EXPECT_EQ(eventfd_read(waits.sent.get(), &value), 0);
      ++taken;
    }
  });
  while (core == -1) std::this_thread::yield();
  int missed = 0;
  for (int i = 0; i < kTimes; ++i) {
    while (waits.priority.needs(core)) std::this_thread::yield();  // until it waits
    waits.send();
    while (taken == i) missed += waits.priority.needs(core) || taken > i ? 0 : 1;
  }
  EXPECT_EQ(missed, 0);
  leader.join();
}

TEST(LeaderPriority, OthersStandAsideUntilTheLeaderHasNothingLeftToDo) {
  on_one_core([] {
    Waits waits;
    waits.wait(0);
    // Threads begin on their maker's core. One by one they would take a second, and the leader is
    // at work for a tenth of that, if nobody else has the core.
    constexpr int kTimes = 2000;
    std::atomic<int> passed{0};
    std::vector<std::thread> others;
    others.reserve(2);
    for (int i = 0; i < 2; ++i) {
      others.emplace_back([&] {
        for (int j = 0; j < kTimes; ++j) {
          waits.priority.stand_aside();
          ++passed;
        }
      });
    }
    // While it is at work: one passes for each kAside and slice, as many as there may be.
    compute_for(milliseconds(50));
    const auto begun = std::chrono::steady_clock::now();
    const int before = passed;
    compute_for(milliseconds(50));
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
    const std::chrono::duration<double> each = LeaderPriority::kAside + LeaderPriority::kSlice;
    EXPECT_GT(passed - before, 0);
    EXPECT_LE(passed - before, took / each + 2);
    EXPECT_LT(passed, 2 * kTimes);
    // It has nothing left to do: they pass all at once, and others do not stand aside at all.
    EXPECT_EQ(waits.wait(200), 0);
    waits.send();
    EXPECT_EQ(waits.wait(0), 1);
    EXPECT_EQ(passed, 2 * kTimes);
    for (std::thread& other : others) other.join();
  });
}

TEST(SmallSlices, LeaveASleepAsLongAsItIs) {
  LeaderPriority priority;
  SmallSlices slices(priority);
  slices.start();
  const auto& clock = system_clock();
  const auto until = clock.monotonic() + milliseconds(100);
  clock.sleep_until(until);
  EXPECT_GE(clock.monotonic(), until);
  slices.stop();
}

TEST(SmallSlices, NeedNoThreadThatIsStillThere) {
  LeaderPriority priority;
  std::optional<SmallSlices> slices;
  std::thread([&] {
    slices.emplace(priority);
    slices->start();
  }).join();
  std::this_thread::sleep_for(milliseconds(1));
}

// Which thread answers tells where the guest before it ran: beside the leader, or on it.
TEST(LeaderFollowers, AFunctionThatRanLongIsRunApartFromTheStart) {
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
TEST(LeaderFollowers, LongOnesComeBackUnderLoad) {
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

// Short guests lost the lead when another process had their core, and then shared it in slices.
TEST(LeaderFollowers, AShortGuestThatIsKeptFromItsCoreKeepsTheLead) {
  on_one_core([] {
    TestService service;
    service.on_request = [](const Request& /*request*/, Response& response) {
      compute_for(std::chrono::microseconds(700));
      response.body = std::to_string(gettid());
    };
    TestServer server({.lanes = {{8}}}, service);
    server.start();
    std::atomic<bool> enough{false};
    std::thread other([&] {
      while (!enough) compute_for(std::chrono::microseconds(100));
    });
    RawClient client(server.port);
    std::string before;
    int changes = 0;
    for (int i = 0; i < 200; ++i) {
      client.get("/");
      std::string body;
      ASSERT_EQ(client.response(&body), 200);
      changes += body != before ? 1 : 0;
      before = body;
    }
    enough = true;
    other.join();
    EXPECT_LE(changes, 10);
  });
}

// How many threads there still are to be had, as with a container's limit of processes.
std::atomic<int> threads_left{0};

int start_if_any_is_left(pthread_t* thread, const pthread_attr_t* attributes, void* (*work)(void*),
                         void* of_it) {
  if (threads_left.fetch_sub(1) <= 0) return EAGAIN;
  return pthread_create(thread, attributes, work, of_it);
}

// The lead went with a thread that could not be replaced, and nobody served from then on.
TEST(LeaderFollowers, TheOnlyThreadThatIsToBeHadKeepsTheLead) {
  threads_left = 1;
  std::atomic<int> lacks{0};
  int kept = 0;
  std::unique_ptr<LeaderFollowers> threads;
  const auto lead = [&] {
    LeaderFollowers::Ticket ticket = threads->enter();
    compute_for(milliseconds(30));  // far beyond what the watch bears
    kept += threads->leave(ticket) ? 1 : 0;
    kept += threads->step_down() ? 0 : 1;  // before a guest that is known to be long
    ticket = threads->enter();
    {
      const Blocking wait(blocking_observer);
      std::this_thread::sleep_for(milliseconds(1));
    }
    kept += threads->leave(ticket) ? 1 : 0;
    return true;
  };
  threads = std::make_unique<LeaderFollowers>(
      lead,
      [&](int error) {
        EXPECT_EQ(error, EAGAIN);
        ++lacks;
      },
      start_if_any_is_left);
  EXPECT_TRUE(threads->run().ok());
  EXPECT_EQ(kept, 3);
  EXPECT_GE(lacks.load(), 3);
}

TEST(LeaderFollowers, TheLeadIsPassedOnOnceThereIsAThreadForIt) {
  threads_left = 1;
  std::atomic<int> leaders{0};
  std::unique_ptr<LeaderFollowers> threads;
  const auto lead = [&] {
    if (++leaders == 2) return true;
    const LeaderFollowers::Ticket ticket = threads->enter();
    while (leaders == 1) compute_for(milliseconds(1));  // until another leads
    EXPECT_FALSE(threads->leave(ticket));
    return false;
  };
  threads = std::make_unique<LeaderFollowers>(
      lead, [&](int /*error*/) { threads_left = 1; }, start_if_any_is_left);
  EXPECT_TRUE(threads->run().ok());
  EXPECT_EQ(leaders, 2);
}

TEST(LeaderFollowers, WithoutAnyThreadTheyDoNotBegin) {
  threads_left = 0;
  LeaderFollowers threads([] { return true; }, [](int /*error*/) {}, start_if_any_is_left);
  const Status run = threads.run();
  ASSERT_FALSE(run.ok());
  EXPECT_THAT(run.error().text(), testing::HasSubstr("start a thread"));
}

}  // namespace
}  // namespace ferry::http
