#include <gmock/gmock.h>

#include "platforms/azure/answer.h"
#include "platforms/azure/events.h"
#include "platforms/azure/package/host_files.h"

namespace ferry::platforms::azure {
namespace {

using host::Outcome;
using host::Status;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

event::Event event_for(std::string_view body) {
  const auto message = read_message(body);
  EXPECT_TRUE(message) << body;
  event::Event event = event_of(*message, {"orders", "inv-1"}, system_clock(), system_random());
  EXPECT_TRUE(event::validate(event).ok());
  return event;
}

Outcome ok(std::string type, std::string data) {
  Outcome out;
  out.status = Status::kOk;
  out.reply.content_type = std::move(type);
  out.reply.data = std::move(data);
  return out;
}

TEST(AzureMessage, IsAnObjectOfDataAndMetadataAndNothingElse) {
  EXPECT_TRUE(read_message(R"( {"Data":{"a":1},"Metadata":{}} )"));
  for (const char* body : {"", "{}", "[]", "{", R"({"Data":{}})", R"({"Data":[],"Metadata":{}})",
                           R"({"Data":{},"Metadata":{},"More":1})"}) {
    EXPECT_FALSE(read_message(body)) << body;
  }
}

TEST(AzureMessage, TextIsTakenOutOfItsOwnQuotes) {
  EXPECT_EQ(value_of(JsonView(R"("\"hello\"")")).text, "hello");
  EXPECT_EQ(value_of(JsonView(R"("hello")")).text, "hello");
  EXPECT_EQ(value_of(JsonView(R"("{\"a\":1.10}")")).text, R"({"a":1.10})");
  EXPECT_EQ(value_of(JsonView(R"({"a":1.10})")).text, R"({"a":1.10})");
  EXPECT_EQ(value_of(JsonView(R"("\"half")")).text, "\"half");
}

TEST(AzureEvent, QueueMessage) {
  const auto event = event_for(
      R"({"Data":{"item":"\"hello\""},"Metadata":{"DequeueCount":"1","PopReceipt":"\"x\"",)"
      R"("Id":"\"m-5\"","InsertionTime":"\"2026-01-02T03:04:05+00:00\""}})");
  EXPECT_EQ(event.type, "com.microsoft.azure.storage.queue.message");
  EXPECT_EQ(event.id, "m-5");
  EXPECT_EQ(event.time, "2026-01-02T03:04:05+00:00");
  EXPECT_EQ(event.source, "/azure/functions/orders");
  EXPECT_EQ(event.data, "hello");
  EXPECT_EQ(event.datacontenttype, "text/plain; charset=utf-8");
}

// The host leaves out each name that ends in "trigger", and sends bytes as base64: it was an
// unknown trigger whose data was aGVsbG8=.
TEST(AzureEvent, BlobAsTheHostSendsIt) {
  const auto event = event_for(
      R"({"Data":{"blob":"aGVsbG8="},"Metadata":{"Uri":"\"https://x.example/in/a b.txt\"",)"
      R"("Properties":{},"Metadata":{},"sys":{}}})");
  EXPECT_EQ(event.type, "com.microsoft.azure.storage.blob.changed");
  EXPECT_EQ(event.subject, "in/a b.txt");
  EXPECT_EQ(event.data, "hello");
  auto data = [](const std::string& value) {
    return event_for(R"({"Data":{"blob":)" + value +
                     R"(},"Metadata":{"Uri":"\"https://x/a\"","Properties":{},"Metadata":{}}})")
        .data;
  };
  EXPECT_EQ(data(R"("\"aGVsbG8=\"")"), "aGVsbG8=");  // text, in the host's quotes
  EXPECT_EQ(data(R"("e30=")"), "{}");
  EXPECT_EQ(data(R"("/wA=")"), std::string("\xff\0", 2));
  EXPECT_EQ(data(R"("not base64")"), "not base64");
  EXPECT_EQ(data(R"({"a":1.10})"), R"({"a":1.10})");
  EXPECT_EQ(data(R"("")"), std::nullopt);
}

TEST(AzureEvent, CosmosDbChangesAreAListOfDocuments) {
  constexpr char kDocuments[] = R"([{"id":"1","n":1.10,"_rid":"r","_etag":"e","_ts":1}])";
  std::string quoted;
  event::append_json_string(quoted, kDocuments);
  for (const std::string& value : {std::string(kDocuments), quoted}) {
    const auto event = event_for(R"({"Data":{"docs":)" + value + R"(},"Metadata":{"sys":{}}})");
    EXPECT_EQ(event.type, "com.microsoft.azure.cosmosdb.changes");
    EXPECT_EQ(event.datacontenttype, "application/json");
    EXPECT_EQ(event.data, kDocuments);
  }
  EXPECT_EQ(event_for(R"({"Data":{"d":[{"id":"1"}]},"Metadata":{}})").type,
            "com.microsoft.azure.functions.trigger");
}

TEST(AzureEvent, ServiceBusMessage) {
  const auto event = event_for(
      R"({"Data":{"m":"{\"a\":1}"},"Metadata":{"MessageId":"\"7\"","Subject":"\"s\"",)"
      R"("EnqueuedTimeUtc":"\"2026-01-02T03:04:05\"","ContentType":"\"application/json\""}})");
  EXPECT_EQ(event.type, "com.microsoft.azure.servicebus.message");
  EXPECT_EQ(event.id, "7");
  EXPECT_EQ(event.subject, "s");
  EXPECT_EQ(event.time, "2026-01-02T03:04:05Z");
  EXPECT_EQ(event.data, R"({"a":1})");
  EXPECT_EQ(event.datacontenttype, "application/json");
}

TEST(AzureEvent, AContentTypeThatTheBodyIsNotIsLeftOut) {
  const auto event =
      event_for(R"({"Data":{"m":"{no"},"Metadata":{"MessageId":"\"7\"","EnqueuedTimeUtc":"junk",)"
                R"("ContentType":"\"application/json\""}})");
  EXPECT_EQ(event.datacontenttype, "text/plain; charset=utf-8");
  EXPECT_NE(event.time, "junk");
}

