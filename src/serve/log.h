// Functions' log lines to a descriptor, stderr as a rule: whole events in one write, so that the
// lines of different processes do not mix. Thread-safe.
#pragma once

#include <mutex>
#include <string>

#include "host/outcome_json.h"
#include "serve/log_queue.h"

namespace ferry::serve {

enum class LogFormat : unsigned char { kText, kJson };

class LogWriter {
 public:
  // Written by the thread that logs, which waits for the reader of `fd`.
  LogWriter(int fd, LogFormat format) : fd_(fd), format_(format) {}
  // Left in `queue` (borrowed), which waits for nobody.
  LogWriter(LogQueue& queue, LogFormat format) : queue_(&queue), format_(format) {}
  // The event's log lines, then one for the outcome itself if it is not ok.
  void write(const host::Outcome& outcome, const host::OutcomeOf& of);

  // From now on lines wait for flush(), or until there are many: a write for each event costs
  // more than a short event does. For owners who call flush() whenever they are about to wait.
  void hold();
  void flush();

 private:
  void write_out();

  const int fd_ = -1;
  LogQueue* const queue_ = nullptr;
  const LogFormat format_;
  std::mutex mutex_;
  bool holds_ = false;
  std::string lines_;
};

}  // namespace ferry::serve
