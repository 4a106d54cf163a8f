#include "wasi/guest_fixture.h"

namespace ferry::wasi {
namespace {

class Poll : public FileTest {
 protected:
  static constexpr std::uint32_t kIn = 8192;
  static constexpr std::uint32_t kOut = 16384;

  void timer(std::uint32_t index, std::uint32_t id, std::uint64_t timeout,
             std::uint16_t flags = 0) {
    GuestSubscription sub{};
    sub.userdata = 100 + index;
    sub.id = id;
    sub.timeout = timeout;
    sub.flags = flags;
    put(kIn + index * 48, sub);
  }
  void ready(std::uint32_t index, EventType type, std::uint32_t fd) {
    GuestSubscription sub{};
    sub.userdata = 100 + index;
    sub.tag = static_cast<std::uint8_t>(type);
    sub.id = fd;
    put(kIn + index * 48, sub);
  }
  // The events' userdata less 100, with their errno where they have one.
  std::string poll(std::uint32_t count) {
    EXPECT_EQ(call("poll_oneoff", {kIn, kOut, count, kResult}), Errno::kSuccess);
    std::string out;
    for (std::uint32_t i = 0; i < result(); ++i) {
      auto event = get<GuestEvent>(kOut + i * 32);
      out += (out.empty() ? "" : " ") + std::to_string(event.userdata - 100);
      if (event.error != 0) out += "!" + std::to_string(event.error);
    }
    return out;
  }
};

TEST_F(Poll, SleepsUntilTheFirstTimer) {
  timer(0, kClockMonotonic, 3000);
  timer(1, kClockRealtime, 2000);
  timer(2, kClockMonotonic, 2000);
  EXPECT_EQ(poll(3), "1 2");
  EXPECT_EQ(clock.slept, std::vector<std::int64_t>{5'002'000});
}

TEST_F(Poll, AbsoluteTimersOnBothClocks) {
  timer(0, kClockMonotonic, 5'000'700, kClockAbstime);
  EXPECT_EQ(poll(1), "0");
  EXPECT_EQ(clock.slept.back(), 5'000'700);
  timer(0, kClockRealtime, static_cast<std::uint64_t>(clock.wall_ns) + 50, kClockAbstime);
  EXPECT_EQ(poll(1), "0");
  EXPECT_EQ(clock.slept.back(), 5'000'750);
  timer(0, kClockRealtime, 5, kClockAbstime);
  EXPECT_EQ(poll(1), "0") << "long past";
  EXPECT_EQ(clock.slept.size(), 2u);
}

TEST_F(Poll, ReadyDescriptorsMeanNoSleep) {
  std::uint32_t fd = create("f");
  timer(0, kClockMonotonic, 1'000'000'000);
  ready(1, EventType::kFdRead, 0);
  ready(2, EventType::kFdWrite, 1);
  ready(3, EventType::kFdWrite, fd);
  timer(4, kClockMonotonic, 0);
  EXPECT_EQ(poll(5), "1 2 3 4");
  EXPECT_TRUE(clock.slept.empty());
  EXPECT_EQ(get<GuestEvent>(kOut).bytes, 1u) << "not how long the input is";
  EXPECT_FALSE(context.drawn().stdin_read);
}

TEST_F(Poll, ErrorsAreEvents) {
  ready(0, EventType::kFdRead, 99);
  ready(1, EventType::kFdRead, 1);
  timer(2, 2, 100);
  timer(3, kClockMonotonic, 100, 2);
  EXPECT_EQ(poll(4), "0!8 1!76 2!28 3!28");
}

TEST_F(Poll, SleepPastTheDeadlineEndsThere) {
  GuestSetup setup;
  setup.deadline = Monotonic(Nanoseconds(5'001'000));
  reset(std::move(setup));
  timer(0, kClockMonotonic, 999);
  EXPECT_EQ(poll(1), "0");
  timer(0, kClockMonotonic, 1'000'000'000);
  EXPECT_TRUE(raw("poll_oneoff", {kIn, kOut, 1, kResult}).stop);
  EXPECT_EQ(context.stop(), Stop::kDeadline);
  EXPECT_EQ(clock.slept.back(), 5'001'000);
}

// R6: who runs the guest hears of a wait before it, from an engine's plug-in too, which has
// variables of its own.
TEST_F(Poll, R6_WaitingIsSaidToWhoRunsTheGuest) {
  struct Heard final : BlockingObserver {
    void before_wait() override { said += "waits "; }
    void after_wait() override { said += "goes on"; }
    std::string said;
  } heard;
  GuestSetup setup;
  setup.observer = &heard;
  reset(std::move(setup));
  timer(0, kClockMonotonic, 0);
  EXPECT_EQ(poll(1), "0");
  EXPECT_EQ(heard.said, "") << "there was nothing to wait for";
  timer(0, kClockMonotonic, 3000);
  EXPECT_EQ(poll(1), "0");
  EXPECT_EQ(heard.said, "waits goes on");
}

TEST_F(Poll, TheLongestSleepDoesNotWrapAround) {
  GuestSetup setup;
  setup.deadline = Monotonic(Nanoseconds(6'000'000));
  reset(std::move(setup));
  timer(0, kClockMonotonic, ~0ull);
  timer(1, kClockRealtime, ~0ull, kClockAbstime);
  EXPECT_TRUE(raw("poll_oneoff", {kIn, kOut, 2, kResult}).stop);
  EXPECT_EQ(context.stop(), Stop::kDeadline);
}

TEST_F(Poll, BadArguments) {
  timer(0, kClockMonotonic, 0);
  EXPECT_EQ(call("poll_oneoff", {kIn, kOut, 0, kResult}), Errno::kInval);
  EXPECT_EQ(call("poll_oneoff", {kIn, kOut, 4097, kResult}), Errno::kInval);
  EXPECT_EQ(call("poll_oneoff", {kMemory - 47, kOut, 1, kResult}), Errno::kFault);
  EXPECT_EQ(call("poll_oneoff", {kIn, kMemory - 31, 1, kResult}), Errno::kFault);
  EXPECT_EQ(call("poll_oneoff", {kIn, kOut, 1, kOutside}), Errno::kFault);
  memory[kIn + 8] = 3;
  EXPECT_EQ(call("poll_oneoff", {kIn, kOut, 1, kResult}), Errno::kInval);
}

TEST_F(Poll, EventsWrittenOverTheirSubscriptionsStayInBounds) {
  for (std::uint32_t i = 0; i < 64; ++i) timer(i, kClockMonotonic, i);
  Errno error = call("poll_oneoff", {kIn, kIn, 64, kResult});
  EXPECT_EQ(error, Errno::kSuccess);
  EXPECT_LE(result(), 64u);
}

}  // namespace
}  // namespace ferry::wasi
