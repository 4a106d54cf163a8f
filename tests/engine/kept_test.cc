// Isolation: whatever a guest does in one event, the next one on the same instance meets exactly
// the first state. Checked by the guest itself (a canary in every call) and by comparing the whole
// memory and all globals from outside, on every engine and both ways of finding pages.
//
// FERRY_ISOLATION_EVENTS sets the number of events a case (default 2,000; `make test-isolation`
// runs a million).
#include <cstdlib>

#include <gtest/gtest.h>

#include "engine/conformance.h"
#include "engine/kept_instance.h"

namespace ferry::engine {
namespace {

std::size_t events_a_case() {
  const char* text = std::getenv("FERRY_ISOLATION_EVENTS");
  return text != nullptr ? std::strtoul(text, nullptr, 10) : 2000;
}

class Kept : public Conformance {
 protected:
  // Runs one case by both ways of finding pages; skips with the reason what is not to be had.
  void run(const std::string& name, bool resettable = true) {
    FERRY_NEEDS(resettable);
    for (GuardKind kind : {GuardKind::kSignal, GuardKind::kUserfault}) {
      SCOPED_TRACE(std::string(guard_name(kind)));
      run(name, kind, resettable);
    }
  }

  function::Record record() {
    const Bytes wasm = guest("vandal");
    auto binary = function::read_binary(wasm);
    auto prepared = function::prepare(wasm, *binary, {});
    return function::make_record(*binary, prepared->facts);
  }

 private:
  void run(const std::string& name, GuardKind kind, bool resettable) {
    auto module = load(guest("vandal"));
    auto fresh = instance(*module);
    auto first = FirstState::take(*fresh, globals_to_keep(record()));
    ASSERT_TRUE(first.ok()) << first.error().text();
    std::unique_ptr<KeptInstance> kept;
    std::size_t made = 0;
    for (std::size_t event = 0; event < events_a_case(); ++event) {
      if (!kept) {
        auto again = KeptInstance::make(instance(*module), *first, kind);
        if (!again.ok() && again.error().code == Code::kUnsupported) {
          GTEST_SKIP() << again.error().text();
        }
        ASSERT_TRUE(again.ok()) << again.error().text();
        kept = std::move(*again);
        ++made;
      }
      End end;
      {
        KeptInstance::Entered entered(*kept);
        end = call(kept->instance(), name, std::string(2000, 'x'));
      }
      if (end.kind != End::Kind::kTrapped) {
        ASSERT_EQ(end.kind, End::Kind::kReturned) << end.message;
        ASSERT_EQ(end.value, 0) << "the canary saw an earlier event, at event " << event;
      }
      bool again = kept->reset();
      if (again) {
        Status same = kept->compare();
        ASSERT_TRUE(same.ok()) << same.error().message << ", after event " << event;
      } else {
        kept.reset();
      }
      ASSERT_EQ(again, resettable) << "at event " << event;
      if (!resettable && event > 20) {
        break;
      }
    }
    if (resettable) {
      EXPECT_EQ(made, 1u) << "one instance served all";
    }
  }
};

TEST_P(Kept, EveryPageIsSetBack) { run("every_page"); }
TEST_P(Kept, RandomPagesAreSetBack) { run("random_pages"); }
TEST_P(Kept, LearnedPagesAreSetBack) { run("same_pages"); }
TEST_P(Kept, WhatTheHostWroteIsSetBack) { run("by_the_host"); }
TEST_P(Kept, AStoreAcrossTwoPagesIsSetBack) { run("straddle"); }
// The host never keeps an instance that trapped; what it wrote could be set back all the same.
TEST_P(Kept, WhatATrapLeftIsSetBack) { run("trap"); }
TEST_P(Kept, AGrownMemoryCostsTheInstance) { run("grow", false); }

TEST_P(Kept, TheComparisonSeesOneByteAndOneGlobal) {
  FERRY_NEEDS(resettable);
  auto module = load(guest("vandal"));
  auto fresh = instance(*module);
  auto first = FirstState::take(*fresh, globals_to_keep(record()));
  ASSERT_TRUE(first.ok());
  auto kept = KeptInstance::make(instance(*module), *first, GuardKind::kSignal);
  ASSERT_TRUE(kept.ok());
  EXPECT_TRUE((*kept)->compare().ok());
  {
    KeptInstance::Entered entered(**kept);
    (*kept)->instance().memory().base[2'000'001] = 1;
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
  function::Record good = record();
  EXPECT_EQ(can_keep(good, can()).ok(), can().resettable);
  good.not_kept = "its code writes to tables";
  EXPECT_FALSE(can_keep(good, can()).ok());
}

INSTANTIATE_TEST_SUITE_P(Engines, Kept, testing::ValuesIn(engine_names()),
                         [](const auto& each) { return each.param; });

}  // namespace
}  // namespace ferry::engine
