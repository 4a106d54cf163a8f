// Log lines on their way out, beside the threads that serve: these leave them here and never wait
// for the log's reader. A thread of the queue's own writes them. What does not fit because the
// reader is too slow, or has gone, is dropped, counted, and said once the reader is back.
// Thread-safe. The thread is started with the first lines, so that a process may still close itself
// in (host/sandbox.h) after the queue was made.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "serve/line_output.h"

namespace ferry::serve {

class LogQueue {
 public:
  // Bytes that wait; more only if one event's lines are longer.
  static constexpr std::size_t kMost = 1u << 20;

  // Both borrowed; `dropped` counts lines and may lie in shared memory. `program` begins the line
  // that tells of them; empty: none does.
  LogQueue(LineOutput& output, std::atomic<std::uint64_t>& dropped, std::string program);
  // Writes what waits, for at most kPatience.
  ~LogQueue();
  LogQueue(const LogQueue&) = delete;
  LogQueue& operator=(const LogQueue&) = delete;

  // Whole lines. False: they were dropped. With `urgent` a further 64 KiB are taken.
  bool push(std::string_view lines, bool urgent = false);
  // The same by this thread itself, where nothing waits and the reader takes them at once.
  bool push_now(std::string_view lines, bool urgent = false);
  // Until all of it is written, if the reader takes it in time. Waits but once for a reader that
  // does not, until it reads again.
  void wait_until_written();

  static constexpr std::chrono::seconds kPatience{1};

 private:
  struct State;
  static void work(const std::shared_ptr<State>& state);

  std::shared_ptr<State> state_;  // the thread's too: it may outlive a queue whose reader hangs
};

}  // namespace ferry::serve
