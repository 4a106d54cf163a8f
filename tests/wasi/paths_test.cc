// Calls on paths: what they do, and the errno where they can't.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "wasi/guest_fixture.h"

namespace ferry::wasi {
namespace {

class Paths : public FileTest {};

TEST_F(Paths, OpenCreatesTruncatesAndExcludes) {
  EXPECT_EQ(open("f", {}), Errno::kNoent);
  std::uint32_t fd = create("f");
  EXPECT_EQ(write(fd, "data"), Errno::kSuccess);
  EXPECT_EQ(open("f", {.oflags = kOpenCreat | kOpenExcl}), Errno::kExist);
  must_open("f", {.oflags = kOpenTrunc});
  EXPECT_EQ(host_read("rw/f"), "");
  EXPECT_EQ(open("f/", {}), Errno::kNotdir);
  EXPECT_EQ(open("f/below", {}), Errno::kNotdir);
  EXPECT_EQ(open("f", {.oflags = kOpenDirectory, .base = 0}), Errno::kNotdir);
}

TEST_F(Paths, OpenChecksItsArguments) {
  EXPECT_EQ(open("f", {.lookup = 2}), Errno::kInval);
  EXPECT_EQ(open("f", {.oflags = 16}), Errno::kInval);
  EXPECT_EQ(open("f", {.fdflags = 32}), Errno::kInval);
  EXPECT_EQ(open(".", {.oflags = kOpenDirectory | kOpenCreat, .base = 0}), Errno::kInval);
  EXPECT_EQ(open(".", {.oflags = kOpenDirectory, .base = rights::kFdWrite}), Errno::kIsdir);
  EXPECT_EQ(open(".", {.base = rights::kFdWrite}), Errno::kIsdir);
  EXPECT_EQ(open("f", {.dir = 99, .oflags = kOpenCreat}), Errno::kBadf);
  EXPECT_EQ(open("f", {.dir = 1, .oflags = kOpenCreat}), Errno::kNotdir);
  EXPECT_EQ(open("g", {.dir = create("f"), .oflags = kOpenCreat}), Errno::kNotdir);
  EXPECT_EQ(call("path_open", {3, 0, kPath, 1, 0, 0, 0, 0, kOutside}), Errno::kFault);
}

TEST_F(Paths, BadPathsAreRefusedByEveryCall) {
  grant({.path_bytes = 20});
  struct Case {
    std::string path;
    Errno error;
  } cases[] = {{"", Errno::kNoent},
               {std::string("a\0b", 3), Errno::kInval},
               {"\xff\xfe", Errno::kIlseq},
               {std::string(21, 'x'), Errno::kNametoolong}};
  for (const Case& c : cases) {
    EXPECT_EQ(open(c.path, {}), c.error) << c.path;
    EXPECT_EQ(stat(3, c.path), c.error) << c.path;
    EXPECT_EQ(readlink(3, c.path), c.error) << c.path;
    EXPECT_EQ(symlink(c.path, 3, "new"), c.error) << c.path;
    EXPECT_EQ(symlink("target", 3, c.path), c.error) << c.path;
    EXPECT_EQ(rename(3, c.path, 3, "new"), c.error) << c.path;
    EXPECT_EQ(link(3, c.path, 3, "new"), c.error) << c.path;
    auto size = put_text(kPath, c.path);
    EXPECT_EQ(call("path_filestat_set_times", {3, 0, kPath, size, 0, 0, 0}), c.error) << c.path;
    for (const char* name :
         {"path_create_directory", "path_remove_directory", "path_unlink_file"}) {
      EXPECT_EQ(with_path(name, 3, c.path), c.error) << name << " " << c.path;
    }
  }
  for (const char* name : {"path_create_directory", "path_remove_directory", "path_unlink_file"}) {
    EXPECT_EQ(call(name, {3, kMemory - 2, 3}), Errno::kFault) << name;
    EXPECT_EQ(call(name, {3, 0xffffffff, 0xffffffff}), Errno::kFault) << name;
    EXPECT_EQ(with_path(name, 99, "x"), Errno::kBadf) << name;
    EXPECT_EQ(with_path(name, 1, "x"), Errno::kNotdir) << name;
  }
}

TEST_F(Paths, DirectoriesAreMadeAndRemoved) {
  EXPECT_EQ(with_path("path_create_directory", 3, "d"), Errno::kSuccess);
  EXPECT_EQ(with_path("path_create_directory", 3, "d/e/"), Errno::kSuccess);
  EXPECT_EQ(with_path("path_create_directory", 3, "d"), Errno::kExist);
  EXPECT_EQ(with_path("path_create_directory", 3, "no/e"), Errno::kNoent);
  EXPECT_EQ(with_path("path_create_directory", 3, "."), Errno::kExist);
  EXPECT_EQ(with_path("path_remove_directory", 3, "d"), Errno::kNotempty);
  std::filesystem::create_directory_symlink("d/e", root / "rw/link");
  EXPECT_EQ(with_path("path_remove_directory", 3, "link"), Errno::kNotdir);
  EXPECT_EQ(with_path("path_remove_directory", 3, "link/"), Errno::kNotdir);
  EXPECT_EQ(with_path("path_remove_directory", 3, "d/e/."), Errno::kInval);
  EXPECT_EQ(with_path("path_remove_directory", 3, "d/e/"), Errno::kSuccess);
  EXPECT_EQ(with_path("path_remove_directory", 3, "d"), Errno::kSuccess);
  EXPECT_EQ(with_path("path_remove_directory", 3, "d"), Errno::kNoent);
  create("f");
  EXPECT_EQ(with_path("path_remove_directory", 3, "f"), Errno::kNotdir);
}

TEST_F(Paths, FilesAreUnlinked) {
  create("f");
  std::filesystem::create_directory(root / "rw/d");
  EXPECT_EQ(with_path("path_unlink_file", 3, "d"), Errno::kIsdir);
  EXPECT_EQ(with_path("path_unlink_file", 3, "d/"), Errno::kIsdir);
  EXPECT_EQ(with_path("path_unlink_file", 3, "d/."), Errno::kIsdir);
  EXPECT_EQ(with_path("path_unlink_file", 3, "f/"), Errno::kNotdir);
  EXPECT_EQ(with_path("path_unlink_file", 3, "d/../f"), Errno::kSuccess);
  EXPECT_EQ(with_path("path_unlink_file", 3, "f"), Errno::kNoent);
}

TEST_F(Paths, Renames) {
  host_write("rw/f", "f");
  std::filesystem::create_directories(root / "rw/d/e");
  EXPECT_EQ(rename(3, "f", 3, "d/g"), Errno::kSuccess);
  EXPECT_EQ(host_read("rw/d/g"), "f");
  EXPECT_EQ(rename(3, "f", 3, "g"), Errno::kNoent);
  EXPECT_EQ(rename(3, "d/g", 3, "d/e"), Errno::kIsdir);
  EXPECT_EQ(rename(3, "d/e", 3, "d/g"), Errno::kNotdir);
  EXPECT_EQ(rename(3, "d", 3, "d/e/x"), Errno::kInval);
  EXPECT_EQ(rename(3, ".", 3, "x"), Errno::kBusy);
  EXPECT_EQ(rename(3, "d", 3, "d/."), Errno::kBusy);
  EXPECT_EQ(rename(3, "d/", 3, "n/"), Errno::kSuccess);
  EXPECT_EQ(rename(99, "n", 3, "x"), Errno::kBadf);
  EXPECT_EQ(rename(3, "n", 99, "x"), Errno::kBadf);
}

TEST_F(Paths, HardLinks) {
  host_write("rw/f", "f");
  std::filesystem::create_directories(root / "rw/d");
  EXPECT_EQ(link(3, "f", 3, "d/g"), Errno::kSuccess);
  EXPECT_EQ(stat(3, "f"), Errno::kSuccess);
  EXPECT_EQ(stat_result().nlink, 2u);
  EXPECT_EQ(link(3, "f", 3, "d/g"), Errno::kExist);
  EXPECT_EQ(link(3, "no", 3, "h"), Errno::kNoent);
  EXPECT_EQ(link(3, "d", 3, "h"), Errno::kPerm);
  EXPECT_EQ(link(3, "d/", 3, "h"), Errno::kPerm);
  EXPECT_EQ(link(3, "f/", 3, "h"), Errno::kNotdir);
  EXPECT_EQ(link(3, ".", 3, "h"), Errno::kPerm);
  EXPECT_EQ(link(3, "f", 3, "h/"), Errno::kNoent);
  EXPECT_EQ(link(3, "f", 3, "h", kSymlinkFollow), Errno::kInval);
}

TEST_F(Paths, SymlinksAreMadeReadAndFollowedOnRequest) {
  host_write("rw/f", "data");
  EXPECT_EQ(symlink("f", 3, "s"), Errno::kSuccess);
  EXPECT_EQ(symlink("f", 3, "s"), Errno::kExist);
  EXPECT_EQ(symlink("f", 3, "new/"), Errno::kNoent);
  EXPECT_EQ(readlink(3, "s"), Errno::kSuccess);
  EXPECT_EQ(text(kData, result()), "f");
  EXPECT_EQ(readlink(3, "s", 0), Errno::kSuccess);
  EXPECT_EQ(result(), 0u);
  EXPECT_EQ(readlink(3, "f"), Errno::kInval);
  EXPECT_EQ(readlink(3, "no"), Errno::kNoent);
  EXPECT_EQ(call("path_readlink", {3, kPath, 1, kMemory - 1, 2, kResult}), Errno::kFault);
  EXPECT_EQ(open("s", {}), Errno::kLoop);
  std::uint32_t fd = must_open("s", {.lookup = kSymlinkFollow});
  EXPECT_EQ(read(fd, 10), "data");
  EXPECT_EQ(stat(3, "s"), Errno::kSuccess);
  EXPECT_EQ(stat_result().filetype, 7);
  EXPECT_EQ(stat(3, "s", true), Errno::kSuccess);
  EXPECT_EQ(stat_result().filetype, 4);
  EXPECT_EQ(symlink("loop", 3, "loop"), Errno::kSuccess);
  EXPECT_EQ(stat(3, "loop", true), Errno::kLoop);
}

TEST_F(Paths, StatAndTimes) {
  host_write("rw/f", "four");
  EXPECT_EQ(symlink("f", 3, "s"), Errno::kSuccess);
  auto set = [&](std::string_view path, std::uint64_t flags, std::uint64_t time) {
    return call("path_filestat_set_times",
                {3, flags, kPath, put_text(kPath, path), time, time, kSetMtim});
  };
  EXPECT_EQ(set("s", 0, 1'000'000'001), Errno::kSuccess);
  EXPECT_EQ(set("s", kSymlinkFollow, 2'000'000'002), Errno::kSuccess);
  EXPECT_EQ(stat(3, "s"), Errno::kSuccess);
  EXPECT_EQ(stat_result().mtim, 1'000'000'001u);
  EXPECT_EQ(stat(3, "f"), Errno::kSuccess);
  EXPECT_EQ(stat_result().mtim, 2'000'000'002u);
  EXPECT_EQ(stat_result().size, 4u);
  EXPECT_EQ(set("no", 0, 1), Errno::kNoent);
  EXPECT_EQ(set("f", 2, 1), Errno::kInval);
  EXPECT_EQ(call("path_filestat_set_times", {3, 0, kPath, put_text(kPath, "f"), 0, 0, 3}),
            Errno::kInval);
  EXPECT_EQ(call("path_filestat_get", {3, 2, kPath, 1, kResult}), Errno::kInval);
  EXPECT_EQ(call("path_filestat_get", {3, 0, kPath, 1, kOutside}), Errno::kFault);
}

TEST_F(Paths, RightsOfADirectoryAreEnforced) {
  std::filesystem::create_directory(root / "rw/d");
  std::uint32_t dir =
      must_open("d", {.oflags = kOpenDirectory, .base = 0, .inheriting = rights::kFdRead});
  EXPECT_EQ(open("f", {.dir = dir, .base = 0, .inheriting = 0}), Errno::kNotcapable);
  for (const char* name : {"path_create_directory", "path_remove_directory", "path_unlink_file"}) {
    EXPECT_EQ(with_path(name, dir, "x"), Errno::kNotcapable) << name;
  }
  EXPECT_EQ(stat(dir, "."), Errno::kNotcapable);
  EXPECT_EQ(readlink(dir, "x"), Errno::kNotcapable);
  EXPECT_EQ(symlink("a", dir, "x"), Errno::kNotcapable);
  EXPECT_EQ(rename(dir, "a", 3, "b"), Errno::kNotcapable);
  EXPECT_EQ(rename(3, "a", dir, "b"), Errno::kNotcapable);
  EXPECT_EQ(link(dir, "a", 3, "b"), Errno::kNotcapable);
  host_write("rw/f", "");
  EXPECT_EQ(link(3, "f", dir, "b"), Errno::kNotcapable);
  EXPECT_EQ(call("path_filestat_set_times", {dir, 0, kPath, put_text(kPath, "f"), 0, 0, 0}),
            Errno::kNotcapable);
}

TEST_F(Paths, OpenGivesNoMoreThanTheDirectoryMayPassOn) {
  host_write("rw/f", "data");
  std::uint32_t dir = must_open(
      ".", {.oflags = kOpenDirectory, .base = rights::kPathOpen, .inheriting = rights::kFdRead});
  EXPECT_EQ(open("f", {.dir = dir, .base = rights::kFdRead, .inheriting = 0}), Errno::kSuccess);
  EXPECT_EQ(open("f", {.dir = dir, .base = rights::kFdWrite, .inheriting = 0}), Errno::kNotcapable);
  EXPECT_EQ(open("f", {.dir = dir, .base = 0, .inheriting = rights::kFdWrite}), Errno::kNotcapable);
  EXPECT_EQ(open("n", {.dir = dir, .oflags = kOpenCreat, .base = 0, .inheriting = 0}),
            Errno::kNotcapable);
  EXPECT_EQ(open("f", {.dir = dir, .oflags = kOpenTrunc, .base = 0, .inheriting = 0}),
            Errno::kNotcapable);
  EXPECT_EQ(host_read("rw/f"), "data");
  std::uint32_t go = must_open("f", {.base = 0xffffffff & ~rights::kFdWrite});
  EXPECT_EQ(call("fd_fdstat_get", {go, kResult}), Errno::kSuccess);
  EXPECT_EQ(get<GuestFdstat>(kResult).base, rights::kFile & ~rights::kFdWrite);
}

TEST_F(Paths, PipesAndSocketsAreNotOpened) {
  ASSERT_EQ(::mkfifo((root / "rw/pipe").c_str(), 0600), 0);
  EXPECT_EQ(open("pipe", {.base = rights::kFdRead}), Errno::kNotsup) << "and does not block";
  EXPECT_EQ(open("pipe", {.base = rights::kFdWrite}), Errno::kNxio);
  EXPECT_EQ(stat(3, "pipe"), Errno::kSuccess);
}

}  // namespace
}  // namespace ferry::wasi
