#include "base/architecture.h"

namespace ferry {
namespace {

// Whether the character can be part of a machine's name.
bool in_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-';
}

}  // namespace

std::string_view name_of(Architecture architecture) {
  return architecture == Architecture::kAmd64 ? "amd64" : "arm64";
}

std::string_view machine_of(Architecture architecture) {
  return architecture == Architecture::kAmd64 ? "x86_64" : "aarch64";
}

std::optional<Architecture> find_architecture(std::string_view name) {
  for (const Architecture each : kArchitectures) {
    if (name_of(each) == name) return each;
  }
  return std::nullopt;
}

std::optional<Architecture> architecture_in(std::string_view text) {
  for (const Architecture each : kArchitectures) {
    const std::string_view machine = machine_of(each);
    for (std::size_t at = text.find(machine); at != std::string_view::npos;
         at = text.find(machine, at + 1)) {
      const std::size_t end = at + machine.size();
      if ((at == 0 || !in_word(text[at - 1])) && (end == text.size() || !in_word(text[end]))) {
        return each;
      }
    }
  }
  return std::nullopt;
}

}  // namespace ferry
