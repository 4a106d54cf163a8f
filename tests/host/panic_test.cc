#include "host/panic.h"

#include <gtest/gtest.h>

namespace ferry::host {
namespace {

TEST(PanicLine, FindsTheWayOfOldRust) {
  EXPECT_EQ(panic_line("one\nthread 'main' panicked at 'as asked', main.rs:4:5\nnote: run with\n"),
            "thread 'main' panicked at 'as asked', main.rs:4:5");
}

TEST(PanicLine, FindsTheWayOfNewRust) {
  EXPECT_EQ(panic_line("\nthread 'main' panicked at src/main.rs:2:5:\nas asked\n"),
            "thread 'main' panicked at src/main.rs:2:5:");
  EXPECT_EQ(panic_line("\nthread 'main' (1) panicked at src/main.rs:2:5:\nas asked\n"),
            "thread 'main' (1) panicked at src/main.rs:2:5:");
}

TEST(PanicLine, FindsTheWayOfTinyGoWithoutALineEnd) {
  EXPECT_EQ(panic_line("panic: as asked"), "panic: as asked");
}

TEST(PanicLine, TakesTheLastOfSeveral) {
  EXPECT_EQ(panic_line("panic: first\npanic: second\nlater\n"), "panic: second");
}

TEST(PanicLine, LeavesOtherTalkOfPanicAlone) {
  EXPECT_EQ(panic_line("do not panic: all is well\nthread 'main' is fine\n"), "");
  EXPECT_EQ(panic_line(""), "");
  EXPECT_EQ(panic_line("\n\n"), "");
}

}  // namespace
}  // namespace ferry::host
