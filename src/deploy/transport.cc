#include "deploy/transport.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/lower_case.h"

namespace ferry::deploy {
namespace {

bool is_secret(std::string_view name) {
  const std::string plain = lower_case(name);
  return plain == "authorization" || plain == "cookie" || plain == "x-amz-security-token";
}

}  // namespace

std::string_view Response::field(std::string_view name) const {
  for (const auto& [key, value] : fields) {
    if (key == name) {
      return value;
    }
  }
  return {};
}

std::string describe(const Request& request) {
  std::string out = fmt::format("{} {}\n", request.method, request.url);
  for (const auto& [name, value] : request.fields) {
    if (!is_secret(name)) {
      out += fmt::format("  {}: {}\n", name, value);
    }
  }
  if (!request.body.empty()) {
    out += fmt::format("  ({} bytes)\n", request.body.size());
  }
  return out;
}

std::string encode_segment(std::string_view text) {
  std::string out;
  for (char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

std::string host_of(std::string_view url) {
  const std::size_t scheme = url.find("://");
  std::string_view rest = scheme == std::string_view::npos ? url : url.substr(scheme + 3);
  rest = rest.substr(0, rest.find_first_of("/?#"));
  rest = rest.substr(rest.find('@') == std::string_view::npos ? 0 : rest.rfind('@') + 1);
  if (rest.starts_with('[')) {
    return lower_case(rest.substr(1, rest.find(']') - 1));
  }
  return lower_case(rest.substr(0, rest.find(':')));
}

bool is_loopback(std::string_view host) {
  if (host == "localhost" || host == "::1") {
    return true;
  }
  // Only digits and dots: "127.evil.example" is a name like any other.
  return host.starts_with("127.") &&
         host.find_first_not_of("0123456789.") == std::string_view::npos;
}

std::string shown(std::string_view text, std::size_t limit) {
  std::string out;
  for (char c : text.substr(0, limit)) {
    out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
  }
  while (!out.empty() && !is_utf8(out)) {
    out.pop_back();
    if (out.size() + 4 < std::min(limit, text.size())) {
      return "(not text)";
    }
  }
  return text.size() > limit ? out + "…" : out;
}

}  // namespace ferry::deploy
