#include "function/redaction.h"

#include <gtest/gtest.h>

namespace ferry::function {
namespace {

using Step = Redaction::Step;

TEST(Redaction, ReadsPaths) {
  const auto rule = parse_redaction("$.items[*].card['its number'][3]..pin.*");
  ASSERT_TRUE(rule.ok()) << rule.error().text();
  const std::vector<Step> steps{{Step::Kind::kName, "items"},
                                {Step::Kind::kAll},
                                {Step::Kind::kName, "card"},
                                {Step::Kind::kName, "its number"},
                                {Step::Kind::kIndex, "", 3},
                                {Step::Kind::kAnywhere, "pin"},
                                {Step::Kind::kAll}};
  EXPECT_EQ(rule->steps, steps);
  EXPECT_EQ(rule->text, "$.items[*].card['its number'][3]..pin.*");
  EXPECT_TRUE(parse_redaction("$")->steps.empty());
}

TEST(Redaction, ReadsHeaders) {
  EXPECT_EQ(parse_redaction("header:X-Api-Key")->header, "x-api-key");
}

TEST(Redaction, RefusesWhatNamesNothing) {
  for (const char* wrong :
       {"", "card", ".card", "$card", "$.", "$..", "$[", "$[]", "$[x]", "$['a", "$['a'x]", "$[-1]",
        "$[99999999999]", "header:", "header:a b", "$. a", "$.a ", "\xff"}) {
    EXPECT_FALSE(parse_redaction(wrong).ok()) << wrong;
  }
  std::string long_path = "$";
  for (int i = 0; i < 65; ++i) long_path += ".a";
  EXPECT_FALSE(parse_redaction(long_path).ok());
}

}  // namespace
}  // namespace ferry::function
