// What was captured, as upstreams of a case.
#include <algorithm>
#include <optional>
#include <span>

#include <fmt/format.h>

#include "http/client.h"
#include "http/reader.h"
#include "verify/capture.h"

namespace ferry::verify {
namespace {

constexpr std::uint64_t kMostBody = 64u << 20;

// The one request that `bytes` are: its head's views live in the reader.
bool read_request(std::string_view bytes, http::Reader& reader) {
  while (true) {
    const http::Reader::State state = reader.advance();
    if (state == http::Reader::State::kReady) return bytes.empty() && !reader.has_bytes();
    if (state == http::Reader::State::kRefused || bytes.empty()) return false;
    const std::span<char> room = reader.room();
    const std::size_t part = std::min(room.size(), bytes.size());
    std::copy_n(bytes.data(), part, room.data());
    reader.filled(part);
    bytes.remove_prefix(part);
  }
}

// Fields that say something about the connection or the moment, or that are secrets as a rule.
bool is_kept(const std::string& name) {
  constexpr std::string_view kLeft[] = {"alt-svc",
                                        "connection",
                                        "content-length",
                                        "content-type",
                                        "date",
                                        "expires",
                                        "keep-alive",
                                        "server",
                                        "set-cookie",
                                        "strict-transport-security",
                                        "trailer",
                                        "upgrade",
                                        "via",
                                        "age",
                                        "transfer-encoding"};
  return std::ranges::find(kLeft, name) == std::end(kLeft);
}

std::optional<HttpAnswer> http_answer_of(const Talk::Turn& turn, bool last,
                                         const Secrets& secrets) {
  http::Reader request({.body = kMostBody});
  if (turn.tls || !read_request(turn.sent, request)) return std::nullopt;
  http::ResponseReader response(kMostBody);
  if (request.head().method == "HEAD") response.expect_no_body();
  const auto fed = response.feed(turn.received);
  if (!fed.ok()) return std::nullopt;
  if (!*fed && (!last || !response.end().ok())) return std::nullopt;
  const http::ClientResponse whole = response.take();
  if (whole.status < 200 || whole.status > 599) return std::nullopt;
  HttpAnswer out;
  out.request = secrets.mask(fmt::format("{} {}", request.head().method, request.head().target));
  out.status = whole.status;
  for (const auto& [name, value] : whole.fields) {
    if (name == "content-type") out.content_type = value;
    if (is_kept(name)) out.headers.insert_or_assign(name, secrets.mask(value));
  }
  out.body = secrets.mask(whole.body);
  return out;
}

std::optional<std::vector<HttpAnswer>> http_of(const Talk& talk, const Secrets& secrets) {
  std::vector<HttpAnswer> out;
  for (const Talk::Turn& turn : talk.turns) {
    auto answer = http_answer_of(turn, &turn == &talk.turns.back(), secrets);
    if (!answer) return std::nullopt;
    out.push_back(*std::move(answer));
  }
  return out;
}

Upstream steps_of(const Talk& talk, const Secrets& secrets) {
  Upstream out{.at = talk.at, .tls = talk.tls};
  for (const Talk::Turn& turn : talk.turns) {
    out.steps.push_back({secrets.mask(turn.sent), secrets.mask(turn.received), turn.tls});
  }
  return out;
}

}  // namespace

std::vector<Upstream> upstreams_of(const std::vector<Talk>& talks, const Secrets& secrets) {
  std::vector<Upstream> out;
  std::vector<std::string> done;
  for (const Talk& first : talks) {
    if (std::ranges::find(done, first.at) != done.end()) continue;
    done.push_back(first.at);
    Upstream web{.at = first.at, .tls = first.tls};
    std::vector<Upstream> steps;
    bool all_web = true;
    for (const Talk& talk : talks) {
      if (talk.at != first.at || talk.turns.empty()) continue;
      steps.push_back(steps_of(talk, secrets));
      auto answers = http_of(talk, secrets);
      all_web = all_web && answers && talk.tls == first.tls;
      if (answers) std::ranges::move(*answers, std::back_inserter(web.http));
    }
    if (all_web && !web.http.empty()) {
      out.push_back(std::move(web));
    } else {
      std::ranges::move(steps, std::back_inserter(out));
    }
  }
  return out;
}

}  // namespace ferry::verify
