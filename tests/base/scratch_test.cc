// Scratch folders: what killed processes left is removed, and nothing else is.
#include "base/scratch.h"

#include <cstdlib>
#include <filesystem>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

namespace ferry {
namespace {

namespace fs = std::filesystem;

class ScratchHome : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::path(testing::TempDir()) / "scratch-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    root_ = name;
    setenv("TMPDIR", name.c_str(), 1);
  }
  void TearDown() override {
    unsetenv("TMPDIR");
    fs::remove_all(root_);
  }
  fs::path home() const { return root_ / fmt::format("ferry-scratch-{}", geteuid()); }
  // A folder that nobody has touched for an hour.
  static void make_old(const fs::path& path) {
    fs::create_directories(path / "inside");
    fs::last_write_time(path, fs::file_time_type::clock::now() - std::chrono::hours(1));
  }
  fs::path root_;
};

TEST_F(ScratchHome, WhatKilledProcessesLeftIsRemoved) {
  ASSERT_TRUE(ScratchFolder::make("first").ok());  // makes the home
  make_old(home() / "ferry-verify-abcdef");
  const auto folder = ScratchFolder::make("second");
  ASSERT_TRUE(folder.ok());
  EXPECT_FALSE(fs::exists(home() / "ferry-verify-abcdef"));
  EXPECT_EQ(fs::path(folder->path()).parent_path(), home());
}

// A folder of the user's own was removed, with all in it, for its name alone.
TEST_F(ScratchHome, FoldersOfTheUserStay) {
  make_old(root_ / "ferry-notes");
  ASSERT_TRUE(ScratchFolder::make("any").ok());
  EXPECT_TRUE(fs::exists(root_ / "ferry-notes" / "inside"));
}

TEST_F(ScratchHome, WhatIsInUseStays) {
  const auto first = ScratchFolder::make("first");
  ASSERT_TRUE(first.ok());
  fs::last_write_time(first->path(), fs::file_time_type::clock::now() - std::chrono::hours(1));
  ASSERT_TRUE(ScratchFolder::make("second").ok());
  EXPECT_TRUE(fs::exists(first->path()));
}

// Somebody else may have made a folder of that name first, for what we would put there.
TEST_F(ScratchHome, AHomeThatOthersCanEnterIsNotUsed) {
  make_old(home() / "ferry-verify-abcdef");
  ASSERT_EQ(chmod(home().c_str(), 0755), 0);
  const auto folder = ScratchFolder::make("any");
  ASSERT_TRUE(folder.ok());
  EXPECT_EQ(fs::path(folder->path()).parent_path(), root_);
  EXPECT_TRUE(fs::exists(home() / "ferry-verify-abcdef"));
  fs::remove_all(home());
  fs::create_directory_symlink(root_ / "elsewhere", home());
  const auto other = ScratchFolder::make("any");
  ASSERT_TRUE(other.ok());
  EXPECT_EQ(fs::path(other->path()).parent_path(), root_);
}

}  // namespace
}  // namespace ferry
