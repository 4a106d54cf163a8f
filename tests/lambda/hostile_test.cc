// Input that no service of AWS's sends: an event that is valid comes out, or an error with a
// reason; never anything else.
#include <filesystem>

#include <gtest/gtest.h>
#include <zlib.h>

#include "base/bytes.h"
#include "event/http.h"
#include "lambda/samples.h"
#include "platforms/lambda/events.h"

namespace ferry::platforms::lambda {
namespace {

using event::JsonKind;

Invocation invocation() {
  return {"request-1", "arn:aws:lambda:us-east-2:123456789012:function:orders", WallTime{}};
}

// Whether all that came out may be handed to a function or to a caller.
void expect_sound(const std::string& json) {
  auto input = read_input(json, invocation(), {1u << 20});
  if (!input.ok()) {
    EXPECT_FALSE(input.error().message.empty());
    return;
  }
  ASSERT_NE(input->row, nullptr);
  for (const Item& item : input->items) {
    if (!item.event.ok()) {
      EXPECT_FALSE(item.event.error().message.empty());
      continue;
    }
    Status valid = event::validate(*item.event);
    EXPECT_TRUE(valid.ok()) << valid.error().message << "\n" << json.substr(0, 2000);
    Status data = event::validate_data(*item.event);
    EXPECT_TRUE(data.ok()) << data.error().message << "\n" << json.substr(0, 2000);
  }
  if (is_http(input->row->reply)) {
    std::vector<event::HeaderView> headers;
    auto received =
        event::from_http(std::move(input->http).request(headers), system_clock(), system_random());
    EXPECT_TRUE(!received.ok() || event::validate(received->event).ok());
  }
}

// Every value of the text and every name, as pieces of it.
void pieces(std::string_view text, std::vector<std::string_view>& out) {
  JsonView view(text);
  bool object = view.is(JsonKind::kObject);
  out.push_back(text);
  if (!object && !view.is(JsonKind::kArray)) {
    return;
  }
  for (event::JsonWalker walker(text, object ? JsonKind::kObject : JsonKind::kArray);
       walker.next();) {
    if (object) {
      out.push_back(walker.key());
    }
    pieces(walker.value(), out);
  }
}

TEST(Hostile, EachFieldOfEachSampleMissingOrOfAnotherTypeOrJunk) {
  const auto& found = test::samples();
  if (found.folder.empty()) {
    GTEST_SKIP() << "aws-lambda-go's sample events: " << found.why_not;
  }
  const std::vector<std::string> junk = {"null",
                                         "true",
                                         "-1e400",
                                         "[]",
                                         "{}",
                                         "\"\"",
                                         "\"\\u0000\\u0007 %zz \\uffff <>\"",
                                         "\"\\ud800\"",
                                         "\"===\"",
                                         "[[[{\"a\":[null]}]]]"};
  std::size_t tried = 0;
  for (const auto& entry : std::filesystem::directory_iterator(found.folder)) {
    std::string text = test::slurp(entry.path());
    if (!event::check_json(text).ok()) {
      continue;
    }
    text.erase(text.find_last_not_of(" \r\n\t") + 1);
    text.erase(0, text.find_first_not_of(" \r\n\t"));
    std::vector<std::string_view> all;
    pieces(text, all);
    for (std::string_view piece : all) {
      auto at = static_cast<std::size_t>(piece.data() - text.data());
      for (const std::string& value : junk) {
        std::string changed = text;
        changed.replace(at, piece.size(), value);
        expect_sound(changed);
        ++tried;
      }
    }
    if (HasFailure()) {
      FAIL() << "in " << entry.path();
    }
  }
  EXPECT_GT(tried, 20'000u);
}

TEST(Hostile, FieldsOfAMegabyte) {
  std::string big(1u << 20, 'x');
  expect_sound(R"({"Records":[{"eventSource":"aws:sqs","messageId":")" + big + R"(","body":")" +
               big + R"("}]})");
  expect_sound(R"({"detail-type":")" + big + R"(","source":"s","detail":{}})");
  expect_sound(R"({"version":"2.0","requestContext":{"http":{"method":")" + big +
               R"("}},"rawPath":"/)" + big + R"("})");
}

