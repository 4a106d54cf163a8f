#include "event/request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ferry::event {
namespace {

using Headers = std::vector<HeaderView>;

HttpRequest request_of(const Headers& headers, std::string body, std::string_view target = "/a?q") {
  HttpRequest request;
  request.method = "POST";
  request.target = target;
  request.headers = headers;
  request.body = std::move(body);
  return request;
}

TEST(RequestEvent, KeepsABodyThatIsNotOfItsType) {
  for (const std::string& body :
       {std::string("{"), std::string("\xEF\xBB\xBF{}"), std::string("\xFF\0", 2)}) {
    for (const char* type : {"application/json", "no media type"}) {
      const Headers headers = {{"host", "h"}, {"content-type", type}, {"content-encoding", "gzip"}};
      RequestEvent event(request_of(headers, body), system_clock(), system_random());
      ASSERT_TRUE(event.check().ok());
      EXPECT_EQ(event.data(), body);
      EXPECT_EQ(event.http()->headers.size(), headers.size());
      EXPECT_EQ(event.http()->path_with_query, "/a?q");
      EXPECT_EQ(event.http()->authority, "h");
      // What of it is an event is a valid one all the same.
      EXPECT_TRUE(validate(event.whole()).ok());
      EXPECT_TRUE(validate_data(event.whole()).ok());
      EXPECT_EQ(event.whole().datacontenttype, std::nullopt);
      EXPECT_EQ(event.whole().data, body);
    }
  }
}

TEST(RequestEvent, IsTheEventOfThePlainRequestWhereTheBodyIsOfItsType) {
  const Headers headers = {{"host", "h"}, {"content-type", "text/plain"}, {"x-request-id", "7"}};
  RequestEvent event(request_of(headers, "text"), system_clock(), system_random());
  ASSERT_TRUE(event.check().ok());
  auto plain = from_http(request_of(headers, "text"), system_clock(), system_random());
  ASSERT_TRUE(plain.ok());
  plain->event.time = event.whole().time;
  EXPECT_EQ(event.whole(), plain->event);
}

TEST(RequestEvent, HasNoDataWithoutABody) {
  RequestEvent event(request_of({}, ""), system_clock(), system_random());
  ASSERT_TRUE(event.check().ok());
  EXPECT_EQ(event.data(), std::nullopt);
  EXPECT_EQ(event.whole().data, std::nullopt);
}

TEST(RequestEvent, MayHaveTwoContentTypesButOneHost) {
  const Headers types = {{"host", "h"}, {"content-type", "a/b"}, {"content-type", "c/d"}};
  const Headers hosts = {{"host", "h"}, {"host", "g"}};
  EXPECT_TRUE(RequestEvent(request_of(types, "x"), system_clock(), system_random()).check().ok());
  EXPECT_FALSE(RequestEvent(request_of(hosts, "x"), system_clock(), system_random()).check().ok());
}

TEST(RequestEvent, IsNotForCloudEvents) {
  EXPECT_TRUE(is_cloudevent(Headers{{"CE-Id", "1"}}));
  EXPECT_TRUE(is_cloudevent(Headers{{"Content-Type", "application/cloudevents+json"}}));
  EXPECT_TRUE(is_cloudevent(Headers{{"content-type", "application/cloudevents+avro"}}));
  EXPECT_FALSE(is_cloudevent(Headers{{"ce-mine", "1"}, {"content-type", "application/json"}}));
  EXPECT_FALSE(is_cloudevent({}));
}

}  // namespace
}  // namespace ferry::event
