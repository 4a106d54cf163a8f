// Isolation: whatever a guest does in one event, the next one on the same instance meets exactly
// the first state. Checked by the guest itself (a canary in every call) and by comparing the whole
// memory and all globals from outside, on every engine and both ways of finding pages.
//
// FERRY_ISOLATION_EVENTS sets the number of events a case (default 2,000; `make test-isolation`
// runs a million).
#include <random>
#include <thread>

#include <gtest/gtest.h>

#include "engine/conformance.h"
#include "engine/guards.h"
#include "engine/tally.h"
#include "reset/kept_instance.h"

namespace ferry::engine {
namespace {

// What becomes of the instance after an event of a kind. Only the signal handler's list of pages
// is bounded.
enum class After : unsigned char { kKept, kLost, kLostBySignal };

struct EventKind {
  const char* name;  // the guest's export
  After after = After::kKept;

  bool kept(reset::GuardKind way) const {
    return after == After::kKept ||
           (after == After::kLostBySignal && way != reset::GuardKind::kSignal);
  }
  bool traps() const { return std::string_view(name).starts_with("trap"); }
};

class Kept : public Conformance {
 protected:
  // Runs one case by each way of finding pages that can be had here.
  // Several kinds come in an order drawn anew each time, told when the case fails.
  void run(const std::string& name, const std::vector<EventKind>& kinds,
           const std::string& from = "vandal", std::size_t events = isolation_events()) {
    FERRY_NEEDS(resettable);
    for (reset::GuardKind way : guards_here()) {
      SCOPED_TRACE(std::string(reset::guard_name(way)));
      const auto seed = std::random_device()();
      SCOPED_TRACE("seed " + std::to_string(seed));
      order_.seed(seed);
      Tally tally(name, GetParam(), std::string(reset::guard_name(way)), events);
      serve(kinds, from, way, events, tally);
      if (HasFatalFailure()) {
        return;
      }
    }
  }
  void run(const std::string& name) { run(name, {{name.c_str()}}); }

  // `held`: in an instance, where the engine's share their images; else a copy.
  Result<std::shared_ptr<reset::FirstState>> first_state(Module& module, const std::string& name,
                                                         bool held) {
    const auto globals = reset::globals_to_keep(record(name));
    auto fresh = instance(module);
    if (held && can().shares_images) return reset::FirstState::hold(std::move(fresh), globals);
    return reset::FirstState::take(*fresh, globals);
  }

  static wasm::Record record(const std::string& name) {
    const Bytes wasm = guest(name);
    auto binary = wasm::read_binary(wasm);
    auto prepared = wasm::prepare(wasm, *binary, {});
    return wasm::make_record(*binary, prepared->facts);
  }

  // One event in a kept instance, its canary heeded. False: the test has failed.
  static void event(reset::KeptInstance& kept, const EventKind& kind, wasi::Context& context) {
    static const std::string input(2000, 'x');
    const Monotonic deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    wasi::Setup setup;
    setup.lists.args = {"vandal", std::string(40, 'a')};
    setup.lists.environ = {"KEY=" + std::string(60, 'e')};
    setup.stdin_data = input;
    setup.deadline = deadline;
    context.reset(std::move(setup));
    End end;
    {
      reset::KeptInstance::Entered entered(kept);
      end = kept.instance().call(kind.name, context, deadline);
    }
    if (kind.traps() && end.kind == End::Kind::kTrapped) {
      return;
    }
    ASSERT_EQ(end.kind, End::Kind::kReturned) << kind.name << ": " << end.message;
    ASSERT_EQ(end.value, 0) << kind.name << ": the canary saw an earlier event";
    ASSERT_FALSE(kind.traps()) << kind.name;
  }

