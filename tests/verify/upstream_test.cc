// Upstreams of cases: what they answer, what is seen of what they received, and that there is
// nothing else to reach.
#include "verify/upstream.h"

#include <cerrno>

#include <gmock/gmock.h>
#include <poll.h>
#include <sys/socket.h>

#include "verify/case.h"

namespace ferry::verify {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

net::Endpoint place(Upstreams& upstreams, const std::string& name, std::uint16_t port) {
  return {upstreams.resolve(name, Monotonic::max()).value().front(), port};
}

// All that comes until the peer closes, after `text` was sent.
std::string exchange(Upstreams& upstreams, const net::Endpoint& to, std::string_view text) {
  Fd socket;
  const int begun = upstreams.connect(to, socket);
  EXPECT_TRUE(begun == 0 || begun == EINPROGRESS) << begun;
  if (!socket.valid()) return {};
  pollfd ready{socket.get(), POLLOUT, 0};
  EXPECT_EQ(::poll(&ready, 1, 10'000), 1);
  EXPECT_EQ(::send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(text.size()));
  ::shutdown(socket.get(), SHUT_WR);
  std::string out;
  char room[4096];
  while (true) {
    ready.events = POLLIN;
    EXPECT_EQ(::poll(&ready, 1, 10'000), 1);
    const ssize_t got = ::recv(socket.get(), room, sizeof room, 0);
    if (got <= 0) return out;
    out.append(room, static_cast<std::size_t>(got));
  }
}

TEST(UpstreamTest, AnHttpUpstreamAnswersWhatItsCaseSays) {
  Upstreams upstreams;
  ASSERT_TRUE(
      upstreams
          .begin({{.at = "api.example.com:80", .http = {{"GET /a?b", 201, "text/plain", "hello"}}}})
          .ok());
  const auto to = place(upstreams, "api.example.com", 80);
  EXPECT_EQ(exchange(upstreams, to, "GET /a?b HTTP/1.1\r\nHost: x\r\n\r\n"),
            "HTTP/1.1 201 Created\r\nContent-Length: 5\r\nContent-Type: text/plain\r\n\r\nhello");
  EXPECT_EQ(upstreams.take_received(),
            "connection to api.example.com:80: GET /a?b HTTP/1.1\r\nHost: x\r\n\r\n\n");
  EXPECT_THAT(exchange(upstreams, to, "POST /a?b HTTP/1.1\r\nHost: x\r\n\r\n"),
              StartsWith("HTTP/1.1 404"));
  EXPECT_THAT(exchange(upstreams, to, "nonsense\r\n\r\n"), StartsWith("HTTP/1.1 400"));
}

TEST(UpstreamTest, StepsAnswerBytesWithBytes) {
  Upstreams upstreams;
  ASSERT_TRUE(upstreams
                  .begin({{.at = "cache.internal:6379",
                           .steps = {{"", "ready\n"}, {"PING", "+PONG\r\n"}, {"QUIT", "+OK\r\n"}}}})
                  .ok());
  const auto to = place(upstreams, "cache.internal", 6379);
  EXPECT_EQ(exchange(upstreams, to, "PING QUIT"), "ready\n+PONG\r\n+OK\r\n");
  EXPECT_EQ(exchange(upstreams, to, "PING"), "ready\n+PONG\r\n");
  EXPECT_EQ(upstreams.take_received(),
            "connection to cache.internal:6379: PING\n"
            "connection to cache.internal:6379: PING QUIT\n");
  EXPECT_EQ(upstreams.take_received(), "");
}

TEST(UpstreamTest, ThereIsNothingElse) {
  Upstreams upstreams;
  ASSERT_TRUE(upstreams.begin({{.at = "10.2.0.7:5432", .steps = {{"", "x"}}}}).ok());
  EXPECT_FALSE(upstreams.resolve("api.example.com", Monotonic::max()).ok());
  Fd socket;
  EXPECT_EQ(upstreams.connect({*net::parse_address("127.0.0.1"), 80}, socket), ECONNREFUSED);
  EXPECT_EQ(upstreams.connect({*net::parse_address("10.2.0.7"), 80}, socket), ECONNREFUSED);
  EXPECT_EQ(exchange(upstreams, {*net::parse_address("10.2.0.7"), 5432}, ""), "x");
  ASSERT_TRUE(upstreams.begin({}).ok());
  EXPECT_EQ(upstreams.connect({*net::parse_address("10.2.0.7"), 5432}, socket), ECONNREFUSED);
}

constexpr char kCase[] = R"([[case]]
name = "asks"
data = 'x'
[case.expect]
status = "ok"
[[case.upstream]]
at = "api.example.com:80"
[[case.upstream.http]]
request = "GET /"
body = "hello"
[[case.upstream]]
at = "cache.internal:6379"
[[case.upstream.step]]
receive = "PING"
send = "+PONG\r\n"
)";

Result<std::vector<Case>> parse(std::string_view text) {
  return parse_cases(text, "c.toml", [](const std::string& name) -> Result<std::string> {
    return Error{Code::kNotFound, name, ""};
  });
}

TEST(UpstreamTest, CasesAreReadAndWrittenWithTheirUpstreams) {
  const auto cases = parse(kCase);
  ASSERT_TRUE(cases.ok()) << cases.error().text();
  ASSERT_EQ(cases->front().upstreams.size(), 2u);
  EXPECT_EQ(cases->front().upstreams[0].http.front().body, "hello");
  EXPECT_EQ(cases->front().upstreams[1].steps.front().send, "+PONG\r\n");
  std::map<std::string, std::string> files;
  const auto again = parse(cases_to_toml(*cases, files));
  ASSERT_TRUE(again.ok()) << again.error().text();
  EXPECT_EQ(*again, *cases);
}

TEST(UpstreamTest, WhatIsWrongWithAnUpstreamIsSaid) {
  const auto said = [](std::string_view upstream) {
    return parse("[[case]]\n[[case.upstream]]\n" + std::string(upstream)).error().text();
  };
  EXPECT_THAT(said("at = \"nowhere\""), HasSubstr("'nowhere' is not HOST:PORT"));
  EXPECT_THAT(said("at = \"a:1\""), HasSubstr("either http or step"));
  EXPECT_THAT(said("at = \"a:1\"\nsteps = []"), HasSubstr("step"));
  EXPECT_THAT(said("at = 5"), HasSubstr("c.toml:3"));
}

}  // namespace
}  // namespace ferry::verify
