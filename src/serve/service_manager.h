// Messages to a service manager: sd_notify(3), datagrams to the socket in $NOTIFY_SOCKET. Without
// that variable nothing is sent. Made once, before processes are forked; used by one thread.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/file.h"

namespace ferry::serve {

class ServiceManager {
 public:
  // Takes $NOTIFY_SOCKET, $WATCHDOG_USEC and $WATCHDOG_PID out of the environment: they are for
  // this process alone.
  static ServiceManager from_environment();

  void ready(std::string_view status);  // READY=1, at the start and after a reload
  void reloading();                     // RELOADING=1
  void stopping();                      // STOPPING=1
  // To be called often while all is well: WATCHDOG=1, where it is wanted, each time that half of
  // its time has passed.
  void alive();

 private:
  void send(std::string_view lines) const;

  std::string address_;
  Fd socket_;
  std::chrono::microseconds watchdog_{0};
  Monotonic next_{};
};

}  // namespace ferry::serve
