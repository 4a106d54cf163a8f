// One table of exit codes: what `ferry help exit-codes` prints is what docs/cli.md shows.
#include "commands/exit_codes.h"

#include <set>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/exit_code.h"
#include "base/file.h"
#include "tree.h"

namespace ferry::commands {
namespace {

TEST(ExitCodesTest, TheDocumentShowsTheTable) {
  const auto page = read_file(in_sources("docs/cli.md"), 1u << 20);
  ASSERT_TRUE(page.ok()) << page.error().text();
  for (const ExitRow& row : exit_rows()) {
    const std::string line = fmt::format("| {} | {} | {} |\n", row.code, row.meaning, row.from);
    EXPECT_NE(as_text(*page).find(line), std::string_view::npos) << line;
  }
}

TEST(ExitCodesTest, EveryErrorHasARow) {
  std::set<int> known;
  for (const ExitRow& row : exit_rows()) {
    EXPECT_TRUE(known.insert(row.code).second) << row.code;
  }
  for (int code = 0; code <= static_cast<int>(Code::kInternal); ++code) {
    const int exit = exit_code_of({static_cast<Code>(code), "", ""});
    EXPECT_TRUE(known.contains(exit)) << code_name(static_cast<Code>(code));
    EXPECT_NE(exit, kExitOk);
  }
}

// A mistake in a file is not a missing file.
TEST(ExitCodesTest, AFileThatCannotBeUsedIsThere) {
  EXPECT_EQ(exit_code_of({Code::kInvalid, "", ""}), 11);
  EXPECT_EQ(exit_code_of({Code::kNotFound, "", ""}), 10);
  EXPECT_EQ(exit_code_of({Code::kUsage, "", ""}), 2);
}

}  // namespace
}  // namespace ferry::commands
