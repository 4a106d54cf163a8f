#include "http/writer.h"

#include <array>
#include <iterator>

#include <fmt/format.h>
#include <time.h>  // clock_gettime, gmtime_r

#include "http/head.h"

namespace ferry::http {
namespace {

// IMF-fixdate (RFC 9110, 5.6.7), made once a second and thread.
std::string_view date_now() {
  thread_local time_t made = -1;
  thread_local std::array<char, 64> text{};
  thread_local std::size_t size = 0;
  timespec now{};
  clock_gettime(CLOCK_REALTIME_COARSE, &now);
  if (now.tv_sec != made) {
    static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                              "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    tm date{};
    gmtime_r(&now.tv_sec, &date);
    auto result =
        fmt::format_to_n(text.data(), text.size(), "{}, {:02} {} {} {:02}:{:02}:{:02} GMT",
                         kDays[date.tm_wday], date.tm_mday, kMonths[date.tm_mon],
                         date.tm_year + 1900, date.tm_hour, date.tm_min, date.tm_sec);
    size = std::min(result.size, text.size());
    made = now.tv_sec;
  }
  return {text.data(), size};
}

bool is_ours(std::string_view name) {
  static constexpr std::string_view kOurs[] = {
      "connection",      "content-length", "transfer-encoding", "date",
      "keep-alive",      "upgrade",        "trailer",           "te",
      "proxy-connection"};
  for (std::string_view ours : kOurs) {
    if (equals_nocase(name, ours)) {
      return true;
    }
  }
  return false;
}

// Trailers are read after the message is understood (RFC 9110, 6.5.1).
bool may_trail(std::string_view name, std::string_view value) {
  static constexpr std::string_view kEarly[] = {
      "authorization", "content-encoding", "content-range", "content-type", "cookie",
      "host",          "set-cookie"};
  for (std::string_view early : kEarly) {
    if (equals_nocase(name, early)) {
      return false;
    }
  }
  return is_token(name) && is_field_value(value) && !is_ours(name);
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace

bool is_bodyless(int status) { return status < 200 || status == 204 || status == 304; }

void append_head(std::string& out, const Response& response, const Framing& framing) {
  if (response.status == 200) {
    out.append("HTTP/1.1 200 OK\r\n");
  } else {
    out.append("HTTP/1.1 ").append(fmt::format_int(response.status).c_str()).append(" ");
    out.append(reason_phrase(response.status)).append("\r\n");
  }
  append_field(out, "Date", date_now());
  if (!framing.keep_alive) {
    out.append("Connection: close\r\n");
  } else if (framing.minor_version == 0) {
    out.append("Connection: keep-alive\r\n");
  }
  if (!response.content_type.empty() && is_field_value(response.content_type)) {
    append_field(out, "Content-Type", response.content_type);
  }
  if (framing.chunked) {
    append_field(out, "Transfer-Encoding", "chunked");
  } else if (!is_bodyless(response.status)) {
    append_field(out, "Content-Length", fmt::format_int(response.body.size()).c_str());
  }
  for (const auto& [name, value] : response.fields) {
    if (is_token(name) && is_field_value(value) && !is_ours(name)) {
      append_field(out, name, value);
    }
  }
  out.append("\r\n");
  if (framing.chunked && !response.body.empty()) {
    fmt::format_to(std::back_inserter(out), "{:x}\r\n", response.body.size());
  }
}

void append_chunk(std::string& out, std::string_view piece) {
  if (piece.empty()) return;
  fmt::format_to(std::back_inserter(out), "{:x}\r\n", piece.size());
  out.append(piece).append("\r\n");
}

void append_trailers(std::string& out, const Response& response) {
  out.append(response.body.empty() ? "0\r\n" : "\r\n0\r\n");
  for (const auto& [name, value] : response.trailers) {
    if (may_trail(name, value)) {
      append_field(out, name, value);
    }
  }
  out.append("\r\n");
}

}  // namespace ferry::http