TEST(Hostile, DeepNestingIsRefused) {
  std::string deep;
  for (int i = 0; i < 100'000; ++i) {
    deep += "{\"a\":";
  }
  EXPECT_FALSE(read_input(deep, invocation(), {}).ok());
}

TEST(Hostile, NoJsonIsRefusedWithThePlace) {
  auto input = read_input("{\"a\":", invocation(), {});
  ASSERT_FALSE(input.ok());
  EXPECT_NE(input.error().message.find("payload: not JSON at byte"), std::string::npos);
  EXPECT_FALSE(read_input("", invocation(), {}).ok());
}

TEST(Hostile, EveryKindOfJsonIsAnEvent) {
  for (const char* json : {"null", "true", "7", "\"text\"", "[]", "[1,2]", "{}", " {} "}) {
    auto input = read_input(json, invocation(), {});
    ASSERT_TRUE(input.ok()) << json;
    EXPECT_EQ(input->row->name, "invoke");
    ASSERT_EQ(input->items.size(), 1u);
    EXPECT_EQ(input->items[0].event->type, "com.amazonaws.lambda.invoke");
    EXPECT_EQ(input->items[0].event->id, "request-1");
  }
}

std::string gzip(const std::string& text) {
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, 16 + MAX_WBITS, 9, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string logs(const std::string& packed) {
  return R"({"awslogs":{"data":")" + to_base64(as_bytes(packed)) + R"("}})";
}

TEST(Hostile, AGzipBombInCloudWatchLogsIsStoppedAtTheLimit) {
  std::string bomb = gzip(std::string(64u << 20, ' '));
  ASSERT_LT(bomb.size(), 100'000u);
  auto input = read_input(logs(bomb), invocation(), {1u << 20});
  ASSERT_FALSE(input.ok());
  EXPECT_EQ(input.error().code, Code::kLimit);
  EXPECT_NE(input.error().message.find("more than 1048576 bytes"), std::string::npos);
}

TEST(Hostile, WhatIsNoGzipOrNoBase64OrCutOffIsRefused) {
  std::string whole = gzip("{\"owner\":\"1\",\"logGroup\":\"g\"}");
  EXPECT_TRUE(read_input(logs(whole), invocation(), {}).ok());
  EXPECT_FALSE(read_input(logs(whole.substr(0, whole.size() - 4)), invocation(), {}).ok());
  EXPECT_FALSE(read_input(logs(whole + "x"), invocation(), {}).ok());
  EXPECT_FALSE(read_input(logs("no gzip"), invocation(), {}).ok());
  EXPECT_FALSE(read_input(logs(""), invocation(), {}).ok());
  EXPECT_FALSE(read_input(R"({"awslogs":{"data":"!"}})", invocation(), {}).ok());
  EXPECT_FALSE(read_input(R"({"awslogs":{"data":7}})", invocation(), {}).ok());
}

TEST(Hostile, OneRecordWithBadBase64DoesNotTakeItsNeighboursWithIt) {
  auto input =
      read_input(R"({"Records":[{"kinesis":{"data":"QQ==","sequenceNumber":"1"},"eventID":"a"},)"
                 R"({"kinesis":{"data":"?","sequenceNumber":"2"},"eventID":"b"}]})",
                 invocation(), {});
  ASSERT_TRUE(input.ok());
  ASSERT_EQ(input->items.size(), 2u);
  EXPECT_TRUE(input->items[0].event.ok());
  ASSERT_FALSE(input->items[1].event.ok());
  EXPECT_NE(input->items[1].event.error().message.find("'kinesis/data'"), std::string::npos);
  EXPECT_EQ(input->items[1].name, "2");
}

}  // namespace
}  // namespace ferry::platforms::lambda
