#include "wasi/guest_fixture.h"

namespace ferry::wasi {
namespace {

class Stdio : public GuestTest {};

TEST(Calls, OfTheWitxAndTheSocketsExtensionAreSortedAndFoundByName) {
  ASSERT_EQ(calls().size(), 46u + 15u);
  for (const Call& call : calls()) {
    EXPECT_EQ(find_call(call.name), &call);
    EXPECT_LE(call.params.size(), kMaxParams);
    EXPECT_EQ(call.has_result, call.name != "proc_exit");
  }
  EXPECT_EQ(find_call("path_open")->params, "iiiiiIIii");
  EXPECT_EQ(find_call("fd_seek")->params, "iIii");
  EXPECT_EQ(find_call("sched_yield")->params, "");
  EXPECT_EQ(find_call("fd_nothing"), nullptr);
  EXPECT_EQ(find_call(""), nullptr);
}

TEST_F(Stdio, StdinIsReadInPartsToItsEnd) {
  reset({.stdin_data = "hello world"});
  EXPECT_EQ(read(0, 5), "hello");
  EXPECT_TRUE(context.drawn().stdin_read);
  EXPECT_EQ(read(0, 100), " world");
  EXPECT_EQ(read(0, 100), "");
}

TEST_F(Stdio, StdinIsScatteredOverSlices) {
  reset({.stdin_data = "abcdef"});
  slice(kData, 2, 0);
  slice(kData + 100, 0, 1);
  slice(kData + 200, 10, 2);
  EXPECT_EQ(call("fd_read", {0, kIovs, 3, kResult}), Errno::kSuccess);
  EXPECT_EQ(result(), 6u);
  EXPECT_EQ(text(kData, 2) + text(kData + 200, 4), "abcdef");
}

TEST_F(Stdio, FirstReadHookComesOnceBeforeTheDataAndMayStop) {
  struct Seen {
    int times = 0;
    bool go_on = false;
  } seen;
  context.on_first_read(
      [](void* user) {
        auto* s = static_cast<Seen*>(user);
        ++s->times;
        return s->go_on;
      },
      &seen);
  reset({.stdin_data = "data"});
  slice(kData, 10);
  EXPECT_TRUE(raw("fd_read", {0, kIovs, 1, kResult}).stop);
  EXPECT_EQ(context.stop(), Stop::kNone);
  EXPECT_FALSE(context.drawn().stdin_read);
  seen.go_on = true;
  EXPECT_EQ(read(0, 2), "da");
  EXPECT_EQ(read(0, 2), "ta");
  EXPECT_EQ(seen.times, 2);
}

TEST_F(Stdio, StdoutAndStderrAreKept) {
  EXPECT_EQ(write(1, "out"), Errno::kSuccess);
  EXPECT_EQ(result(), 3u);
  EXPECT_EQ(write(2, "err"), Errno::kSuccess);
  EXPECT_EQ(context.out(), "out");
  EXPECT_EQ(context.err(), "err");
  EXPECT_TRUE(context.drawn().wrote);
  reset();
  EXPECT_EQ(context.out(), "");
  EXPECT_EQ(context.err(), "");
  EXPECT_FALSE(context.drawn().wrote);
}

TEST_F(Stdio, FullStdoutStopsTheGuestAndKeepsWhatFits) {
  GuestSetup setup;
  setup.quotas.stdout_bytes = 5;
  reset(std::move(setup));
  EXPECT_EQ(write(1, "abc"), Errno::kSuccess);
  slice(kData, 3);
  EXPECT_TRUE(raw("fd_write", {1, kIovs, 1, kResult}).stop);
  EXPECT_EQ(context.stop(), Stop::kOutputFull);
  EXPECT_EQ(context.out(), "abcab");
}

TEST_F(Stdio, StdoutAtExactlyItsBoundIsFine) {
  GuestSetup setup;
  setup.quotas.stdout_bytes = 3;
  reset(std::move(setup));
  EXPECT_EQ(write(1, "abc"), Errno::kSuccess);
  EXPECT_EQ(context.stop(), Stop::kNone);
}

TEST_F(Stdio, FullStderrDropsAndCounts) {
  GuestSetup setup;
  setup.quotas.stderr_bytes = 4;
  reset(std::move(setup));
  EXPECT_EQ(write(2, "abc"), Errno::kSuccess);
  EXPECT_EQ(write(2, "def"), Errno::kSuccess);
  EXPECT_EQ(result(), 3u);
  EXPECT_EQ(write(2, "ghi"), Errno::kSuccess);
  EXPECT_EQ(context.err(), "abcd");
  EXPECT_EQ(context.err_dropped(), 5u);
}

TEST_F(Stdio, LogChunksBeginWhereLinesBegin) {
  EXPECT_EQ(write(2, "one\n"), Errno::kSuccess);
  clock.wall_ns += 1000;
  EXPECT_EQ(write(2, "tw"), Errno::kSuccess);
  clock.wall_ns += 1000;
  EXPECT_EQ(write(2, "o\nthree\n"), Errno::kSuccess);
  EXPECT_EQ(write(2, "four"), Errno::kSuccess);
  const auto& chunks = context.log_chunks();
  ASSERT_EQ(chunks.size(), 3u);
  EXPECT_EQ(chunks[0].offset, 0u);
  EXPECT_EQ(chunks[1].offset, 4u);
  EXPECT_EQ(chunks[1].time - chunks[0].time, Nanoseconds(1000));
  EXPECT_EQ(chunks[2].offset, 14u);
}

TEST_F(Stdio, WrongDirectionOrDescriptor) {
  EXPECT_EQ(write(0, "x"), Errno::kNotcapable);
  EXPECT_EQ(read(1, 1), "errno 76");
  EXPECT_EQ(write(3, "x"), Errno::kBadf);
  EXPECT_EQ(write(0xffffffff, "x"), Errno::kBadf);
}

TEST_F(Stdio, HasNoPlaceAndNoSize) {
  for (std::uint64_t fd : {0, 1, 2}) {
    EXPECT_EQ(call("fd_seek", {fd, 0, 0, kResult}), Errno::kSpipe);
    EXPECT_EQ(call("fd_tell", {fd, kResult}), Errno::kSpipe);
    EXPECT_EQ(call("fd_pread", {fd, kIovs, 0, 0, kResult}), Errno::kSpipe);
    EXPECT_EQ(call("fd_pwrite", {fd, kIovs, 0, 0, kResult}), Errno::kSpipe);
    EXPECT_EQ(call("fd_allocate", {fd, 0, 1}), Errno::kSpipe);
    EXPECT_EQ(call("fd_advise", {fd, 0, 1, 0}), Errno::kSpipe);
    EXPECT_EQ(call("fd_filestat_set_size", {fd, 1}), Errno::kInval);
    EXPECT_EQ(call("fd_filestat_set_times", {fd, 0, 0, 0}), Errno::kNotcapable);
    EXPECT_EQ(call("fd_readdir", {fd, kData, 100, 0, kResult}), Errno::kNotdir);
    EXPECT_EQ(call("fd_filestat_get", {fd, kResult}), Errno::kSuccess);
    EXPECT_EQ(get<GuestFilestat>(kResult).size, 0u);
  }
  EXPECT_EQ(call("fd_sync", {1}), Errno::kSuccess);
  EXPECT_EQ(call("fd_datasync", {2}), Errno::kSuccess);
  EXPECT_EQ(call("fd_sync", {0}), Errno::kNotcapable);
}

TEST_F(Stdio, IsNoTerminal) {
  for (std::uint64_t fd : {0, 1, 2}) {
    EXPECT_EQ(call("fd_fdstat_get", {fd, kResult}), Errno::kSuccess);
    auto stat = get<GuestFdstat>(kResult);
    EXPECT_EQ(stat.filetype, 0) << "a character device would make libc take it for a terminal";
    EXPECT_EQ(stat.base, fd == 0 ? rights::kStdin : rights::kStdout);
    EXPECT_EQ(stat.inheriting, 0u);
  }
}

TEST_F(Stdio, SlicesOutsideOfMemoryAreFaults) {
  for (std::uint32_t fd : {0u, 1u}) {
    const char* name = fd == 0 ? "fd_read" : "fd_write";
    slice(kMemory - 1, 2);
    EXPECT_EQ(call(name, {fd, kIovs, 1, kResult}), Errno::kFault);
    slice(0xffffffff, 0xffffffff);
    EXPECT_EQ(call(name, {fd, kIovs, 1, kResult}), Errno::kFault);
    slice(kData, 1);
    EXPECT_EQ(call(name, {fd, kMemory - 7, 1, kResult}), Errno::kFault);
    EXPECT_EQ(call(name, {fd, 0xfffffff8, 2, kResult}), Errno::kFault);
    EXPECT_EQ(call(name, {fd, kIovs, 1, kOutside}), Errno::kFault);
    EXPECT_EQ(call(name, {fd, kIovs, 1025, kResult}), Errno::kInval);
    EXPECT_EQ(call(name, {fd, kIovs, 0xffffffff, kResult}), Errno::kInval);
  }
  EXPECT_EQ(context.out(), "") << "nothing may be written by a call that faults";
}

TEST_F(Stdio, SlicesThatOverlapMayAddUpToMoreThanMemoryButNotPast32Bits) {
  std::vector<std::uint8_t> large(8u << 20);
  memory.swap(large);
  for (std::uint32_t i = 0; i < 1024; ++i) slice(0, 8u << 20, i);
  EXPECT_EQ(call("fd_write", {2, kIovs, 1024, kResult}), Errno::kInval);
  EXPECT_EQ(call("fd_write", {2, kIovs, 511, kResult}), Errno::kSuccess);
  EXPECT_EQ(result(), 511u * (8u << 20));
  EXPECT_EQ(context.err().size(), Quotas{}.stderr_bytes);
}

TEST_F(Stdio, NothingIsTouchedWithoutMemory) {
  reset({.stdin_data = "x"});
  memory.clear();
  EXPECT_EQ(call("fd_read", {0, 0, 1, 0}), Errno::kFault);
  EXPECT_EQ(call("fd_write", {1, 0, 0, 0}), Errno::kFault);
  EXPECT_EQ(call("random_get", {0, 1}), Errno::kFault);
  EXPECT_EQ(call("random_get", {0, 0}), Errno::kSuccess);
}

TEST_F(Stdio, ClosedAndRenumberedDescriptors) {
  reset({.stdin_data = "data"});
  EXPECT_EQ(call("fd_close", {2}), Errno::kSuccess);
  EXPECT_EQ(call("fd_close", {2}), Errno::kBadf);
  EXPECT_EQ(call("fd_renumber", {1, 2}), Errno::kBadf) << "the target must be open";
  EXPECT_EQ(call("fd_renumber", {2, 1}), Errno::kBadf);
  EXPECT_EQ(call("fd_renumber", {1, 1}), Errno::kSuccess);
  EXPECT_EQ(write(1, "kept"), Errno::kSuccess);
  EXPECT_EQ(call("fd_renumber", {0, 1}), Errno::kSuccess);
  EXPECT_EQ(read(1, 4), "data");
  EXPECT_EQ(read(0, 4), "errno 8");
  reset({.stdin_data = "next"});
  EXPECT_EQ(read(0, 4), "next");
  EXPECT_EQ(write(2, "x"), Errno::kSuccess);
}

TEST_F(Stdio, FlagsAreKeptButThoseOfOpenCannotChange) {
  EXPECT_EQ(call("fd_fdstat_set_flags", {0, kFdNonblock}), Errno::kSuccess);
  EXPECT_EQ(call("fd_fdstat_get", {0, kResult}), Errno::kSuccess);
  EXPECT_EQ(get<GuestFdstat>(kResult).flags, kFdNonblock);
  EXPECT_EQ(call("fd_fdstat_set_flags", {0, kFdSync}), Errno::kNotsup);
  EXPECT_EQ(call("fd_fdstat_set_flags", {0, 32}), Errno::kInval);
  EXPECT_EQ(call("fd_fdstat_set_flags", {9, 0}), Errno::kBadf);
}

TEST_F(Stdio, RightsOnlyShrink) {
  EXPECT_EQ(call("fd_fdstat_set_rights", {1, rights::kStdout | rights::kFdRead, 0}),
            Errno::kNotcapable);
  EXPECT_EQ(call("fd_fdstat_set_rights", {1, rights::kStdout, 1}), Errno::kNotcapable);
  EXPECT_EQ(call("fd_fdstat_set_rights", {1, rights::kFdFilestatGet, 0}), Errno::kSuccess);
  EXPECT_EQ(write(1, "x"), Errno::kNotcapable);
  EXPECT_EQ(call("fd_fdstat_set_flags", {1, 0}), Errno::kNotcapable);
  EXPECT_EQ(call("fd_fdstat_set_rights", {1, rights::kStdout, 0}), Errno::kNotcapable);
  EXPECT_EQ(call("fd_fdstat_set_rights", {7, 0, 0}), Errno::kBadf);
  reset();
  EXPECT_EQ(write(1, "x"), Errno::kSuccess);
}

TEST_F(Stdio, ResultsOutsideOfMemoryAreFaults) {
  EXPECT_EQ(call("fd_fdstat_get", {0, kOutside}), Errno::kFault);
  EXPECT_EQ(call("fd_filestat_get", {0, kOutside}), Errno::kFault);
  EXPECT_EQ(call("fd_fdstat_get", {5, kResult}), Errno::kBadf);
  EXPECT_EQ(call("fd_filestat_get", {5, kResult}), Errno::kBadf);
}

TEST_F(Stdio, NoDirectoryIsFoundWhereNoneIsGranted) {
  EXPECT_EQ(call("fd_prestat_get", {3, kResult}), Errno::kBadf);
  EXPECT_EQ(call("fd_prestat_dir_name", {3, kData, 10}), Errno::kBadf);
  EXPECT_EQ(call("fd_prestat_get", {1, kResult}), Errno::kBadf);
  EXPECT_FALSE(context.denial().has_value()) << "every start-up of libc asks that";
}

}  // namespace
}  // namespace ferry::wasi
