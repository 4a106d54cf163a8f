// One HTTP request to one answer, on a fake engine: what is refused, what a batch may cost, and
// which headers are whose.
#include "platforms/http_calls.h"

#include <array>
#include <thread>

#include <gmock/gmock.h>
#include <sys/socket.h>

#include "host/fake_engine.h"

namespace ferry::platforms {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Key;
using testing::Not;
using testing::Pair;

using Headers = std::vector<event::HeaderView>;

class HttpCallsTest : public testing::Test {
 protected:
  // The guest replies with `reply_`, or fails with `code_`; what it read is in `read_`.
  void load(function::Manifest manifest = {}) {
    guest_.exports["handle"] = [this](wasi::Context& context) {
      read_.push_back(host::read_stdin(context));
      if (nap_.count() > 0) std::this_thread::sleep_for(nap_);
      host::write_to(context, 1, reply_);
      return code_ == 0 ? engine::End{} : host::leave(context, code_);
    };
    wasm::Record record;
    record.abi = wasm::Abi::kReactor;
    auto loaded = host_.load(host::fake_bundle(record), {"fake", std::move(manifest), {}});
    ASSERT_TRUE(loaded.ok()) << loaded.error().text();
    context_ = std::make_unique<AdapterContext>(
        AdapterContext{host_, {*loaded}, system_clock(), system_random()});
    context_->observe = [this](std::size_t, const host::Outcome& outcome, Nanoseconds) {
      observed_.push_back(outcome.status);
    };
    calls_ = std::make_unique<HttpCalls>(*context_);
  }
  http::Response call(HttpCall call) {
    call.arrival = system_clock().monotonic();
    http::Response response;
    calls_->call(std::move(call), response);
    return response;
  }
  http::Response post(const Headers& headers, std::string body) {
    return call(request("POST", headers, std::move(body)));
  }
  static HttpCall request(std::string_view method, const Headers& headers, std::string body) {
    HttpCall call;
    call.message.method = method;
    call.message.target = "/orders?x=1";
    call.message.headers = headers;
    call.message.body = std::move(body);
    return call;
  }

  host::FakeGuest guest_;
  host::FakeEngine engine_{guest_};
  host::Host host_{engine_, system_clock(), system_random()};
  std::unique_ptr<AdapterContext> context_;
  std::unique_ptr<HttpCalls> calls_;
  std::vector<host::Status> observed_;
  std::vector<std::string> read_;
  std::string reply_ = R"({"ok":true})";
  std::uint32_t code_ = 0;
  std::chrono::milliseconds nap_{0};
};

const Headers kJson{{"Host", "x.example"}, {"Content-Type", "application/json"}};
const Headers kBatch{{"Content-Type", "application/cloudevents-batch+json"}};

std::string batch_of(std::initializer_list<const char*> ids) {
  std::string out = "[";
  for (const char* id : ids) {
    out += out.size() > 1 ? "," : "";
    out += R"({"specversion":"1.0","source":"/s","type":"t","id":")" + std::string(id) +
           R"(","data":{"n":1}})";
  }
  return out + "]";
}

TEST_F(HttpCallsTest, ARequestIsAnEventAndItsReplyTheBody) {
  load();
  const auto response = post(kJson, R"({"name":"Ada"})");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.content_type, "application/json");
  EXPECT_EQ(response.body, reply_);
  EXPECT_THAT(response.fields, ElementsAre(Key("ferry-invocation")));
  EXPECT_THAT(read_, ElementsAre(R"({"name":"Ada"})"));
}

TEST_F(HttpCallsTest, AFunctionThatFailsIsAProblemWithItsInvocation) {
  load();
  code_ = 3;
  const auto response = post(kJson, "{}");
  EXPECT_EQ(response.status, 500);
  EXPECT_EQ(response.content_type, "application/problem+json");
  EXPECT_THAT(response.body, HasSubstr("exit code 3"));
  EXPECT_EQ(response.body.find("ok"), std::string::npos);  // nothing of the half reply
  EXPECT_THAT(response.fields, Contains(Key("ferry-invocation")));
}

TEST_F(HttpCallsTest, WhatIsBusyIsToBeAskedAgain) {
  load();
  host::Outcome outcome =
      calls_->refuse(0, {Code::kBusy, "no room", "later"}, system_clock().monotonic(), "");
  EXPECT_FALSE(outcome.invocation.empty());
  http::Response response;
  calls_->answer(0, outcome, false, response);
  EXPECT_EQ(response.status, 503);
  EXPECT_THAT(response.fields, Contains(Pair("Retry-After", "1")));
}

