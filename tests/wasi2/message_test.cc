// wasi:http 0.3: the request that a guest handles, the response that its task returns, and requests
// that it sends, with bodies as streams and trailers as futures.
#include <gmock/gmock.h>

#include "component_fixture.h"
#include "net/network.h"
#include "service.h"

namespace ferry::wasi2 {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

class MessageTest : public ComponentTest {
 protected:
  static constexpr char kHttp[] = "wasi:http/types@0.3.0";
  static constexpr char kClient[] = "wasi:http/client@0.3.0";
  static constexpr u32 kBlocked = 0xffffffff;
  static constexpr u32 kDropped = 1;
  static constexpr char kBytes[] = "stream<u8>";
  static constexpr char kTrailers[] = "future<result<option<t>, e>>";

  MessageTest() { handle_event(); }
  void handle_event(std::string_view pattern = {}) {
    wasi::Setup setup;
    setup.deadline = clock.monotonic() + std::chrono::seconds(30);
    if (!pattern.empty()) {
      access.policy = net::Policy({*net::parse_grant(pattern)});
      access.network = &net::system_network();
      setup.network = &access;
    }
    begin(&request, std::move(setup));
  }
  u32 make(std::string_view name, std::initializer_list<u64> args = {}) {
    return static_cast<u32>(call(kHttp, name, args));
  }
  u32 canon(std::string_view name, std::string_view type, std::initializer_list<u64> args = {}) {
    return static_cast<u32>(call(kCanonModule, std::string(name) + ":" + std::string(type), args));
  }
  struct Ends {
    u32 readable;
    u32 writable;
  };
  Ends channel(std::string_view type) {
    const std::string name = std::string(type.substr(0, type.find('<'))) + ".new:";
    const u64 both = call(kCanonModule, name + std::string(type), {});
    return {static_cast<u32>(both), static_cast<u32>(both >> 32)};
  }
  // A response with a body and trailers to be written.
  struct Made {
    u32 self;
    u32 sent;
    Ends body;
    Ends trailers;
  };
  Made response(std::string_view name = {}, std::string_view value = {}) {
    const u32 fields = make("[constructor]fields");
    if (!name.empty()) {
      const Passed n = pass(name);
      const Passed v = pass(value);
      make("[method]fields.append", {fields, n.at, n.size, v.at, v.size, kRet});
      EXPECT_EQ(get<u8>(kRet), 0);
    }
    Made out{0, 0, channel(kBytes), channel(kTrailers)};
    make("[static]response.new", {fields, 1, out.body.readable, out.trailers.readable, kRet});
    out.self = get(kRet);
    out.sent = get(kRet + 4);
    return out;
  }
  u32 write(u32 end, std::string_view data) {
    const Passed bytes = pass(data);
    return canon("[async]stream.write", kBytes, {end, bytes.at, bytes.size});
  }
  void end_body(u32 end) { canon("stream.drop-writable", kBytes, {end}); }
  // ok(none), ok(some(fields)) or an error-code.
  void write_trailers(u32 end, u32 fields = 0, std::optional<u8> error = {}) {
    std::memset(memory.data() + 2048, 0, 40);
    put<u8>(2048, error ? 1 : 0);
    put<u8>(2056, error ? *error : static_cast<u8>(fields != 0));
    put<u32>(2060, fields);
    EXPECT_EQ(canon("[async]future.write", kTrailers, {end, 2048}), 0u);
    canon("future.drop-writable", kTrailers, {end});
  }
  void task_return(u32 self) {
    call(kCanonModule, "task.return:result<r, e>", {0, self, 0, 0, 0, 0, 0, 0});
  }
  std::string read_all(u32 stream) {
    std::string out;
    for (;;) {
      const u32 got = canon("stream.read", kBytes, {stream, 8192, 4096});
      out.append(reinterpret_cast<const char*>(memory.data()) + 8192, got >> 4);
      if ((got & 0xf) != 0) return out;
    }
  }

