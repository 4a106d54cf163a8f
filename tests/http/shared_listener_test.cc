// Servers that share a listening socket, as a worker and its successor do: whatever one of them
// does not take, another takes.
#include <chrono>
#include <fstream>
#include <thread>

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "base/event_fd.h"
#include "fixture.h"

namespace ferry::http {
namespace {

using std::chrono::milliseconds;

// The status of an answer, or 0 when there is none within seconds.
int ask(std::uint16_t port) {
  RawClient client(port);
  const timeval patience{5, 0};
  setsockopt(client.fd(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  client.get("/");
  return client.response();
}

// Of this process; it waits for something.
bool sleeps(pid_t thread) {
  std::ifstream file("/proc/self/task/" + std::to_string(thread) + "/stat");
  std::string id;
  std::string name;
  std::string state;
  file >> id >> name >> state;
  return state == "S";
}

ServerOptions sharing() {
  ServerOptions options;
  options.shares_listener = true;
  return options;
}

TEST(SharedListener, OneThatDrainsIsNotWokenForWhatItCannotTake) {
  TestService service;
  ServerOptions draining = sharing();
  draining.drain_idle = std::chrono::minutes(1);
  TestServer before(std::move(draining), service);
  // The kernel wakes who has waited first.
  before.start();
  RawClient kept(before.port);
  kept.get("/");
  ASSERT_EQ(kept.response(), 200);

  const ManualClock clock;  // no sweep finds what was missed
  ServerOptions next = sharing();
  next.clock = &clock;
  TestServer after(std::move(next), service, before);
  const int closes = before.listener_fd;
  before.server->drain();
  while (fcntl(closes, F_GETFD) >= 0) std::this_thread::sleep_for(milliseconds(1));
  after.start();
  for (int i = 0; i < 10; ++i) ASSERT_EQ(ask(after.port), 200) << i;
  EXPECT_EQ(after.counters.accepted.load(), 10u);

  kept.abandon();
  before.join();
}

TEST(SharedListener, WhatAnotherWasWokenForAndDidNotTakeIsTaken) {
  TestService service;
  TestServer never_runs(sharing(), service);

  // Another process that is woken first, and ends before it accepts.
  const Fd epoll(epoll_create1(EPOLL_CLOEXEC));
  epoll_event wanted{};
  wanted.events = EPOLLIN | EPOLLEXCLUSIVE;
  epoll_event order{};
  order.events = EPOLLIN;
  const Fd end(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  ASSERT_EQ(epoll_ctl(epoll.get(), EPOLL_CTL_ADD, end.get(), &order), 0);
  const Fd others(fcntl(never_runs.listener_fd, F_DUPFD_CLOEXEC, 0));
  ASSERT_EQ(epoll_ctl(epoll.get(), EPOLL_CTL_ADD, others.get(), &wanted), 0);
  std::atomic<int> woken{0};
  std::atomic<pid_t> thread{0};
  std::thread other([&] {
    thread = gettid();
    epoll_event got{};
    woken = epoll_wait(epoll.get(), &got, 1, -1);
  });

  while (!sleeps(thread)) std::this_thread::yield();

  ServerOptions options = sharing();
  options.beat = milliseconds(20);
  TestServer server(std::move(options), service, never_runs);
  server.start();
  EXPECT_EQ(ask(server.port), 200);
  raise_event(end.get());
  other.join();
  EXPECT_EQ(woken.load(), 1);
}

}  // namespace
}  // namespace ferry::http
