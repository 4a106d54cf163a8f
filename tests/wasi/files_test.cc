// Calls on open files and on descriptors of directories.
#include <thread>

#include <sys/resource.h>

#include "wasi/guest_fixture.h"

namespace ferry::wasi {
namespace {

class Files : public FileTest {};

TEST_F(Files, GrantsAreFoundByCountingUpFrom3) {
  EXPECT_EQ(call("fd_prestat_get", {4, kResult}), Errno::kSuccess);
  EXPECT_EQ(get<GuestPrestat>(kResult).tag, 0);
  EXPECT_EQ(get<GuestPrestat>(kResult).name_size, 3u);
  EXPECT_EQ(call("fd_prestat_dir_name", {4, kData, 3}), Errno::kSuccess);
  EXPECT_EQ(text(kData, 3), "/ro");
  EXPECT_EQ(call("fd_prestat_dir_name", {4, kData, 2}), Errno::kNametoolong);
  EXPECT_EQ(call("fd_prestat_dir_name", {4, kOutside, 30}), Errno::kFault);
  EXPECT_EQ(call("fd_prestat_get", {4, kOutside}), Errno::kFault);
  EXPECT_EQ(call("fd_prestat_get", {5, kResult}), Errno::kBadf);
  std::uint32_t dir = must_open(".", {.oflags = kOpenDirectory, .base = rights::kDirectory});
  EXPECT_EQ(call("fd_prestat_get", {dir, kResult}), Errno::kBadf);
}

TEST_F(Files, WriteSeekReadTell) {
  std::uint32_t fd = create("f");
  EXPECT_EQ(fd, 5u);
  EXPECT_TRUE(context.drawn().files);
  EXPECT_EQ(write(fd, "hello world"), Errno::kSuccess);
  EXPECT_EQ(result(), 11u);
  EXPECT_EQ(host_read("rw/f"), "hello world");
  EXPECT_EQ(call("fd_seek", {fd, static_cast<std::uint64_t>(-5), 2, kResult}), Errno::kSuccess);
  EXPECT_EQ(result64(), 6u);
  EXPECT_EQ(read(fd, 100), "world");
  EXPECT_EQ(call("fd_tell", {fd, kResult}), Errno::kSuccess);
  EXPECT_EQ(result64(), 11u);
  EXPECT_EQ(call("fd_seek", {fd, static_cast<std::uint64_t>(-20), 1, kResult}), Errno::kInval);
  EXPECT_EQ(call("fd_seek", {fd, 0, 3, kResult}), Errno::kInval);
  EXPECT_EQ(call("fd_seek", {fd, 0, 0, kOutside}), Errno::kFault);
  EXPECT_EQ(call("fd_tell", {fd, kOutside}), Errno::kFault);
  EXPECT_EQ(call("fd_tell", {99, kResult}), Errno::kBadf);
}

TEST_F(Files, ReadAndWriteAtAPlaceLeaveThePlace) {
  std::uint32_t fd = create("f");
  EXPECT_EQ(write(fd, "0123456789"), Errno::kSuccess);
  slice(kData, static_cast<std::uint32_t>(put_text(kData, "ab")));
  EXPECT_EQ(call("fd_pwrite", {fd, kIovs, 1, 4, kResult}), Errno::kSuccess);
  EXPECT_EQ(result(), 2u);
  slice(kData, 1, 0);
  slice(kData + 10, 3, 1);
  EXPECT_EQ(call("fd_pread", {fd, kIovs, 2, 3, kResult}), Errno::kSuccess);
  EXPECT_EQ(result(), 4u);
  EXPECT_EQ(text(kData, 1) + text(kData + 10, 3), "3ab6");
  EXPECT_EQ(call("fd_tell", {fd, kResult}), Errno::kSuccess);
  EXPECT_EQ(result64(), 10u);
  EXPECT_EQ(call("fd_pread", {fd, kIovs, 1, 1ull << 63, kResult}), Errno::kInval);
  EXPECT_EQ(call("fd_pwrite", {fd, kIovs, 1, ~0ull, kResult}), Errno::kInval);
  EXPECT_EQ(call("fd_pread", {fd, kIovs, 1, 0, kOutside}), Errno::kFault);
  EXPECT_EQ(call("fd_pwrite", {99, kIovs, 1, 0, kResult}), Errno::kBadf);
}

TEST_F(Files, LargeFilesComeThroughWhole) {
  std::string large;
  for (int i = 0; large.size() < 180'000; ++i) large += std::to_string(i);
  host_write("rw/large", large);
  std::uint32_t fd = must_open("large", {.base = kReadOnlyRights});
  slice(8192, 100'000, 0);
  slice(108'192, 100'000, 1);
  EXPECT_EQ(call("fd_read", {fd, kIovs, 2, kResult}), Errno::kSuccess);
  EXPECT_EQ(result(), large.size());
  EXPECT_EQ(text(8192, large.size()), large);
}

TEST_F(Files, AppendIsSetAndTakenAway) {
  std::uint32_t fd = must_open("f", {.oflags = kOpenCreat, .fdflags = kFdAppend});
  EXPECT_EQ(write(fd, "one"), Errno::kSuccess);
  EXPECT_EQ(call("fd_seek", {fd, 0, 0, kResult}), Errno::kSuccess);
  EXPECT_EQ(write(fd, "two"), Errno::kSuccess);
  EXPECT_EQ(host_read("rw/f"), "onetwo");
  EXPECT_EQ(call("fd_fdstat_set_flags", {fd, 0}), Errno::kSuccess);
  EXPECT_EQ(call("fd_seek", {fd, 0, 0, kResult}), Errno::kSuccess);
  EXPECT_EQ(write(fd, "ONE"), Errno::kSuccess);
  EXPECT_EQ(host_read("rw/f"), "ONEtwo");
  EXPECT_EQ(call("fd_fdstat_set_flags", {fd, kFdAppend}), Errno::kSuccess);
  EXPECT_EQ(call("fd_fdstat_get", {fd, kResult}), Errno::kSuccess);
  EXPECT_EQ(get<GuestFdstat>(kResult).flags, kFdAppend);
  EXPECT_EQ(get<GuestFdstat>(kResult).filetype, 4);
}

TEST_F(Files, SizeAllocateAdviseSync) {
  std::uint32_t fd = create("f");
  EXPECT_EQ(call("fd_filestat_set_size", {fd, 100}), Errno::kSuccess);
  EXPECT_EQ(call("fd_filestat_set_size", {fd, ~0ull}), Errno::kInval);
  Errno allocated = call("fd_allocate", {fd, 90, 20});
  EXPECT_TRUE(allocated == Errno::kSuccess || allocated == Errno::kNotsup);
  EXPECT_EQ(call("fd_allocate", {fd, ~0ull, 1}), Errno::kInval);
  EXPECT_EQ(call("fd_allocate", {fd, 0, 0}), Errno::kInval);
  EXPECT_EQ(call("fd_filestat_get", {fd, kResult}), Errno::kSuccess);
  EXPECT_EQ(get<GuestFilestat>(kResult).size, allocated == Errno::kSuccess ? 110u : 100u);
  EXPECT_EQ(call("fd_filestat_get", {fd, kOutside}), Errno::kFault);
  for (std::uint64_t advice = 0; advice < 6; ++advice) {
    EXPECT_EQ(call("fd_advise", {fd, 0, 10, advice}), Errno::kSuccess);
  }
  EXPECT_EQ(call("fd_advise", {fd, 0, 10, 6}), Errno::kInval);
  EXPECT_EQ(call("fd_advise", {fd, ~0ull, 10, 0}), Errno::kInval);
  EXPECT_EQ(call("fd_sync", {fd}), Errno::kSuccess);
  EXPECT_EQ(call("fd_datasync", {fd}), Errno::kSuccess);
  EXPECT_EQ(call("fd_sync", {3}), Errno::kSuccess);
  EXPECT_EQ(call("fd_sync", {99}), Errno::kBadf);
}

TEST_F(Files, TimesOfAnOpenFile) {
  std::uint32_t fd = create("f");
  EXPECT_EQ(call("fd_filestat_set_times", {fd, 1'000'000'007, 2, kSetAtim | kSetMtim}),
            Errno::kSuccess);
  EXPECT_EQ(call("fd_filestat_set_times", {fd, 9, 3'000'000'001, kSetMtim}), Errno::kSuccess);
  EXPECT_EQ(call("fd_filestat_get", {fd, kResult}), Errno::kSuccess);
  EXPECT_EQ(get<GuestFilestat>(kResult).atim, 1'000'000'007u);
  EXPECT_EQ(get<GuestFilestat>(kResult).mtim, 3'000'000'001u);
  EXPECT_EQ(call("fd_filestat_set_times", {fd, 0, 0, kSetAtimNow | kSetMtimNow}), Errno::kSuccess);
  EXPECT_EQ(call("fd_filestat_get", {fd, kResult}), Errno::kSuccess);
  EXPECT_GT(get<GuestFilestat>(kResult).mtim, 1'000'000'000'000'000'000u);
  for (std::uint64_t bad : {3, 12, 15, 16}) {
    EXPECT_EQ(call("fd_filestat_set_times", {fd, 0, 0, bad}), Errno::kInval);
  }
  EXPECT_EQ(call("fd_filestat_set_times", {99, 0, 0, 0}), Errno::kBadf);
}

TEST_F(Files, WhatADirectoryIsNot) {
  slice(kData, 10);
  EXPECT_EQ(call("fd_read", {3, kIovs, 1, kResult}), Errno::kIsdir);
  EXPECT_EQ(call("fd_write", {3, kIovs, 1, kResult}), Errno::kIsdir);
  EXPECT_EQ(call("fd_pread", {3, kIovs, 1, 0, kResult}), Errno::kIsdir);
  EXPECT_EQ(call("fd_pwrite", {3, kIovs, 1, 0, kResult}), Errno::kIsdir);
  EXPECT_EQ(call("fd_seek", {3, 0, 0, kResult}), Errno::kIsdir);
  EXPECT_EQ(call("fd_tell", {3, kResult}), Errno::kIsdir);
  EXPECT_EQ(call("fd_allocate", {3, 0, 1}), Errno::kIsdir);
  EXPECT_EQ(call("fd_advise", {3, 0, 1, 0}), Errno::kIsdir);
  EXPECT_EQ(call("fd_filestat_set_size", {3, 0}), Errno::kIsdir);
  EXPECT_EQ(call("fd_fdstat_get", {3, kResult}), Errno::kSuccess);
  auto stat = get<GuestFdstat>(kResult);
  EXPECT_EQ(stat.filetype, 3);
  EXPECT_EQ(stat.base, rights::kDirectory);
  EXPECT_EQ(stat.inheriting, rights::kAll);
}

TEST_F(Files, RightsOfAnOpenFileAreThoseAskedFor) {
  create("f");
  std::uint32_t fd = must_open("f", {.base = rights::kFdRead});
  EXPECT_EQ(write(fd, "x"), Errno::kNotcapable);
  EXPECT_EQ(read(fd, 1), "");
  EXPECT_EQ(call("fd_seek", {fd, 0, 0, kResult}), Errno::kNotcapable);
  EXPECT_EQ(call("fd_seek", {fd, 0, 1, kResult}), Errno::kNotcapable);
  EXPECT_EQ(call("fd_tell", {fd, kResult}), Errno::kNotcapable);
  EXPECT_EQ(call("fd_pread", {fd, kIovs, 0, 0, kResult}), Errno::kNotcapable);
  EXPECT_EQ(call("fd_filestat_get", {fd, kResult}), Errno::kNotcapable);
  EXPECT_EQ(call("fd_filestat_set_size", {fd, 0}), Errno::kNotcapable);
  EXPECT_EQ(call("fd_allocate", {fd, 0, 1}), Errno::kNotcapable);
  EXPECT_EQ(call("fd_advise", {fd, 0, 1, 0}), Errno::kNotcapable);
  EXPECT_EQ(call("fd_sync", {fd}), Errno::kNotcapable);
  EXPECT_EQ(call("fd_datasync", {fd}), Errno::kNotcapable);
  std::uint32_t seeks = must_open("f", {.base = rights::kFdSeek});
  EXPECT_EQ(call("fd_tell", {seeks, kResult}), Errno::kSuccess) << "seek implies tell";
  std::uint32_t tells = must_open("f", {.base = rights::kFdTell});
  EXPECT_EQ(call("fd_seek", {tells, 0, 1, kResult}), Errno::kSuccess);
  EXPECT_EQ(call("fd_seek", {tells, 1, 1, kResult}), Errno::kNotcapable);
}

TEST_F(Files, OpenFilesAreBoundedAndNumbersReused) {
  grant({.open_files = 2});
  std::uint32_t first = create("a");
  std::uint32_t second = create("b");
  EXPECT_EQ(open("c", {.oflags = kOpenCreat}), Errno::kMfile);
  EXPECT_FALSE(host_has("rw/c"));
  EXPECT_EQ(call("fd_close", {first}), Errno::kSuccess);
  EXPECT_EQ(create("c"), first);
  EXPECT_EQ(call("fd_renumber", {second, first}), Errno::kSuccess);
  EXPECT_EQ(create("d"), second);
  EXPECT_EQ(call("fd_close", {0}), Errno::kSuccess);
  EXPECT_EQ(open("e", {.oflags = kOpenCreat}), Errno::kMfile) << "stdio is not counted";
}

TEST_F(Files, ResetClosesWhatTheLastGuestLeftOpen) {
  auto open_now = [] {
    auto it = std::filesystem::directory_iterator("/proc/self/fd");
    return std::distance(begin(it), end(it));
  };
  auto before = open_now();
  create("a");
  EXPECT_EQ(call("fd_readdir", {3, kData, 100, 0, kResult}), Errno::kSuccess);
  EXPECT_GT(open_now(), before);
  reset();
  EXPECT_EQ(open_now(), before);
  EXPECT_EQ(call("fd_fdstat_get", {5, kResult}), Errno::kBadf);
}

struct Listed {
  std::string name;
  GuestDirent entry;
};

class Readdir : public FileTest {
 protected:
  // One call's whole entries; `more` says whether the buffer was filled.
  std::vector<Listed> list(std::uint32_t fd, std::uint32_t room, std::uint64_t cookie, bool& more) {
    EXPECT_EQ(call("fd_readdir", {fd, kData, room, cookie, kResult}), Errno::kSuccess);
    std::uint32_t used = result();
    EXPECT_LE(used, room);
    more = used == room;
    std::vector<Listed> out;
    std::uint32_t at = 0;
    while (at + sizeof(GuestDirent) <= used) {
      auto entry = get<GuestDirent>(kData + at);
      at += sizeof(GuestDirent);
      if (at + entry.name_size > used) break;
      out.push_back({text(kData + at, entry.name_size), entry});
      at += entry.name_size;
    }
    return out;
  }
};

TEST_F(Readdir, GivesNamesTypesAndInodes) {
  host_write("rw/file", "x");
  std::filesystem::create_directory(root / "rw/dir");
  std::filesystem::create_symlink("file", root / "rw/link");
  bool more = false;
  std::map<std::string, GuestDirent> seen;
  for (const Listed& listed : list(3, 4096, 0, more)) seen[listed.name] = listed.entry;
  EXPECT_FALSE(more);
  ASSERT_EQ(seen.size(), 5u);
  EXPECT_EQ(seen["file"].filetype, 4);
  EXPECT_EQ(seen["dir"].filetype, 3);
  EXPECT_EQ(seen["link"].filetype, 7);
  EXPECT_EQ(stat(3, "file"), Errno::kSuccess);
  EXPECT_EQ(seen["file"].ino, stat_result().ino);
  EXPECT_EQ(seen[".."].ino, seen["."].ino) << "what lies above the grant is not told";
}

TEST_F(Readdir, SmallBuffersAndCookiesSeeEachNameOnce) {
  for (int i = 0; i < 100; ++i) host_write("rw/file." + std::to_string(i), "");
  std::set<std::string> seen;
  std::uint64_t cookie = 0;
  bool more = true;
  while (more) {
    auto entries = list(3, 200, cookie, more);
    ASSERT_TRUE(!entries.empty() || !more);
    for (const Listed& listed : entries) {
      EXPECT_TRUE(seen.insert(listed.name).second) << listed.name;
      cookie = listed.entry.next;
    }
  }
  EXPECT_EQ(seen.size(), 102u);
  auto again = list(3, 4096, 0, more);
  EXPECT_GT(again.size(), 50u) << "and begins anew at 0";
}

TEST_F(Readdir, B7CookiesAreSmallNumbersInOrder) {
  for (int i = 0; i < 60; ++i) host_write("rw/file." + std::to_string(i), "");
  bool more = true;
  std::vector<std::string> names;
  std::uint64_t cookie = 0;
  while (more && names.size() < 100) {
    for (const Listed& listed : list(3, 400, cookie, more)) {
      names.push_back(listed.name);
      EXPECT_EQ(listed.entry.next, names.size());
      cookie = listed.entry.next;
    }
  }
  ASSERT_EQ(names.size(), 62u);
  // Back to any entry that was seen, in any order.
  for (std::size_t at : {40u, 3u, 61u, 0u}) {
    auto entries = list(3, 400, at, more);
    ASSERT_FALSE(entries.empty());
    EXPECT_EQ(entries.front().name, names[at]);
  }
  EXPECT_TRUE(list(3, 400, 62, more).empty());
  // A descriptor that has listed nothing yet may begin anywhere as well.
  grant();
  auto entries = list(3, 400, 40, more);
  ASSERT_FALSE(entries.empty());
  EXPECT_EQ(entries.front().name, names[40]);
}

TEST_F(Readdir, CutsTheLastEntryWhereTheBufferEnds) {
  bool more = false;
  auto whole = list(3, 4096, 0, more);
  for (std::uint32_t room : {0u, 1u, 23u, 24u, 25u}) {
    EXPECT_EQ(call("fd_readdir", {3, kData, room, 0, kResult}), Errno::kSuccess);
    EXPECT_EQ(result(), room);
  }
}

TEST_F(Readdir, Errors) {
  EXPECT_EQ(call("fd_readdir", {99, kData, 10, 0, kResult}), Errno::kBadf);
  EXPECT_EQ(call("fd_readdir", {create("f"), kData, 10, 0, kResult}), Errno::kNotdir);
  EXPECT_EQ(call("fd_readdir", {3, kMemory - 5, 10, 0, kResult}), Errno::kFault);
  EXPECT_EQ(call("fd_readdir", {3, kData, 10, 0, kOutside}), Errno::kFault);
  EXPECT_EQ(call("fd_readdir", {3, kData, 10, ~0ull, kResult}), Errno::kInval);
  std::uint32_t dir = must_open(".", {.oflags = kOpenDirectory, .base = 0});
  EXPECT_EQ(call("fd_readdir", {dir, kData, 10, 0, kResult}), Errno::kNotcapable);
}

TEST_F(Readdir, ContextsOnTwoThreadsDoNotShareTheirPlace) {
  for (int i = 0; i < 20; ++i) host_write("rw/" + std::to_string(i), "");
  // How many listings, one entry a call, did not see each name once.
  auto wrong_listings = [this] {
    std::vector<std::uint8_t> own_memory(kMemory);
    Context own(clock, random);
    GuestSetup setup;
    setup.directories = &directories;
    own.reset(std::move(setup));
    int wrong = 0;
    for (int round = 0; round < 200; ++round) {
      std::set<std::string> seen;
      GuestDirent entry{};
      for (int step = 0; step < 22; ++step) {
        const std::uint64_t args[] = {3, kData, 40, entry.next, kResult};
        find_call("fd_readdir")->function(own, {own_memory.data(), own_memory.size()}, args);
        std::memcpy(&entry, own_memory.data() + kData, sizeof(entry));
        const auto* name = reinterpret_cast<const char*>(own_memory.data() + kData) + sizeof(entry);
        seen.emplace(name, std::min<std::size_t>(entry.name_size, 16));
      }
      wrong += seen.size() == 22 ? 0 : 1;
    }
    return wrong;
  };
  int wrong_there = 0;
  std::thread other([&] { wrong_there = wrong_listings(); });
  int wrong_here = wrong_listings();
  other.join();
  EXPECT_EQ(wrong_here + wrong_there, 0);
}

// SIGXFSZ would end the process, and every other function of its with it.
TEST_F(Files, PastTheLimitOfAFilesSizeIsAnErrno) {
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit tight{4096, before.rlim_max};
  const std::uint32_t fd = create("big");
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &tight), 0);
  const Errno sized = call("fd_filestat_set_size", {fd, 1u << 20});
  const Errno allocated = call("fd_allocate", {fd, 0, 1u << 20});
  EXPECT_EQ(call("fd_seek", {fd, 4096, 0, kResult}), Errno::kSuccess);
  const Errno written = write(fd, "one byte more");
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  EXPECT_EQ(sized, Errno::kFbig);
  EXPECT_EQ(allocated, Errno::kFbig);
  EXPECT_EQ(written, Errno::kFbig);
}

std::size_t open_descriptors() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& each : std::filesystem::directory_iterator("/proc/self/fd")) {
    ++count;
  }
  return count;
}

// What a guest left open does not wait for the next event.
TEST_F(Files, WhatWasLeftOpenIsClosedAtTheEnd) {
  const std::size_t before = open_descriptors();
  for (int i = 0; i < 10; ++i) create("f" + std::to_string(i));
  EXPECT_EQ(call("fd_readdir", {3, kData, 4096, 0, kResult}), Errno::kSuccess);
  EXPECT_EQ(open_descriptors(), before + 11);
  context.reset({});
  EXPECT_EQ(open_descriptors(), before);
  EXPECT_EQ(call("fd_tell", {5, kResult}), Errno::kBadf);
  EXPECT_EQ(call("fd_prestat_get", {3, kResult}), Errno::kBadf);
}

TEST_F(Files, BuffersAreGivenBackAtTheEnd) {
  const std::string_view part(reinterpret_cast<const char*>(memory.data()), 60'000);
  for (std::uint32_t fd : {1u, 2u}) {
    for (int i = 0; i < 8; ++i) EXPECT_EQ(write(fd, part), Errno::kSuccess);
  }
  ASSERT_GT(context.out().capacity() + context.err().capacity(), 900'000u);
  context.reset({});
  EXPECT_TRUE(context.out().empty() && context.err().empty());
  EXPECT_LE(context.out().capacity() + context.err().capacity(), 131'072u);
  EXPECT_TRUE(context.log_chunks().empty());
}

}  // namespace
}  // namespace ferry::wasi
