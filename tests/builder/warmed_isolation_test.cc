// Isolation over warmed first states: reactors and components whose events all start from the state
// after one warm event. Each event must find exactly that state and nothing of the events before
// it, in the checking mode (the whole state is compared after each event that its instance
// survives, and a difference ends the process).
//
// FERRY_ISOLATION_EVENTS sets the number of events (`make test-isolation`: a million).
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "builder/snapshot_builder.h"
#include "engine/compiler.h"
#include "engine/guards.h"
#include "engine/loader.h"
#include "engine/plugins.h"
#include "engine/tally.h"
#include "function/function.h"
#include "host/host.h"
#include "host/loaded.h"
#include "tree.h"
#include "wasm/wat.h"

namespace ferry::builder {
namespace {

using host::Status;

// A reactor that leaves marks. The event 'm', which warms it, counts itself and marks each page;
// every other event replies "clean" where it finds the marks of exactly the events that its own
// count tells of, at most one, then overwrites what it can and ends as its letter says.
constexpr char kSpiteful[] = R"wat((module
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 12)
  (global $warmed (mut i64) (i64.const 0))
  (global $seen (mut i32) (i32.const 0))
  (global $float (mut f64) (f64.const -0))
  (data (i32.const 16) "cleandirty")
  (func $clean (result i32)
    (local $at i32)
    (if (global.get $seen) (then (return (i32.const 0))))
    (if (i64.gt_u (global.get $warmed) (i64.const 1)) (then (return (i32.const 0))))
    (if (i64.ne (i64.reinterpret_f64 (global.get $float)) (i64.const 0x8000000000000000))
      (then (return (i32.const 0))))
    (loop $next
      (if (i64.ne (i64.load offset=64 (local.get $at))
                  (i64.mul (global.get $warmed) (i64.const 0x1122334455667788)))
        (then (return (i32.const 0))))
      (local.set $at (i32.add (local.get $at) (i32.const 4096)))
      (br_if $next (i32.lt_u (local.get $at) (i32.const 786432))))
    (i32.const 1))
  (func $say (param $text i32)
    (i32.store (i32.const 1024) (local.get $text))
    (i32.store (i32.const 1028) (i32.const 5))
    (drop (call $write (i32.const 1) (i32.const 1024) (i32.const 1) (i32.const 1032))))
  (func (export "handle") (result i32)
    (local $kind i32) (local $n i32)
    (if (i32.eqz (call $clean)) (then (call $say (i32.const 21)) (return (i32.const 0))))
    (call $say (i32.const 16))
    (i32.store (i32.const 1024) (i32.const 409590))  ;; read across two pages
    (i32.store (i32.const 1028) (i32.const 400))
    (drop (call $read (i32.const 0) (i32.const 1024) (i32.const 1) (i32.const 1032)))
    (local.set $kind (i32.load8_u (i32.const 409590)))
    ;; m: warms it
    (if (i32.eq (local.get $kind) (i32.const 0x6d)) (then
      (global.set $warmed (i64.add (global.get $warmed) (i64.const 1)))
      (loop $next
        (i64.store offset=64 (local.get $n)
          (i64.mul (global.get $warmed) (i64.const 0x1122334455667788)))
        (local.set $n (i32.add (local.get $n) (i32.const 4096)))
        (br_if $next (i32.lt_u (local.get $n) (i32.const 786432))))
      (return (i32.const 0))))
    (global.set $seen (i32.const 1))
    (global.set $float (f64.const nan:0x123456789abcd))
    ;; f: every byte
    (if (i32.eq (local.get $kind) (i32.const 0x66)) (then
      (memory.fill (i32.const 0) (i32.const 0xa5) (i32.const 786432))
      (return (i32.const 0))))
    ;; forty random words for all others
    (drop (call $random (i32.const 4096) (i32.const 160)))
    (local.set $n (i32.const 160))
    (loop $next
      (local.set $n (i32.sub (local.get $n) (i32.const 4)))
      (i64.store
        (i32.add (i32.const 64) (i32.mul (i32.const 4096)
          (i32.rem_u (i32.load (i32.add (i32.const 4096) (local.get $n))) (i32.const 192))))
        (i64.const -1))
      (br_if $next (local.get $n)))
    ;; x: fails, z: exits with 0 in the middle
    (if (i32.eq (local.get $kind) (i32.const 0x78)) (then (return (i32.const 3))))
    (if (i32.eq (local.get $kind) (i32.const 0x7a)) (then (call $exit (i32.const 0))))
    ;; g: grows
    (if (i32.eq (local.get $kind) (i32.const 0x67)) (then
      (drop (memory.grow (i32.const 2)))
      (i64.store (i32.const 786496) (i64.const -1))))
    ;; t: traps, b: out of bounds
    (if (i32.eq (local.get $kind) (i32.const 0x74)) (then (unreachable)))
    (if (i32.eq (local.get $kind) (i32.const 0x62))
      (then (i64.store (i32.const 0x7ffffff0) (i64.const -1))))
    (i32.const 0)))
)wat";

