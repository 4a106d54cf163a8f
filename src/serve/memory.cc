#include "serve/memory.h"

#include <array>
#include <cerrno>
#include <memory>
#include <string_view>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/cgroup.h"
#include "base/event_fd.h"
#include "base/thread.h"

namespace ferry::serve {
namespace {

// Some task waited for 200 ms of 2 s. A process without privileges may ask for multiples of 2 s.
constexpr std::string_view kTrigger = "some 200000 2000000";

}  // namespace

Fd open_memory_pressure(const std::string& root) {
  std::vector<std::string> paths;
  if (const std::string own = own_cgroup(root); !own.empty()) {
    paths.push_back(own + "/memory.pressure");
  }
  paths.push_back(root + "/proc/pressure/memory");
  for (const std::string& path : paths) {
    Fd file(open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
    if (file.valid() && write(file.get(), kTrigger.data(), kTrigger.size() + 1) > 0) return file;
  }
  return {};
}

Result<std::unique_ptr<PressureWatch>> PressureWatch::make(Fd pressure,
                                                           std::function<void()> short_of_memory) {
  Fd stop(eventfd(0, EFD_CLOEXEC));
  if (!stop.valid()) return errno_error("make an eventfd", errno);
  std::unique_ptr<PressureWatch> made(
      new PressureWatch(std::move(pressure), std::move(stop), std::move(short_of_memory)));
  FERRY_TRY(made->thread_, start_side_thread([self = made.get()] { self->run(); }));
  return made;
}

PressureWatch::PressureWatch(Fd pressure, Fd stop, std::function<void()> short_of_memory)
    : pressure_(std::move(pressure)),
      stop_(std::move(stop)),
      short_of_memory_(std::move(short_of_memory)) {}

PressureWatch::~PressureWatch() {
  raise_event(stop_.get());
  if (thread_.joinable()) thread_.join();
}

void PressureWatch::run() {
  for (;;) {
    std::array<pollfd, 2> watched{{{pressure_.get(), POLLPRI, 0}, {stop_.get(), POLLIN, 0}}};
    if (poll(watched.data(), watched.size(), -1) < 0 && errno != EINTR) return;
    if (watched[1].revents != 0 || (watched[0].revents & (POLLERR | POLLNVAL)) != 0) return;
    if ((watched[0].revents & POLLPRI) != 0) short_of_memory_();
  }
}

}  // namespace ferry::serve
