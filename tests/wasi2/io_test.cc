// wasi:io, wasi:clocks, wasi:random and wasi:cli.
#include "component_fixture.h"

namespace ferry::wasi2 {
namespace {

constexpr char kClock[] = "wasi:clocks/monotonic-clock";
constexpr char kRandom[] = "wasi:random/random";

constexpr u8 kOk = 0;
constexpr u8 kError = 1;
constexpr u8 kClosed = 1;

class IoTest : public ComponentTest {
 protected:
  u32 stream(std::string_view name) {
    return static_cast<u32>(call("wasi:cli/" + std::string(name), "get-" + std::string(name), {}));
  }
  u32 timer(u64 nanoseconds) {
    return static_cast<u32>(call(kClock, "subscribe-duration", {nanoseconds}));
  }
  std::vector<u32> poll(std::initializer_list<u32> pollables) {
    u32 at = kText;
    for (u32 each : pollables) {
      put(at, each);
      at += 4;
    }
    call(kPoll, "poll", {kText, pollables.size(), kRet});
    std::vector<u32> out;
    for (u32 i = 0; i < get(kRet + 4); ++i) out.push_back(get(get(kRet) + 4 * i));
    return out;
  }
  std::int64_t now() const { return clock.monotonic_ns; }
};

TEST_F(IoTest, StdinIsReadToItsEnd) {
  begin(nullptr, {.stdin_data = "hello"});
  const u32 in = stream("stdin");
  EXPECT_FALSE(context.drawn().stdin_read);
  call(kStreams, "[method]input-stream.blocking-read", {in, 3, kRet});
  EXPECT_EQ(get<u8>(kRet), kOk);
  EXPECT_EQ(text(kRet + 4), "hel");
  EXPECT_TRUE(context.drawn().stdin_read);
  call(kStreams, "[method]input-stream.skip", {in, 1, kRet});
  EXPECT_EQ(get<u64>(kRet + 8), 1u);
  call(kStreams, "[method]input-stream.read", {in, UINT64_MAX, kRet});
  EXPECT_EQ(text(kRet + 4), "o");
  call(kStreams, "[method]input-stream.read", {in, 1, kRet});
  EXPECT_EQ(get<u8>(kRet), kError);
  EXPECT_EQ(get<u8>(kRet + 4), kClosed);
  call(kStreams, "[method]input-stream.read", {in, 0, kRet});
  EXPECT_EQ(get<u8>(kRet), kOk);
  EXPECT_EQ(get(kRet + 8), 0u);
}

TEST_F(IoTest, StdoutAndStderrAreKept) {
  const u32 out = stream("stdout");
  const u32 err = stream("stderr");
  call(kStreams, "[method]output-stream.check-write", {out, kRet});
  EXPECT_EQ(get<u64>(kRet + 8), 65536u);
  const Passed data = pass("reply");
  call(kStreams, "[method]output-stream.write", {out, data.at, data.size, kRet});
  EXPECT_EQ(get<u8>(kRet), kOk);
  const Passed log = pass("log\n");
  call(kStreams, "[method]output-stream.blocking-write-and-flush", {err, log.at, log.size, kRet});
  call(kStreams, "[method]output-stream.write-zeroes", {out, 2, kRet});
  EXPECT_EQ(context.out(), std::string("reply\0\0", 7));
  EXPECT_EQ(context.err(), "log\n");
  EXPECT_EQ(context.log_chunks().size(), 1u);
}

TEST_F(IoTest, StdoutIsTheLogOfWhatHandlesHttp) {
  const HttpRequest request{.method = "GET"};
  begin(&request);
  const Passed data = pass("print\n");
  call(kStreams, "[method]output-stream.write", {stream("stdout"), data.at, data.size, kRet});
  EXPECT_EQ(context.out(), "");
  EXPECT_EQ(context.err(), "print\n");
}

TEST_F(IoTest, OutputPastItsBoundEndsTheGuest) {
  begin(nullptr, {.quotas = {.stdout_bytes = 8}});
  const Passed data = pass("0123456789");
  const u32 out = stream("stdout");
  EXPECT_TRUE(raw(kStreams, "[method]output-stream.write", {out, data.at, data.size, kRet}).stop);
  EXPECT_EQ(context.stop(), wasi::Stop::kOutputFull);
  EXPECT_EQ(context.out(), "01234567");
}

TEST_F(IoTest, AWriteThatWasNotPermittedEndsTheGuest) {
  const u32 out = stream("stdout");
  trap(kStreams, "[method]output-stream.write", {out, kText, 65537, kRet});
  begin();
  trap(kStreams, "[method]output-stream.blocking-write-and-flush", {out, kText, 4097, kRet});
}

TEST_F(IoTest, SpliceMovesBytes) {
  begin(nullptr, {.stdin_data = "hello"});
  const u32 in = stream("stdin");
  const u32 out = stream("stdout");
  call(kStreams, "[method]output-stream.splice", {out, in, 4, kRet});
  EXPECT_EQ(get<u64>(kRet + 8), 4u);
  call(kStreams, "[method]output-stream.blocking-splice", {out, in, 100, kRet});
  EXPECT_EQ(get<u64>(kRet + 8), 1u);
  call(kStreams, "[method]output-stream.splice", {out, in, 4, kRet});
  EXPECT_EQ(get<u8>(kRet), kError);
  EXPECT_EQ(get<u8>(kRet + 8), kClosed);
  EXPECT_EQ(context.out(), "hello");
}

TEST_F(IoTest, StreamsAreAlwaysReady) {
  const u32 pollable =
      static_cast<u32>(call(kStreams, "[method]input-stream.subscribe", {stream("stdin")}));
  EXPECT_EQ(call(kPoll, "[method]pollable.ready", {pollable}), 1u);
  call(kPoll, "[method]pollable.block", {pollable});
  EXPECT_FALSE(context.drawn().clock);  // nothing was learned of the time
  EXPECT_TRUE(clock.slept.empty());
}

TEST_F(IoTest, BlockWaitsForAClock) {
  const std::int64_t start = now();
  const u32 pollable = timer(1000);
  EXPECT_EQ(call(kPoll, "[method]pollable.ready", {pollable}), 0u);
  call(kPoll, "[method]pollable.block", {pollable});
  EXPECT_EQ(now(), start + 1000);
  EXPECT_EQ(call(kPoll, "[method]pollable.ready", {pollable}), 1u);
  EXPECT_TRUE(context.drawn().clock);
}

TEST_F(IoTest, PollWaitsForTheFirstClock) {
  const std::int64_t start = now();
  const u32 late = timer(5000);
  const u32 soon = timer(1000);
  const u32 too = timer(1000);
  EXPECT_EQ(poll({late, soon, too}), (std::vector<u32>{1, 2}));
  EXPECT_EQ(now(), start + 1000);
}

TEST_F(IoTest, PollDoesNotWaitWhereSomethingIsReady) {
  const u32 late = timer(5000);
  const u32 ready =
      static_cast<u32>(call(kStreams, "[method]output-stream.subscribe", {stream("stdout")}));
  EXPECT_EQ(poll({late, ready}), (std::vector<u32>{1}));
  EXPECT_EQ(poll({ready, ready}), (std::vector<u32>{0, 1}));
  EXPECT_TRUE(clock.slept.empty());
}

TEST_F(IoTest, AnInstantThatIsPastIsReady) {
  const u32 past = static_cast<u32>(call(kClock, "subscribe-instant", {1}));
  EXPECT_EQ(poll({past}), (std::vector<u32>{0}));
  EXPECT_TRUE(clock.slept.empty());
}

TEST_F(IoTest, PollOfNothingEndsTheGuest) { trap(kPoll, "poll", {kText, 0, kRet}); }

TEST_F(IoTest, WaitingPastTheDeadlineEndsTheGuest) {
  const Monotonic deadline(Nanoseconds(now() + 500));
  for (u64 wait : {u64{501}, UINT64_MAX}) {
    begin(nullptr, {.deadline = deadline});
    const u32 pollable = timer(wait);
    EXPECT_TRUE(raw(kPoll, "[method]pollable.block", {pollable}).stop);
    EXPECT_EQ(context.stop(), wasi::Stop::kDeadline);
    EXPECT_EQ(clock.slept.back(), Nanoseconds(deadline.time_since_epoch()).count());
  }
}

TEST_F(IoTest, ClocksComeFromOutside) {
  EXPECT_EQ(call(kClock, "now", {}), static_cast<u64>(now()));
  EXPECT_EQ(call(kClock, "resolution", {}), 1u);
  clock.wall_ns = 1'700'000'000'123'456'789;
  call("wasi:clocks/wall-clock", "now", {kRet});
  EXPECT_EQ(get<u64>(kRet), 1'700'000'000u);
  EXPECT_EQ(get(kRet + 8), 123'456'789u);
  EXPECT_TRUE(context.drawn().clock);
}

TEST_F(IoTest, RandomnessComesFromOutside) {
  EXPECT_FALSE(context.drawn().random);
  call(kRandom, "get-random-bytes", {4, kRet});
  EXPECT_EQ(text(kRet), "\x01\x02\x03\x04");
  EXPECT_EQ(call(kRandom, "get-random-u64", {}), 0x0c0b0a0908070605u);
  call("wasi:random/insecure-seed", "insecure-seed", {kRet});
  EXPECT_EQ(get<u64>(kRet), 0x14131211100f0e0du);
  call("wasi:random/insecure", "get-insecure-random-bytes", {0, kRet});
  EXPECT_EQ(get(kRet + 4), 0u);
  EXPECT_TRUE(context.drawn().random);
}

TEST_F(IoTest, ASnapshotDrawsAnewIntoTheMemory) {
  EXPECT_EQ(call(kAbiModule, "random_get", {kRet, 3}), 0u);
  EXPECT_EQ(get(kRet), 0x030201u);
  EXPECT_TRUE(context.drawn().random);
  trap(kAbiModule, "random_get", {0xfffffffe, 3});
  begin();
  trap(kAbiModule, "random_get", {kRet, 257});
}

TEST_F(IoTest, RandomBytesByTheGigabyteCostTheHostNothing) {
  raw(kRandom, "get-random-bytes", {0xffffffff, kRet});
  EXPECT_EQ(random.calls, 0);
  trap(kAbiModule, "alloc_give", {kHeap});
  begin();
  trap(kRandom, "get-random-bytes", {u64{1} << 32, kRet});
}

TEST_F(IoTest, EnvironmentAndArguments) {
  begin(nullptr, {.lists = {.args = {"f"}, .environ = {"A=1", "B=x=y", "C"}}});
  call("wasi:cli/environment", "get-environment", {kRet});
  ASSERT_EQ(get(kRet + 4), 3u);
  const u32 at = get(kRet);
  EXPECT_EQ(text(at), "A");
  EXPECT_EQ(text(at + 8), "1");
  EXPECT_EQ(text(at + 24), "x=y");
  EXPECT_EQ(text(at + 32), "C");
  EXPECT_EQ(text(at + 40), "");
  EXPECT_TRUE(context.drawn().environ);
  EXPECT_FALSE(context.drawn().args);
  call("wasi:cli/environment", "initial-cwd", {kRet});
  EXPECT_EQ(get<u8>(kRet), 0);
  call("wasi:cli/terminal-stdout", "get-terminal-stdout", {kRet});
  EXPECT_EQ(get<u8>(kRet), 0);
}

TEST_F(IoTest, ExitEndsTheGuest) {
  EXPECT_TRUE(raw("wasi:cli/exit", "exit", {1}).stop);
  EXPECT_EQ(context.stop(), wasi::Stop::kExit);
  EXPECT_EQ(context.exit_code(), 1u);
  begin();
  EXPECT_TRUE(raw("wasi:cli/exit", "exit-with-code", {42}).stop);
  EXPECT_EQ(context.exit_code(), 42u);
  begin();
  trap("wasi:cli/exit", "exit", {2});
}

TEST_F(IoTest, SocketsAreDeniedByTheirOwnError) {
  const u32 network =
      static_cast<u32>(call("wasi:sockets/instance-network", "instance-network", {}));
  call("wasi:sockets/tcp-create-socket", "create-tcp-socket", {0, kRet});
  EXPECT_EQ(get<u8>(kRet), kError);
  EXPECT_EQ(get<u8>(kRet + 4), 1);  // access-denied
  ASSERT_TRUE(context.denial());
  EXPECT_EQ(context.denial()->message, "a TCP socket: no connection is granted");
  const Passed name = pass("example.org");
  call("wasi:sockets/ip-name-lookup", "resolve-addresses", {network, name.at, name.size, kRet});
  EXPECT_EQ(get<u8>(kRet + 4), 1);
  EXPECT_NE(context.denial()->message.find("example.org"), std::string::npos);
  EXPECT_EQ(trap("wasi:sockets/tcp", "[method]tcp-socket.subscribe", {network}),
            "handle 1 has type network, where tcp-socket was expected");
}

}  // namespace
}  // namespace ferry::wasi2
