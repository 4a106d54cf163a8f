#include "platforms/lambda/http_events.h"

#include <algorithm>
#include <set>

#include "base/bytes.h"
#include "base/lower_case.h"
#include "http/message.h"

namespace ferry::platforms::lambda {
namespace {

using event::JsonKind;

constexpr std::string_view kUnreserved =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";

void percent(std::string& out, char c) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  auto byte = static_cast<unsigned char>(c);
  out.push_back('%');
  out.push_back(kDigits[byte >> 4]);
  out.push_back(kDigits[byte & 15]);
}

// All but the `kept` characters become %XX.
std::string encoded(std::string_view text, std::string_view kept) {
  std::string out;
  for (char c : text) {
    if (kept.find(c) != std::string_view::npos) {
      out.push_back(c);
    } else {
      percent(out, c);
    }
  }
  return out;
}

// What could end a request line or a query is encoded; all else is as it came.
std::string one_line(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7F || c == '#') {
      percent(out, c);
    } else {
      out.push_back(c);
    }
  }
  return out;
}

// {"a": ["1", "2"]} and {"a": "1"}: the lists first, since they say more, then what only the others
// have. Either map may be missing or empty, and so may a list.
std::vector<std::pair<std::string, std::string>> pairs(JsonView lists, JsonView singles) {
  std::vector<std::pair<std::string, std::string>> out;
  std::set<std::string> listed;
  for (auto& [name, value] : lists.members()) {
    for (JsonView element : value.elements()) {
      if (auto text = element.scalar()) {
        out.emplace_back(name, std::move(*text));
        listed.insert(lower_case(name));
      }
    }
  }
  for (auto& [name, value] : singles.members()) {
    if (auto text = value.scalar(); text && !listed.contains(lower_case(name))) {
      out.emplace_back(name, std::move(*text));
    }
  }
  return out;
}

std::string query_of(JsonView input, ReplyKind kind) {
  if (kind == ReplyKind::kHttpV2) {
    return one_line(input.member("rawQueryString").scalar().value_or(""));
  }
  // API Gateway hands decoded values over, a load balancer hands them as they came.
  bool decoded = kind == ReplyKind::kHttpV1;
  std::string out;
  for (const auto& [name, value] : pairs(input.member("multiValueQueryStringParameters"),
                                         input.member("queryStringParameters"))) {
    out += out.empty() ? "" : "&";
    out += decoded ? encoded(name, kUnreserved) : one_line(name);
    out += '=';
    out += decoded ? encoded(value, kUnreserved) : one_line(value);
  }
  return out;
}

std::string path_of(JsonView input, ReplyKind kind) {
  std::string path;
  if (kind == ReplyKind::kHttpV2) {
    path = input.member("rawPath").scalar().value_or("");
    // An HTTP API's own address has the stage in the path, a custom domain does not.
    std::string stage = input.at("requestContext/stage").scalar().value_or("$default");
    std::string domain = input.at("requestContext/domainName").scalar().value_or("");
    std::string prefix = "/" + stage;
    if (stage != "$default" && domain.find(".execute-api.") != std::string::npos &&
        path.starts_with(prefix) && (path.size() == prefix.size() || path[prefix.size()] == '/')) {
      path.erase(0, prefix.size());
    }
  } else {
    path = input.member("path").scalar().value_or("");
  }
  if (!path.starts_with('/')) {
    path.insert(0, "/");
  }
  std::string out;
  for (char c : path) {
    if (c == '?') {
      percent(out, c);  // decoded by the gateway: it is not a query's beginning
    } else {
      out.push_back(c);
    }
  }
  return one_line(out);
}

bool has(const event::HeaderList& headers, std::string_view name) {
  return std::ranges::any_of(
      headers, [&](const auto& header) { return http::equals_nocase(header.first, name); });
}

void read_headers(JsonView input, ReplyKind kind, HttpInput& out) {
  out.headers = pairs(input.member("multiValueHeaders"), input.member("headers"));
  if (kind == ReplyKind::kHttpV2 && !has(out.headers, "cookie")) {
    std::string cookies;
    for (JsonView cookie : input.member("cookies").elements()) {
      if (auto text = cookie.scalar()) {
        cookies += (cookies.empty() ? "" : "; ") + *text;
      }
    }
    if (!cookies.empty()) {
      out.headers.emplace_back("cookie", std::move(cookies));
    }
  }
  if (!has(out.headers, "host")) {
    std::string domain = input.at("requestContext/domainName").scalar().value_or("");
    if (!domain.empty()) {
      out.headers.emplace_back("host", encoded(domain, kUnreserved));
    }
  }
  for (const auto& [name, value] : out.headers) {
    if (http::equals_nocase(name, "x-forwarded-proto") && (value == "http" || value == "https")) {
      out.scheme = value;
    }
  }
}

}  // namespace

event::HttpRequest HttpInput::request(std::vector<event::HeaderView>& headers_out) && {
  headers_out.clear();
  for (const auto& [name, value] : headers) {
    headers_out.emplace_back(name, value);
  }
  event::HttpRequest out;
  out.scheme = scheme;
  out.method = method;
  out.target = target;
  out.headers = headers_out;
  out.body = std::move(body);
  return out;
}

Result<HttpInput> read_http(JsonView input, ReplyKind kind) {
  HttpInput out;
  JsonView method = kind == ReplyKind::kHttpV2 ? input.at("requestContext/http/method")
                                               : input.member("httpMethod");
  out.method = method.scalar().value_or("");
  if (out.method.empty()) {
    out.method = "GET";
  }
  out.target = path_of(input, kind);
  if (std::string query = query_of(input, kind); !query.empty()) {
    out.target += "?" + query;
  }
  read_headers(input, kind, out);
  // Lambda gives a function URL its address: ID.lambda-url.REGION.on.aws
  out.function_url =
      kind == ReplyKind::kHttpV2 &&
      input.at("requestContext/domainName").scalar().value_or("").find(".lambda-url.") !=
          std::string::npos;
  JsonView body = input.member("body");
  if (body.is(JsonKind::kString)) {
    auto text = event::decode_json_string(body.text());
    if (!text.ok()) {
      return with_context(std::move(text).error(), "the request's body");
    }
    out.body = std::move(*text);
  }
  if (input.member("isBase64Encoded").is_true()) {
    auto bytes = from_base64(out.body);
    if (!bytes.ok()) {
      return with_context(std::move(bytes).error(),
                          "the request's body, which isBase64Encoded says is base64");
    }
    out.body = std::move(*bytes);
  }
  return out;
}

}  // namespace ferry::platforms::lambda
