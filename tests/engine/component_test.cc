// What a component is lowered to runs on every engine: its functions have types that preview 1's do
// not have.
#include <cstring>

#include <gmock/gmock.h>

#include "engine/conformance.h"
#include "engine/lower.h"
#include "wasi2/session.h"
#include "wasm/binary.h"

namespace ferry::engine {
namespace {

class CountingRandom final : public Random {
 public:
  void fill(std::span<std::uint8_t> bytes) override {
    for (std::uint8_t& byte : bytes) byte = ++last_;
  }

 private:
  std::uint8_t last_ = 0;
};

class Component : public Conformance {
 protected:
  void SetUp() override {
    Conformance::SetUp();
    const Bytes wasm = guest("component");
    auto binary = wasm::read_binary(wasm);
    ASSERT_TRUE(binary.ok()) << binary.error().text();
    auto ready = ready_for(wasm, *binary, (*engine_)->info());
    if ((*engine_)->info().capabilities.fixed_imports) {
      ASSERT_FALSE(ready.ok());
      GTEST_SKIP() << ready.error().text();
    }
    ASSERT_TRUE(ready.ok()) << ready.error().text();
    auto artifact = (*engine_)->compile(ready->prepared.wasm);
    ASSERT_TRUE(artifact.ok()) << artifact.error().text();
    module_ = load_artifact(*artifact);
    ASSERT_NE(module_, nullptr);
    instance_ = instance(*module_);
  }

  End run(std::string_view name, std::chrono::milliseconds time = std::chrono::seconds(30)) {
    const Monotonic deadline = std::chrono::steady_clock::now() + time;
    wasi::Setup setup;
    setup.deadline = deadline;
    wasi_.reset(std::move(setup));
    session_.begin(&request_);
    return instance_->call(name, wasi_, deadline);
  }

  CountingRandom random_;
  wasi::Context wasi_{system_clock(), random_};
  wasi2::Session& session_ = wasi2::Session::of(wasi_);
  const wasi2::HttpRequest request_{.method = "POST", .path_with_query = "/", .body = "Ada"};
  std::unique_ptr<Module> module_;
  std::unique_ptr<Instance> instance_;
};

TEST_P(Component, AnswersARequest) {
  for (int i = 0; i < 3; ++i) {
    const End end = run("answer");
    ASSERT_EQ(end.kind, End::Kind::kReturned) << end.message << session_.trap();
    ASSERT_EQ(session_.answered(), wasi2::Answered::kResponse);
    const wasi2::HttpResponse& response = session_.response();
    EXPECT_EQ(response.status, 201);
    EXPECT_EQ(response.headers, (wasi2::FieldList{{"x-kind", "greeting"}}));
    EXPECT_EQ(response.body, "got: Ada");
  }
}

TEST_P(Component, NineParametersArrive) {
  ASSERT_EQ(run("refuse").kind, End::Kind::kReturned) << session_.trap();
  EXPECT_EQ(session_.error(), "internal-error: no cheese");
}

TEST_P(Component, ResultsOf64BitsArriveWhole) {
  const End end = run("wide");
  EXPECT_EQ(end.kind, End::Kind::kReturned) << end.message;
  EXPECT_EQ(end.value, 0);
}

TEST_P(Component, WaitingEndsAtTheDeadline) {
  EXPECT_EQ(run("wait", std::chrono::milliseconds(20)).kind, End::Kind::kStopped);
  EXPECT_EQ(wasi_.stop(), wasi::Stop::kDeadline);
}

TEST_P(Component, ABrokenRuleOfTheComponentModelEndsIt) {
  EXPECT_EQ(run("misuse").kind, End::Kind::kStopped);
  EXPECT_EQ(wasi_.stop(), wasi::Stop::kNone);
  EXPECT_EQ(session_.trap(), "77 is not a handle, where one of type output-stream was expected");
}

INSTANTIATE_TEST_SUITE_P(Engines, Component, testing::ValuesIn(engine_names()),
                         [](const auto& param) { return param.param; });

}  // namespace
}  // namespace ferry::engine