struct Kind {
  char letter;
  Status status;
};
constexpr Kind kKept[] = {{'f', Status::kOk}, {'w', Status::kOk}, {'m', Status::kOk}};
constexpr Kind kLost[] = {{'x', Status::kFailed},
                          {'z', Status::kOk},
                          {'g', Status::kOk},
                          {'t', Status::kTrapped},
                          {'b', Status::kTrapped}};

// Functions in languages: each event says a word of its own, and is answered with that alone.
struct Sample {
  const char* tally;
  const char* file;        // below build/functions
  Status when_it_refuses;  // an event that isn't JSON
};
constexpr Sample kSamples[] = {
    {"warmed_go", "hello-go-reactor", Status::kFailed},
    {"warmed_rust", "hello-rust-http", Status::kOk},
    {"warmed_rust_03", "hello-rust-async", Status::kOk},
};

class WarmedIsolation : public ::testing::TestWithParam<std::string> {
 protected:
  // One folder for all: the store of a process is where it was at first.
  static void SetUpTestSuite() {
    folder_ = std::make_unique<ferry::testing::TempFolder>();
    setenv("XDG_CACHE_HOME", folder_->path().c_str(), 1);
  }
  static void TearDownTestSuite() { folder_.reset(); }

  void SetUp() override {
    auto engine = engine::load_engine(GetParam(), {});
    ASSERT_TRUE(engine.ok()) << engine.error().text();
    engine_ = *std::move(engine);
    host_ = std::make_unique<host::Host>(*engine_, system_clock(), system_random());
    if (!engine_->info().capabilities.resettable) {
      GTEST_SKIP() << GetParam() << " does not publish the capability resettable";
    }
  }

  struct Warmed {
    bundle::Bundle bundle;
    host::LoadOptions how;
  };
  void warm(Result<function::Function> function, std::string_view event, Warmed& out) {
    ASSERT_TRUE(function.ok()) << function.error().text();
    function->manifest.warm = {folder_->write("warm.json", event)};
    SnapshotRequest how;
    how.accepted = "hash-key";
    auto built = build_snapshot(*engine_, {}, *function, how);
    ASSERT_TRUE(built.ok()) << built.error().text();
    auto bundle = stored_bundles(engine_->info(), {})(built->function);
    ASSERT_TRUE(bundle.ok()) << bundle.error().text();
    out.bundle = *std::move(bundle);
    out.how.name = function->name;
    out.how.manifest = function->manifest;
    out.how.keeping.check = true;
  }

  std::shared_ptr<host::Loaded> load(const Warmed& warmed, reset::GuardKind way) {
    host::LoadOptions options = warmed.how;
    options.keeping.guard = way;
    auto loaded = host_->load(warmed.bundle, options);
    EXPECT_TRUE(loaded.ok()) << loaded.error().text();
    return loaded.ok() ? *loaded : nullptr;
  }

  host::Outcome send(host::Loaded& function, std::string data) {
    event::Event event;
    event.id = "1";
    event.source = "/test";
    event.type = "test";
    event.data = std::move(data);
    return host_->invoke(function, event, {});
  }

  void send_kind(host::Loaded& function, const Kind& kind) {
    const auto outcome = send(function, std::string(1, kind.letter) + std::string(300, 'x'));
    ASSERT_EQ(host::status_row(outcome.status).name,
              std::string(host::status_row(kind.status).name))
        << kind.letter << ": " << outcome.message << outcome.reply.data;
    if (outcome.status == Status::kOk) {
      ASSERT_EQ(outcome.reply.data, "clean") << kind.letter;
    }
  }

