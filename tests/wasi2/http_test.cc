// wasi:http: the request that a guest handles, the response that it makes, and what it may not.
#include <array>

#include "component_fixture.h"

namespace ferry::wasi2 {
namespace {

constexpr u8 kInvalidSyntax = 0;
constexpr u8 kForbidden = 1;
constexpr u8 kImmutable = 2;

class HttpTest : public ComponentTest {
 protected:
  HttpTest() { begin(&request); }

  u32 make(std::string_view name, std::initializer_list<u64> args = {}) {
    return static_cast<u32>(call(kHttp, name, args));
  }
  // The handle in a result<own<…>> at kRet, of 8 bytes.
  u32 handle() const {
    EXPECT_EQ(get<u8>(kRet), 0);
    return get(kRet + 4);
  }
  std::optional<std::string> optional_text(u32 at) const {
    return get<u8>(at) == 0 ? std::nullopt : std::optional(text(at + 4));
  }

  u32 fields() { return make("[constructor]fields"); }
  // The error of fields.append; nothing when it was appended.
  std::optional<u8> append(u32 self, std::string_view name, std::string_view value) {
    const Passed n = pass(name);
    const Passed v = pass(value);
    call(kHttp, "[method]fields.append", {self, n.at, n.size, v.at, v.size, kRet});
    return get<u8>(kRet) == 0 ? std::nullopt : std::optional(get<u8>(kRet + 1));
  }
  FieldList entries(u32 self) {
    call(kHttp, "[method]fields.entries", {self, kRet});
    FieldList out;
    for (u32 i = 0; i < get(kRet + 4); ++i) {
      const u32 at = get(kRet) + 16 * i;
      out.emplace_back(text(at), text(at + 8));
    }
    return out;
  }

  u32 response(u32 status = 200) {
    const u32 out = make("[constructor]outgoing-response", {fields()});
    EXPECT_EQ(call(kHttp, "[method]outgoing-response.set-status-code", {out, status}), 0u);
    return out;
  }
  u32 body_of(u32 self) {
    call(kHttp, "[method]outgoing-response.body", {self, kRet});
    return handle();
  }
  void write(u32 body, std::string_view data) {
    call(kHttp, "[method]outgoing-body.write", {body, kRet});
    const u32 stream = handle();
    const Passed bytes = pass(data);
    call(kStreams, "[method]output-stream.write", {stream, bytes.at, bytes.size, kRet});
    EXPECT_EQ(get<u8>(kRet), 0);
    call(kStreams, "[resource-drop]output-stream", {stream});
  }
  void set(u32 self) {
    const u32 out = static_cast<u32>(call(kAbiModule, "response_outparam", {}));
    call(kHttp, "[static]response-outparam.set", {out, 0, self, 0, 0, 0, 0, 0, 0});
  }
  void finish(u32 body) { call(kHttp, "[static]outgoing-body.finish", {body, 0, 0, kRet}); }

