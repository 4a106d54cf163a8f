// The JSON event format: each rule, and the way there and back.
#include "event/json.h"

#include <gmock/gmock.h>

#include "event/json_text.h"

namespace ferry::event {
namespace {

using ::testing::HasSubstr;

// An event of the required attributes and these further members.
std::string with(std::string_view members) {
  std::string out = R"({"specversion":"1.0","id":"1","source":"/s","type":"t")";
  if (!members.empty()) out += ",";
  out += members;
  return out + "}";
}

std::string why(std::string_view text) {
  auto event = from_json(text);
  return event.ok() ? "" : event.error().message;
}

TEST(JsonFormat, ReadsEveryAttribute) {
  auto event = from_json(R"( {"specversion":"1.0","id":"A234","source":"/mycontext","type":"com.x",
    "subject":null,"time":"2018-04-05T17:31:00Z","datacontenttype":"application/xml",
    "dataschema":"urn:s","flag":true,"off":false,"num":-5,"text":"v\u00e9\ud83d\ude00\n",
    "gone":null,"data":"<much wow=\"xml\"/>"} )");
  ASSERT_FALSE(event.ok());  // a newline is a control character
  EXPECT_THAT(event.error().message, HasSubstr("'text' has a control character"));

  event = from_json(R"( {"specversion":"1.0","id":"A234","source":"/mycontext","type":"com.x",
    "subject":null,"time":"2018-04-05T17:31:00Z","datacontenttype":"application/xml",
    "dataschema":"urn:s","flag":true,"off":false,"num":-5,"text":"v\u00e9\ud83d\ude00",
    "gone":null,"data":"<much wow=\"xml\"/>"} )");
  ASSERT_TRUE(event.ok()) << event.error().message;
  Event want;
  want.id = "A234";
  want.source = "/mycontext";
  want.type = "com.x";
  want.time = "2018-04-05T17:31:00Z";
  want.datacontenttype = "application/xml";
  want.dataschema = "urn:s";
  want.extensions = {
      {"flag", true}, {"off", false}, {"num", -5}, {"text", "v\xC3\xA9\xF0\x9F\x98\x80"}};
  want.data = "<much wow=\"xml\"/>";
  EXPECT_EQ(*event, want);
}

TEST(JsonFormat, RequiredAttributesMissingEmptyOrNull) {
  for (const char* name : {"specversion", "id", "source", "type"}) {
    for (const char* how : {"", "\"%\":\"\",", "\"%\":null,"}) {
      std::string text = "{";
      for (std::string member : {"specversion", "id", "source", "type"}) {
        if (member != name) {
          text += "\"" + member + "\":\"" + (member == "specversion" ? "1.0" : "x") + "\",";
        } else if (std::string given = how; !given.empty()) {
          text += given.replace(given.find('%'), 1, member);
        }
      }
      text.back() = '}';
      EXPECT_THAT(why(text), HasSubstr("attribute '" + std::string(name) +
                                       "' is missing or empty (CloudEvents 1.0.2, REQUIRED"))
          << text;
    }
  }
}

TEST(JsonFormat, SpecversionIsOneZero) {
  for (const char* version : {"\"0.3\"", "\"1.1\"", "\"1\"", "\"1.0.2\""}) {
    EXPECT_THAT(
        why("{\"specversion\":" + std::string(version) + R"(,"id":"1","source":"/s","type":"t"})"),
        HasSubstr("'specversion' is '"));
  }
  EXPECT_THAT(why(R"({"specversion":1.0,"id":"1","source":"/s","type":"t"})"),
              HasSubstr("'specversion' has to be a JSON string"));
}