  void send_word(host::Loaded& function, const Sample& sample, std::size_t number) {
    const bool refuse = number % 5 == 4;
    const std::string word = "word-" + std::to_string(number);
    const auto outcome = send(function, refuse ? word : R"({"name":")" + word + R"("})");
    ASSERT_EQ(outcome.status, refuse ? sample.when_it_refuses : Status::kOk)
        << outcome.message << outcome.reply.data;
    ASSERT_EQ(outcome.logs.size(), 1U);
    if (refuse) {
      ASSERT_TRUE(outcome.logs[0].text.starts_with("hello: refusing: ")) << outcome.logs[0].text;
    } else {
      ASSERT_EQ(outcome.reply.data, R"({"message":"Hello, )" + word + R"(!"})");
      ASSERT_EQ(outcome.logs[0].text, "hello: greeting " + word);
    }
  }

  inline static std::unique_ptr<ferry::testing::TempFolder> folder_;
  engine::LoadedEngine engine_;
  std::unique_ptr<host::Host> host_;
};

TEST_P(WarmedIsolation, NoEventMeetsMoreThanTheWarmOneLeft) {
  Warmed warmed;
  warm(function::make_function("spiteful", ferry::testing::wat(kSpiteful), {}), "m", warmed);
  if (HasFatalFailure()) return;
  std::size_t ran = 0;
  for (const reset::GuardKind way : engine::guards_here()) {
    const std::string name(reset::guard_name(way));
    SCOPED_TRACE(name);
    const auto seed = std::random_device()();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 order(seed);
    auto function = load(warmed, way);
    ASSERT_NE(function, nullptr);
    for (int number = 0; number < 3; ++number) send_kind(*function, kKept[0]);
    if (HasFatalFailure()) return;
    if (way == reset::GuardKind::kSignal && !function->keeps()) {
      continue;  // another engine in this process has the handler of SIGSEGV
    }
    ASSERT_TRUE(function->keeps());
    ++ran;
    engine::Tally tally("warmed_all_kinds", GetParam(), name, engine::isolation_events());
    for (std::size_t number = 0; number < engine::isolation_events(); ++number) {
      // Never so many lost in a row that keeping is given up.
      send_kind(*function, number % 4 == 3 ? kLost[order() % std::size(kLost)]
                                           : kKept[order() % std::size(kKept)]);
      if (HasFatalFailure()) return;
      tally.event();
    }
  }
  if (ran == 0) GTEST_SKIP() << "neither way of finding written pages can be had here";
}

TEST_P(WarmedIsolation, EachLanguageAnswersWithItsOwnEventAlone) {
  std::size_t ran = 0;
  for (const Sample& sample : kSamples) {
    const std::string path = in_build(std::string("functions/") + sample.file + ".wasm");
    if (!std::filesystem::exists(path)) continue;
    SCOPED_TRACE(sample.file);
    ++ran;
    Warmed warmed;
    warm(function::load_function(path, ""), R"({"name":"Ada"})", warmed);
    if (HasFatalFailure()) return;
    for (const reset::GuardKind way : engine::guards_here()) {
      const std::string name(reset::guard_name(way));
      SCOPED_TRACE(name);
      auto function = load(warmed, way);
      ASSERT_NE(function, nullptr);
      for (std::size_t number = 0; number < 3; ++number) send_word(*function, sample, number);
      if (HasFatalFailure()) return;
      if (!function->keeps()) continue;
      const std::size_t events = engine::isolation_events();
      engine::Tally tally(sample.tally, GetParam(), name, events);
      for (std::size_t number = 0; number < events; ++number) {
        send_word(*function, sample, number);
        if (HasFatalFailure()) return;
        tally.event();
      }
      EXPECT_TRUE(function->keeps());
    }
  }
  if (ran == 0) GTEST_SKIP() << "no sample is built: make functions functions-components";
}

INSTANTIATE_TEST_SUITE_P(Engines, WarmedIsolation, ::testing::ValuesIn(engine::engine_names()),
                         [](const auto& engine) { return engine.param; });

}  // namespace
}  // namespace ferry::builder