TEST_F(HttpCallsTest, EachModeOfACloudEventIsRead) {
  load();
  const auto binary = post({{"ce-specversion", "1.0"},
                            {"ce-id", "1"},
                            {"ce-source", "/s"},
                            {"ce-type", "t"},
                            {"content-type", "application/json"}},
                           R"({"n":1})");
  EXPECT_EQ(binary.status, 200);
  const auto structured =
      post({{"Content-Type", "application/cloudevents+json"}},
           R"({"specversion":"1.0","id":"1","source":"/s","type":"t","data":{"n":2}})");
  EXPECT_EQ(structured.status, 200);
  EXPECT_THAT(read_, ElementsAre(R"({"n":1})", R"({"n":2})"));
}

TEST_F(HttpCallsTest, WhatIsNoWholeCloudEventIsRefusedAndNeverRun) {
  load();
  EXPECT_EQ(post({{"ce-id", "1"}}, "{}").status, 400);
  EXPECT_EQ(post({{"Content-Type", "application/cloudevents+json"}}, "{").status, 400);
  EXPECT_EQ(post(kBatch, "{}").status, 400);
  EXPECT_EQ(post({{"Content-Type", "a"}, {"Content-Type", "b"}}, "").status, 400);
  EXPECT_TRUE(read_.empty());
  EXPECT_THAT(observed_, ElementsAre(host::Status::kRefused, host::Status::kRefused,
                                     host::Status::kRefused, host::Status::kRefused));
}

TEST_F(HttpCallsTest, CodingsAreDecodedOrNamed) {
  function::Manifest manifest;
  manifest.limits.input = 100;
  load(manifest);
  const auto unknown = post({{"Content-Encoding", "zstd"}}, "x");
  EXPECT_EQ(unknown.status, 415);
  EXPECT_THAT(unknown.fields, Contains(Key("Accept-Encoding")));
  EXPECT_EQ(post({{"Content-Encoding", "gzip"}}, "not gzip").status, 400);
  EXPECT_TRUE(read_.empty());
  EXPECT_EQ(post({{"Content-Encoding", "identity"}}, "plain").status, 200);
}

TEST_F(HttpCallsTest, ABatchSaysOfEachEventWhatBecameOfIt) {
  load();
  const auto response = post(kBatch, batch_of({"a", "b"}));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.content_type, "application/json");
  EXPECT_EQ(read_.size(), 2U);
  EXPECT_THAT(response.body, HasSubstr(R"("outcome":"ok")"));
  EXPECT_EQ(post(kBatch, "[]").body, "[]");
}

TEST_F(HttpCallsTest, ABatchsRepliesHaveOneLimitTogether) {
  function::Manifest manifest;
  manifest.limits.output = 100;
  load(manifest);
  reply_ = '"' + std::string(58, 'x') + '"';
  const auto response = post(kBatch, batch_of({"a", "b", "c"}));
  EXPECT_EQ(read_.size(), 2U);  // the third is not run
  EXPECT_THAT(response.body, HasSubstr("output-too-large"));
  EXPECT_THAT(response.body, HasSubstr("not run: the batch's answer is full"));
  EXPECT_THAT(observed_, ElementsAre(host::Status::kOk, host::Status::kOk, host::Status::kRefused));
}

TEST_F(HttpCallsTest, ABatchHasTheTimeOfOneEvent) {
  function::Manifest manifest;
  manifest.limits.timeout = std::chrono::milliseconds(20);
  load(manifest);
  nap_ = std::chrono::milliseconds(40);
  const auto response = post(kBatch, batch_of({"a", "b", "c"}));
  EXPECT_EQ(read_.size(), 1U);
  EXPECT_THAT(response.body, HasSubstr("not run: the batch's time is used up (20 ms)"));
}

TEST_F(HttpCallsTest, ABatchEndsWithItsClient) {
  load();
  std::array<int, 2> ends{};
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
  const Fd ours(ends[0]);
  Fd(ends[1]).reset();  // it has left
  http::Request from;
  from.socket = ours.get();
  HttpCall left = request("POST", kBatch, batch_of({"a", "b"}));
  left.from = &from;
  EXPECT_THAT(call(std::move(left)).body, HasSubstr("not run: the client has left"));
  EXPECT_TRUE(read_.empty());
}

