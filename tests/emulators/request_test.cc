// A request as text, in the forms that people paste.
#include <gtest/gtest.h>

#include "emulators/request_text.h"

namespace ferry::platforms {
namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

TEST(ParseRequest, LineEndsMayBeEitherKind) {
  for (const char* text : {"POST /a?x=1\nA: b\nC:  d \n\nbody\r\n\r\nmore",
                           "POST /a?x=1\r\nA: b\r\nC: d\r\n\r\nbody\r\n\r\nmore"}) {
    const auto request = parse_request(text);
    ASSERT_TRUE(request.ok()) << request.error().text();
    EXPECT_EQ(request->method, "POST");
    EXPECT_EQ(request->path, "/a?x=1");
    EXPECT_EQ(request->fields, (Fields{{"A", "b"}, {"C", "d"}}));
    EXPECT_EQ(request->body, "body\r\n\r\nmore");
  }
}

TEST(ParseRequest, WhatCurlPrintsIsTaken) {
  const auto request = parse_request(
      "PUT /x HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n"
      "Connection: close\r\nAccept: */*\r\n\r\nabc");
  ASSERT_TRUE(request.ok()) << request.error().text();
  EXPECT_EQ(request->path, "/x");
  EXPECT_EQ(request->fields, (Fields{{"Accept", "*/*"}}));
}

TEST(ParseRequest, NamesWhatIsWrong) {
  for (const char* text : {"", "GET", "GET x", "GET  /x", "G(T /x", "GET /x HTTP/1.1 more"}) {
    EXPECT_FALSE(parse_request(text).ok()) << text;
  }
  EXPECT_EQ(parse_request("GET /\nno colon\n").error().message,
            "line 2: 'no colon' is not a header field");
  EXPECT_EQ(parse_request("GET /\nA: b\nC: \x01\n").error().message,
            "line 3: C has a control character in its value");
}

}  // namespace
}  // namespace ferry::platforms
