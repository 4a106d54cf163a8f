// A deadline ends a guest whatever it does, and whatever instruction it is at.
#include <random>

#include "engine/conformance.h"

namespace ferry::engine {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using Kind = End::Kind;

constexpr const char* kEndless[] = {"loop", "leaf",  "indirect", "tree",
                                    "deep", "write", "yield",    "clock"};

// A call of ours may see the deadline first.
bool ended_late(const End& end, const wasi::Context& wasi) {
  return end.kind == Kind::kDeadline ||
         (end.kind == Kind::kStopped && wasi.stop() == wasi::Stop::kDeadline);
}

class Deadline : public Conformance {};

TEST_P(Deadline, EndsEveryKindOfGuest) {
  auto module = load(guest("endless"));
  for (const char* name : kEndless) {
    auto running = instance(*module);
    const auto before = std::chrono::steady_clock::now();
    const End end = call(*running, name, "", milliseconds(20));
    EXPECT_TRUE(ended_late(end, context())) << name << ": " << end.message;
    EXPECT_GE(std::chrono::steady_clock::now() - before, milliseconds(20)) << name;
  }
}

TEST_P(Deadline, EndsAtAnyInstruction) {
  FERRY_NEEDS(resettable);
  auto module = load(guest("endless"));
  auto running = instance(*module);
  std::mt19937 random(7);
  for (int i = 0; i < 300; ++i) {
    const char* name = kEndless[random() % std::size(kEndless)];
    wasi::Context wasi(system_clock(), system_random());
    const Monotonic deadline = std::chrono::steady_clock::now() + microseconds(random() % 3000);
    wasi::Setup setup;
    setup.deadline = deadline;
    wasi.reset(std::move(setup));
    const End end = running->call(name, wasi, deadline);
    ASSERT_TRUE(ended_late(end, wasi)) << name << ": " << end.message;
    // The same instance goes on as if nothing had been.
    ASSERT_EQ(call(*running, "answer").value, 42) << name;
  }
}

TEST_P(Deadline, EndsWhatCallsAtItsEnd) {
  FERRY_NEEDS(tail_calls);
  auto module = load(guest("tail"));
  auto running = instance(*module);
  for (int i = 0; i < 200; ++i) {
    const End end = call(*running, "tail", "", milliseconds(1));
    ASSERT_EQ(end.kind, Kind::kDeadline) << end.message;
    ASSERT_EQ(call(*running, "answer").value, 42);
  }
}

// One thread's deadline is no other's.
TEST_P(Deadline, EndsTheCallThatIsLate) {
  auto module = load(guest("endless"));
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (unsigned number = 0; number < 4; ++number) {
    threads.emplace_back([&, number] {
      wasi::Context wasi(system_clock(), system_random());
      for (unsigned i = 0; i < 25; ++i) {
        auto running = instance(*module);  // not every engine calls one again that was ended
        const auto begin = std::chrono::steady_clock::now();
        const milliseconds time(number == 0 ? 1 : 10 * number);
        wasi::Setup setup;
        setup.deadline = begin + time;
        wasi.reset(std::move(setup));
        const End end =
            running->call(kEndless[(number + i) % std::size(kEndless)], wasi, begin + time);
        if (!ended_late(end, wasi) || std::chrono::steady_clock::now() - begin < time) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Deadline);
INSTANTIATE_TEST_SUITE_P(Engines, Deadline, testing::ValuesIn(engine_names()),
                         [](const auto& one) { return one.param; });

}  // namespace
}  // namespace ferry::engine
