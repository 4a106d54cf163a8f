#include "host/panic.h"

namespace ferry::host {
namespace {

bool announces(std::string_view line) {
  // Rust: "thread 'main' panicked at …", newer ones "thread 'main' (1) panicked at …".
  if (line.starts_with("thread '")) {
    return line.find("' panicked at ") != std::string_view::npos ||
           line.find(") panicked at ") != std::string_view::npos;
  }
  return line.starts_with("panic: ");  // TinyGo
}

}  // namespace

std::string_view panic_line(std::string_view err) {
  std::string_view found;
  while (!err.empty()) {
    const std::size_t end = err.find('\n');
    const std::string_view line = err.substr(0, end);
    if (announces(line)) {
      found = line;
    }
    err.remove_prefix(end == std::string_view::npos ? err.size() : end + 1);
  }
  return found;
}

}  // namespace ferry::host
