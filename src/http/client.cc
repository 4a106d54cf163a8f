#include "http/client.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

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

}  // namespace

Result<ClientResponse> parse_response(std::string_view bytes, std::uint64_t max_body) {
  ClientResponse response;
  std::size_t end = bytes.find("\r\n\r\n");
  if (end == std::string_view::npos || !bytes.starts_with("HTTP/1.") || bytes.size() < 13 ||
      std::from_chars(bytes.data() + 9, bytes.data() + 12, response.status).ptr !=
          bytes.data() + 12) {
    return malformed("no status line, or no end of the fields");
  }
  std::string_view head = bytes.substr(0, end + 2);
  std::string_view rest = bytes.substr(end + 4);
  bool chunked = false;
  std::optional<std::uint64_t> length;
  for (std::size_t at = head.find("\r\n") + 2; at < head.size();) {
    std::size_t line_end = head.find("\r\n", at);
    Field field;
    if (auto refusal = parse_field(head.substr(at, line_end - at), field)) {
      return malformed(refusal->reason);
    }
    at = line_end + 2;
    chunked |= equals_nocase(field.name, "transfer-encoding");
    if (equals_nocase(field.name, "content-length")) {
      std::uint64_t value = 0;
      auto result =
          std::from_chars(field.value.data(), field.value.data() + field.value.size(), value);
      if (result.ec != std::errc() || result.ptr != field.value.data() + field.value.size()) {
        return malformed("Content-Length is not a number");
      }
      length = value;
    }
    response.fields.emplace_back(lower(field.name), field.value);
  }
  if (response.status < 200) {
    return parse_response(rest, max_body);  // 100 Continue
  }
  if (chunked) {
    ChunkDecoder decoder;
    decoder.reset(max_body);
    if (auto refusal = decoder.feed(rest, response.body)) {
      return malformed(refusal->reason);
    }
    return decoder.done() ? Result<ClientResponse>(std::move(response))
                          : malformed("it ends within a chunk");
  }
  if (length && *length > rest.size() && response.status != 304) {
    return malformed("it ends within its body");
  }
  response.body = std::string(length ? rest.substr(0, *length) : rest);
  return response;
}

Result<ClientResponse> exchange(int socket, std::string_view request, std::uint64_t max_response) {
  FERRY_CHECK_OK(write_all(socket, as_bytes(request), "the connection"));
  FERRY_TRY(Bytes bytes, read_all(socket, max_response, "the response"));
  return parse_response(as_text(bytes), max_response);
}

}  // namespace ferry::http
