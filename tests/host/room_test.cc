// More functions than the engine can have instances: kept ones make room, and no event is refused.
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/clock.h"
#include "bundle/store.h"
#include "engine/compiler.h"
#include "engine/loader.h"
#include "function/function.h"
#include "host/host.h"
#include "tree.h"

namespace ferry::host {
namespace {

constexpr std::uint32_t kInstances = 3;
constexpr int kFunctionsLoaded = 10;

class Room : public testing::Test {
 protected:
  void SetUp() override {
    char folder[] = "/tmp/ferry-room-XXXXXX";
    ASSERT_NE(mkdtemp(folder), nullptr);
    folder_ = folder;
    engine::EngineOptions options;
    options.max_instances = kInstances;
    auto loaded = engine::load_engine("", options);
    ASSERT_TRUE(loaded.ok()) << loaded.error().text();
    engine_ = std::make_unique<engine::LoadedEngine>(std::move(*loaded));
    host_ = std::make_unique<Host>(**engine_, system_clock(), system_random());
    auto function = function::load_function(in_build("functions/hello-c.wasm"), "");
    if (!function.ok()) GTEST_SKIP() << function.error().text();
    auto store = bundle::Store::open({folder_});
    ASSERT_TRUE(store.ok()) << store.error().text();
    auto bundle = store->get(
        *function, (*engine_)->info(),
        [&](ByteView prepared) { return engine::compile_in_child("", {}, prepared, {}); }, nullptr);
    ASSERT_TRUE(bundle.ok()) << bundle.error().text();
    for (int i = 0; i < kFunctionsLoaded; ++i) {
      auto one = host_->load(*bundle, {"f" + std::to_string(i), function->manifest, {}});
      ASSERT_TRUE(one.ok()) << one.error().text();
      functions_.push_back(std::move(*one));
    }
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  Status call(int index) {
    event::Event event;
    event.id = "1";
    event.source = "/test";
    event.type = "test";
    event.data = R"({"name":"Ada"})";
    const Outcome outcome = host_->invoke(*functions_[static_cast<std::size_t>(index)], event, {});
    EXPECT_EQ(outcome.status, Status::kOk) << outcome.message;
    EXPECT_EQ(outcome.reply.data, R"({"message":"Hello, Ada!"})");
    return outcome.status;
  }

  std::string folder_;
  std::unique_ptr<engine::LoadedEngine> engine_;
  std::unique_ptr<Host> host_;
  std::vector<std::shared_ptr<Loaded>> functions_;
};

TEST_F(Room, KeptInstancesMakeRoomForOtherFunctions) {
  for (int round = 0; round < 4; ++round) {
    for (int i = 0; i < kFunctionsLoaded; ++i) {
      call(i);
      call(i);  // from the second event on an instance is kept
    }
  }
}

TEST_F(Room, AnIdleFunctionAnswersAgain) {
  for (int round = 0; round < 3; ++round) {
    for (int n = 0; n < 3; ++n) call(0);
    host_->drop_idle();
    host_->drop_idle();
  }
}

TEST_F(Room, WhatIsKeptIsCountedAndGivenBack) {
  EXPECT_EQ(host_->kept_bytes(), 0u);
  for (int n = 0; n < 3; ++n) call(0);
  const std::uint64_t one = host_->kept_bytes();
  EXPECT_GT(one, 0u);
  for (int n = 0; n < 3; ++n) call(1);
  EXPECT_GT(host_->kept_bytes(), one);
  host_->give_back();
  EXPECT_EQ(host_->kept_bytes(), 0u);
  for (int n = 0; n < 3; ++n) call(0);
  EXPECT_GT(host_->kept_bytes(), 0u);
}

// Of many events at once several are left, each with the pages that its events have written.
TEST_F(Room, InstancesThatNoEventNeedsAreEnded) {
  for (int n = 0; n < 3; ++n) call(0);
  const std::uint64_t one = host_->kept_bytes();
  for (int tries = 0; tries < 1000 && host_->kept_bytes() == one; ++tries) {
    std::vector<std::thread> threads;
    for (std::uint32_t i = 0; i < kInstances; ++i) {
      threads.emplace_back([this] {
        for (int n = 0; n < 20; ++n) call(0);
      });
    }
    for (std::thread& each : threads) each.join();
  }
  EXPECT_GT(host_->kept_bytes(), one);
  for (int n = 0; n < 2100; ++n) call(0);
  EXPECT_EQ(host_->kept_bytes(), one);
  call(0);
  EXPECT_EQ(host_->kept_bytes(), one);
}

// As many events at once as there are instances beside the one that holds the first state: none is
// refused, whichever of them takes it, and none after everything was given back.
TEST_F(Room, AFirstStateTakesOneInstanceAndNoMore) {
  auto function = function::load_function(in_build("tests/guests/large.wasm"), "");
  if (!function.ok()) GTEST_SKIP() << function.error().text();
  auto store = bundle::Store::open({folder_});
  ASSERT_TRUE(store.ok());
  auto bundle = store->get(
      *function, (*engine_)->info(),
      [&](ByteView prepared) { return engine::compile_in_child("", {}, prepared, {}); }, nullptr);
  ASSERT_TRUE(bundle.ok()) << bundle.error().text();
  auto large = host_->load(*bundle, {"large", function->manifest, {}});
  ASSERT_TRUE(large.ok()) << large.error().text();
  std::atomic<int> refused{0};
  const auto serve = [&](int events) {
    for (int n = 0; n < events; ++n) {
      event::Event event;
      event.id = "1";
      event.source = "/test";
      event.type = "test";
      const Outcome outcome = host_->invoke(**large, event, {});
      if (outcome.status != Status::kOk) ++refused;
    }
  };
  for (int round = 0; round < 40; ++round) {
    std::vector<std::thread> threads;
    for (std::uint32_t i = 1; i < kInstances; ++i) threads.emplace_back(serve, 8);
    if (round % 2 == 1) host_->give_back();
    for (std::thread& each : threads) each.join();
    if (round % 4 == 0) host_->give_back();
  }
  EXPECT_EQ(refused, 0);
}

TEST_F(Room, TheBudgetIsKeptByThoseThatHadNoEventForLongest) {
  for (int n = 0; n < 3; ++n) call(0);
  const std::uint64_t one = host_->kept_bytes();
  host_->give_back();
  host_->limit_kept(2 * one + one / 2);
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < kFunctionsLoaded; ++i) {
      for (int n = 0; n < 3; ++n) call(i);
      EXPECT_LE(host_->kept_bytes(), 2 * one + one / 2);
      EXPECT_GT(host_->kept_bytes(), 0u) << "the one that just had an event keeps its instance";
    }
  }
}

TEST_F(Room, OneThatNeedsMoreThanTheBudgetIsNotKept) {
  host_->limit_kept(1);
  for (int n = 0; n < 40; ++n) call(0);
  EXPECT_EQ(host_->kept_bytes(), 0u);
}

}  // namespace
}  // namespace ferry::host