TEST_F(HttpCallsTest, AReplyMayBeAnEvent) {
  function::Manifest manifest;
  manifest.reply = function::ReplyForm::kCloudEvent;
  load(manifest);
  reply_ = R"({"specversion":"1.0","id":"9","source":"/r","type":"done","data":{"m":1}})";
  const auto binary = post(kJson, "{}");
  EXPECT_THAT(binary.fields, Contains(Pair("ce-id", "9")));
  EXPECT_EQ(binary.body, R"({"m":1})");
  Headers asks = kJson;
  asks.emplace_back("Accept", "application/cloudevents+json");
  const auto structured = post(asks, "{}");
  EXPECT_THAT(structured.content_type, HasSubstr("application/cloudevents+json"));
  EXPECT_THAT(structured.body, HasSubstr(R"("id":"9")"));
  const auto batch = post(kBatch, batch_of({"a", "b"}));
  EXPECT_THAT(batch.content_type, HasSubstr("application/cloudevents-batch+json"));
}

// Who calls may not choose the id that answers are found by, nor may a function.
TEST_F(HttpCallsTest, TheInvocationIsTheFrontsOwn) {
  function::Manifest manifest;
  manifest.reply = function::ReplyForm::kCgi;
  load(manifest);
  reply_ = "Status: 201\nFerry-Invocation: mine\nContent-Type: text/plain\nX-A: b\n\nhello";
  const auto response = post(kJson, "{}");
  EXPECT_EQ(response.status, 201);
  EXPECT_EQ(response.content_type, "text/plain");
  EXPECT_EQ(response.body, "hello");
  EXPECT_THAT(response.fields, ElementsAre(Key("ferry-invocation"), Pair("X-A", "b")));
  EXPECT_NE(response.fields[0].second, "mine");
}

TEST_F(HttpCallsTest, PreflightsAreAnsweredWithoutTheFunction) {
  function::Manifest manifest;
  manifest.http.cors.emplace().origins = {"https://app.example"};
  load(manifest);
  const Headers asks{{"Origin", "https://app.example"}, {"Access-Control-Request-Method", "POST"}};
  EXPECT_EQ(call(request("OPTIONS", asks, "")).status, 204);
  EXPECT_TRUE(read_.empty());
  Headers from = kJson;
  from.emplace_back("Origin", "https://app.example");
  const auto answer = post(from, "{}");
  EXPECT_EQ(read_.size(), 1U);
  EXPECT_THAT(answer.fields, Contains(Pair("Access-Control-Allow-Origin", "https://app.example")));
}

// A platform vouches for some attributes: the client's own of that name do not count.
TEST_F(HttpCallsTest, WhatThePlatformVouchesForReplacesTheRequestsOwn) {
  function::Manifest manifest;
  manifest.input = function::InputForm::kCloudEvent;
  load(manifest);
  const Headers headers{{"ce-specversion", "1.0"},
                        {"ce-id", "1"},
                        {"ce-source", "/s"},
                        {"ce-type", "t"},
                        {"ce-caller", "root"}};
  HttpCall event = request("POST", headers, "");
  event.attributes.emplace("caller", std::string("eve"));
  bool finished = false;
  event.finish = [&](const event::Event& request, host::Outcome& outcome) {
    finished = request.id == "1" && outcome.status == host::Status::kOk;
  };
  call(std::move(event));
  EXPECT_TRUE(finished);
  HttpCall plain = request("POST", kJson, "{}");
  plain.attributes.emplace("caller", std::string("eve"));
  plain.adjust = [](event::Event& adjusted) { adjusted.type = "adjusted"; };
  call(std::move(plain));
  HttpCall batch = request("POST", kBatch, batch_of({"a"}));
  batch.attributes.emplace("caller", std::string("eve"));
  call(std::move(batch));
  ASSERT_EQ(read_.size(), 3U);
  for (const std::string& event_read : read_) {
    EXPECT_THAT(event_read, HasSubstr(R"("caller":"eve")"));
    EXPECT_THAT(event_read, Not(HasSubstr("root")));
  }
  EXPECT_THAT(read_[1], HasSubstr(R"("type":"adjusted")"));
}

TEST_F(HttpCallsTest, HeadersThatTheManifestNamesAreCarried) {
  function::Manifest manifest;
  manifest.input = function::InputForm::kCloudEvent;
  manifest.headers = {"x-tenant"};
  load(manifest);
  Headers headers = kJson;
  headers.emplace_back("X-Tenant", "t1");
  headers.emplace_back("Authorization", "secret");
  post(headers, "{}");
  ASSERT_EQ(read_.size(), 1U);
  EXPECT_THAT(read_[0], HasSubstr(R"("httpxtenant":"t1")"));
  EXPECT_THAT(read_[0], Not(HasSubstr("secret")));
}

}  // namespace
}  // namespace ferry::platforms
