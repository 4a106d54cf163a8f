#include "serve/memory.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <memory>
#include <string_view>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/event_fd.h"
#include "base/thread.h"

namespace ferry::serve {
namespace {

constexpr std::size_t kMostText = 64u << 10;
// Version 1 says "no limit" by the largest multiple of a page.
constexpr std::uint64_t kNoLimit = std::uint64_t{1} << 62;
// Some task waited for 200 ms of 2 s. A process without privileges may ask for multiples of 2 s.
constexpr std::string_view kTrigger = "some 200000 2000000";

std::string text_of(const std::string& path) {
  const auto bytes = read_file(path, kMostText);
  return bytes.ok() ? std::string(as_text(*bytes)) : "";
}

// A folder of this process's cgroup and all above it, the innermost first.
struct Cgroups {
  std::vector<std::string> folders;
  std::string limit;  // the file in each
};

void add_folders(const std::string& top, std::string_view path, Cgroups& out) {
  while (!path.empty() && path != "/") {
    out.folders.push_back(top + std::string(path));
    const std::size_t slash = path.rfind('/');
    path = path.substr(0, slash == path.npos ? 0 : slash);
  }
  out.folders.push_back(top);
}

// /proc/self/cgroup: lines "hierarchy:controllers:path"; of version 2 "0::path".
std::vector<Cgroups> cgroups(const std::string& root) {
  std::vector<Cgroups> out;
  const std::string text = text_of(root + "/proc/self/cgroup");
  for (std::string_view left = text; !left.empty();) {
    const std::string_view line = left.substr(0, left.find('\n'));
    left.remove_prefix(std::min(left.size(), line.size() + 1));
    const std::size_t first = line.find(':');
    const std::size_t second = first == line.npos ? first : line.find(':', first + 1);
    if (second == line.npos) continue;
    const std::string_view controllers = line.substr(first + 1, second - first - 1);
    const std::string_view path = line.substr(second + 1);
    if (controllers.empty()) {
      add_folders(root + "/sys/fs/cgroup", path, out.emplace_back(Cgroups{{}, "memory.max"}));
    } else if (controllers == "memory") {
      add_folders(root + "/sys/fs/cgroup/memory", path,
                  out.emplace_back(Cgroups{{}, "memory.limit_in_bytes"}));
    }
  }
  return out;
}

}  // namespace

std::optional<std::uint64_t> memory_limit(const std::string& root) {
  std::uint64_t least = kNoLimit;
  for (const Cgroups& each : cgroups(root)) {
    for (const std::string& folder : each.folders) {
      const std::string text = text_of(folder + "/" + each.limit);  // "max": no number
      std::uint64_t bytes = 0;
      const auto read = std::from_chars(text.data(), text.data() + text.size(), bytes);
      if (read.ec == std::errc()) least = std::min(least, bytes);
    }
  }
  return least < kNoLimit ? std::optional(least) : std::nullopt;
}

bool are_ended_together(const std::string& root) {
  for (const Cgroups& each : cgroups(root)) {
    for (const std::string& folder : each.folders) {
      if (text_of(folder + "/memory.oom.group").starts_with('1')) return true;
    }
  }
  return false;
}

Fd open_memory_pressure(const std::string& root) {
  std::vector<std::string> paths;
  for (const Cgroups& each : cgroups(root)) {
    if (each.limit == "memory.max") paths.push_back(each.folders.front() + "/memory.pressure");
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
