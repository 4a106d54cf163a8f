// Secrets of the environment in what is logged.
#include <gtest/gtest.h>

#include "base/bytes.h"
#include "host/network_access.h"

namespace ferry::host {
namespace {

std::string masked(const std::vector<std::string>& environment, std::string_view text) {
  Outcome outcome;
  outcome.logs.push_back({.time = {}, .text = std::string(text)});
  outcome.message = text;
  Mask(environment).apply(outcome);
  EXPECT_EQ(outcome.message, outcome.logs[0].text);
  return outcome.message;
}

TEST(Mask, ShowsWhichVariableStoodThere) {
  EXPECT_EQ(masked({"TOKEN=s3cr3t", "N=1"}, "1: s3cr3t, s3cr3t"), "1: ${TOKEN}, ${TOKEN}");
  EXPECT_EQ(masked({"URL=db://me:s3cr3t@host/x"}, "s3cr3t of db://me:s3cr3t@host/x"),
            "${URL:password} of ${URL}");
}

// Logs are UTF-8 by then: what is not is U+FFFD in them, and was not found.
TEST(Mask, FindsASecretThatIsNotUtf8) {
  EXPECT_EQ(masked({"TOKEN=\xFF"
                    "abcd"},
                   to_utf8("it is \xFF"
                           "abcd")),
            "it is ${TOKEN}");
  // Nor does it take half of a character away.
  const std::string text = masked({"TOKEN=\xA9"
                                   "abcd"},
                                  "\xC3\xA9"
                                  "abcd");
  EXPECT_TRUE(is_utf8(text)) << text;
}

}  // namespace
}  // namespace ferry::host
