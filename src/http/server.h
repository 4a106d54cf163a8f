// The HTTP/1.1 front of all platforms: accepts, reads strictly, admits, calls the Service, writes.
//
// A Server lives in one process and is used in one of two ways. run() serves with a set of
// threads (http/leader_followers.h) until it is drained. Or a process with a loop of its own
// watches fd() and calls step(), and everything happens on that thread (the supervisor's admin
// address). drain() and stop() may be called from any thread and from a signal handler.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "http/message.h"
#include "http/reader.h"

namespace ferry::http {

struct Lane {
  std::uint32_t slots = 64;  // guests of this lane at once
};

// What a server counts; may lie in memory shared with the supervisor.
struct Counters {
  std::atomic<std::uint64_t> accepted{0};     // connections
  std::atomic<std::uint64_t> connections{0};  // open now
  std::atomic<std::uint64_t> running{0};      // guests at this moment
  std::atomic<std::uint64_t> queued{0};       // requests that wait for a slot
  std::atomic<std::uint64_t> overloaded{0};   // requests answered 503 for lack of one
  std::atomic<std::uint64_t> malformed{0};    // requests refused by the front
  std::atomic<std::uint64_t> shed{0};         // connections closed for lack of memory
  std::atomic<std::uint64_t> held{0};         // bytes held by connections now
  std::atomic<std::uint64_t> beats{0};        // how often the loop went round: it is alive
};

struct ServerOptions {
  ReaderLimits reader = {};
  std::vector<Lane> lanes = {};
  std::uint32_t max_running = 64;  // guests at once, all lanes together
  std::uint32_t max_queued = 256;  // requests of a lane that wait for one of its slots
  // Of a lane whose guests are short, more may wait: as many as are served in this time.
  std::chrono::milliseconds max_wait{1000};
  std::uint32_t max_connections = 8192;  // beyond it new ones wait in the kernel's queue
  // Bytes of heads, bodies and answers that all connections together may hold. Beyond it those of
  // the peer that holds the most are closed.
  std::uint64_t max_held = 256u << 20;
  // Bytes a second that a peer must send of a body, on average, once it has had the time of
  // `head_timeout`; and take of an answer, on average over `write_timeout`.
  std::uint32_t least_rate = 1024;
  // Kept by a sweep each second, so each may take up to a second longer.
  std::chrono::seconds head_timeout{10};
  std::chrono::seconds body_timeout{120};
  std::chrono::seconds idle_timeout{75};   // between requests
  std::chrono::seconds write_timeout{60};  // see least_rate
  // Draining: how long a connection without a request is kept for one that is under way.
  std::chrono::milliseconds drain_idle{1000};
  // At least this often the loop goes round, so that `beats` grows; zero: an idle server sleeps.
  std::chrono::milliseconds beat{0};
  // The listening socket is also another process's, which keeps using it: draining leaves it as it
  // is, so that new connections are taken there.
  bool shares_listener = false;
  // The system has no more of something, by its errno: descriptors for connections, threads for
  // guests. Those wait. By any thread, at most once a minute.
  std::function<void(int error)> on_lack = [](int) {};
  Counters* counters = nullptr;          // borrowed; null: the server's own
  const Clock* clock = &system_clock();  // of all the times above; borrowed
};

class Server {
 public:
  static Result<std::unique_ptr<Server>> make(ServerOptions options, Service& service);
  ~Server();

  // Before run() only. Both are taken over; the listener must be non-blocking.
  Status listen(Fd listener);
  Status adopt(Fd connected);

  // An error where there is no thread to serve with.
  Status run();

  int fd() const;
  void step();  // what is ready now, without waiting

  // Accepts what the kernel has answered already, finishes every request, then run() returns.
  void drain();
  // run() returns as soon as no guest runs; what was not answered is lost.
  void stop();

 private:
  class Loop;
  explicit Server(std::unique_ptr<Loop> loop);
  std::unique_ptr<Loop> loop_;
};

}  // namespace ferry::http
