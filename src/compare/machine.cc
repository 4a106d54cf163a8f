#include <cstdlib>
#include <fstream>
#include <string>

#include <sched.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "compare/report.h"

namespace ferry::compare {
namespace {

// The value of the first line "key<separator>value" of a file.
std::string value_in(const char* path, std::string_view key, char separator) {
  std::ifstream in(path);
  std::string line;
  while (std::getline(in, line)) {
    const std::size_t at = line.find(separator);
    if (at == std::string::npos || !std::string_view(line).starts_with(key)) {
      continue;
    }
    const std::size_t from = line.find_first_not_of(" \t\"", at + 1);
    const std::size_t to = line.find_last_not_of(" \t\"");
    return from == std::string::npos ? "" : line.substr(from, to - from + 1);
  }
  return "";
}

}  // namespace

double load_average() {
  double load = 0;
  return getloadavg(&load, 1) == 1 ? load : 0;
}

Machine describe_machine() {
  Machine machine;
  machine.cpu = value_in("/proc/cpuinfo", "model name", ':');
  machine.system = value_in("/etc/os-release", "PRETTY_NAME", '=');
  cpu_set_t set;
  CPU_ZERO(&set);
  machine.cores =
      sched_getaffinity(0, sizeof set, &set) == 0 ? static_cast<unsigned>(CPU_COUNT(&set)) : 1;
  const long pages = sysconf(_SC_PHYS_PAGES);
  const long page = sysconf(_SC_PAGESIZE);
  if (pages > 0 && page > 0) {
    machine.memory_bytes = static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(page);
  }
  utsname names{};
  if (uname(&names) == 0) {
    machine.kernel = std::string(names.sysname) + " " + names.release + " " + names.machine;
  }
  machine.load_before = load_average();
  return machine;
}

}  // namespace ferry::compare
