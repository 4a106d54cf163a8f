// The CORS protocol as the host speaks it for a function.
#include "platforms/cors.h"

#include <gmock/gmock.h>

namespace ferry::platforms {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Key;
using testing::Not;
using testing::Pair;

using Headers = std::vector<event::HeaderView>;

function::Cors for_app() {
  function::Cors cors;
  cors.origins = {"https://app.example", "https://b.example"};
  cors.methods = {"GET", "PUT"};
  cors.headers = {"content-type", "x-token"};
  cors.expose = {"etag", "x-more"};
  cors.credentials = true;
  cors.max_age = std::chrono::seconds(60);
  return cors;
}

bool preflight(std::string_view method, const Headers& headers) {
  event::HttpRequest request;
  request.method = method;
  request.headers = headers;
  return is_preflight(request);
}

TEST(Cors, APreflightIsOptionsWithOriginAndWhatIsAskedFor) {
  const Headers both{{"Origin", "https://app.example"}, {"Access-Control-Request-Method", "PUT"}};
  EXPECT_TRUE(preflight("OPTIONS", both));
  EXPECT_FALSE(preflight("GET", both));
  EXPECT_FALSE(preflight("OPTIONS", {{"Origin", "https://app.example"}}));
  EXPECT_FALSE(preflight("OPTIONS", {{"Access-Control-Request-Method", "PUT"}}));
}

TEST(Cors, AnOriginThatIsListedIsToldWhatItMaySend) {
  http::Response response;
  answer_preflight(for_app(), Headers{{"origin", "https://b.example"}}, response);
  EXPECT_EQ(response.status, 204);
  EXPECT_THAT(response.fields,
              ElementsAre(Pair("Vary", testing::_),
                          Pair("Access-Control-Allow-Origin", "https://b.example"),
                          Pair("Access-Control-Allow-Methods", "GET, PUT"),
                          Pair("Access-Control-Allow-Headers", "content-type, x-token"),
                          Pair("Access-Control-Allow-Credentials", "true"),
                          Pair("Access-Control-Max-Age", "60")));
}

TEST(Cors, AnyOriginIsAStarAndWhatIsNotSetIsNotSaid) {
  function::Cors cors;
  cors.origins = {"*"};
  cors.headers = {};
  http::Response response;
  answer_preflight(cors, Headers{{"Origin", "https://who.example"}}, response);
  EXPECT_THAT(response.fields, Contains(Pair("Access-Control-Allow-Origin", "*")));
  EXPECT_THAT(response.fields, Not(Contains(Key("Access-Control-Allow-Headers"))));
  EXPECT_THAT(response.fields, Not(Contains(Key("Access-Control-Allow-Credentials"))));
  http::Response other;
  allow_origin(cors, Headers{{"Origin", "https://who.example"}}, other);
  EXPECT_THAT(other.fields, ElementsAre(Pair("Access-Control-Allow-Origin", "*")));
}

// The browser takes the missing header for a no; caches must not keep it for others.
TEST(Cors, AnOriginThatIsNotListedLearnsNothing) {
  for (const char* origin : {"https://evil.example", "https://app.example.evil.example",
                             "http://app.example", "https://APP.example", "null"}) {
    http::Response response;
    answer_preflight(for_app(), Headers{{"Origin", origin}}, response);
    EXPECT_EQ(response.status, 204);
    EXPECT_THAT(response.fields, ElementsAre(Key("Vary"))) << origin;
    http::Response answer;
    allow_origin(for_app(), Headers{{"Origin", origin}}, answer);
    EXPECT_THAT(answer.fields, ElementsAre(Pair("Vary", "Origin"))) << origin;
  }
}

TEST(Cors, AnAnswerSaysWhoMayReadItAndWhatOfIt) {
  http::Response response;
  allow_origin(for_app(), Headers{{"Origin", "https://app.example"}}, response);
  EXPECT_THAT(response.fields,
              ElementsAre(Pair("Vary", "Origin"),
                          Pair("Access-Control-Allow-Origin", "https://app.example"),
                          Pair("Access-Control-Allow-Credentials", "true"),
                          Pair("Access-Control-Expose-Headers", "etag, x-more")));
}

TEST(Cors, WithoutAnOriginNothingIsAllowed) {
  function::Cors any;
  any.origins = {"*"};
  http::Response response;
  allow_origin(any, Headers{}, response);
  EXPECT_THAT(response.fields, IsEmpty());
}

TEST(Cors, AFunctionThatSaysItItselfIsNotOverruled) {
  http::Response response;
  response.fields.emplace_back("access-control-allow-origin", "https://mine.example");
  allow_origin(for_app(), Headers{{"Origin", "https://app.example"}}, response);
  EXPECT_EQ(response.fields.size(), 1U);
}

}  // namespace
}  // namespace ferry::platforms
