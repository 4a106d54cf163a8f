// One way to bring a process up, whoever provides its functions.
#include "serve/running.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/fake_engine.h"
#include "platforms/http/adapter.h"

namespace ferry::serve {
namespace {

// Functions of a fake engine; each logs a line.
class FakeProvider final : public Provider {
 public:
  explicit FakeProvider(std::vector<std::string> names) : names_(std::move(names)) {
    guest_.exports["handle"] = [](wasi::Context& context) {
      host::write_to(context, 2, "a line\n");
      return engine::End{};
    };
  }
  std::string_view program() const override { return "test"; }
  void complain(const Error& error) const override { ADD_FAILURE() << error.text(); }
  Result<std::vector<Listed>> list(const Wanted&) override {
    std::vector<Listed> listed;
    listed.reserve(names_.size());
    for (const std::string& name : names_) {
      listed.push_back({name, {}});
    }
    return listed;
  }
  Result<engine::LoadedEngine> make_engine(engine::EngineOptions options) override {
    options_ = options;
    return engine::LoadedEngine(std::make_unique<host::FakeEngine>(guest_));
  }
  Result<bundle::Bundle> bundle(std::size_t, const engine::Info&) override {
    if (bundle_error_) {
      return *bundle_error_;
    }
    wasm::Record record;
    record.abi = wasm::Abi::kReactor;
    return host::fake_bundle(record);
  }
  Result<std::optional<bundle::VerifyKey>> upload_key() override {
    return std::optional<bundle::VerifyKey>();
  }

  host::FakeGuest guest_;
  engine::EngineOptions options_;
  std::optional<Error> bundle_error_;

 private:
  std::vector<std::string> names_;
};

Result<Running> up(FakeProvider& provider) {
  Phases phases;
  auto functions = provider.list({});
  return bring_up(provider, *functions, engine_options_for(*functions), {}, phases);
}

// The log lines that an observer of one HTTP event is given.
std::size_t lines_observed(const Running& running, LogWriter* log) {
  std::size_t lines = 0;
  AdapterContext context = running.context(log);
  context.observe = [&](std::size_t, const host::Outcome& outcome, Nanoseconds) {
    EXPECT_EQ(outcome.status, host::Status::kOk) << outcome.message;
    lines += outcome.logs.size();
  };
  platforms::HttpAdapter adapter(std::move(context));
  http::Request request;
  request.method = "POST";
  request.target = "/";
  request.arrival = system_clock().monotonic();
  http::Response response;
  adapter.handle(request, response);
  return lines;
}

// ferry-host --quiet made them all the same, event after event.
TEST(RunningTest, LogsThatNobodyReadsAreNotMade) {
  FakeProvider provider({"one"});
  auto running = up(provider);
  ASSERT_TRUE(running.ok()) << running.error().text();
  EXPECT_EQ(lines_observed(*running, nullptr), 0U);
  char path[] = "/tmp/ferry-log-XXXXXX";
  const Fd file(mkstemp(path));
  unlink(path);
  LogWriter log(file.get(), LogFormat::kText);
  EXPECT_EQ(lines_observed(*running, &log), 1U);
}

TEST(RunningTest, FunctionsAreLoadedInTheirOrder) {
  FakeProvider provider({"one", "two", "three"});
  auto running = up(provider);
  ASSERT_TRUE(running.ok()) << running.error().text();
  ASSERT_EQ(running->functions.size(), 3U);
  EXPECT_EQ(host::name_of(*running->functions[1].version()), "two");
}

TEST(RunningTest, WhatStopsItIsReported) {
  FakeProvider provider({"one"});
  provider.bundle_error_ = Error{Code::kDenied, "another key", ""};
  EXPECT_EQ(up(provider).error().code, Code::kDenied);
  provider.bundle_error_.reset();
  provider.guest_.load_error = Error{Code::kInternal, "no memory", ""};
  EXPECT_EQ(up(provider).error().message, "no memory");
}

TEST(RunningTest, TheEngineIsMadeForAllFunctionsTogether) {
  std::vector<Listed> functions(3);
  functions[1].manifest.limits.memory = 512ull << 20;
  functions[2].manifest.limits.instructions = 1000;
  functions[0].manifest.limits.concurrency = functions[1].manifest.limits.concurrency = 5;
  functions[2].manifest.limits.concurrency = UINT32_MAX;
  const engine::EngineOptions options = engine_options_for(functions);
  EXPECT_EQ(options.max_memory, 512ull << 20);
  EXPECT_EQ(options.max_instances, 1024U);
  EXPECT_TRUE(options.count_instructions);
  const engine::EngineOptions none = engine_options_for({});
  EXPECT_EQ(none.max_instances, 1U);
  EXPECT_FALSE(none.count_instructions);
}

}  // namespace
}  // namespace ferry::serve
