// The HTTP protocol binding: each rule in each mode, and the way there and back.
#include "event/http.h"

#include <gmock/gmock.h>

#include "event/json.h"

namespace ferry::event {
namespace {

using ::testing::HasSubstr;
using Headers = std::vector<HeaderView>;

class FixedClock final : public Clock {
 public:
  WallTime wall() const override { return *from_rfc3339("2026-11-22T13:04:05.5Z"); }
  Monotonic monotonic() const override { return {}; }
  void sleep_until(Monotonic) const override {}
};

Result<Received> receive(const Headers& headers, std::string body = "",
                         std::string_view target = "/", std::string_view method = "POST") {
  HttpRequest request;
  request.method = method;
  request.target = target;
  request.headers = headers;
  request.body = std::move(body);
  return from_http(std::move(request), FixedClock(), system_random());
}

std::string why(const Headers& headers, std::string body = "") {
  auto received = receive(headers, std::move(body));
  return received.ok() ? "" : received.error().message;
}

Headers binary(Headers more = {}) {
  Headers headers = {
      {"ce-specversion", "1.0"}, {"ce-id", "1"}, {"ce-source", "/s"}, {"ce-type", "t"}};
  headers.insert(headers.end(), more.begin(), more.end());
  return headers;
}

// As the writer gave them.
Headers views(const HeaderList& headers) { return {headers.begin(), headers.end()}; }

TEST(HttpBinary, ReadsEveryAttribute) {
  auto received = receive({{"Host", "h"},
                           {"CE-SpecVersion", "1.0"},
                           {"ce-id", " A1 "},
                           {"ce-source", "/s"},
                           {"ce-type", "t"},
                           {"ce-subject", "Euro%20%E2%82%AC%20%F0%9F%98%80"},
                           {"ce-time", "2026-11-22T13:04:05Z"},
                           {"ce-dataschema", "urn:x"},
                           {"ce-MyExt", "5"},
                           {"ce-empty", ""},
                           {"Content-Type", "application/json; charset=utf-8"}},
                          "{\"a\":1.10}");
  ASSERT_TRUE(received.ok()) << received.error().message;
  EXPECT_EQ(received->mode, Mode::kBinary);
  Event want;
  want.id = "A1";
  want.source = "/s";
  want.type = "t";
  want.subject = "Euro \xE2\x82\xAC \xF0\x9F\x98\x80";
  want.time = "2026-11-22T13:04:05Z";
  want.dataschema = "urn:x";
  want.datacontenttype = "application/json; charset=utf-8";
  want.extensions = {{"myext", "5"}, {"empty", ""}};
  want.data = "{\"a\":1.10}";
  EXPECT_EQ(received->event, want);
}

TEST(HttpBinary, EachRequiredAttributeMissingOrEmpty) {
  for (std::string name : {"specversion", "id", "source", "type"}) {
    Headers missing;
    Headers empty;
    for (HeaderView header : binary()) {
      bool this_one = header.first == "ce-" + name;
      if (!this_one) missing.push_back(header);
      empty.emplace_back(header.first, this_one ? "" : header.second);
    }
    std::string want = "attribute '" + name + "' is missing or empty (CloudEvents 1.0.2, REQUIRED";
    EXPECT_THAT(why(missing), HasSubstr(want));
    EXPECT_THAT(why(empty), HasSubstr(want));
    EXPECT_EQ(receive(empty).error().code, Code::kInvalid);
  }
}

TEST(HttpBinary, WrongSpecversion) {
  EXPECT_THAT(
      why({{"ce-specversion", "0.3"}, {"ce-id", "1"}, {"ce-source", "/"}, {"ce-type", "t"}}),
      HasSubstr("'specversion' is '0.3'"));
}

TEST(HttpBinary, BrokenAttributes) {
  EXPECT_THAT(why(binary({{"ce-time", "noon"}})), HasSubstr("'time'"));
  EXPECT_THAT(why(binary({{"ce-subject", ""}})), HasSubstr("'subject'"));
  EXPECT_THAT(why(binary({{"ce-dataschema", "x"}})), HasSubstr("'dataschema'"));
  EXPECT_THAT(why(binary({{"content-type", "x"}})), HasSubstr("'datacontenttype'"));
  EXPECT_THAT(why(binary({{"content-type", ""}})), HasSubstr("'datacontenttype'"));
  for (const char* name : {"ce-a-b", "ce-a_b", "ce-", "ce-data", "ce-a.b"}) {
    EXPECT_THAT(why(binary({{name, "x"}})), HasSubstr("Naming Conventions")) << name;
  }
  EXPECT_THAT(why(binary({{"ce-datacontenttype", "a/b"}})), HasSubstr("HTTP binding 1.0.2, 3.1.1"));
}

TEST(HttpBinary, HeadersTwice) {
  for (const char* name : {"ce-id", "CE-TYPE", "ce-specversion", "Ce-Source"}) {
    EXPECT_THAT(why(binary({{name, "1.0"}})), HasSubstr("appears twice")) << name;
  }
  EXPECT_THAT(why(binary({{"ce-x", ""}, {"ce-X", "1"}})), HasSubstr("'x' appears twice"));
  EXPECT_THAT(why(binary({{"ce-time", ""}, {"ce-time", ""}})), HasSubstr("'time' appears twice"));
  EXPECT_THAT(why(binary({{"content-type", "a/b"}, {"Content-Type", "a/b"}})),
              HasSubstr("'datacontenttype' appears twice"));
}

TEST(HttpBinary, BodyIsOfItsType) {
  Headers headers = binary({{"content-type", "application/json"}});
  EXPECT_THAT(why(headers, "{"),
              HasSubstr("'data' is not of its datacontenttype application/json"));
  EXPECT_EQ(receive(headers, "")->event.data, std::nullopt);
  EXPECT_EQ(why(binary({{"content-type", "text/plain"}}), "{"), "");
  EXPECT_EQ(receive(binary(), "{")->event.datacontenttype, std::nullopt);
  EXPECT_EQ(receive(binary(), "")->event.datacontenttype, std::nullopt);
  EXPECT_EQ(receive(binary(), "{}")->event.datacontenttype, "application/json");
}

// Of several functions behind one address each sees its own paths.
TEST(HttpPlain, SubjectIsThePathBelowTheMount) {
  const auto subject_of = [](std::string_view target, std::string_view mount) {
    HttpRequest request;
    request.method = "GET";
    request.target = target;
    request.mount = mount;
    auto received = from_http(std::move(request), system_clock(), system_random());
    EXPECT_TRUE(received.ok()) << received.error().text();
    const Event& event = received->event;
    const auto at = event.extensions.find("httpmount");
    return *event.subject + (at == event.extensions.end() ? "" : " " + to_string(at->second));
  };
  EXPECT_EQ(subject_of("/intake/a/b?x=1", "/intake"), "/a/b /intake");
  EXPECT_EQ(subject_of("/intake", "/intake"), "/ /intake");
  EXPECT_EQ(subject_of("/intake/", "/intake"), "/ /intake");
  EXPECT_EQ(subject_of("/intakes/a", "/intake"), "/intakes/a");
  EXPECT_EQ(subject_of("/a/b", ""), "/a/b");
}

TEST(HttpBinary, TracingHeadersAreCarried) {
  auto received =
      receive(binary({{"traceparent", "00-a-b-01"}, {"tracestate", "x=1"}, {"tracestate", "y=2"}}));
  EXPECT_EQ(received->event.extensions, (decltype(Event::extensions){{"traceparent", "00-a-b-01"},
                                                                     {"tracestate", "x=1, y=2"}}));
  received =
      receive(binary({{"ce-traceparent", "own"}, {"traceparent", "hop"}, {"tracestate", "hop"}}));
  EXPECT_EQ(received->event.extensions, (decltype(Event::extensions){{"traceparent", "own"}}));
  received = receive(binary({{"traceparent", "bad\x01"}}));
  EXPECT_TRUE(received->event.extensions.empty());
}

TEST(HeaderValues, Decode) {
  EXPECT_EQ(*decode_header_value("a b"), "a b");
  EXPECT_EQ(*decode_header_value("%41%e2%82%ac"), "A\xE2\x82\xAC");
  EXPECT_EQ(*decode_header_value("%2541"), "%41");  // a single round
  EXPECT_EQ(*decode_header_value("\"a \\\" \\\\ %41\""), "a \" \\ A");
  EXPECT_EQ(*decode_header_value("back\\slash"), "back\\slash");
  // As the Go SDK sends them.
  EXPECT_EQ(*decode_header_value("\xC3\xA9"), "\xC3\xA9");
  EXPECT_EQ(*decode_header_value("\"\xC3\xA9%C3%A9\""), "\xC3\xA9\xC3\xA9");
  for (const char* bad : {"%C0%A0", "%ED%A0%80", "%FF", "%", "%4", "%zz", "a%4g", "\xE9",
                          "\xC0\xA0", "\xC3\xA9%C3", "a\tb", "\x7F"}) {
    EXPECT_FALSE(decode_header_value(bad).ok()) << bad;
    EXPECT_THAT(why(binary({{"ce-subject", bad}})), HasSubstr("attribute 'subject' ")) << bad;
    EXPECT_THAT(why(binary({{"ce-subject", bad}})), HasSubstr("3.1.3.2")) << bad;
  }
}

// Quotes within a value were taken off, and one alone was an error.
TEST(HeaderValues, QuotesCountOnlyAroundTheWholeValue) {
  for (const char* as_it_is : {R"({"othervalue": 5})", R"(x"y z"w)", R"("open)", R"("\)", R"(")",
                               R"("a" b)", R"("a", "b")", R"("a\")"}) {
    EXPECT_EQ(*decode_header_value(as_it_is), as_it_is);
  }
  EXPECT_EQ(*decode_header_value(R"("")"), "");
  EXPECT_EQ(*decode_header_value(R"("a\\")"), "a\\");
  auto received = receive(binary({{"ce-comexampleextension2", R"({"othervalue": 5})"}}));
  EXPECT_EQ(to_string(received->event.extensions.at("comexampleextension2")),
            R"({"othervalue": 5})");
}

// Decoded, the percent-encoding that belongs to the URI was gone, and the event refused.
TEST(HeaderValues, UrisThatAreOnlyValidUndecodedStayAsTheyAre) {
  auto attributes = [](std::string_view source, std::string_view schema) {
    auto received = receive({{"ce-specversion", "1.0"},
                             {"ce-id", "1"},
                             {"ce-type", "t"},
                             {"ce-source", source},
                             {"ce-dataschema", schema}});
    return received.ok() ? received->event.source + " " + *received->event.dataschema
                         : received.error().message;
  };
  EXPECT_EQ(attributes("https://ex.org/a%20b", "https://ex.org/%C3%BC"),
            "https://ex.org/a%20b https://ex.org/%C3%BC");
  EXPECT_EQ(attributes("/src/%C3%BC%FF", "urn:%22"), "/src/%C3%BC%FF urn:%22");
  // Where both are URIs it is decoded, as the binding says.
  EXPECT_EQ(attributes("/%2541%7E", "urn:%41"), "/%41~ urn:A");
  EXPECT_THAT(attributes("/a b", "urn:x"), HasSubstr("attribute 'source'"));
  EXPECT_THAT(attributes("/%zz", "urn:x"), HasSubstr("attribute 'source'"));
  EXPECT_THAT(attributes("/", "no%20scheme"), HasSubstr("attribute 'dataschema'"));
  // Other attributes are not URIs.
  EXPECT_EQ(*receive(binary({{"ce-subject", "a%20b"}}))->event.subject, "a b");
}

// What Windows programs put before JSON made it "not JSON at byte 0".
TEST(HttpBodies, AByteOrderMarkBeforeJsonIsSkipped) {
  const std::string mark = "\xEF\xBB\xBF";
  const Headers json = {{"content-type", "application/json; charset=utf-8"}};
  EXPECT_EQ(receive(json, mark + "{}")->event.data, "{}");
  EXPECT_EQ(receive({}, mark + "[1]")->event.data, "[1]");
  EXPECT_EQ(receive({}, mark + "[1]")->event.datacontenttype, "application/json");
  EXPECT_EQ(receive(binary(json), mark + "{}")->event.data, "{}");
  EXPECT_EQ(receive(binary(), mark + "{}")->event.data, "{}");
  const std::string one = R"({"specversion":"1.0","id":"1","source":"/a","type":"t"})";
  EXPECT_EQ(receive({{"content-type", kJsonMediaType}}, mark + one)->event.id, "1");
  EXPECT_EQ(receive({{"content-type", kJsonBatchMediaType}}, mark + "[" + one + "]")->batch.size(),
            1u);
  // Text and bytes keep it; JSON has one at most.
  EXPECT_EQ(receive({{"content-type", "text/plain"}}, mark + "x")->event.data, mark + "x");
  EXPECT_EQ(receive({}, mark + "x")->event.data, mark + "x");
  EXPECT_THAT(why(json, mark + mark + "{}"), HasSubstr("'data'"));
}

// Each was 400: "attribute 'datacontenttype' is not a media type".
TEST(HttpPlain, IsNotRefusedForItsContentType) {
  auto types = [](std::string_view type, std::string body = "x") {
    auto received = receive({{"content-type", type}}, std::move(body));
    if (!received.ok()) return received.error().message;
    const Event& event = received->event;
    EXPECT_TRUE(validate(event).ok());
    const auto odd = event.extensions.find("httpcontenttype");
    return event.datacontenttype.value_or("none") + " | " +
           (odd == event.extensions.end() ? "as it came" : to_string(odd->second));
  };
  EXPECT_EQ(types("multipart/form-data; boundary====17==="),
            "multipart/form-data; boundary=\"===17===\" | multipart/form-data; boundary====17===");
  EXPECT_EQ(types("multipart/form-data;boundary=b/Qe ; charset=utf-8"),
            "multipart/form-data; boundary=\"b/Qe\"; charset=utf-8 | "
            "multipart/form-data;boundary=b/Qe ; charset=utf-8");
  EXPECT_EQ(types("multipart/mixed; boundary=\"a b\"; start=<1@x>"),
            "multipart/mixed; boundary=\"a b\"; start=\"<1@x>\" | "
            "multipart/mixed; boundary=\"a b\"; start=<1@x>");
  EXPECT_EQ(types("json"), "none | json");
  EXPECT_EQ(types("json", "{}"), "application/json | json");
  EXPECT_EQ(types("application/json; charset=utf-8", "{}"),
            "application/json; charset=utf-8 | as it came");
  EXPECT_EQ(types("text/plain; a=\"open"), "none | text/plain; a=\"open");
  EXPECT_EQ(types("text/plain; a=\"b\"c"), "none | text/plain; a=\"b\"c");
  EXPECT_EQ(types("text/plain; a"), "none | text/plain; a");
  EXPECT_EQ(types("text/plain a=b"), "none | text/plain a=b");
  EXPECT_EQ(types("text/plain; a=b\"c"), "none | text/plain; a=b\"c");
  // What its type with quotes says still holds.
  EXPECT_THAT(types("application/json; x=a/b", "{"), HasSubstr("'data' is not of its"));
}

// An event must have a media type: the answer names the header and its value.
TEST(HttpBinary, NamesTheContentTypeThatIsNone) {
  EXPECT_THAT(why(binary({{"content-type", "multipart/mixed; boundary====17==="}})),
              HasSubstr("the Content-Type header 'multipart/mixed; boundary====17===', which is "
                        "not a media type"));
}

TEST(HeaderValues, Encode) {
  EXPECT_EQ(encode_header_value("Euro \xE2\x82\xAC \xF0\x9F\x98\x80"),
            "Euro%20%E2%82%AC%20%F0%9F%98%80");
  EXPECT_EQ(encode_header_value("\"%~!\x7F\n"), "%22%25~!%7F%0A");
  for (int c = 1; c < 128; ++c) {
    std::string text(1, static_cast<char>(c));
    EXPECT_EQ(*decode_header_value(encode_header_value(text)), text);
  }
}

TEST(HttpStructured, ReadsOneEvent) {
  std::string body = R"({"specversion":"1.0","id":"1","source":"/s","type":"t","data":1.10})";
  for (const char* type :
       {"application/cloudevents+json", "Application/CloudEvents+JSON; charset=UTF-8",
        "application/cloudevents+json;charset=\"utf-8\""}) {
    // Binary-mode headers may be there too; the payload counts (3.2.3).
    auto received =
        receive({{"content-type", type}, {"ce-id", "other"}, {"traceparent", "00-a"}}, body);
    ASSERT_TRUE(received.ok()) << type << received.error().message;
    EXPECT_EQ(received->mode, Mode::kStructured);
    EXPECT_EQ(received->event.id, "1");
    EXPECT_EQ(received->event.data, "1.10");
    EXPECT_EQ(to_string(received->event.extensions.at("traceparent")), "00-a");
  }
  EXPECT_THAT(why({{"content-type", "application/cloudevents+json; charset=utf-16"}}, body),
              HasSubstr("3.2.1"));
  EXPECT_THAT(why({{"content-type", "application/cloudevents+json"}}, "[" + body + "]"),
              HasSubstr("an object is wanted"));
  EXPECT_THAT(why({{"content-type", "application/cloudevents+json"}}, ""), HasSubstr("not JSON"));
}

TEST(HttpStructured, UnknownFormats) {
  for (const char* type : {"application/cloudevents+avro", "application/cloudevents",
                           "application/cloudevents-batch+xml"}) {
    EXPECT_EQ(receive({{"content-type", type}}, "x").error().code, Code::kUnsupported) << type;
    // With the attributes in headers, it is an event in binary mode (3).
    EXPECT_EQ(receive(binary({{"content-type", type}}), "x")->mode, Mode::kBinary) << type;
  }
}

TEST(HttpBatch, ReadsEvents) {
  std::string one = R"({"specversion":"1.0","id":"1","source":"/s","type":"t"})";
  Headers headers = {{"content-type", "application/cloudevents-batch+json; charset=utf-8"}};
  auto received = receive(headers, "[" + one + "," + one + "]");
  ASSERT_TRUE(received.ok()) << received.error().message;
  EXPECT_EQ(received->mode, Mode::kBatch);
  EXPECT_EQ(received->batch.size(), 2u);
  EXPECT_EQ(receive(headers, "[]")->batch.size(), 0u);
  EXPECT_THAT(why(headers, one), HasSubstr("an array is wanted"));
  EXPECT_THAT(why(headers, "[" + one + ",{}]"), HasSubstr("event 1: attribute 'specversion'"));
}

TEST(HttpPlain, BecomesAnEvent) {
  auto received = receive({{"Host", "shop.example:8080"},
                           {"Content-Type", "application/json"},
                           {"X-Request-Id", "req-7"},
                           {"Accept-Language", "de"},
                           {"Cookie", "secret=1"},
                           {"Authorization", "Bearer secret"},
                           {"X-Other", "no"},
                           {"traceparent", "00-a"},
                           {"tracestate", "s"},
                           {"baggage", "k=v"}},
                          "{}", "/orders/42%20x?a=1&b=%zz?", "PATCH");
  ASSERT_TRUE(received.ok()) << received.error().message;
  EXPECT_EQ(received->mode, Mode::kPlain);
  Event want;
  want.id = "req-7";
  want.type = "http.request";
  want.source = "http://shop.example:8080/orders/42%20x";
  want.subject = "/orders/42%20x";
  want.time = "2026-11-22T13:04:05.5Z";
  want.datacontenttype = "application/json";
  want.data = "{}";
  want.extensions = {{"httpmethod", "PATCH"},      {"httpquery", "a=1&b=%zz?"},
                     {"httpacceptlanguage", "de"}, {"traceparent", "00-a"},
                     {"tracestate", "s"},          {"baggage", "k=v"}};
  EXPECT_EQ(received->event, want);
}

TEST(HttpPlain, LeastRequest) {
  auto received = receive({}, "", "/", "GET");
  ASSERT_TRUE(received.ok()) << received.error().message;
  EXPECT_EQ(received->event.source, "/");
  EXPECT_EQ(received->event.id.size(), 36u);
  EXPECT_EQ(received->event.id[14], '7');
  EXPECT_EQ(received->event.data, std::nullopt);
  EXPECT_NE(received->event.id, receive({}, "", "/", "GET")->event.id);
}

TEST(HttpPlain, Targets) {
  auto source = [](std::string_view target) {
    auto received = receive({{"host", "h"}}, "", target, "GET");
    return received.ok() ? received->event.source + " " + *received->event.subject
                         : "error: " + received.error().message;
  };
  EXPECT_EQ(source("http://other:1/p?q"), "http://other:1/p /p");
  EXPECT_EQ(source("http://other?q"), "http://other/ /");
  EXPECT_EQ(source("*"), "http://h* *");
  EXPECT_EQ(source("//x//y"), "http://h//x//y //x//y");
  EXPECT_EQ(source("/a?http://b/"), "http://h/a /a");
  EXPECT_EQ(source("/{a}|\xFF%"), "http://h/%7Ba%7D%7C%FF%25 /%7Ba%7D%7C%FF%25");
  EXPECT_THAT(source(""), HasSubstr("error: "));
  EXPECT_THAT(source("x:1"), HasSubstr("error: "));
  EXPECT_THAT(source("http://"), HasSubstr("error: "));
}

TEST(HttpPlain, Hosts) {
  EXPECT_EQ(receive({{"host", "[::1]:80"}})->event.source, "http://[::1]:80/");
  for (const char* host : {"a/b", "u@h", "h?x", "a b", "h:x", "[::1"}) {
    EXPECT_THAT(why({{"host", host}}), HasSubstr("'source'")) << host;
  }
  EXPECT_THAT(why({{"host", "a"}, {"Host", "b"}}), HasSubstr("'source' appears twice"));
}

TEST(HttpPlain, HostileHeaderValues) {
  auto received = receive(
      {{"x-request-id", "\xFF"}, {"user-agent", "a\tb\xC3\xA9\x01"}, {"traceparent", "\x01"}});
  ASSERT_TRUE(received.ok());
  EXPECT_EQ(received->event.id.size(), 36u);
  EXPECT_EQ(to_string(received->event.extensions.at("httpuseragent")), "a b%C3%A9%01");
  EXPECT_EQ(received->event.extensions.count("traceparent"), 0u);
}

TEST(HttpPlain, BodyIsOfItsType) {
  EXPECT_THAT(why({{"content-type", "application/json"}}, "{"), HasSubstr("'data' is not of its"));
  EXPECT_EQ(receive({{"content-type", ""}}, "x")->event.datacontenttype, std::nullopt);
  EXPECT_EQ(receive({{"content-type", ""}}, "[1]")->event.datacontenttype, "application/json");
  EXPECT_EQ(receive({{"content-type", "application/json"}}, "")->mode, Mode::kPlain);
  EXPECT_EQ(why({{"ce-unrelated", "x"}}), "");
}

TEST(HttpPlain, CarriesTheHeadersAskedFor) {
  Headers headers = {{"X-A_1", "v"},
                     {"accept", "x"},
                     {"Cookie", "a=1"},
                     {"Cookie", "b=2"},
                     {"method", "not this"}};
  std::array<std::string_view, 4> carried = {"x-a_1", "absent", "cookie", "method"};
  HttpRequest request;
  request.scheme = "https";
  request.method = "GET";
  request.target = "/";
  request.headers = headers;
  auto received = from_http(std::move(request), FixedClock(), system_random(), carried);
  EXPECT_EQ(received->event.extensions,
            (decltype(Event::extensions){
                {"httpcookie", "a=1; b=2"}, {"httpmethod", "GET"}, {"httpxa1", "v"}}));
}

// A source that was found right is remembered; it must not vouch for another.
TEST(HttpPlain, ChecksEachSource) {
  for (int again = 0; again < 2; ++again) {
    EXPECT_EQ(receive({{"host", "h"}}, "", "/a?q")->event.source, "http://h/a");
    EXPECT_EQ(receive({{"host", "h"}}, "", "/a")->event.source, "http://h/a");
    EXPECT_THAT(why({{"host", "h#"}}), HasSubstr("the host 'h#'"));
    EXPECT_THAT(why({{"host", "h["}}), HasSubstr("not a URI-reference"));
    EXPECT_EQ(receive({}, "", "/a")->event.source, "/a");
    EXPECT_THAT(receive({}, "", "//[")->event.source, HasSubstr("%5B"));
    EXPECT_EQ(receive({{"host", "g"}}, "", "/a")->event.source, "http://g/a");
    EXPECT_EQ(receive({{"host", "h"}}, "", "/b")->event.source, "http://h/b");
  }
}

TEST(HttpPlain, IsMadeWhenAskedFor) {
  const Headers headers = {{"host", "h"}, {"content-type", "application/json"}};
  HttpRequest request;
  request.method = "POST";
  request.target = "/a?q";
  request.headers = headers;
  request.body = "[1]";
  const FixedClock clock;
  PlainRequest plain(HttpRequest(request), clock, system_random());
  ASSERT_TRUE(plain.check().ok());
  EXPECT_EQ(plain.data(), "[1]");
  const std::string id = plain.whole().id;
  auto received = from_http(request, clock, system_random());
  ASSERT_TRUE(received.ok());
  received->event.id = id;
  EXPECT_EQ(plain.whole(), received->event);  // asked again, it is the same event
  EXPECT_EQ(plain.data(), "[1]");

  request.body = "[1";
  PlainRequest broken(std::move(request), clock, system_random());
  Status checked = broken.check();
  ASSERT_FALSE(checked.ok());
  EXPECT_THAT(checked.error().message, HasSubstr("datacontenttype"));
}

TEST(HttpPlain, HasTheTimeOfItsArrivalWheneverItIsMade) {
  const FixedClock clock;
  HttpRequest request;
  request.method = "GET";
  request.target = "/";
  request.arrival = clock.monotonic() - std::chrono::seconds(2);
  PlainRequest plain(std::move(request), clock, system_random());
  ASSERT_TRUE(plain.check().ok());
  EXPECT_EQ(plain.whole().time, to_rfc3339(clock.wall() - std::chrono::seconds(2)));
}

TEST(HttpMessages, NoEventIsNothing) {
  Headers headers = {{"content-type", "text/plain"}};
  auto message = from_http_message(headers, "x");
  ASSERT_TRUE(message.ok());
  EXPECT_FALSE(message->has_value());
}

Event sample() {
  Event event;
  event.id = "a \"b\" 100%";
  event.source = "http://h/%20";
  event.type = "\xE2\x82\xAC";
  event.subject = "s p";
  event.time = "0001-01-01T00:00:00Z";
  event.datacontenttype = "text/plain";
  event.dataschema = "urn:x";
  event.extensions = {{"x", "\xF0\x9F\x98\x80"}, {"e", ""}};
  event.data = std::string("\0\r\n", 3);
  return event;
}

TEST(HttpRoundTrip, EveryMode) {
  Event event = sample();
  for (Mode mode : {Mode::kBinary, Mode::kStructured}) {
    auto message = to_http(event, mode);
    ASSERT_TRUE(message.ok()) << message.error().message;
    for (const auto& [name, value] : message->headers) {
      EXPECT_EQ(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-"), std::string::npos);
      for (char c : value) EXPECT_TRUE(c >= 0x20 && c < 0x7F) << value;
    }
    Headers headers = views(message->headers);
    auto again = from_http_message(headers, message->body);
    ASSERT_TRUE(again.ok()) << again.error().message;
    ASSERT_TRUE(again->has_value());
    EXPECT_EQ((*again)->mode, mode);
    EXPECT_EQ((*again)->event, event);
  }
  std::vector<Event> events = {event, event};
  auto message = to_http_batch(events);
  Headers headers = views(message->headers);
  EXPECT_EQ((*from_http_message(headers, message->body))->batch, events);
}

TEST(HttpRoundTrip, BinaryCarriesCanonicalStrings) {
  Event event = sample();
  event.extensions = {{"n", -7}, {"b", true}};
  auto message = to_http(event, Mode::kBinary);
  Headers headers = views(message->headers);
  EXPECT_EQ((*from_http_message(headers, message->body))->event.extensions,
            (decltype(Event::extensions){{"n", "-7"}, {"b", "true"}}));
}

TEST(HttpWrite, BinaryModeHasNoWayToSayThatTheDataIsACloudEvent) {
  Event event = sample();
  event.datacontenttype = "application/CloudEvents+json; charset=utf-8";
  event.data = "{}";
  EXPECT_THAT(to_http(event, Mode::kBinary).error().message, HasSubstr("'datacontenttype'"));
  EXPECT_TRUE(to_http(event, Mode::kStructured).ok());
}

TEST(HttpWrite, RefusesWhatIsInvalid) {
  Event event = sample();
  event.datacontenttype = "text/plain\r\nx: y";
  EXPECT_THAT(to_http(event, Mode::kBinary).error().message, HasSubstr("'datacontenttype'"));
  event = sample();
  event.extensions["a\r\nb"] = "x";
  EXPECT_FALSE(to_http(event, Mode::kBinary).ok());
  event = sample();
  event.datacontenttype = "application/json";
  EXPECT_FALSE(to_http(event, Mode::kBinary).ok());
  EXPECT_FALSE(to_http(event, Mode::kStructured).ok());
  EXPECT_FALSE(to_http(sample(), Mode::kBatch).ok());
  EXPECT_FALSE(to_http(sample(), Mode::kPlain).ok());
}

}  // namespace
}  // namespace ferry::event
