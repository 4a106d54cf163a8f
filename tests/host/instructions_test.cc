// The limit on instructions, on every engine: it ends a function where they are counted, and is
// refused, with the reason, where they are not.
#include <cstdlib>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/clock.h"
#include "base/ids.h"
#include "bundle/store.h"
#include "engine/compiler.h"
#include "engine/loader.h"
#include "engine/plugins.h"
#include "function/function.h"
#include "host/host.h"
#include "tree.h"

namespace ferry::host {
namespace {

namespace fs = std::filesystem;

const std::string kHello = in_build("functions/hello-c.wasm");

class Instructions : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (!fs::exists(kHello)) GTEST_SKIP() << "the functions were not built: make functions";
    char folder[] = "/tmp/ferry-instructions-XXXXXX";
    ASSERT_NE(mkdtemp(folder), nullptr);
    folder_ = folder;
    auto store = bundle::Store::open({folder_});
    ASSERT_TRUE(store.ok()) << store.error().text();
    engine::EngineOptions options;
    options.max_instances = 4;
    options.count_instructions = true;
    auto engine = engine::load_engine(GetParam(), options);
    ASSERT_TRUE(engine.ok()) << engine.error().text();
    engine_ = std::make_unique<engine::LoadedEngine>(std::move(*engine));
    host_ = std::make_unique<Host>(**engine_, system_clock(), system_random());
    auto function = function::load_function(kHello, "");
    ASSERT_TRUE(function.ok()) << function.error().text();
    function_ = std::move(*function);
    auto bundle = store->get(
        function_, (*engine_)->info(),
        [&](ByteView prepared) {
          return engine::compile_in_child(GetParam(), options, prepared, {});
        },
        nullptr);
    if (!bundle.ok()) GTEST_SKIP() << GetParam() << ": " << bundle.error().text();
    bundle_ = std::make_unique<bundle::Bundle>(std::move(*bundle));
  }
  void TearDown() override {
    if (!folder_.empty()) fs::remove_all(folder_);
  }

  Result<std::shared_ptr<Loaded>> load(std::uint64_t limit) {
    function_.manifest.limits.timeout = std::chrono::minutes(1);
    function_.manifest.limits.instructions = limit;
    return host_->load(*bundle_, {function_.name, function_.manifest, {}});
  }

  Outcome send(Loaded& function) {
    event::Event event;
    event.id = "1";
    event.source = "/test";
    event.type = "test";
    event.data = R"({"name":"Ada"})";
    return host_->invoke(function, event, {});
  }

  std::string folder_;
  function::Function function_;
  std::unique_ptr<engine::LoadedEngine> engine_;
  std::unique_ptr<bundle::Bundle> bundle_;
  std::unique_ptr<Host> host_;
};

TEST_P(Instructions, EndAFunctionAtTheirLimitOrTheLimitIsRefused) {
  auto tight = load(1000);
  if (!(*engine_)->info().capabilities.counts_instructions) {
    ASSERT_FALSE(tight.ok());
    EXPECT_EQ(tight.error().code, Code::kUnsupported);
    EXPECT_THAT(tight.error().message, testing::HasSubstr("does not count"));
    return;
  }
  ASSERT_TRUE(tight.ok()) << tight.error().text();
  const Outcome ended = send(**tight);
  EXPECT_EQ(status_row(ended.status).name, std::string("timeout")) << ended.message;
  EXPECT_THAT(ended.message, testing::HasSubstr("instructions"));
  auto wide = load(1'000'000'000);
  ASSERT_TRUE(wide.ok()) << wide.error().text();
  // Each event has the whole limit, and is told what it used of it.
  for (int i = 0; i < 3; ++i) {
    const Outcome answered = send(**wide);
    EXPECT_EQ(status_row(answered.status).name, std::string("ok")) << answered.message;
    ASSERT_TRUE(answered.usage.instructions.has_value());
    EXPECT_GT(*answered.usage.instructions, 1000u);
    EXPECT_LT(*answered.usage.instructions, 1'000'000u);
  }
}

// A kept instance serves all but the first two.
TEST_P(Instructions, WhatOneEventUsedIsNotMissingToTheNext) {
  if (!(*engine_)->info().capabilities.counts_instructions) {
    GTEST_SKIP() << GetParam() << " does not count instructions";
  }
  auto wide = load(1'000'000'000);
  ASSERT_TRUE(wide.ok()) << wide.error().text();
  const std::uint64_t used = send(**wide).usage.instructions.value_or(0);
  ASSERT_GT(used, 0u);
  auto tight = load(used + used / 2);
  ASSERT_TRUE(tight.ok()) << tight.error().text();
  // An engine that translates a function at its first call (wasmi) counts that too, once.
  EXPECT_EQ(send(**tight).usage.instructions, used);
  const std::uint64_t later = send(**tight).usage.instructions.value_or(0);
  EXPECT_LE(later, used);
  for (int i = 0; i < 20; ++i) {
    const Outcome answered = send(**tight);
    ASSERT_EQ(status_row(answered.status).name, std::string("ok")) << i << answered.message;
    EXPECT_EQ(answered.usage.instructions, later) << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Engines, Instructions, testing::ValuesIn(engine::engine_names()),
                         [](const auto& engine) { return engine.param; });

}  // namespace
}  // namespace ferry::host
