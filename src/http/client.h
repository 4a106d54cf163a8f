// The calling side, as little as emulators and runtimes need: one request, one response, on a
// connected stream socket.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "http/chunked.h"

namespace ferry::http {

struct ClientResponse {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> fields;  // lower-case names
  std::string body;
};

// Blocking. Sends `request`, which must ask for "Connection: close", and reads until the end of
// stream.
Result<ClientResponse> exchange(int socket, std::string_view request,
                                std::uint64_t max_response = 1ull << 30);

// A whole response as it came. A body in chunks is decoded.
Result<ClientResponse> parse_response(std::string_view bytes, std::uint64_t max_body);

// A response as it comes, for connections that are kept: knows where it ends. Used once; one thread
// at a time.
class ResponseReader {
 public:
  explicit ResponseReader(std::uint64_t max_body) : max_body_(max_body) {}

  // Whether the response is whole with these bytes.
  Result<bool> feed(std::string_view bytes);
  // The stream ended: some responses end so, for others it is an error.
  Status end();
  // Whether the connection can carry another request: the sender says so and nothing came behind.
  bool keeps_alive() const { return keeps_alive_ && !surplus_; }
  bool begun() const { return begun_; }
  ClientResponse take() { return std::move(response_); }

 private:
  Result<bool> take_body(std::string_view bytes);

  std::uint64_t max_body_;
  ClientResponse response_;
  std::string head_;  // until it is whole
  std::optional<std::uint64_t> length_;
  bool chunked_ = false;
  bool in_body_ = false;
  bool begun_ = false;
  bool whole_ = false;
  bool keeps_alive_ = false;
  bool surplus_ = false;
  ChunkDecoder chunks_;
};

}  // namespace ferry::http
