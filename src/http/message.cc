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
  switch (status) {
    case 100:
      return "Continue";
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 206:
      return "Partial Content";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 303:
      return "See Other";
    case 304:
      return "Not Modified";
    case 307:
      return "Temporary Redirect";
    case 308:
      return "Permanent Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 411:
      return "Length Required";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 418:
      return "I'm a teapot";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Unknown";
  }
}

}  // namespace ferry::http