 private:
  void serve(const std::vector<EventKind>& kinds, const std::string& from, reset::GuardKind way,
             std::size_t events, Tally& tally) {
    auto module = load(guest(from));
    const auto first = first_state(*module, from, way == reset::GuardKind::kUserfault);
    ASSERT_TRUE(first.ok()) << first.error().text();
    std::unique_ptr<reset::KeptInstance> kept;
    for (std::size_t number = 0; number < events; ++number) {
      if (!kept) {
        auto made = reset::KeptInstance::make(instance(*module), *first, way);
        if (!made.ok() && made.error().code == Code::kUnsupported) {
          tally.skip();
          GTEST_SKIP() << made.error().text();
        }
        ASSERT_TRUE(made.ok()) << made.error().text();
        kept = std::move(*made);
        tally.made_instance();
      }
      const EventKind& kind = kinds[order_() % kinds.size()];
      event(*kept, kind, *context_);
      if (HasFatalFailure()) {
        return;
      }
      const bool again = kept->reset();
      ASSERT_EQ(again, kind.kept(way)) << kind.name << ", at event " << number;
      if (again) {
        Status same = kept->compare();
        ASSERT_TRUE(same.ok()) << kind.name << ": " << same.error().message << ", after event "
                               << number;
      } else {
        kept.reset();
      }
      tally.event();
    }
  }

