#include "capsule/redact.h"

#include <gtest/gtest.h>

namespace ferry::capsule {
namespace {

std::vector<function::Redaction> rules(std::initializer_list<const char*> texts) {
  std::vector<function::Redaction> out;
  for (const char* text : texts) {
    auto rule = function::parse_redaction(text);
    EXPECT_TRUE(rule.ok()) << text;
    out.push_back(*std::move(rule));
  }
  return out;
}

// What is left of an event's data.
std::string left(std::string data, std::initializer_list<const char*> texts) {
  Capsule capsule;
  capsule.event.data = std::move(data);
  redact(capsule, rules(texts));
  return *capsule.event.data;
}

TEST(Redact, LeavesOutWhatAPathNamesAndNothingElse) {
  EXPECT_EQ(left(R"( {"card": {"number" : "4111 1111", "cvc":123}, "price": 1.10, "price": 2e0 } )",
                 {"$.card.number"}),
            R"( {"card": {"number" : "[redacted]", "cvc":123}, "price": 1.10, "price": 2e0 } )");
  EXPECT_EQ(left(R"({"card":{"a":[1,{}]}})", {"$.card"}), R"({"card":"[redacted]"})");
  EXPECT_EQ(left(R"([{"t":1},{"t":2},{"u":3}])", {"$[*].t"}),
            R"([{"t":"[redacted]"},{"t":"[redacted]"},{"u":3}])");
  EXPECT_EQ(left("[10,20,30]", {"$[1]"}), R"([10,"[redacted]",30])");
  EXPECT_EQ(left(R"({"a":{"pin":1,"b":[{"pin":{"pin":2}}]},"pin":3})", {"$..pin"}),
            R"({"a":{"pin":"[redacted]","b":[{"pin":"[redacted]"}]},"pin":"[redacted]"})");
  EXPECT_EQ(left(R"({"a":1,"b":2})", {"$.*"}), R"({"a":"[redacted]","b":"[redacted]"})");
  EXPECT_EQ(left(R"({"a":{"b":1}})", {"$.a.b", "$.a", "$.a.b"}), R"({"a":"[redacted]"})");
  EXPECT_EQ(left(R"({"p\u0069n":1})", {"$.pin"}), R"({"p\u0069n":"[redacted]"})");
  EXPECT_EQ(left(R"({"a":1})", {"$.b", "$[0]", "$.a.b"}), R"({"a":1})");
}

TEST(Redact, OfAllThatIsThere) {
  EXPECT_EQ(left(R"({"a":1})", {"$"}), R"("[redacted]")");
  EXPECT_EQ(left("not JSON", {"$"}), "[redacted]");
  EXPECT_EQ(left("not JSON", {"$.a"}), "not JSON");
  EXPECT_EQ(left("", {"$"}), "");
}

TEST(Redact, LeavesOutWholeWhatIsNestedTooDeep) {
  std::string deep = R"({"secret":1})";
  for (int i = 0; i < 100; ++i) deep = R"({"a":)" + deep + "}";
  const std::string out = left(deep, {"$..secret"});
  EXPECT_EQ(out.find("secret"), std::string::npos);
  EXPECT_NE(out.find("[redacted]"), std::string::npos);
}

TEST(Redact, LeavesOutHeadersWhereverTheyTravel) {
  Capsule capsule;
  capsule.request = HttpRequest{"http", "GET", "h", "/?token=s3cr3t-1", {}};
  capsule.request->headers = {{"Authorization", "s3cr3t-1"}, {"accept", "*/*"}};
  capsule.event.extensions["httpauthorization"] = std::string("s3cr3t-1");
  capsule.event.data =
      R"({"headers":{"AUTHORIZATION":"s3cr3t-2"},"multiValueHeaders":{"authorization":["s3cr3t-3"]},)"
      R"("authorization":"kept"})";
  capsule.result.http = HttpAnswer{200, {{"authorization", "s3cr3t-4"}}};
  redact(capsule, rules({"header:authorization", "$.nothing"}));
  const auto line = to_line(capsule);
  EXPECT_EQ(capsule.request->headers[0].second, kRedacted);
  EXPECT_EQ(capsule.request->headers[1].second, "*/*");
  EXPECT_EQ(capsule.request->path, "/?token=[redacted]");
  EXPECT_EQ(std::get<std::string>(capsule.event.extensions["httpauthorization"]), kRedacted);
  EXPECT_EQ(capsule.event.data->find("s3cr3t"), std::string::npos);
  EXPECT_NE(capsule.event.data->find("kept"), std::string::npos);
  EXPECT_EQ(capsule.result.http->headers[0].second, kRedacted);
  EXPECT_EQ(capsule.redacted, std::vector<std::string>{"header:authorization"});
}

TEST(Redact, LeavesOutAValueInLogMessageReplyAndVariables) {
  Capsule capsule;
  capsule.event.data = R"({"card":{"number":"4111-\"1111","cvc":"12"}})";
  capsule.result.data = R"({"paid":"with 4111-\"1111","amount":12})";
  capsule.result.message = "no funds on 4111-\"1111";
  capsule.result.logs = {{WallTime{}, "charging 4111-\"1111 with 12"}};
  capsule.variables = {{"LAST", "4111-\"1111"}};
  redact(capsule, rules({"$.card"}));
  EXPECT_EQ(capsule.result.data, R"({"paid":"with [redacted]","amount":12})");
  EXPECT_EQ(capsule.result.message, "no funds on [redacted]");
  EXPECT_EQ(capsule.result.logs[0].text, "charging [redacted] with 12");  // 12 stands anywhere
  EXPECT_EQ(capsule.variables[0].second, "[redacted]");
}

TEST(Redact, DoesNothingWithoutRules) {
  Capsule capsule;
  capsule.event.data = R"({"a":1})";
  redact(capsule, {});
  EXPECT_EQ(*capsule.event.data, R"({"a":1})");
  EXPECT_TRUE(capsule.redacted.empty());
}

}  // namespace
}  // namespace ferry::capsule