TEST(AzureEvent, CloudEventsAreKept) {
  constexpr char kEvent[] = R"({"specversion":"1.0","id":"9","source":"/s","type":"t","n":1})";
  std::string quoted;
  event::append_json_string(quoted, kEvent);
  for (const std::string& value : {std::string(kEvent), quoted}) {
    const auto event = event_for(R"({"Data":{"e":)" + value + R"(},"Metadata":{}})");
    EXPECT_EQ(event.id, "9");
    EXPECT_EQ(event.type, "t");
    EXPECT_EQ(event.extensions.size(), 1u);
  }
}

TEST(AzureEvent, EventGridsOwnSchemaIsMappedAsMicrosoftDoes) {
  const auto event = event_for(
      R"({"Data":{"e":{"id":"1","topic":"/subscriptions/x","subject":"s","eventType":"E.Created",)"
      R"("eventTime":"2026-01-02T03:04:05Z","data":{"a":1.10},"dataVersion":""}},"Metadata":{}})");
  EXPECT_EQ(event.source, "/subscriptions/x");
  EXPECT_EQ(event.type, "E.Created");
  EXPECT_EQ(event.subject, "s");
  EXPECT_EQ(event.data, R"({"a":1.10})");
}

TEST(AzureEvent, TimerAndUnknownTriggers) {
  auto timer = event_for(R"({"Data":{"t":{"Schedule":{},"IsPastDue":false}},"Metadata":{}})");
  EXPECT_EQ(timer.type, "com.microsoft.azure.functions.timer");
  EXPECT_EQ(timer.id, "inv-1");
  auto other = event_for(R"({"Data":{"a":1,"b":{"c":2}},"Metadata":{}})");
  EXPECT_EQ(other.type, "com.microsoft.azure.functions.trigger");
  EXPECT_EQ(other.data, R"({"a":1,"b":{"c":2}})");
}

