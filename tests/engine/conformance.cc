#include "engine/conformance.h"

#include <sys/mman.h>

#include "base/file.h"
#include "tree.h"
#include "wasm/binary.h"
#include "wasm/prepare.h"

namespace ferry::engine {

Bytes guest(const std::string& name) {
  auto bytes = read_file(in_build("tests/guests/" + name + ".wasm"), 1 << 24);
  EXPECT_TRUE(bytes.ok()) << (bytes.ok() ? "" : bytes.error().text());
  return bytes.ok() ? std::move(*bytes) : Bytes{};
}

Ticking::Ticking(Engine& engine)
    : thread_([this, &engine] {
        while (!stop_) {
          std::this_thread::sleep_for(Engine::kTick);
          engine.tick();
        }
      }) {}

Ticking::~Ticking() {
  stop_ = true;
  thread_.join();
}

void Conformance::open(const EngineOptions& options) {
  ticking_.reset();
  engine_.reset();
  auto loaded = load_engine(GetParam(), options);
  ASSERT_TRUE(loaded.ok()) << loaded.error().text();
  engine_ = std::make_unique<LoadedEngine>(std::move(*loaded));
  ticking_ = std::make_unique<Ticking>(**engine_);
  context_ = std::make_unique<wasi::Context>(system_clock(), system_random());
}

std::unique_ptr<Module> Conformance::load(const Bytes& wasm) {
  const auto artifact = compile(wasm);
  return artifact == nullptr ? nullptr : load_artifact(*artifact);
}

std::unique_ptr<Bytes> Conformance::compile(const Bytes& wasm) {
  auto binary = wasm::read_binary(wasm);
  if (!binary.ok()) {
    ADD_FAILURE() << binary.error().text();
    return nullptr;
  }
  auto prepared = wasm::prepare(wasm, *binary, {.poll = !can().deadline});
  if (!prepared.ok()) {
    ADD_FAILURE() << prepared.error().text();
    return nullptr;
  }
  auto artifact = (*engine_)->compile(prepared->wasm);
  if (!artifact.ok()) {
    ADD_FAILURE() << artifact.error().text();
    return nullptr;
  }
  return std::make_unique<Bytes>(std::move(*artifact));
}

std::unique_ptr<Module> Conformance::load_artifact(const Bytes& artifact) {
  const Fd fd(memfd_create("artifact", MFD_CLOEXEC));
  EXPECT_TRUE(write_all(fd.get(), artifact, "artifact").ok());
  auto module = (*engine_)->load(fd.get(), 0, artifact.size());
  EXPECT_TRUE(module.ok()) << module.error().text();
  return module.ok() ? std::move(*module) : nullptr;
}

std::unique_ptr<Instance> Conformance::instance(Module& module, const InstanceLimits& limits) {
  auto made = module.instantiate(limits);
  EXPECT_TRUE(made.ok()) << made.error().text();
  return made.ok() ? std::move(*made) : nullptr;
}

End Conformance::call(Instance& instance, std::string_view name, std::string_view input,
                      std::chrono::milliseconds time) {
  const Monotonic deadline = std::chrono::steady_clock::now() + time;
  wasi::Setup setup;
  setup.lists.args = {"suite"};
  setup.stdin_data = input;
  setup.deadline = deadline;
  context_->reset(std::move(setup));
  return instance.call(name, *context_, deadline);
}

}  // namespace ferry::engine
