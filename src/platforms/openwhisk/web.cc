#include "platforms/openwhisk/web.h"

#include <algorithm>
#include <unordered_map>

#include <fmt/format.h>

#include "base/bytes.h"
#include "event/event.h"
#include "event/json_text.h"
#include "platforms/openwhisk/media_types.h"

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

bool is_reserved(std::string_view parameter) { return parameter.starts_with("__ow_"); }

// A body as it was sent. OpenWhisk has read JSON of actions that are not raw, so that any value may
// stand there; all else is a string.
Result<std::string> body_of(std::string_view value, std::string_view content_type, bool raw) {
  const JsonKind kind = event::kind_of(value);
  if (!raw && is_json_family(content_type)) {
    return std::string(value);
  }
  if (kind != JsonKind::kString) {
    return kind == JsonKind::kNull ? std::string() : std::string(value);
  }
  FERRY_TRY(std::string text, event::decode_json_string(value));
  if (!comes_in_base64(content_type)) {
    return text;
  }
  auto decoded = from_base64(text);
  return decoded.ok() ? *std::move(decoded) : std::move(text);
}

// What can appear in a query's name or value; all else is percent-encoded (RFC 3986, 2.3).
void append_query_part(std::string& out, std::string_view text) {
  constexpr std::string_view kUnreserved =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
  for (const char c : text) {
    if (kUnreserved.find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
}

// OpenWhisk decodes the query of an action that is not raw into parameters, which are beside the
// body, and with them those that are bound to the action.
Result<std::string> query_of(const Members& members) {
  std::string out;
  for (const auto& [name, raw] : members) {
    if (!is_reserved(name)) {
      FERRY_TRY(const std::string value, text_of(&raw));
      out += out.empty() ? "" : "&";
      append_query_part(out, name);
      out += '=';
      append_query_part(out, value);
    }
  }
  return out;
}

// The parameters as one JSON object.
std::string merged_parameters(const Members& members) {
  std::string out;
  for (const auto& [name, raw] : members) {
    if (!is_reserved(name)) {
      out += fmt::format("{}{}:{}", out.empty() ? "{" : ",", event::json_string(name), raw);
    }
  }
  return out.empty() ? out : out + "}";
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

// The value of "body" that makes OpenWhisk send these bytes. A JSON value it writes as such, but a
// string as the text it holds and null as no body; so these two go in base64, which it undoes for
// bytes and for JSON. Text goes as a string; what is not UTF-8 has no place there and keeps its
// bytes at the cost of its type.
std::string body_value(const http::Response& response, std::string& type) {
  const std::string& body = response.body;
  const auto base64 = [&] { return event::json_string(to_base64(as_bytes(body))); };
  if (is_json_family(type) && event::check_json(body).ok()) {
    const std::string_view json = std::string_view(body).substr(body.find_first_not_of(" \t\r\n"));
    const JsonKind kind = event::kind_of(json);
    return kind == JsonKind::kString || kind == JsonKind::kNull ? base64() : body;
  }
  if (is_binary_type(type)) {
    return base64();
  }
  // A string of JSON that happens to be base64 is decoded.
  if (is_utf8(body) && !is_json_family(type)) {
    return event::json_string(body);
  }
  if (!is_utf8(body)) {
    type = "application/octet-stream";
  }
  return base64();
}

}  // namespace

Result<std::optional<WebRequest>> read_web(std::string_view value) {
  // Most arguments are none, which this alone mostly shows.
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
    return Error{Code::kInvalid, "__ow_method is not an HTTP method", ""};
  }
  std::transform(out.method.begin(), out.method.end(), out.method.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
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
  FERRY_TRY(const std::string path, text_of(find(members, "__ow_path")));
  const bool raw = find(members, "__ow_query") != nullptr;
  FERRY_TRY(std::string query, text_of(find(members, "__ow_query")));
  if (const std::string_view* body = find(members, "__ow_body")) {
    FERRY_TRY(out.body, body_of(*body, content_type, raw));
    if (!raw) {
      FERRY_TRY(query, query_of(members));
    }
  } else if (out.body = merged_parameters(members); !out.body.empty()) {
    // OpenWhisk has read the body and the query into parameters: they are the body again.
    content_type = "application/json";
  }
  out.target = target_of(path, query);
  if (!content_type.empty()) {
    out.headers.emplace_back("content-type", content_type);
  }
  return std::optional<WebRequest>(std::move(out));
}

std::string write_web(const http::Response& response, bool failed) {
  std::string type = response.content_type;
  std::string body;
  if (!response.body.empty()) {
    body = ",\"body\":" + body_value(response, type);
  }
  // Each name once, whatever its case; OpenWhisk sends one field for each value of an array.
  std::vector<std::pair<std::string, std::vector<std::string_view>>> fields;
  std::unordered_map<std::string, std::size_t> places;
  auto add = [&](const std::string& name, std::string_view value) {
    if (!is_utf8(name) || !is_utf8(value)) {
      return;
    }
    std::string lower = name;
    std::ranges::transform(lower, lower.begin(), [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
    });
    const auto [place, fresh] = places.emplace(std::move(lower), fields.size());
    if (fresh) {
      fields.emplace_back(name, std::vector<std::string_view>());
    }
    fields[place->second].second.push_back(value);
  };
  if (!type.empty()) {
    add("content-type", type);
  }
  for (const auto& [name, value] : response.fields) {
    add(name, value);
  }
  std::string headers;
  for (const auto& [name, values] : fields) {
    std::string all;
    for (const std::string_view value : values) {
      all += (all.empty() ? "" : ",") + event::json_string(value);
    }
    headers += fmt::format("{}{}:{}", headers.empty() ? "" : ",", event::json_string(name),
                           values.size() == 1 ? all : "[" + all + "]");
  }
  std::string out = fmt::format(R"({{"statusCode":{},"headers":{{{}}})", response.status, headers);
  out += body + '}';
  return failed ? "{\"error\":" + out + "}" : out;
}

std::string write_result(const http::Response& response, bool failed) {
  const std::string& body = response.body;
  std::string out = "{}";
  if (event::is_json_type(response.content_type) && event::check_json(body).ok()) {
    const char first = body[body.find_first_not_of(" \t\r\n")];
    out = first == '{' || first == '[' ? body : "{\"body\":" + body + "}";
  } else if (!body.empty()) {
    out = "{\"body\":" + event::json_string(is_utf8(body) ? body : to_base64(as_bytes(body))) + "}";
  }
  return failed ? "{\"error\":" + out + "}" : out;
}

}  // namespace ferry::platforms::openwhisk
