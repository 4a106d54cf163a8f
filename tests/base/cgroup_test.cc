#include "base/cgroup.h"

#include <gtest/gtest.h>

#include "fake_root.h"

namespace ferry {
namespace {

constexpr std::uint64_t kMebibyte = 1u << 20;

using Cgroup = FakeRoot;

TEST_F(Cgroup, TheSmallestLimitOnTheWayUpCounts) {
  write("/proc/self/cgroup", "0::/system.slice/ferry.service\n");
  write("/sys/fs/cgroup/system.slice/ferry.service/memory.max", "max\n");
  EXPECT_EQ(memory_limit(root_), std::nullopt);
  write("/sys/fs/cgroup/system.slice/memory.max", "268435456\n");
  EXPECT_EQ(memory_limit(root_), 256 * kMebibyte);
  write("/sys/fs/cgroup/system.slice/ferry.service/memory.max", "134217728\n");
  EXPECT_EQ(memory_limit(root_), 128 * kMebibyte);
}

TEST_F(Cgroup, InAContainerTheLimitIsAtTheTop) {
  write("/proc/self/cgroup", "0::/\n");
  write("/sys/fs/cgroup/memory.max", "67108864\n");
  EXPECT_EQ(memory_limit(root_), 64 * kMebibyte);
}

TEST_F(Cgroup, WhoseProcessesEndTogetherSaysSo) {
  write("/proc/self/cgroup", "0::/pod/container\n");
  EXPECT_FALSE(are_ended_together(root_));
  write("/sys/fs/cgroup/pod/container/memory.oom.group", "0\n");
  EXPECT_FALSE(are_ended_together(root_));
  write("/sys/fs/cgroup/pod/memory.oom.group", "1\n");
  EXPECT_TRUE(are_ended_together(root_));
}

TEST_F(Cgroup, OfTheFirstVersion) {
  write("/proc/self/cgroup", "5:cpu,cpuacct:/a\n4:memory:/docker/1\n0::/\n");
  write("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  EXPECT_EQ(memory_limit(root_), std::nullopt);
  write("/sys/fs/cgroup/memory/docker/1/memory.limit_in_bytes", "33554432\n");
  EXPECT_EQ(memory_limit(root_), 32 * kMebibyte);
}

TEST_F(Cgroup, WhatSaysNothingIsNoLimit) {
  EXPECT_EQ(memory_limit(root_), std::nullopt);
  EXPECT_EQ(own_cgroup(root_), "");
  write("/proc/self/cgroup", "nonsense\n:\n0:\n::::\n0::no-slash");
  EXPECT_EQ(memory_limit(root_), std::nullopt);
  EXPECT_EQ(cpu_limit(root_), std::nullopt);
}

TEST_F(Cgroup, ProcessorTimeIsCountedInWholeCores) {
  write("/proc/self/cgroup", "0::/pod/container\n");
  const std::string own = "/sys/fs/cgroup/pod/container/cpu.max";
  for (const auto& [text, cores] :
       {std::pair("max 100000\n", 0u), std::pair("50000 100000\n", 1u),
        std::pair("100000 100000\n", 1u), std::pair("150000 100000\n", 2u),
        std::pair("800000 200000\n", 4u), std::pair("1 1000000\n", 1u), std::pair("50000\n", 0u),
        std::pair("50000 0\n", 0u), std::pair("", 0u), std::pair("18446744073709551615 1\n", 0u),
        std::pair("99999999999999999999 1\n", 0u)}) {
    write(own, text);
    EXPECT_EQ(cpu_limit(root_).value_or(0), cores) << text;
  }
  write(own, "400000 100000\n");
  write("/sys/fs/cgroup/pod/cpu.max", "250000 100000\n");
  EXPECT_EQ(cpu_limit(root_), 3u);
}

TEST_F(Cgroup, ProcessorTimeOfTheFirstVersion) {
  write("/proc/self/cgroup", "5:cpu,cpuacct:/a\n4:memory:/docker/1\n0::/\n");
  write("/sys/fs/cgroup/cpu/a/cpu.cfs_period_us", "100000\n");
  write("/sys/fs/cgroup/cpu/a/cpu.cfs_quota_us", "-1\n");
  EXPECT_EQ(cpu_limit(root_), std::nullopt);
  write("/sys/fs/cgroup/cpu/a/cpu.cfs_quota_us", "120000\n");
  EXPECT_EQ(cpu_limit(root_), 2u);
  write("/proc/self/cgroup", "5:cpu,memory:/a\n");  // both in one hierarchy
  write("/sys/fs/cgroup/memory/a/memory.limit_in_bytes", "33554432\n");
  EXPECT_EQ(cpu_limit(root_), 2u);
  EXPECT_EQ(memory_limit(root_), 32 * kMebibyte);
}

TEST_F(Cgroup, NoMoreCoresThanMayBeUsed) {
  const unsigned cores = usable_cores(root_);
  EXPECT_GE(cores, 1u);
  write("/proc/self/cgroup", "0::/\n");
  write("/sys/fs/cgroup/cpu.max", "100000 100000\n");
  EXPECT_EQ(usable_cores(root_), 1u);
  write("/sys/fs/cgroup/cpu.max", "6400000000 100000\n");
  EXPECT_EQ(usable_cores(root_), cores);
}

}  // namespace
}  // namespace ferry