TEST(AzureEvent, AnIdThatCanBeNoneFallsBack) {
  const auto event = event_for(
      R"({"Data":{"i":"x"},"Metadata":{"DequeueCount":1,"PopReceipt":"x","Id":"a\u0000b"}})");
  EXPECT_EQ(event.id, "inv-1");
}

TEST(AzureRequest, IsReadAsItsCallerSentIt) {
  const auto message = read_message(
      R"({"Data":{"req":{"Url":"http://h:1/api/f?a=b c","Method":"PUT","Headers":{"X-A":["1","2"],)"
      R"("Content-Type":["application/octet-stream"],"bad name":"x","B":"a\r\nb"},)"
      R"("Body":"AAEC"}},"Metadata":{}})");
  const auto request = read_request(*message);
  ASSERT_TRUE(request);
  EXPECT_EQ(request->binding, "req");
  EXPECT_EQ(request->method, "PUT");
  EXPECT_EQ(request->target, "/api/f?a=b%20c");
  EXPECT_EQ(request->body, std::string("\0\1\2", 3));
  EXPECT_THAT(request->headers, ElementsAre(Pair("X-A", "1"), Pair("X-A", "2"),
                                            Pair("Content-Type", "application/octet-stream")));
}

TEST(AzureRequest, AMethodThatIsNoneIsNoRequest) {
  EXPECT_FALSE(read_request(
      *read_message(R"({"Data":{"r":{"Url":"/","Method":"GET / HTTP/1.1\r\n"}},"Metadata":{}})")));
}

TEST(AzureAnswer, JsonStaysAndAmbiguousTextIsSentAsBytes) {
  EXPECT_EQ(reply_value(ok("application/json", R"({"a":1.10})").reply), R"({"a":1.10})");
  EXPECT_EQ(reply_value(ok("text/plain", "hello!").reply), "\"hello!\"");
  // The host would decode these, since they are base64 by chance.
  EXPECT_EQ(reply_value(ok("text/plain", "test").reply), "\"dGVzdA==\"");
  EXPECT_EQ(reply_value(ok("text/plain", "te st\n").reply), "\"dGUgc3QK\"");
  EXPECT_EQ(reply_value(ok("application/octet-stream", "\xff").reply), "\"/w==\"");
  EXPECT_EQ(reply_value({}), "null");
}

TEST(AzureAnswer, ATriggersReplyIsReturnValueAndOutputWithItsLog) {
  Outcome outcome = ok("application/json", "{}");
  outcome.logs = {{{}, "one \"line\""}};
  EXPECT_EQ(reply_payload(outcome),
            R"({"Outputs":{"reply":{}},"Logs":["one \"line\""],"ReturnValue":{}})");
}

// HTTP and a queue as outputs of one function: there was one output only.
TEST(AzureAnswer, AReplyMayNameItsOutputs) {
  Outcome outcome = ok("application/json", R"({"Outputs":{"res":{"body":"hi"},"queue":["a"]}})");
  outcome.logs = {{{}, "line"}};
  constexpr char kWant[] =
      R"({"Outputs":{"res":{"body":"hi"},"queue":["a"]},"Logs":["line"],"ReturnValue":null})";
  EXPECT_EQ(reply_payload(outcome), kWant);
  http::Response answer;
  answer.content_type = outcome.reply.content_type;
  answer.body = outcome.reply.data;
  EXPECT_EQ(*http_payload(answer, outcome), kWant);
  EXPECT_EQ(reply_payload(ok("application/json", R"( {"ReturnValue":1,"Outputs":{}} )")),
            R"({"Outputs":{},"Logs":[],"ReturnValue":1})");
  for (const char* other : {R"({"Outputs":[]})", R"({"Outputs":{},"more":1})", R"({"a":1})"}) {
    EXPECT_FALSE(own_outputs("application/json", other)) << other;
  }
  EXPECT_FALSE(own_outputs("text/plain", R"({"Outputs":{}})"));
}

