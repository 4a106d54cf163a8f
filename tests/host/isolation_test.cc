// Isolation through the host: events that leave marks and end in every way, in one order after the
// other, in the checking mode (the whole state is compared after each event that its instance
// survives, and a difference ends the process). Each event first looks for traces of earlier ones.
//
// FERRY_ISOLATION_EVENTS sets the number of events (`make test-isolation`: a million);
// FERRY_ISOLATION_COMPONENT names the one component to run (hello-py).
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <random>

#include <gtest/gtest.h>

#include "base/clock.h"
#include "bundle/store.h"
#include "engine/compiler.h"
#include "engine/guards.h"
#include "engine/loader.h"
#include "engine/plugins.h"
#include "engine/tally.h"
#include "function/function.h"
#include "host/host.h"
#include "host/loaded.h"
#include "tree.h"

namespace ferry::host {
namespace {

struct Kind {
  char letter;  // tests/engine/guests/spiteful.wat
  Status status;
};

// The instance outlives these…
constexpr Kind kKept[] = {{'f', Status::kOk}, {'w', Status::kOk}, {'z', Status::kOk}};
// …and not, or not always, these.
constexpr Kind kLost[] = {
    {'x', Status::kFailed}, {'g', Status::kOk}, {'t', Status::kTrapped}, {'b', Status::kTrapped}};
constexpr std::size_t kEndlessEvery = 5003;  // each waits for its deadline

class Isolation : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    char folder[] = "/tmp/ferry-isolation-XXXXXX";
    ASSERT_NE(mkdtemp(folder), nullptr);
    folder_ = folder;
    auto engine = engine::load_engine(GetParam(), {});
    ASSERT_TRUE(engine.ok()) << engine.error().text();
    engine_ = std::make_unique<engine::LoadedEngine>(std::move(*engine));
    host_ = std::make_unique<Host>(**engine_, system_clock(), system_random());
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::shared_ptr<Loaded> load(reset::GuardKind way,
                               const std::string& path = "tests/guests/spiteful.wasm") {
    auto function = function::load_function(in_build(path), "");
    EXPECT_TRUE(function.ok()) << function.error().text();
    auto store = bundle::Store::open({folder_});
    EXPECT_TRUE(store.ok()) << store.error().text();
    auto bundle = store->get(
        *function, (*engine_)->info(),
        [&](ByteView prepared) { return engine::compile_in_child(GetParam(), {}, prepared, {}); },
        nullptr);
    EXPECT_TRUE(bundle.ok()) << bundle.error().text();
    function->manifest.limits.timeout = std::chrono::seconds(60);
    LoadOptions options{function->name, function->manifest, {}};
    options.keeping.guard = way;
    options.keeping.check = true;
    auto loaded = host_->load(*bundle, options);
    EXPECT_TRUE(loaded.ok()) << loaded.error().text();
    return loaded.ok() ? *loaded : nullptr;
  }

  void send(Loaded& function, const Kind& kind) {
    event::Event event;
    event.id = "1";
    event.source = "/test";
    event.type = "test";
    event.data = std::string(1, kind.letter) + std::string(900, 'x');
    InvokeOptions options;
    if (kind.status == Status::kTimeout) {
      options.deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(20);
    }
    const Outcome outcome = host_->invoke(function, event, options);
    ASSERT_EQ(status_row(outcome.status).name, std::string(status_row(kind.status).name))
        << kind.letter << ": " << outcome.message << outcome.reply.data;
    if (outcome.status == Status::kOk) {
      ASSERT_EQ(outcome.reply.data, "clean") << kind.letter;
    }
  }

