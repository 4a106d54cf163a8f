// A request's head by itself: each rule at its edge (RFC 9112, 2 to 6).
#include "http/head.h"

#include <gtest/gtest.h>

namespace ferry::http {
namespace {

// 0: it was taken.
int status_of(std::string_view text, Head* out = nullptr) {
  Head head;
  const auto refusal = parse_head(text, head);
  if (out != nullptr) *out = head;
  return refusal ? refusal->status : 0;
}
int status_with(const std::string& fields) {
  return status_of("GET / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n");
}
int status_of_target(const std::string& target) {
  return status_of("GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n");
}

TEST(RequestHead, EndsWhereItEnds) {
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), 0);
  EXPECT_EQ(status_of(""), 400);
  EXPECT_EQ(status_of("GET / HTTP/1.1"), 400);
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\n"), 400);
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\n\n"), 400);
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost: a\n\r\n"), 400);
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost: a"), 400);
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost: a\r\n\r\nx"), 400);  // bytes behind its end
}

TEST(RequestHead, TargetsArePathsOrHttpUris) {
  for (const char* good : {"/", "/a%20b?c=[]", "http://a.example/x", "HTTPS://a.example?q",
                           "http://[::1]:80", "http://u%41@a"}) {
    EXPECT_EQ(status_of_target(good),
              std::string_view(good).find('@') == std::string_view::npos ? 0 : 400)
        << good;
  }
  for (const char* wrong :
       {"", "*", "a", "http://", "https://", "http:///x", "http://?x", "ftp://a/", "http://a b",
        "/a#b", "/\x7f", "/\xc3\xa9", "/\x01", "http://a\"b/"}) {
    EXPECT_EQ(status_of_target(wrong), 400) << wrong;
  }
  EXPECT_EQ(status_of("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"), 0);
  EXPECT_EQ(status_of("CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n"), 501);
}

TEST(RequestHead, VersionsAreTwoDigits) {
  const auto version = [](const std::string& text) {
    return status_of("GET / " + text + "\r\nHost: a\r\n\r\n");
  };
  EXPECT_EQ(version("HTTP/1.0"), 0);
  EXPECT_EQ(version("HTTP/1.9"), 0);
  EXPECT_EQ(version("HTTP/2.0"), 505);
  for (const char* wrong : {"HTTP/1", "HTTP/1.x", "HTTP/x.1", "HTTP/:.1", "HTTP/1.:", "HTTP/1-1",
                            "HTTP/1.10", "http/1.1", "HTTX/1.1"}) {
    EXPECT_EQ(version(wrong), 400) << wrong;
  }
}

// Fields whose names are as long as one that counts, and are others.
TEST(RequestHead, OnlyTheFieldsThatCountAreHeeded) {
  Head head;
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost: a\r\nXX: trailers\r\nAbcd: (\r\nAccept: x\r\n"
                      "User-Agent: close\r\nX-Aaaaaaaaaaaa: 5\r\nX-Aaaaaaaaaaaaaaa: gzip\r\n\r\n",
                      &head),
            0);
  EXPECT_TRUE(head.keep_alive);
  EXPECT_FALSE(head.chunked || head.takes_trailers || head.expects_continue);
  EXPECT_EQ(head.content_length, 0U);
  EXPECT_EQ(status_with("TE: gzip, trailers\r\n"), 0);
  EXPECT_EQ(status_with("Host: b\r\n"), 400);
  EXPECT_EQ(status_with("Expect: 100-continue\r\nExpect: 100-continue\r\n"), 417);
  EXPECT_EQ(status_with("Expect: other\r\n"), 417);
  EXPECT_EQ(status_with("Content-Length: 1\r\nContent-Length: 1\r\n"), 400);
  EXPECT_EQ(status_with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), 400);
  EXPECT_EQ(status_with("Transfer-Encoding: chunked\r\nContent-Length: 1\r\n"), 400);
}

// RFC 9110, 10.1.1: what HTTP/1.0 has no notion of is not taken from it.
TEST(RequestHead, OfHttp10ExpectsNothingAndTakesNoTrailers) {
  Head head;
  EXPECT_EQ(status_of("GET / HTTP/1.0\r\nExpect: 100-continue\r\nTE: trailers\r\n\r\n", &head), 0);
  EXPECT_FALSE(head.expects_continue || head.takes_trailers || head.keep_alive);
  EXPECT_EQ(status_of("GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400);
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\n\r\n"), 400);  // without Host
}

TEST(RequestHead, FieldLinesAreNeitherFoldedNorWithoutAName) {
  for (const char* wrong :
       {" x: 1", "\tx: 1", "x", ": 1", "x : 1", "x\x01: 1", "x: \x01", "x: \x7f"}) {
    EXPECT_EQ(status_with(std::string(wrong) + "\r\n"), 400) << wrong;
  }
  EXPECT_EQ(status_with("x:\r\ny: \t \r\nz: \xff\t1\r\n"), 0);
}

}  // namespace
}  // namespace ferry::http
