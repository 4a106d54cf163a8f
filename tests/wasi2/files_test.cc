// wasi:filesystem over the grants of preview 1.
#include <set>

#include "files_fixture.h"

namespace ferry::wasi2 {
namespace {

constexpr char kTypes[] = "wasi:filesystem/types";
constexpr u32 kRead = 1;
constexpr u32 kWrite = 2;
constexpr u32 kCreate = 1;

// error-code.
constexpr u8 kBadDescriptor = 3;
constexpr u8 kInvalid = 12;
constexpr u8 kIsDirectory = 14;
constexpr u8 kNoEntry = 20;
constexpr u8 kNotPermitted = 31;
constexpr u8 kReadOnly = 33;

class FilesTest : public FilesFixture {
 protected:
  FilesTest() {
    fs::create_symlink("f", root / "link");
    fs::create_symlink("../..", root / "d" / "up");
    grant(false);
  }
  void grant(bool read_only) {
    share("/data", read_only, 4);
    call("wasi:filesystem/preopens", "get-directories", {kRet});
    ASSERT_EQ(get(kRet + 4), 1u);
    dir = get(get(kRet));
    EXPECT_EQ(text(get(kRet) + 4), "/data");
  }

  // The error-code of a call that puts it `offset` behind its result's case; nothing when it is ok.
  template <typename... A>
  std::optional<u8> error(std::string_view name, u32 offset, A... args) {
    call(kTypes, name, {static_cast<u64>(args)..., kRet});
    return get<u8>(kRet) == 0 ? std::nullopt : std::optional(get<u8>(kRet + offset));
  }
  std::optional<u8> at(std::string_view method, std::string_view path) {
    const Passed p = pass(path);
    return error("[method]descriptor." + std::string(method), 1, dir, p.at, p.size);
  }
  std::optional<u8> open(std::string_view path, u32 open_flags, u32 flags) {
    const Passed p = pass(path);
    return error("[method]descriptor.open-at", 4, dir, 1, p.at, p.size, open_flags, flags);
  }
  u32 opened(std::string_view path, u32 open_flags = 0, u32 flags = kRead) {
    EXPECT_EQ(open(path, open_flags, flags), std::nullopt) << path;
    return get(kRet + 4);
  }
};

TEST_F(FilesTest, ReadsAtAnOffset) {
  const u32 file = opened("f");
  EXPECT_EQ(error("[method]descriptor.read", 4, file, 4, 3), std::nullopt);
  EXPECT_EQ(text(kRet + 4), "3456");
  EXPECT_EQ(get<u8>(kRet + 12), 0);
  EXPECT_EQ(error("[method]descriptor.read", 4, file, 4, 10), std::nullopt);
  EXPECT_EQ(get(kRet + 8), 0u);
  EXPECT_EQ(get<u8>(kRet + 12), 1);  // the end
  EXPECT_EQ(error("[method]descriptor.read", 4, dir, 4, 0), kIsDirectory);
  EXPECT_TRUE(context.drawn().files);
}

TEST_F(FilesTest, ReadsAsAStream) {
  const u32 file = opened("f");
  EXPECT_EQ(error("[method]descriptor.read-via-stream", 4, file, 8), std::nullopt);
  const u32 stream = get(kRet + 4);
  call(kTypes, "[resource-drop]descriptor", {file});  // the stream goes on
  call(kStreams, "[method]input-stream.read", {stream, 100, kRet});
  EXPECT_EQ(text(kRet + 4), "89");
  call(kStreams, "[method]input-stream.read", {stream, 100, kRet});
  EXPECT_EQ(get<u8>(kRet), 1);
  EXPECT_EQ(get<u8>(kRet + 4), 1);  // closed
  call(kStreams, "[resource-drop]input-stream", {stream});
}

TEST_F(FilesTest, WritesAndAppends) {
  const u32 file = opened("new", kCreate, kRead | kWrite);
  const Passed data = pass("hello");
  EXPECT_EQ(error("[method]descriptor.write", 8, file, data.at, data.size, 0), std::nullopt);
  EXPECT_EQ(get<u64>(kRet + 8), 5u);
  EXPECT_EQ(error("[method]descriptor.append-via-stream", 4, file), std::nullopt);
  const u32 stream = get(kRet + 4);
  const Passed more = pass(" world");
  for (int i = 0; i < 2; ++i) {
    call(kStreams, "[method]output-stream.write", {stream, more.at, more.size, kRet});
    EXPECT_EQ(get<u8>(kRet), 0);
  }
  EXPECT_EQ(error("[method]descriptor.write-via-stream", 4, file, 1), std::nullopt);
  const u32 second = get(kRet + 4);
  const Passed letter = pass("E");
  call(kStreams, "[method]output-stream.write", {second, letter.at, letter.size, kRet});
  EXPECT_EQ(error("[method]descriptor.sync", 1, file), std::nullopt);
  EXPECT_EQ(host("new"), "hEllo world world");
  EXPECT_EQ(error("[method]descriptor.set-size", 1, file, 5), std::nullopt);
  EXPECT_EQ(host("new"), "hEllo");
}

// The size that an append asks for overwrote what had been read.
TEST_F(FilesTest, AFileIsSplicedToTheEndOfAnother) {
  const u32 from = opened("f");
  EXPECT_EQ(error("[method]descriptor.read-via-stream", 4, from, 3), std::nullopt);
  const u32 in = get(kRet + 4);
  const u32 to = opened("new", kCreate, kRead | kWrite);
  EXPECT_EQ(error("[method]descriptor.append-via-stream", 4, to), std::nullopt);
  const u32 out = get(kRet + 4);
  for (const u64 most : {2, 100}) {
    call(kStreams, "[method]output-stream.splice", {out, in, most, kRet});
    EXPECT_EQ(get<u8>(kRet), 0);
  }
  EXPECT_EQ(host("new"), "3456789");
}

TEST_F(FilesTest, AFileOpenedToReadIsNotWritten) {
  const u32 file = opened("f");
  EXPECT_EQ(error("[method]descriptor.write-via-stream", 4, file, 0), kBadDescriptor);
  const Passed data = pass("x");
  EXPECT_EQ(error("[method]descriptor.write", 8, file, data.at, data.size, 0), kBadDescriptor);
  EXPECT_EQ(error("[method]descriptor.set-size", 1, file, 0), kInvalid);
  EXPECT_EQ(error("[method]descriptor.get-flags", 1, file), std::nullopt);
  EXPECT_EQ(get<u8>(kRet + 1), kRead);
}

// get-flags said mutate-directory of every folder of a grant that may be written.
TEST_F(FilesTest, AFolderHasTheFlagsThatItWasOpenedWith) {
  constexpr u32 kMutate = 1 << 5;
  for (const auto& [flags, shown] : {std::pair{0u, kRead}, std::pair{kRead, kRead},
                                     std::pair{kRead | kMutate, kRead | kMutate}}) {
    const u32 folder = opened("d", 0, flags);
    EXPECT_EQ(error("[method]descriptor.get-flags", 1, folder), std::nullopt);
    EXPECT_EQ(get<u8>(kRet + 1), shown) << flags;
  }
}

TEST_F(FilesTest, WhatIsCreatedMayBeWritten) {
  for (const auto& [flags, shown] : {std::pair{0u, kRead | kWrite},
                                     std::pair{kRead, kRead | kWrite}, std::pair{kWrite, kWrite}}) {
    const u32 file = opened("made", kCreate, flags);
    EXPECT_EQ(error("[method]descriptor.get-flags", 1, file), std::nullopt);
    EXPECT_EQ(get<u8>(kRet + 1), shown) << flags;
  }
}

TEST_F(FilesTest, AGrantToReadIsNotWritten) {
  grant(true);
  EXPECT_EQ(open("new", kCreate, kWrite), kReadOnly);
  EXPECT_EQ(at("create-directory-at", "e"), kReadOnly);
  ASSERT_TRUE(context.denial());
  EXPECT_NE(context.denial()->message.find("read-only"), std::string::npos);
  EXPECT_EQ(open("f", 0, kRead), std::nullopt);
}

TEST_F(FilesTest, NothingLeadsOutOfAGrant) {
  for (const char* path : {"../x", "/etc/passwd", "d/../../x", "d/up/x"}) {
    EXPECT_EQ(open(path, 0, kRead), kNotPermitted) << path;
  }
  ASSERT_TRUE(context.denial());
  EXPECT_EQ(open("nothing", 0, kRead), kNoEntry);
}

TEST_F(FilesTest, OpenFilesAreCountedUntilTheLastUseEnds) {
  std::vector<u32> files;
  files.reserve(4);
  for (int i = 0; i < 4; ++i) files.push_back(opened("f"));
  EXPECT_TRUE(open("f", 0, kRead).has_value());
  EXPECT_EQ(error("[method]descriptor.read-via-stream", 4, files[0], 0), std::nullopt);
  const u32 stream = get(kRet + 4);
  call(kTypes, "[resource-drop]descriptor", {files[0]});
  EXPECT_TRUE(open("f", 0, kRead).has_value());  // the stream still has it
  call(kStreams, "[resource-drop]input-stream", {stream});
  EXPECT_FALSE(open("f", 0, kRead).has_value());
}

TEST_F(FilesTest, AGrantThatWasDroppedIsThereAgain) {
  call(kTypes, "[resource-drop]descriptor", {dir});
  call("wasi:filesystem/preopens", "get-directories", {kRet});
  dir = get(get(kRet));
  opened("f");
}

TEST_F(FilesTest, Stats) {
  EXPECT_EQ(error("[method]descriptor.stat", 8, opened("f")), std::nullopt);
  EXPECT_EQ(get<u8>(kRet + 8), 6);  // regular-file
  EXPECT_EQ(get<u64>(kRet + 24), 10u);
  EXPECT_EQ(get<u8>(kRet + 56), 1);
  EXPECT_GT(get<u64>(kRet + 64), 1'000'000'000u);
  const Passed link = pass("link");
  EXPECT_EQ(error("[method]descriptor.stat-at", 8, dir, 0, link.at, link.size), std::nullopt);
  EXPECT_EQ(get<u8>(kRet + 8), 5);  // symbolic-link
  EXPECT_EQ(error("[method]descriptor.stat-at", 8, dir, 1, link.at, link.size), std::nullopt);
  EXPECT_EQ(get<u8>(kRet + 8), 6);
  EXPECT_EQ(error("[method]descriptor.readlink-at", 4, dir, link.at, link.size), std::nullopt);
  EXPECT_EQ(text(kRet + 4), "f");
  EXPECT_EQ(error("[method]descriptor.get-type", 1, dir), std::nullopt);
  EXPECT_EQ(get<u8>(kRet + 1), 3);
}

TEST_F(FilesTest, SameObjectsHaveTheSameHash) {
  const u32 one = opened("f");
  const u32 two = opened("f");
  EXPECT_EQ(call(kTypes, "[method]descriptor.is-same-object", {one, two}), 1u);
  EXPECT_EQ(call(kTypes, "[method]descriptor.is-same-object", {one, dir}), 0u);
  EXPECT_EQ(error("[method]descriptor.metadata-hash", 8, one), std::nullopt);
  const u64 hash = get<u64>(kRet + 8);
  const Passed path = pass("f");
  EXPECT_EQ(error("[method]descriptor.metadata-hash-at", 8, dir, 0, path.at, path.size),
            std::nullopt);
  EXPECT_EQ(get<u64>(kRet + 8), hash);
  EXPECT_EQ(error("[method]descriptor.metadata-hash", 8, dir), std::nullopt);
  EXPECT_NE(get<u64>(kRet + 8), hash);
}

TEST_F(FilesTest, DirectoriesAreListedWithoutDots) {
  EXPECT_EQ(error("[method]descriptor.read-directory", 4, dir), std::nullopt);
  const u32 stream = get(kRet + 4);
  std::set<std::pair<int, std::string>> found;
  for (;;) {
    EXPECT_EQ(error("[method]directory-entry-stream.read-directory-entry", 4, stream),
              std::nullopt);
    if (get<u8>(kRet + 4) == 0) break;
    found.emplace(get<u8>(kRet + 8), text(kRet + 12));
  }
  EXPECT_EQ(found, (std::set<std::pair<int, std::string>>{{3, "d"}, {5, "link"}, {6, "f"}}));
  EXPECT_EQ(error("[method]descriptor.read-directory", 4, opened("f")), 24);  // not-directory
}

TEST_F(FilesTest, DirectoriesAreChanged) {
  EXPECT_EQ(at("create-directory-at", "e"), std::nullopt);
  EXPECT_TRUE(fs::is_directory(root / "e"));
  const Passed from = pass("f");
  const Passed to = pass("e/g");
  EXPECT_EQ(error("[method]descriptor.rename-at", 1, dir, from.at, from.size, dir, to.at, to.size),
            std::nullopt);
  EXPECT_EQ(error("[method]descriptor.link-at", 1, dir, 0, to.at, to.size, dir, from.at, from.size),
            std::nullopt);
  EXPECT_EQ(host("f"), "0123456789");
  const Passed link = pass("e/l");
  EXPECT_EQ(error("[method]descriptor.symlink-at", 1, dir, from.at, from.size, link.at, link.size),
            std::nullopt);
  EXPECT_EQ(at("unlink-file-at", "e/l"), std::nullopt);
  EXPECT_EQ(at("unlink-file-at", "e/g"), std::nullopt);
  EXPECT_EQ(at("remove-directory-at", "e"), std::nullopt);
  EXPECT_FALSE(fs::exists(root / "e"));
}

TEST_F(FilesTest, TimesAreSet) {
  const u32 file = opened("f", 0, kRead | kWrite);
  EXPECT_EQ(error("[method]descriptor.set-times", 1, file, 0, 0, 0, 2, 1'000'000'000, 5),
            std::nullopt);
  EXPECT_EQ(error("[method]descriptor.stat", 8, file), std::nullopt);
  EXPECT_EQ(get<u64>(kRet + 64), 1'000'000'000u);
  EXPECT_EQ(get(kRet + 72), 5u);
  EXPECT_EQ(error("[method]descriptor.set-times", 1, file, 0, 0, 0, 2, UINT64_MAX, 0), 12);
  trap(kTypes, "[method]descriptor.set-times", {file, 3, 0, 0, 0, 0, 0, kRet});
}

TEST_F(FilesTest, AFailedWriteTellsItsCode) {
  const u32 file = opened("f", 0, kRead | kWrite);
  EXPECT_EQ(error("[method]descriptor.write-via-stream", 4, file, UINT64_MAX), std::nullopt);
  const u32 stream = get(kRet + 4);
  const Passed data = pass("x");
  call(kStreams, "[method]output-stream.write", {stream, data.at, data.size, kRet});
  EXPECT_EQ(get<u8>(kRet), 1);
  EXPECT_EQ(get<u8>(kRet + 4), 0);
  const u32 failed = get(kRet + 8);
  call(kTypes, "filesystem-error-code", {failed, kRet});
  EXPECT_EQ(get<u8>(kRet), 1);
  EXPECT_EQ(get<u8>(kRet + 1), 12);  // invalid
}

TEST_F(FilesTest, WithoutAGrantThereIsNothingToOpen) {
  begin();
  call("wasi:filesystem/preopens", "get-directories", {kRet});
  EXPECT_EQ(get(kRet + 4), 0u);
}

}  // namespace
}  // namespace ferry::wasi2