TEST(AzureManifest, CosmosDbIsATrigger) {
  using namespace packaging::azure;
  const auto trigger = parse_trigger("cosmosdb=shop/orders");
  ASSERT_TRUE(trigger.ok()) << trigger.error().text();
  const std::string json = function_json(*trigger, "f");
  EXPECT_TRUE(event::check_json(json).ok()) << json;
  EXPECT_THAT(json, HasSubstr(R"("type": "cosmosDBTrigger")"));
  EXPECT_THAT(json, HasSubstr(R"("databaseName": "shop", "containerName": "orders")"));
  for (const char* wrong : {"cosmosdb", "cosmosdb=shop", "cosmosdb=/orders", "cosmosdb=shop/"}) {
    EXPECT_FALSE(parse_trigger(wrong).ok()) << wrong;
  }
}

TEST(AzureAnswer, HttpOutputHasAllFourMembers) {
  http::Response answer;
  answer.status = 404;
  answer.content_type = "text/plain";
  answer.fields = {{"a", "1"}, {"A", "2"}};
  answer.body = "no";
  EXPECT_EQ(*http_payload(answer, {}),
            R"({"Outputs":{"res":{"statusCode":"404","status":"404","body":"no",)"
            R"("headers":{"Content-Type":"text/plain","a":"1"}}},"Logs":[],"ReturnValue":null})");
  answer.body = "\xff";
  EXPECT_THAT(http_payload(answer, {}).error().hint, HasSubstr("enableForwardingHttpRequest"));
}

std::optional<TriggerRequest> request_in(const std::string& data) {
  const std::string text = R"({"Data":{"req":)" + data + R"(},"Metadata":{}})";
  const auto message = read_message(text);
  EXPECT_TRUE(message) << data;
  return message ? read_request(*message) : std::nullopt;
}

TEST(AzureRequest, HasAMethodThatIsOneAndAUrl) {
  for (const std::string& wrong :
       {std::string(R"({"Method":"G T","Url":"/"})"), std::string(R"({"Method":"","Url":"/"})"),
        std::string(R"({"Method":"GET","Url":1})"), std::string(R"({"Method":"GET"})"),
        std::string(R"({"Url":"/"})"), std::string("[]"),
        R"({"Method":")" + std::string(33, 'A') + R"(","Url":"/"})"}) {
    EXPECT_FALSE(request_in(wrong)) << wrong;
  }
}

TEST(AzureRequest, ItsTargetIsFitForARequestLine) {
  const auto target = [](const std::string& url) {
    return request_in(R"({"Method":"GET","Url":")" + url + R"("})")->target;
  };
  EXPECT_EQ(target("https://x.example/a b?c=d"), "/a%20b?c=d");
  EXPECT_EQ(target("https://x.example?c"), "/?c");
  EXPECT_EQ(target("https://x.example"), "/");
  EXPECT_EQ(target("/a\u00e9\u007f"), "/a%C3%A9%7F");
  EXPECT_EQ(target("a"), "/a");
}

TEST(AzureRequest, HeadersThatAreNoneAreLeftOut) {
  const auto request = request_in(
      R"({"Method":"GET","Url":"/","Headers":{"A b":["1"],"X":["1","a\nb",{}],"Y":"2","Z":[]}})");
  ASSERT_TRUE(request);
  EXPECT_THAT(request->headers, ElementsAre(Pair("X", "1"), Pair("Y", "2")));
}

TEST(AzureRequest, BytesComeInBase64WhereTheirTypeIsThatOfBytes) {
  const auto body = [](const std::string& type, const std::string& sent) {
    return request_in(R"({"Method":"POST","Url":"/","Headers":{"content-type":[")" + type +
                      R"("]},"Body":)" + sent + "}")
        ->body;
  };
  EXPECT_EQ(body("application/octet-stream", R"("aGk=")"), "hi");
  EXPECT_EQ(body("multipart/form-data", R"("aGk=")"), "hi");
  EXPECT_EQ(body("image/png", R"("aGk=")"), "aGk=");
  EXPECT_EQ(body("application/octet-stream", R"("no base64!")"), "no base64!");
  EXPECT_EQ(body("application/json", R"({"a":1.10})"), R"({"a":1.10})");
  EXPECT_EQ(body("text/plain", "null"), "");
}

}  // namespace
}  // namespace ferry::platforms::azure
