// The HTTP front as a process that serves functions sets it up and runs it.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include <sys/types.h>

#include "function/limits.h"
#include "http/server.h"

namespace ferry::serve {

// Bytes of the largest body of a request for a function with these limits: an event in structured
// mode is larger than its data, by base64 and attributes.
std::uint64_t max_body(const function::Limits& limits);

// One lane a function, with its slots; bodies as large as the largest function takes. Without
// functions, one lane with the usual limits.
http::ServerOptions front_options(std::span<const function::Limits> limits);

// What the signal handler of a process with a supervisor does beside draining, where the order is
// not the supervisor's: it would not know otherwise.
struct Leaving {
  pid_t supervisor = 0;
  std::atomic<bool>* flag = nullptr;  // set
  int attention_fd = -1;              // an eventfd, written
};

// Serves until SIGTERM has been obeyed. `on_ready` is called once that signal would be. Once in a
// process. An error where there is no thread to serve with.
Status serve_until_stopped(http::Server& server, const std::function<void()>& on_ready,
                           const Leaving& leaving = {});

}  // namespace ferry::serve
