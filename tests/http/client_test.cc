// The calling side reads what platforms under test answer: it must not believe a broken answer.
#include "http/client.h"

#include <gtest/gtest.h>

namespace ferry::http {
namespace {

constexpr std::uint64_t kMaxBody = 1024;

Result<ClientResponse> parse(std::string_view bytes) { return parse_response(bytes, kMaxBody); }

TEST(ClientResponse, StatusFieldsAndBody) {
  auto response = parse(
      "HTTP/1.1 201 Created\r\nContent-Type: text/plain\r\n"
      "Content-Length: 2\r\n\r\nhi");
  ASSERT_TRUE(response.ok()) << response.error().message;
  EXPECT_EQ(response->status, 201);
  EXPECT_EQ(response->body, "hi");
  ASSERT_EQ(response->fields.size(), 2u);
  EXPECT_EQ(response->fields[0].first, "content-type");
  EXPECT_EQ(response->fields[0].second, "text/plain");
}

TEST(ClientResponse, BodyUntilTheEndOfTheStream) {
  auto response = parse("HTTP/1.0 200 OK\r\n\r\nall of it");
  ASSERT_TRUE(response.ok());
  EXPECT_EQ(response->body, "all of it");
}

TEST(ClientResponse, ChunksAreJoined) {
  auto response =
      parse("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n");
  ASSERT_TRUE(response.ok());
  EXPECT_EQ(response->body, "abc");
}

// Fed a byte at a time, as a slow peer sends it.
struct Fed {
  int whole_after = 0;
  bool keeps_alive = false;
  std::string body;
};
Fed feed(std::string_view bytes) {
  ResponseReader reader(kMaxBody);
  Fed out;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    auto whole = reader.feed(bytes.substr(i, 1));
    if (!whole.ok()) {
      return {-1, false, whole.error().message};
    }
    if (*whole) {
      return {static_cast<int>(i) + 1, reader.keeps_alive(), reader.take().body};
    }
  }
  return out;
}

TEST(ResponseReader, KnowsWhereAResponseEndsAndWhetherAnotherMayFollow) {
  std::string_view sized = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
  Fed fed = feed(sized);
  EXPECT_EQ(fed.whole_after, static_cast<int>(sized.size()));
  EXPECT_EQ(fed.body, "hi");
  EXPECT_TRUE(fed.keeps_alive);
  std::string_view chunked =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nA: b\r\n\r\n";
  fed = feed(chunked);
  EXPECT_EQ(fed.whole_after, static_cast<int>(chunked.size()));
  EXPECT_EQ(fed.body, "ab");
  EXPECT_TRUE(fed.keeps_alive);
  EXPECT_EQ(feed("HTTP/1.1 204 \r\n\r\n").whole_after, 17);
  EXPECT_FALSE(
      feed("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n").keeps_alive);
  EXPECT_FALSE(feed("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n").keeps_alive);
  EXPECT_EQ(feed("HTTP/1.1 200 OK\r\n\r\nuntil the end").whole_after, 0);
  EXPECT_EQ(feed("HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n").whole_after, -1);
}

TEST(ResponseReader, WhatComesBehindAResponseEndsTheConnection) {
  ResponseReader reader(kMaxBody);
  auto whole = reader.feed("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab");
  ASSERT_TRUE(whole.ok() && *whole);
  EXPECT_FALSE(reader.keeps_alive());
  EXPECT_EQ(reader.take().body, "a");
}

TEST(ClientResponse, AnyNumberOfInterimAnswersIsSkipped) {
  std::string bytes;
  for (int i = 0; i < 200'000; ++i) {
    bytes += "HTTP/1.1 100 \r\n\r\n";
  }
  auto response = parse(bytes + "HTTP/1.1 204 \r\n\r\n");
  ASSERT_TRUE(response.ok());
  EXPECT_EQ(response->status, 204);
  EXPECT_FALSE(parse(bytes).ok());
}

struct Broken {
  const char* name;
  const char* bytes;
};

class BrokenResponse : public testing::TestWithParam<Broken> {};

TEST_P(BrokenResponse, IsRefused) { EXPECT_FALSE(parse(GetParam().bytes).ok()); }

constexpr Broken kBroken[] = {
    {"Empty", ""},
    {"NoStatusLine", "\r\n\r\n"},
    {"OtherProtocol", "HTTP/2.0 200 OK\r\n\r\n"},
    {"NoEndOfFields", "HTTP/1.1 200 OK\r\nA: b\r\n"},
    {"StatusOfTwoDigits", "HTTP/1.1 20 OK\r\n\r\n"},
    {"StatusOfFourDigits", "HTTP/1.1 2000 OK\r\n\r\n"},
    {"NegativeStatus", "HTTP/1.1 -20 OK\r\n\r\n"},
    {"StatusBelowAnyMeaning", "HTTP/1.1 099 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"},
    {"FieldWithoutColon", "HTTP/1.1 200 OK\r\nabc\r\n\r\n"},
    {"FieldNameWithSpace", "HTTP/1.1 200 OK\r\na b: c\r\n\r\n"},
    {"LengthIsNoNumber", "HTTP/1.1 200 OK\r\nContent-Length: 1x\r\n\r\na"},
    {"LengthIsNegative", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\na"},
    {"LengthBeyondAnyNumber",
     "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\na"},
    {"TwoLengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"},
    {"LengthAndChunks",
     "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
    {"OtherTransferCoding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n0\r\n\r\n"},
    {"EndsWithinItsBody", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabcd"},
    {"EndsWithinAChunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc"},
    {"ChunkBeyondTheBound",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffff\r\nabc\r\n0\r\n\r\n"},
};

INSTANTIATE_TEST_SUITE_P(All, BrokenResponse, testing::ValuesIn(kBroken),
                         [](const auto& test) { return std::string(test.param.name); });

TEST(ClientResponse, BodyWithinItsBound) {
  std::string head = "HTTP/1.1 200 OK\r\n\r\n";
  EXPECT_TRUE(parse(head + std::string(kMaxBody, 'x')).ok());
  EXPECT_FALSE(parse(head + std::string(kMaxBody + 1, 'x')).ok());
}

}  // namespace
}  // namespace ferry::http
