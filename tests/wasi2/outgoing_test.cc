// wasi:http/outgoing-handler against services of the test's own on loopback: what they are sent,
// what the guest gets of their answers, and each way in which they fail it. The guest's clock
// stands still throughout, so that every timeout here is one of the host's waiting.
#include <gmock/gmock.h>

#include "component_fixture.h"
#include "net/network.h"
#include "service.h"

namespace ferry::wasi2 {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

class OutgoingTest : public ComponentTest {
 protected:
  u32 make(std::string_view name, std::initializer_list<u64> args = {}) {
    return static_cast<u32>(call(kHttp, name, args));
  }
  u32 handle(u32 at = kRet + 4) const {
    EXPECT_EQ(get<u8>(kRet), 0);
    return get(at);
  }
  u32 request(std::string_view authority, u32 method = 0) {
    const u32 list = make("[constructor]fields");
    const Passed name = pass("x-from");
    const Passed value = pass("guest");
    call(kHttp, "[method]fields.append", {list, name.at, name.size, value.at, value.size, kRet});
    const u32 out = make("[constructor]outgoing-request", {list});
    const Passed where = pass(authority);
    const Passed path = pass("/a?b=c");
    make("[method]outgoing-request.set-method", {out, method, 0, 0});
    make("[method]outgoing-request.set-authority", {out, 1, where.at, where.size});
    make("[method]outgoing-request.set-path-with-query", {out, 1, path.at, path.size});
    make("[method]outgoing-request.set-scheme", {out, 1, 0, 0, 0});
    return out;
  }
  u32 body_of(u32 self) {
    call(kHttp, "[method]outgoing-request.body", {self, kRet});
    return handle();
  }
  void write(u32 body, std::initializer_list<std::string_view> parts) {
    call(kHttp, "[method]outgoing-body.write", {body, kRet});
    const u32 stream = handle();
    for (std::string_view part : parts) {
      const Passed bytes = pass(part);
      call(kStreams, "[method]output-stream.blocking-write-and-flush",
           {stream, bytes.at, bytes.size, kRet});
      EXPECT_EQ(get<u8>(kRet), 0);
    }
    call(kStreams, "[resource-drop]output-stream", {stream});
  }
  // The future, or the error-code in `refused`.
  u32 send(u32 self, u32 options = 0) {
    call("wasi:http/outgoing-handler", "handle", {self, options != 0 ? 1u : 0u, options, kRet});
    refused = get<u8>(kRet) == 0 ? std::nullopt : std::optional(get<u8>(kRet + 8));
    return refused ? 0 : get(kRet + 8);
  }
  u32 options_for(std::string_view which, std::chrono::nanoseconds most) {
    const u32 options = make("[constructor]request-options");
    make("[method]request-options.set-" + std::string(which),
         {options, 1, static_cast<u64>(most.count())});
    return options;
  }
  // Waits for the response; the error-code in `refused` where there is none.
  u32 await(u32 future) {
    const u32 pollable = make("[method]future-incoming-response.subscribe", {future});
    call(kPoll, "[method]pollable.block", {pollable});
    call(kPoll, "[resource-drop]pollable", {pollable});
    call(kHttp, "[method]future-incoming-response.get", {future, kRet});
    EXPECT_EQ(get<u8>(kRet), 1);
    EXPECT_EQ(get<u8>(kRet + 8), 0);
    refused = get<u8>(kRet + 16) == 0 ? std::nullopt : std::optional(get<u8>(kRet + 24));
    return refused ? 0 : get(kRet + 24);
  }
  // The error-code that a request comes to.
  std::optional<u8> outcome(std::string_view authority, u32 options = 0) {
    const u32 future = send(request(authority), options);
    if (!refused) await(future);
    return refused;
  }
  // The body to its end, or to its failure, whose error-code is then in `refused`.
  std::string read_all(u32 stream) {
    std::string out;
    while (true) {
      heap = kHeap;
      call(kStreams, "[method]input-stream.blocking-read", {stream, 1000, kRet});
      if (get<u8>(kRet) == 0) {
        EXPECT_GT(get(kRet + 8), 0u);
        out += text(kRet + 4);
        continue;
      }
      refused = std::nullopt;
      if (get<u8>(kRet + 4) == 1) return out;
      const u32 error = get(kRet + 8);
      call(kHttp, "http-error-code", {error, kRet});
      EXPECT_EQ(get<u8>(kRet), 1);
      refused = get<u8>(kRet + 8);
      return out;
    }
  }
  u32 consume(u32 response) {
    call(kHttp, "[method]incoming-response.consume", {response, kRet});
    return handle();
  }
  u32 stream_of(u32 body) {
    call(kHttp, "[method]incoming-body.stream", {body, kRet});
    return handle();
  }
  std::string body_text(u32 response) { return read_all(stream_of(consume(response))); }

