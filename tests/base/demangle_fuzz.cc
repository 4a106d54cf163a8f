// Names of functions, as a hostile module may have them.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/demangle.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view name(reinterpret_cast<const char*>(data), size);
  const std::string text = ferry::demangle(name);
  if (text.size() > std::max<std::size_t>(size, 1u << 20)) std::abort();
  return 0;
}
