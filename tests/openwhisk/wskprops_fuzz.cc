// The properties file of `wsk`: any bytes give names and values of one line each, and no more of
// them than there are lines.
#include <algorithm>
#include <string_view>

#include "platforms/openwhisk/deploy/api.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto fields = ferry::deploy::parse_wskprops(text);
  if (fields.size() > static_cast<std::size_t>(std::ranges::count(text, '\n')) + 1) {
    __builtin_trap();
  }
  for (const auto& [name, value] : fields) {
    if (name.find('\n') != std::string::npos || value.find('\n') != std::string::npos ||
        name.size() + value.size() > size) {
      __builtin_trap();
    }
  }
  return 0;
}
