#include "serve/delivery.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <mutex>

#include <sys/eventfd.h>
#include <unistd.h>

#include "base/event_fd.h"
#include "base/thread.h"

namespace ferry::serve {
namespace {

// For the signal handler; set once, before the handler is.
int stop_fd_of_process = -1;

Status serve_one_by_one(Source& source, DeliveryHandler& handler) {
  for (;;) {
    FERRY_TRY(const auto delivery, source.next());
    if (!delivery) {
      return Done{};
    }
    FERRY_CHECK_OK(source.settle(*delivery, handler.answer(*delivery)));
  }
}

}  // namespace

std::string_view Delivery::attribute(std::string_view name) const {
  for (const auto& [each, value] : attributes) {
    if (each == name) {
      return value;
    }
  }
  return {};
}

Status run_source(const std::function<Result<std::unique_ptr<Source>>()>& make_source,
                  DeliveryHandler& handler, unsigned threads, int stop_fd) {
  std::vector<std::unique_ptr<Source>> sources;
  while (sources.size() < std::max(threads, 1u)) {
    FERRY_TRY(auto source, make_source());
    sources.push_back(std::move(source));
  }
  std::mutex mutex;
  Status result = Done{};
  auto life = [&](Source& source) {
    Status ended = serve_one_by_one(source, handler);
    const std::lock_guard lock(mutex);
    if (!ended.ok() && result.ok()) {
      result = std::move(ended);
      raise_event(stop_fd);  // the others would wait for ever
    }
  };
  std::atomic<std::size_t> taken{0};
  work_together(sources.size(), [&] { life(*sources[taken++]); });
  return result;
}

Result<Fd> stop_on_signal(bool interrupt) {
  Fd stop(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!stop.valid()) {
    return errno_error("make an eventfd", errno);
  }
  stop_fd_of_process = stop.get();
  struct sigaction action {};
  action.sa_handler = [](int) { raise_event(stop_fd_of_process); };
  action.sa_flags = SA_RESTART;
  sigaction(SIGTERM, &action, nullptr);
  if (interrupt) {
    sigaction(SIGINT, &action, nullptr);
  }
  return stop;
}

}  // namespace ferry::serve
