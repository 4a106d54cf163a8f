#include "platforms/openwhisk/web.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/bytes.h"
#include "event/content_type.h"
#include "event/event.h"
#include "event/json_text.h"

namespace ferry::platforms::openwhisk {
namespace {

using event::JsonKind;

Result<std::string> text_of(const std::string_view* value) {
  if (value == nullptr || event::kind_of(*value) == JsonKind::kNull) {
    return std::string();
  }
  if (event::kind_of(*value) != JsonKind::kString) {
    return std::string(*value);
  }
  return event::decode_json_string(*value);
}

bool is_token(std::string_view text) {
  return !text.empty() && text.size() <= 32 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
  });
}

// What describes the bytes as they came to OpenWhisk, not as they come to us.
bool describes_transport(std::string_view name) {
  return http::equals_nocase(name, "content-length") ||
         http::equals_nocase(name, "transfer-encoding") || http::equals_nocase(name, "connection");
}

// A raw action gets text as it is; what is binary, or JSON, in base64.
std::string raw_body(std::string body, std::string_view content_type) {
  if (event::is_text_type(content_type) && !event::is_json_type(content_type)) {
    return body;
  }
  auto decoded = from_base64(body);
  return decoded.ok() ? *std::move(decoded) : std::move(body);
}

// A request target: what would end or split a request line is percent-encoded.
std::string target_of(std::string_view path, std::string_view query) {
  std::string out;
  auto append = [&out](std::string_view text) {
    for (char c : text) {
      const auto byte = static_cast<unsigned char>(c);
      if (byte <= 0x20 || byte >= 0x7f) {
        out += fmt::format("%{:02X}", byte);
      } else {
        out += c;
      }
    }
  };
  if (!path.starts_with('/')) {
    out += '/';
  }
  append(path);
  if (!query.empty()) {
    out += '?';
    append(query);
  }
  return out;
}

std::string quoted(std::string_view text) {
  std::string out;
  event::append_json_string(out, text);
  return out;
}

std::string json_body(const http::Response& response) {
  const std::string& body = response.body;
  if (event::is_json_type(response.content_type) && event::check_json(body).ok()) {
    const std::size_t first = body.find_first_not_of(" \t\r\n");
    if (body[first] == '{' || body[first] == '[') {
      return body;
    }
    return quoted(body);
  }
  if (event::is_text_type(response.content_type) && is_utf8(body)) {
    return quoted(body);
  }
  return quoted(to_base64(as_bytes(body)));
}

}  // namespace

Result<std::optional<WebRequest>> read_web(std::string_view value) {
  // Most arguments are none, and most of those are told by this alone.
  if (event::kind_of(value) != JsonKind::kObject ||
      value.find("__ow_method") == std::string_view::npos) {
    return std::optional<WebRequest>();
  }
  FERRY_TRY(const Members members, read_members(value));
  const std::string_view* method = find(members, "__ow_method");
  if (method == nullptr) {
    return std::optional<WebRequest>();
  }
  WebRequest out;
  FERRY_TRY(out.method, text_of(method));
  if (!is_token(out.method)) {
    return Error{Code::kInvalid, "__ow_method is no HTTP method", ""};
  }
  std::transform(out.method.begin(), out.method.end(), out.method.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  FERRY_TRY(const std::string path, text_of(find(members, "__ow_path")));
  FERRY_TRY(const std::string query, text_of(find(members, "__ow_query")));
  out.target = target_of(path, query);
  std::string content_type;
  if (const std::string_view* headers = find(members, "__ow_headers")) {
    FERRY_TRY(const Members fields, read_members(*headers));
    for (const auto& [name, raw] : fields) {
      FERRY_TRY(std::string text, text_of(&raw));
      if (http::equals_nocase(name, "content-type")) {
        content_type = text;
      } else if (!describes_transport(name)) {
        out.headers.emplace_back(name, std::move(text));
      }
    }
  }
  if (const std::string_view* body = find(members, "__ow_body")) {
    FERRY_TRY(std::string text, text_of(body));
    out.body = raw_body(std::move(text), content_type);
  } else {
    // OpenWhisk has read the body and the query into parameters: they are the body again.
    std::string merged;
    for (const auto& [name, raw] : members) {
      if (!name.starts_with("__ow_")) {
        merged += fmt::format("{}{}:{}", merged.empty() ? "" : ",", quoted(name), raw);
      }
    }
    if (!merged.empty()) {
      out.body = "{" + merged + "}";
      content_type = "application/json";
    }
  }
  if (!content_type.empty()) {
    out.headers.emplace_back("content-type", content_type);
  }
  return std::optional<WebRequest>(std::move(out));
}

std::string write_web(const http::Response& response, bool failed) {
  std::string headers;
  auto add = [&headers](std::string_view name, std::string_view value) {
    if (is_utf8(name) && is_utf8(value)) {
      headers += fmt::format("{}{}:{}", headers.empty() ? "" : ",", quoted(name), quoted(value));
    }
  };
  if (!response.content_type.empty()) {
    add("content-type", response.content_type);
  }
  std::vector<std::string> seen;
  for (const auto& [name, value] : response.fields) {
    // An object can hold a name once; the first of several counts.
    if (std::find(seen.begin(), seen.end(), name) == seen.end()) {
      add(name, value);
      seen.push_back(name);
    }
  }
  std::string out = fmt::format(R"({{"statusCode":{},"headers":{{{}}})", response.status, headers);
  if (!response.body.empty()) {
    out += ",\"body\":" + json_body(response);
  }
  out += '}';
  return failed ? "{\"error\":" + out + "}" : out;
}

}  // namespace ferry::platforms::openwhisk
