// Events as the requests of guests that handle HTTP, and replies from their responses.
#include "host/http_guest.h"

#include <cstring>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/clock.h"
#include "host/fake_engine.h"
#include "host/guest_abi.h"
#include "host/host.h"
#include "wasi2/functions.h"

namespace ferry::host {
namespace {

using engine::End;
using testing::Contains;
using testing::HasSubstr;
using testing::Pair;

// What a component does, by the same calls as wasm would.
class Component {
 public:
  Component(wasi::Context& context, std::vector<std::uint8_t>& memory)
      : context_(context), memory_(memory) {}

  std::uint64_t call(std::string_view module, std::string_view name,
                     std::initializer_list<std::uint64_t> args) {
    const wasi2::Function* found = wasi2::find_function(module, name);
    std::vector<std::uint64_t> slots(args);
    slots.resize(wasi2::kMaxParams);
    const auto result = found->call(context_, {memory_.data(), memory_.size()}, slots.data());
    stopped = stopped || result.stop;
    return result.value;
  }
  std::uint64_t http(std::string_view name, std::initializer_list<std::uint64_t> args) {
    return call("wasi:http/types@0.2.1", name, args);
  }
  std::uint32_t handle_at(std::uint32_t at) const {
    std::uint32_t out = 0;
    std::memcpy(&out, memory_.data() + at, sizeof(out));
    return out;
  }

  // A response that is set: its body and the stream into it.
  std::pair<std::uint32_t, std::uint32_t> begin_answer(std::uint32_t status) {
    const std::uint64_t response =
        http("[constructor]outgoing-response", {http("[constructor]fields", {})});
    http("[method]outgoing-response.set-status-code", {response, status});
    http("[method]outgoing-response.body", {response, 64});
    const std::uint64_t out = handle_at(68);
    const std::uint64_t param = call("ferry:abi", "response_outparam", {});
    http("[static]response-outparam.set", {param, 0, response, 0, 0, 0, 0, 0, 0});
    http("[method]outgoing-body.write", {out, 64});
    return {out, handle_at(68)};
  }
  void write(std::uint32_t stream, std::string_view text) {
    std::memcpy(memory_.data() + 256, text.data(), text.size());
    call("wasi:io/streams@0.2.1", "[method]output-stream.write", {stream, 256, text.size(), 64});
  }
  void finish(std::uint32_t out, std::uint32_t stream) {
    call("wasi:io/streams@0.2.1", "[resource-drop]output-stream", {stream});
    http("[static]outgoing-body.finish", {out, 0, 0, 64});
  }
  void wait() {
    const auto timer = call("wasi:clocks/monotonic-clock@0.2.1", "subscribe-duration", {1'000'000});
    call("wasi:io/poll@0.2.1", "[method]pollable.block", {timer});
    call("wasi:io/poll@0.2.1", "[resource-drop]pollable", {timer});
  }

  // A response with a body that is finished, or not.
  void answer(std::uint32_t status, std::string_view body, bool whole = true) {
    const auto [out, stream] = begin_answer(status);
    write(stream, body);
    if (whole) {
      finish(out, stream);
    } else {
      call("wasi:io/streams@0.2.1", "[resource-drop]output-stream", {stream});
    }
  }

  // A request for http://AUTHORITY/, sent.
  void ask(std::string_view authority) {
    const std::uint64_t request =
        http("[constructor]outgoing-request", {http("[constructor]fields", {})});
    std::memcpy(memory_.data() + 256, authority.data(), authority.size());
    http("[method]outgoing-request.set-authority", {request, 1, 256, authority.size()});
    http("[method]outgoing-request.set-scheme", {request, 1, 0, 0, 0});
    call("wasi:http/outgoing-handler@0.2.1", "handle", {request, 0, 0, 64});
  }

  End end() const { return stopped ? End{End::Kind::kStopped, 0, "", ""} : End{}; }

  bool stopped = false;

 private:
  wasi::Context& context_;
  std::vector<std::uint8_t>& memory_;
};

class HttpGuestTest : public testing::Test {
 protected:
  HttpGuestTest() {
    event_.id = "1";
    event_.source = "/test";
    event_.type = "test.happened";
    event_.data = "{\"a\":1}";
    event_.datacontenttype = "application/json";
  }

  Outcome invoke(const std::function<void(Component&)>& guest, wasm::Abi abi = wasm::Abi::kHttp) {
    const char* entry = abi == wasm::Abi::kHttp ? "ferry:http" : "ferry:run";
    fake_.exports[entry] = [&](wasi::Context& context) {
      Component component(context, fake_.memory);
      guest(component);
      return component.end();
    };
    wasm::Record record;
    record.abi = abi;
    Host host(engine_, system_clock(), system_random());
    LoadOptions options;
    options.manifest = manifest_;
    auto loaded = host.load(fake_bundle(record), options);
    EXPECT_TRUE(loaded.ok()) << loaded.error().text();
    return host.invoke(**loaded, event_, options_);
  }
  static void nothing(Component& component) { component.answer(200, "ok"); }

