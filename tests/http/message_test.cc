// What a request says of itself, and what the front says by itself.
#include "http/message.h"

#include <array>

#include <gmock/gmock.h>
#include <sys/socket.h>

#include "base/file.h"

namespace ferry::http {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

Request with_target(std::string_view target) {
  Request request;
  request.target = target;
  return request;
}

TEST(Request, PathAndQueryAreThoseOfEachFormOfTarget) {
  struct Case {
    const char* target;
    const char* path;
    const char* query;
  };
  for (const Case& each : {
           Case{"/a/b?c=d?e", "/a/b", "c=d?e"},
           Case{"/", "/", ""},
           Case{"/?", "/", ""},
           Case{"*", "*", ""},
           Case{"http://x.example/a?b", "/a", "b"},
           Case{"http://x.example?b", "/", "b"},
           Case{"http://x.example", "/", ""},
           Case{"x.example:443", "x.example:443", ""},
           Case{"", "/", ""},
       }) {
    EXPECT_EQ(with_target(each.target).path(), each.path) << each.target;
    EXPECT_EQ(with_target(each.target).query(), each.query) << each.target;
  }
}

TEST(Request, FieldsAreFoundInAnyCaseAndTheFirstCounts) {
  const std::array<Field, 3> fields{{{"Accept", "a"}, {"X-[", "b"}, {"ACCEPT", "c"}}};
  Request request;
  request.fields = fields;
  EXPECT_EQ(request.field("accept"), "a");
  EXPECT_EQ(request.field("x-["), "b");
  EXPECT_EQ(request.field("x-{"), "");  // not a letter: its case is not left out
  EXPECT_EQ(request.field("accep"), "");
}

TEST(Request, IsAbandonedOnceItsSenderHasClosed) {
  Request request;
  EXPECT_FALSE(request.abandoned());  // not known
  std::array<int, 2> ends{};
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
  const Fd ours(ends[0]);
  Fd theirs(ends[1]);
  request.socket = ours.get();
  EXPECT_FALSE(request.abandoned());  // it waits
  ASSERT_EQ(send(theirs.get(), "x", 1, 0), 1);
  EXPECT_FALSE(request.abandoned());  // it has sent its next one
  char byte = 0;
  ASSERT_EQ(recv(ours.get(), &byte, 1, 0), 1);
  theirs.reset();
  EXPECT_TRUE(request.abandoned());
  request.socket = 1 << 20;  // no descriptor
  EXPECT_TRUE(request.abandoned());
}

TEST(Response, IsAsNewOnceItIsCleared) {
  Response response;
  response.status = 404;
  response.content_type = "text/plain";
  response.fields.emplace_back("A", "b");
  response.trailers.emplace_back("C", "d");
  response.body = "x";
  response.close = response.broken = true;
  response.clear();
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.content_type + response.body, "");
  EXPECT_TRUE(response.fields.empty() && response.trailers.empty());
  EXPECT_FALSE(response.close || response.broken);
}

struct Silent final : Service {
  int lane(const Request& /*request*/) override { return kNoLane; }
  void handle(const Request& /*request*/, Response& /*response*/) override {}
};

TEST(Service, WhatIsRefusedOrTooMuchIsAProblemDocument) {
  Silent service;
  Response response;
  service.overloaded({}, response);
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(response.content_type, "application/problem+json");
  EXPECT_THAT(response.fields, ElementsAre(Pair("Retry-After", "1")));
  EXPECT_THAT(response.body, HasSubstr(R"("status":503)"));
  service.refused(431, "the head is too large", response);
  EXPECT_EQ(response.status, 431);
  EXPECT_THAT(response.body, HasSubstr(R"("title":"Request Header Fields Too Large")"));
  EXPECT_THAT(response.body, HasSubstr(R"("detail":"the head is too large")"));
}

TEST(ReasonPhrase, IsTheRegisteredOne) {
  EXPECT_EQ(reason_phrase(200), "OK");
  EXPECT_EQ(reason_phrase(413), "Content Too Large");
  EXPECT_EQ(reason_phrase(299), "Unknown");
}

}  // namespace
}  // namespace ferry::http
