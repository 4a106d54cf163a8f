#include "host/grants.h"

#include <cstdlib>
#include <filesystem>

#include <gtest/gtest.h>

#include "base/file.h"

namespace ferry::host {
namespace {

namespace fs = std::filesystem;

class GrantsTest : public testing::Test {
 protected:
  void SetUp() override {
    char folder[] = "/tmp/ferry-grants-XXXXXX";
    ASSERT_NE(mkdtemp(folder), nullptr);
    root_ = folder;
    fs::create_directories(root_ / "cache/ferry/below");
    fs::create_directories(root_ / "data");
    bundle_ = (root_ / "cache/ferry/f.ferry").string();
    ASSERT_TRUE(write_file_atomically(bundle_, as_bytes("x")).ok());
  }
  void TearDown() override { fs::remove_all(root_); }

  ferry::Status check(const fs::path& folder, std::vector<std::string> files) const {
    auto directory = wasi::Directory::open((root_ / folder).string(), "/g", true);
    if (!directory.ok()) return directory.error();
    return check_holds_none(*directory, folder.string(), files);
  }

  fs::path root_;
  std::string bundle_;
};

TEST_F(GrantsTest, AFolderWithABundleInItIsRefused) {
  for (const char* folder : {"cache/ferry", "cache", "."}) {
    const ferry::Status got = check(folder, {bundle_});
    ASSERT_FALSE(got.ok()) << folder;
    EXPECT_EQ(got.error().code, Code::kDenied);
    EXPECT_NE(got.error().message.find("f.ferry"), std::string::npos) << got.error().message;
  }
  EXPECT_TRUE(check("data", {bundle_}).ok());
  EXPECT_TRUE(check("cache/ferry/below", {bundle_}).ok());
}

TEST_F(GrantsTest, SymlinksHideNothing) {
  // The folder by another name, and the bundle by another name.
  fs::create_directory_symlink(root_ / "cache", root_ / "other");
  EXPECT_FALSE(check("other", {bundle_}).ok());
  fs::create_symlink(bundle_, root_ / "data/link.ferry");
  EXPECT_FALSE(check("data", {(root_ / "data/link.ferry").string()}).ok());
  EXPECT_FALSE(check("cache", {(root_ / "data/link.ferry").string()}).ok());
}

TEST_F(GrantsTest, WhatDoesNotExistIsNowhere) {
  EXPECT_TRUE(check("data", {(root_ / "data/none.key").string(), bundle_}).ok());
}

}  // namespace
}  // namespace ferry::host