  std::optional<u8> refused;
};

constexpr u8 kDnsError = 1;
constexpr u8 kHttpConnectionRefused = 6;
constexpr u8 kConnectionTerminated = 7;
constexpr u8 kReadTimeout = 9;
constexpr u8 kRequestDenied = 15;
constexpr u8 kIncomplete = 25;
constexpr u8 kProtocolError = 35;

TEST_F(OutgoingTest, ARequestIsSentAndItsResponseRead) {
  Service service(
      "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 201 Created\r\nX-A: 1\r\nConnection: close\r\n"
      "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4\r\ndefg\r\n0\r\nX-Sum: 7\r\n\r\n");
  grant(service.authority());
  const u32 response = await(send(request(service.authority())));
  ASSERT_FALSE(refused);
  EXPECT_EQ(make("[method]incoming-response.status", {response}), 201u);
  const u32 fields = make("[method]incoming-response.headers", {response});
  call(kHttp, "[method]fields.entries", {fields, kRet});
  ASSERT_EQ(get(kRet + 4), 1u);  // without those of the connection
  EXPECT_EQ(text(get(kRet)), "x-a");
  const u32 body = consume(response);
  const u32 stream = stream_of(body);
  EXPECT_EQ(read_all(stream), "abcdefg");
  EXPECT_FALSE(refused);
  call(kStreams, "[resource-drop]input-stream", {stream});
  const u32 trailers = make("[static]incoming-body.finish", {body});
  call(kHttp, "[method]future-trailers.get", {trailers, kRet});
  EXPECT_EQ(get<u8>(kRet + 16), 0);
  ASSERT_EQ(get<u8>(kRet + 24), 1);
  call(kHttp, "[method]fields.entries", {get(kRet + 28), kRet});
  ASSERT_EQ(get(kRet + 4), 1u);
  EXPECT_EQ(text(get(kRet)), "x-sum");
  EXPECT_EQ(service.received(), "GET /a?b=c HTTP/1.1\r\nhost: " + service.authority() +
                                    "\r\nx-from: guest\r\nconnection: close\r\n\r\n");
}

TEST_F(OutgoingTest, ABodyGoesInChunksAsItIsWritten) {
  Service service("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "0\r\n\r\n");
  grant(service.authority());
  const u32 self = request(service.authority(), 2);
  const u32 body = body_of(self);
  const u32 future = send(self);
  write(body, {"hello, ", "you"});
  call(kHttp, "[static]outgoing-body.finish", {body, 0, 0, kRet});
  EXPECT_EQ(get<u8>(kRet), 0);
  EXPECT_EQ(body_text(await(future)), "ok");
  EXPECT_THAT(service.received(), StartsWith("POST /a?b=c HTTP/1.1\r\n"));
  EXPECT_THAT(service.received(), HasSubstr("transfer-encoding: chunked\r\n"));
  EXPECT_THAT(service.received(), EndsWith("\r\n\r\n7\r\nhello, \r\n3\r\nyou\r\n0\r\n\r\n"));
}

TEST_F(OutgoingTest, ABodyThatIsWholeBeforeItIsSentHasALength) {
  Service service("HTTP/1.1 204 No Content\r\n\r\n", "hello");
  grant(service.authority());
  const u32 self = request(service.authority(), 3);
  const u32 body = body_of(self);
  write(body, {"hello"});
  call(kHttp, "[static]outgoing-body.finish", {body, 0, 0, kRet});
  EXPECT_EQ(body_text(await(send(self))), "");
  EXPECT_THAT(service.received(), EndsWith("content-length: 5\r\nconnection: close\r\n\r\nhello"));
}

TEST_F(OutgoingTest, ALargeBodyWaitsForItsReaderAndAllOfItArrives) {
  const std::string large(300'000, 'x');
  Service service("HTTP/1.1 200 OK\r\n\r\n" + large);
  grant(service.authority());
  EXPECT_EQ(body_text(await(send(request(service.authority())))), large);
  EXPECT_FALSE(refused);
}

TEST_F(OutgoingTest, WhatIsNotGrantedIsDeniedAndSaysWhatWouldGrantIt) {
  grant("localhost:1");
  EXPECT_EQ(outcome("localhost:2"), kRequestDenied);
  ASSERT_TRUE(context.denial());
  EXPECT_THAT(context.denial()->hint, HasSubstr("--connect localhost:2"));
  EXPECT_EQ(outcome("169.254.169.254"), kRequestDenied);
}

TEST_F(OutgoingTest, NamesThatCannotBe) {
  grant("no-such-name.invalid:80");
  EXPECT_EQ(outcome("no-such-name.invalid").value_or(0) > kDnsError, false);
  EXPECT_EQ(outcome("me@localhost"), 19);  // HTTP-request-URI-invalid
}

TEST_F(OutgoingTest, ARefusedConnection) {
  std::uint16_t port = 0;
  { port = Service().port(); }
  const std::string authority = "localhost:" + std::to_string(port);
  grant(authority);
  EXPECT_EQ(outcome(authority), kHttpConnectionRefused);
}

TEST_F(OutgoingTest, ASilentServiceEndsAtTheFirstByteTimeout) {
  Service service("", "never", false);
  grant(service.authority());
  const u32 options = options_for("first-byte-timeout", std::chrono::milliseconds(50));
  EXPECT_EQ(outcome(service.authority(), options), kReadTimeout);
}

TEST_F(OutgoingTest, AServiceThatStopsEndsAtTheTimeoutBetweenBytes) {
  Service service("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", "\r\n\r\n", false);
  grant(service.authority());
  const u32 options = options_for("between-bytes-timeout", std::chrono::milliseconds(50));
  const u32 response = await(send(request(service.authority()), options));
  ASSERT_FALSE(refused);
  EXPECT_EQ(body_text(response), "abc");
  EXPECT_EQ(refused, kReadTimeout);
}

TEST_F(OutgoingTest, AResponseThatEndsEarlyIsIncomplete) {
  Service service("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc");
  grant(service.authority());
  EXPECT_EQ(body_text(await(send(request(service.authority())))), "abc");
  EXPECT_EQ(refused, kIncomplete);
}

TEST_F(OutgoingTest, AServiceThatHangsUpWithoutAnAnswer) {
  Service service("");
  grant(service.authority());
  EXPECT_EQ(outcome(service.authority()), kConnectionTerminated);
}

TEST_F(OutgoingTest, WhatIsNotHttpIsAProtocolError) {
  Service service("SSH-2.0-OpenSSH_9.2\r\n\r\n");
  grant(service.authority());
  EXPECT_EQ(outcome(service.authority()), kProtocolError);
}

TEST_F(OutgoingTest, TheLimitOnBytesHolds) {
  Service service("HTTP/1.1 200 OK\r\n\r\n" + std::string(100'000, 'x'));
  access.bytes = 1000;
  grant(service.authority());
  EXPECT_LT(body_text(await(send(request(service.authority())))).size(), 1000u);
  EXPECT_EQ(refused, 38);  // internal-error
  EXPECT_THAT(context.denial()->hint, HasSubstr("network_bytes"));
}

TEST_F(OutgoingTest, AnEndlessServiceEndsAtTheDeadline) {
  Service service("", "never", false);
  grant(service.authority());
  wasi::Setup setup;
  setup.network = &access;
  setup.deadline = clock.monotonic() + std::chrono::milliseconds(50);
  begin(nullptr, std::move(setup));
  const u32 future = send(request(service.authority()));
  const u32 pollable = make("[method]future-incoming-response.subscribe", {future});
  EXPECT_TRUE(raw(kPoll, "[method]pollable.block", {pollable}).stop);
  EXPECT_EQ(context.stop(), wasi::Stop::kDeadline);
  context.end_network();
}

TEST_F(OutgoingTest, APollReportsWhatIsReadyFirst) {
  Service service("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  grant(service.authority());
  const u32 later = static_cast<u32>(
      call("wasi:clocks/monotonic-clock", "subscribe-duration", {u64{20} * 1'000'000'000}));
  const u32 future = send(request(service.authority()));
  put(kText - 8, later);
  put(kText - 4, make("[method]future-incoming-response.subscribe", {future}));
  call(kPoll, "poll", {kText - 8, 2, kRet});
  ASSERT_EQ(get(kRet + 4), 1u);
  EXPECT_EQ(get(get(kRet)), 1u);
}

TEST_F(OutgoingTest, AFutureThatIsDroppedEndsItsConnection) {
  Service service("", "never", false);
  grant(service.authority());
  const u32 future = send(request(service.authority()));
  call(kHttp, "[resource-drop]future-incoming-response", {future});
  EXPECT_THAT(service.received(), testing::AnyOf("", EndsWith("\r\n\r\n")));  // it has seen the end
  context.end_network();
  ASSERT_EQ(context.connections().size(), 1u);
  EXPECT_EQ(context.connections()[0].name, "localhost");
}

TEST_F(OutgoingTest, ABodyThatIsNeverFinishedIsNoRequest) {
  Service service("HTTP/1.1 200 OK\r\n\r\n", "0\r\n\r\n");
  grant(service.authority());
  const u32 self = request(service.authority(), 2);
  const u32 body = body_of(self);
  const u32 future = send(self);
  call(kHttp, "[resource-drop]outgoing-body", {body});
  await(future);
  EXPECT_EQ(refused, 38);  // internal-error
  EXPECT_THAT(service.received(), testing::Not(EndsWith("0\r\n\r\n")));
}

}  // namespace
}  // namespace ferry::wasi2
