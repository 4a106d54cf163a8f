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

  // The response is to a HEAD request: it has no body, whatever its fields say (RFC 9110, 9.3.2).
  void expect_no_body() { expects_body_ = false; }
  // Whether the response is whole with these bytes.
  Result<bool> feed(std::string_view bytes);
  // The stream ended: some responses end so, for others it is an error.
  Status end();
  // Whether the connection can carry another request: the sender says so and nothing came behind.
  bool keeps_alive() const { return keeps_alive_ && !surplus_; }
  bool begun() const { return begun_; }
  bool head_is_whole() const { return in_body_; }
  bool whole() const { return whole_; }
  // Once the head is whole; its body is what came since take_body() was called last.
  const ClientResponse& response() const { return response_; }
  // For bodies that are passed on as they come. `max_body` then bounds one part.
  std::string take_body();
  // Once it is whole: the lines behind the last chunk, each with its CR LF.
  const std::string& trailers() const { return chunks_.trailers(); }
  ClientResponse take() { return std::move(response_); }

 private:
  Result<bool> read_body(std::string_view bytes);

  std::uint64_t max_body_;
  ClientResponse response_;
  std::string head_;  // until it is whole
  std::optional<std::uint64_t> length_;
  std::uint64_t passed_on_ = 0;  // by take_body()
  bool expects_body_ = true;
  bool chunked_ = false;
  bool in_body_ = false;
  bool begun_ = false;
  bool whole_ = false;
  bool keeps_alive_ = false;
  bool surplus_ = false;
  ChunkDecoder chunks_;
};

}  // namespace ferry::http
