// Every rule of CloudEvents 1.0.2 that one event can break.
#include <gmock/gmock.h>

#include "event/event.h"
#include "event/uri.h"

namespace ferry::event {
namespace {

using ::testing::HasSubstr;

Event good() {
  Event event;
  event.id = "1";
  event.source = "/shop/orders";
  event.type = "com.example.order";
  return event;
}

std::string why(const Event& event) {
  Status status = validate(event);
  return status.ok() ? "" : status.error().message;
}

TEST(Validate, AcceptsTheLeastAndTheMost) {
  Event event = good();
  EXPECT_EQ(why(event), "");
  event.subject = "naïve \xF0\x9F\x9A\xA2";
  event.time = "2026-11-22T13:04:05.123456789123+05:30";
  event.datacontenttype = "text/plain; charset=\"utf-8\"";
  event.dataschema = "https://example.com/schema/1?v=2";
  event.extensions = {
      {"a", true}, {"1", INT32_MIN}, {"empty", ""}, {"longerthantwentycharacters", "x"}};
  EXPECT_EQ(why(event), "");
}

TEST(Validate, RequiredAttributesAreNotEmpty) {
  for (auto member : {&Event::id, &Event::source, &Event::type}) {
    Event event = good();
    (event.*member).clear();
    EXPECT_THAT(why(event),
                HasSubstr("is missing or empty (CloudEvents 1.0.2, REQUIRED Attributes)"));
  }
  Event event = good();
  event.source = "";
  EXPECT_THAT(why(event), HasSubstr("'source'"));
}

TEST(Validate, SourceIsAUriReference) {
  for (const char* source :
       {"a b", "http://[::1", "100%", "\xC3\xA9", "1:2", "http://h:x/", "<>"}) {
    Event event = good();
    event.source = source;
    EXPECT_THAT(why(event), HasSubstr("'source' is not a URI-reference")) << source;
  }
}

TEST(Validate, OptionalAttributesAreNotEmpty) {
  for (auto member : {&Event::subject, &Event::time, &Event::datacontenttype, &Event::dataschema}) {
    Event event = good();
    event.*member = "";
    EXPECT_THAT(why(event), HasSubstr("OPTIONAL Attributes"));
  }
}

TEST(Validate, TimeIsRfc3339OfAnyYear) {
  for (const char* time : {"0001-01-01T00:00:00Z", "9999-12-31T23:59:60Z", "2024-02-29t01:02:03z",
                           "2026-01-01T00:00:00.5-23:59", "1990-12-31T15:59:60-08:00",
                           "1999-01-01T05:29:60.5+05:30"}) {
    Event event = good();
    event.time = time;
    EXPECT_EQ(why(event), "") << time;
  }
  for (const char* time :
       {"yesterday", "2026-11-22", "2026-11-22 13:04:05Z", "2026-13-01T00:00:00Z",
        "2025-02-29T00:00:00Z", "2026-11-22T24:00:00Z", "2026-11-22T13:60:00Z",
        "2026-11-22T13:00:61Z", "1998-12-31T23:58:60Z", "1998-12-31T23:59:60+01:00",
        "2026-11-22T13:04:05", "2026-11-22T13:04:05.Z", "2026-11-22T13:04:05+0200",
        "2026-11-22T13:04:05+24:00", "2026-11-22T13:04:05+02:00x", "2026-11-22T13:04:05ZZ",
        "2026-11-22T-1:04:05Z", "2026-11-22T13:04:05.1"}) {
    Event event = good();
    event.time = time;
    EXPECT_THAT(why(event), HasSubstr("'time' is not an RFC 3339 time")) << time;
  }
}

TEST(Validate, DatacontenttypeIsAMediaType) {
  for (const char* type : {"a/b", "TEXT/Plain; CharSet=utf-8", "a/b;", "a/b ; c=\"x;\\\"y\"; d=e",
                           "application/vnd.a+json;v=1"}) {
    Event event = good();
    event.datacontenttype = type;
    EXPECT_EQ(why(event), "") << type;
  }
  for (const char* type : {"json", "/json", "a/", "a/b ", "a/b;c=d\t", " a/b", "a/b c", "a/b; c",
                           "a/b; c=", "a/b; c=\"x", "a b/c", "a/b/c", "a/b; c=\"\x01\"",
                           "a/b\r\nX: y", "a/b; c=\"\xC3\xA9\""}) {
    Event event = good();
    event.datacontenttype = type;
    EXPECT_THAT(why(event), HasSubstr("'datacontenttype' is not a media type")) << type;
  }
}

TEST(Validate, DataschemaIsAnAbsoluteUri) {
  for (const char* uri :
       {"urn:a", "https://e.com/s?x#y", "/relative", "//host/x", "a/b:c", "a b:c"}) {
    Event event = good();
    event.dataschema = uri;
    EXPECT_EQ(why(event).empty(), std::string_view(uri) == "urn:a") << uri;
  }
}

TEST(Validate, ExtensionNames) {
  for (const char* name : {"", "Upper", "under_score", "da-sh", "é", "data", "id", "specversion"}) {
    Event event = good();
    event.extensions[name] = "x";
    EXPECT_THAT(why(event), HasSubstr("(CloudEvents 1.0.2, Naming Conventions)")) << name;
  }
  Event event = good();
  event.extensions["two words"] = 1;
  EXPECT_THAT(why(event), HasSubstr("'two words'"));
}

TEST(Validate, StringsHaveNoForbiddenCharacters) {
  for (const char* text : {"\x01", "a\nb", "\x7F", "\xC2\x80", "\xC2\x9F", "\xEF\xB7\x90",
                           "\xEF\xB7\xAF", "\xEF\xBF\xBE", "\xEF\xBF\xBF", "\xF0\x9F\xBF\xBE",
                           "\xF4\x8F\xBF\xBF", "\xED\xA0\x80", "\xFF", "\xC0\xA0"}) {
    Event event = good();
    event.subject = text;
    EXPECT_THAT(why(event), HasSubstr("Type System")) << testing::PrintToString(text);
    event = good();
    event.extensions["x"] = text;
    EXPECT_THAT(why(event), HasSubstr("'x'")) << testing::PrintToString(text);
  }
  Event event = good();
  event.id = std::string("a\0b", 3);
  EXPECT_THAT(why(event), HasSubstr("'id' has a control character"));
  for (const char* text : {"\xC2\xA0", "\xEF\xB7\xB0", "\xEF\xBF\xBD", "\xF0\x9F\xBF\xBD"}) {
    event.id = text;
    EXPECT_EQ(why(event), "") << testing::PrintToString(text);
  }
}

TEST(Validate, MessagesNeverCarryRawBytes) {
  Event event = good();
  event.extensions["\x1B[31m\xFF" + std::string(200, 'x')] = "x";
  std::string message = why(event);
  EXPECT_EQ(message.find('\x1B'), std::string::npos);
  EXPECT_EQ(message.find('\xFF'), std::string::npos);
  EXPECT_LT(message.size(), 200u);
}

TEST(ValidateData, JsonTypesMeanJson) {
  Event event = good();
  event.data = "{]";
  EXPECT_TRUE(validate_data(event).ok());
  event.datacontenttype = "text/plain";
  EXPECT_TRUE(validate_data(event).ok());
  event.datacontenttype = "application/vnd.x+json";
  EXPECT_THAT(validate_data(event).error().message,
              HasSubstr("'data' is not of its datacontenttype"));
  event.data = " [1] ";
  EXPECT_TRUE(validate_data(event).ok());
}

TEST(ContentType, JsonAndText) {
  for (const char* type : {"application/json", "TEXT/JSON", "a/b+JSON; charset=utf-8"}) {
    EXPECT_TRUE(is_json_type(type)) << type;
  }
  for (const char* type :
       {"application/jsonl", "json", "application/json2", "a/json+xml", "a/+json"}) {
    EXPECT_FALSE(is_json_type(type)) << type;
  }
  for (const char* type : {"text/x", "application/xml", "image/svg+xml", "application/json"}) {
    EXPECT_TRUE(is_text_type(type)) << type;
  }
  for (const char* type : {"image/png", "application/octet-stream", "text"}) {
    EXPECT_FALSE(is_text_type(type)) << type;
  }
}

TEST(Uri, References) {
  for (const char* uri :
       {"", "a", "/a/b", "?q", "#f", "//h", "http://u:p@h:80/p?q=/?#f", "http://[::1]:8080/",
        "http://[::ffff:1.2.3.4]", "http://[v1.a:b]/", "mailto:a@b.c", "urn:uuid:6e8bc430",
        "1-555-123-4567", "./a:b", "a%20b", "http://h:", "file:///x"}) {
    EXPECT_TRUE(is_uri_reference(uri)) << uri;
  }
  for (const char* uri :
       {"a b", "%", "%2", "%zz", "1:2", ":a", "http://[::1", "http://[::g]/", "http://[1.2.3.4]",
        "http://[v.a]", "http://[v1.]", "http://h:8a", "a#b#c", "http://a@b@c", "a\\b", "a|b",
        "{a}", "http://[fe80::1%25eth0]", "http://[::1]x"}) {
    EXPECT_FALSE(is_uri_reference(uri)) << uri;
  }
}

TEST(Uri, PathsAreMadeFit) {
  EXPECT_EQ(to_uri_path("/a b/%41/%zz/{x}|\xC3\xA9?#"), "/a%20b/%41/%25zz/%7Bx%7D%7C%C3%A9%3F%23");
  EXPECT_TRUE(is_uri_reference(to_uri_path("/%\xFF\x01\"<>")));
}

TEST(Values, CanonicalStrings) {
  EXPECT_EQ(to_string(Value(true)), "true");
  EXPECT_EQ(to_string(Value(-5)), "-5");
  EXPECT_EQ(to_string(Value("x")), "x");
}

}  // namespace
}  // namespace ferry::event
