// What deploy reads before it sends anything, and what it shows of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "deploy/mark.h"

namespace ferry::deploy {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Mark, SurvivesWritingAndReading) {
  const Mark mark{"openwhisk", "hello", "sha256:00", "0.1.0", {{"a", "b\n"}}};
  const auto read = parse_mark(to_json(mark));
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->platform, "openwhisk");
  EXPECT_EQ(read->function, "hello");
  EXPECT_EQ(read->setting("a"), "b\n");
  EXPECT_EQ(read->setting("c"), "");
}

TEST(Mark, RefusesWhatIsNone) {
  EXPECT_EQ(parse_mark("[]").error().code, Code::kInvalid);
  EXPECT_EQ(parse_mark(R"({"format":1})").error().code, Code::kInvalid);
  EXPECT_EQ(parse_mark(R"({"format":2})").error().code, Code::kUnsupported);
  EXPECT_EQ(parse_mark(std::string(10'000, '[')).error().code, Code::kInvalid);
}

TEST(Describe, LeavesOutWhatProvesWhoWeAre) {
  Request request;
  request.url = "https://h/";
  request.fields = {{"authorization", "Basic xyz"}, {"X-Amz-Security-Token", "t0"}, {"A", "b"}};
  EXPECT_THAT(describe(request), HasSubstr("A: b"));
  EXPECT_THAT(describe(request), Not(HasSubstr("xyz")));
  EXPECT_THAT(describe(request), Not(HasSubstr("t0")));
}

TEST(Shown, IsFitForATerminal) {
  EXPECT_EQ(shown("a\x1b[2Jb\n"), "a [2Jb ");
  EXPECT_EQ(shown(std::string(10, 'x'), 3), "xxx…");
  EXPECT_EQ(shown("ä", 1), "…");
}

}  // namespace
}  // namespace ferry::deploy
