#include "http/client.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <optional>

#include <fmt/format.h>
#include <sys/socket.h>

#include "base/file.h"
#include "http/chunked.h"
#include "http/head.h"

namespace ferry::http {
namespace {

Error malformed(const char* what) {
  return Error{Code::kInvalid, fmt::format("malformed HTTP response: {}", what), ""};
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
  return out;
}

// What the head of one response says.
struct Framing {
  bool chunked = false;
  std::optional<std::uint64_t> length;
};

// Exactly three digits, of a class that exists (RFC 9110, 15).
bool parse_status(std::string_view text, int& status) {
  auto result = std::from_chars(text.data(), text.data() + 3, status);
  return result.ptr == text.data() + 3 && status >= 100 && (text[3] == ' ' || text[3] == '\r');
}

Status take_field(const Field& field, Framing& framing) {
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
  return Done{};
}

// Takes one response's head off the front of `bytes`.
Status take_head(std::string_view& bytes, ClientResponse& response, Framing& framing) {
  std::size_t end = bytes.find("\r\n\r\n");
  if (end == std::string_view::npos || !bytes.starts_with("HTTP/1.") || end < 12 ||
      !parse_status(bytes.substr(9), response.status)) {
    return malformed("no status line, or no end of the fields");
  }
  std::string_view head = bytes.substr(0, end + 2);
  bytes.remove_prefix(end + 4);
  for (std::size_t at = head.find("\r\n") + 2; at < head.size();) {
    std::size_t line_end = head.find("\r\n", at);
    Field field;
    if (auto refusal = parse_field(head.substr(at, line_end - at), field)) {
      return malformed(refusal->reason);
    }
    at = line_end + 2;
    FERRY_CHECK_OK(take_field(field, framing));
    response.fields.emplace_back(lower(field.name), field.value);
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

Result<ClientResponse> parse_response(std::string_view bytes, std::uint64_t max_body) {
  ClientResponse response;
  Framing framing;
  do {  // past the interim ones: 100 Continue
    response.fields.clear();
    framing = {};
    FERRY_CHECK_OK(take_head(bytes, response, framing));
  } while (response.status < 200);
  if (framing.chunked) {
    ChunkDecoder decoder;
    decoder.reset(max_body);
    if (auto refusal = decoder.feed(bytes, response.body)) {
      return malformed(refusal->reason);
    }
    return decoder.done() ? Result<ClientResponse>(std::move(response))
                          : malformed("it ends within a chunk");
  }
  if (framing.length && *framing.length > bytes.size() && response.status != 304) {
    return malformed("it ends within its body");
  }
  std::string_view body = framing.length ? bytes.substr(0, *framing.length) : bytes;
  if (body.size() > max_body) {
    return malformed("its body is larger than allowed");
  }
  response.body = std::string(body);
  return response;
}

Result<ClientResponse> exchange(int socket, std::string_view request, std::uint64_t max_response) {
  FERRY_CHECK_OK(send_all(socket, request));
  FERRY_TRY(Bytes bytes, read_all(socket, max_response, "the response"));
  return parse_response(as_text(bytes), max_response);
}

}  // namespace ferry::http
