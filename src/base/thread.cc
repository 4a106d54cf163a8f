#include "base/thread.h"

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
