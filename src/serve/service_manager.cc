#include "serve/service_manager.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/process_env.h"

namespace ferry::serve {
namespace {

using std::chrono::microseconds;

constexpr std::uint64_t kMostWatchdog = 3'600'000'000;  // an hour

std::int64_t monotonic_us() {
  return std::chrono::duration_cast<microseconds>(system_clock().monotonic().time_since_epoch())
      .count();
}

}  // namespace

ServiceManager ServiceManager::from_environment() {
  ServiceManager manager;
  manager.address_ = take_variable("NOTIFY_SOCKET");
  const auto watchdog = take_number("WATCHDOG_USEC").value_or(0);
  const auto watched = take_number("WATCHDOG_PID");
  // A path, or a name in the abstract namespace behind '@'.
  if (manager.address_.size() < 2 || manager.address_.size() >= sizeof(sockaddr_un::sun_path) ||
      (manager.address_[0] != '/' && manager.address_[0] != '@')) {
    manager.address_.clear();
    return manager;
  }
  manager.socket_ = Fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!watched || *watched == static_cast<std::uint64_t>(::getpid())) {
    manager.watchdog_ = microseconds(std::min<std::uint64_t>(watchdog, kMostWatchdog));
  }
  return manager;
}

void ServiceManager::send(std::string_view lines) const {
  if (address_.empty() || !socket_.valid()) {
    return;
  }
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  std::memcpy(to.sun_path, address_.data(), address_.size());
  if (to.sun_path[0] == '@') {
    to.sun_path[0] = 0;
  }
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address_.size());
  // A manager that is gone gets nothing.
  static_cast<void>(::sendto(socket_.get(), lines.data(), lines.size(), MSG_NOSIGNAL,
                             reinterpret_cast<const sockaddr*>(&to), size));
}

void ServiceManager::ready(std::string_view status) {
  send(fmt::format("READY=1\nSTATUS={}", status));
}

void ServiceManager::reloading() {
  send(fmt::format("RELOADING=1\nMONOTONIC_USEC={}", monotonic_us()));
}

void ServiceManager::stopping() { send("STOPPING=1"); }

void ServiceManager::alive() {
  if (watchdog_.count() == 0) {
    return;
  }
  const Monotonic now = system_clock().monotonic();
  if (now >= next_) {
    next_ = now + watchdog_ / 2;
    send("WATCHDOG=1");
  }
}

}  // namespace ferry::serve
