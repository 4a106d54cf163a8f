#include "platforms/lambda/http_reply.h"

#include <map>
#include <vector>

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/lower_case.h"
#include "event/json_text.h"
#include "http/head.h"

namespace ferry::platforms::lambda {
namespace {

using Headers = std::map<std::string, std::vector<std::string>>;

// What a gateway would refuse the whole answer for is left out, as our own front does.
Headers headers_of(const http::Response& response) {
  Headers out;
  auto add = [&](std::string_view name, const std::string& value) {
    if (http::is_token(name) && http::is_field_value(value) && is_utf8(value)) {
      out[lower_case(name)].push_back(value);
    }
  };
  if (!response.content_type.empty()) {
    add("content-type", response.content_type);
  }
  for (const auto& [name, value] : response.fields) {
    add(name, value);
  }
  return out;
}

void put(std::string& out, std::string_view text) { event::append_json_string(out, text); }

std::string joined(const std::vector<std::string>& values) {
  std::string out;
  for (const std::string& value : values) {
    out += (out.empty() ? "" : ", ") + value;
  }
  return out;
}

// "set-cookie", "Set-cookie", "sEt-cookie", "SEt-cookie" …: a name for each of several values
// where names are kept apart by their letters' case alone.
std::string spelled(std::string name, std::size_t index) {
  for (char& c : name) {
    if (c >= 'a' && c <= 'z') {
      c = (index & 1) != 0 ? static_cast<char>(c & ~0x20) : c;
      index >>= 1;
    }
  }
  return name;
}

void put_singles(std::string& out, const Headers& headers, bool cookies_too) {
  out += ",\"headers\":{";
  bool first = true;
  auto member = [&](const std::string& name, const std::string& value) {
    out += first ? "" : ",";
    first = false;
    put(out, name);
    out += ':';
    put(out, value);
  };
  for (const auto& [name, values] : headers) {
    if (name != "set-cookie") {
      member(name, joined(values));
    } else if (cookies_too) {
      for (std::size_t i = 0; i < values.size() && i < 512; ++i) {
        member(spelled(name, i), values[i]);
      }
    }
  }
  out += '}';
}

void put_list(std::string& out, const std::vector<std::string>& values) {
  out += '[';
  for (std::size_t i = 0; i < values.size(); ++i) {
    out += i > 0 ? "," : "";
    put(out, values[i]);
  }
  out += ']';
}

void put_lists(std::string& out, const Headers& headers) {
  out += ",\"multiValueHeaders\":{";
  bool first = true;
  for (const auto& [name, values] : headers) {
    out += first ? "" : ",";
    first = false;
    put(out, name);
    out += ':';
    put_list(out, values);
  }
  out += '}';
}

void put_v2(std::string& out, const Headers& headers) {
  put_singles(out, headers, false);
  if (auto cookies = headers.find("set-cookie"); cookies != headers.end()) {
    out += ",\"cookies\":";
    put_list(out, cookies->second);
  }
}

}  // namespace

std::string http_prelude(const http::Response& response) {
  std::string out = fmt::format("{{\"statusCode\":{}", response.status);
  put_v2(out, headers_of(response));
  return out + '}';
}

std::string http_reply(ReplyKind kind, bool multi_value, const http::Response& response) {
  Headers headers = headers_of(response);
  std::string out = fmt::format("{{\"statusCode\":{}", response.status);
  switch (kind) {
    case ReplyKind::kHttpAlb:
      out += ",\"statusDescription\":";
      put(out, fmt::format("{} {}", response.status, http::reason_phrase(response.status)));
      if (multi_value) {
        put_lists(out, headers);
      } else {
        put_singles(out, headers, true);
      }
      break;
    case ReplyKind::kHttpV2:
      put_v2(out, headers);
      break;
    case ReplyKind::kWebSocket:
      break;
    default:
      put_lists(out, headers);
      break;
  }
  bool text = is_utf8(response.body);
  out += ",\"body\":";
  if (text) {
    put(out, response.body);
  } else {
    out += '"' + to_base64(as_bytes(response.body)) + '"';
  }
  out += text ? ",\"isBase64Encoded\":false}" : ",\"isBase64Encoded\":true}";
  return out;
}

}  // namespace ferry::platforms::lambda
