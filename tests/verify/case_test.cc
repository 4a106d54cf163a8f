// Case files: read as documented, refused with file and line, and written so that they read back.
#include "verify/case.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ferry::verify {
namespace {

using testing::HasSubstr;

Result<std::vector<Case>> read(std::string_view toml) {
  return parse_cases(toml, "a.toml", [](const std::string& name) -> Result<std::string> {
    return "content of " + name;
  });
}

std::string refusal(std::string_view toml) {
  auto cases = read(toml);
  return cases.ok() ? "(read)" : cases.error().text();
}

TEST(Cases, ReadEveryKey) {
  auto cases = read(R"([[case]]
name = "all"
data = '{"a":1}'
content_type = "application/json"
limits = { timeout = "300ms", memory = "64MiB", input = 10, output = 11, log = 12 }
event = { id = "1", source = "/s", type = "t", subject = "u", time = "2026-01-02T03:04:05Z", flag = true, count = -5, word = "w" }
[case.expect]
status = "ok"
http = 201
content_type = "text/plain"
data_base64 = "AAE="
error = "e"
log = ["one", "two"]
attributes = { id = "x" }
headers = { location = "/y" }
)");
  ASSERT_TRUE(cases.ok()) << cases.error().text();
  ASSERT_EQ(cases->size(), 1u);
  const Case& one = cases->front();
  EXPECT_EQ(one.event.data, "{\"a\":1}");
  EXPECT_EQ(one.event.extensions.at("count"), event::Value(std::int32_t{-5}));
  EXPECT_EQ(one.event.extensions.at("flag"), event::Value(true));
  EXPECT_EQ(one.limits.timeout, std::chrono::milliseconds(300));
  EXPECT_EQ(one.limits.memory, 64u << 20);
  EXPECT_EQ(one.expected.http, 201);
  EXPECT_EQ(one.expected.body, std::string("\x00\x01", 2));
  EXPECT_EQ(one.expected.log, (std::vector<std::string>{"one", "two"}));
}

TEST(Cases, DataFilesStandBeside) {
  auto cases = read("[[case]]\ndata_file = \"big.bin\"\n");
  ASSERT_TRUE(cases.ok());
  EXPECT_EQ(cases->front().event.data, "content of big.bin");
  EXPECT_THAT(refusal("[[case]]\ndata_file = \"../secret\"\n"), HasSubstr("beside this one"));
  EXPECT_THAT(refusal("[[case]]\ndata_file = \"/etc/passwd\"\n"), HasSubstr("beside this one"));
}

TEST(Cases, RefusalsNameLineAndKey) {
  EXPECT_THAT(refusal("[[case]]\nnam = \"x\"\n"), HasSubstr("a.toml:2: unknown key 'nam'"));
  EXPECT_THAT(refusal("[[case]]\nnam = \"x\"\n"), HasSubstr("did you mean 'name'"));
  EXPECT_THAT(refusal("[[case]]\ndata = 5\n"), HasSubstr("a.toml:2"));
  EXPECT_THAT(refusal("[[case]]\ndata = \"a\"\ndata_base64 = \"AA==\"\n"), HasSubstr("twice"));
  EXPECT_THAT(refusal("[[case]]\nexpect = \"other\"\n"), HasSubstr("neither \"same\""));
  EXPECT_THAT(refusal("[[case]]\nevent = { time = \"noon\" }\n"), HasSubstr("RFC 3339"));
  EXPECT_THAT(refusal("[[case]]\ndata = \"{\"\ncontent_type = \"application/json\"\n"),
              HasSubstr("'case 1'"));
  EXPECT_THAT(refusal("[[case]]\nexpect = { answer = \"x\" }\n"), HasSubstr("no native input"));
  EXPECT_THAT(refusal("case = 1"), HasSubstr("[[case]]"));
  EXPECT_THAT(refusal("[[case]\n"), HasSubstr("a.toml:1"));
}

TEST(Cases, WrittenCasesReadBackTheSame) {
  std::vector<Case> cases = generated_cases();
  Case expecting = make_case("it's \"quoted\"\nand more", "x\ty", "text/plain");
  expecting.limits.timeout = std::chrono::milliseconds(5);
  expecting.expected.status = "ok";
  expecting.expected.log = {"", "a'b", "tab\t"};
  expecting.expected.body = std::string("\xFF\x00", 2);
  expecting.expected.attributes = {{"id", "1"}};
  cases.push_back(expecting);
  Case native = make_case("native", std::nullopt, "");
  native.native = Native{"lambda", "{\"Records\":[]}", "[]"};
  cases.push_back(native);
  std::map<std::string, std::string> files;
  const std::string text = cases_to_toml(cases, files);
  auto again = parse_cases(text, "again.toml", [&](const std::string& name) -> Result<std::string> {
    return files.at(name);
  });
  ASSERT_TRUE(again.ok()) << again.error().text() << "\n" << text;
  ASSERT_EQ(again->size(), cases.size());
  for (std::size_t i = 0; i < cases.size(); ++i) {
    EXPECT_EQ((*again)[i], cases[i]) << cases[i].name << "\n" << text;
  }
  EXPECT_EQ(files.size(), 1u);  // the large one alone
}

}  // namespace
}  // namespace ferry::verify
