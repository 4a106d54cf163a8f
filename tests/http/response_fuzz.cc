// Any bytes as a response: the body stays within its bound, and what is taken holds what it says.
#include <cstdlib>

#include "http/client.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::uint64_t kMaxBody = 2048;
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  auto response = ferry::http::parse_response(bytes, kMaxBody);
  // Cut anywhere it is the same response.
  ferry::http::ResponseReader pieces(kMaxBody);
  bool whole = false;
  bool good = true;
  for (std::size_t at = 0; at < size && good && !whole; at += 7) {
    auto fed = pieces.feed(bytes.substr(at, 7));
    good = fed.ok();
    whole = good && *fed;
  }
  good = good && (whole || pieces.end().ok());
  if (response.ok() && (!good || pieces.take().body != response->body)) {
    std::abort();
  }
  if (!response.ok()) {
    return 0;
  }
  if (response->status < 200 || response->status > 999 || response->body.size() > kMaxBody) {
    std::abort();
  }
  for (const auto& [name, value] : response->fields) {
    if (name.empty() || name.find_first_of("\r\n: ") != std::string::npos ||
        value.find_first_of("\r\n") != std::string::npos) {
      std::abort();
    }
  }
  return 0;
}
