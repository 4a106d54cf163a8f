#include "base/thread.h"

#include <csignal>
#include <system_error>
#include <vector>

namespace ferry {

Result<std::thread> start_thread(std::function<void()> work) {
  try {
    return std::thread(std::move(work));
  } catch (const std::system_error& error) {
    return errno_error("start a thread", error.code().value());
  }
}

Result<std::thread> start_side_thread(std::function<void()> work) {
  sigset_t orders;
  sigset_t before;
  sigemptyset(&orders);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&orders, signal);
  pthread_sigmask(SIG_BLOCK, &orders, &before);  // a thread begins with its maker's
  auto started = start_thread(std::move(work));
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return started;
}

void work_together(std::size_t threads, const std::function<void()>& work) {
  std::vector<std::thread> others;
  while (others.size() + 1 < threads) {
    auto started = start_thread(work);
    if (!started.ok()) break;
    others.push_back(*std::move(started));
  }
  work();
  for (std::thread& other : others) other.join();
}

}  // namespace ferry
