// What every engine must do in the same way, over every plug-in that is built.
#include "engine/conformance.h"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>

namespace ferry::engine {
namespace {

using Kind = End::Kind;

TEST_P(Conformance, SaysWhoItIs) {
  const Info& info = (*engine_)->info();
  EXPECT_EQ(info.name, GetParam());
  EXPECT_FALSE(info.version.empty());
  EXPECT_NE(info.fingerprint.find(info.version), std::string::npos) << info.fingerprint;
}

TEST_P(Conformance, StdioGoesThroughMemory) {
  auto module = load();
  auto guest = instance(*module);
  const End end = call(*guest, "greet", "Ada");
  EXPECT_EQ(end.kind, Kind::kReturned) << end.message;
  EXPECT_EQ(end.value, 0);
  EXPECT_EQ(context().out(), "hello, Ada");
  EXPECT_EQ(context().err(), "a line\n");
}

TEST_P(Conformance, WideArgumentsArriveWhole) {
  auto module = load();
  auto guest = instance(*module);
  EXPECT_EQ(call(*guest, "seek").value, 70);  // ESPIPE
}

TEST_P(Conformance, ValuesAreReturned) {
  auto module = load();
  auto guest = instance(*module);
  EXPECT_EQ(call(*guest, "answer").value, 42);
  EXPECT_EQ(call(*guest, "minus").value, -1);
  const End nothing = call(*guest, "nothing");
  EXPECT_EQ(nothing.kind, Kind::kReturned);
  EXPECT_EQ(nothing.value, 0);
}

// wasmi 2.0.0 computed this wrongly.
TEST_P(Conformance, SelectHeedsAComparisonWithZero) {
  auto module = load();
  auto guest = instance(*module);
  EXPECT_EQ(call(*guest, "pick").value, 12);
}

TEST_P(Conformance, WhatCannotBeCalledIsSaidSo) {
  auto module = load();
  auto guest = instance(*module);
  for (const char* name : {"no such export", "takes_one", "memory", "count", ""}) {
    const End end = call(*guest, name);
    EXPECT_EQ(end.kind, Kind::kFailed) << name;
    EXPECT_FALSE(end.message.empty()) << name;
  }
  EXPECT_EQ(call(*guest, "answer").value, 42);
}

// wasmtime's C interface ended the process that loaded such a module.
TEST_P(Conformance, ExportsOfVectorsAreLoaded) {
  FERRY_NEEDS(simd);
  auto module = load(guest("vector"));
  ASSERT_NE(module, nullptr);
  auto made = instance(*module);
  EXPECT_EQ(call(*made, "answer").value, 42);
  for (const char* name : {"vector", "of_vector", "constant"}) {
    EXPECT_EQ(call(*made, name).kind, Kind::kFailed) << name;
  }
}

TEST_P(Conformance, ProcExitStops) {
  auto module = load();
  auto guest = instance(*module);
  EXPECT_EQ(call(*guest, "exit3").kind, Kind::kStopped);
  EXPECT_EQ(context().stop(), wasi::Stop::kExit);
  EXPECT_EQ(context().exit_code(), 3u);
  auto other = instance(*module);
  EXPECT_EQ(call(*other, "exit0").kind, Kind::kStopped);
  EXPECT_EQ(context().exit_code(), 0u);
}

TEST_P(Conformance, TrapsAreInTheStandardsWords) {
  auto module = load();
  // Third: what an engine may say that does not publish exact_traps.
  struct Case {
    const char* name;
    std::string words;
    std::string coarse = {};
  };
  const Case cases[] = {
      {"unreachable", "unreachable"},
      {"load_past_end", "out of bounds memory access"},
      {"load_far", "out of bounds memory access"},
      {"divide_by_zero", "integer divide by zero"},
      {"overflow", "integer overflow", "integer divide by zero"},
      {"convert", "invalid conversion to integer"},
      {"null_element", "uninitialized element", "undefined element"},
      {"no_element", "undefined element"},
      {"wrong_type", "indirect call type mismatch"},
  };
  for (const auto& [name, words, coarse] : cases) {
    auto guest = instance(*module);
    const End end = call(*guest, name);
    EXPECT_EQ(end.kind, Kind::kTrapped) << name;
    const bool exact = can().exact_traps || coarse.empty();
    EXPECT_TRUE(end.message == words || (!exact && end.message == coarse))
        << name << ": " << end.message;
  }
  auto after = instance(*module);
  EXPECT_EQ(call(*after, "answer").value, 42);
}

TEST_P(Conformance, DeepRecursionIsATrap) {
  FERRY_NEEDS(stack_limit);
  auto module = load();
  auto guest = instance(*module);
  const End end = call(*guest, "recurse");
  EXPECT_EQ(end.kind, Kind::kTrapped);
  EXPECT_EQ(end.message, "call stack exhausted");
}

TEST_P(Conformance, BacktraceNamesTheFrames) {
  FERRY_NEEDS(backtraces);
  auto module = load();
  auto guest = instance(*module);
  const End end = call(*guest, "unreachable");
  EXPECT_EQ(end.backtrace, "  1: inner_unreachable\n  2: outer\n");
}

TEST_P(Conformance, EndlessLoopEndsAtTheDeadline) {
  auto module = load();
  auto guest = instance(*module);
  const auto before = std::chrono::steady_clock::now();
  EXPECT_EQ(call(*guest, "spin", "", std::chrono::milliseconds(50)).kind, Kind::kDeadline);
  EXPECT_GE(std::chrono::steady_clock::now() - before, std::chrono::milliseconds(50));
  auto other = instance(*module);
  EXPECT_EQ(call(*other, "answer").value, 42);
}

TEST_P(Conformance, DeadlineInThePastEndsALoopAtOnce) {
  auto module = load();
  auto guest = instance(*module);
  EXPECT_EQ(call(*guest, "spin", "", std::chrono::milliseconds(-5)).kind, Kind::kDeadline);
}

TEST_P(Conformance, SleepEndsAtTheDeadline) {
  auto module = load();
  auto guest = instance(*module);
  const End end = call(*guest, "sleep", "", std::chrono::milliseconds(50));
  EXPECT_EQ(end.kind, Kind::kStopped);
  EXPECT_EQ(context().stop(), wasi::Stop::kDeadline);
}

TEST_P(Conformance, InstancesAreApart) {
  auto module = load();
  auto one = instance(*module);
  auto two = instance(*module);
  EXPECT_EQ(call(*one, "bump").value, 1);
  EXPECT_EQ(call(*one, "bump").value, 2);
  EXPECT_EQ(call(*two, "bump").value, 1);
  one.reset();
  auto three = instance(*module);  // perhaps in the place where `one` was
  EXPECT_EQ(call(*three, "bump").value, 1);
}

TEST_P(Conformance, MemoryCanBeSeenAndWritten) {
  auto module = load();
  auto guest = instance(*module);
  const wasi::Memory memory = guest->memory();
  ASSERT_EQ(memory.size, 2u << 16);
  EXPECT_EQ(std::memcmp(memory.base + 64, "hello, ", 7), 0);
  memory.base[2048] = 9;
  EXPECT_EQ(call(*guest, "bump").value, 10);
}

TEST_P(Conformance, MemoryStaysWhereItIsAsItGrows) {
  FERRY_NEEDS(resettable);
  auto module = load();
  auto guest = instance(*module);
  const wasi::Memory before = guest->memory();
  EXPECT_EQ(call(*guest, "grow_one").value, 2);
  EXPECT_EQ(guest->memory().base, before.base);
  EXPECT_EQ(guest->memory().size, 3u << 16);
}

TEST_P(Conformance, GlobalsAreSavedAndSetBack) {
  FERRY_NEEDS(resettable);
  auto module = load();
  auto guest = instance(*module);
  std::vector<GlobalHandle> handles;
  std::vector<std::uint64_t> first;
  for (const char* name : {"count", "wide", "single", "double"}) {
    const auto handle = guest->find_global(name);
    ASSERT_TRUE(handle.has_value()) << name;
    handles.push_back(*handle);
    first.push_back(guest->get_global(*handle));
  }
  EXPECT_EQ(first, (std::vector<std::uint64_t>{7, ~0ull, 0x3fc00000, 0xc002000000000000}));
  EXPECT_EQ(call(*guest, "bump").kind, Kind::kReturned);
  EXPECT_EQ(guest->get_global(handles[0]), 8u);
  EXPECT_EQ(guest->get_global(handles[1]), 1u);
  EXPECT_EQ(guest->get_global(handles[2]), 0x40400000u);
  EXPECT_EQ(guest->get_global(handles[3]), 0x4002000000000000u);
  for (std::size_t i = 0; i < handles.size(); ++i) guest->set_global(handles[i], first[i]);
  for (std::size_t i = 0; i < handles.size(); ++i) {
    EXPECT_EQ(guest->get_global(handles[i]), first[i]);
  }
  EXPECT_FALSE(guest->find_global("no such global").has_value());
  EXPECT_FALSE(guest->find_global("greet").has_value());
}

TEST_P(Conformance, MemoryLimitHolds) {
  auto module = load();
  InstanceLimits limits;
  limits.memory = 3u << 16;
  auto guest = instance(*module, limits);
  EXPECT_EQ(call(*guest, "grow_far").value, -1);
  EXPECT_EQ(call(*guest, "grow_one").value, 2);
  EXPECT_EQ(call(*guest, "grow_one").value, -1);
  EXPECT_EQ(call(*guest, "size").value, 3);
}

// Lucet's code once reached 4 MiB and no further, whatever had been granted.
TEST_P(Conformance, GrownMemoryCanBeWrittenToItsEnd) {
  auto module = load();
  auto guest = instance(*module);
  for (int i = 0; i < 160; ++i) ASSERT_EQ(call(*guest, "grow_one").value, 2 + i);
  const End end = call(*guest, "touch_end");
  EXPECT_EQ(end.kind, Kind::kReturned) << end.message;
  EXPECT_EQ(end.value, 42);
}

TEST_P(Conformance, ModuleThatStartsPastItsLimitIsRefused) {
  auto module = load();
  InstanceLimits limits;
  limits.memory = 1u << 16;
  const auto made = module->instantiate(limits);
  ASSERT_FALSE(made.ok());
  EXPECT_EQ(made.error().code, Code::kLimit);
  EXPECT_TRUE(module->instantiate({}).ok());
}

TEST_P(Conformance, FullPoolIsALimitAndEmptiesAgain) {
  EngineOptions options;
  options.max_instances = 3;
  open(options);
  FERRY_NEEDS(pooling);
  auto module = load();
  std::vector<std::unique_ptr<Instance>> held;
  held.reserve(3);
  for (int i = 0; i < 3; ++i) held.push_back(instance(*module));
  const auto full = module->instantiate({});
  ASSERT_FALSE(full.ok());
  EXPECT_EQ(full.error().code, Code::kLimit);
  held.pop_back();
  auto again = instance(*module);
  EXPECT_EQ(call(*again, "answer").value, 42);
}

TEST_P(Conformance, ManyInstancesOneAfterTheOther) {
  auto module = load();
  for (int i = 0; i < 2000; ++i) {
    auto guest = instance(*module);
    ASSERT_EQ(call(*guest, "bump").value, 1) << i;
  }
}

TEST_P(Conformance, ThreadsDoNotMeet) {
  auto module = load();
  auto first = instance(*module);
  const std::int32_t expected = call(*first, "work").value;
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      wasi::Context own(system_clock(), system_random());
      for (int i = 0; i < 50; ++i) {
        auto guest = module->instantiate({});
        if (!guest.ok()) {
          ++wrong;
          continue;
        }
        const std::string input = std::to_string(t * 1000 + i);
        wasi::Setup setup;
        setup.stdin_data = input;
        own.reset(std::move(setup));
        const End greeted = (*guest)->call("greet", own, Monotonic::max());
        if (greeted.kind != Kind::kReturned || own.out() != "hello, " + input) ++wrong;
        if ((*guest)->call("work", own, Monotonic::max()).value != expected) ++wrong;
        if ((*guest)->call("divide_by_zero", own, Monotonic::max()).kind != Kind::kTrapped) {
          ++wrong;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST_P(Conformance, AnInstanceMovesBetweenThreads) {
  auto module = load();
  auto guest = instance(*module);
  EXPECT_EQ(call(*guest, "bump").value, 1);
  std::thread([&] { EXPECT_EQ(call(*guest, "bump").value, 2); }).join();
  EXPECT_EQ(call(*guest, "bump").value, 3);
}

TEST_P(Conformance, InstructionsAreCountedAndBounded) {
  EngineOptions options;
  options.count_instructions = true;
  open(options);
  FERRY_NEEDS(counts_instructions);
  auto module = load();
  auto guest = instance(*module);
  EXPECT_EQ(call(*guest, "work").kind, Kind::kReturned);
  const auto counted = guest->instructions();
  ASSERT_TRUE(counted.has_value());
  EXPECT_GT(*counted, 100'000u);
  // The very first call may pay for what an engine translates lazily; later ones are the same.
  const auto again = [&] {
    auto same = instance(*module);
    EXPECT_EQ(call(*same, "work").kind, Kind::kReturned);
    return same->instructions();
  };
  EXPECT_EQ(again(), again());
  InstanceLimits limits;
  limits.instructions = *counted / 2;
  auto bounded = instance(*module, limits);
  EXPECT_EQ(call(*bounded, "work").kind, Kind::kInstructions);
}

TEST_P(Conformance, ModulesOutliveTheirEngine) {
  auto module = load();
  auto guest = instance(*module);
  ticking_.reset();
  engine_.reset();
  EXPECT_EQ(call(*guest, "answer").value, 42);
}

// wasmer kept the code of every module that an engine had ever loaded, and each trap looked through
// all of it.
TEST_P(Conformance, AModuleThatIsGoneLeavesNothingBehind) {
  EngineOptions options;
  options.max_instances = 1;  // a pool's slots have mappings of their own, made when first used
  open(options);
  const auto artifact = compile(guest("suite"));
  ASSERT_NE(artifact, nullptr);
  const auto mappings_after = [&](int modules) {
    for (int i = 0; i < modules; ++i) {
      auto module = load_artifact(*artifact);
      auto guest = instance(*module);
      EXPECT_EQ(call(*guest, "answer").value, 42);
    }
    std::ifstream maps("/proc/self/maps");
    return std::count(std::istreambuf_iterator<char>(maps), {}, '\n');
  };
  const auto first = mappings_after(10);
  EXPECT_LT(mappings_after(40), first + 20);
}

TEST_P(Conformance, WhatIsNoWasmIsInvalid) {
  const Bytes junk = {0, 'a', 's', 'm', 1, 0, 0, 0, 1, 200, 1, 2, 3};
  const auto artifact = (*engine_)->compile(junk);
  if (artifact.ok()) GTEST_SKIP() << GetParam() << " reads the wasm when it is loaded";
  EXPECT_EQ(artifact.error().code, Code::kInvalid);
  EXPECT_FALSE(artifact.error().message.empty());
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Conformance);
INSTANTIATE_TEST_SUITE_P(Engines, Conformance, testing::ValuesIn(engine_names()),
                         [](const auto& one) { return one.param; });

}  // namespace
}  // namespace ferry::engine
