// What connects a running host and the adapter of one platform.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "host/in_service.h"
#include "host/recorder.h"
#include "serve/log.h"

namespace ferry::serve {

// What an adapter is made with. All references outlive it; it is used by many threads at once.
struct AdapterContext {
  host::Host& host;
  std::vector<host::InService> functions;
  const Clock& clock;
  Random& random;
  // Of the functions above already; for those that come over the wire.
  std::vector<std::shared_ptr<host::Recorder>> recorders = {};
  LogWriter* log = nullptr;  // where functions' log lines go; null: nowhere
  // The process's own streams, for platforms that read those (with `log` null: nothing is written).
  int out = 1;
  int err = 2;
  // Called with each outcome: the function's index, and the time since the request was read.
  std::function<void(std::size_t function, const host::Outcome& outcome, Nanoseconds took)>
      observe = [](std::size_t, const host::Outcome&, Nanoseconds) {};
  // False: nobody reads what single events log, neither from `log` nor from observed outcomes.
  bool reads_logs = true;
};

}  // namespace ferry::serve