  std::string folder_;
  std::unique_ptr<engine::LoadedEngine> engine_;
  std::unique_ptr<Host> host_;
};

TEST_P(Isolation, NoEventMeetsWhatAnotherLeft) {
  if (!(*engine_)->info().capabilities.resettable) {
    GTEST_SKIP() << GetParam() << " does not publish the capability resettable";
  }
  std::size_t ran = 0;
  for (reset::GuardKind way : engine::guards_here()) {
    const std::string name(reset::guard_name(way));
    SCOPED_TRACE(name);
    const auto seed = std::random_device()();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 order(seed);
    auto function = load(way);
    ASSERT_NE(function, nullptr);
    for (int number = 0; number < 3; ++number) {
      send(*function, kKept[0]);
    }
    if (way == reset::GuardKind::kSignal && !function->keeps()) {
      continue;  // another engine in this process has the handler of SIGSEGV
    }
    ASSERT_TRUE(function->keeps());
    ++ran;
    engine::Tally tally("through_the_host", GetParam(), name, engine::isolation_events());
    for (std::size_t number = 0; number < engine::isolation_events(); ++number) {
      Kind kind = kKept[order() % std::size(kKept)];
      if (number % kEndlessEvery == 1) {
        kind = {'e', Status::kTimeout};
      } else if (number % 4 == 3) {  // never so many in a row that keeping is given up
        kind = kLost[order() % std::size(kLost)];
      }
      send(*function, kind);
      if (HasFatalFailure()) {
        return;
      }
      tally.event();
    }
  }
  if (ran == 0) GTEST_SKIP() << "neither way of finding written pages can be had here";
}

struct Sample {
  const char* tally;
  const char* file;        // below build/functions (make functions-components)
  std::size_t fewer;       // short runs are divided by it: an event takes as much longer
  Status when_it_refuses;  // an event that isn't a JSON object
};
constexpr Sample kSamples[] = {
    {"component_rust", "hello-rust-http", 1, Status::kOk},
    {"component_rust_03", "hello-rust-async", 1, Status::kOk},
    {"component_c", "hello-c-run", 1, Status::kFailed},
    {"component_go", "hello-go-http", 10, Status::kOk},
    {"component_javascript", "hello-js", 100, Status::kOk},
    {"component_python", "hello-py", 100, Status::kOk},
};

// Lowered components: each event says a word of its own, and is answered with that and no other.
class ComponentIsolation : public Isolation {
 protected:
  // The one component to run, with every event that is asked for; null: all of them.
  static const char* only() { return std::getenv("FERRY_ISOLATION_COMPONENT"); }

  void send_words(Loaded& function, const Sample& component, std::size_t number) {
    const bool refuse = number % 5 == 4;
    const std::string word = "word-" + std::to_string(number);
    event::Event event;
    event.id = std::to_string(number);
    event.source = "/test";
    event.type = "test";
    event.datacontenttype = "application/json";
    event.data = refuse ? "[\"" + word + "\"]" : R"({"name":")" + word + R"("})";
    const Outcome outcome = host_->invoke(function, event, {});
    ASSERT_EQ(status_row(outcome.status).name,
              std::string(status_row(refuse ? component.when_it_refuses : Status::kOk).name))
        << outcome.message << outcome.reply.data;
    if (!refuse) {
      ASSERT_EQ(outcome.reply.data, R"({"message":"Hello, )" + word + R"(!"})");
    }
    ASSERT_EQ(outcome.logs.size(), 1U);
    ASSERT_EQ(outcome.logs[0].text, refuse ? "hello: refusing: the event is not a JSON object"
                                           : "hello: greeting " + word);
  }

  void run(const Sample& component, reset::GuardKind way, const std::string& path) {
    const std::string name(reset::guard_name(way));
    SCOPED_TRACE(name);
    auto function = load(way, path);
    ASSERT_NE(function, nullptr);
    for (std::size_t number = 0; number < 3; ++number) {  // the second one keeps its instance
      send_words(*function, component, number);
      if (HasFatalFailure()) return;
    }
    ASSERT_TRUE(function->keeps());
    constexpr std::size_t kLongRun = 1'000'000;  // is as long for all
    const std::size_t asked = engine::isolation_events();
    const bool whole = asked >= kLongRun || only() != nullptr;
    const std::size_t events = whole ? asked : std::max<std::size_t>(asked / component.fewer, 5);
    engine::Tally tally(component.tally, GetParam(), name, events);
    for (std::size_t number = 0; number < events; ++number) {
      send_words(*function, component, number);
      if (HasFatalFailure()) return;
      tally.event();
    }
    EXPECT_TRUE(function->keeps());
  }
};

TEST_P(ComponentIsolation, NoEventMeetsWhatAnotherLeft) {
  if (!(*engine_)->info().capabilities.resettable) {
    GTEST_SKIP() << GetParam() << " does not publish the capability resettable";
  }
  std::size_t ran = 0;
  for (const Sample& component : kSamples) {
    if (only() != nullptr && std::string_view(only()) != component.file) continue;
    const std::string path = std::string("functions/") + component.file + ".wasm";
    if (!std::filesystem::exists(in_build(path))) continue;
    SCOPED_TRACE(component.file);
    ++ran;
    for (const reset::GuardKind way : engine::guards_here()) {
      if (way == reset::GuardKind::kUserfault && component.fewer > 1) continue;
      run(component, way, path);
      if (HasFatalFailure()) return;
    }
  }
  if (ran == 0) GTEST_SKIP() << "no sample component is built: make functions-components";
}

INSTANTIATE_TEST_SUITE_P(Engines, ComponentIsolation, testing::ValuesIn(engine::engine_names()),
                         [](const auto& engine) { return engine.param; });

INSTANTIATE_TEST_SUITE_P(Engines, Isolation, testing::ValuesIn(engine::engine_names()),
                         [](const auto& engine) { return engine.param; });

}  // namespace
}  // namespace ferry::host
