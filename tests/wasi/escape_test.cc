// Ways out of a granted directory, all closed; and what is said about each.
#include <atomic>
#include <thread>

#include "wasi/guest_fixture.h"

namespace ferry::wasi {
namespace {

class Escape : public FileTest {
 protected:
  void SetUp() override {
    FileTest::SetUp();
    std::filesystem::create_directory(root / "rw/d");
    std::filesystem::create_symlink("../secret", root / "rw/out");
    std::filesystem::create_symlink("..", root / "rw/up");
    std::filesystem::create_symlink(root / "secret", root / "rw/absolute");
    std::filesystem::create_symlink("/proc/self/root", root / "rw/magic");
  }
};

TEST_F(Escape, NoPathLeadsOut) {
  for (std::string path :
       {"..", "../", "../secret", "d/../../secret", "/", "//", "/etc/passwd", "up/secret",
        "up/../secret", "./../rw/d", "absolute/", "magic/etc/passwd", "d/../..", "up/rw/d"}) {
    SCOPED_TRACE(path);
    EXPECT_EQ(open(path, {.lookup = kSymlinkFollow, .base = rights::kFdRead}), Errno::kPerm);
    EXPECT_NE(denial().find("path_open '" + path + "' leads out of its directory or to another"),
              std::string::npos)
        << denial();
    // With a slash behind, the kernel says EISDIR before it looks.
    EXPECT_EQ(open(path, {.lookup = kSymlinkFollow, .oflags = kOpenCreat}),
              path == "absolute/" ? Errno::kIsdir : Errno::kPerm);
    EXPECT_EQ(stat(3, path, true), Errno::kPerm);
  }
  for (std::string path :
       {"..", "../new", "/new", "up/new", "d/../../new", "magic/tmp/new", "d/../.."}) {
    SCOPED_TRACE(path);
    EXPECT_EQ(with_path("path_create_directory", 3, path), Errno::kPerm);
    EXPECT_EQ(with_path("path_remove_directory", 3, path), Errno::kPerm);
    EXPECT_EQ(with_path("path_unlink_file", 3, path), Errno::kPerm);
    EXPECT_EQ(symlink("x", 3, path), Errno::kPerm);
    EXPECT_EQ(rename(3, "d", 3, path), Errno::kPerm);
    EXPECT_EQ(rename(3, path, 3, "x"), Errno::kPerm);
    EXPECT_EQ(link(3, "out", 3, path), Errno::kPerm);
    EXPECT_EQ(link(3, path, 3, "x"), Errno::kPerm);
    EXPECT_EQ(readlink(3, path), Errno::kPerm);
  }
  EXPECT_EQ(host_read("secret"), "secret");
  EXPECT_FALSE(host_has("new"));
}

TEST_F(Escape, LastNamesThatAreLinksOutAreNotFollowed) {
  for (std::string path : {"out", "absolute"}) {
    SCOPED_TRACE(path);
    EXPECT_EQ(open(path, {}), Errno::kLoop);
    EXPECT_EQ(open(path, {.lookup = kSymlinkFollow}), Errno::kPerm);
    EXPECT_EQ(stat(3, path, true), Errno::kPerm);
    EXPECT_EQ(stat(3, path), Errno::kSuccess);
    EXPECT_EQ(stat_result().filetype, 7);
    EXPECT_EQ(call("path_filestat_set_times",
                   {3, kSymlinkFollow, kPath, put_text(kPath, path), 1, 1, kSetMtim}),
              Errno::kPerm);
    EXPECT_EQ(with_path("path_create_directory", 3, path + "/"), Errno::kExist);
    EXPECT_EQ(with_path("path_remove_directory", 3, path + "/"), Errno::kPerm);
    EXPECT_EQ(with_path("path_unlink_file", 3, path + "/"), Errno::kNotdir);
    EXPECT_EQ(link(3, path + "/", 3, "x"), Errno::kPerm);
    EXPECT_EQ(link(3, path, 3, "copy-of-" + path), Errno::kSuccess) << "the link itself";
    EXPECT_EQ(with_path("path_unlink_file", 3, path), Errno::kSuccess) << "the link itself";
  }
  EXPECT_EQ(link(3, "up/", 3, "x"), Errno::kPerm);
  EXPECT_EQ(host_read("secret"), "secret");
}

TEST_F(Escape, LinksToAbsolutePathsAreNeitherMadeNorTold) {
  EXPECT_EQ(symlink("/etc/passwd", 3, "x"), Errno::kPerm);
  EXPECT_FALSE(host_has("rw/x"));
  EXPECT_EQ(readlink(3, "absolute"), Errno::kPerm);
  EXPECT_EQ(readlink(3, "out"), Errno::kSuccess);
}

TEST_F(Escape, ADirectoryOpenedBelowIsAWallOfItsOwn) {
  std::uint32_t dir = must_open("d", {.oflags = kOpenDirectory, .base = rights::kDirectory});
  EXPECT_EQ(open("../out", {.dir = dir}), Errno::kPerm);
  EXPECT_EQ(stat(dir, ".."), Errno::kPerm);
  EXPECT_EQ(stat(dir, "."), Errno::kSuccess);
}

TEST_F(Escape, ALinkSwappedInDuringTheCallIsNotFollowed) {
  host_write("rw/d/secret", "inside");
  std::filesystem::create_symlink("..", root / "rw/other");
  std::atomic<bool> stop{false};
  std::thread swapper([&] {
    auto a = (root / "rw/d").string();
    auto b = (root / "rw/other").string();
    auto spare = (root / "rw/spare").string();
    while (!stop) {
      ::rename(a.c_str(), spare.c_str());
      ::rename(b.c_str(), a.c_str());
      ::rename(a.c_str(), b.c_str());
      ::rename(spare.c_str(), a.c_str());
    }
  });
  int opened = 0;
  // On a busy machine the swapper may be in the way for long.
  for (int i = 0; i < 3000 || (opened == 0 && i < 1'000'000); ++i) {
    if (open("d/secret", {.lookup = kSymlinkFollow, .base = rights::kFdRead}) != Errno::kSuccess) {
      continue;
    }
    std::uint32_t fd = result();
    ++opened;
    EXPECT_EQ(read(fd, 10), "inside");
    EXPECT_EQ(call("fd_close", {fd}), Errno::kSuccess);
  }
  stop = true;
  swapper.join();
  EXPECT_GT(opened, 0);
}

TEST_F(Escape, ReadOnlyGrantsAreNotWrittenTo) {
  auto denied = [&](Errno error, std::string_view what) {
    EXPECT_EQ(error, Errno::kRofs) << what;
    EXPECT_NE(denial().find("'/ro' is granted read-only"), std::string::npos) << denial();
    EXPECT_NE(denial().find("--dir HOST::/ro"), std::string::npos) << denial();
  };
  denied(open("file", {.dir = 4, .base = rights::kFdWrite}), "write");
  denied(open("new", {.dir = 4, .oflags = kOpenCreat, .base = 0}), "create");
  denied(open("file", {.dir = 4, .oflags = kOpenTrunc, .base = 0}), "truncate");
  denied(with_path("path_create_directory", 4, "d"), "mkdir");
  denied(with_path("path_remove_directory", 4, "d"), "rmdir");
  denied(with_path("path_unlink_file", 4, "file"), "unlink");
  denied(symlink("a", 4, "b"), "symlink");
  denied(rename(4, "file", 3, "b"), "rename from");
  host_write("rw/f", "");
  denied(rename(3, "f", 4, "b"), "rename to");
  denied(link(4, "file", 3, "b"), "a link would be a way to write to it");
  denied(link(3, "f", 4, "b"), "link to");
  denied(call("path_filestat_set_times", {4, 0, kPath, put_text(kPath, "file"), 0, 0, 4}), "times");
  std::uint32_t fd = must_open("file", {.dir = 4, .base = kReadOnlyRights});
  EXPECT_EQ(read(fd, 100), "read me");
  EXPECT_EQ(write(fd, "x"), Errno::kNotcapable);
  EXPECT_EQ(call("fd_filestat_set_times", {fd, 0, 0, kSetMtim}), Errno::kRofs);
  EXPECT_NE(call("fd_filestat_set_size", {fd, 0}), Errno::kSuccess);
  EXPECT_NE(call("fd_allocate", {fd, 0, 100}), Errno::kSuccess);
  EXPECT_EQ(host_read("ro/file"), "read me");
}

TEST_F(Escape, BelowAReadOnlyGrantAllIsReadOnly) {
  std::filesystem::create_directory(root / "ro/d");
  std::uint32_t dir = must_open("d", {.dir = 4, .base = rights::kDirectory});
  EXPECT_EQ(open("new", {.dir = dir, .oflags = kOpenCreat}), Errno::kRofs);
}

TEST_F(Escape, WithoutAnyGrantTheAttemptIsTold) {
  reset();
  EXPECT_EQ(open("orders.csv", {}), Errno::kBadf);
  EXPECT_EQ(denial(),
            "path_open 'orders.csv': no directory is granted (grant one: --dir HOST::GUEST, or "
            "[grant] dirs in ferry.toml)");
  reset();
  EXPECT_EQ(denial(), "");
}

TEST_F(Escape, HostilePathsAreShownShortAndOnOneLine) {
  EXPECT_EQ(open("../a\nb\x1b[2J" + std::string(3000, 'x'), {}), Errno::kPerm);
  EXPECT_LT(denial().size(), 400u);
  EXPECT_EQ(denial().find('\n'), std::string::npos);
  EXPECT_EQ(denial().find('\x1b'), std::string::npos);
}

TEST_F(Escape, WhatCannotBeGrantedIsRefusedWithTheReason) {
  auto missing = Directory::open(root / "nowhere", "/x", false);
  ASSERT_FALSE(missing.ok());
  EXPECT_NE(missing.error().message.find("nowhere"), std::string::npos);
  EXPECT_FALSE(Directory::open(root / "secret", "/x", false).ok()) << "a file is not a directory";
  EXPECT_FALSE(Directory::open(root, "", false).ok());
  EXPECT_FALSE(Directory::open(root, std::string("a\0b", 3), false).ok());
  EXPECT_FALSE(Directory::open(root, "\xff", false).ok());
}

// A grant of / must not give /proc/self/environ, nor anything else that is mounted below.
TEST_F(Escape, WhatIsMountedBelowIsNotReached) {
  if (!std::filesystem::exists("/proc/self/environ")) GTEST_SKIP() << "there is no /proc";
  auto everything = Directory::open("/", "/", true);
  ASSERT_TRUE(everything.ok()) << everything.error().text();
  directories.clear();
  directories.push_back(std::move(*everything));
  GuestSetup setup;
  setup.directories = &directories;
  reset(std::move(setup));
  for (const char* path : {"proc/self/environ", "proc", "proc/1/root/etc/passwd"}) {
    SCOPED_TRACE(path);
    EXPECT_EQ(open(path, {.lookup = kSymlinkFollow, .base = rights::kFdRead}), Errno::kPerm);
    EXPECT_EQ(stat(3, path, true), Errno::kPerm);
  }
  EXPECT_NE(denial().find("another file system"), std::string::npos) << denial();
}

TEST_F(Escape, FileSystemsOfTheKernelAreNotGranted) {
  for (const char* path : {"/proc", "/proc/self", "/sys", "/dev/pts"}) {
    if (!std::filesystem::is_directory(path)) continue;
    const auto got = Directory::open(path, "/g", true);
    ASSERT_FALSE(got.ok()) << path;
    EXPECT_EQ(got.error().code, Code::kDenied) << path;
    EXPECT_NE(got.error().message.find(path), std::string::npos);
  }
}

}  // namespace
}  // namespace ferry::wasi
