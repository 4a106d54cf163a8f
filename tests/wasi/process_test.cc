#include "wasi/guest_fixture.h"

namespace ferry::wasi {
namespace {

class Process : public GuestTest {};

TEST_F(Process, ArgsAndEnvironAsStringsAndPointers) {
  reset({.lists = {{"fn", "two words"}, {"A=1", "EMPTY="}}});
  EXPECT_FALSE(context.drawn().args);
  EXPECT_EQ(call("args_sizes_get", {kResult, kResult + 4}), Errno::kSuccess);
  EXPECT_EQ(result(), 2u);
  EXPECT_EQ(get<std::uint32_t>(kResult + 4), 13u);
  EXPECT_EQ(call("args_get", {kPath, kData}), Errno::kSuccess);
  EXPECT_EQ(get<std::uint32_t>(kPath), kData);
  EXPECT_EQ(get<std::uint32_t>(kPath + 4), kData + 3);
  EXPECT_EQ(text(kData, 13), std::string("fn\0two words\0", 13));
  EXPECT_TRUE(context.drawn().args);
  EXPECT_FALSE(context.drawn().environ);

  EXPECT_EQ(call("environ_sizes_get", {kResult, kResult + 4}), Errno::kSuccess);
  EXPECT_EQ(result(), 2u);
  EXPECT_EQ(get<std::uint32_t>(kResult + 4), 11u);
  EXPECT_EQ(call("environ_get", {kPath, kData}), Errno::kSuccess);
  EXPECT_EQ(text(kData, 11), std::string("A=1\0EMPTY=\0", 11));
  EXPECT_TRUE(context.drawn().environ);
}

TEST_F(Process, EmptyListsWriteNothing) {
  memory[kData] = 7;
  EXPECT_EQ(call("environ_sizes_get", {kResult, kResult + 4}), Errno::kSuccess);
  EXPECT_EQ(result64(), 0u);
  EXPECT_EQ(call("environ_get", {kData, kData}), Errno::kSuccess);
  EXPECT_EQ(memory[kData], 7);
}

TEST_F(Process, ListsOutsideOfMemoryAreFaultsAndWriteNothing) {
  reset({.lists = {{"name"}, {"K=V"}}});
  for (std::string which : {"args", "environ"}) {
    EXPECT_EQ(call(which + "_sizes_get", {kOutside, kResult}), Errno::kFault);
    EXPECT_EQ(call(which + "_sizes_get", {kResult, kOutside}), Errno::kFault);
    EXPECT_EQ(call(which + "_get", {kOutside, kData}), Errno::kFault);
    EXPECT_EQ(call(which + "_get", {kResult, kOutside}), Errno::kFault);
    EXPECT_EQ(call(which + "_get", {0xffffffff, 0xffffffff}), Errno::kFault);
  }
  EXPECT_EQ(result64(), 0u);
}

TEST_F(Process, ClocksComeFromOutside) {
  EXPECT_EQ(call("clock_time_get", {0, 1, kResult}), Errno::kSuccess);
  EXPECT_EQ(result64(), 1'000'000'000'000u);
  EXPECT_TRUE(context.drawn().clock);
  EXPECT_EQ(call("clock_time_get", {1, 0, kResult}), Errno::kSuccess);
  EXPECT_EQ(result64(), 5'000'000u);
  for (std::uint64_t id : {0, 1}) {
    EXPECT_EQ(call("clock_res_get", {id, kResult}), Errno::kSuccess);
    EXPECT_EQ(result64(), 1u);
  }
}

TEST_F(Process, UnknownClocksAndFaults) {
  for (std::uint64_t id : {2u, 3u, 4u, 0xffffffffu}) {
    EXPECT_EQ(call("clock_time_get", {id, 0, kResult}), Errno::kInval);
    EXPECT_EQ(call("clock_res_get", {id, kResult}), Errno::kInval);
  }
  EXPECT_EQ(call("clock_time_get", {0, 0, kOutside}), Errno::kFault);
  EXPECT_EQ(call("clock_res_get", {0, kOutside}), Errno::kFault);
}

TEST_F(Process, RandomFillsExactlyWhatWasAsked) {
  EXPECT_EQ(call("random_get", {kData, 0}), Errno::kSuccess);
  EXPECT_FALSE(context.drawn().random);
  EXPECT_EQ(call("random_get", {kData, 3}), Errno::kSuccess);
  EXPECT_EQ(text(kData, 4), std::string("\1\2\3\0", 4));
  EXPECT_TRUE(context.drawn().random);
  EXPECT_EQ(call("random_get", {1000, 150'000}), Errno::kSuccess);
  EXPECT_EQ(memory[999], 0);
  EXPECT_NE(memory[1000 + 149'998] + memory[1000 + 149'999], 0);
  EXPECT_EQ(memory[1000 + 150'000], 0);
  EXPECT_EQ(call("random_get", {kMemory - 4, 5}), Errno::kFault);
  EXPECT_EQ(call("random_get", {0xffffffff, 0xffffffff}), Errno::kFault);
}

TEST_F(Process, LongRandomEndsAtTheDeadline) {
  GuestSetup setup;
  setup.deadline = clock.monotonic();
  reset(std::move(setup));
  EXPECT_EQ(call("random_get", {0, 64u << 10}), Errno::kSuccess) << "one part always fits";
  EXPECT_TRUE(raw("random_get", {0, (64u << 10) + 1}).stop);
  EXPECT_EQ(context.stop(), Stop::kDeadline);
}

TEST_F(Process, ExitStopsWithItsCode) {
  EXPECT_TRUE(raw("proc_exit", {3}).stop);
  EXPECT_EQ(context.stop(), Stop::kExit);
  EXPECT_EQ(context.exit_code(), 3u);
  reset();
  EXPECT_EQ(context.stop(), Stop::kNone);
  EXPECT_EQ(context.exit_code(), 0u);
}

TEST_F(Process, RaiseDoesWhatTheSignalDoes) {
  EXPECT_TRUE(raw("proc_raise", {6}).stop);  // abrt
  EXPECT_EQ(context.stop(), Stop::kExit);
  EXPECT_EQ(context.exit_code(), 134u);
  reset();
  for (std::uint64_t ignored : {0, 13, 16, 17, 22, 27}) {
    EXPECT_EQ(call("proc_raise", {ignored}), Errno::kSuccess);
  }
  for (std::uint64_t stopping : {18, 19, 20, 21}) {
    EXPECT_EQ(call("proc_raise", {stopping}), Errno::kNotsup);
  }
  EXPECT_EQ(call("proc_raise", {31}), Errno::kInval);
  EXPECT_EQ(call("proc_raise", {0xffffffff}), Errno::kInval);
  EXPECT_EQ(context.stop(), Stop::kNone);
}

TEST_F(Process, YieldDoesNothing) { EXPECT_EQ(call("sched_yield", {}), Errno::kSuccess); }

TEST_F(Process, SocketsAreNone) {
  for (auto [fd, error] : {std::pair{0u, Errno::kNotsock}, std::pair{1u, Errno::kNotsock},
                           std::pair{3u, Errno::kBadf}, std::pair{~0u, Errno::kBadf}}) {
    EXPECT_EQ(call("sock_accept", {fd, 0, kResult}), error);
    EXPECT_EQ(call("sock_recv", {fd, kIovs, 1, 0, kResult, kResult + 4}), error);
    EXPECT_EQ(call("sock_send", {fd, kIovs, 1, 0, kResult}), error);
    EXPECT_EQ(call("sock_shutdown", {fd, 3}), error);
  }
}

}  // namespace
}  // namespace ferry::wasi
