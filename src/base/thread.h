// Threads, where there may be none left to start (ulimit -u, a container's limit of processes):
// std::thread throws then.
#pragma once

#include <functional>
#include <thread>

#include "base/result.h"

namespace ferry {

// To be joined or detached by the caller.
Result<std::thread> start_thread(std::function<void()> work);

// The same, for one that works beside those that serve: the orders that a process gets (SIGTERM,
// SIGINT, SIGHUP) are delivered to these.
Result<std::thread> start_side_thread(std::function<void()> work);

// Has `work` done by this thread and by others beside it, `threads` together or as many as there
// are to be had, and returns when all are done with it.
void work_together(std::size_t threads, const std::function<void()>& work);

}  // namespace ferry
