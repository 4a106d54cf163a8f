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

TEST(UpstreamTest, AnswersToOneRequestAreGivenInTurn) {
  Upstreams upstreams;
  ASSERT_TRUE(upstreams
                  .begin({{.at = "a.example:80",
                           .http = {{.request = "GET /", .body = "first"},
                                    {.request = "GET /", .headers = {{"ETag", "\"2\""}}}}}})
                  .ok());
  const auto to = place(upstreams, "a.example", 80);
  for (int run = 0; run < 2; ++run) {  // from the beginning, each time it is asked what came
    EXPECT_THAT(exchange(upstreams, to, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"), EndsWith("first"));
    EXPECT_THAT(exchange(upstreams, to, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
                HasSubstr("\r\nETag: \"2\"\r\n"));
    EXPECT_THAT(exchange(upstreams, to, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
                HasSubstr("\r\nETag: \"2\"\r\n"));
    upstreams.take_received();
  }
}

TEST(UpstreamTest, OfSeveralAtOnePlaceEachServesOneConnection) {
  Upstreams upstreams;
  ASSERT_TRUE(upstreams
                  .begin({{.at = "a.example:80", .steps = {{"", "one"}}},
                          {.at = "b.example:80", .steps = {{"", "other"}}},
                          {.at = "a.example:80", .steps = {{"", "two"}}}})
                  .ok());
  const auto to = place(upstreams, "a.example", 80);
  EXPECT_EQ(exchange(upstreams, to, ""), "one");
  EXPECT_EQ(exchange(upstreams, to, ""), "two");
  EXPECT_EQ(exchange(upstreams, to, ""), "two");
  EXPECT_EQ(exchange(upstreams, place(upstreams, "b.example", 80), ""), "other");
}

// pgx asks every address of a name for TLS before it asks any without: ::1 took the script of the
// second connection.
TEST(UpstreamTest, LocalhostIsOneAddress) {
  Upstreams upstreams;
  ASSERT_TRUE(upstreams.begin({{.at = "localhost:5432", .steps = {{"", "x"}}}}).ok());
  EXPECT_EQ(exchange(upstreams, {*net::parse_address("127.0.0.1"), 5432}, ""), "x");
  Fd socket;
  EXPECT_EQ(upstreams.connect({*net::parse_address("::1"), 5432}, socket), ECONNREFUSED);
}

TEST(UpstreamTest, SecretsAreNamedInScriptsAndHiddenInWhatWasReceived) {
  Upstreams upstreams{Secrets({"TOKEN=s3cret-Word"})};
  ASSERT_TRUE(
      upstreams.begin({{.at = "a.example:80", .steps = {{"AUTH ${TOKEN}\n", "+OK\n"}}}}).ok());
  EXPECT_EQ(exchange(upstreams, place(upstreams, "a.example", 80), "AUTH s3cret-Word\n"), "+OK\n");
  EXPECT_EQ(upstreams.take_received(), "connection to a.example:80: AUTH ${TOKEN}\n\n");
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
headers = { ETag = '"1"' }
body = "hello"
[[case.upstream]]
at = "cache.internal:6379"
[[case.upstream.step]]
receive = "PING"
send = "+PONG\r\n"
tls = true
[[case.upstream]]
at = "api.example.com:443"
[[case.upstream.step]]
send = "x"
[[case.upstream]]
at = "api.example.com:5432"
tls = true
[[case.upstream.step]]
send = "x"
)";

Result<std::vector<Case>> parse(std::string_view text) {
  return parse_cases(text, "c.toml", [](const std::string& name) -> Result<std::string> {
    return Error{Code::kNotFound, name, ""};
  });
}

TEST(UpstreamTest, CasesAreReadAndWrittenWithTheirUpstreams) {
  const auto cases = parse(kCase);
  ASSERT_TRUE(cases.ok()) << cases.error().text();
  ASSERT_EQ(cases->front().upstreams.size(), 4u);
  EXPECT_EQ(cases->front().upstreams[0].http.front().body, "hello");
  EXPECT_EQ(cases->front().upstreams[1].steps.front().send, "+PONG\r\n");
  EXPECT_FALSE(cases->front().upstreams[1].tls);
  EXPECT_TRUE(cases->front().upstreams[1].steps.front().tls);
  EXPECT_TRUE(cases->front().upstreams[2].tls);  // the port says so
  EXPECT_TRUE(cases->front().upstreams[3].tls);
  std::map<std::string, std::string> files;
  const auto again = parse(cases_to_toml(*cases, files));
  ASSERT_TRUE(again.ok()) << again.error().text();
  EXPECT_EQ(*again, *cases);
}

// A PostgreSQL session is UTF-8 by chance, and full of NULs.
TEST(UpstreamTest, BytesWithANulAreWrittenAsTheyCanBeReadAgain) {
  auto cases = parse(kCase);
  ASSERT_TRUE(cases.ok());
  cases->front().upstreams[1].steps.front().receive = std::string("user\0me\0", 8);
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
  EXPECT_THAT(said("at = \"a:1\"\ntls = \"yes\""), HasSubstr("wants true or false"));
  EXPECT_THAT(said("at = \"a:1\"\n[[case.upstream.http]]\nrequest = \"GET /\"\n"
                   "headers = { Content-Length = \"5\" }"),
              HasSubstr("set by the upstream itself"));
  EXPECT_THAT(said("at = \"a:1\"\n[[case.upstream.http]]\nrequest = \"GET /\"\n"
                   "headers = { \"a b\" = \"5\" }"),
              HasSubstr("not a header"));
}

}  // namespace
}  // namespace ferry::verify
