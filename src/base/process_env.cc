#include "base/process_env.h"

#include <charconv>
#include <cstdlib>

namespace ferry {

std::string take_variable(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): one thread
  std::string text = value == nullptr ? "" : value;
  ::unsetenv(name);  // NOLINT(concurrency-mt-unsafe): one thread
  return text;
}

std::optional<std::uint64_t> take_number(const char* name) {
  const std::string text = take_variable(name);
  std::uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, problem] = std::from_chars(text.data(), end, value);
  return problem == std::errc{} && stop == end ? std::optional(value) : std::nullopt;
}

}  // namespace ferry
