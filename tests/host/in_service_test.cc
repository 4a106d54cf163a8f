// A function whose versions change between events.
#include "host/in_service.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/clock.h"
#include "host/fake_engine.h"
#include "host/loaded.h"

namespace ferry::host {
namespace {

class InServiceTest : public testing::Test {
 protected:
  std::shared_ptr<Loaded> load(const std::string& name) {
    wasm::Record record;
    record.abi = wasm::Abi::kReactor;
    auto loaded = host_.load(fake_bundle(record), {name, {}, {}});
    EXPECT_TRUE(loaded.ok()) << loaded.error().text();
    return *std::move(loaded);
  }
  Outcome call(const InService& function) {
    event::Event event;
    event.id = "1";
    event.source = "/test";
    event.type = "test";
    return host_.invoke(*function.version(), event, {});
  }

  FakeGuest guest_;
  FakeEngine engine_{guest_};
  Host host_{engine_, system_clock(), system_random()};
};

TEST_F(InServiceTest, AnEventKeepsTheVersionThatItBeganWith) {
  const InService function(load("first"));
  const InService other = function;
  std::weak_ptr<Loaded> old = function.version();
  guest_.exports["handle"] = [&](wasi::Context& context) {
    other.replace(load("second"));
    EXPECT_FALSE(old.expired());
    write_to(context, 1, "by the first");
    return engine::End{};
  };
  EXPECT_EQ(call(function).reply.data, "by the first");
  EXPECT_TRUE(old.expired());
  EXPECT_EQ(name_of(*function.version()), "second");
}

TEST_F(InServiceTest, TheOldVersionKeepsNoInstances) {
  engine_.capabilities().resettable = true;
  guest_.exports["handle"] = [](wasi::Context&) { return engine::End{}; };
  const InService function(load("first"));
  const auto first = function.version();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(call(function).status, Status::kOk);
  function.replace(load("second"));
  EXPECT_FALSE(first->keeps());
  // An event that holds it still is the last to do so.
  event::Event event;
  event.id = "1";
  event.source = "/test";
  event.type = "test";
  EXPECT_EQ(host_.invoke(*first, event, {}).status, Status::kOk);
  EXPECT_FALSE(first->keeps());
}

// A provisional version and the one that is to replace it, on engines of their own.
class ProvisionalTest : public InServiceTest {
 protected:
  ProvisionalTest() {
    guest_.exports["handle"] = [this](wasi::Context& context) {
      ++slow_calls_;
      write_to(context, 1, "slow");
      return slow_end_;
    };
    fast_guest_.exports["handle"] = [](wasi::Context& context) {
      write_to(context, 1, "fast");
      return engine::End{};
    };
  }
  std::shared_ptr<Loaded> load_fast() {
    wasm::Record record;
    record.abi = wasm::Abi::kReactor;
    return *fast_host_.load(fake_bundle(record), {"fast", {}, {}});
  }
  static Outcome call_by(const InService& function, std::chrono::milliseconds within) {
    event::Event event;
    event.id = "1";
    event.source = "/test";
    event.type = "test";
    event::ReadyEvent ready(event);
    InvokeOptions options;
    options.deadline = system_clock().monotonic() + within;
    return function.invoke(ready, options);
  }

