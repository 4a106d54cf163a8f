#include "base/terminal.h"

#include <gtest/gtest.h>

namespace ferry {
namespace {

TEST(EscapeControls, LeavesTextAlone) {
  EXPECT_EQ(escape_controls("plain\ttext, \xC3\xA9 \xE6\x97\xA5 \xE2\x98\x83"),
            "plain\ttext, \xC3\xA9 \xE6\x97\xA5 \xE2\x98\x83");
  EXPECT_EQ(escape_controls(""), "");
}

TEST(EscapeControls, WritesControlsOut) {
  EXPECT_EQ(escape_controls("\x1b[2J\x1b]0;title\x07"), "\\x1b[2J\\x1b]0;title\\x07");
  EXPECT_EQ(escape_controls("good\rbad"), "good\\x0dbad");
  EXPECT_EQ(escape_controls("\xC2\x9B"
                            "31m"),
            "\\u009b31m");  // C1: CSI in one character
  EXPECT_EQ(escape_controls("a\xE2\x80\xAE"
                            "b"),
            "a\\u202eb");  // right to left
  EXPECT_EQ(escape_controls("a\xE2\x80\xA6"
                            "b"),
            "a\xE2\x80\xA6"
            "b");  // an ellipsis
}

TEST(EscapeControls, KeepsLineEndsWhereAsked) {
  EXPECT_EQ(escape_controls("a\nb"), "a\\x0ab");
  EXPECT_EQ(escape_controls("a\nb\r\n", LineEnds::kKeep), "a\nb\\x0d\n");
}

TEST(EscapeControls, BearsTextThatIsCutShort) {
  EXPECT_EQ(escape_controls("\xC2"), "\xC2");
  EXPECT_EQ(escape_controls("\xE2\x80"), "\xE2\x80");
}

}  // namespace
}  // namespace ferry
