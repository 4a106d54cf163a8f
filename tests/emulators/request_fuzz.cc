// Requests as text, from files that users give.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "emulators/request_text.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);  // NOLINT
  const auto request = ferry::platforms::parse_request(text);
  if (request.ok() && (!request->path.starts_with('/') || request->method.empty())) {
    __builtin_trap();
  }
  return 0;
}
