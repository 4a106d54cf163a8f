#include "host/reply.h"

#include <gtest/gtest.h>

#include "event/json_text.h"
#include "host/outcome_json.h"

namespace ferry::host {
namespace {

TEST(SniffContentType, TellsJsonTextAndBytes) {
  EXPECT_EQ(sniff_content_type(R"({"a":[1,2.5e3,null,"x"]})"), "application/json");
  EXPECT_EQ(sniff_content_type(" true\n"), "application/json");
  EXPECT_EQ(sniff_content_type("-12"), "application/json");
  EXPECT_EQ(sniff_content_type("{\"a\":"), "text/plain; charset=utf-8");
  EXPECT_EQ(sniff_content_type("{} {}"), "text/plain; charset=utf-8");
  EXPECT_EQ(sniff_content_type("hello"), "text/plain; charset=utf-8");
  EXPECT_EQ(sniff_content_type("\xFF\x00"), "application/octet-stream");
}

TEST(SniffContentType, SurvivesDeepNesting) {
  std::string deep(100'000, '[');
  EXPECT_EQ(sniff_content_type(deep), "text/plain; charset=utf-8");
}

TEST(CgiReply, TakesStatusTypeAndFields) {
  auto reply = read_reply(
      "Status: 404 Not Found\r\nContent-Type: text/html\nSet-Cookie: a=1\nSet-Cookie: b=2\n\n<p>",
      function::ReplyForm::kCgi);
  ASSERT_TRUE(reply.ok()) << reply.error().text();
  EXPECT_EQ(reply->http->status, 404);
  EXPECT_EQ(reply->content_type, "text/html");
  ASSERT_EQ(reply->http->headers.size(), 2u);
  EXPECT_EQ(reply->http->headers[1].second, "b=2");
  EXPECT_EQ(reply->data, "<p>");
}

TEST(CgiReply, NeverLetsAFunctionFrameTheAnswer) {
  auto reply = read_reply("content-length: 7\ntransfer-encoding: chunked\nconnection: close\n\nx",
                          function::ReplyForm::kCgi);
  ASSERT_TRUE(reply.ok());
  EXPECT_TRUE(reply->http->headers.empty());
}

TEST(CgiReply, NamesTheLineThatIsWrong) {
  struct Case {
    const char* out;
    const char* line;
  };
  for (const Case& c : {Case{"Status: 200\n", "line 2"}, Case{"nonsense\n\n", "line 1"},
                        Case{"X: 1\nbad name: 2\n\n", "line 2"}, Case{"Status: 99\n\n", "line 1"},
                        Case{"Status: 6OO\n\n", "line 1"},
                        Case{"X: a\x01"
                             "b\n\n",
                             "line 1"}}) {
    auto reply = read_reply(c.out, function::ReplyForm::kCgi);
    ASSERT_FALSE(reply.ok()) << c.out;
    EXPECT_NE(reply.error().message.find(c.line), std::string::npos) << reply.error().message;
  }
}

// It was 200 (RFC 3875, 6.2.3).
TEST(CgiReply, ALocationAloneRedirects) {
  auto status = [](std::string_view out) {
    return read_reply(out, function::ReplyForm::kCgi)->http->status;
  };
  EXPECT_EQ(status("Location: http://example.com/a\n\n"), 302);
  EXPECT_EQ(status("location: /a?b\r\nContent-Type: text/html\r\n\r\n<p>"), 302);
  EXPECT_EQ(status("Location: http://example.com/a\nStatus: 201\n\n"), 201);
  EXPECT_EQ(status("Status: 308\nLocation: /b\n\n"), 308);
  EXPECT_EQ(status("Location:\n\n"), 200);
  EXPECT_EQ(status("Content-Location: /a\n\n"), 200);
}

// 200,000 of them took a writer minutes, outside of every deadline.
TEST(CgiReply, BoundsItsHeader) {
  auto with = [](int fields, std::size_t size) {
    std::string out;
    for (int i = 0; i < fields; ++i) {
      out += "A: " + std::string(size, 'b') + "\n";
    }
    return read_reply(out + "\nbody", function::ReplyForm::kCgi);
  };
  EXPECT_TRUE(with(128, 1).ok());
  EXPECT_NE(with(129, 1).error().message.find("more than 128 fields"), std::string::npos);
  EXPECT_FALSE(with(200'000, 1).ok());
  EXPECT_TRUE(with(2, 32'000).ok());
  EXPECT_FALSE(with(3, 32'000).ok());
}

TEST(EventReply, MovesTheDataOut) {
  auto reply =
      read_reply(R"({"specversion":"1.0","id":"1","source":"/a","type":"t","data":{"n":1.10}})",
                 function::ReplyForm::kCloudEvent);
  ASSERT_TRUE(reply.ok()) << reply.error().text();
  ASSERT_TRUE(reply->event);
  EXPECT_EQ(reply->event->type, "t");
  EXPECT_EQ(reply->data, R"({"n":1.10})");
  EXPECT_FALSE(read_reply("{}", function::ReplyForm::kCloudEvent).ok());
  EXPECT_TRUE(read_reply("", function::ReplyForm::kCloudEvent).ok());
}

TEST(ReadReply, CgiFieldsThatAreNotUtf8AreTextInJson) {
  auto reply = read_reply("Content-Type: a/b;c=\xCF\nX: caf\xE9\n\n", function::ReplyForm::kCgi);
  ASSERT_TRUE(reply.ok());
  EXPECT_EQ(reply->http->headers.at(0).second,
            "caf\xE9");  // to a client of HTTP, as it was written
  Outcome outcome;
  outcome.status = Status::kOk;
  outcome.reply = *reply;
  EXPECT_TRUE(event::check_json(to_json(outcome, {})).ok());
  const std::string answer = to_answer(outcome, "sha256:0");
  EXPECT_TRUE(event::check_json(answer).ok());
  EXPECT_NE(answer.find("caf\xEF\xBF\xBD"), std::string::npos) << answer;
}

// Read into doubles, the first of them was NaN, which is no JSON, and others lost their digits.
TEST(ReadReply, NumbersStayDigitForDigitInJson) {
  for (const std::string number :
       {"0e876493142", "1e-876493142", "0.10", "12345678901234567890123", "-0"}) {
    Outcome outcome;
    outcome.status = Status::kOk;
    auto reply = read_reply("[ " + number + ",\n\"a \\\" b\" ]", function::ReplyForm::kData);
    ASSERT_TRUE(reply.ok());
    outcome.reply = *std::move(reply);
    const std::string wanted = "\"data\":[" + number + ",\"a \\\" b\"]}";
    for (const std::string& text : {to_json(outcome, {}), to_answer(outcome, "sha256:0")}) {
      EXPECT_TRUE(event::check_json(text).ok()) << text;
      EXPECT_NE(text.find(wanted), std::string::npos) << text;
    }
  }
}

TEST(ReadLog, GivesEachLineTheTimeOfItsFirstByte) {
  auto at = [](int s) { return WallTime(std::chrono::seconds(s)); };
  auto lines = read_log("one\ntw", {{at(1), 0}, {at(2), 4}});
  auto split = read_log("one\ntwo\r\nthree", {{at(1), 0}, {at(2), 6}, {at(3), 9}});
  ASSERT_EQ(lines.size(), 2u);
  ASSERT_EQ(split.size(), 3u);
  EXPECT_EQ(lines[1].time, at(2));
  EXPECT_EQ(split[1].text, "two");
  EXPECT_EQ(split[1].time, at(1));
  EXPECT_EQ(split[2].time, at(3));
}

// Fault G5: each line end of a guest became a line of some hundred bytes.
TEST(ReadLog, G5HasALineForEach64BytesOfItsLimit) {
  const std::string ends(1 << 20, '\n');
  bool cut = false;
  EXPECT_EQ(read_log(ends, {}, most_log_lines(ends.size()), &cut).size(), ends.size() / 64);
  EXPECT_TRUE(cut);
  EXPECT_EQ(most_log_lines(100), 1024u);  // what a short log may well have
  EXPECT_EQ(read_log("\n\n", {}, 2, &cut).size(), 2u);
  EXPECT_FALSE(cut);
}

TEST(ReadLog, ReplacesInvalidUtf8) {
  auto lines = read_log(
      "a\xFF"
      "b\xC3\xA9\n",
      {{WallTime{}, 0}});
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0].text,
            "a\xEF\xBF\xBD"
            "b\xC3\xA9");
}

TEST(CarryTrace, GoesOnUnlessTheFunctionBeganAnother) {
  event::Event from;
  from.extensions["traceparent"] = "00-a-b-01";
  from.extensions["tracestate"] = "x=1";
  from.extensions["other"] = "stays";
  event::Event to;
  carry_trace(from, to);
  EXPECT_EQ(event::to_string(to.extensions["traceparent"]), "00-a-b-01");
  EXPECT_EQ(event::to_string(to.extensions["tracestate"]), "x=1");
  EXPECT_FALSE(to.extensions.contains("other"));

  event::Event own;
  own.extensions["traceparent"] = "00-c-d-01";
  carry_trace(from, own);
  EXPECT_EQ(event::to_string(own.extensions["traceparent"]), "00-c-d-01");
  EXPECT_FALSE(own.extensions.contains("tracestate"));
}

TEST(Outcome, HasTheHttpStatusOfTheTable) {
  Outcome outcome;
  outcome.status = Status::kOk;
  EXPECT_EQ(http_status(outcome), 204);
  outcome.reply.data = "x";
  EXPECT_EQ(http_status(outcome), 200);
  outcome.status = Status::kTimeout;
  EXPECT_EQ(http_status(outcome), 504);
  EXPECT_EQ(http_status(refuse("busy", "", true)), 503);
  EXPECT_EQ(http_status(refuse("bad", "", false)), 400);
}

// One function for HTTP and a queue: a message that went well needs no answer.
TEST(Reply, CgiWithoutOutputIsAnAnswerWithoutBody) {
  auto reply = read_reply("", function::ReplyForm::kCgi);
  ASSERT_TRUE(reply.ok()) << reply.error().text();
  EXPECT_FALSE(reply->http);
  EXPECT_EQ(reply->data, "");
  Outcome outcome;
  outcome.status = Status::kOk;
  outcome.reply = *reply;
  EXPECT_EQ(http_status(outcome), 204);
}

}  // namespace
}  // namespace ferry::host
