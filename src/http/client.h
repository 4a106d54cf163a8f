// The calling side, as little as emulators need: one request, one response, on a connected
// stream socket that is closed afterwards. Blocking.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace ferry::http {

struct ClientResponse {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> fields;  // lower-case names
  std::string body;
};

// Sends `request`, which must ask for "Connection: close", and reads until the end of stream.
Result<ClientResponse> exchange(int socket, std::string_view request,
                                std::uint64_t max_response = 1ull << 30);

// A whole response as it came. A body in chunks is decoded.
Result<ClientResponse> parse_response(std::string_view bytes, std::uint64_t max_body);

}  // namespace ferry::http