TEST(JsonFormat, AttributesHaveTheirJsonType) {
  EXPECT_THAT(why(with(R"("subject":5)")), HasSubstr("'subject' has to be a JSON string"));
  for (const char* value : {"[]", "{}", "[1]"}) {
    EXPECT_THAT(why(with("\"x\":" + std::string(value))), HasSubstr("JSON format 1.0.2, 2.2"));
  }
  for (const char* value : {"1.0", "1e3", "2147483648", "-2147483649", "99999999999999999999"}) {
    EXPECT_THAT(why(with("\"x\":" + std::string(value))), HasSubstr("'x' is a number that is no"));
  }
  EXPECT_EQ(why(with(R"("a":2147483647,"b":-2147483648,"c":-0)")), "");
}

TEST(JsonFormat, DuplicateMembers) {
  for (const char* members : {R"("id":"1")", R"("id":null)", R"("x":1,"x":1)", R"("x":null,"x":1)",
                              R"("x":1,"x":null)", R"("data":1,"data":1)", R"("\u0069d":"1")"}) {
    EXPECT_THAT(why(with(members)), HasSubstr("appears twice")) << members;
  }
}

TEST(JsonFormat, BadNames) {
  for (const char* member :
       {R"("Bad":1)", R"("a_b":1)", R"("":1)", R"("\u00e9":1)", R"("dat\u0061x-":1)"}) {
    EXPECT_THAT(why(with(member)), HasSubstr("Naming Conventions")) << member;
  }
}

TEST(JsonFormat, UnpairedSurrogates) {
  for (const char* text : {R"("\ud800")", R"("\udc00")", R"("\ud800\u0041")", R"("\ud800x")"}) {
    EXPECT_THAT(why(with("\"subject\":" + std::string(text))),
                HasSubstr("'subject' has an unpaired"));
  }
}

TEST(JsonFormat, DataKeepsItsText) {
  const char* texts[] = {"1.10",
                         "123456789012345678901234567890",
                         "1E+400",
                         "-0.0",
                         "{\"b\" : 1,\n \"a\":[1.0, 2.50]}",
                         "\"a\\u0041\\/\"",
                         "null",
                         "true",
                         "\"\\ud800\""};
  for (std::string text : texts) {
    auto event = from_json(with("\"data\": " + text + " "));
    ASSERT_TRUE(event.ok()) << text;
    EXPECT_EQ(event->data, text);
    EXPECT_EQ(event->datacontenttype, "application/json");  // implied (3.1.2)
    auto again = from_json(*to_json(*event));
    ASSERT_TRUE(again.ok()) << text;
    EXPECT_EQ(*again, *event);
  }
}

