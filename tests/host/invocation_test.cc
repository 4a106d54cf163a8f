// What a guest sees and in which order its exports are called, whoever calls it.
#include "host/invocation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/clock.h"
#include "host/fake_engine.h"
#include "host/guest_abi.h"

namespace ferry::host {
namespace {

using engine::End;
using testing::Contains;
using testing::ElementsAre;

class InvocationTest : public testing::Test {
 protected:
  InvocationTest() {
    event_.id = "1";
    event_.source = "/test";
    event_.type = "test";
    event_.data = "hello";
    for (const char* name : {"ferry:start", "_initialize", "handle", "_start"}) {
      fake_.exports[name] = [](wasi::Context&) { return End{}; };
    }
  }

  // Runs once; the context keeps what the guest wrote.
  End run(const wasm::Record& record, const function::Manifest& manifest = {}) {
    auto guest = make_guest("fake", record, manifest, Directories::kOpen);
    EXPECT_TRUE(guest.ok()) << guest.error().text();
    auto module = engine_.load(-1, 0, 0);
    auto instance = (*module)->instantiate(guest->instance_limits());
    event::ReadyEvent ready(event_);
    Invocation invocation(*guest, ready, options_);
    EXPECT_TRUE(invocation.begin(context_, Monotonic::max()).ok());
    End end = invocation.call(**instance, context_, Monotonic::max());
    out_ = context_.out();
    err_ = context_.err();
    return end;
  }

  FakeGuest fake_;
  FakeEngine engine_{fake_};
  wasi::Context context_{system_clock(), system_random()};
  event::Event event_;
  InvokeOptions options_;
  std::string out_;
  std::string err_;
};

wasm::Record record_of(wasm::Abi abi, bool has_start = false, bool has_initialize = false) {
  wasm::Record record;
  record.abi = abi;
  record.has_start = has_start;
  record.has_initialize = has_initialize;
  return record;
}

TEST_F(InvocationTest, StartFunctionRunsBeforeACommand) {
  run(record_of(wasm::Abi::kCommand, true));
  EXPECT_THAT(fake_.called, ElementsAre("ferry:start", "_start"));
}

TEST_F(InvocationTest, ReactorsAreInitializedAndThenHandle) {
  run(record_of(wasm::Abi::kReactor, true, true));
  EXPECT_THAT(fake_.called, ElementsAre("ferry:start", "_initialize", "handle"));
}

TEST_F(InvocationTest, NothingIsCalledThatIsNotThere) {
  run(record_of(wasm::Abi::kReactor));
  EXPECT_THAT(fake_.called, ElementsAre("handle"));
}

TEST_F(InvocationTest, TheFirstCallThatDoesNotReturnIsTheEnd) {
  fake_.exports["ferry:start"] = [](wasi::Context& context) { return leave(context, 3); };
  EXPECT_EQ(run(record_of(wasm::Abi::kReactor, true, true)).kind, End::Kind::kStopped);
  EXPECT_THAT(fake_.called, ElementsAre("ferry:start"));
  fake_.called.clear();
  fake_.exports["_initialize"] = [](wasi::Context&) {
    return End{End::Kind::kTrapped, 0, "unreachable", ""};
  };
  EXPECT_EQ(run(record_of(wasm::Abi::kReactor, false, true)).kind, End::Kind::kTrapped);
  EXPECT_THAT(fake_.called, ElementsAre("_initialize"));
}

TEST_F(InvocationTest, OnlyAReactorsValueCounts) {
  fake_.exports["handle"] = fake_.exports["_start"] = [](wasi::Context&) {
    return End{End::Kind::kReturned, 7, "", ""};
  };
  EXPECT_EQ(run(record_of(wasm::Abi::kReactor)).value, 7);
  EXPECT_EQ(run(record_of(wasm::Abi::kCommand)).value, 0);
}

TEST_F(InvocationTest, AbisThatTheHostDoesNotDriveAreRefused) {
  for (wasm::Abi abi : {wasm::Abi::kNone, wasm::Abi::kHttp, wasm::Abi::kRun}) {
    if (find_abi(abi) != nullptr) {
      continue;
    }
    auto guest = make_guest("fake", record_of(abi), {}, Directories::kOpen);
    ASSERT_FALSE(guest.ok());
    EXPECT_EQ(guest.error().code, Code::kUnsupported);
  }
}

TEST_F(InvocationTest, TheGuestSeesItsEventItsEnvironmentAndNoMore) {
  function::Manifest manifest;
  manifest.grants.env["GRANTED"] = "yes";
  options_.env.emplace_back("PLATFORM", "p");
  std::string data;
  std::vector<std::string> environment;
  fake_.exports["handle"] = [&](wasi::Context& context) {
    data = read_stdin(context);
    environment = environment_of(context);
    return End{};
  };
  run(record_of(wasm::Abi::kReactor), manifest);
  EXPECT_EQ(data, "hello");
  EXPECT_THAT(environment, Contains("GRANTED=yes"));
  EXPECT_THAT(environment, Contains("PLATFORM=p"));
  EXPECT_THAT(environment, Contains("CE_TYPE=test"));
  EXPECT_EQ(environment.size(), 6U);  // and CE_ID, CE_SOURCE, CE_SPECVERSION
}

TEST_F(InvocationTest, AWholeEventComesAsJson) {
  function::Manifest manifest;
  manifest.input = function::InputForm::kCloudEvent;
  std::string data;
  std::vector<std::string> environment;
  fake_.exports["handle"] = [&](wasi::Context& context) {
    data = read_stdin(context);
    environment = environment_of(context);
    return End{};
  };
  run(record_of(wasm::Abi::kReactor), manifest);
  EXPECT_THAT(data, testing::HasSubstr(R"("specversion":"1.0")"));
  EXPECT_TRUE(environment.empty());
}

TEST_F(InvocationTest, TheManifestsQuotasHold) {
  function::Manifest manifest;
  manifest.limits.output = 4;
  manifest.limits.log = 3;
  manifest.limits.memory = 1u << 20;
  manifest.limits.instructions = 1000;
  fake_.exports["handle"] = [&](wasi::Context& context) {
    write_to(context, 2, "logged");
    write_to(context, 1, "longer");
    return End{};
  };
  run(record_of(wasm::Abi::kReactor), manifest);
  EXPECT_EQ(context_.stop(), wasi::Stop::kOutputFull);
  EXPECT_EQ(err_, "log");
  ASSERT_EQ(fake_.instantiated.size(), 1U);
  EXPECT_EQ(fake_.instantiated[0].memory, 1u << 20);
  EXPECT_EQ(fake_.instantiated[0].instructions, 1000U);
}

}  // namespace
}  // namespace ferry::host
