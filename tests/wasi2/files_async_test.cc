// wasi:filesystem 0.3: the files of 0.2 as streams, with results of another form. The WASI
// project's own tests are run by tests/components/wasi_suite.py.
#include <set>

#include "files_fixture.h"

namespace ferry::wasi2 {
namespace {

class FilesAsyncTest : public FilesFixture {
 protected:
  static constexpr char kTypes[] = "wasi:filesystem/types@0.3.0";
  static constexpr u32 kReturned = 2;
  static constexpr u32 kDropped = 1;
  // error-code, without 0.2's would-block.
  static constexpr u8 kBadDescriptor = 2;
  static constexpr u8 kNoEntry = 19;
  static constexpr u8 kNotDirectory = 23;

  FilesAsyncTest() {
    share("/", false, 8);
    call("wasi:filesystem/preopens@0.3.0", "get-directories", {kRet});
    dir = get(get(kRet));
  }

  u64 files(std::string_view name, std::initializer_list<u64> args) {
    return call(kTypes, name, args);
  }
  u32 canon(std::string_view name, std::initializer_list<u64> args) {
    return static_cast<u32>(call(kCanonModule, name, args));
  }
  // Called with async: six parameters, in memory.
  u32 open(std::string_view path, u8 open_flags, u8 flags) {
    const Passed p = pass(path);
    put<u32>(2048, dir);
    put<u8>(2052, 1);
    put<u32>(2056, p.at);
    put<u32>(2060, p.size);
    put<u8>(2064, open_flags);
    put<u8>(2065, flags);
    EXPECT_EQ(files("[async-lower][method]descriptor.open-at", {2048, kRet}), kReturned);
    return get<u8>(kRet) == 0 ? get(kRet + 4) : 0;
  }
};

TEST_F(FilesAsyncTest, AFileIsAStreamFromAnOffset) {
  const u32 file = open("f", 0, 1);
  ASSERT_NE(file, 0u);
  files("[method]descriptor.read-via-stream", {file, 4, kRet});
  const u32 stream = get(kRet);
  const u32 ended = get(kRet + 4);
  files("[resource-drop]descriptor", {file});  // the stream stays
  EXPECT_EQ(canon("[async]stream.read:stream<u8>", {stream, kText, 100}), 6u << 4);
  EXPECT_EQ(std::memcmp(memory.data() + kText, "456789", 6), 0);
  EXPECT_EQ(canon("[async]stream.read:stream<u8>", {stream, kText, 100}), kDropped);
  EXPECT_EQ(canon("[async]future.read:future<result<_, e>>", {ended, kRet}), 0u);
  EXPECT_EQ(get<u8>(kRet), 0);
}

TEST_F(FilesAsyncTest, AStreamIsWrittenIntoAFile) {
  const u32 file = open("new", 1, 2);
  ASSERT_NE(file, 0u);
  const u64 ends = call(kCanonModule, "stream.new:stream<u8>", {});
  const u32 taken =
      static_cast<u32>(files("[method]descriptor.write-via-stream", {file, ends & 0xffffffff, 2}));
  const Passed data = pass("data");
  EXPECT_EQ(canon("[async]stream.write:stream<u8>", {ends >> 32, data.at, data.size}), 4u << 4);
  canon("stream.drop-writable:stream<u8>", {ends >> 32});
  EXPECT_EQ(canon("[async]future.read:future<result<_, e>>", {taken, kRet}), 0u);
  EXPECT_EQ(get<u8>(kRet), 0);
  EXPECT_EQ(host("new"), std::string("\0\0data", 6));
}

TEST_F(FilesAsyncTest, AStreamThatCannotBeSaysWhyInItsFuture) {
  files("[method]descriptor.read-via-stream", {open("f", 0, 2), 0, kRet});
  const u32 stream = get(kRet);
  const u32 ended = get(kRet + 4);
  EXPECT_EQ(canon("[async]stream.read:stream<u8>", {stream, kText, 1}), kDropped);
  EXPECT_EQ(canon("[async]future.read:future<result<_, e>>", {ended, kRet}), 0u);
  EXPECT_EQ(get<u8>(kRet), 1);
  EXPECT_EQ(get<u8>(kRet + 4), kBadDescriptor);
}

TEST_F(FilesAsyncTest, ADirectoryIsAStreamOfEntries) {
  files("[method]descriptor.read-directory", {dir, kRet});
  const u32 stream = get(kRet);
  std::set<std::string> found;
  u32 got = 0;
  while (((got = canon("[async]stream.read:stream<directory-entry>", {stream, 1024, 1})) & 1) ==
         0) {
    ASSERT_EQ(got, 1u << 4);
    found.insert(text(1024 + 16) + (get<u8>(1024) == 2 ? "/" : ""));
  }
  EXPECT_EQ(found, (std::set<std::string>{"d/", "f"}));
}

TEST_F(FilesAsyncTest, ErrorsAndTypesAreVariants) {
  EXPECT_EQ(open("none", 0, 1), 0u);
  EXPECT_EQ(get<u8>(kRet), 1);
  EXPECT_EQ(get<u8>(kRet + 4), kNoEntry);
  const u32 file = open("f", 0, 1);
  files("[method]descriptor.get-type", {file, kRet});
  EXPECT_EQ(get<u8>(kRet + 4), 5);  // regular-file
  files("[method]descriptor.stat", {file, kRet});
  EXPECT_EQ(get<u8>(kRet + 8), 5);
  EXPECT_EQ(get<u64>(kRet + 24), 1u);   // one link
  EXPECT_EQ(get<u64>(kRet + 32), 10u);  // its size
  files("[method]descriptor.read-directory", {file, kRet});
  const u32 ended = get(kRet + 4);
  EXPECT_EQ(canon("[async]future.read:future<result<_, e>>", {ended, kRet}), 0u);
  EXPECT_EQ(get<u8>(kRet + 4), kNotDirectory);
}

TEST_F(FilesAsyncTest, AFolderOpenedWithoutMutateDirectoryChangesNothing) {
  constexpr u8 kRead = 1;
  constexpr u8 kWrite = 2;
  constexpr u8 kMutate = 32;
  constexpr u8 kReadOnly = 32;
  const u32 root_dir = dir;
  const auto refused = [&](std::string_view name, std::initializer_list<u64> args) {
    put<u8>(kRet, 7);
    files(name, args);
    EXPECT_EQ(get<u8>(kRet), 1) << name;
    EXPECT_EQ(get<u8>(kRet + 4), kReadOnly) << name;
  };
  const u32 fixed = open("d", 2, kRead);
  const u32 open_to_change = open("d", 2, kRead | kMutate);
  ASSERT_NE(fixed, 0u);
  ASSERT_NE(open_to_change, 0u);
  const Passed p = pass("x");
  const Passed f = pass("f");
  refused("[method]descriptor.create-directory-at", {fixed, p.at, p.size, kRet});
  files("[method]descriptor.create-directory-at", {open_to_change, p.at, p.size, kRet});
  EXPECT_EQ(get<u8>(kRet), 0);
  refused("[method]descriptor.remove-directory-at", {fixed, p.at, p.size, kRet});
  refused("[method]descriptor.unlink-file-at", {fixed, p.at, p.size, kRet});
  refused("[method]descriptor.symlink-at", {fixed, f.at, f.size, p.at, p.size, kRet});
  refused("[method]descriptor.rename-at", {root_dir, f.at, f.size, fixed, f.at, f.size, kRet});
  refused("[method]descriptor.rename-at", {fixed, p.at, p.size, root_dir, p.at, p.size, kRet});
  refused("[method]descriptor.link-at", {root_dir, 0, f.at, f.size, fixed, f.at, f.size, kRet});
  refused("[method]descriptor.set-times", {fixed, 1, 0, 0, 1, 0, 0, kRet});
  refused("[method]descriptor.set-times-at", {fixed, 0, p.at, p.size, 1, 0, 0, 1, 0, 0, kRet});
  dir = fixed;
  for (const auto& [open_flags, flags] :
       {std::pair<u8, u8>{1, kRead}, {8, kRead}, {0, kWrite}, {2, kRead | kMutate}}) {
    EXPECT_EQ(open("x", open_flags, flags), 0u);
    EXPECT_EQ(get<u8>(kRet + 4), kReadOnly);
  }
  EXPECT_NE(open("x", 2, kRead), 0u);  // reads
  EXPECT_EQ(host("f"), "0123456789");
  EXPECT_TRUE(fs::is_directory(root / "d/x"));
}

TEST_F(FilesAsyncTest, SocketsOfWasi03AreNotMade) {
  call("wasi:sockets/types@0.3.0", "[static]tcp-socket.create", {0, kRet});
  EXPECT_EQ(get<u8>(kRet), 1);
  EXPECT_EQ(get<u8>(kRet + 4), 1);  // not-supported
}

}  // namespace
}  // namespace ferry::wasi2
