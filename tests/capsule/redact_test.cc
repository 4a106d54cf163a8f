#include "capsule/redact.h"

#include <gtest/gtest.h>

#include "capsule/entry.h"
#include "capsule/full_capsule.h"
#include "capsule/line.h"

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

void redact(Capsule& capsule, const std::vector<function::Redaction>& rules) {
  EventView view(capsule);
  Redactor redactor;
  redactor.redact(view, rules);
  static_cast<void>(std::exchange(capsule, view.capsule()));
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

// `inner` within so many of `begin` and `end`.
std::string within(std::string_view begin, std::string_view inner, std::string_view end,
                   int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += begin;
  out += inner;
  for (int i = 0; i < times; ++i) out += end;
  return out;
}

TEST(Redact, FindsWhatIsNestedDeep) {
  const std::string deep = within(R"({"a":)", R"({"secret":1234,"kept":2})", "}", 500);
  const std::string out = left(deep, {"$..secret"});
  EXPECT_EQ(out.find("1234"), std::string::npos);
  EXPECT_NE(out.find(R"({"secret":"[redacted]","kept":2})"), std::string::npos);
}

// Each step of such a rule can be taken at each depth: their combinations are not tried one by one.
TEST(Redact, OfManyStepsToAnyDepthEnds) {
  std::string rule = "$";
  for (int i = 0; i < 60; ++i) rule += "..a";
  const std::string deep = within(R"({"a":)", R"("here")", "}", 400);
  EXPECT_NE(left(deep, {rule.c_str()}).find(kRedacted), std::string::npos);
}

TEST(Redact, OfLinesOfJsonFindsEach) {
  EXPECT_EQ(left("{\"pin\":1}\n [{\"pin\":2}]\n", {"$..pin"}),
            "{\"pin\":\"[redacted]\"}\n [{\"pin\":\"[redacted]\"}]\n");
}

// Nobody knows what is behind the place where a document breaks.
TEST(Redact, LeavesOutWhatIsBehindBrokenJson) {
  EXPECT_EQ(left(R"({"a":1,"pin":"123456)", {"$.pin"}), R"({"a":1[redacted])");
  EXPECT_EQ(left(R"({"a":{"b":1, oops "pin":123456}})", {"$..pin"}), R"({"a":{"b":1[redacted])");
  EXPECT_EQ(left(R"({"card":{"pin":"123456")", {"$.card"}), R"({"card":[redacted])");
  EXPECT_EQ(left(R"({"a":1} and {"pin":123456})", {"$..pin"}), R"({"a":1} [redacted])");
  EXPECT_EQ(left("\xEF\xBB\xBF{\"pin\":1}", {"$.pin"}), "\xEF\xBB\xBF{\"pin\":\"[redacted]\"}");
  EXPECT_EQ(left("{\"a\":\"\xFF\",\"pin\":1}", {"$.pin"}),
            "{\"a\":\"\xFF\",\"pin\":\"[redacted]\"}");
  const std::string deep = within("[", R"({"pin":123456})", "]", 600);
  EXPECT_EQ(left(deep, {"$..pin"}).find("123456"), std::string::npos);
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

TEST(Redact, LeavesJsonThatIsJson) {
  EXPECT_EQ(left(R"({"pin":123456,"total":123456,"text":"a123456b","123456":[7]})", {"$.pin"}),
            R"({"pin":"[redacted]","total":"[redacted]","text":"a[redacted]b","[redacted]":[7]})");
  EXPECT_EQ(left(R"({"body":"{\"a\":12}","copy":{"a":12}})", {"$.body"}), "\"[redacted]\"");
  // What is spelt by an escape and what follows it is left out with all of its string.
  EXPECT_EQ(left(R"({"a":"n1234","b":"x\n1234"})", {"$.a"}),
            R"({"a":"[redacted]","b":"[redacted]"})");
}

// As encoders write it: Go's escapes '<' and '&', others do not.
TEST(Redact, FindsAValueHoweverItIsEscaped) {
  Capsule capsule;
  capsule.event.data = R"({"password":"a<b&c"})";
  capsule.result.data = R"({"was":"\u0061\u003cb\u0026c"})";
  capsule.result.logs = {{WallTime{}, R"({"level":"INFO","msg":"a\u003cb\u0026c"})"}};
  redact(capsule, rules({"$.password"}));
  EXPECT_EQ(capsule.result.data, R"({"was":"[redacted]"})");
  EXPECT_EQ(capsule.result.logs[0].text, R"({"level":"INFO","msg":"[redacted]"})");
}

TEST(Redact, FindsLongValuesAndPartsOfThem) {
  Capsule capsule;
  std::string value;
  for (int i = 0; i < 100; ++i) value += std::to_string(i);
  capsule.event.data = R"({"key":")" + value + R"("})";
  capsule.result.message = "with " + value + " and " + value.substr(0, 70);
  capsule.args = {value};
  capsule.result.backtrace = value;
  redact(capsule, rules({"$.key"}));
  EXPECT_EQ(capsule.result.message, "with [redacted] and [redacted]" + value.substr(64, 6));
  EXPECT_EQ(capsule.args, std::vector<std::string>{kRedacted});
  EXPECT_EQ(capsule.result.backtrace, kRedacted);
}

// Values that begin alike, are within each other, or overlap in the text.
TEST(Redact, FindsOfManyValuesTheLongest) {
  Capsule capsule;
  capsule.event.data = R"({"keys":["abcd","abcdef","abcx","cdefgh","zzzz"]})";
  capsule.result.message = "abcd abcdef abcdefgh abc abcx.zzzzzz";
  redact(capsule, rules({"$.keys"}));
  EXPECT_EQ(capsule.result.message, "[redacted] [redacted] [redacted] abc [redacted].[redacted]");
}

TEST(Redact, OfManyValuesEnds) {
  Capsule capsule;
  std::string list;
  for (int i = 0; i < 100'000; ++i)
    list += (list.empty() ? "" : ",") + std::to_string(1'000'000 + i);
  capsule.event.data = R"({"keys":[)" + list + R"(],"copy":[)" + list + "]}";
  redact(capsule, rules({"$.keys"}));
  EXPECT_TRUE(capsule.event.data->starts_with(R"({"keys":"[redacted]","copy":["[redacted]",)"));
  EXPECT_EQ(capsule.event.data->find("1000"), std::string::npos);
}

// A file of which one event could not be read would be lost as a whole.
TEST(Redact, LeavesWhatCanBeReadAgain) {
  for (const char* value :
       {"h:1", "http", "/a?b", "/a", "application/json", "1.10", "POST", "redacted", "h:1/a"}) {
    Capsule capsule = full();
    capsule.event.source = "http://h:1/a";
    capsule.event.dataschema = "http://h:1/a";
    capsule.event.data = R"({"secret":")" + std::string(value) + R"(","number":1.10})";
    capsule.request->headers = {{"content-type", "application/json"}, {"host", "h:1"}};
    capsule.result.reply_event = R"({"id":"h:1/a","source":"http://h:1/a"})";
    EventView view(capsule);
    const auto of = rules({"$.secret", "header:host", "header:content-type"});
    Redactor redactor;
    redactor.redact(view, of);
    for (const bool made : {true, false}) {
      if (!made) view.event = nullptr;
      EntryBuffer event;
      append_event(event, view);
      std::string file(kFileHead);
      append_origin_entry(file, 1, origin_members(capsule));
      append_event_entry(file, 1, event.view());
      bool cut = false;
      const auto read = parse_capsules(file, "f", &cut);
      ASSERT_TRUE(read.ok()) << value << ": " << read.error().text();
      EXPECT_EQ(read->front().redacted.size(), 3u);
      EXPECT_TRUE(to_line(read->front()).ok()) << value;
    }
  }
}

TEST(Redact, OfOneEventKnowsNothingOfTheOneBefore) {
  Redactor redactor;
  const auto of = rules({"$.key", "header:h"});
  Capsule first = full();
  first.event.data = R"({"key":"value-1"})";
  first.request->headers = {{"h", "value-2"}};
  EventView before(first);
  redactor.redact(before, of);
  Capsule second = full();
  second.event.data = R"({"text":"value-1 value-2"})";
  EventView view(second);
  redactor.redact(view, of);
  EXPECT_EQ(*view.data, *second.event.data);
  EXPECT_EQ(view.request->headers.size(), second.request->headers.size());
  EXPECT_TRUE(view.redacted.empty());
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
