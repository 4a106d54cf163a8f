// The canonical built-ins of WASI 0.3 and what wasi:cli and wasi:clocks make of them: streams and
// futures between the guest and the host, tasks that wait, and each rule that ends the guest.
#include <gmock/gmock.h>

#include "component_fixture.h"

namespace ferry::wasi2 {
namespace {

using testing::HasSubstr;

class AsyncTest : public ComponentTest {
 protected:
  static constexpr char kStdin[] = "wasi:cli/stdin@0.3.0";
  static constexpr char kStdout[] = "wasi:cli/stdout@0.3.0";
  static constexpr char kClock[] = "wasi:clocks/monotonic-clock@0.3.0";
  static constexpr u32 kBlocked = 0xffffffff;
  static constexpr u32 kDropped = 1;
  static constexpr u32 kReturned = 2;

  void given(std::string_view text) {
    wasi::Setup setup;
    setup.stdin_data = text;
    setup.deadline = clock.monotonic() + std::chrono::seconds(30);
    begin(nullptr, std::move(setup));
  }
  u32 canon(std::string_view name, std::initializer_list<u64> args = {}) {
    return static_cast<u32>(call(kCanonModule, name, args));
  }
  std::string broken(std::string_view name, std::initializer_list<u64> args) {
    return trap(kCanonModule, name, args);
  }
  struct Ends {
    u32 readable;
    u32 writable;
  };
  Ends channel(std::string_view name) {
    const u64 both = call(kCanonModule, name, {});
    return {static_cast<u32>(both), static_cast<u32>(both >> 32)};
  }
  u32 next(u32 code) { return static_cast<u32>(call(kAbiModule, "next_event", {code})); }
  u32 first() { return static_cast<u32>(call(kAbiModule, "event_first", {})); }
  u32 second() { return static_cast<u32>(call(kAbiModule, "event_second", {})); }
  u32 set_with(std::initializer_list<u32> handles) {
    const u32 set = canon("waitable-set.new");
    for (const u32 handle : handles) canon("waitable.join", {handle, set});
    return set;
  }
  static constexpr u32 wait_on(u32 set) { return 2 | set << 4; }
};

TEST_F(AsyncTest, StdinIsAStreamAndSaysHowItEnded) {
  given("hello");
  call(kStdin, "read-via-stream", {kRet});
  const u32 stream = get(kRet);
  const u32 ended = get(kRet + 4);
  EXPECT_EQ(canon("[async]future.read:future<result<_, e>>", {ended, 512}), kBlocked);
  EXPECT_EQ(canon("[async]stream.read:stream<u8>", {stream, kText, 3}), 3u << 4);
  EXPECT_EQ(canon("stream.read:stream<u8>", {stream, kText + 3, 100}), 2u << 4);
  EXPECT_EQ(std::memcmp(memory.data() + kText, "hello", 5), 0);
  EXPECT_EQ(canon("stream.read:stream<u8>", {stream, kText, 100}), kDropped);
  EXPECT_EQ(next(wait_on(set_with({ended}))), 4u);  // FUTURE_READ
  EXPECT_EQ(first(), ended);
  EXPECT_EQ(second(), 0u);
  EXPECT_EQ(get<u8>(512), 0);
  EXPECT_THAT(broken("stream.read:stream<u8>", {stream, kText, 1}), HasSubstr("has ended"));
}

TEST_F(AsyncTest, StdinThatNobodyReadsHasEnded) {
  given("hello");
  call(kStdin, "read-via-stream", {kRet});
  const u32 ended = get(kRet + 4);
  canon("stream.drop-readable:stream<u8>", {get(kRet)});
  EXPECT_EQ(canon("[async]future.read:future<result<_, e>>", {ended, 512}), 0u);
}

TEST_F(AsyncTest, TheSeedIsTheSameWithinAnEvent) {
  call("wasi:random/insecure-seed@0.3.0", "get-insecure-seed", {512});
  call("wasi:random/insecure-seed@0.3.0", "get-insecure-seed", {528});
  EXPECT_EQ(get<u64>(512), get<u64>(528));
  EXPECT_EQ(get<u64>(520), get<u64>(536));
}

TEST_F(AsyncTest, StdoutTakesWhatIsWrittenBeforeAndAfterItHasTheStream) {
  const auto [readable, writable] = channel("stream.new:stream<u8>");
  const Passed one = pass("one ");
  EXPECT_EQ(canon("[async]stream.write:stream<u8>", {writable, one.at, one.size}), kBlocked);
  const u32 taken = static_cast<u32>(call(kStdout, "write-via-stream", {readable}));
  EXPECT_EQ(next(wait_on(set_with({writable}))), 3u);  // STREAM_WRITE
  EXPECT_EQ(first(), writable);
  EXPECT_EQ(second(), one.size << 4);
  canon("waitable.join", {writable, 0});
  const Passed two = pass("two");
  EXPECT_EQ(canon("stream.write:stream<u8>", {writable, two.at, two.size}), two.size << 4);
  EXPECT_EQ(context.out(), "one two");
  put<u8>(512, 9);
  EXPECT_EQ(canon("[async]future.read:future<result<_, e>>", {taken, 512}), kBlocked);
  canon("stream.drop-writable:stream<u8>", {writable});
  EXPECT_EQ(next(wait_on(set_with({taken}))), 4u);
  EXPECT_EQ(get<u8>(512), 0);
  canon("future.drop-readable:future<result<_, e>>", {taken});
}

TEST_F(AsyncTest, ATaskWaitsForTheFirstOfItsSubtasks) {
  given("");
  const u32 later = static_cast<u32>(call(kClock, "[async-lower]wait-for", {5'000'000'000}));
  const u32 sooner = static_cast<u32>(call(kClock, "[async-lower]wait-for", {1'000'000'000}));
  EXPECT_EQ(later & 0xf, 1u);  // started
  const u32 set = set_with({later >> 4, sooner >> 4});
  const auto before = clock.monotonic();
  EXPECT_EQ(next(wait_on(set)), 1u);  // SUBTASK
  EXPECT_EQ(first(), sooner >> 4);
  EXPECT_EQ(second(), kReturned);
  EXPECT_EQ(clock.monotonic() - before, std::chrono::seconds(1));
  EXPECT_THAT(broken("subtask.drop", {later >> 4}), HasSubstr("has not ended"));
}

TEST_F(AsyncTest, AWaitThatIsOverNeedsNoSubtask) {
  EXPECT_EQ(call(kClock, "[async-lower]wait-until", {0}), kReturned);
  EXPECT_EQ(call(kClock, "[async-lower]wait-for", {0}), kReturned);
}

TEST_F(AsyncTest, ASubtaskIsCancelledAndDropped) {
  given("");
  const u32 task = static_cast<u32>(call(kClock, "[async-lower]wait-for", {1'000'000'000})) >> 4;
  EXPECT_EQ(canon("subtask.cancel", {task}), 4u);  // before it returned
  canon("subtask.drop", {task});
  EXPECT_THAT(broken("subtask.drop", {task}), HasSubstr("not a handle"));
}

TEST_F(AsyncTest, WaitingEndsAtTheDeadline) {
  given("");
  const u32 task = static_cast<u32>(call(kClock, "[async-lower]wait-for", {60'000'000'000})) >> 4;
  const u32 set = set_with({task});
  EXPECT_TRUE(raw(kAbiModule, "next_event", {wait_on(set)}).stop);
  EXPECT_EQ(context.stop(), wasi::Stop::kDeadline);
}

TEST_F(AsyncTest, YieldingAndPollingDoNotWait) {
  given("");
  EXPECT_EQ(next(1), 0u);
  EXPECT_EQ(canon("thread.yield"), 0u);
  const u32 task = static_cast<u32>(call(kClock, "[async-lower]wait-for", {1'000'000'000})) >> 4;
  const u32 set = set_with({task});
  EXPECT_EQ(canon("waitable-set.poll", {set, kRet}), 0u);
  EXPECT_EQ(canon("waitable-set.wait", {set, kRet}), 1u);
  EXPECT_EQ(get(kRet), task);
  EXPECT_EQ(get(kRet + 4), kReturned);
}

TEST_F(AsyncTest, TheEndsOfANumbersStreamMeetInOneComponent) {
  const auto [readable, writable] = channel("stream.new:stream<u32>");
  for (u32 i = 0; i < 4; ++i) put<u32>(512 + 4 * i, 10 + i);
  EXPECT_EQ(canon("[async]stream.read:stream<u32>", {readable, 1024, 3}), kBlocked);
  EXPECT_EQ(canon("[async]stream.write:stream<u32>", {writable, 512, 1}), 1u << 4);
  // The reader's buffer takes more until its event is taken.
  EXPECT_EQ(canon("[async]stream.write:stream<u32>", {writable, 516, 3}), 2u << 4);
  EXPECT_EQ(next(wait_on(set_with({readable}))), 2u);  // STREAM_READ
  EXPECT_EQ(second(), 3u << 4);
  EXPECT_EQ(get(1024), 10u);
  EXPECT_EQ(get(1032), 12u);
  canon("stream.drop-writable:stream<u32>", {writable});
  EXPECT_EQ(canon("[async]stream.read:stream<u32>", {readable, 1024, 3}), kDropped);
}

// What toolchains wake their tasks with.
TEST_F(AsyncTest, AStreamOfNothingIsReadAndWritten) {
  const auto [readable, writable] = channel("stream.new:stream");
  EXPECT_EQ(canon("[async]stream.read:stream", {readable, 0, 1}), kBlocked);
  EXPECT_EQ(canon("[async]stream.write:stream", {writable, 0, 1}), 1u << 4);
  EXPECT_EQ(canon("stream.cancel-read:stream", {readable}), 1u << 4);
  EXPECT_EQ(canon("[async]stream.read:stream", {readable, 0, 1}), kBlocked);
  EXPECT_EQ(canon("stream.cancel-read:stream", {readable}), 2u);  // cancelled
}

TEST_F(AsyncTest, AFutureOfOtherTypesCannotMeetItself) {
  const auto [readable, writable] = channel("future.new:future<string>");
  EXPECT_EQ(canon("[async]future.read:future<string>", {readable, 1024}), kBlocked);
  EXPECT_THAT(broken("[async]future.write:future<string>", {writable, 512}),
              HasSubstr("by the component that writes it"));
}

TEST_F(AsyncTest, AFutureMustBeWrittenBeforeItIsDropped) {
  const auto [readable, writable] = channel("future.new:future<u8>");
  (void)readable;
  EXPECT_THAT(broken("future.drop-writable:future<u8>", {writable}), HasSubstr("was written"));
}

TEST_F(AsyncTest, AWriterLearnsThatNobodyReads) {
  const auto [readable, writable] = channel("stream.new:stream<u8>");
  const Passed data = pass("data");
  EXPECT_EQ(canon("[async]stream.write:stream<u8>", {writable, data.at, data.size}), kBlocked);
  canon("stream.drop-readable:stream<u8>", {readable});
  EXPECT_EQ(next(wait_on(set_with({writable}))), 3u);
  EXPECT_EQ(second(), kDropped);
}

TEST_F(AsyncTest, AnEndInUseIsNeitherDroppedNorGivenAwayNorUsedTwice) {
  const auto [readable, writable] = channel("stream.new:stream<u8>");
  (void)writable;
  EXPECT_EQ(canon("[async]stream.read:stream<u8>", {readable, 512, 1}), kBlocked);
  EXPECT_THAT(broken("stream.drop-readable:stream<u8>", {readable}),
              HasSubstr("while it is copied"));
  begin();
  const auto again = channel("stream.new:stream<u8>");
  canon("[async]stream.read:stream<u8>", {again.readable, 512, 1});
  EXPECT_THAT(broken("[async]stream.read:stream<u8>", {again.readable, 512, 1}),
              HasSubstr("goes on"));
  begin();
  const auto given = channel("stream.new:stream<u8>");
  canon("[async]stream.read:stream<u8>", {given.readable, 512, 1});
  EXPECT_THAT(trap(kStdout, "write-via-stream", {given.readable}), HasSubstr("in use"));
}

TEST_F(AsyncTest, AnEndIsUsedForWhatItIs) {
  const auto [readable, writable] = channel("stream.new:stream<u8>");
  EXPECT_THAT(broken("[async]stream.read:stream<u8>", {writable, 512, 1}), HasSubstr("readable"));
  begin();
  const auto stream = channel("stream.new:stream<u8>");
  EXPECT_THAT(broken("[async]future.read:future<u8>", {stream.readable, 512}), HasSubstr("future"));
  begin();
  const auto own = channel("stream.new:stream<u8>");
  EXPECT_THAT(trap(kStdout, "write-via-stream", {own.writable}), HasSubstr("readable end"));
  (void)readable;
}

TEST_F(AsyncTest, BuffersLieInMemory) {
  auto ends = channel("stream.new:stream<u8>");
  EXPECT_THAT(broken("[async]stream.write:stream<u8>", {ends.writable, kMemory - 1, 2}),
              HasSubstr("outside of memory"));
  begin();
  ends = channel("stream.new:stream<u32>");
  EXPECT_THAT(broken("[async]stream.read:stream<u32>", {ends.readable, 2, 1}),
              HasSubstr("not aligned"));
  begin();
  ends = channel("stream.new:stream<u8>");
  EXPECT_THAT(broken("[async]stream.read:stream<u8>", {ends.readable, 0, 1u << 28}),
              HasSubstr("more elements"));
}

TEST_F(AsyncTest, ATaskThatOnlyItselfCouldWakeEnds) {
  const auto [readable, writable] = channel("stream.new:stream<u8>");
  (void)writable;
  canon("[async]stream.read:stream<u8>", {readable, 512, 1});
  const u32 set = set_with({readable});
  EXPECT_THAT(trap(kAbiModule, "next_event", {wait_on(set)}), HasSubstr("only the task itself"));
  begin();
  EXPECT_THAT(trap(kAbiModule, "next_event", {7}), HasSubstr("unknown code"));
  begin();
  EXPECT_THAT(trap(kAbiModule, "next_event", {wait_on(9)}), HasSubstr("waitable-set"));
}

TEST_F(AsyncTest, ASetGoesWithoutMembersAlone) {
  const auto [readable, writable] = channel("stream.new:stream<u8>");
  const u32 set = set_with({readable});
  const u32 other = canon("waitable-set.new");
  canon("waitable.join", {readable, other});  // moves it
  canon("waitable-set.drop", {set});
  EXPECT_THAT(broken("waitable-set.drop", {other}), HasSubstr("not empty"));
  begin();
  EXPECT_THAT(broken("waitable.join", {canon("waitable-set.new"), 0}), HasSubstr("a waitable"));
  (void)writable;
}

TEST_F(AsyncTest, ABlockingCopyIsNotForMembersOfASet) {
  const auto [readable, writable] = channel("stream.new:stream<u8>");
  set_with({readable});
  EXPECT_THAT(broken("stream.read:stream<u8>", {readable, 512, 1}), HasSubstr("waitable-set"));
  (void)writable;
}

TEST_F(AsyncTest, ATaskReturnsOnce) {
  EXPECT_THAT(trap(kAbiModule, "run_result", {}), HasSubstr("without a call of task.return"));
  begin();
  canon("task.return:result", {1});
  EXPECT_EQ(call(kAbiModule, "run_result", {}), 1u);
  EXPECT_THAT(broken("task.return:result", {0}), HasSubstr("twice"));
}

TEST_F(AsyncTest, ChannelsAreBounded) {
  CallResult made;
  u32 count = 0;
  for (; !made.stop && count < 300'000; ++count) {
    made = raw(kCanonModule, "stream.new:stream<u8>", {});
    if (made.stop) break;
    raw(kCanonModule, "stream.drop-readable:stream<u8>", {made.value & 0xffffffff});
    raw(kCanonModule, "stream.drop-writable:stream<u8>", {made.value >> 32});
  }
  EXPECT_EQ(count, 262'144u);
  EXPECT_THAT(session.trap(), HasSubstr("more than 262144 streams and futures"));
}

TEST(Builtins, AreFoundByWhatTheyAreAbout) {
  const auto find = [](std::string_view name) { return find_function(kCanonModule, name); };
  EXPECT_EQ(find("stream.new:stream<u8>")->name, "stream.new:1");
  EXPECT_EQ(find("stream.new:stream<u8>#2")->name, "stream.new:1");
  EXPECT_EQ(find("stream.new:stream")->name, "stream.new:0");
  EXPECT_EQ(find("future.new:future<result<_, wasi:cli/types@0.3.0#error-code>>")->name,
            "future.new:other");
  EXPECT_EQ(find("[async]future.write:future<u8>")->name, "[async]future.write");
  EXPECT_EQ(find("[async]future.cancel-write:future<u8>")->name, "future.cancel-write");
  EXPECT_EQ(find("subtask.cancel:async"), find("subtask.cancel"));
  EXPECT_EQ(find("waitable-set.wait:cancellable"), find("waitable-set.wait"));
  EXPECT_EQ(find("task.return:result")->params, "i");
  EXPECT_EQ(find("task.return:result<a#response, b#error-code>")->params, "iiiIiiii");
  EXPECT_EQ(find("task.return:u32"), nullptr);
  EXPECT_EQ(find("task.return"), nullptr);
  EXPECT_EQ(find("error-context.new"), nullptr);
}

// Engines that bind one function find the others by number.
TEST(Builtins, EachFunctionHasANumberOfItsOwn) {
  for (const auto table : {functions(), async_functions()}) {
    for (const Function& each : table) {
      const bool named = each.interface.starts_with("ferry:") || each.interface.ends_with("@0.3");
      std::string module(each.interface);
      if (!named) module += "@0.2.0";
      if (module.ends_with("@0.3")) module += ".0";
      if (module == kCanonModule) continue;
      const auto number = function_number(module, each.name);
      ASSERT_TRUE(number) << module << " " << each.name;
      EXPECT_EQ(find_numbered(*number).call, each.call) << module << " " << each.name;
    }
  }
}

}  // namespace
}  // namespace ferry::wasi2
