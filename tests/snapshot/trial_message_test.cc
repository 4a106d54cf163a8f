// What comes from a process that runs a function for its snapshot is read as a stranger's.
#include "snapshot/trial_message.h"

#include <gtest/gtest.h>

namespace ferry::snapshot {
namespace {

using Kind = TrialMessage::Kind;

Bytes encoded(const TrialMessage& message) {
  auto bytes = encode(message);
  EXPECT_TRUE(bytes.ok()) << bytes.error().text();
  return bytes.ok() ? *bytes : Bytes();
}

TEST(TrialMessageTest, IsReadAsItWasWritten) {
  const auto asks = decode(encoded({.kind = Kind::kUnwindable, .functions = {1, 4711, 1u << 31}}));
  ASSERT_TRUE(asks.ok());
  EXPECT_EQ(asks->kind, Kind::kUnwindable);
  EXPECT_EQ(asks->functions, (std::vector<std::uint32_t>{1, 4711, 1u << 31}));
  const auto failed = decode(
      encoded({.kind = Kind::kFailed, .error = {Code::kUnsupported, "no snapshot", "read first"}}));
  ASSERT_TRUE(failed.ok());
  EXPECT_EQ(failed->error.code, Code::kUnsupported);
  EXPECT_EQ(failed->error.message, "no snapshot");
  EXPECT_EQ(failed->error.hint, "read first");
  const auto done = decode(encoded({.kind = Kind::kDone, .words = "on 7 events"}));
  ASSERT_TRUE(done.ok());
  EXPECT_EQ(done->words, "on 7 events");
}

TEST(TrialMessageTest, ThatIsCutOrHasMoreIsInvalid) {
  const Bytes whole = encoded({.kind = Kind::kUnwindable, .functions = {1, 2}, .words = "w"});
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(decode(ByteView(whole).first(size)).ok()) << size;
  }
  Bytes more = whole;
  more.push_back(0);
  EXPECT_FALSE(decode(more).ok());
}

TEST(TrialMessageTest, NumbersThatNameNothingAreInvalid) {
  const Bytes whole = encoded({.kind = Kind::kFailed, .error = {Code::kIo, "a", "b"}});
  // The kind, the code, the three lengths, and how many functions.
  for (std::size_t field = 0; field < 6; ++field) {
    Bytes wrong = whole;
    wrong[4 * field + 3] = 0xff;
    EXPECT_FALSE(decode(wrong).ok()) << field;
  }
}

TEST(TrialMessageTest, TextsAreFitForALog) {
  const auto got = decode(encoded({.kind = Kind::kDone, .words = "a\x1b[2Jb\r\nc\x7f é"}));
  ASSERT_TRUE(got.ok());
  EXPECT_EQ(got->words, "a?[2Jb?\nc? é");
}

TEST(TrialMessageTest, LongTextsAreCutAndTooManyFunctionsRefused) {
  const std::string lng(1u << 20, 'x');
  const Bytes bytes =
      encoded({.kind = Kind::kFailed, .error = {Code::kIo, lng, lng}, .words = lng});
  EXPECT_LE(bytes.size(), kMostTrialMessage);
  const auto got = decode(bytes);
  ASSERT_TRUE(got.ok());
  EXPECT_EQ(got->error.message, std::string(8u << 10, 'x'));
  const std::vector<std::uint32_t> many(kMostTrialMessage / 4);
  EXPECT_EQ(encode({.kind = Kind::kUnwindable, .functions = many}).error().code, Code::kLimit);
}

}  // namespace
}  // namespace ferry::snapshot
