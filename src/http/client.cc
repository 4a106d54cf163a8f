#include "http/client.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <sys/socket.h>

#include "base/file.h"
#include "base/lower_case.h"
#include "http/head.h"

namespace ferry::http {
namespace {

Error malformed(const char* what) {
  return Error{Code::kInvalid, fmt::format("malformed HTTP response: {}", what), ""};
}

// What the head of one response says.
struct ResponseFraming {
  bool chunked = false;
  bool keeps_alive = true;
  std::optional<std::uint64_t> length;
};

// Exactly three digits, of a class that exists (RFC 9110, 15).
bool parse_status(std::string_view text, int& status) {
  auto result = std::from_chars(text.data(), text.data() + 3, status);
  return result.ptr == text.data() + 3 && status >= 100 && (text[3] == ' ' || text[3] == '\r');
}

Status take_field(const Field& field, ResponseFraming& framing) {
  if (equals_nocase(field.name, "transfer-encoding")) {
    if (framing.chunked || !equals_nocase(field.value, "chunked")) {
      return malformed("a transfer coding other than chunked");
    }
    framing.chunked = true;
  }
  if (equals_nocase(field.name, "content-length")) {
    std::uint64_t value = 0;
    const char* end = field.value.data() + field.value.size();
    auto result = std::from_chars(field.value.data(), end, value);
    if (result.ec != std::errc() || result.ptr != end) {
      return malformed("Content-Length is not a number");
    }
    if (framing.length && *framing.length != value) {
      return malformed("two values of Content-Length");
    }
    framing.length = value;
  }
  if (equals_nocase(field.name, "connection") && !equals_nocase(field.value, "keep-alive")) {
    framing.keeps_alive = false;
  }
  return Done{};
}

// Takes one response's head off the front of `bytes`.
Status take_head(std::string_view& bytes, ClientResponse& response, ResponseFraming& framing) {
  std::size_t end = bytes.find("\r\n\r\n");
  if (end == std::string_view::npos || !bytes.starts_with("HTTP/1.") || end < 12 ||
      !parse_status(bytes.substr(9), response.status)) {
    return malformed("no status line, or no end of the fields");
  }
  std::string_view head = bytes.substr(0, end + 2);
  framing.keeps_alive = bytes.starts_with("HTTP/1.1");
  bytes.remove_prefix(end + 4);
  for (std::size_t at = head.find("\r\n") + 2; at < head.size();) {
    std::size_t line_end = head.find("\r\n", at);
    Field field;
    if (auto refusal = parse_field(head.substr(at, line_end - at), field)) {
      return malformed(refusal->reason);
    }
    at = line_end + 2;
    FERRY_CHECK_OK(take_field(field, framing));
    response.fields.emplace_back(lower_case(field.name), field.value);
  }
  if (framing.chunked && framing.length) {
    return malformed("both Content-Length and chunks");
  }
  return Done{};
}

// A server that has heard enough (413) answers and closes while we still send: its answer counts.
Status send_all(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) {
      continue;
    }
    if (sent < 0 && (errno == EPIPE || errno == ECONNRESET)) {
      return Done{};
    }
    if (sent < 0) {
      return errno_error("send a request", errno);
    }
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return Done{};
}

}  // namespace

Result<bool> ResponseReader::feed(std::string_view bytes) {
  constexpr std::size_t kMaxHead = 64u << 10;
  begun_ = begun_ || !bytes.empty();
  if (in_body_) {
    return read_body(bytes);
  }
  head_ += bytes;
  std::string_view rest(head_);
  while (rest.find("\r\n\r\n") != std::string_view::npos) {
    ResponseFraming framing;
    response_.fields.clear();
    FERRY_CHECK_OK(take_head(rest, response_, framing));
    if (response_.status < 200) {
      continue;  // an interim one: 100 Continue
    }
    in_body_ = true;
    chunked_ = framing.chunked;
    length_ = framing.length;
    if (!expects_body_ || response_.status == 204 || response_.status == 304) {  // RFC 9112, 6.3
      chunked_ = false;
      length_ = 0;
    }
    keeps_alive_ = framing.keeps_alive && (chunked_ || length_);
    chunks_.reset(max_body_);
    if (length_.value_or(0) > max_body_) {
      return malformed("its body is larger than allowed");
    }
    const std::string begun(rest);
    head_.clear();
    return read_body(begun);
  }
  head_.erase(0, head_.size() - rest.size());
  if (head_.size() > kMaxHead) {
    return malformed("its head is larger than allowed");
  }
  return false;
}

Result<bool> ResponseReader::read_body(std::string_view bytes) {
  if (chunked_) {
    if (auto refusal = chunks_.feed(bytes, response_.body)) {
      return malformed(refusal->reason);
    }
    surplus_ = surplus_ || !bytes.empty();
    whole_ = chunks_.done();
    return whole_;
  }
  if (!length_ && bytes.size() > max_body_ - response_.body.size()) {
    return malformed("its body is larger than allowed");
  }
  const std::uint64_t read = passed_on_ + response_.body.size();
  const std::uint64_t wanted = length_ ? *length_ - read : bytes.size();
  response_.body += bytes.substr(0, wanted);
  surplus_ = surplus_ || bytes.size() > wanted;
  whole_ = length_ && passed_on_ + response_.body.size() == *length_;
  return whole_;
}

std::string ResponseReader::take_body() {
  passed_on_ += response_.body.size();
  return std::exchange(response_.body, {});
}

Status ResponseReader::end() {
  keeps_alive_ = false;
  if (!in_body_) {
    return malformed("no status line, or no end of the fields");
  }
  if (chunked_ && !whole_) {
    return malformed("it ends within a chunk");
  }
  if (length_ && !whole_) {
    return malformed("it ends within its body");
  }
  whole_ = true;
  return Done{};
}

Result<ClientResponse> parse_response(std::string_view bytes, std::uint64_t max_body) {
  ResponseReader reader(max_body);
  FERRY_TRY(const bool whole, reader.feed(bytes));
  if (!whole) {
    FERRY_CHECK_OK(reader.end());
  }
  return reader.take();
}

Result<ClientResponse> exchange(int socket, std::string_view request, std::uint64_t max_response) {
  FERRY_CHECK_OK(send_all(socket, request));
  FERRY_TRY(Bytes bytes, read_all(socket, max_response, "the response"));
  return parse_response(as_text(bytes), max_response);
}

}  // namespace ferry::http
