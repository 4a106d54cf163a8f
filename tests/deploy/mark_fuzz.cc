// Any bytes as ferry-package.json.
#include "deploy/mark.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto mark = ferry::deploy::parse_mark(text);
  if (mark.ok()) {
    const auto again = ferry::deploy::parse_mark(ferry::deploy::to_json(*mark));
    if (!again.ok() || again->settings.size() > mark->settings.size()) {
      __builtin_trap();
    }
  }
  (void)ferry::deploy::shown(text, size / 2);
  return 0;
}
