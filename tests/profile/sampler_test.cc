#include "profile/sampler.h"

#include <gtest/gtest.h>
#include <time.h>

#include "base/clock.h"

namespace ferry::profile {
namespace {

constexpr std::chrono::microseconds kOften{500};

// Between its two neighbours in this file, so that its addresses are known.
[[gnu::noinline, gnu::section("sampled_code")]] std::uint64_t work(Monotonic until,
                                                                   std::uint64_t (*called)()) {
  std::uint64_t sum = 0;
  while (std::chrono::steady_clock::now() < until) {
    for (std::uint64_t i = 0; i < 20'000; ++i) sum += i * i ^ sum;
    if (called != nullptr) sum += called();
  }
  return sum;
}

extern "C" char __start_sampled_code;  // NOLINT: the linker's names
extern "C" char __stop_sampled_code;   // NOLINT

CodeSpan code_of_work() {
  return {reinterpret_cast<std::uintptr_t>(&__start_sampled_code),
          reinterpret_cast<std::uintptr_t>(&__stop_sampled_code)};
}

std::uint64_t sleep_a_little() {
  const timespec time{0, 5'000'000};
  clock_nanosleep(CLOCK_MONOTONIC, 0, &time, nullptr);
  return 1;
}

Monotonic soon() { return std::chrono::steady_clock::now() + std::chrono::milliseconds(200); }

TEST(Sampler, SeesTheCodeAndNothingElse) {
  auto made = Sampler::make(code_of_work(), kOften);
  ASSERT_TRUE(made.ok()) << made.error().text();
  Sampler& sampler = **made;
  ASSERT_TRUE(sampler.start().ok());
  work(soon(), nullptr);
  sampler.stop();
  const std::size_t looks = sampler.looks();
  EXPECT_GT(looks, 20u);
  std::size_t inside = 0;
  sampler.for_each([&](std::span<const std::uintptr_t> stack) {
    ASSERT_FALSE(stack.empty());
    for (const std::uintptr_t at : stack) {
      EXPECT_TRUE(at == kCalledOut || (at >= code_of_work().begin && at < code_of_work().end));
    }
    inside += stack.front() != kCalledOut ? 1 : 0;
  });
  EXPECT_GT(inside, looks / 4);
  work(soon(), nullptr);
  EXPECT_EQ(sampler.looks(), looks) << "it goes on after stop()";
}

TEST(Sampler, SeesWhereTheCodeCalledOut) {
  auto made = Sampler::make(code_of_work(), kOften);
  ASSERT_TRUE(made.ok()) << made.error().text();
  ASSERT_TRUE((*made)->start().ok());
  work(soon(), sleep_a_little);
  (*made)->stop();
  std::size_t called = 0;
  (*made)->for_each([&](std::span<const std::uintptr_t> stack) {
    called += stack.size() > 1 && stack.front() == kCalledOut ? 1 : 0;
  });
  EXPECT_GT(called, (*made)->looks() / 4);
}

TEST(Sampler, IsOneInAProcess) {
  auto first = Sampler::make(code_of_work(), kOften);
  ASSERT_TRUE(first.ok());
  EXPECT_FALSE(Sampler::make(code_of_work(), kOften).ok());
  first->reset();
  EXPECT_TRUE(Sampler::make(code_of_work(), kOften).ok());
}

}  // namespace
}  // namespace ferry::profile
