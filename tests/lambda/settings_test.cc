// [lambda] of a ferry.toml: what it takes, and what it refuses, with the line.
#include "platforms/lambda/settings.h"

#include <gmock/gmock.h>

namespace ferry::platforms::lambda {
namespace {

using testing::HasSubstr;

const function::Section* const kLambdaAlone[] = {&kSection};

Result<function::Manifest> manifest_of(const std::string& toml) {
  return function::parse_manifest("[lambda]\n" + toml, "f.toml", kLambdaAlone);
}
std::string settings_refusal(const std::string& toml) {
  const auto manifest = manifest_of(toml);
  return manifest.ok() ? "" : manifest.error().text();
}
// One row with these lines beside what a row must have.
std::string row_refusal(const std::string& lines) {
  return settings_refusal(
      "[[lambda.event]]\nname = \"r\"\nwhen = \"a\"\ntype = \"t\"\nsource = \"s\"\n" + lines);
}

TEST(LambdaSettings, WithoutATableAreTheDefaults) {
  function::Manifest manifest;
  EXPECT_FALSE(settings_of(manifest)->streaming);
  EXPECT_EQ(settings_of(manifest)->to_toml(), "");
  const auto streaming = manifest_of("streaming = true");
  ASSERT_TRUE(streaming.ok()) << streaming.error().text();
  EXPECT_TRUE(settings_of(*streaming)->streaming);
  EXPECT_THAT(settings_of(*streaming)->to_toml(), HasSubstr("streaming = true"));
  EXPECT_THAT(settings_refusal("streaming = 1"),
              HasSubstr("f.toml:2: streaming: wants true or false"));
}

TEST(LambdaSettings, RowsAreTablesAndNotTooMany) {
  EXPECT_THAT(settings_refusal("event = 1"), HasSubstr("begin each with [[lambda.event]]"));
  EXPECT_THAT(settings_refusal("event = [1]"), HasSubstr("begin each with [[lambda.event]]"));
  std::string many;
  for (int i = 0; i < 101; ++i) many += "[[lambda.event]]\nname = \"r\"\n";
  EXPECT_NE(settings_refusal(many), "");
}

TEST(LambdaSettings, NamesOfRowsAreShortAndLowerCase) {
  for (const std::string& wrong :
       {std::string(""), std::string("A"), std::string("a_b"), std::string("a b"), std::string("{"),
        std::string("`"), std::string("/"), std::string(":"), std::string(64, 'a')}) {
    EXPECT_THAT(settings_refusal("[[lambda.event]]\nname = \"" + wrong + "\"\n"),
                HasSubstr("is not a valid row name"))
        << wrong;
  }
  EXPECT_THAT(settings_refusal("[[lambda.event]]\nname = 1\n"), HasSubstr("wants a string"));
  EXPECT_THAT(settings_refusal("[[lambda.event]]\nname = \"" + std::string(5000, 'a') + "\"\n"),
              HasSubstr("is longer than 4096 bytes"));
}

TEST(LambdaSettings, AttributesAreThoseThatCloudEventsAllow) {
  for (const std::string& wrong :
       {std::string("A"), std::string("a-b"), std::string("\"\""), std::string("id"),
        std::string("data"), std::string(21, 'a'), std::string("\"{\""), std::string("\":\"")}) {
    EXPECT_THAT(row_refusal("attributes = { " + wrong + " = \"x\" }"),
                HasSubstr("is not a name for an extension attribute"))
        << wrong;
  }
  EXPECT_THAT(row_refusal("attributes = 1"), HasSubstr("wants a table"));
  EXPECT_THAT(row_refusal("attributes = { a = 1 }"), HasSubstr("a: wants a string"));
  EXPECT_THAT(row_refusal("attributes = { a = \"{\" }"), HasSubstr("a: "));
}

TEST(LambdaSettings, RepliesAreOneOfAFewWords) {
  EXPECT_THAT(row_refusal("reply = \"ordred\""), HasSubstr("did you mean 'ordered'?"));
}

// The little languages of a row: each of these is wrong in one place.
TEST(LambdaSettings, ExpressionsAreWholeOrRefused) {
  for (const char* wrong : {"{", "{@nothing}", "{}", "{a//b}", "{a:upperr}", "{a?'b}", "{a?'}",
                            "{a|}", "{$/}", "x{a}{"}) {
    EXPECT_NE(row_refusal("subject = \"" + std::string(wrong) + "\""), "") << wrong;
  }
  for (const char* good : {"", "plain", "{a}", "{'text'}", "{@request}", "{$/a/b:lower}",
                           "{a|b|'c'}", "{a?'b'}", "a{b}c{d}"}) {
    EXPECT_EQ(row_refusal("subject = \"" + std::string(good) + "\""), "") << good;
  }
  for (const char* wrong : {"", "a//b", "!", "!a//b", "#", "#x", "#12345", "a;;b", "=x"}) {
    EXPECT_NE(
        settings_refusal("[[lambda.event]]\nname = \"r\"\nwhen = \"" + std::string(wrong) + "\"\n"),
        "")
        << wrong;
  }
  EXPECT_EQ(settings_refusal("[[lambda.event]]\nname = \"r\"\nwhen = \"a/b=c;!d;#2\"\n"), "");
  for (const char* wrong : {"json", "xml:a", "json:a//b", ":a"}) {
    EXPECT_NE(row_refusal("data = \"" + std::string(wrong) + "\""), "") << wrong;
  }
  EXPECT_EQ(row_refusal("data = \"json:\""), "");
  for (const char* wrong : {"gunzip:", "gunzip:a//b", "a//b", "/*"}) {
    EXPECT_NE(row_refusal("each = \"" + std::string(wrong) + "\""), "") << wrong;
  }
}

}  // namespace
}  // namespace ferry::platforms::lambda
