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

// Longer sources are not remembered: a thread should hold no memory of a stranger's choosing.
constexpr std::size_t kMostKnown = 1024;

struct Target {
  std::string_view authority;  // of the absolute form only
  std::string_view path;
  std::string_view query;
};

Result<Target> split_target(std::string_view target) {
  Target out;
  if (target.starts_with('/')) {
    // The usual form.
  } else if (std::size_t scheme = target.find("://");
             scheme != std::string_view::npos && target.find_first_of("/?") > scheme) {
    target.remove_prefix(scheme + 3);
    std::size_t end = std::min(target.find_first_of("/?"), target.size());
    out.authority = target.substr(0, end);
    target.remove_prefix(end);
    if (out.authority.empty())
      return broken_rule("source", "is made from a target without host", kTarget);
  } else if (target != "*") {
    return broken_rule("source", "is made from a request target that is not a path", kTarget);
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

// Whether `path` is `mount` or below it.
bool mounted(std::string_view path, std::string_view mount) {
  return path.starts_with(mount) && (path.size() == mount.size() || path[mount.size()] == '/');
}

// What is before the path in `source`: "http://host", or nothing for a request without host.
std::string origin_of(std::string_view scheme, std::string_view authority) {
  std::string out;
  if (!authority.empty()) out.append(scheme).append("://").append(authority);
  return out;
}

Status check_source_of(std::string_view scheme, std::string_view authority, std::string_view path) {
  // Beside the characters of a host there is only a port (7.2); the rest is seen below.
  if (authority.find_first_of("/?#@") != std::string_view::npos) {
    return broken_rule(
        "source", "is made from the host '" + printable(authority) + "', which is none", kHost);
  }
  if (!is_uri_reference(origin_of(scheme, authority) + to_uri_path(path))) {
    return broken_rule("source", "is not a URI-reference of RFC 3986, 4.1", kRequired);
  }
  return Done{};
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
// are distinguished from those that are there by it alone.
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
  static constexpr std::array<std::string_view, 12> kNames = {
      "accept",     "accept-language", "content-language", "forwarded",
      "if-match",   "if-none-match",   "origin",           "referer",
      "user-agent", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto"};
  return kNames;
}

PlainRequest::PlainRequest(HttpRequest&& request, const Clock& clock, Random& random,
                           std::span<const std::string_view> carried)
    : request_(std::move(request)), random_(random), clock_(clock), carried_(carried) {
  if (!request_.body.empty()) event_.data = std::move(request_.body);
}

Status PlainRequest::check() {
  FERRY_TRY(auto content_type, content_type_of(request_));
  read_content_type(content_type.value_or(""));
  FERRY_TRY(Target target, split_target(request_.target));
  authority_ = target.authority;
  path_ = target.path;
  query_ = target.query;
  if (authority_.empty()) {
    FERRY_TRY(auto host, single_header(request_.headers, "host", "source"));
    authority_ = host.value_or("");
  }
  // Of all attributes only these two can still break a rule here: the others are made of what
  // cannot, each where it is made. validate() would ask it all again, of every request.
  FERRY_CHECK_OK(check_source());
  if (content_type_.empty()) return Done{};
  return event_.data ? check_data(*event_.data, content_type_) : Status(Done{});
}

// Nobody has said that this is a CloudEvent, so nobody is refused for what only an event's
// attribute may not be.
void PlainRequest::read_content_type(std::string_view header) {
  content_type_ = header;
  if (!header.empty() && !check_content_type(header).ok()) {
    odd_type_ = header;
    quoted_type_ = with_quotes(header).value_or("");
    content_type_ = quoted_type_;
  }
  drop_byte_order_mark(event_.data,
                       content_type_.empty() ? std::nullopt : std::optional(content_type_));
}

// What the requests of a server ask for is mostly what was asked for before.
Status PlainRequest::check_source() const {
  struct Known {
    std::string scheme, authority, path;
  };
  thread_local Known known;
  if (known.path == path_ && known.authority == authority_ && known.scheme == request_.scheme) {
    return Done{};
  }
  FERRY_CHECK_OK(check_source_of(request_.scheme, authority_, path_));
  if (authority_.size() + path_.size() <= kMostKnown) {
    known.scheme = request_.scheme;
    known.authority = authority_;
    known.path = path_;
  }
  return Done{};
}

void PlainRequest::make() {
  made_ = true;
  std::string path = to_uri_path(path_);
  event_.source = origin_of(request_.scheme, authority_) + path;
  const std::string_view mount = mounted(path_, request_.mount) ? request_.mount : "";
  path = to_uri_path(path_.substr(mount.size()));
  event_.subject = path.empty() ? "/" : std::move(path);
  event_.id = id_of(request_, clock_, random_);
  event_.type = "http.request";
  const Nanoseconds ago =
      request_.arrival ? clock_.monotonic() - *request_.arrival : Nanoseconds(0);
  event_.time = to_rfc3339(clock_.wall() - ago);
  if (!content_type_.empty()) event_.datacontenttype = std::string(content_type_);
  say_if_json(event_);
  put(event_, "httpmethod", visible(request_.method));
  put(event_, "httpquery", visible(query_));
  put(event_, "httpcontenttype", visible(odd_type_));
  put(event_, "httpmount", visible(mount));
  carry_headers(event_, request_.headers, carried_);
  add_tracing(event_, request_.headers, true);
}

Event& PlainRequest::whole() {
  if (!made_) make();
  return event_;
}

std::optional<PlainHttp> PlainRequest::http() const {
  // The target from its path on: of the absolute form the scheme and the authority are left out.
  const std::string_view target = request_.target;
  const auto at = static_cast<std::size_t>(path_.data() - target.data());
  const bool inside = path_.data() >= target.data() && at <= target.size();
  return PlainHttp{request_.scheme,  request_.method,
                   authority_,       inside ? target.substr(at) : path_,
                   request_.headers, request_.mount};
}

}  // namespace ferry::event