  const std::array<std::pair<std::string_view, std::string_view>, 4> headers{
      {{"Host", "example.org"}, {"Accept", "a"}, {"ACCEPT", "b"}, {"Connection", "close"}}};
  const HttpRequest request{.method = "POST",
                            .authority = "example.org",
                            .path_with_query = "/a?b=c",
                            .headers = headers,
                            .body = "the body"};
};

TEST_F(HttpTest, TheRequestIsSeenAsItCame) {
  const u32 self = static_cast<u32>(call(kAbiModule, "incoming_request", {}));
  call(kHttp, "[method]incoming-request.method", {self, kRet});
  EXPECT_EQ(get<u8>(kRet), 2);  // post
  call(kHttp, "[method]incoming-request.path-with-query", {self, kRet});
  EXPECT_EQ(optional_text(kRet), "/a?b=c");
  call(kHttp, "[method]incoming-request.authority", {self, kRet});
  EXPECT_EQ(optional_text(kRet), "example.org");
  call(kHttp, "[method]incoming-request.scheme", {self, kRet});
  EXPECT_EQ(get<u8>(kRet), 1);
  EXPECT_EQ(get<u8>(kRet + 4), 0);  // HTTP
  const u32 fields = make("[method]incoming-request.headers", {self});
  EXPECT_EQ(entries(fields), (FieldList{{"accept", "a"}, {"accept", "b"}}));
  EXPECT_EQ(append(fields, "x", "y"), kImmutable);
}

TEST_F(HttpTest, AMethodThatHasNoCaseIsOther) {
  const HttpRequest purge{.method = "PURGE"};
  begin(&purge);
  const u32 self = static_cast<u32>(call(kAbiModule, "incoming_request", {}));
  call(kHttp, "[method]incoming-request.method", {self, kRet});
  EXPECT_EQ(get<u8>(kRet), 9);
  EXPECT_EQ(text(kRet + 4), "PURGE");
  call(kHttp, "[method]incoming-request.path-with-query", {self, kRet});
  EXPECT_EQ(optional_text(kRet), std::nullopt);
}

TEST_F(HttpTest, TheBodyIsConsumedOnce) {
  const u32 self = static_cast<u32>(call(kAbiModule, "incoming_request", {}));
  call(kHttp, "[method]incoming-request.consume", {self, kRet});
  const u32 body = handle();
  call(kHttp, "[method]incoming-request.consume", {self, kRet});
  EXPECT_EQ(get<u8>(kRet), 1);
  call(kHttp, "[method]incoming-body.stream", {body, kRet});
  const u32 stream = handle();
  call(kHttp, "[method]incoming-body.stream", {body, kRet});
  EXPECT_EQ(get<u8>(kRet), 1);
  call(kStreams, "[method]input-stream.read", {stream, 3, kRet});
  EXPECT_EQ(text(kRet + 4), "the");
  call(kStreams, "[method]input-stream.blocking-read", {stream, 100, kRet});
  EXPECT_EQ(text(kRet + 4), " body");
  call(kStreams, "[method]input-stream.read", {stream, 100, kRet});
  EXPECT_EQ(get<u8>(kRet + 4), 1);  // closed
  call(kStreams, "[resource-drop]input-stream", {stream});
  const u32 trailers = make("[static]incoming-body.finish", {body});
  call(kHttp, "[method]future-trailers.get", {trailers, kRet});
  EXPECT_EQ(get<u8>(kRet), 1);
  EXPECT_EQ(get<u8>(kRet + 8), 0);
  EXPECT_EQ(get<u8>(kRet + 16), 0);
  EXPECT_EQ(get<u8>(kRet + 24), 0);  // none came
  call(kHttp, "[method]future-trailers.get", {trailers, kRet});
  EXPECT_EQ(get<u8>(kRet + 8), 1);  // taken already
}

TEST_F(HttpTest, ABodyFinishedBeforeItsStreamIsDroppedEndsTheGuest) {
  const u32 self = static_cast<u32>(call(kAbiModule, "incoming_request", {}));
  call(kHttp, "[method]incoming-request.consume", {self, kRet});
  const u32 body = handle();
  call(kHttp, "[method]incoming-body.stream", {body, kRet});
  trap(kHttp, "[static]incoming-body.finish", {body});
}

TEST_F(HttpTest, ABodyThatIsNeverReadChangesNothing) {
  const u32 out = response(204);
  set(out);
  EXPECT_EQ(session.answered(), Answered::kResponse);
  EXPECT_EQ(session.response().status, 204);
}

TEST_F(HttpTest, WithoutAnEventThereIsNoRequest) {
  begin();
  trap(kAbiModule, "incoming_request", {});
}

TEST_F(HttpTest, FieldsKeepTheirOrderAndIgnoreCase) {
  const u32 self = fields();
  EXPECT_EQ(append(self, "Set-Cookie", "a=1"), std::nullopt);
  EXPECT_EQ(append(self, "x-other", ""), std::nullopt);
  EXPECT_EQ(append(self, "set-cookie", "b=2"), std::nullopt);
  EXPECT_EQ(entries(self),
            (FieldList{{"set-cookie", "a=1"}, {"x-other", ""}, {"set-cookie", "b=2"}}));
  const Passed name = pass("SET-cookie");
  EXPECT_EQ(call(kHttp, "[method]fields.has", {self, name.at, name.size}), 1u);
  call(kHttp, "[method]fields.get", {self, name.at, name.size, kRet});
  ASSERT_EQ(get(kRet + 4), 2u);
  EXPECT_EQ(text(get(kRet)), "a=1");
  EXPECT_EQ(text(get(kRet) + 8), "b=2");
  call(kHttp, "[method]fields.delete", {self, name.at, name.size, kRet});
  EXPECT_EQ(entries(self), (FieldList{{"x-other", ""}}));
}

TEST_F(HttpTest, SetReplacesAndCloneIsItsOwn) {
  const u32 self = fields();
  append(self, "a", "1");
  append(self, "a", "2");
  const u32 clone = make("[method]fields.clone", {self});
  const Passed name = pass("A");
  const Passed value = pass("3");
  const u32 values = text_at;
  put(values, value.at);
  put(values + 4, value.size);
  call(kHttp, "[method]fields.set", {self, name.at, name.size, values, 1, kRet});
  EXPECT_EQ(get<u8>(kRet), 0);
  EXPECT_EQ(entries(self), (FieldList{{"a", "3"}}));
  EXPECT_EQ(entries(clone).size(), 2u);
}

TEST_F(HttpTest, ForbiddenAndMalformedFieldsAreRefused) {
  const u32 self = fields();
  for (const char* name : {"Connection", "keep-alive", "Transfer-Encoding", "HOST", "upgrade",
                           "proxy-authorization"}) {
    EXPECT_EQ(append(self, name, "x"), kForbidden) << name;
  }
  EXPECT_EQ(append(self, "", "x"), kInvalidSyntax);
  EXPECT_EQ(append(self, "a b", "x"), kInvalidSyntax);
  EXPECT_EQ(append(self, "a", "x\r\nb: y"), kInvalidSyntax);
  EXPECT_EQ(append(self, "a", std::string_view("x\0y", 3)), kInvalidSyntax);
  EXPECT_TRUE(entries(self).empty());
}

TEST_F(HttpTest, FieldsFromAListAreCheckedLikewise) {
  const auto from = [this](std::string_view name, std::string_view value) {
    const Passed n = pass(name);
    const Passed v = pass(value);
    const u32 at = text_at;
    text_at += 16;
    put(at, n.at);
    put(at + 4, n.size);
    put(at + 8, v.at);
    put(at + 12, v.size);
    call(kHttp, "[static]fields.from-list", {at, 1, kRet});
  };
  from("X-A", "1");
  EXPECT_EQ(entries(handle()), (FieldList{{"x-a", "1"}}));
  from("host", "1");
  EXPECT_EQ(get<u8>(kRet), 1);
  EXPECT_EQ(get<u8>(kRet + 4), kForbidden);
}

TEST_F(HttpTest, FieldsByTheMegabyteEndTheGuest) {
  u32 last = fields();
  append(last, "a", std::string(60'000, 'x'));
  int clones = 0;
  for (; clones < 1000; ++clones) {
    if (raw(kHttp, "[method]fields.clone", {last}).stop) break;
  }
  EXPECT_LT(clones, 300);
  EXPECT_NE(session.trap().find("header fields"), std::string::npos);
}

TEST_F(HttpTest, AResponseWithHeadersBodyAndTrailers) {
  const u32 list = fields();
  append(list, "X-A", "1");
  append(list, "set-cookie", "a=1");
  append(list, "set-cookie", "b=2");
  const u32 out = make("[constructor]outgoing-response", {list});
  EXPECT_EQ(call(kHttp, "[method]outgoing-response.set-status-code", {out, 201}), 0u);
  EXPECT_EQ(call(kHttp, "[method]outgoing-response.status-code", {out}), 201u);
  const u32 shown = make("[method]outgoing-response.headers", {out});
  EXPECT_EQ(append(shown, "x-b", "2"), kImmutable);
  call(kHttp, "[resource-drop]fields", {shown});
  const u32 body = body_of(out);
  set(out);
  EXPECT_EQ(session.answered(), Answered::kUnfinished);
  write(body, "hello");
  const u32 trailers = fields();
  append(trailers, "x-sum", "7");
  call(kHttp, "[static]outgoing-body.finish", {body, 1, trailers, kRet});
  EXPECT_EQ(get<u8>(kRet), 0);
  ASSERT_EQ(session.answered(), Answered::kResponse);
  const HttpResponse& got = session.response();
  EXPECT_EQ(got.status, 201);
  EXPECT_EQ(got.headers, (FieldList{{"x-a", "1"}, {"set-cookie", "a=1"}, {"set-cookie", "b=2"}}));
  EXPECT_EQ(got.body, "hello");
  EXPECT_EQ(got.trailers, (FieldList{{"x-sum", "7"}}));
}

TEST_F(HttpTest, AResponseIsSetOnce) {
  const u32 out = static_cast<u32>(call(kAbiModule, "response_outparam", {}));
  call(kHttp, "[static]response-outparam.set", {out, 0, response(), 0, 0, 0, 0, 0, 0});
  trap(kHttp, "[static]response-outparam.set", {out, 0, response(), 0, 0, 0, 0, 0, 0});
}

TEST_F(HttpTest, AnAnswerMayBeAnError) {
  const u32 out = static_cast<u32>(call(kAbiModule, "response_outparam", {}));
  const Passed why = pass("out of cheese");
  call(kHttp, "[static]response-outparam.set", {out, 1, 38, 1, why.at, why.size, 0, 0, 0});
  EXPECT_EQ(session.answered(), Answered::kError);
  EXPECT_EQ(session.error(), "internal-error: out of cheese");
}

TEST_F(HttpTest, NothingSetIsNothingAnswered) {
  response();
  EXPECT_EQ(session.answered(), Answered::kNothing);
}

TEST_F(HttpTest, ABodyDroppedIsUnfinished) {
  const u32 out = response();
  const u32 body = body_of(out);
  set(out);
  write(body, "half");
  call(kHttp, "[resource-drop]outgoing-body", {body});
  EXPECT_EQ(session.answered(), Answered::kUnfinished);
}

TEST_F(HttpTest, ABodyFinishedBeforeItsStreamIsDroppedIsATrap) {
  const u32 body = body_of(response());
  call(kHttp, "[method]outgoing-body.write", {body, kRet});
  handle();
  trap(kHttp, "[static]outgoing-body.finish", {body, 0, 0, kRet});
}

TEST_F(HttpTest, AContentLengthIsHeld) {
  const auto with_length = [this] {
    const u32 list = fields();
    append(list, "content-length", "4");
    return make("[constructor]outgoing-response", {list});
  };
  const u32 out = with_length();
  const u32 body = body_of(out);
  write(body, "abc");
  finish(body);
  EXPECT_EQ(get<u8>(kRet), 1);
  EXPECT_EQ(get<u8>(kRet + 8), 28);  // HTTP-response-body-size
  EXPECT_EQ(get<u64>(kRet + 24), 3u);

  const u32 second = body_of(with_length());
  call(kHttp, "[method]outgoing-body.write", {second, kRet});
  const u32 stream = handle();
  const Passed bytes = pass("abcde");
  call(kStreams, "[method]output-stream.write", {stream, bytes.at, bytes.size, kRet});
  EXPECT_EQ(get<u8>(kRet), 1);
  EXPECT_EQ(get<u8>(kRet + 4), 0);  // last-operation-failed
  const u32 error = get(kRet + 8);
  call(kHttp, "http-error-code", {error, kRet});
  EXPECT_EQ(get<u8>(kRet), 1);
  EXPECT_EQ(get<u8>(kRet + 8), 28);
  EXPECT_EQ(get<u64>(kRet + 24), 5u);
  call("wasi:io/error", "[method]error.to-debug-string", {error, kRet});
  EXPECT_NE(text(kRet).find("content-length"), std::string::npos);
  call(kStreams, "[method]output-stream.check-write", {stream, kRet});
  EXPECT_EQ(get<u8>(kRet), 1);  // closed from then on
}

TEST_F(HttpTest, ABodyPastTheBoundEndsTheGuest) {
  begin(&request, {.quotas = {.stdout_bytes = 6}});
  const u32 body = body_of(response());
  write(body, "12345");
  const u32 other = body_of(response());
  call(kHttp, "[method]outgoing-body.write", {other, kRet});
  const Passed bytes = pass("678");
  EXPECT_TRUE(
      raw(kStreams, "[method]output-stream.write", {handle(), bytes.at, bytes.size, kRet}).stop);
  EXPECT_EQ(context.stop(), wasi::Stop::kOutputFull);
}

TEST_F(HttpTest, StatusCodesAreThoseOfHttp) {
  const u32 out = response();
  EXPECT_EQ(call(kHttp, "[method]outgoing-response.set-status-code", {out, 99}), 1u);
  EXPECT_EQ(call(kHttp, "[method]outgoing-response.set-status-code", {out, 1000}), 1u);
  EXPECT_EQ(call(kHttp, "[method]outgoing-response.status-code", {out}), 200u);
}

TEST_F(HttpTest, ARequestIsMadeAndDenied) {
  const u32 out = make("[constructor]outgoing-request", {fields()});
  call(kHttp, "[method]outgoing-request.method", {out, kRet});
  EXPECT_EQ(get<u8>(kRet), 0);  // get
  EXPECT_EQ(call(kHttp, "[method]outgoing-request.set-method", {out, 8, 0, 0}), 0u);
  const Passed bad = pass("A B");
  EXPECT_EQ(call(kHttp, "[method]outgoing-request.set-method", {out, 9, bad.at, bad.size}), 1u);
  const Passed host = pass("example.org:80");
  EXPECT_EQ(call(kHttp, "[method]outgoing-request.set-authority", {out, 1, host.at, host.size}),
            0u);
  const Passed path = pass("/x?y");
  EXPECT_EQ(
      call(kHttp, "[method]outgoing-request.set-path-with-query", {out, 1, path.at, path.size}),
      0u);
  EXPECT_EQ(call(kHttp, "[method]outgoing-request.set-path-with-query", {out, 1, bad.at, bad.size}),
            1u);
  for (const auto& [text, refused] :
       {std::pair{"/a`", 1u}, std::pair{"/?`", 0u}, std::pair{"/<", 1u}, std::pair{"/?>", 1u},
        std::pair{"/\"{|}^[]\\", 0u}, std::pair{"/#", 1u}}) {
    const Passed some = pass(text);
    EXPECT_EQ(
        call(kHttp, "[method]outgoing-request.set-path-with-query", {out, 1, some.at, some.size}),
        refused)
        << text;
  }
  call(kHttp, "[method]outgoing-request.set-path-with-query", {out, 1, path.at, path.size});
  const u32 other = make("[constructor]outgoing-request", {fields()});
  EXPECT_EQ(call(kHttp, "[method]outgoing-request.set-path-with-query", {other, 1, bad.at, 0}), 0u);
  call(kHttp, "[method]outgoing-request.path-with-query", {other, kRet});
  EXPECT_EQ(get<u8>(kRet), 0);  // none
  EXPECT_EQ(call(kHttp, "[method]outgoing-request.set-scheme", {out, 1, 1, 0, 0}), 0u);
  call(kHttp, "[method]outgoing-request.scheme", {out, kRet});
  EXPECT_EQ(get<u8>(kRet + 4), 1);
  call(kHttp, "[method]outgoing-request.path-with-query", {out, kRet});
  EXPECT_EQ(optional_text(kRet), "/x?y");
  const u32 options = make("[constructor]request-options");
  EXPECT_EQ(call(kHttp, "[method]request-options.set-connect-timeout", {options, 1, 77}), 0u);
  call(kHttp, "[method]request-options.connect-timeout", {options, kRet});
  EXPECT_EQ(get<u64>(kRet + 8), 77u);
  call("wasi:http/outgoing-handler", "handle", {out, 1, options, kRet});
  EXPECT_EQ(get<u8>(kRet), 1);
  EXPECT_EQ(get<u8>(kRet + 8), 15);  // HTTP-request-denied
  ASSERT_TRUE(context.denial());
  EXPECT_NE(context.denial()->message.find("example.org:80"), std::string::npos);
  trap(kHttp, "[resource-drop]outgoing-request", {out});
}

TEST_F(HttpTest, TheNextEventMeetsNothingOfTheLast) {
  const u32 out = response(500);
  const u32 body = body_of(out);
  write(body, "secret");
  set(out);
  begin(&request);
  EXPECT_EQ(session.answered(), Answered::kNothing);
  EXPECT_EQ(session.response().body, "");
  const u32 next = response();
  const u32 fresh = body_of(next);
  set(next);
  finish(fresh);
  EXPECT_EQ(session.answered(), Answered::kResponse);
  EXPECT_EQ(session.response().body, "");
  EXPECT_EQ(session.response().status, 200);
}

}  // namespace
}  // namespace ferry::wasi2