TEST(JsonFormat, AJsonStringIsNotReadTwice) {
  auto event = from_json(with(R"("datacontenttype":"application/json","data":"{\"a\":1}")"));
  EXPECT_EQ(event->data, R"("{\"a\":1}")");
}

TEST(JsonFormat, TextDataIsAString) {
  auto event = from_json(with(R"("datacontenttype":"text/plain","data":"a\nb\u00e9")"));
  ASSERT_TRUE(event.ok());
  EXPECT_EQ(event->data, "a\nb\xC3\xA9");
  EXPECT_THAT(*to_json(*event), HasSubstr("\"data\":\"a\\nb\xC3\xA9\""));
  EXPECT_THAT(why(with(R"("datacontenttype":"text/plain","data":{"a":1})")),
              HasSubstr("'data' has to be a string"));
  EXPECT_EQ(from_json(with(R"("datacontenttype":"text/plain","data":null)"))->data, std::nullopt);
  EXPECT_EQ(from_json(with(R"("datacontenttype":"text/plain","data":"")"))->data, "");
}

TEST(JsonFormat, TextInAnotherCharset) {
  std::string latin = R"("datacontenttype":"text/plain; charset=iso-8859-1","data":)";
  EXPECT_EQ(from_json(with(latin + R"("plain")"))->data, "plain");
  EXPECT_THAT(why(with(latin + R"("\u00e9")")), HasSubstr("charset"));
  EXPECT_THAT(why(with(R"("datacontenttype":"text/plain; charset=utf-16","data":"x")")),
              HasSubstr("charset"));
  Event event = *from_json(with(latin + R"("x")"));
  event.data = "\xE9";
  EXPECT_THAT(*to_json(event), HasSubstr("\"data_base64\":\"6Q==\""));
}

TEST(JsonFormat, BinaryDataIsBase64) {
  auto event = from_json(with(R"("datacontenttype":"image\/png","data_base64":"\/w8A")"));
  ASSERT_TRUE(event.ok()) << event.error().message;
  EXPECT_EQ(event->data, std::string("\xFF\x0F\0", 3));
  EXPECT_THAT(*to_json(*event), HasSubstr("\"data_base64\":\"/w8A\""));
  // No type is inferred for bytes (3.1.2).
  event = from_json(with(R"("data_base64":"eyAieHl6IjogMTIzIH0=")"));
  EXPECT_EQ(event->datacontenttype, std::nullopt);
  EXPECT_EQ(event->data, R"({ "xyz": 123 })");
  EXPECT_THAT(*to_json(*event), HasSubstr("data_base64"));
  for (const char* bad : {"\"a\"", "\"ab==x\"", "5", "\"AA=\""}) {
    EXPECT_THAT(why(with("\"data_base64\":" + std::string(bad))), HasSubstr("'data_base64'"))
        << bad;
  }
  EXPECT_THAT(why(with(R"("datacontenttype":"application/json","data_base64":"e10=")")),
              HasSubstr("'data' is not of its datacontenttype application/json"));
}

TEST(JsonFormat, DataAndDataBase64AreExclusive) {
  for (const char* data : {"1", "null"}) {
    EXPECT_THAT(why(with("\"data_base64\":\"AA==\",\"data\":" + std::string(data))),
                HasSubstr("'data_base64' and 'data' are both present"));
  }
  EXPECT_EQ(from_json(with(R"("data":1,"data_base64":null)"))->data, "1");
}

TEST(JsonFormat, NoDataIsNotEmptyData) {
  EXPECT_EQ(from_json(with(""))->data, std::nullopt);
  EXPECT_EQ(from_json(with(""))->datacontenttype, std::nullopt);
  EXPECT_EQ(from_json(with(R"("data_base64":"")"))->data, "");
}

TEST(JsonFormat, WhatIsNoJsonOrNoObject) {
  for (const char* text : {"", " ", "[]", "1", "null", "{", "{}x", "{\"id\":1,}", "{id:1}",
                           "\xEF\xBB\xBF{}", "{\"a\":'x'}", "{\"a\":01}", "{\"a\" 1}"}) {
    EXPECT_FALSE(from_json(text).ok()) << text;
  }
  EXPECT_THAT(why(with("\"x\":\"\xC3\"")), HasSubstr("not UTF-8"));
  EXPECT_THAT(why(with("\"data\":\"\xED\xA0\x80\"")), HasSubstr("not UTF-8"));
}

TEST(JsonFormat, TooManyExtensions) {
  std::string members = "\"x\":1";
  for (std::size_t i = 1; i < kMaxExtensions; ++i)
    members += ",\"x" + std::to_string(i) + "\":null";
  EXPECT_EQ(why(with(members)), "");
  EXPECT_THAT(why(with(members + ",\"y\":null")), HasSubstr("more than 1000"));
}

TEST(JsonFormat, RefusesToWriteWhatIsInvalid) {
  Event event = *from_json(with(""));
  event.type = "";
  EXPECT_THAT(to_json(event).error().message, HasSubstr("'type'"));
  event.type = "t";
  event.datacontenttype = "application/json";
  event.data = "{},\"id\":\"2\"";
  EXPECT_THAT(to_json(event).error().message, HasSubstr("'data'"));
}

TEST(JsonFormat, WritesExtensionsByType) {
  Event event = *from_json(with(""));
  event.extensions = {{"a", true}, {"b", 7}, {"c", "q\"\\\t"}};
  EXPECT_FALSE(to_json(event).ok());
  event.extensions["c"] = "q\"\\";
  EXPECT_EQ(
      *to_json(event),
      R"({"specversion":"1.0","id":"1","source":"/s","type":"t","a":true,"b":7,"c":"q\"\\"})");
}

TEST(JsonBatch, ReadsAndWrites) {
  EXPECT_TRUE(from_json_batch(" [ ] ")->empty());
  EXPECT_EQ(*to_json_batch({}), "[]");
  std::string text = "[" + with("\"data\":1") + " , " + with("\"x\":true") + "]";
  auto events = from_json_batch(text);
  ASSERT_TRUE(events.ok());
  ASSERT_EQ(events->size(), 2u);
  EXPECT_EQ(*from_json_batch(*to_json_batch(*events)), *events);
}

TEST(JsonBatch, NamesTheBadEvent) {
  auto events = from_json_batch("[" + with("") + ",{}]");
  EXPECT_THAT(events.error().message, HasSubstr("event 1: attribute 'specversion'"));
  Event bad;
  EXPECT_THAT(to_json_batch({&bad, 1}).error().message, HasSubstr("event 0: attribute 'id'"));
  for (const char* text : {"{}", "[", "[1]", "[,]", "[]x", "", "[{}", "[null]"}) {
    EXPECT_FALSE(from_json_batch(text).ok()) << text;
  }
}

TEST(JsonBatch, IsBounded) {
  std::string text = "[" + with("");
  for (std::size_t i = 1; i < kMaxBatch; ++i) text += "," + with("");
  EXPECT_EQ(from_json_batch(text + "]")->size(), kMaxBatch);
  EXPECT_THAT(from_json_batch(text + "," + with("") + "]").error().message,
              HasSubstr("batch of more"));
}

TEST(JsonText, Depth) {
  auto nest = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_TRUE(check_json(nest(kMaxJsonDepth)).ok());
  EXPECT_THAT(check_json(nest(kMaxJsonDepth + 1)).error().message, HasSubstr("nested too deeply"));
  EXPECT_FALSE(check_json(std::string(1 << 20, '[')).ok());
}

TEST(JsonText, Grammar) {
  for (const char* text :
       {"0", "-0", "1.5e-7", "1E5", "\"\"", "\"\\u00e9\\n\"", "[]", "{}", " [ 1 , 2 ] ",
        "{\"a\":{\"b\":[null,true,false]},\"a\":1}", "\"12345678\\\\90123456\"", "\"\x7F\""}) {
    EXPECT_TRUE(check_json(text).ok()) << text;
  }
  for (const char* text : {"",
                           "00",
                           "01",
                           "-",
                           "+1",
                           ".5",
                           "1.",
                           "1e",
                           "1e+",
                           "0x1",
                           "NaN",
                           "nul",
                           "nulll",
                           "tru",
                           "\"",
                           "\"\\\"",
                           "\"\\x\"",
                           "\"\\u12g4\"",
                           "\"\\u12",
                           "\"a\tb\"",
                           "\"1234567\t\"",
                           "[1,]",
                           "[,1]",
                           "[1 2]",
                           "{\"a\"}",
                           "{\"a\":}",
                           "{\"a\":1,}",
                           "{,}",
                           "{1:1}",
                           "[1}",
                           "{]",
                           "1 2",
                           "// c\n1",
                           "\"12345678\xFF\"",
                           "\u00A01",
                           "'a'"}) {
    EXPECT_FALSE(check_json(text).ok()) << text;
  }
  EXPECT_FALSE(check_json(std::string("\"\\\0\"", 4)).ok());
  EXPECT_FALSE(check_json(std::string("1\0", 2)).ok());
}

TEST(JsonText, ErrorsNameTheByte) {
  EXPECT_THAT(check_json("[1, x]").error().message, HasSubstr("at byte 4"));
}

}  // namespace
}  // namespace ferry::event
