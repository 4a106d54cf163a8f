// TLS by the test authority, and what is recorded of connections: the real service of these tests
// is an upstream itself.
#include "verify/capture.h"

#include <array>
#include <cerrno>
#include <functional>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <poll.h>

#include "verify/stream.h"

namespace ferry::verify {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

// A function's connection, as a blocking stream; `talk` is what it does there.
std::string with_connection(net::Network& network, const std::string& name, std::uint16_t port,
                            const std::function<std::string(Stream&)>& talk) {
  const auto addresses = network.resolve(name, Monotonic::max());
  if (!addresses.ok()) return addresses.error().message;
  Fd socket;
  const int begun = network.connect({addresses->front(), port}, socket);
  if (begun != 0 && begun != EINPROGRESS) return "errno " + std::to_string(begun);
  pollfd ready{socket.get(), POLLOUT, 0};
  ::poll(&ready, 1, 10'000);
  ::fcntl(socket.get(), F_SETFL, ::fcntl(socket.get(), F_GETFL) & ~O_NONBLOCK);
  Stream stream(socket.get());
  return talk(stream);
}

std::string receive_all(Stream& stream) {
  std::string out;
  std::array<char, 1000> room{};
  while (const std::size_t got = stream.receive(room)) out.append(room.data(), got);
  return out;
}

std::string receive_some(Stream& stream) {
  std::array<char, 1000> room{};
  return {room.data(), stream.receive(room)};
}

// Begins TLS, trusting what the network says may be trusted; asks and reads until the end.
std::string ask_over_tls(net::Network& network, Stream& stream, const std::string& host,
                         const std::string& text) {
  const auto trusted = net::TrustStore::of(network.certificates());
  const Status begun = stream.ask_tls(*trusted, host, "http/1.1");
  if (!begun.ok()) return begun.error().message;
  stream.send(text);
  stream.end();
  return receive_all(stream);
}

constexpr char kGet[] = "GET /a HTTP/1.1\r\nHost: api.example.com\r\nConnection: close\r\n\r\n";

TEST(AuthorityTest, ItIsTheSameEachTime) {
  EXPECT_EQ(Authority().certificate(), Authority().certificate());
  EXPECT_THAT(Authority().certificate(), HasSubstr("BEGIN CERTIFICATE"));
}

TEST(AuthorityTest, UpstreamsSpeakTlsUnderTheirNamesAndAddresses) {
  Upstreams upstreams;
  ASSERT_TRUE(upstreams
                  .begin({{.at = "api.example.com:443",
                           .tls = true,
                           .http = {{.request = "GET /a", .body = "hello"}}},
                          {.at = std::string(60, 'a') + "." + std::string(60, 'b') + "." +
                                 std::string(60, 'c') + ".example:443",
                           .tls = true,
                           .steps = {{"GET", "long"}}},
                          {.at = "localhost:443", .tls = true, .steps = {{"GET", "local"}}}})
                  .ok());
  EXPECT_THAT(with_connection(upstreams, "api.example.com", 443,
                              [&](Stream& stream) {
                                return ask_over_tls(upstreams, stream, "api.example.com", kGet);
                              }),
              HasSubstr("\r\n\r\nhello"));
  EXPECT_EQ(upstreams.take_received(),
            std::string("connection to api.example.com:443: ") + kGet + "\n");
  const std::string name =
      std::string(60, 'a') + "." + std::string(60, 'b') + "." + std::string(60, 'c') + ".example";
  EXPECT_EQ(
      with_connection(upstreams, name, 443,
                      [&](Stream& stream) { return ask_over_tls(upstreams, stream, name, kGet); }),
      "long");
  EXPECT_EQ(with_connection(
                upstreams, "localhost", 443,
                [&](Stream& stream) { return ask_over_tls(upstreams, stream, "localhost", kGet); }),
            "local");
}

TEST(AuthorityTest, WhatIsNotTheirNameIsRefused) {
  Upstreams upstreams;
  ASSERT_TRUE(
      upstreams.begin({{.at = "api.example.com:443", .tls = true, .steps = {{"", "x"}}}}).ok());
  EXPECT_THAT(with_connection(upstreams, "api.example.com", 443,
                              [&](Stream& stream) {
                                return ask_over_tls(upstreams, stream, "www.example.com", kGet);
                              }),
              HasSubstr("does not match"));
  EXPECT_EQ(upstreams.take_received(), "connection to api.example.com:443: (no TLS session)\n");
}

TEST(AuthorityTest, ASessionBeginsBehindAStep) {
  Upstreams upstreams;
  ASSERT_TRUE(
      upstreams
          .begin({{.at = "db.internal:5432", .steps = {{"ssl?", "S", true}, {"select", "row"}}}})
          .ok());
  const auto ask = [&](Stream& stream) {
    stream.send("ssl?");
    if (receive_some(stream) != "S") return std::string("not agreed");
    return ask_over_tls(upstreams, stream, "db.internal", "select");
  };
  EXPECT_EQ(with_connection(upstreams, "db.internal", 5432, ask), "row");
  EXPECT_EQ(upstreams.take_received(), "connection to db.internal:5432: ssl?select\n");
}

TEST(SecretsTest, EachFormOfASecretIsNamedAndFoundAgain) {
  const Secrets secrets({"DB=postgres://me:pa ss+word@db/x", "EMPTY=", "SHORT=abc"});
  for (const char* text :
       {"url postgres://me:pa ss+word@db/x", "password pa ss+word", "query p=pa%20ss%2Bword&",
        // "u:", "us:" and "use:" before the password
        "Basic dTpwYSBzcyt3b3Jk", "Basic dXM6cGEgc3Mrd29yZA==", "Basic dXNlOnBhIHNzK3dvcmQ="}) {
    const std::string masked = secrets.mask(text);
    EXPECT_THAT(masked, HasSubstr("${DB")) << text;
    EXPECT_THAT(masked, Not(HasSubstr("word@"))) << text;
    EXPECT_EQ(secrets.reveal(masked), text);
  }
  EXPECT_EQ(secrets.mask("abc and nothing else"), "abc and nothing else");
  EXPECT_EQ(secrets.reveal("${OTHER} ${DB"), "${OTHER} ${DB");
}

TEST(CaptureTest, AWebServiceIsRecordedAsItsAnswers) {
  Upstreams real;
  const std::vector<Upstream> service = {{.at = "api.example.com:443",
                                          .tls = true,
                                          .http = {{.request = "GET /a",
                                                    .status = 201,
                                                    .content_type = "text/plain",
                                                    .body = "hello",
                                                    .headers = {{"etag", "\"1\""}}}}}};
  ASSERT_TRUE(real.begin(service).ok());
  Capture capture(real, real.certificates());
  EXPECT_THAT(with_connection(capture, "api.example.com", 443,
                              [&](Stream& stream) {
                                return ask_over_tls(capture, stream, "api.example.com", kGet);
                              }),
              HasSubstr("\r\n\r\nhello"));
  const auto talks = capture.take();
  ASSERT_TRUE(talks.ok()) << talks.error().text();
  EXPECT_EQ(upstreams_of(*talks, {}), service);
  EXPECT_THAT(capture.take().value(), SizeIs(0));
}

TEST(CaptureTest, BytesAreRecordedAsSteps) {
  Upstreams real{Secrets({"TOKEN=s3cret-Word"})};
  const std::vector<Upstream> service = {
      {.at = "db.internal:5432",
       .steps = {{"", "hello\n"}, {"ssl?", "S", true}, {"AUTH ${TOKEN}\n", "+OK\n"}, {"bye", ""}}}};
  ASSERT_TRUE(real.begin(service).ok());
  Capture capture(real, real.certificates());
  const auto ask = [&](Stream& stream) {
    std::string out = receive_some(stream);
    stream.send("ssl?");
    out += receive_some(stream);
    const auto trusted = net::TrustStore::of(capture.certificates());
    if (!stream.ask_tls(*trusted, "db.internal", "").ok()) return std::string("no TLS");
    stream.send("AUTH s3cret-Word\n");
    out += receive_some(stream);
    stream.send("bye");
    stream.end();
    return out + receive_all(stream);
  };
  EXPECT_EQ(with_connection(capture, "db.internal", 5432, ask), "hello\nS+OK\n");
  const auto talks = capture.take();
  ASSERT_TRUE(talks.ok()) << talks.error().text();
  EXPECT_EQ(upstreams_of(*talks, Secrets({"TOKEN=s3cret-Word"})), service);
}

TEST(CaptureTest, WhatIsNotTrustedIsNotRecorded) {
  Upstreams real;
  ASSERT_TRUE(real.begin({{.at = "api.example.com:443", .tls = true, .steps = {{"", "x"}}}}).ok());
  Capture capture(real, "");
  with_connection(capture, "api.example.com", 443, [&](Stream& stream) {
    return ask_over_tls(capture, stream, "api.example.com", kGet);
  });
  const auto talks = capture.take();
  ASSERT_FALSE(talks.ok());
  EXPECT_THAT(talks.error().text(), HasSubstr("not correctly signed"));
  EXPECT_THAT(talks.error().text(), HasSubstr("[grant] ca"));
}

TEST(CaptureTest, ARefusedConnectionStaysOne) {
  Upstreams real;
  ASSERT_TRUE(real.begin({{.at = "a.example:80", .steps = {{"", "x"}}}}).ok());
  Capture capture(real, "");
  EXPECT_EQ(with_connection(capture, "a.example", 81, [](Stream&) { return std::string(); }),
            "errno " + std::to_string(ECONNREFUSED));
  EXPECT_THAT(capture.take().value(), SizeIs(0));
}

TEST(CaptureTest, RequestsThatOverlapAreSteps) {
  const Talk talk{.at = "a.example:80",
                  .turns = {{"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
                             "HTTP/1.1 204 No Content\r\n\r\n"}}};
  const auto upstreams = upstreams_of({talk}, {});
  ASSERT_THAT(upstreams, SizeIs(1));
  EXPECT_TRUE(upstreams.front().http.empty());
  EXPECT_EQ(upstreams.front().steps.front().receive, talk.turns.front().sent);
}

}  // namespace
}  // namespace ferry::verify
