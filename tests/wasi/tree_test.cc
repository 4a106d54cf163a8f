// Files that travel with a function: the tree, and the calls on it.
#include "wasi/file_tree.h"
#include "wasi/guest_fixture.h"

namespace ferry::wasi {
namespace {

std::shared_ptr<const FileTree> made(std::vector<FileTree::File> files) {
  auto tree = FileTree::make(std::move(files));
  EXPECT_TRUE(tree.ok()) << tree.error().text();
  return tree.ok() ? *tree : nullptr;
}

TEST(FileTree, IsReadFromWhatItWasKeptAs) {
  const auto tree = made({{"b/c", "deep"}, {"a", "1"}, {"a.b", "2"}, {"b/d/e", ""}});
  ASSERT_NE(tree, nullptr);
  EXPECT_EQ(tree->files(), 4u);
  EXPECT_EQ(tree->bytes(), 6u);
  const auto again = FileTree::read(std::string(tree->archive()));
  ASSERT_TRUE(again.ok()) << again.error().text();
  EXPECT_EQ((*again)->digest(), tree->digest());
  const auto b = (*again)->find(FileTree::kRoot, "b");
  ASSERT_TRUE(b);
  EXPECT_TRUE((*again)->node(*b).folder);
  const auto c = (*again)->find(*b, "c");
  ASSERT_TRUE(c);
  EXPECT_EQ((*again)->node(*c).data, "deep");
  EXPECT_TRUE(tree->has("b/d/e"));
  EXPECT_TRUE(tree->has(""));
  EXPECT_FALSE(tree->has("b/x"));
}

TEST(FileTree, IsTheSameInWhateverOrderFilesCome) {
  EXPECT_EQ(made({{"a", "1"}, {"b", "2"}})->archive(), made({{"b", "2"}, {"a", "1"}})->archive());
}

TEST(FileTree, FindsEachOfManyNames) {
  // Folders whose names begin alike, in the orders in which bytes and parts differ.
  const auto tree = made({{"a/x", ""}, {"a-b/x", ""}, {"a.b", ""}, {"ab/x", ""}, {"a/y/z", ""}});
  ASSERT_NE(tree, nullptr);
  for (const char* path : {"a", "a/x", "a-b/x", "a.b", "ab/x", "a/y/z"}) {
    EXPECT_TRUE(tree->has(path)) << path;
  }
  EXPECT_EQ(tree->node(FileTree::kRoot).children.size(), 4u);
}

TEST(FileTree, RefusesWhatIsNoTree) {
  for (const char* path : {"", "/a", "a/", "a//b", ".", "a/..", "../a", "\xff"}) {
    EXPECT_FALSE(FileTree::make({{path, ""}}).ok()) << path;
  }
  EXPECT_FALSE(FileTree::make({{std::string("a\0b", 3), ""}}).ok());
  EXPECT_FALSE(FileTree::make({{std::string(256, 'a'), ""}}).ok());
  const auto twice = FileTree::make({{"a", "1"}, {"a", "2"}});
  ASSERT_FALSE(twice.ok());
  EXPECT_EQ(twice.error().message, "two files are named /a");
  const auto both = FileTree::make({{"a", ""}, {"a.b", ""}, {"a/b", ""}});
  ASSERT_FALSE(both.ok());
  EXPECT_NE(both.error().message.find("'a' is a file and a folder"), std::string::npos);
}

TEST(FileTree, RefusesEachArchiveThatIsCut) {
  const auto tree = made({{"a", "1"}, {"b/c", "22"}});
  ASSERT_NE(tree, nullptr);
  const std::string whole(tree->archive());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(FileTree::read(whole.substr(0, size)).ok()) << size;
  }
  EXPECT_FALSE(FileTree::read(whole + "x").ok());
}

class Tree : public FileTest {
 protected:
  void SetUp() override {
    FileTest::SetUp();
    tree = made({{"etc/settings", "level=1\n"}, {"etc/more/a", "A"}, {"readme", "0123456789"}});
    with({});
  }
  // The granted directories, if any, then the tree.
  void with(const std::vector<Directory>* folders) {
    GuestSetup setup;
    setup.files = tree.get();
    setup.directories = folders;
    reset(std::move(setup));
  }
  std::string name_of(std::uint32_t fd) {
    if (call("fd_prestat_get", {fd, kResult}) != Errno::kSuccess) return "none";
    const auto size = get<GuestPrestat>(kResult).name_size;
    EXPECT_EQ(call("fd_prestat_dir_name", {fd, kData, size}), Errno::kSuccess);
    return text(kData, size);
  }
  std::shared_ptr<const FileTree> tree;
};

constexpr std::uint64_t kReads = rights::kAll & ~rights::kFdWrite;

TEST_F(Tree, IsTheRootBehindWhatIsGranted) {
  EXPECT_EQ(name_of(3), "/");
  EXPECT_EQ(name_of(4), "none");
  with(&directories);
  EXPECT_EQ(name_of(3) + name_of(4) + name_of(5), "//ro/");
  EXPECT_EQ(name_of(6), "none");
}

TEST_F(Tree, IsReadLikeFiles) {
  const std::uint32_t fd = must_open("etc/settings", {.base = kReads});
  EXPECT_FALSE(context.drawn().files);  // the same for every event
  EXPECT_EQ(context.opened(), 1u);
  EXPECT_EQ(read(fd, 5), "level");
  EXPECT_EQ(read(fd, 100), "=1\n");
  EXPECT_EQ(read(fd, 100), "");
  EXPECT_EQ(call("fd_seek", {fd, static_cast<std::uint64_t>(-3), 2, kResult}), Errno::kSuccess);
  EXPECT_EQ(result64(), 5u);
  EXPECT_EQ(call("fd_tell", {fd, kResult}), Errno::kSuccess);
  EXPECT_EQ(result64(), 5u);
  EXPECT_EQ(call("fd_seek", {fd, static_cast<std::uint64_t>(-9), 1, kResult}), Errno::kInval);
  EXPECT_EQ(call("fd_seek", {fd, INT64_MAX, 1, kResult}), Errno::kOverflow);
  EXPECT_EQ(call("fd_seek", {fd, 1000, 0, kResult}), Errno::kSuccess);
  EXPECT_EQ(read(fd, 100), "");
  EXPECT_EQ(call("fd_seek", {fd, 0, 0, kOutside}), Errno::kFault);
  slice(kData, 3);
  EXPECT_EQ(call("fd_pread", {fd, kIovs, 1, 6, kResult}), Errno::kSuccess);
  EXPECT_EQ(text(kData, result()), "1\n");
  EXPECT_EQ(call("fd_pread", {fd, kIovs, 1, 1ull << 63, kResult}), Errno::kInval);
  EXPECT_EQ(call("fd_close", {fd}), Errno::kSuccess);
  EXPECT_EQ(context.opened(), 0u);
}

TEST_F(Tree, HasPlacesOfItsOwnInEachDescriptor) {
  const std::uint32_t one = must_open("readme", {.base = kReads});
  const std::uint32_t two = must_open("readme", {.base = kReads});
  EXPECT_EQ(read(one, 4), "0123");
  EXPECT_EQ(read(two, 2), "01");
  EXPECT_EQ(call("fd_renumber", {two, one}), Errno::kSuccess);
  EXPECT_EQ(read(one, 2), "23");
}

TEST_F(Tree, IsLookedAtLikeFiles) {
  EXPECT_EQ(stat(3, "etc/settings"), Errno::kSuccess);
  const GuestFilestat first = stat_result();
  EXPECT_EQ(first.size, 8u);
  EXPECT_EQ(first.filetype, 4);
  EXPECT_EQ(first.mtim, 315'532'800'000'000'000u);
  EXPECT_EQ(stat(3, "etc/more/../settings"), Errno::kSuccess);
  EXPECT_EQ(stat_result().ino, first.ino);
  EXPECT_EQ(stat(3, "etc/"), Errno::kSuccess);
  EXPECT_EQ(stat_result().filetype, 3);
  EXPECT_EQ(stat(3, "."), Errno::kSuccess);
  EXPECT_EQ(stat(3, "etc/settings/"), Errno::kNotdir);
  EXPECT_EQ(stat(3, "etc/settings/x"), Errno::kNotdir);
  EXPECT_EQ(stat(3, "nothing"), Errno::kNoent);
  EXPECT_EQ(stat(3, std::string(256, 'x')), Errno::kNametoolong);
  EXPECT_EQ(denial(), "");
  EXPECT_EQ(readlink(3, "readme"), Errno::kInval);
  const std::uint32_t fd = must_open("readme", {.base = kReads});
  EXPECT_EQ(call("fd_filestat_get", {fd, kResult}), Errno::kSuccess);
  EXPECT_EQ(stat_result().size, 10u);
  EXPECT_EQ(call("fd_fdstat_get", {fd, kResult}), Errno::kSuccess);
  EXPECT_EQ(get<GuestFdstat>(kResult).filetype, 4);
}

TEST_F(Tree, KeepsTheGuestInside) {
  EXPECT_EQ(stat(3, "../secret"), Errno::kPerm);
  EXPECT_NE(denial().find("leads out of its directory"), std::string::npos);
  EXPECT_EQ(stat(3, "/readme"), Errno::kPerm);
  EXPECT_EQ(open("etc/../../readme", {.base = kReads}), Errno::kPerm);
  // As the kernel has it: what a descriptor stands for is the limit, though its parent is there.
  const std::uint32_t etc = must_open("etc", {.oflags = kOpenDirectory, .base = kReads});
  EXPECT_EQ(open("../readme", {.dir = etc, .base = kReads}), Errno::kPerm);
  EXPECT_EQ(must_open("more/a", {.dir = etc, .base = kReads}), etc + 1);
}

TEST_F(Tree, CannotBeWrittenTo) {
  EXPECT_EQ(open("readme", {}), Errno::kRofs);
  EXPECT_NE(denial().find("files that travel with a function are read-only"), std::string::npos);
  EXPECT_EQ(open("new", {.oflags = kOpenCreat, .base = kReads}), Errno::kRofs);
  EXPECT_EQ(open("readme", {.oflags = kOpenTrunc, .base = kReads}), Errno::kRofs);
  for (const char* name : {"path_create_directory", "path_remove_directory", "path_unlink_file"}) {
    EXPECT_EQ(with_path(name, 3, "readme"), Errno::kRofs) << name;
  }
  EXPECT_EQ(rename(3, "readme", 3, "other"), Errno::kRofs);
  EXPECT_EQ(link(3, "readme", 3, "other"), Errno::kRofs);
  EXPECT_EQ(symlink("readme", 3, "other"), Errno::kRofs);
  const std::uint32_t fd = must_open("readme", {.base = kReads});
  EXPECT_EQ(write(fd, "x"), Errno::kNotcapable);
  EXPECT_EQ(call("fd_filestat_set_size", {fd, 1}), Errno::kInval);
  EXPECT_EQ(call("fd_filestat_set_times", {fd, 1, 1, kSetMtim}), Errno::kRofs);
  EXPECT_EQ(call("fd_allocate", {fd, 0, 1}), Errno::kBadf);
  EXPECT_EQ(call("fd_sync", {fd}), Errno::kSuccess);
  EXPECT_EQ(call("fd_datasync", {fd}), Errno::kSuccess);
  EXPECT_EQ(call("fd_advise", {fd, 0, 1, 0}), Errno::kSuccess);
  EXPECT_EQ(call("fd_advise", {fd, 0, 1, 9}), Errno::kInval);
  EXPECT_EQ(read(3, 1), "errno 31");  // a folder
  EXPECT_EQ(open("readme", {.oflags = kOpenDirectory, .base = kReads}), Errno::kNotdir);
}

TEST_F(Tree, IsListedByName) {
  const auto list = [&](std::uint32_t fd, std::uint64_t cookie, std::uint32_t room) {
    std::string names;
    EXPECT_EQ(call("fd_readdir", {fd, kData, room, cookie, kResult}), Errno::kSuccess);
    for (std::uint32_t at = kData; at + sizeof(GuestDirent) <= kData + result();) {
      const auto entry = get<GuestDirent>(at);
      at += sizeof(GuestDirent);
      names += text(at, std::min(entry.name_size, kData + result() - at)) + " ";
      at += entry.name_size;
    }
    return names;
  };
  EXPECT_EQ(list(3, 0, 4096), ". .. etc readme ");
  EXPECT_EQ(list(3, 3, 4096), "readme ");
  EXPECT_EQ(list(3, 4, 4096), "");
  EXPECT_EQ(list(3, 0, 30), ". ");  // and the beginning of the next
  EXPECT_EQ(call("fd_readdir", {3, kData, 100, 5, kResult}), Errno::kInval);
  const std::uint32_t fd = must_open("readme", {.base = kReads});
  EXPECT_EQ(call("fd_readdir", {fd, kData, 100, 0, kResult}), Errno::kNotdir);
}

TEST_F(Tree, CountsAgainstTheQuota) {
  GuestSetup setup;
  setup.files = tree.get();
  setup.quotas.open_files = 1;
  reset(std::move(setup));
  must_open("readme", {.base = kReads});
  EXPECT_EQ(open("readme", {.base = kReads}), Errno::kMfile);
}

}  // namespace
}  // namespace ferry::wasi
