// The chunked transfer coding (RFC 9112, 7.1), decoded as it arrives and strictly: CR LF only,
// bounded sizes, extensions without control characters, trailers checked and kept apart.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/head.h"

namespace ferry::http {

class ChunkDecoder {
 public:
  // Bytes of all chunk extensions and trailers together: without a bound a sender could send them
  // for ever.
  static constexpr std::size_t kMaxExtra = 16u << 10;

  void reset(std::uint64_t max_body);

  // Takes bytes off the front of `input` and appends the decoded ones to `body`. Stops at the
  // end of the coding: what is left in `input` belongs to the next request.
  std::optional<Refusal> feed(std::string_view& input, std::string& body);
  bool done() const { return state_ == State::kDone; }
  // The trailers' lines, each with its CR LF, once it is done. They are not fields of the head:
  // a caller that wants one looks it up here (RFC 9110, 6.5.1).
  const std::string& trailers() const { return trailers_; }

 private:
  enum class State : unsigned char { kSize, kData, kDataEnd, kTrailer, kDone };

  // Moves input up to and with the next LF into line_; false when it is not all there yet.
  bool take_line(std::string_view& input);
  std::optional<Refusal> on_size_line(const std::string& body);
  std::optional<Refusal> on_trailer_line();

  State state_ = State::kSize;
  std::uint64_t left_ = 0;  // of the present chunk
  std::uint64_t max_body_ = 0;
  std::size_t extra_ = 0;
  std::string line_;
  std::string trailers_;
};

}  // namespace ferry::http
