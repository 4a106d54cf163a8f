#include "platforms/azure/message.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/lower_case.h"
#include "http/head.h"

namespace ferry::platforms::azure {
namespace {

using event::JsonKind;

constexpr std::size_t kMaxMethod = 32;

// The host keeps bodies of these types as bytes, in base64.
bool is_bytes(std::string_view content_type) {
  const std::string lower = lower_case(content_type);
  return lower.starts_with("application/octet-stream") ||
         lower.find("multipart/") != std::string::npos;
}

// Path and query of a URL, fit for a request line.
std::string target_of(std::string_view url) {
  if (const std::size_t scheme = url.find("://"); scheme != std::string_view::npos) {
    const std::size_t path = url.find_first_of("/?", scheme + 3);
    url = path == std::string_view::npos ? std::string_view() : url.substr(path);
  }
  std::string out = url.starts_with('/') ? "" : "/";
  for (const char c : url) {
    const auto byte = static_cast<unsigned char>(c);
    out += byte <= 0x20 || byte >= 0x7f ? fmt::format("%{:02X}", byte) : std::string(1, c);
  }
  return out;
}

void add_header(const std::string& name, JsonView value, TriggerRequest& out) {
  auto add = [&](JsonView each) {
    auto text = each.scalar();
    if (text && http::is_token(name) && http::is_field_value(*text)) {
      out.headers.emplace_back(name, *std::move(text));
    }
  };
  if (value.is(JsonKind::kArray)) {
    for (const JsonView each : value.elements()) {
      add(each);
    }
  } else {
    add(value);
  }
}

TriggerRequest request_of(const std::string& binding, JsonView raw) {
  TriggerRequest out;
  out.binding = binding;
  out.method = raw.member("Method").scalar().value_or("");
  out.target = target_of(raw.member("Url").scalar().value_or(""));
  std::string content_type;
  for (const auto& [name, value] : raw.member("Headers").members()) {
    add_header(name, value, out);
    if (http::equals_nocase(name, "content-type") && !out.headers.empty()) {
      content_type = out.headers.back().second;
    }
  }
  const JsonView body = raw.member("Body");
  out.body = body.scalar().value_or(std::string(body.is(JsonKind::kNull) ? "" : body.text()));
  if (is_bytes(content_type)) {
    if (auto bytes = from_base64(out.body); bytes.ok()) {
      out.body = *std::move(bytes);
    }
  }
  return out;
}

}  // namespace

std::optional<Message> read_message(std::string_view body) {
  if (!event::check_json(body).ok()) {
    return std::nullopt;
  }
  const std::size_t first = body.find_first_not_of(" \t\r\n");
  const JsonView root(body.substr(first, body.find_last_not_of(" \t\r\n") + 1 - first));
  const Message out{root.member("Data"), root.member("Metadata")};
  if (!out.data.is(JsonKind::kObject) || !out.metadata.is(JsonKind::kObject) ||
      root.members().size() != 2) {
    return std::nullopt;
  }
  return out;
}

Value value_of(JsonView raw) {
  if (!raw.is(JsonKind::kString)) {
    return {std::string(raw.text()), true};
  }
  std::string text = raw.scalar().value_or("");
  if (text.starts_with('"') && event::check_json(text).ok()) {
    text = JsonView(text).scalar().value_or("");
  }
  return {std::move(text), false};
}

std::optional<TriggerRequest> read_request(const Message& message) {
  for (const auto& [name, value] : message.data.members()) {
    const auto method = value.member("Method").scalar();
    if (method && value.member("Url").is(JsonKind::kString) && http::is_token(*method) &&
        method->size() <= kMaxMethod) {
      return request_of(name, value);
    }
  }
  return std::nullopt;
}

}  // namespace ferry::platforms::azure
