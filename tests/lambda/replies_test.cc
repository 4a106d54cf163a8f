// Outcomes as Lambda's callers want to hear them.
#include "platforms/lambda/replies.h"

#include <set>

#include <gtest/gtest.h>

#include "emulators/emulator.h"
#include "platforms/lambda/http_reply.h"

namespace ferry::platforms {

const Emulation& lambda_emulation();

namespace lambda {
namespace {

using host::Outcome;

Outcome good(std::string data, std::string type = "application/json") {
  Outcome outcome;
  outcome.status = host::Status::kOk;
  outcome.reply.data = std::move(data);
  outcome.reply.content_type = std::move(type);
  return outcome;
}

Outcome bad(host::Status status = host::Status::kFailed) {
  Outcome outcome;
  outcome.status = status;
  outcome.message = "it ended with code 3";
  outcome.hint = "see its log";
  outcome.backtrace = "one\ntwo\n";
  return outcome;
}

Input input_of(const std::string& json) {
  Invocation invocation{"r", "arn:aws:lambda:r:1:function:f", WallTime{}};
  auto input = read_input(json, invocation, {});
  EXPECT_TRUE(input.ok());
  return std::move(*input);
}

std::string sqs(int count, const std::string& queue = "q") {
  std::string out = "{\"Records\":[";
  for (int i = 0; i < count; ++i) {
    out += (i > 0 ? "," : "");
    out += R"({"messageId":"m)" + std::to_string(i) +
           R"(","body":"b","eventSource":"aws:sqs","eventSourceARN":"arn:aws:sqs:r:1:)" + queue +
           "\"}";
  }
  return out + "]}";
}

std::string kinesis(int count) {
  std::string out = "{\"Records\":[";
  for (int i = 0; i < count; ++i) {
    out += (i > 0 ? "," : "");
    out += R"({"kinesis":{"data":"QQ==","sequenceNumber":")" + std::to_string(i) + "\"}}";
  }
  return out + "]}";
}

TEST(Reply, JsonAsItIsTextAsAStringOtherBytesInBase64NothingAsNull) {
  Input input = input_of("{}");
  EXPECT_EQ(report(input, std::vector{good("{\"a\": 1.50}")}).body, "{\"a\": 1.50}");
  EXPECT_EQ(report(input, std::vector{good("h\xC3\xA9 \"x\"\n", "text/plain")}).body,
            "\"h\xC3\xA9 \\\"x\\\"\\n\"");
  EXPECT_EQ(report(input, std::vector{good("")}).body, "null");
  EXPECT_EQ(report(input, std::vector{good("\xFF", "image/x")}).body,
            R"({"datacontenttype":"image/x","data_base64":"/w=="})");
  EXPECT_EQ(report(input, std::vector{good("{no", "application/json")}).body, "\"{no\"");
}

TEST(Reply, AnEventGoesInStructuredMode) {
  Outcome outcome = good("{}");
  outcome.reply.event.emplace();
  outcome.reply.event->id = "1";
  outcome.reply.event->source = "/s";
  outcome.reply.event->type = "t";
  outcome.reply.event->datacontenttype = "application/json";
  EXPECT_EQ(report(input_of("{}"), std::vector{outcome}).body,
            R"({"specversion":"1.0","id":"1","source":"/s","type":"t",)"
            R"("datacontenttype":"application/json","data":{}})");
}

TEST(Reply, EachStatusHasItsErrorType) {
  Input input = input_of("{}");
  for (auto [status, type] : {std::pair{host::Status::kFailed, "Function.Failed"},
                              {host::Status::kTrapped, "Function.Trapped"},
                              {host::Status::kTimeout, "Function.Timeout"},
                              {host::Status::kOutOfMemory, "Function.OutOfMemory"},
                              {host::Status::kOutputTooLarge, "Function.OutputTooLarge"},
                              {host::Status::kDenied, "Function.Denied"},
                              {host::Status::kRefused, "Host.Refused"},
                              {host::Status::kBroken, "Host.Broken"}}) {
    EXPECT_EQ(report(input, std::vector{bad(status)}).error_type, type);
  }
  EXPECT_EQ(report(input, std::vector{bad()}).body,
            R"--({"errorMessage":"it ended with code 3 (see its log)",)--"
            R"("errorType":"Function.Failed","stackTrace":["one","two"]})");
}

TEST(Batch, NamesTheEventsThatFailedAndNoOthers) {
  Input input = input_of(sqs(3));
  EXPECT_FALSE(input.one_by_one);
  EXPECT_EQ(report(input, std::vector{good("1"), good("2"), good("3")}).body,
            R"({"batchItemFailures":[]})");
  Report one = report(input, std::vector{good("1"), bad(), good("3")});
  EXPECT_EQ(one.body, R"({"batchItemFailures":[{"itemIdentifier":"m1"}]})");
  EXPECT_EQ(one.error_type, "");
}

TEST(Batch, WhereAllFailedTheInvocationIsTheError) {
  Report all = report(input_of(sqs(2)), std::vector{bad(), bad()});
  EXPECT_EQ(all.error_type, "Function.Failed");
}

TEST(Batch, WhereTheFailedOneHasNoNameTheInvocationIsTheError) {
  Input input = input_of(sqs(2));
  input.items[1].name.clear();
  EXPECT_EQ(report(input, std::vector{good("1"), bad()}).error_type, "Function.Failed");
}

TEST(Batch, InAFifoQueueWhatStandsBehindAFailureFailsToo) {
  Input input = input_of(sqs(4, "q.fifo"));
  EXPECT_TRUE(input.one_by_one);
  EXPECT_EQ(report(input, std::vector{good("1"), bad()}).body,
            R"({"batchItemFailures":[{"itemIdentifier":"m1"},{"itemIdentifier":"m2"},)"
            R"({"itemIdentifier":"m3"}]})");
}

TEST(Batch, AStreamIsHandedOverAgainFromTheFirstThatFailed) {
  Input input = input_of(kinesis(3));
  EXPECT_TRUE(input.one_by_one);
  EXPECT_EQ(report(input, std::vector{good("1"), bad()}).body,
            R"({"batchItemFailures":[{"itemIdentifier":"1"},{"itemIdentifier":"2"}]})");
}

TEST(Reply, AListOfEventsWithoutPartialAnswersGivesAListOfReplies) {
  Input input = input_of(R"({"Records":[{"Sns":{}},{"Sns":{}}]})");
  EXPECT_EQ(report(input, std::vector{good("1"), good("")}).body, "[1,null]");
  EXPECT_EQ(report(input, std::vector{good("1"), bad()}).error_type, "Function.Failed");
}

http::Response response() {
  http::Response out;
  out.status = 201;
  out.content_type = "text/plain";
  out.fields = {{"Set-Cookie", "a=1"}, {"X-Two", "1"}, {"set-cookie", "b=2"}, {"x-two", "2"}};
  out.body = "hi";
  return out;
}

TEST(HttpReply, RestApi) {
  EXPECT_EQ(
      http_reply(ReplyKind::kHttpV1, false, response()),
      R"({"statusCode":201,"multiValueHeaders":{"content-type":["text/plain"],)"
      R"("set-cookie":["a=1","b=2"],"x-two":["1","2"]},"body":"hi","isBase64Encoded":false})");
}

TEST(HttpReply, HttpApiAndFunctionUrl) {
  EXPECT_EQ(http_reply(ReplyKind::kHttpV2, false, response()),
            R"({"statusCode":201,"headers":{"content-type":"text/plain","x-two":"1, 2"},)"
            R"("cookies":["a=1","b=2"],"body":"hi","isBase64Encoded":false})");
}

TEST(HttpReply, LoadBalancerByItsSetting) {
  EXPECT_EQ(http_reply(ReplyKind::kHttpAlb, true, response()),
            R"({"statusCode":201,"statusDescription":"201 Created","multiValueHeaders":)"
            R"({"content-type":["text/plain"],"set-cookie":["a=1","b=2"],"x-two":["1","2"]},)"
            R"("body":"hi","isBase64Encoded":false})");
  EXPECT_EQ(http_reply(ReplyKind::kHttpAlb, false, response()),
            R"({"statusCode":201,"statusDescription":"201 Created","headers":)"
            R"({"content-type":"text/plain","set-cookie":"a=1","Set-cookie":"b=2",)"
            R"("x-two":"1, 2"},"body":"hi","isBase64Encoded":false})");
}

TEST(HttpReply, BytesThatAreNoTextGoInBase64) {
  http::Response binary;
  binary.body = std::string("\x00\xFF", 2);
  EXPECT_EQ(http_reply(ReplyKind::kHttpV2, false, binary),
            R"({"statusCode":200,"headers":{},"body":"AP8=","isBase64Encoded":true})");
}

TEST(HttpReply, AHeaderThatCouldSplitTheAnswerIsLeftOut) {
  http::Response hostile;
  hostile.fields = {{"a b", "1"}, {"ok", "1\r\nset-cookie: x"}, {"utf", "\xFF"}, {"good", "2"}};
  EXPECT_EQ(http_reply(ReplyKind::kHttpV2, false, hostile),
            R"({"statusCode":200,"headers":{"good":"2"},"body":"","isBase64Encoded":false})");
}

TEST(HttpReply, PastLambdasLimitItIsAnError) {
  http::Response big;
  big.body = std::string(5u << 20, '\xFF');  // in base64 more than 6 MiB
  EXPECT_EQ(http_report(ReplyKind::kHttpV2, false, big).error_type, "Function.OutputTooLarge");
  big.body = std::string(5u << 20, 'x');
  EXPECT_EQ(http_report(ReplyKind::kHttpV2, false, big).error_type, "");
}

// verify said DIFFERS: the documented loss was nowhere said.
TEST(HttpReply, WhatIsPastLambdasLimitIsLost) {
  Observed expected;
  expected.status = "ok";
  expected.http = 200;
  expected.content_type = "application/octet-stream";
  expected.body = std::string(5u << 20, '\xFF');
  expected.logs = {"a line"};
  EXPECT_NE(lambda_emulation().lose(expected), "");
  EXPECT_EQ(expected.status, "output-too-large");
  EXPECT_EQ(expected.http, 502);
  EXPECT_EQ(expected.body, "");
  EXPECT_EQ(expected.logs->size(), 1u);
  EXPECT_EQ(expected.notes.size(), 1u);
  expected.status = "ok";
  expected.body = std::string(5u << 20, 'x');
  EXPECT_EQ(lambda_emulation().lose(expected), "");
}

TEST(Replies, EachEndHasATypeOfItsOwn) {
  std::set<std::string> types;
  for (const host::Status status :
       {host::Status::kOk, host::Status::kFailed, host::Status::kTrapped, host::Status::kTimeout,
        host::Status::kOutOfMemory, host::Status::kOutputTooLarge, host::Status::kDenied,
        host::Status::kRefused, host::Status::kBroken}) {
    types.insert(error_type(status));
  }
  EXPECT_EQ(types.size(), 9U);
  EXPECT_TRUE(types.contains(""));  // of a good one
}

TEST(Replies, OfErrorsAreJsonWhateverTheirText) {
  Outcome outcome = bad();
  outcome.message = "\xff";
  outcome.hint = "";
  outcome.backtrace = "\n\none\n\n";
  const Report report = error_report(outcome);
  EXPECT_EQ(
      report.body,
      R"_({"errorMessage":"(not UTF-8)","errorType":"Function.Failed","stackTrace":["one"]})_");
}

TEST(Replies, AreTheDataWhereTheyAreJsonAndElseAString) {
  EXPECT_EQ(reply_value(good("[1]").reply), "[1]");
  EXPECT_EQ(reply_value(good("{").reply), R"("{")");
  EXPECT_EQ(reply_value(good("").reply), "null");
  EXPECT_EQ(reply_value(good("hi", "text/plain").reply), R"("hi")");
  EXPECT_EQ(reply_value(good("\xff", "image/png").reply),
            R"({"datacontenttype":"image/png","data_base64":"/w=="})");
}

}  // namespace
}  // namespace lambda
}  // namespace ferry::platforms
