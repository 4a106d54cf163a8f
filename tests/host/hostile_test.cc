// Guests that misbehave on purpose, one after the other in one host: each ends with its outcome
// from the table, and the event after it is answered right.
#include <cstdlib>
#include <filesystem>

#include <gtest/gtest.h>

#include "base/clock.h"
#include "base/file.h"
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

const std::string kFunctions = in_build("functions/");

constexpr std::chrono::milliseconds kNear{300};
constexpr std::chrono::milliseconds kFar{60'000};  // reached by nobody, however slow the engine

struct HostileCase {
  const char* guest;
  Status status;
};

// In an order that puts what could hurt the next event early.
constexpr HostileCase kCases[] = {
    {"hostile/unreachable", Status::kTrapped},
    {"hostile/deep-recursion", Status::kTrapped},
    {"hostile/endless-loop", Status::kTimeout},
    {"hostile/endless-start", Status::kTimeout},
    {"hostile/sleep", Status::kTimeout},
    {"hostile/memory-to-limit", Status::kOk},
    {"hostile/memory-past-limit", Status::kOutOfMemory},
    {"hostile/stdout-gigabyte", Status::kOutputTooLarge},
    {"hostile/log-million", Status::kOk},
    {"hostile/log-endless-line", Status::kOk},
    {"hostile/exit-3", Status::kFailed},
    {"hostile/panic-rust", Status::kFailed},
    {"hostile/divide-by-zero", Status::kTrapped},
    {"hostile/out-of-bounds", Status::kTrapped},
    {"hostile/data-out-of-bounds", Status::kTrapped},
    {"hostile/elements-out-of-bounds", Status::kTrapped},
    {"hostile/unnamed-frames", Status::kTrapped},
    {"hostile/wrong-call", Status::kTrapped},
    {"hostile/wild-pointers", Status::kOk},
    {"hostile/no-memory", Status::kOk},
    {"hostile/open-files", Status::kOk},
};

std::size_t open_descriptors() {
  return static_cast<std::size_t>(
      std::distance(fs::directory_iterator("/proc/self/fd"), fs::directory_iterator{}));
}

class Hostile : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    char folder[] = "/tmp/ferry-hostile-XXXXXX";
    ASSERT_NE(mkdtemp(folder), nullptr);
    folder_ = folder;
    fs::create_directory(folder_ + "/data");
    ASSERT_TRUE(write_file_atomically(folder_ + "/data/file", as_bytes("here")).ok());
    auto store = bundle::Store::open({folder_ + "/cache"});
    ASSERT_TRUE(store.ok()) << store.error().text();
    store_ = std::make_unique<bundle::Store>(std::move(*store));
    engine::EngineOptions options;
    options.max_instances = 4;
    auto engine = engine::load_engine(GetParam(), options);
    ASSERT_TRUE(engine.ok()) << engine.error().text();
    engine_ = std::make_unique<engine::LoadedEngine>(std::move(*engine));
    host_ = std::make_unique<Host>(**engine_, system_clock(), system_random());
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::shared_ptr<Loaded> load(const std::string& name, std::chrono::milliseconds timeout) {
    auto function = function::load_function(kFunctions + name + ".wasm", "");
    if (!function.ok()) {
      ADD_FAILURE() << function.error().text();
      return nullptr;
    }
    function->manifest.limits.timeout = timeout;
    function->manifest.limits.memory = 64u << 20;
    if (name.ends_with("open-files")) {
      function->manifest.grants.dirs.push_back({folder_ + "/data", "/data", false});
    }
    auto bundle = store_->get(
        *function, (*engine_)->info(),
        [&](ByteView prepared) { return engine::compile_in_child(GetParam(), {}, prepared, {}); },
        nullptr);
    if (!bundle.ok()) {
      not_compiled_ = name + ": " + bundle.error().text();
      return nullptr;
    }
    auto loaded = host_->load(*bundle, {function->name, function->manifest, {}});
    if (!loaded.ok()) {
      ADD_FAILURE() << name << ": " << loaded.error().text();
      return nullptr;
    }
    return *loaded;
  }

  Outcome send(Loaded& function, std::string data) {
    event::Event event;
    event.id = "1";
    event.source = "/test";
    event.type = "test";
    event.data = std::move(data);
    return host_->invoke(function, event, {});
  }

  std::string folder_;
  std::string not_compiled_;  // and why
  std::unique_ptr<bundle::Store> store_;
  std::unique_ptr<engine::LoadedEngine> engine_;
  std::unique_ptr<Host> host_;
};

TEST_P(Hostile, GuestsEndWithTheirOutcomeAndTheNextEventIsAnswered) {
  if (!fs::exists(kFunctions + "hostile/panic-rust.wasm") ||
      !fs::exists(kFunctions + "hello-c.wasm")) {
    GTEST_SKIP() << "the functions were not built: make functions";
  }
  auto hello = load("hello-c", kFar);
  if (hello == nullptr) {
    GTEST_SKIP() << GetParam() << " does not compile " << not_compiled_;
  }
  std::size_t descriptors = 0;
  for (int round = 0; round < 2; ++round) {
    for (const HostileCase& item : kCases) {
      SCOPED_TRACE(item.guest);
      auto guest = load(item.guest, item.status == Status::kTimeout ? kNear : kFar);
      ASSERT_NE(guest, nullptr) << not_compiled_;
      const Outcome outcome = send(*guest, "x");
      EXPECT_EQ(status_row(outcome.status).name, std::string(status_row(item.status).name))
          << outcome.message;
      if (outcome.status != Status::kOk) {
        EXPECT_TRUE(outcome.reply.data.empty()) << "half a reply is none";
        EXPECT_FALSE(outcome.message.empty());
      }
      const std::string name = std::string(item.guest).substr(8) + std::to_string(round);
      const Outcome next = send(*hello, R"({"name":")" + name + R"("})");
      EXPECT_EQ(status_row(next.status).name, std::string("ok")) << next.message;
      EXPECT_EQ(next.reply.data, R"({"message":"Hello, )" + name + R"(!"})");
    }
    // What is opened once for good, the first round has opened.
    if (round == 0) {
      descriptors = open_descriptors();
    }
  }
  EXPECT_EQ(open_descriptors(), descriptors);
}

INSTANTIATE_TEST_SUITE_P(Engines, Hostile, testing::ValuesIn(engine::engine_names()),
                         [](const auto& engine) { return engine.param; });

}  // namespace
}  // namespace ferry::host
