#include "wasi2/http_rules.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

#include "wasi2/exchange.h"

namespace ferry::wasi2 {
namespace {

constexpr std::array<std::string_view, 9> kMethods = {
    "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"};

bool is_alpha(char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool all_of(std::string_view text, std::string_view marks) {
  return std::ranges::all_of(text, [marks](char c) {
    return is_alpha(c) || is_digit(c) || marks.find(c) != std::string_view::npos;
  });
}

// error-code, in its order.
constexpr std::array<const char*, kHttpErrors> kErrorNames = {"DNS-timeout",
                                                              "DNS-error",
                                                              "destination-not-found",
                                                              "destination-unavailable",
                                                              "destination-IP-prohibited",
                                                              "destination-IP-unroutable",
                                                              "connection-refused",
                                                              "connection-terminated",
                                                              "connection-timeout",
                                                              "connection-read-timeout",
                                                              "connection-write-timeout",
                                                              "connection-limit-reached",
                                                              "TLS-protocol-error",
                                                              "TLS-certificate-error",
                                                              "TLS-alert-received",
                                                              "HTTP-request-denied",
                                                              "HTTP-request-length-required",
                                                              "HTTP-request-body-size",
                                                              "HTTP-request-method-invalid",
                                                              "HTTP-request-URI-invalid",
                                                              "HTTP-request-URI-too-long",
                                                              "HTTP-request-header-section-size",
                                                              "HTTP-request-header-size",
                                                              "HTTP-request-trailer-section-size",
                                                              "HTTP-request-trailer-size",
                                                              "HTTP-response-incomplete",
                                                              "HTTP-response-header-section-size",
                                                              "HTTP-response-header-size",
                                                              "HTTP-response-body-size",
                                                              "HTTP-response-trailer-section-size",
                                                              "HTTP-response-trailer-size",
                                                              "HTTP-response-transfer-coding",
                                                              "HTTP-response-content-coding",
                                                              "HTTP-response-timeout",
                                                              "HTTP-upgrade-failed",
                                                              "HTTP-protocol-error",
                                                              "loop-detected",
                                                              "configuration-error",
                                                              "internal-error"};

// RFC 3986, 3.3 and 3.4, and what clients send all the same.
bool is_path_with_query(std::string_view text, bool beyond_ascii) {
  constexpr std::string_view kInPath = "-._~!$&'()*+,;=:@/%\"[]\\^{|}";
  constexpr std::string_view kInQuery = "?`";
  const std::size_t query = std::min(text.find('?'), text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (beyond_ascii && static_cast<unsigned char>(c) >= 0x80) continue;
    const bool in_query = i >= query && kInQuery.find(c) != std::string_view::npos;
    if (!in_query && !all_of(text.substr(i, 1), kInPath)) return false;
  }
  return true;
}

}  // namespace

const char* http_error_name(u32 code) { return kErrorNames[code]; }

bool is_token(std::string_view text) { return !text.empty() && all_of(text, "!#$%&'*+-.^_`|~"); }

bool is_field_value(std::string_view text) {
  return std::ranges::all_of(text,
                             [](unsigned char c) { return (c >= 0x20 && c != 0x7f) || c == '\t'; });
}

bool is_forbidden(std::string_view name) {
  static constexpr std::array<std::string_view, 9> kForbidden = {"connection",
                                                                 "host",
                                                                 "http2-settings",
                                                                 "keep-alive",
                                                                 "proxy-authenticate",
                                                                 "proxy-authorization",
                                                                 "proxy-connection",
                                                                 "transfer-encoding",
                                                                 "upgrade"};
  return std::ranges::find(kForbidden, name) != kForbidden.end();
}

void make_lower(std::string& text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
  }
}

std::optional<u64> content_length(const FieldList& fields) {
  for (const auto& [name, value] : fields) {
    if (name != "content-length") continue;
    u64 length = 0;
    const char* end = value.data() + value.size();
    const auto parsed = std::from_chars(value.data(), end, length);
    if (parsed.ec == std::errc() && parsed.ptr == end) return length;
  }
  return std::nullopt;
}

bool is_scheme(std::string_view text) {
  return !text.empty() && is_alpha(text[0]) && all_of(text, "+-.");
}

bool is_authority(std::string_view text) {
  if (!all_of(text, "-._~!$&'()*+,;=:@[]%")) return false;
  const std::size_t user = text.find('@');
  if (user != std::string_view::npos) text.remove_prefix(user + 1);
  if (text.find('@') != std::string_view::npos) return false;
  const bool literal = text.starts_with('[');
  const std::size_t host = std::min(literal ? text.find(']') : text.find(':'), text.size());
  if (host == (literal ? text.size() : 0)) return false;
  const std::string_view port = text.substr(literal ? host + 1 : host);
  return port.empty() || (port.starts_with(':') && std::ranges::all_of(port.substr(1), is_digit));
}

bool is_path(std::string_view text) {
  return text == "*" || (text.starts_with('/') && is_path_with_query(text, false));
}

bool is_reference(std::string_view text) { return is_path_with_query(text, true); }

bool count_fields(S& s, u64 bytes) {
  s.field_bytes += bytes;
  if (s.field_bytes <= kMostFieldBytes) return true;
  trap(s, fmt::format("more than {} bytes of header fields", kMostFieldBytes));
  return false;
}

u64 bytes_of(const FieldList& fields) {
  u64 bytes = 0;
  for (const auto& [name, value] : fields) bytes += name.size() + value.size() + kFieldCost;
  return bytes;
}

void put_method(S& s, u32 offset, std::string_view method) {
  const auto* found = std::ranges::find(kMethods, method);
  s.results.put(offset, static_cast<u8>(found - kMethods.begin()));
  if (found == kMethods.end()) put_text(s, offset + 4, method);
}

void put_scheme(S& s, u32 offset, std::string_view scheme) {
  const u8 which = scheme == "http" ? 0 : scheme == "https" ? 1 : 2;
  s.results.put(offset, which);
  if (which == 2) put_text(s, offset + 4, scheme);
}

void put_optional_text(S& s, u32 offset, const std::optional<std::string>& text) {
  if (!text) return;
  s.results.put(offset, u8{1});
  put_text(s, offset + 4, *text);
}

void put_http_error(S& s, u32 offset, const HttpFailure& failure) {
  s.results.put(offset, static_cast<u8>(failure.code));
  if (failure.size) {
    s.results.put(offset + 8, u8{1});
    s.results.put(offset + 16, *failure.size);
  }
  if (failure.code != HttpError::kInternalError || failure.text.empty()) return;
  s.results.put(offset + 8, u8{1});
  put_text(s, offset + 12, failure.text);
}

std::string http_failure_text(const HttpFailure& failure) {
  const char* name = http_error_name(static_cast<u32>(failure.code));
  return failure.text.empty() ? name : fmt::format("{}: {}", name, failure.text);
}

u32 make_headers(S& s, const std::shared_ptr<FieldList>& list, u32 parent) {
  return make(s, Fields{.list = list, .immutable = true}, parent);
}

std::optional<std::shared_ptr<FieldList>> take_fields(S& s, u32 handle) {
  auto fields = take<Fields>(s, handle);
  if (!fields) return std::nullopt;
  if (fields->list.use_count() == 1) return std::move(fields->list);
  if (!count_fields(s, bytes_of(*fields->list))) return std::nullopt;
  return std::make_shared<FieldList>(*fields->list);
}

bool add_body(S& s, const FieldList& headers, bool of_request, u32& body) {
  if (s.bodies.size() >= Handles::kMost) {
    trap(s, fmt::format("more than {} bodies in one event", Handles::kMost));
    return false;
  }
  body = static_cast<u32>(s.bodies.size());
  Body& made = s.bodies.emplace_back();
  made.length = content_length(headers);
  made.of_request = of_request;
  return true;
}

u32 make_body(S& s, const FieldList& headers, bool of_request, u32& body) {
  return add_body(s, headers, of_request, body) ? make(s, OutgoingBody{.body = body}) : 0;
}

std::optional<HttpFailure> finish_body(S& s, Body& body) {
  const bool sends = body.exchange != kNone;
  if (body.length && *body.length != body.size) {
    const HttpFailure failure{
        body.of_request ? HttpError::kRequestBodySize : HttpError::kResponseBodySize, body.size};
    if (sends) abandon(*s.exchanges[body.exchange], failure);
    return failure;
  }
  body.finished = true;
  if (sends) add_to_request(*s.exchanges[body.exchange], {}, true);
  return std::nullopt;
}

}  // namespace ferry::wasi2
