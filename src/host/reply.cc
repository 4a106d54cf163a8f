#include "host/reply.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "event/content_type.h"
#include "event/json.h"
#include "event/json_text.h"

namespace ferry::host {
namespace {

// As many header fields as our own front takes of a request, and as large a head. Gateways take
// fewer; more would cost each platform's writer time outside of every deadline.
constexpr std::size_t kMostCgiFields = 128;
constexpr std::size_t kMostCgiHead = 64u << 10;

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](unsigned char x, unsigned char y) {
    auto lower = [](unsigned char c) { return c >= 'A' && c <= 'Z' ? c + 32 : +c; };
    return lower(x) == lower(y);
  });
}

std::string_view trim(std::string_view text) {
  auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) {
    return {};
  }
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

Error bad_cgi(std::size_t line, std::string_view why) {
  return {Code::kInvalid, fmt::format("reply, line {}: {}", line, why),
          "with reply = \"cgi\", stdout is header lines, an empty line, then the body"};
}

// "Name: value", checked; views into the line.
Result<std::pair<std::string_view, std::string_view>> read_cgi_field(std::string_view line,
                                                                     std::size_t number) {
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || !event::is_token(line.substr(0, colon))) {
    return bad_cgi(number, "no 'Name: value'");
  }
  const std::string_view value = trim(line.substr(colon + 1));
  if (std::ranges::any_of(value,
                          [](unsigned char c) { return (c < 32 && c != '\t') || c == 127; })) {
    return bad_cgi(number, "a control character in the value");
  }
  return std::pair(line.substr(0, colon), value);
}

// RFC 3875, 6.3.3: "404 Not Found".
Result<int> read_cgi_status(std::string_view value, std::size_t number) {
  int status = 0;
  const auto parsed = std::from_chars(value.data(), value.data() + value.size(), status);
  if (parsed.ec != std::errc() || status < 200 || status > 599) {
    return bad_cgi(number, "the status is not a number from 200 to 599");
  }
  return status;
}

// RFC 3875, 6.2 and 6.3: "Status: 404 Not Found", "Content-Type: …", other fields as they are. No
// output at all is an answer without a body, as in the other forms.
Result<Reply> read_cgi(std::string_view out) {
  Reply reply;
  if (out.empty()) {
    return reply;
  }
  auto& answer = reply.http.emplace();
  int& status = answer.status;
  auto& headers = answer.headers;
  const std::size_t whole = out.size();
  std::optional<int> own_status;
  bool redirects = false;
  for (std::size_t number = 1;; ++number) {
    const auto end = out.find('\n');
    if (end == std::string_view::npos) {
      return bad_cgi(number, "no empty line ends the header");
    }
    std::string_view line = out.substr(0, end);
    out.remove_prefix(end + 1);
    if (line.ends_with('\r')) {
      line.remove_suffix(1);
    }
    if (line.empty()) {
      break;
    }
    if (number > kMostCgiFields || whole - out.size() > kMostCgiHead) {
      return bad_cgi(number, fmt::format("a header of more than {} fields, or {} bytes",
                                         kMostCgiFields, kMostCgiHead));
    }
    FERRY_TRY(const auto field, read_cgi_field(line, number));
    const auto [name, value] = field;
    if (equals_ignoring_case(name, "status")) {
      FERRY_TRY(own_status, read_cgi_status(value, number));
    } else if (equals_ignoring_case(name, "content-type")) {
      reply.content_type = value;
    } else if (equals_ignoring_case(name, "content-length") ||
               equals_ignoring_case(name, "transfer-encoding") ||
               equals_ignoring_case(name, "connection")) {
      continue;  // framing is the server's, never the function's
    } else {
      redirects |= equals_ignoring_case(name, "location") && !value.empty();
      headers.emplace_back(name, value);
    }
  }
  // 6.2.3: a Location alone is a redirect. So is a local one (6.2.2), since no server stands behind
  // us that could answer for the other path.
  status = own_status.value_or(redirects ? 302 : 200);
  reply.data = out;
  if (reply.content_type.empty() && !reply.data.empty()) {
    reply.content_type = sniff_content_type(reply.data);
  }
  return reply;
}

Result<Reply> read_event(std::string_view out) {
  Reply reply;
  if (out.empty()) {
    return reply;
  }
  auto event = event::from_json(out);
  if (!event.ok()) {
    Error error = with_context(std::move(event).error(), "the reply is not a CloudEvent");
    if (error.hint.empty()) {
      error.hint = "with reply = \"cloudevent\", stdout is one CloudEvent in the JSON format";
    }
    return error;
  }
  reply.event = std::move(*event);
  if (reply.event->data) {
    reply.data = std::move(*reply.event->data);
    reply.event->data.reset();
    reply.content_type = reply.event->datacontenttype.value_or("application/json");
  }
  return reply;
}

}  // namespace

std::string sniff_content_type(std::string_view data) {
  auto first = data.find_first_not_of(" \t\r\n");
  // Most replies that are not JSON are seen by their first byte.
  if (first != std::string_view::npos &&
      std::string_view("{[\"-0123456789tfn").find(data[first]) != std::string_view::npos &&
      event::check_json(data).ok()) {
    return "application/json";
  }
  return is_utf8(data) ? "text/plain; charset=utf-8" : "application/octet-stream";
}

Result<Reply> read_reply(std::string_view out, function::ReplyForm form) {
  switch (form) {
    case function::ReplyForm::kCgi:
      return read_cgi(out);
    case function::ReplyForm::kCloudEvent:
      return read_event(out);
    case function::ReplyForm::kData:
      break;
  }
  Reply reply;
  read_data(out, reply);
  return reply;
}

void read_data(std::string_view out, Reply& reply) {
  reply.data = out;
  if (!out.empty()) {
    reply.content_type = sniff_content_type(out);
  }
}

std::vector<LogLine> read_log(std::string_view err, const std::vector<wasi::LogChunk>& chunks,
                              std::size_t most_lines, bool* cut) {
  std::vector<LogLine> lines;
  std::size_t chunk = 0;
  std::size_t at = 0;
  while (at < err.size() && lines.size() < most_lines) {
    auto end = std::min(err.find('\n', at), err.size());
    while (chunk + 1 < chunks.size() && chunks[chunk + 1].offset <= at) {
      ++chunk;
    }
    std::string_view text = err.substr(at, end - at);
    if (text.ends_with('\r')) {
      text.remove_suffix(1);
    }
    lines.push_back({chunks.empty() ? WallTime{} : chunks[chunk].time, to_utf8(text)});
    at = end + 1;
  }
  if (cut != nullptr) *cut = at < err.size();
  return lines;
}

std::string denial_line(const Error& denial) {
  std::string line = "ferry: denied: " + denial.message;
  if (!denial.hint.empty()) {
    line += "; " + denial.hint;
  }
  line.resize(std::min(line.size(), kMaxDenialLine));
  return to_utf8(line);
}

void carry_trace(const event::Event& from, event::Event& to) {
  if (to.extensions.contains("traceparent")) {
    return;
  }
  for (const char* name : {"traceparent", "tracestate"}) {
    if (auto found = from.extensions.find(name); found != from.extensions.end()) {
      to.extensions.insert(*found);
    }
  }
}

}  // namespace ferry::host