  int slow_calls_ = 0;
  engine::End slow_end_;
  FakeGuest fast_guest_;
  FakeEngine fast_engine_{fast_guest_};
  Host fast_host_{fast_engine_, system_clock(), system_random()};
};

TEST_F(ProvisionalTest, AnswersWhatItCan) {
  const InService function(load("slow"), true);
  EXPECT_EQ(call_by(function, std::chrono::seconds(30)).reply.data, "slow");
  slow_end_.value = 1;
  EXPECT_EQ(call_by(function, std::chrono::seconds(30)).status, Status::kFailed);
  EXPECT_EQ(slow_calls_, 2);
}

TEST_F(ProvisionalTest, RunsOneEventAtATimeAndTheOthersTakeWhatComesFirst) {
  const InService function(load("slow"), true);
  std::atomic<int> within = 0;
  std::atomic<int> most = 0;
  std::atomic<bool> go_on = false;
  guest_.exports["handle"] = [&](wasi::Context& context) {
    most = std::max<int>(most, ++within);
    while (!go_on) std::this_thread::yield();
    --within;
    write_to(context, 1, "slow");
    return engine::End{};
  };
  std::vector<std::thread> callers;
  callers.reserve(8);
  std::atomic<int> slow = 0;
  std::atomic<int> fast = 0;
  for (int i = 0; i < 8; ++i) {
    callers.emplace_back([&] {
      const Outcome outcome = call_by(function, std::chrono::seconds(30));
      (outcome.reply.data == "slow" ? slow : fast) += 1;
    });
  }
  while (within == 0) std::this_thread::yield();
  function.replace(load_fast());
  while (fast < 7) std::this_thread::yield();  // though the first event still runs
  go_on = true;
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(most, 1);
  EXPECT_EQ(slow, 1);
}

TEST_F(ProvisionalTest, WhatItCannotWaitsForTheOther) {
  for (const auto kind : {engine::End::Kind::kTrapped, engine::End::Kind::kDeadline}) {
    const InService function(load("slow"), true);
    slow_end_.kind = kind;
    std::thread later([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      function.replace(load_fast());
    });
    const Outcome outcome = call_by(function, std::chrono::seconds(30));
    later.join();
    EXPECT_EQ(outcome.status, Status::kOk);
    EXPECT_EQ(outcome.reply.data, "fast");
  }
}

TEST_F(ProvisionalTest, WhereNoOtherComesItHasTheLastWord) {
  const InService function(load("slow"), true);
  slow_end_.kind = engine::End::Kind::kTrapped;
  std::thread later([&] { function.settle(); });
  EXPECT_EQ(call_by(function, std::chrono::seconds(30)).status, Status::kTrapped);
  later.join();
  slow_calls_ = 0;
  EXPECT_EQ(call_by(function, std::chrono::seconds(30)).status, Status::kTrapped);
  EXPECT_EQ(slow_calls_, 1);
}

// Its engine may not be one for several threads.
TEST_F(ProvisionalTest, WhereNoOtherComesItStillRunsOneEventAtATime) {
  const InService function(load("slow"), true);
  std::atomic<int> within = 0;
  std::atomic<int> most = 0;
  guest_.exports["handle"] = [&](wasi::Context& context) {
    most = std::max<int>(most, ++within);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    --within;
    write_to(context, 1, "slow");
    return engine::End{};
  };
  function.settle();
  std::vector<std::thread> callers;
  callers.reserve(8);
  std::atomic<int> slow = 0;
  for (int i = 0; i < 8; ++i) {
    callers.emplace_back(
        [&] { slow += call_by(function, std::chrono::seconds(30)).reply.data == "slow" ? 1 : 0; });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(most, 1);
  EXPECT_EQ(slow, 8);
}

TEST_F(ProvisionalTest, AnEventWaitsForItsTurnNoLongerThanItsDeadline) {
  const InService function(load("slow"), true);
  std::promise<void> running;
  std::promise<void> end;
  guest_.exports["handle"] = [&](wasi::Context& context) {
    running.set_value();
    end.get_future().wait();
    write_to(context, 1, "slow");
    return engine::End{};
  };
  function.settle();
  std::thread first(
      [&] { EXPECT_EQ(call_by(function, std::chrono::seconds(30)).reply.data, "slow"); });
  running.get_future().wait();
  const Outcome second = call_by(function, std::chrono::milliseconds(20));
  EXPECT_EQ(second.status, Status::kRefused);
  EXPECT_TRUE(second.overload);
  end.set_value();
  first.join();
}

TEST_F(ProvisionalTest, AnEventWaitsNoLongerThanItsDeadline) {
  const InService function(load("slow"), true);
  slow_end_.kind = engine::End::Kind::kDeadline;
  EXPECT_EQ(call_by(function, std::chrono::milliseconds(50)).status, Status::kTimeout);
}

}  // namespace
}  // namespace ferry::host