  std::mt19937 order_;
};

TEST_P(Kept, EveryPageIsSetBack) { run("every_page"); }
TEST_P(Kept, EveryByteIsSetBack) { run("fill"); }
TEST_P(Kept, MemoryCopiedOverItselfIsSetBack) { run("copy"); }
TEST_P(Kept, RandomPagesAreSetBack) { run("random_pages"); }
TEST_P(Kept, StoresOfEveryWidthAreSetBack) { run("random_stores"); }
TEST_P(Kept, LearnedPagesAreSetBack) { run("same_pages"); }
TEST_P(Kept, AStoreAcrossTwoPagesIsSetBack) { run("straddle"); }
TEST_P(Kept, WhatTheHostWroteIsSetBack) { run("by_the_host"); }
TEST_P(Kept, WhatEveryCallWroteIsSetBack) { run("by_every_call"); }
TEST_P(Kept, EveryGlobalIsSetBack) { run("float", {{"float"}}, "floater"); }
// The host never keeps an instance that trapped; what it wrote could be reset all the same.
TEST_P(Kept, WhatATrapLeftIsSetBack) { run("trap"); }
TEST_P(Kept, WhatTrapsOfEveryKindLeftIsSetBack) { run("trap_any"); }
TEST_P(Kept, ARefusalToGrowIsSetBack) { run("grow_refused"); }
TEST_P(Kept, AGrownMemoryCostsTheInstance) { run("grow", {{"grow", After::kLost}}); }
// One event here costs what hundreds cost elsewhere: 2,560 signals and a new instance.
TEST_P(Kept, MorePagesThanCanBeListedCostTheInstance) {
  run("more_pages_than_listed", {{"every_page", After::kLostBySignal}}, "giant",
      isolation_events() / 200);
}

TEST_P(Kept, EveryKindAfterEveryOtherIsSetBack) {
  run("all_kinds_in_turn", {{"every_page"},
                            {"fill"},
                            {"copy"},
                            {"random_pages"},
                            {"random_stores"},
                            {"same_pages"},
                            {"straddle"},
                            {"by_the_host"},
                            {"by_every_call"},
                            {"trap"},
                            {"trap_any"},
                            {"grow_refused"},
                            {"grow", After::kLost}});
}

// Instances share what was learned about their pages, and the signal handler, but no page.
TEST_P(Kept, InstancesOnTwoThreadsAreSetBackApart) {
  FERRY_NEEDS(resettable);
  for (reset::GuardKind way : guards_here()) {
    SCOPED_TRACE(std::string(reset::guard_name(way)));
    Tally tally("two_threads", GetParam(), std::string(reset::guard_name(way)), isolation_events());
    auto module = load(guest("vandal"));
    const auto first = first_state(*module, "vandal", true);
    ASSERT_TRUE(first.ok()) << first.error().text();
    std::vector<std::thread> threads;
    std::atomic<std::size_t> served{0};
    for (unsigned each = 0; each < 2; ++each) {
      auto made = reset::KeptInstance::make(instance(*module), *first, way);
      if (!made.ok() && made.error().code == Code::kUnsupported) {
        tally.skip();
        break;
      }
      ASSERT_TRUE(made.ok()) << made.error().text();
      tally.made_instance();
      threads.emplace_back([&served, each, kept = std::move(*made)] {
        wasi::Context context(system_clock(), system_random());
        for (std::size_t number = each; number < isolation_events(); number += 2) {
          constexpr EventKind kTurns[] = {{"random_stores"}, {"trap"}, {"random_pages"}};
          event(*kept, kTurns[number % 3], context);
          EXPECT_TRUE(kept->reset());
          Status same = kept->compare();
          EXPECT_TRUE(same.ok()) << same.error().message << ", after event " << number;
          if (HasFailure()) {
            return;
          }
          ++served;
        }
      });
    }
    for (std::thread& thread : threads) {
      thread.join();
    }
    for (std::size_t number = 0; number < served; ++number) {
      tally.event();
    }
  }
}

// What writes tables is never kept: the reading of its code says so, and an instance of its own
// for each event is what isolates it.
TEST_P(Kept, WhoWritesTablesIsNotKept) {
  FERRY_NEEDS(resettable);
  EXPECT_EQ(record("tables").not_kept, "its code writes to tables");
  EXPECT_FALSE(reset::can_keep(record("tables"), can()).ok());
  auto module = load(guest("tables"));
  Tally tally("write_tables", GetParam(), "new instance", isolation_events());
  for (std::size_t number = 0; number < isolation_events(); ++number) {
    auto fresh = instance(*module);
    tally.made_instance();
    const End end = call(*fresh, "write_tables");
    ASSERT_EQ(end.kind, End::Kind::kReturned) << end.message;
    ASSERT_EQ(end.value, 0) << "the canary saw an earlier event, at event " << number;
    tally.event();
  }
}

// Its place in the pool can be written to again: the engine clears some of it.
TEST_P(Kept, AnInstanceThatHeldAFirstStateIsGivenBack) {
  FERRY_NEEDS(resettable);
  FERRY_NEEDS(shares_images);
  auto module = load(guest("vandal"));
  for (int round = 0; round < 200; ++round) {
    auto first = first_state(*module, "vandal", true);
    ASSERT_TRUE(first.ok()) << first.error().text();
    EXPECT_TRUE((*first)->holds_instance());
    first->reset();
    auto next = instance(*module);
    next->memory().base[500'001] = 1;
  }
}

TEST_P(Kept, TheComparisonSeesOneByteAndOneGlobal) {
  FERRY_NEEDS(resettable);
  auto module = load(guest("vandal"));
  auto fresh = instance(*module);
  auto first = reset::FirstState::take(*fresh, reset::globals_to_keep(record("vandal")));
  ASSERT_TRUE(first.ok());
  auto kept = reset::KeptInstance::make(instance(*module), *first, reset::GuardKind::kSignal);
  ASSERT_TRUE(kept.ok());
  EXPECT_TRUE((*kept)->compare().ok());
  {
    reset::KeptInstance::Entered entered(**kept);
    (*kept)->instance().memory().base[500'001] = 1;
  }
  EXPECT_FALSE((*kept)->compare().ok());
  ASSERT_TRUE((*kept)->reset());
  EXPECT_TRUE((*kept)->compare().ok());
  auto global = (*kept)->instance().find_global("ferry:g0");
  ASSERT_TRUE(global);
  (*kept)->instance().set_global(*global, 12);
  EXPECT_FALSE((*kept)->compare().ok());
}

TEST_P(Kept, WhatCannotBeKeptIsSaidSo) {
  wasm::Record good = record("vandal");
  EXPECT_EQ(reset::can_keep(good, can()).ok(), can().resettable);
  good.not_kept = "its code writes to tables";
  EXPECT_FALSE(reset::can_keep(good, can()).ok());
}

INSTANTIATE_TEST_SUITE_P(Engines, Kept, testing::ValuesIn(engine_names()),
                         [](const auto& each) { return each.param; });

}  // namespace
}  // namespace ferry::engine
