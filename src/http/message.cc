#include "http/message.h"

#include <algorithm>
#include <cerrno>

#include <fmt/format.h>
#include <sys/socket.h>

namespace ferry::http {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

// Where the path starts: behind "scheme://authority" of an absolute-form target.
std::size_t path_start(std::string_view target) {
  if (target.empty() || target.front() == '/' || target == "*") {
    return 0;
  }
  std::size_t scheme = target.find("://");
  if (scheme == std::string_view::npos) {
    return 0;
  }
  return std::min(target.find_first_of("/?", scheme + 3), target.size());
}

// RFC 9110, 15, and what was registered since.
struct Phrase {
  int status;
  std::string_view text;
};
constexpr Phrase kPhrases[] = {
    {100, "Continue"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {206, "Partial Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {417, "Expectation Failed"},
    {418, "I'm a teapot"},
    {422, "Unprocessable Content"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
};

}  // namespace

bool equals_nocase(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) {
           return x == y || lower(x) == lower(y);
         });
}

std::string_view Request::field(std::string_view name) const {
  for (const Field& field : fields) {
    if (equals_nocase(field.name, name)) {
      return field.value;
    }
  }
  return {};
}

bool Request::abandoned() const {
  char byte = 0;
  const ssize_t size = socket < 0 ? 1 : recv(socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return size == 0 || (size < 0 && errno != EAGAIN && errno != EINTR);
}

std::string_view Request::path() const {
  std::string_view rest = target.substr(path_start(target));
  rest = rest.substr(0, rest.find('?'));
  return rest.empty() ? std::string_view("/") : rest;
}

std::string_view Request::query() const {
  std::size_t mark = target.find('?');
  return mark == std::string_view::npos ? std::string_view() : target.substr(mark + 1);
}

void Response::clear() {
  status = 200;
  content_type.clear();
  fields.clear();
  body.clear();
  trailers.clear();
  close = false;
  broken = false;
}

void Service::overloaded(const Request& /*request*/, Response& response) {
  response.status = 503;
  response.content_type = "application/problem+json";
  response.fields.emplace_back("Retry-After", "1");
  response.body = R"({"type":"about:blank","title":"Service Unavailable","status":503,)"
                  R"("detail":"all slots are taken and the queue is full"})";
}

void Service::refused(int status, std::string_view reason, Response& response) {
  response.status = status;
  response.content_type = "application/problem+json";
  response.body = fmt::format(R"({{"type":"about:blank","title":"{}","status":{},"detail":"{}"}})",
                              reason_phrase(status), status, reason);
}

std::string_view reason_phrase(int status) {
  const auto* found = std::ranges::find(kPhrases, status, &Phrase::status);
  return found == std::end(kPhrases) ? "Unknown" : found->text;
}

}  // namespace ferry::http
