#include "commands/progress.h"

#include <algorithm>
#include <cstdio>

#include <fmt/format.h>
#include <unistd.h>

#include "base/say.h"

namespace ferry::commands {
namespace {

constexpr std::size_t kBar = 30;

}  // namespace

ProgressLine::ProgressLine(bool quiet, std::chrono::milliseconds patience)
    : shown_(!quiet && isatty(STDERR_FILENO) != 0),
      from_(std::chrono::steady_clock::now() + patience) {}

ProgressLine::~ProgressLine() {
  if (drawn_) say("\r\033[K");
}

void ProgressLine::show(std::size_t done, std::size_t all, const std::string& next) {
  if (!shown_ || std::chrono::steady_clock::now() < from_) return;
  drawn_ = true;
  const std::size_t full = kBar * std::min(done, all) / std::max<std::size_t>(all, 1);
  say("\r\033[K{:#>{}}{:.>{}} {}/{} {}", "", full, "", kBar - full, done, all, next.substr(0, 48));
  std::fflush(stderr);
}

}  // namespace ferry::commands
