// What the engines' conformance suite shares: every plug-in that is built is a parameter, and a
// guest is loaded the way ferry does it: prepared, compiled, loaded from a descriptor.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "engine/loader.h"
#include "engine/plugins.h"
#include "wasi/context.h"

namespace ferry::engine {

// tests/engine/guests/<name>.wat, as wasm.
Bytes guest(const std::string& name);

// Ticks an engine from its own thread for as long as it lives.
class Ticking {
 public:
  explicit Ticking(Engine& engine);
  ~Ticking();

 private:
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

class Conformance : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { open({}); }
  // Makes the engine anew with other options.
  void open(const EngineOptions& options);
  const Capabilities& can() const { return (*engine_)->info().capabilities; }

  // The suite's guest, or another, ready to be instantiated.
  std::unique_ptr<Module> load(const Bytes& wasm);
  // Its two halves: null where one fails, which the test has then been told.
  std::unique_ptr<Bytes> compile(const Bytes& wasm);
  std::unique_ptr<Module> load_artifact(const Bytes& artifact);
  std::unique_ptr<Module> load() { return load(guest("suite")); }
  std::unique_ptr<Instance> instance(Module& module, const InstanceLimits& limits = {});

  // Calls with fresh stdio and, unless told, a far deadline.
  End call(Instance& instance, std::string_view name, std::string_view input = "",
           std::chrono::milliseconds time = std::chrono::seconds(30));
  const wasi::Context& context() const { return *context_; }

  std::unique_ptr<LoadedEngine> engine_;
  std::unique_ptr<Ticking> ticking_;
  std::unique_ptr<wasi::Context> context_;
};

// Says why a case does not apply; shown in the test's report.
#define FERRY_NEEDS(capability)                                                    \
  if (!can().capability) {                                                         \
    GTEST_SKIP() << GetParam() << " does not publish the capability " #capability; \
  }

}  // namespace ferry::engine
