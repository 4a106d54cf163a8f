// Streamed answers: when, in which form, and what becomes of a late error.
#include <set>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/listener.h"
#include "http/server.h"
#include "platforms/lambda/adapter.h"
#include "platforms/lambda/emulator/emulator.h"
#include "platforms/lambda/runtime_api.h"

namespace ferry::platforms::lambda {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

http::Response page() {
  http::Response response;
  response.status = 201;
  response.content_type = "text/plain";
  response.fields = {{"Set-Cookie", "a=1"}, {"x-seen", "yes"}, {"bad\nname", "x"}};
  response.body = std::string("a\0b\xff", 4);
  return response;
}

TEST(Streamed, IsThePreludeEightNulsAndTheBodyAsItIs) {
  Report report = streamed_report(page());
  EXPECT_TRUE(report.streamed);
  EXPECT_EQ(report.content_type, "application/vnd.awslambda.http-integration-response");
  EXPECT_EQ(report.body,
            R"({"statusCode":201,"headers":{"content-type":"text/plain","x-seen":"yes"},)"
            R"("cookies":["a=1"]})" +
                std::string(8, '\0') + std::string("a\0b\xff", 4));
}

TEST(Streamed, PastLambdasBoundIsAnError) {
  http::Response response;
  response.body.resize(kMaxStreamed);
  EXPECT_EQ(streamed_report(response).error_type, "Function.OutputTooLarge");
}

Report json_of(std::size_t size, bool streaming) {
  static const Row row = fallback_row();
  Input input;
  input.row = &row;
  host::Outcome outcome;
  outcome.status = host::Status::kOk;
  outcome.reply.content_type = "text/plain";
  outcome.reply.data = std::string(size, 'x');
  return report(input, {&outcome, 1}, streaming);
}

TEST(Streamed, OnlyWhatIsPastTheBufferedBound) {
  EXPECT_FALSE(json_of(kMaxAnswer - 2, true).streamed);
  Report large = json_of(kMaxAnswer, true);
  EXPECT_TRUE(large.streamed);
  EXPECT_EQ(large.error_type, "");
  EXPECT_EQ(large.body.size(), kMaxAnswer + 2);
  EXPECT_EQ(json_of(kMaxAnswer, false).error_type, "Function.OutputTooLarge");
}

// One invocation in hand, to be answered by the test itself.
class InHand {
 public:
  explicit InHand(bool stream) : emulator_(*RuntimeEmulator::start()) {
    InvokeCall call;
    call.payload = "{}";
    call.stream = stream;
    caller_ = std::thread([this, call] { invoked_ = emulator_->invoke(call); });
    auto next = api().next();
    for (const auto& [name, value] : (*next)->fields) {
      id_ = name == kRequestId ? value : id_;
    }
  }
  ~InHand() {
    if (caller_.joinable()) {
      caller_.join();
    }
  }
  RuntimeApi& api() { return api_; }
  const std::string& id() const { return id_; }
  Invoked ended() {
    caller_.join();
    return invoked_;
  }
  std::vector<std::string> violations() const { return emulator_->violations(); }

 private:
  std::unique_ptr<RuntimeEmulator> emulator_;
  RuntimeApi api_ = *RuntimeApi::at(emulator_->address(), -1);
  std::thread caller_;
  Invoked invoked_;
  std::string id_;
};

TEST(Stream, ArrivesWholeWhateverItsSize) {
  InHand hand(true);
  std::string body;
  body.resize(20'000'001, 'x');
  auto status = hand.api().stream(hand.id(), {"application/json", body, std::nullopt});
  ASSERT_TRUE(status.ok()) << status.error().text();
  EXPECT_EQ(*status, 202);
  Invoked invoked = hand.ended();
  EXPECT_EQ(invoked.body, body);
  EXPECT_EQ(invoked.content_type, "application/json");
  EXPECT_EQ(invoked.late_error, "");
  EXPECT_THAT(hand.violations(), IsEmpty());
}

TEST(Stream, WhatTheDeadlineCutsOffEndsInTrailers) {
  InHand hand(true);
  const Monotonic past = system_clock().monotonic() - std::chrono::seconds(1);
  auto status = hand.api().stream(hand.id(), {"application/json", "[1,2,3]", past});
  ASSERT_TRUE(status.ok()) << status.error().text();
  Invoked invoked = hand.ended();
  EXPECT_EQ(invoked.body, "");
  EXPECT_THAT(invoked.late_error, HasSubstr(R"("errorType":"Function.Timeout")"));
  EXPECT_THAT(hand.violations(), IsEmpty());
}

TEST(Stream, ACallerWhoWaitsForTheWholeTakesSixMiB) {
  InHand hand(false);
  std::string body(kMaxAnswer + 1, 'x');
  auto status = hand.api().stream(hand.id(), {"application/json", body, std::nullopt});
  ASSERT_TRUE(status.ok()) << status.error().text();
  EXPECT_EQ(*status, 413);
  EXPECT_EQ(hand.ended().error_type, "Function.ResponseSizeTooLarge");
}

TEST(Stream, TheEmulatorSeesHttpWithoutItsPrelude) {
  InHand hand(true);
  auto status = hand.api().stream(
      hand.id(), {"application/vnd.awslambda.http-integration-response", "hello", std::nullopt});
  ASSERT_TRUE(status.ok());
  EXPECT_THAT(hand.violations(), ElementsAre("a streamed HTTP response without its prelude"));
}

// Counts connections, and closes each after `requests` answers without saying so before.
class Forgetful final : public http::Service {
 public:
  int lane(const http::Request&) override { return 0; }
  void handle(const http::Request& request, http::Response& response) override {
    peers.insert(std::string(request.peer));
    response.status = request.method == "GET" ? 200 : 202;
    response.close = close;
  }
  std::set<std::string> peers;
  bool close = false;
};

std::size_t connections(bool close) {
  Forgetful api;
  api.close = close;
  auto listeners = http::listen_on("127.0.0.1:0", 1);
  http::ServerOptions options;
  options.lanes = {{4}};
  auto server = std::move(*http::Server::make(options, api));
  EXPECT_TRUE(server->listen(std::move(listeners->sockets[0])).ok());
  std::thread thread([&] { EXPECT_TRUE(server->run().ok()); });
  auto client = RuntimeApi::at(listeners->address, -1);
  for (int i = 0; i < 10; ++i) {
    EXPECT_TRUE(client->next().ok());
    EXPECT_TRUE(client->respond("r", "{}").ok());
  }
  server->drain();
  thread.join();
  return api.peers.size();
}

TEST(Line, OneConnectionServesManyCalls) {
  EXPECT_EQ(connections(false), 1u);
  EXPECT_EQ(connections(true), 20u);
}

}  // namespace
}  // namespace ferry::platforms::lambda
