// Functions' log lines to a descriptor, stderr as a rule: one write for all lines of an event, so
// that the lines of different processes do not mix. Thread-safe.
#pragma once

#include <string>

#include "host/outcome_json.h"

namespace ferry::platforms {

enum class LogFormat : unsigned char { kText, kJson };

class LogWriter {
 public:
  LogWriter(int fd, LogFormat format) : fd_(fd), format_(format) {}
  // The event's log lines, then one for the outcome itself if it is not ok.
  void write(const host::Outcome& outcome, const host::OutcomeOf& of) const;

 private:
  int fd_;
  LogFormat format_;
};

}  // namespace ferry::platforms
