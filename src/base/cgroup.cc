#include "base/cgroup.h"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <thread>
#include <vector>

#include "base/file.h"

namespace ferry {
namespace {

constexpr std::size_t kMostText = 64u << 10;
// Version 1 says "no limit" by the largest multiple of a page.
constexpr std::uint64_t kNoLimit = std::uint64_t{1} << 62;
constexpr unsigned kMostCores = 1u << 20;

std::string text_of(const std::string& path) {
  const auto bytes = read_file(path, kMostText);
  return bytes.ok() ? std::string(as_text(*bytes)) : "";
}

// The number that `text` begins with, which is taken off it, with one byte after it. Nothing: "max"
// and "-1", which mean that there is no limit, and what is not there.
std::optional<std::uint64_t> take_number(std::string_view& text) {
  std::uint64_t value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc()) return std::nullopt;
  text.remove_prefix(std::min(text.size(), std::size_t(read.ptr - text.data()) + 1));
  return value;
}

std::optional<std::uint64_t> number_in(const std::string& path) {
  const std::string text = text_of(path);
  std::string_view left = text;
  return take_number(left);
}

// A folder of this process's cgroup and all above it, the innermost first.
struct Hierarchy {
  std::vector<std::string> folders;
  bool unified = false;  // of version 2
  bool memory = false;   // what it limits
  bool cpu = false;
};

void add_folders(const std::string& top, std::string_view path, Hierarchy& out) {
  while (!path.empty() && path != "/") {
    out.folders.push_back(top + std::string(path));
    const std::size_t slash = path.rfind('/');
    path = path.substr(0, slash == path.npos ? 0 : slash);
  }
  out.folders.push_back(top);
}

bool has_word(std::string_view list, std::string_view word) {
  for (std::string_view left = list; !left.empty();) {
    const std::string_view each = left.substr(0, left.find(','));
    left.remove_prefix(std::min(left.size(), each.size() + 1));
    if (each == word) return true;
  }
  return false;
}

// /proc/self/cgroup: lines "hierarchy:controllers:path"; of version 2 "0::path".
std::vector<Hierarchy> hierarchies(const std::string& root) {
  const std::string top = root + "/sys/fs/cgroup";
  std::vector<Hierarchy> out;
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
      add_folders(top, path, out.emplace_back(Hierarchy{{}, true, true, true}));
      continue;
    }
    if (has_word(controllers, "memory")) {
      add_folders(top + "/memory", path, out.emplace_back(Hierarchy{{}, false, true, false}));
    }
    if (has_word(controllers, "cpu")) {
      add_folders(top + "/cpu", path, out.emplace_back(Hierarchy{{}, false, false, true}));
    }
  }
  return out;
}

// Microseconds of processor time in a period of so many.
struct Quota {
  std::optional<std::uint64_t> time;
  std::optional<std::uint64_t> period;
};

Quota quota_of(const std::string& folder, bool unified) {
  if (!unified) {
    return {number_in(folder + "/cpu.cfs_quota_us"), number_in(folder + "/cpu.cfs_period_us")};
  }
  const std::string text = text_of(folder + "/cpu.max");
  std::string_view left = text;
  Quota quota;
  quota.time = take_number(left);
  if (quota.time) quota.period = take_number(left);
  return quota;
}

}  // namespace

std::optional<std::uint64_t> memory_limit(const std::string& root) {
  std::uint64_t least = kNoLimit;
  for (const Hierarchy& each : hierarchies(root)) {
    if (!each.memory) continue;
    const std::string file = each.unified ? "/memory.max" : "/memory.limit_in_bytes";
    for (const std::string& folder : each.folders) {
      least = std::min(least, number_in(folder + file).value_or(kNoLimit));
    }
  }
  return least < kNoLimit ? std::optional(least) : std::nullopt;
}

std::optional<unsigned> cpu_limit(const std::string& root) {
  unsigned least = kMostCores;
  for (const Hierarchy& each : hierarchies(root)) {
    if (!each.cpu) continue;
    for (const std::string& folder : each.folders) {
      const Quota quota = quota_of(folder, each.unified);
      if (!quota.time || quota.period.value_or(0) == 0) continue;
      const std::uint64_t whole = *quota.time / *quota.period;
      const std::uint64_t cores = whole + (*quota.time % *quota.period != 0 ? 1 : 0);
      least = static_cast<unsigned>(std::clamp<std::uint64_t>(cores, 1, least));
    }
  }
  return least < kMostCores ? std::optional(least) : std::nullopt;
}

unsigned usable_cores(const std::string& root) {
  const unsigned cores = std::max(1u, std::thread::hardware_concurrency());
  return std::min(cores, cpu_limit(root).value_or(cores));
}

bool are_ended_together(const std::string& root) {
  for (const Hierarchy& each : hierarchies(root)) {
    for (const std::string& folder : each.folders) {
      if (each.unified && text_of(folder + "/memory.oom.group").starts_with('1')) return true;
    }
  }
  return false;
}

std::string own_cgroup(const std::string& root) {
  for (const Hierarchy& each : hierarchies(root)) {
    if (each.unified) return each.folders.front();
  }
  return "";
}

}  // namespace ferry
