// Every framing attack of RFC 9112 that we know of, each fed at once and byte by byte.
#include "http/reader.h"

#include <algorithm>
#include <cstring>
#include <functional>

#include <gtest/gtest.h>

namespace ferry::http {
namespace {

// Feeds `bytes` in pieces; calls `on_request` for each whole request. Returns the status of the
// refusal, or 0.
int feed(std::string_view bytes, std::size_t piece, const ReaderLimits& limits,
         const std::function<void(const Reader&)>& on_request) {
  Reader reader(limits);
  for (;;) {
    switch (reader.advance()) {
      case Reader::State::kReady:
        on_request(reader);
        reader.next();
        continue;
      case Reader::State::kRefused:
        return reader.refusal().status;
      default:
        break;
    }
    if (bytes.empty()) {
      return 0;
    }
    std::span<char> room = reader.room();
    std::size_t size = std::min({piece, room.size(), bytes.size()});
    std::memcpy(room.data(), bytes.data(), size);
    reader.filled(size);
    bytes.remove_prefix(size);
  }
}

struct Seen {
  int status = 0;
  std::vector<std::string> requests;  // "METHOD target body"
};

Seen read(std::string_view bytes, std::size_t piece, const ReaderLimits& limits = {}) {
  Seen seen;
  seen.status = feed(bytes, piece, limits, [&](const Reader& reader) {
    seen.requests.push_back(std::string(reader.head().method) + " " +
                            std::string(reader.head().target) + " " + std::string(reader.body()));
  });
  return seen;
}

struct Refused {
  const char* name;
  std::string bytes;
  int status;
};

class Attack : public testing::TestWithParam<Refused> {};

TEST_P(Attack, IsRefused) {
  for (std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{1} << 20}) {
    Seen seen = read(GetParam().bytes, piece);
    EXPECT_EQ(seen.status, GetParam().status) << "in pieces of " << piece;
    EXPECT_TRUE(seen.requests.empty()) << seen.requests.front();
  }
}

std::string post(const std::string& fields, const std::string& body) {
  return "POST / HTTP/1.1\r\nHost: x\r\n" + fields + "\r\n" + body;
}
std::string chunked(const std::string& body) {
  return post("Transfer-Encoding: chunked\r\n", body);
}
std::string get(const std::string& fields) { return "GET / HTTP/1.1\r\n" + fields + "\r\n"; }

INSTANTIATE_TEST_SUITE_P(
    Framing, Attack,
    testing::Values(
        Refused{"LengthAndCoding",
                post("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400},
        Refused{"CodingAndLength",
                post("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", "0\r\n\r\n"), 400},
        Refused{"TwoLengths", post("Content-Length: 3\r\nContent-Length: 4\r\n", "abcd"), 400},
        Refused{"TwoEqualLengths", post("Content-Length: 3\r\nContent-Length: 3\r\n", "abc"), 400},
        Refused{"LengthList", post("Content-Length: 3, 3\r\n", "abc"), 400},
        Refused{"PlusLength", post("Content-Length: +3\r\n", "abc"), 400},
        Refused{"MinusLength", post("Content-Length: -3\r\n", "abc"), 400},
        Refused{"HexLength", post("Content-Length: 0x3\r\n", "abc"), 400},
        Refused{"EmptyLength", post("Content-Length:\r\n", ""), 400},
        Refused{"LengthWithSpace", post("Content-Length: 1 3\r\n", "abc"), 400},
        Refused{"OverflowingLength", post("Content-Length: 18446744073709551617\r\n", "a"), 400},
        Refused{"HugeLength", post("Content-Length: 18446744073709551615\r\n", "a"), 413},
        Refused{"ObsFold", get("Host: x\r\nA: b\r\n c\r\n"), 400},
        Refused{"FoldAfterRequestLine", get(" Host: x\r\n"), 400},
        Refused{"BareLf", "GET / HTTP/1.1\nHost: x\n\n", 400},
        Refused{"BareLfInFields", "GET / HTTP/1.1\r\nHost: x\nA: b\r\n\r\n", 400},
        Refused{"BareCrInValue", get("Host: x\r\nA: b\rc\r\n"), 400},
        Refused{"BareCrInRequestLine", "GET /\r HTTP/1.1\r\nHost: x\r\n\r\n", 400},
        Refused{"NulInValue", get(std::string("Host: x\r\nA: b\0c\r\n", 17)), 400},
        Refused{"NulInName", get(std::string("Host: x\r\nA\0: b\r\n", 16)), 400},
        Refused{"DelInValue", get("Host: x\r\nA: b\x7f\r\n"), 400},
        Refused{"SpaceBeforeColon", post("Content-Length : 3\r\n", "abc"), 400},
        Refused{"TabBeforeColon", post("Transfer-Encoding\t: chunked\r\n", "0\r\n\r\n"), 400},
        Refused{"EmptyName", get("Host: x\r\n: b\r\n"), 400},
        Refused{"NoColon", get("Host: x\r\nnonsense\r\n"), 400}, Refused{"NoHost", get(""), 400},
        Refused{"TwoHosts", get("Host: x\r\nHost: x\r\n"), 400},
        Refused{"HostWithSlash", get("Host: x/y\r\n"), 400},
        Refused{"HostWithUser", get("Host: a@b\r\n"), 400},
        Refused{"HostList", get("Host: a b\r\n"), 400},
        // Unknown codings before chunked are not offered (501); without chunked at the end the
        // length can't be known (400).
        Refused{"CodingList", post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"), 501},
        Refused{"CodingListWithParameter",
                post("Transfer-Encoding: br;q=1, gzip ,\tChunked\r\n", "0\r\n\r\n"), 501},
        Refused{"LastCodingNotChunked", post("Transfer-Encoding: gzip\r\n", ""), 400},
        Refused{"ChunkedNotLast", post("Transfer-Encoding: chunked, gzip\r\n", "0\r\n\r\n"), 400},
        Refused{"ChunkedWithParameter", post("Transfer-Encoding: chunked;a=b\r\n", "0\r\n\r\n"),
                400},
        Refused{"EmptyCoding", post("Transfer-Encoding:\r\n", ""), 400},
        Refused{"EmptyCodingAndLength", post("Transfer-Encoding:\r\nContent-Length: 1\r\n", "a"),
                400},
        Refused{"EmptyListElement", post("Transfer-Encoding: , chunked\r\n", "0\r\n\r\n"), 400},
        Refused{"ChunkedTwice", post("Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n"), 400},
        Refused{"ChunkedTwiceAround",
                post("Transfer-Encoding: gzip, chunked, chunked\r\n", "0\r\n\r\n"), 400},
        Refused{"TwoCodings",
                post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
                400},
        Refused{"ObscuredCoding",
                post("Transfer-Encoding: \x0b"
                     "chunked\r\n",
                     "0\r\n\r\n"),
                400},
        Refused{"QuotedCoding", post("Transfer-Encoding: \"chunked\"\r\n", "0\r\n\r\n"), 400},
        Refused{"CodingIn10", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                400},
        Refused{"UnknownExpectation", post("Expect: magic\r\n", ""), 417}),
    [](const auto& attack) { return std::string(attack.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Chunks, Attack,
    testing::Values(Refused{"OverflowingSize", chunked("10000000000000000\r\n"), 400},
                    Refused{"HugeSize", chunked("FFFFFFFFFFFFFFFF\r\n"), 413},
                    Refused{"WrappingSize", chunked("1\r\na\r\nFFFFFFFFFFFFFFFF\r\n"), 413},
                    Refused{"SignedSize", chunked("+1\r\na\r\n0\r\n\r\n"), 400},
                    Refused{"NegativeSize", chunked("-1\r\na\r\n0\r\n\r\n"), 400},
                    Refused{"PrefixedSize", chunked("0x1\r\na\r\n0\r\n\r\n"), 400},
                    Refused{"EmptySize", chunked("\r\na\r\n0\r\n\r\n"), 400},
                    Refused{"SpaceAfterSize", chunked("1 \r\na\r\n0\r\n\r\n"), 400},
                    Refused{"SpaceBeforeSize", chunked(" 1\r\na\r\n0\r\n\r\n"), 400},
                    Refused{"BareLfAfterSize", chunked("1\na\r\n0\r\n\r\n"), 400},
                    Refused{"BareLfAfterData", chunked("1\r\na\n0\r\n\r\n"), 400},
                    Refused{"BareLfAtEnd", chunked("0\r\n\n"), 400},
                    Refused{"LongerThanSize", chunked("1\r\nab\r\n0\r\n\r\n"), 400},
                    Refused{"CrInExtension", chunked("1;a=\rb\r\na\r\n0\r\n\r\n"), 400},
                    Refused{"NulInExtension", chunked(std::string("1;a=\0\r\na\r\n0\r\n\r\n", 15)),
                            400},
                    Refused{"LfInExtension", chunked("1;a=\nb\r\na\r\n0\r\n\r\n"), 400},
                    Refused{"EmptyExtension", chunked("1;\r\na\r\n0\r\n\r\n"), 400},
                    Refused{"SecondExtensionEmpty", chunked("1;a;\r\na\r\n0\r\n\r\n"), 400},
                    Refused{"ExtensionNameNoToken", chunked("1;bad[=x\r\na\r\n0\r\n\r\n"), 400},
                    Refused{"ExtensionWithoutValue", chunked("1;a=\r\na\r\n0\r\n\r\n"), 400},
                    Refused{"ExtensionValueNoToken", chunked("1;a=b,c\r\na\r\n0\r\n\r\n"), 400},
                    Refused{"ExtensionQuoteOpen", chunked("1;a=\"x\r\na\r\n0\r\n\r\n"), 400},
                    Refused{"ExtensionQuoteEscaped", chunked("1;a=\"x\\\"\r\na\r\n0\r\n\r\n"), 400},
                    Refused{"ExtensionBehindQuote", chunked("1;a=\"x\"y\r\na\r\n0\r\n\r\n"), 400},
                    Refused{"SpaceAfterExtension", chunked("1;a=\"x\" \r\na\r\n0\r\n\r\n"), 400},
                    Refused{"EndlessExtension", chunked("1;" + std::string(20'000, 'a')), 431},
                    Refused{"EndlessTrailers", chunked("0\r\n" + std::string(20'000, 'a')), 431},
                    Refused{"FoldedTrailer", chunked("0\r\nA: b\r\n c\r\n\r\n"), 400},
                    Refused{"TrailerWithoutColon", chunked("0\r\nnonsense\r\n\r\n"), 400}),
    [](const auto& attack) { return std::string(attack.param.name); });

INSTANTIATE_TEST_SUITE_P(
    RequestLine, Attack,
    testing::Values(
        Refused{"TwoSpaces", "GET  / HTTP/1.1\r\nHost: x\r\n\r\n", 400},
        Refused{"TrailingSpace", "GET / HTTP/1.1 \r\nHost: x\r\n\r\n", 400},
        Refused{"Tab", "GET\t/ HTTP/1.1\r\nHost: x\r\n\r\n", 400},
        Refused{"NoVersion", "GET /\r\nHost: x\r\n\r\n", 400},
        Refused{"LowerCaseVersion", "GET / http/1.1\r\nHost: x\r\n\r\n", 400},
        Refused{"LongVersion", "GET / HTTP/1.11\r\nHost: x\r\n\r\n", 400},
        Refused{"Version2", "GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505},
        Refused{"MethodNoToken", "G(T / HTTP/1.1\r\nHost: x\r\n\r\n", 400},
        Refused{"LongMethod", std::string(40, 'M') + " / HTTP/1.1\r\nHost: x\r\n\r\n", 501},
        Refused{"NoPath", "GET x HTTP/1.1\r\nHost: x\r\n\r\n", 400},
        Refused{"RawUtf8", "GET /\xc3\xa9 HTTP/1.1\r\nHost: x\r\n\r\n", 400},
        Refused{"Fragment", "GET /#a HTTP/1.1\r\nHost: x\r\n\r\n", 400},
        Refused{"StarGet", "GET * HTTP/1.1\r\nHost: x\r\n\r\n", 400},
        Refused{"Connect", "CONNECT a:1 HTTP/1.1\r\nHost: x\r\n\r\n", 501},
        Refused{"UserInAuthority", "GET http://a@b/ HTTP/1.1\r\nHost: x\r\n\r\n", 400},
        Refused{"TargetOf20KiB",
                "GET /" + std::string(20u << 10, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n", 414},
        Refused{"HeadOf1MiB", get("Host: x\r\nA: " + std::string(1u << 20, 'a')), 431},
        Refused{"LineOf1MiB", "GET /" + std::string(1u << 20, 'a'), 414},
        Refused{"TooManyFields",
                [] {
                  std::string fields = "Host: x\r\n";
                  for (int i = 0; i < 128; ++i) {
                    fields += "A: b\r\n";
                  }
                  return get(fields);
                }(),
                431},
        Refused{"TlsHello", std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\n", 10), 400}),
    [](const auto& attack) { return std::string(attack.param.name); });

TEST(Reader, TakesPipelinedRequestsInAnyPieces) {
  std::string bytes =
      "GET /a?b=c HTTP/1.1\r\nHost: x\r\n\r\n"
      "\r\nPOST /d HTTP/1.1\r\nhOST: [::1]:80\r\ncontent-LENGTH: 0005\r\n\r\nhello"
      "PUT /e HTTP/1.1\r\nHost:\r\nTransfer-Encoding: Chunked\r\n\r\n"
      "5 ; ext\t=\t\"v\\\";\" ;b;c=d\r\nhello\r\n000001\r\n!\r\n0\r\nTrailer: yes\r\n\r\n"
      "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n"
      "GET HTTP://x/abs HTTP/1.1\r\nHost: x\r\n\r\n";
  std::vector<std::string> expected = {"GET /a?b=c ", "POST /d hello", "PUT /e hello!",
                                       "OPTIONS * ", "GET HTTP://x/abs "};
  for (std::size_t piece = 1; piece < bytes.size(); ++piece) {
    Seen seen = read(bytes, piece);
    EXPECT_EQ(seen.status, 0) << piece;
    EXPECT_EQ(seen.requests, expected) << piece;
  }
}

// In pieces of their own, empty lines without end were taken, and held a connection for ever.
TEST(Reader, IgnoresOneEmptyLineBeforeARequestInAnyPieces) {
  std::string request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
  const std::string two = std::string("\r\n").append(request).append("\r\n").append(request);
  for (std::size_t piece = 1; piece < 70; ++piece) {
    EXPECT_EQ(read(two, piece).requests.size(), 2u) << piece;
    Seen seen = read("\r\n\r\n" + request, piece);
    EXPECT_EQ(seen.status, 400) << piece;
    EXPECT_TRUE(seen.requests.empty()) << piece;
  }
}

TEST(Reader, KeepsFieldsWhenTheBodyComesLater) {
  std::string bytes = post("A:  b \t\r\nContent-Length: 100000\r\n", std::string(100'000, 'z'));
  int count = 0;
  int status = feed(bytes, 1000, {}, [&](const Reader& reader) {
    ++count;
    ASSERT_EQ(reader.head().fields.size(), 3u);
    EXPECT_EQ(reader.head().fields[1].name, "A");
    EXPECT_EQ(reader.head().fields[1].value, "b");
    EXPECT_EQ(reader.body().size(), 100'000u);
    EXPECT_EQ(reader.body().find_first_not_of('z'), std::string_view::npos);
  });
  EXPECT_EQ(status, 0);
  EXPECT_EQ(count, 1);
}

TEST(Reader, BoundsBodiesToTheByte) {
  ReaderLimits limits{.head = 1024, .body = 10};
  for (std::size_t piece : {1u, 100u}) {
    EXPECT_EQ(read(post("Content-Length: 10\r\n", "0123456789"), piece, limits).requests.size(),
              1u);
    EXPECT_EQ(read(post("Content-Length: 11\r\n", ""), piece, limits).status, 413);
    EXPECT_EQ(read(chunked("5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n"), piece, limits).requests.size(),
              1u);
    EXPECT_EQ(read(chunked("5\r\n01234\r\n6\r\n"), piece, limits).status, 413);
  }
}

TEST(Reader, BoundsTheHeadToTheByte) {
  std::string text = get("Host: x\r\nA: " + std::string(100, 'a') + "\r\n");
  EXPECT_EQ(read(text, 1, {.head = text.size(), .body = 0}).requests.size(), 1u);
  EXPECT_EQ(read(text, 1, {.head = text.size() - 1, .body = 0}).status, 431);
  EXPECT_EQ(read(text, 4096, {.head = text.size() - 1, .body = 0}).status, 431);
}

// A higher minor version was answered 505.
TEST(Head, ReadsHigherMinorVersionsAsTheHighestKnown) {
  for (const char* version : {"1.1", "1.2", "1.9"}) {
    Head head;
    const std::string text = std::string("GET / HTTP/") + version + "\r\nHost: x\r\n\r\n";
    EXPECT_FALSE(parse_head(text, head).has_value()) << version;
    EXPECT_EQ(head.minor_version, 1) << version;
    EXPECT_TRUE(head.keep_alive) << version;
  }
}

TEST(Head, DecidesKeepAlive) {
  struct Case {
    const char* text;
    bool keep;
  };
  for (Case c : {Case{"GET / HTTP/1.1\r\nHost: x\r\n\r\n", true},
                 Case{"GET / HTTP/1.1\r\nHost: x\r\nConnection: foo , CLOSE\r\n\r\n", false},
                 Case{"GET / HTTP/1.0\r\n\r\n", false},
                 Case{"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true},
                 Case{"GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", false}}) {
    Head head;
    ASSERT_FALSE(parse_head(c.text, head).has_value()) << c.text;
    EXPECT_EQ(head.keep_alive, c.keep) << c.text;
  }
}

}  // namespace
}  // namespace ferry::http
