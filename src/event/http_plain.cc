// The event of a plain HTTP request: a mapping of ours, since CloudEvents has none.
#include <algorithm>
#include <array>

#include "base/ids.h"
#include "event/content_type.h"
#include "event/http.h"
#include "event/http_headers.h"
#include "event/rules.h"
#include "event/uri.h"

namespace ferry::event {
namespace {

constexpr std::string_view kTarget = "RFC 9112, 3.2";
constexpr std::string_view kHost = "RFC 9110, 7.2";

struct Target {
  std::string_view authority;  // of the absolute form only
  std::string_view path;
  std::string_view query;
};

Result<Target> split_target(std::string_view target) {
  Target out;
  if (std::size_t scheme = target.find("://");
      scheme != std::string_view::npos && target.find_first_of("/?") > scheme) {
    target.remove_prefix(scheme + 3);
    std::size_t end = std::min(target.find_first_of("/?"), target.size());
    out.authority = target.substr(0, end);
    target.remove_prefix(end);
    if (out.authority.empty())
      return broken_rule("source", "comes of a target without host", kTarget);
  } else if (target != "*" && !target.starts_with('/')) {
    return broken_rule("source", "comes of a request target that is no path", kTarget);
  }
  std::size_t question = std::min(target.find('?'), target.size());
  out.path = target.substr(0, question);
  if (question < target.size()) out.query = target.substr(question + 1);
  if (out.path.empty()) out.path = "/";
  return out;
}

// Visible ASCII stays; every other byte as %XX, so that any request line becomes an attribute.
std::string visible(std::string_view text) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (char c : text) {
    if (c == '\t') c = ' ';
    if (c >= 0x20 && c < 0x7F) {
      out.push_back(c);
    } else {
      auto byte = static_cast<unsigned char>(c);
      out.push_back('%');
      out.push_back(kDigits[byte >> 4]);
      out.push_back(kDigits[byte & 15]);
    }
  }
  return out;
}

// What stands before the path in `source`: "http://host", or nothing for a request without host.
Result<std::string> origin_of(const HttpRequest& request, std::string_view authority) {
  if (authority.empty()) {
    FERRY_TRY(auto host, single_header(request.headers, "host", "source"));
    authority = host.value_or("");
  }
  std::string out;
  if (authority.empty()) return out;
  // Beside the characters of a host there is only a port (7.2); the rest is seen by validate().
  if (authority.find_first_of("/?#@") != std::string_view::npos) {
    return broken_rule("source", "comes of the host '" + printable(authority) + "', which is none",
                       kHost);
  }
  out.reserve(request.scheme.size() + 3 + authority.size() + request.target.size());
  out += request.scheme;
  out += "://";
  out += authority;
  return out;
}

std::string id_of(const HttpRequest& request, const Clock& clock, Random& random) {
  if (auto given = joined_header(request.headers, "x-request-id");
      given && !given->empty() && why_not_string(*given) == nullptr) {
    return std::move(*given);
  }
  return uuid_v7(clock, random);
}

void put(Event& event, std::string name, std::string value) {
  if (!value.empty()) event.extensions.emplace(std::move(name), std::move(value));
}

// "accept-language" becomes httpacceptlanguage.
std::string extension_name(std::string_view header) {
  std::string out = "http";
  for (char c : header) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) out.push_back(c);
  }
  return out;
}

// A bit for each length that a header's name has, of the last 64: most names that are looked for
// are told from those that are there by it alone.
std::uint64_t name_lengths(std::span<const HeaderView> headers) {
  std::uint64_t lengths = 0;
  for (const HeaderView& header : headers)
    lengths |= std::uint64_t{1} << (header.first.size() % 64);
  return lengths;
}

void carry_headers(Event& event, std::span<const HeaderView> headers,
                   std::span<const std::string_view> carried) {
  const std::uint64_t lengths = name_lengths(headers);
  for (std::string_view name : carried) {
    if ((lengths >> (name.size() % 64) & 1) == 0) continue;
    if (auto value = joined_header(headers, name)) {
      put(event, extension_name(name), visible(*value));
    }
  }
}

}  // namespace

std::span<const std::string_view> default_carried_headers() {
  static constexpr std::array<std::string_view, 13> kNames = {
      "accept",          "accept-language",  "content-encoding", "content-language", "forwarded",
      "if-match",        "if-none-match",    "origin",           "referer",          "user-agent",
      "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto"};
  return kNames;
}

Status plain_request_event(HttpRequest&& request, std::string_view content_type, const Clock& clock,
                           Random& random, std::span<const std::string_view> carried,
                           Event& event) {
  FERRY_TRY(Target target, split_target(request.target));
  FERRY_TRY(event.source, origin_of(request, target.authority));
  std::string path = to_uri_path(target.path);
  event.source += path;
  // Of all attributes only these two can still break a rule here: the others are made of what
  // cannot, each where it is made. validate() would ask it all again, of every request.
  if (!is_uri_reference(event.source)) {
    return broken_rule("source", "is not a URI-reference of RFC 3986, 4.1", kRequired);
  }
  if (!content_type.empty()) FERRY_CHECK_OK(check_content_type(content_type));
  event.subject = std::move(path);
  event.id = id_of(request, clock, random);
  event.type = "http.request";
  event.time = to_rfc3339(clock.wall());
  if (!content_type.empty()) event.datacontenttype = std::string(content_type);
  if (!request.body.empty()) event.data = std::move(request.body);
  say_if_json(event);
  put(event, "httpmethod", visible(request.method));
  put(event, "httpquery", visible(target.query));
  carry_headers(event, request.headers, carried);
  add_tracing(event, request.headers, true);
  return validate_data(event);
}

}  // namespace ferry::event
