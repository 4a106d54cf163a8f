// Content codings: each form, each way of being wrong, and the bound.
#include "event/content_coding.h"

#include <gmock/gmock.h>
#include <zlib.h>

namespace ferry::event {
namespace {

using ::testing::HasSubstr;

// `window`: 15 + 16 for gzip, 15 for zlib's form, -15 for deflate without a wrapper.
std::string packed(std::string_view text, int window) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&stream, text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}
std::string gzip(std::string_view text) { return packed(text, 15 + 16); }

std::string decoded(std::string_view codings, std::string body, std::uint64_t limit = 1 << 20) {
  auto out = decode_content(codings, std::move(body), limit);
  return out.ok() ? *out : std::string(code_name(out.error().code)) + ": " + out.error().message;
}

TEST(ContentCoding, EachFormIsDecoded) {
  const std::string text = "{\"a\":1}";
  EXPECT_EQ(decoded("gzip", gzip(text)), text);
  EXPECT_EQ(decoded("X-GZip", gzip(text)), text);
  EXPECT_EQ(decoded("gzip", gzip("{\"a\"") + gzip(":1}")), text);  // RFC 1952, 2.2: members
  EXPECT_EQ(decoded("deflate", packed(text, 15)), text);
  EXPECT_EQ(decoded("deflate", packed(text, -15)), text);
  EXPECT_EQ(decoded("identity", text), text);
  EXPECT_EQ(decoded("", text), text);
  EXPECT_EQ(decoded(" deflate ,, GZIP", gzip(packed(text, 15))), text);
}

TEST(ContentCoding, WhatIsNotOfItsFormIsInvalid) {
  const std::string whole = gzip(std::string(1000, 'a'));
  EXPECT_THAT(decoded("gzip", "{}"), HasSubstr("invalid: not gzip data"));
  EXPECT_THAT(decoded("gzip", ""), HasSubstr("invalid: the gzip data is cut off"));
  EXPECT_THAT(decoded("gzip", whole.substr(0, whole.size() - 1)), HasSubstr("cut off"));
  EXPECT_THAT(decoded("gzip", whole + "x"), HasSubstr("invalid: "));
  EXPECT_THAT(decoded("deflate", packed("a", 15) + "x"), HasSubstr("bytes behind"));
  EXPECT_THAT(decoded("deflate", "\xFF\xFF"), HasSubstr("invalid: not deflate data"));
}

TEST(ContentCoding, UnknownOnesAreNotOffered) {
  EXPECT_THAT(decoded("br", "x"), HasSubstr("unsupported: the content coding 'br'"));
  EXPECT_THAT(decoded("gzip, zstd", gzip("x")), HasSubstr("unsupported: "));
  EXPECT_THAT(decoded("gzip, gzip, gzip", "x"), HasSubstr("a third time"));
}

TEST(ContentCoding, TheLimitIsTheLastSizeThatPasses) {
  const std::string text(40'000, 'a');
  EXPECT_EQ(decoded("gzip", gzip(text), 40'000), text);
  EXPECT_THAT(decoded("gzip", gzip(text), 39'999), HasSubstr("limit: "));
  EXPECT_THAT(decoded("gzip", gzip(text) + gzip("a"), 40'000), HasSubstr("limit: "));
  EXPECT_THAT(decoded("gzip, gzip", gzip(gzip(text)), 39'999), HasSubstr("limit: "));
}

// It was JSON "not JSON at byte 0", whatever the coding.
TEST(ContentCoding, ARequestLosesItsCodingAndItsHeader) {
  const std::vector<HeaderView> headers = {{"content-type", "application/json"},
                                           {"Content-Encoding", "deflate"},
                                           {"content-encoding", "gzip"}};
  HttpRequest request;
  request.method = "POST";
  request.target = "/";
  request.headers = headers;
  request.body = gzip(packed("[1]", 15));
  std::vector<HeaderView> kept;
  ASSERT_TRUE(decode_content(request, kept, 100).ok());
  EXPECT_EQ(request.body, "[1]");
  ASSERT_EQ(request.headers.size(), 1u);
  EXPECT_EQ(request.headers[0].first, "content-type");
  request.headers = headers;
  request.body.clear();  // a GET of a client that sends the header always
  kept.clear();
  EXPECT_TRUE(decode_content(request, kept, 100).ok());
}

}  // namespace
}  // namespace ferry::event
