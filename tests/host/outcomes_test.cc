// Every row of the outcome table (docs/architecture.md), reached by an engine that ends calls as it
// is asked to.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/clock.h"
#include "host/fake_engine.h"
#include "host/host.h"
#include "wasm/prepare.h"

namespace ferry::host {
namespace {

using engine::End;
using testing::HasSubstr;
using testing::IsEmpty;

class OutcomesTest : public testing::Test {
 protected:
  OutcomesTest() {
    event_.id = "1";
    event_.source = "/test";
    event_.type = "test";
    event_.data = "hello";
  }

  Outcome run(FakeGuest::Export handle, const InvokeOptions& options = {}) {
    fake_.exports["handle"] = std::move(handle);
    wasm::Record record;
    record.abi = wasm::Abi::kReactor;
    auto loaded = host_.load(fake_bundle(record), {"fake", manifest_, {}});
    EXPECT_TRUE(loaded.ok()) << loaded.error().text();
    return host_.invoke(**loaded, event_, options);
  }
  Outcome end_with(const End& end) {
    return run([&](wasi::Context&) { return end; });
  }

  FakeGuest fake_;
  FakeEngine engine_{fake_};
  Host host_{engine_, system_clock(), system_random()};
  function::Manifest manifest_;
  event::Event event_;
};

TEST_F(OutcomesTest, OkWithAReplyOrWithout) {
  Outcome replied = run([](wasi::Context& context) {
    write_to(context, 1, "hi");
    return End{};
  });
  EXPECT_EQ(replied.status, Status::kOk);
  EXPECT_EQ(replied.reply.data, "hi");
  EXPECT_EQ(http_status(replied), 200);
  EXPECT_EQ(replied.message, "");
  const Outcome empty = end_with({});
  EXPECT_EQ(empty.status, Status::kOk);
  EXPECT_EQ(http_status(empty), 204);
  EXPECT_EQ(run([](wasi::Context& context) { return leave(context, 0); }).status, Status::kOk);
}

TEST_F(OutcomesTest, FailedByExitCodeOrReturnedValue) {
  const Outcome exited = run([](wasi::Context& context) { return leave(context, 3); });
  EXPECT_EQ(exited.status, Status::kFailed);
  EXPECT_EQ(exited.exit_code, 3);
  EXPECT_EQ(exited.message, "the function ended with exit code 3");
  EXPECT_EQ(http_status(exited), 500);
  const Outcome returned = end_with({End::Kind::kReturned, 4, "", ""});
  EXPECT_EQ(returned.status, Status::kFailed);
  EXPECT_EQ(returned.exit_code, 4);
  EXPECT_EQ(returned.message, "handle() returned 4");
}

TEST_F(OutcomesTest, FailedByAReplyThatIsNotOfItsForm) {
  manifest_.reply = function::ReplyForm::kCloudEvent;
  const Outcome outcome = run([](wasi::Context& context) {
    write_to(context, 1, "no JSON");
    return End{};
  });
  EXPECT_EQ(outcome.status, Status::kFailed);
  EXPECT_NE(outcome.message, "");
  EXPECT_EQ(outcome.reply.data, "");
}

TEST_F(OutcomesTest, FailedByAPanicThatTheLogShows) {
  const End unreachable{End::Kind::kTrapped, 0, "unreachable", "  0: main"};
  const Outcome panicked = run([&](wasi::Context& context) {
    write_to(context, 2, "thread 'main' panicked at src/main.rs:1:1:\n");
    return End(unreachable);
  });
  EXPECT_EQ(panicked.status, Status::kFailed);
  EXPECT_EQ(panicked.message, "the function panicked");
  // Another trap is not a panic, whatever the log says.
  const Outcome divided = run([](wasi::Context& context) {
    write_to(context, 2, "thread 'main' panicked at src/main.rs:1:1:\n");
    return End{End::Kind::kTrapped, 0, "integer divide by zero", ""};
  });
  EXPECT_EQ(divided.status, Status::kTrapped);
}

TEST_F(OutcomesTest, TrappedWithItsBacktrace) {
  const Outcome outcome = end_with({End::Kind::kTrapped, 0, "unreachable", "  0: main"});
  EXPECT_EQ(outcome.status, Status::kTrapped);
  EXPECT_EQ(outcome.message, "unreachable");
  EXPECT_EQ(outcome.backtrace, "  0: main");
  EXPECT_EQ(http_status(outcome), 500);
}

TEST_F(OutcomesTest, TimeoutOfTheEngineAndOfInstructions) {
  const Outcome late = end_with({End::Kind::kDeadline, 0, "", ""});
  EXPECT_EQ(late.status, Status::kTimeout);
  EXPECT_THAT(late.message, HasSubstr("10000 ms"));
  EXPECT_EQ(http_status(late), 504);
  const Outcome counted = end_with({End::Kind::kInstructions, 0, "", ""});
  EXPECT_EQ(counted.status, Status::kTimeout);
  EXPECT_THAT(counted.hint, HasSubstr("instructions"));
}

TEST_F(OutcomesTest, TimeoutOfASleepPastThePlatformsDeadline) {
  InvokeOptions options;
  options.deadline = system_clock().monotonic() + std::chrono::milliseconds(5);
  const Outcome outcome = run(
      [](wasi::Context& context) {
        EXPECT_TRUE(sleep_for(context, std::chrono::hours(1)));
        return End{End::Kind::kStopped, 0, "", ""};
      },
      options);
  EXPECT_EQ(outcome.status, Status::kTimeout);
}

TEST_F(OutcomesTest, OutOfMemoryWhereGrowthWasRefusedAndItFailed) {
  fake_.globals[wasm::kMemoryRefusedGlobal] = 256u << 20;
  const Outcome outcome = end_with({End::Kind::kTrapped, 0, "unreachable", ""});
  EXPECT_EQ(outcome.status, Status::kOutOfMemory);
  EXPECT_THAT(outcome.message, HasSubstr("256 MiB of memory, the limit is 128 MiB"));
  // Survived: a refused growth that ends well is not a failure.
  EXPECT_EQ(end_with({}).status, Status::kOk);
  fake_.globals[wasm::kMemoryRefusedGlobal] = 0;
  EXPECT_EQ(end_with({End::Kind::kTrapped, 0, "unreachable", ""}).status, Status::kTrapped);
}

TEST_F(OutcomesTest, OutputTooLarge) {
  manifest_.limits.output = 4;
  const Outcome outcome = run([](wasi::Context& context) {
    write_to(context, 1, "longer");
    return End{End::Kind::kStopped, 0, "", ""};
  });
  EXPECT_EQ(outcome.status, Status::kOutputTooLarge);
  EXPECT_EQ(http_status(outcome), 502);
  EXPECT_EQ(outcome.reply.data, "");
}

TEST_F(OutcomesTest, DeniedWhereSomethingWasRefusedAndItFailed) {
  const auto denied = [](wasi::Context& context, std::uint32_t code) {
    open_path(context, "/etc/passwd");
    return leave(context, code);
  };
  const Outcome outcome = run([&](wasi::Context& context) { return denied(context, 1); });
  EXPECT_EQ(outcome.status, Status::kDenied);
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.hint, HasSubstr("--dir"));
  ASSERT_EQ(outcome.logs.size(), 1U);  // the guest itself saw an errno only
  EXPECT_EQ(run([&](wasi::Context& context) { return denied(context, 0); }).status, Status::kOk);
}

TEST_F(OutcomesTest, RefusedForTooMuchData) {
  manifest_.limits.input = 4;
  const Outcome outcome = end_with({});
  EXPECT_EQ(outcome.status, Status::kRefused);
  EXPECT_TRUE(outcome.too_large);
  EXPECT_EQ(http_status(outcome), 413);
  EXPECT_THAT(fake_.called, IsEmpty());
  EXPECT_NE(outcome.invocation, "");
}

TEST_F(OutcomesTest, RefusedWhereTheEngineIsFullAndBrokenWhereItFails) {
  for (Code code : {Code::kLimit, Code::kBusy}) {
    fake_.instantiate_error = Error{code, "the pool is full", "wait"};
    const Outcome full = end_with({});
    EXPECT_EQ(full.status, Status::kRefused);
    EXPECT_TRUE(full.overload);
    EXPECT_EQ(http_status(full), 503);
    EXPECT_EQ(full.hint, "wait");
  }
  fake_.instantiate_error = Error{Code::kInternal, "mmap failed", ""};
  const Outcome broken = end_with({});
  EXPECT_EQ(broken.status, Status::kBroken);
  EXPECT_FALSE(broken.overload);
  fake_.instantiate_error.reset();
  EXPECT_EQ(end_with({}).status, Status::kOk);
}

TEST_F(OutcomesTest, BrokenWhereTheEngineSaysSoOrContradictsItself) {
  const Outcome failed = end_with({End::Kind::kFailed, 0, "no such export", ""});
  EXPECT_EQ(failed.status, Status::kBroken);
  EXPECT_EQ(failed.message, "no such export");
  EXPECT_EQ(end_with({End::Kind::kStopped, 0, "", ""}).status, Status::kBroken);
}

TEST_F(OutcomesTest, LogsAreReadUnlessNobodyWantsThem) {
  const auto log = [](wasi::Context& context) {
    write_to(context, 2, "one\ntwo\n");
    return End{};
  };
  const Outcome read = run(log);
  ASSERT_EQ(read.logs.size(), 2U);
  EXPECT_EQ(read.logs[1].text, "two");
  EXPECT_FALSE(read.log_truncated);
  InvokeOptions quiet;
  quiet.logs = false;
  EXPECT_THAT(run(log, quiet).logs, IsEmpty());
  manifest_.limits.log = 5;
  EXPECT_TRUE(run(log).log_truncated);
}

TEST_F(OutcomesTest, UsageIsWhatTheInstanceSays) {
  fake_.memory.resize(3u << 16);
  fake_.instructions = 42;
  const Outcome outcome = end_with({});
  EXPECT_EQ(outcome.usage.memory_bytes, 3u << 16);
  EXPECT_EQ(outcome.usage.instructions, 42U);
  EXPECT_TRUE(outcome.ended.has_value());
}

TEST_F(OutcomesTest, WhatCannotBeLoadedIsNotInvoked) {
  wasm::Record record;
  record.abi = wasm::Abi::kReactor;
  fake_.load_error = Error{Code::kInvalid, "not this engine's", ""};
  EXPECT_EQ(host_.load(fake_bundle(record), {}).error().message, "not this engine's");
  fake_.load_error.reset();
  record.memory_minimum = 256ull << 20;
  EXPECT_EQ(host_.load(fake_bundle(record), {}).error().code, Code::kLimit);
  record.memory_minimum = 0;
  manifest_.limits.instructions = 1;
  EXPECT_EQ(host_.load(fake_bundle(record), {"f", manifest_, {}}).error().code, Code::kUnsupported);
  engine_.capabilities().counts_instructions = true;
  EXPECT_TRUE(host_.load(fake_bundle(record), {"f", manifest_, {}}).ok());
  bundle::Bundle other = fake_bundle(record);
  other.info.engine_fingerprint = "fake 2";
  EXPECT_FALSE(host_.load(other, {}).ok());
}

}  // namespace
}  // namespace ferry::host