  const std::array<std::pair<std::string_view, std::string_view>, 2> headers{
      {{"Host", "example.org"}, {"Accept", "a"}}};
  const HttpRequest request{.method = "POST",
                            .authority = "example.org",
                            .path_with_query = "/a?b=c",
                            .headers = headers,
                            .body = "the body"};
  wasi::NetworkAccess access;
};

TEST_F(MessageTest, TheRequestIsSeenAsItCame) {
  const u32 self = static_cast<u32>(call(kAbiModule, "request", {}));
  make("[method]request.get-method", {self, kRet});
  EXPECT_EQ(get<u8>(kRet), 2);  // post
  make("[method]request.get-path-with-query", {self, kRet});
  EXPECT_EQ(text(kRet + 4), "/a?b=c");
  make("[method]request.get-authority", {self, kRet});
  EXPECT_EQ(text(kRet + 4), "example.org");
  make("[method]request.get-options", {self, kRet});
  EXPECT_EQ(get<u8>(kRet), 0);
  const u32 fields = make("[method]request.get-headers", {self});
  const Ends processed = channel("future<result<_, e>>");
  make("[static]request.consume-body", {self, processed.readable, kRet});
  const u32 body = get(kRet);
  const u32 trailers = get(kRet + 4);
  EXPECT_EQ(read_all(body), "the body");
  EXPECT_EQ(canon("future.read", kTrailers, {trailers, kRet}), 0u);
  EXPECT_EQ(get<u8>(kRet), 0);
  EXPECT_EQ(get<u8>(kRet + 8), 0);  // none came
  // The headers outlive the request, and stay what they are.
  const Passed name = pass("x");
  make("[method]fields.set", {fields, name.at, 1, 0, 0, kRet});
  EXPECT_EQ(get<u8>(kRet), 1);
  EXPECT_EQ(get<u8>(kRet + 4), 2);  // immutable
  trap(kHttp, "[method]request.get-headers", {self});
}

TEST_F(MessageTest, ABodyMayGoOnAfterItsResponseWasReturned) {
  const Made made = response("X-A", "b");
  EXPECT_EQ(make("[method]response.set-status-code", {made.self, 201}), 0u);
  EXPECT_EQ(write(made.body.writable, "first "), kBlocked);
  task_return(made.self);
  EXPECT_EQ(session.answered(), Answered::kUnfinished);
  const u32 set = static_cast<u32>(call(kCanonModule, "waitable-set.new", {}));
  call(kCanonModule, "waitable.join", {made.body.writable, set});
  EXPECT_EQ(call(kAbiModule, "next_event", {2 | set << 4}), 3u);
  EXPECT_EQ(call(kAbiModule, "event_second", {}), 6u << 4);
  EXPECT_EQ(write(made.body.writable, "second"), 6u << 4);
  end_body(made.body.writable);
  EXPECT_EQ(canon("[async]future.read", "future<result<_, e>>", {made.sent, kRet}), kBlocked);
  const u32 fields = make("[constructor]fields");
  const Passed name = pass("x-sum");
  const Passed value = pass("12");
  make("[method]fields.append", {fields, name.at, name.size, value.at, value.size, 512});
  write_trailers(made.trailers.writable, fields);
  ASSERT_EQ(session.answered(), Answered::kResponse);
  const HttpResponse& out = session.response();
  EXPECT_EQ(out.status, 201);
  EXPECT_EQ(out.headers, (FieldList{{"x-a", "b"}}));
  EXPECT_EQ(out.body, "first second");
  EXPECT_EQ(out.trailers, (FieldList{{"x-sum", "12"}}));
  call(kCanonModule, "waitable.join", {made.sent, set});
  EXPECT_EQ(call(kAbiModule, "next_event", {2 | set << 4}), 4u);
  EXPECT_EQ(get<u8>(kRet), 0);  // it was sent
}

TEST_F(MessageTest, TrailersThatAreAnErrorFailTheResponse) {
  const Made made = response();
  task_return(made.self);
  end_body(made.body.writable);
  write_trailers(made.trailers.writable, 0, 37);
  EXPECT_EQ(session.answered(), Answered::kError);
  EXPECT_EQ(session.error(), "configuration-error");
}

TEST_F(MessageTest, ABodyThatBreaksItsContentLengthFailsTheResponse) {
  const Made made = response("content-length", "4");
  task_return(made.self);
  EXPECT_EQ(write(made.body.writable, "more than that"), kDropped);
  EXPECT_EQ(session.answered(), Answered::kError);
  EXPECT_EQ(session.error(), "HTTP-response-body-size");
  EXPECT_EQ(canon("future.read", "future<result<_, e>>", {made.sent, kRet}), 0u);
  EXPECT_EQ(get<u8>(kRet), 1);
  EXPECT_EQ(get<u8>(kRet + 8), 28);
}

TEST_F(MessageTest, AnErrorIsReturnedWithItsText) {
  const Passed why = pass("the disk is full");
  call(kCanonModule, "task.return:result<r, e>", {1, 38, 1, why.at, why.size, 0, 0, 0});
  EXPECT_EQ(session.answered(), Answered::kError);
  EXPECT_EQ(session.error(), "internal-error: the disk is full");
}

TEST_F(MessageTest, ATaskReturnsOneResponse) {
  task_return(response().self);
  const Made second = response();
  EXPECT_THAT(trap(kCanonModule, "task.return:result<r, e>", {0, second.self, 0, 0, 0, 0, 0, 0}),
              HasSubstr("twice"));
}

TEST_F(MessageTest, AWriterOfADroppedResponseLearnsIt) {
  const Made made = response();
  make("[resource-drop]response", {made.self});
  EXPECT_EQ(write(made.body.writable, "x"), kDropped);
  EXPECT_EQ(canon("[async]future.write", kTrailers, {made.trailers.writable, 2048}), kDropped);
  EXPECT_EQ(canon("future.read", "future<result<_, e>>", {made.sent, kRet}), 0u);
  EXPECT_EQ(get<u8>(kRet), 1);  // it was not sent
}

TEST_F(MessageTest, AResponseWithoutABodyWaitsForItsTrailers) {
  const Ends trailers = channel(kTrailers);
  make("[static]response.new", {make("[constructor]fields"), 0, 0, trailers.readable, kRet});
  task_return(get(kRet));
  EXPECT_EQ(session.answered(), Answered::kUnfinished);
  write_trailers(trailers.writable);
  EXPECT_EQ(session.answered(), Answered::kResponse);
}

TEST_F(MessageTest, ErrorsOfFieldsHaveRoomForATextAndHaveNone) {
  const u32 fields = make("[constructor]fields");
  const Passed host = pass("Host");
  make("[method]fields.append", {fields, host.at, host.size, 0, 0, kRet});
  EXPECT_EQ(get<u8>(kRet), 1);
  EXPECT_EQ(get<u8>(kRet + 4), 1);  // forbidden
  const Passed name = pass("x");
  const Passed value = pass("1");
  make("[method]fields.append", {fields, name.at, 1, value.at, 1, kRet});
  EXPECT_EQ(get<u8>(kRet), 0);
  make("[method]fields.get-and-delete", {fields, name.at, 1, kRet});
  EXPECT_EQ(get<u8>(kRet), 0);
  EXPECT_EQ(get(kRet + 8), 1u);
  EXPECT_EQ(text(get(kRet + 4)), "1");
  EXPECT_EQ(make("[method]fields.has", {fields, name.at, 1}), 0u);
}

TEST_F(MessageTest, OptionsOfARequestDoNotChange) {
  const u32 options = make("[constructor]request-options");
  make("[method]request-options.set-connect-timeout", {options, 1, 7, kRet});
  EXPECT_EQ(get<u8>(kRet), 0);
  const Ends trailers = channel(kTrailers);
  make("[static]request.new",
       {make("[constructor]fields"), 0, 0, trailers.readable, 1, options, kRet});
  const u32 self = get(kRet);
  make("[method]request.get-options", {self, kRet});
  const u32 shown = get(kRet + 4);
  make("[method]request-options.set-connect-timeout", {shown, 1, 8, kRet});
  EXPECT_EQ(get<u8>(kRet), 1);
  EXPECT_EQ(get<u8>(kRet + 4), 1);  // immutable
  make("[method]request-options.get-connect-timeout",
       {make("[method]request-options.clone", {shown}), kRet});
  EXPECT_EQ(get<u64>(kRet + 8), 7u);
}

TEST_F(MessageTest, WhatARequestMayBeSetTo) {
  const Ends trailers = channel(kTrailers);
  make("[static]request.new", {make("[constructor]fields"), 0, 0, trailers.readable, 0, 0, kRet});
  const u32 self = get(kRet);
  const auto set = [this, self](const char* name, std::string_view value) {
    const Passed text = pass(value);
    return make("[method]request.set-" + std::string(name), {self, 1, text.at, text.size}) == 0;
  };
  for (const char* good : {"/a?b", "a/b", "?c", "/caf\xc3\xa9"}) {
    EXPECT_TRUE(set("path-with-query", good)) << good;
  }
  EXPECT_FALSE(set("path-with-query", "/a b"));
  EXPECT_TRUE(set("path-with-query", ""));
  make("[method]request.get-path-with-query", {self, kRet});
  EXPECT_EQ(text(kRet + 4), "/");
  for (const char* good : {"a.b", "a:80", "u:p@a:80", "[::1]", "[::1]:80"}) {
    EXPECT_TRUE(set("authority", good)) << good;
  }
  for (const char* bad : {"", "::", ":@", "@@", "@:", "a:b", "[::1", "[::1]x", ":80"}) {
    EXPECT_FALSE(set("authority", bad)) << bad;
  }
}

TEST_F(MessageTest, APathThatIsNoneIsNotSent) {
  const Ends trailers = channel(kTrailers);
  make("[static]request.new", {make("[constructor]fields"), 0, 0, trailers.readable, 0, 0, kRet});
  const u32 self = get(kRet);
  const Passed where = pass("example.org");
  const Passed path = pass("a/b");
  make("[method]request.set-authority", {self, 1, where.at, where.size});
  make("[method]request.set-path-with-query", {self, 1, path.at, path.size});
  call(kClient, "send", {self, 512});
  EXPECT_EQ(get<u8>(512), 1);
  EXPECT_EQ(get<u8>(520), 19);  // HTTP-request-URI-invalid
}

TEST_F(MessageTest, ARequestIsSentAndItsResponseIsPassedOn) {
  Service service(
      "HTTP/1.1 203 OK\r\ntransfer-encoding: chunked\r\nx-b: c\r\n\r\n"
      "5\r\nhello\r\n0\r\nx-end: 1\r\n\r\n",
      "0\r\n\r\n");
  handle_event("localhost:" + std::to_string(service.port()));
  const Ends body = channel(kBytes);
  const Ends trailers = channel(kTrailers);
  make("[static]request.new",
       {make("[constructor]fields"), 1, body.readable, trailers.readable, 0, 0, kRet});
  const u32 out = get(kRet);
  const Passed where = pass(service.authority());
  make("[method]request.set-method", {out, 2, 0, 0});
  make("[method]request.set-authority", {out, 1, where.at, where.size});
  make("[method]request.set-scheme", {out, 1, 0, 0, 0});
  const u32 started = static_cast<u32>(call(kClient, "[async-lower]send", {out, 512}));
  ASSERT_EQ(started & 0xf, 1u);
  EXPECT_EQ(write(body.writable, "ping") & 0xf, 0u);
  end_body(body.writable);
  write_trailers(trailers.writable);
  const u32 set = static_cast<u32>(call(kCanonModule, "waitable-set.new", {}));
  call(kCanonModule, "waitable.join", {started >> 4, set});
  EXPECT_EQ(call(kAbiModule, "next_event", {2 | set << 4}), 1u);
  ASSERT_EQ(get<u8>(512), 0);
  task_return(get(520));
  ASSERT_EQ(session.answered(), Answered::kResponse);
  EXPECT_EQ(session.response().status, 203);
  EXPECT_EQ(session.response().headers, (FieldList{{"x-b", "c"}}));
  EXPECT_EQ(session.response().body, "hello");
  EXPECT_EQ(session.response().trailers, (FieldList{{"x-end", "1"}}));
  EXPECT_THAT(service.received(), StartsWith("POST / HTTP/1.1\r\n"));
  EXPECT_THAT(service.received(), EndsWith("4\r\nping\r\n0\r\n\r\n"));
}

TEST_F(MessageTest, TheBodyOfAResponseIsReadAsItComes) {
  Service service("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello");
  handle_event("localhost:" + std::to_string(service.port()));
  const Ends trailers = channel(kTrailers);
  make("[static]request.new", {make("[constructor]fields"), 0, 0, trailers.readable, 0, 0, kRet});
  const u32 out = get(kRet);
  const Passed where = pass(service.authority());
  make("[method]request.set-authority", {out, 1, where.at, where.size});
  make("[method]request.set-scheme", {out, 1, 0, 0, 0});
  call(kClient, "send", {out, 512});
  ASSERT_EQ(get<u8>(512), 0);
  const Ends processed = channel("future<result<_, e>>");
  make("[static]response.consume-body", {get(520), processed.readable, kRet});
  const u32 ended = get(kRet + 4);
  EXPECT_EQ(read_all(get(kRet)), "hello");
  EXPECT_EQ(canon("future.read", kTrailers, {ended, kRet}), 0u);
  EXPECT_EQ(get<u8>(kRet), 0);
}

TEST_F(MessageTest, ARequestWithoutAGrantIsDenied) {
  const Ends trailers = channel(kTrailers);
  make("[static]request.new", {make("[constructor]fields"), 0, 0, trailers.readable, 0, 0, kRet});
  const u32 out = get(kRet);
  const Passed where = pass("example.org");
  make("[method]request.set-authority", {out, 1, where.at, where.size});
  EXPECT_EQ(call(kClient, "[async-lower]send", {out, 512}), 2u);  // returned
  EXPECT_EQ(get<u8>(512), 1);
  EXPECT_EQ(get<u8>(520), 15);  // HTTP-request-denied
}

}  // namespace
}  // namespace ferry::wasi2