  FakeGuest fake_;
  FakeEngine engine_{fake_};
  event::Event event_;
  InvokeOptions options_;
  function::Manifest manifest_;
};

// What reaches a client, piece by piece.
class Pieces final : public ReplyStream {
 public:
  bool begin(int status, const wasi2::FieldList& /*headers*/) override {
    seen.push_back(std::to_string(status));
    return takes;
  }
  void add(std::string_view piece) override { seen.emplace_back(piece); }

  bool takes = true;
  std::vector<std::string> seen;
};

TEST_F(HttpGuestTest, WhatWasWrittenGoesOutAtEachWait) {
  Pieces pieces;
  options_.stream = &pieces;
  const auto guest = [](Component& c) {
    c.wait();  // nothing is there yet
    const auto [out, stream] = c.begin_answer(201);
    c.wait();  // the head alone
    c.write(stream, "one ");
    c.write(stream, "two ");
    c.wait();
    c.wait();  // nothing new
    c.write(stream, "three");
    c.finish(out, stream);
    c.wait();  // the response is whole: its end goes with the outcome
  };
  const Outcome outcome = invoke(guest);
  EXPECT_EQ(outcome.status, Status::kOk) << outcome.message;
  EXPECT_EQ(outcome.reply.data, "one two three");
  EXPECT_THAT(pieces.seen, testing::ElementsAre("201", "one two "));
}

TEST_F(HttpGuestTest, NoPiecesWhereTheyAreNotTakenOrTheFunctionNeverWaits) {
  Pieces pieces;
  options_.stream = &pieces;
  invoke([](Component& c) { c.answer(200, "whole"); });
  EXPECT_THAT(pieces.seen, testing::IsEmpty());
  const auto guest = [](std::uint32_t status) {
    return [status](Component& c) {
      const auto [out, stream] = c.begin_answer(status);
      c.write(stream, "one");
      c.wait();
      c.wait();
      c.finish(out, stream);
    };
  };
  invoke(guest(600));  // no status of a response: the outcome will say so
  EXPECT_THAT(pieces.seen, testing::IsEmpty());
  pieces.takes = false;
  EXPECT_EQ(invoke(guest(200)).reply.data, "one");
  EXPECT_THAT(pieces.seen, testing::ElementsAre("200"));
  pieces.takes = true;
  pieces.seen.clear();
  manifest_.reply = function::ReplyForm::kCloudEvent;
  EXPECT_EQ(invoke(guest(200)).status, Status::kFailed);
  EXPECT_THAT(pieces.seen, testing::IsEmpty());
}

TEST_F(HttpGuestTest, AResponseBecomesTheReply) {
  const Outcome outcome = invoke([](Component& c) { c.answer(418, "short and stout"); });
  EXPECT_EQ(outcome.status, Status::kOk) << outcome.message;
  ASSERT_TRUE(outcome.reply.http);
  EXPECT_EQ(outcome.reply.http->status, 418);
  EXPECT_EQ(outcome.reply.data, "short and stout");
}

TEST_F(HttpGuestTest, EachWayNotToAnswerHasItsOutcome) {
  Outcome outcome = invoke([](Component&) {});
  EXPECT_EQ(outcome.status, Status::kFailed);
  EXPECT_THAT(outcome.message, HasSubstr("without setting a response"));

  outcome = invoke([](Component& c) { c.answer(200, "half", false); });
  EXPECT_EQ(outcome.status, Status::kFailed);
  EXPECT_THAT(outcome.message, HasSubstr("never finished"));

  outcome = invoke([](Component& c) {
    const std::uint64_t param = c.call("ferry:abi", "response_outparam", {});
    c.http("[static]response-outparam.set", {param, 1, 8, 0, 0, 0, 0, 0, 0});
  });
  EXPECT_EQ(outcome.status, Status::kFailed);
  EXPECT_THAT(outcome.message, HasSubstr("connection-timeout"));

  outcome = invoke([](Component& c) { c.answer(101, ""); });
  EXPECT_EQ(outcome.status, Status::kFailed);
  EXPECT_THAT(outcome.message, HasSubstr("the status 101"));
}

TEST_F(HttpGuestTest, ATrapAfterTheResponseIsATrap) {
  const Outcome outcome = invoke([](Component& c) {
    c.answer(200, "ok");
    c.http("[resource-drop]fields", {99});
  });
  EXPECT_EQ(outcome.status, Status::kTrapped);
  EXPECT_THAT(outcome.message, HasSubstr("99 is not a handle"));
  EXPECT_FALSE(outcome.reply.http);
}

TEST_F(HttpGuestTest, ExitAfterTheResponseKeepsIt) {
  Outcome outcome = invoke([](Component& c) {
    c.answer(200, "ok");
    c.call("wasi:cli/exit@0.2.0", "exit", {0});
  });
  EXPECT_EQ(outcome.status, Status::kOk) << outcome.message;
  EXPECT_EQ(outcome.reply.data, "ok");
  outcome = invoke([](Component& c) { c.call("wasi:cli/exit@0.2.0", "exit", {1}); });
  EXPECT_EQ(outcome.status, Status::kFailed);
  EXPECT_EQ(outcome.exit_code, 1);
}

TEST_F(HttpGuestTest, TheBoundOfTheReplyHolds) {
  manifest_.limits.output = 4;
  const Outcome outcome = invoke([](Component& c) { c.answer(200, "12345"); });
  EXPECT_EQ(outcome.status, Status::kOutputTooLarge);
  EXPECT_THAT(outcome.message, HasSubstr("into its response"));
}

TEST_F(HttpGuestTest, ADeniedRequestIsInTheLog) {
  const Outcome outcome = invoke([](Component& c) {
    c.ask("example.org");
    c.answer(502, "");
  });
  EXPECT_EQ(outcome.status, Status::kOk);
  ASSERT_EQ(outcome.logs.size(), 1u);
  EXPECT_THAT(outcome.logs[0].text, HasSubstr("denied: an HTTP request"));
}

TEST_F(HttpGuestTest, ACommandSeesStdioAndSaysItsResult) {
  Outcome outcome = invoke(
      [](Component& c) {
        const std::uint64_t out = c.call("wasi:cli/stdout@0.2.0", "get-stdout", {});
        const std::uint64_t in = c.call("wasi:cli/stdin@0.2.0", "get-stdin", {});
        c.call("wasi:io/streams@0.2.0", "[method]output-stream.splice", {out, in, 100, 64});
      },
      wasm::Abi::kRun);
  EXPECT_EQ(outcome.status, Status::kOk) << outcome.message;
  EXPECT_EQ(outcome.reply.data, *event_.data);
  fake_.exports["ferry:run"] = nullptr;
  outcome = invoke([](Component& c) { c.call("wasi:cli/exit@0.2.0", "exit-with-code", {3}); },
                   wasm::Abi::kRun);
  EXPECT_EQ(outcome.status, Status::kFailed);
  EXPECT_EQ(outcome.exit_code, 3);
}

class GuestRequestTest : public testing::Test {
 protected:
  static std::vector<std::pair<std::string, std::string>> headers_of(const GuestRequest& request) {
    return {request.get().headers.begin(), request.get().headers.end()};
  }
};

TEST_F(GuestRequestTest, AnEventComesInBinaryMode) {
  event::Event event;
  event.id = "1";
  event.source = "/test";
  event.type = "test.happened";
  event.datacontenttype = "text/plain";
  event.data = "hello";
  event::ReadyEvent ready(event);
  GuestRequest request;
  ASSERT_TRUE(request.make(ready).ok());
  EXPECT_EQ(request.get().method, "POST");
  EXPECT_EQ(request.get().path_with_query, "/");
  EXPECT_EQ(request.get().body, "hello");
  EXPECT_THAT(headers_of(request), Contains(Pair("ce-type", "test.happened")));
  EXPECT_THAT(headers_of(request), Contains(Pair("content-type", "text/plain")));
  EXPECT_THAT(headers_of(request), Contains(Pair("content-length", "5")));
}

TEST_F(GuestRequestTest, APlainRequestComesAsItCame) {
  const std::vector<event::HeaderView> headers = {
      {"Host", "example.org"}, {"Authorization", "secret"}, {"X-Own", "1"}};
  event::HttpRequest message;
  message.method = "PUT";
  message.headers = headers;
  message.body = "text";
  for (const auto& [target, path] :
       {std::pair{"/a/b?c=d", "/a/b?c=d"}, std::pair{"http://example.org/x?y", "/x?y"}}) {
    message.target = target;
    event::PlainRequest plain(event::HttpRequest(message), system_clock(), system_random());
    ASSERT_TRUE(plain.check().ok());
    GuestRequest request;
    ASSERT_TRUE(request.make(plain).ok());
    EXPECT_EQ(request.get().method, "PUT");
    EXPECT_EQ(request.get().path_with_query, path);
    EXPECT_EQ(request.get().authority, "example.org");
    EXPECT_EQ(request.get().body, "text");
    EXPECT_THAT(headers_of(request), Contains(Pair("Authorization", "secret")));
  }
}

TEST_F(GuestRequestTest, APlainRequestIsMadeAgainOfItsEvent) {
  const std::vector<event::HeaderView> headers = {
      {"Host", "example.org:81"}, {"Accept-Language", "de"}, {"Content-Type", "text/plain"}};
  event::HttpRequest message;
  message.method = "PUT";
  message.target = "/a/b?c=d";
  message.headers = headers;
  message.body = "text";
  auto received = event::from_http(std::move(message), system_clock(), system_random());
  ASSERT_TRUE(received.ok());
  event::ReadyEvent ready(received->event);
  GuestRequest request;
  ASSERT_TRUE(request.make(ready).ok());
  EXPECT_EQ(request.get().method, "PUT");
  EXPECT_EQ(request.get().scheme, "http");
  EXPECT_EQ(request.get().authority, "example.org:81");
  EXPECT_EQ(request.get().path_with_query, "/a/b?c=d");
  EXPECT_THAT(headers_of(request), Contains(Pair("accept-language", "de")));
  EXPECT_THAT(headers_of(request), Contains(Pair("content-type", "text/plain")));
}

}  // namespace
}  // namespace ferry::host
