// An engine that runs C++ in place of wasm, and fails where a test wants it to: for the parts of
// the host that no real engine reaches on demand.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bundle/bundle.h"
#include "engine/engine.h"
#include "wasi/calls.h"
#include "wasi/context.h"
#include "wasm/record.h"

namespace ferry::host {

// What the one module of a FakeEngine does. Changed by the test between events.
struct FakeGuest {
  using Export = std::function<engine::End(wasi::Context&)>;
  std::map<std::string, Export, std::less<>> exports;
  std::map<std::string, std::uint64_t, std::less<>> globals;
  std::vector<std::uint8_t> memory = std::vector<std::uint8_t>(4u << 10);
  std::optional<Error> load_error;
  std::optional<Error> instantiate_error;
  std::optional<std::uint64_t> instructions;

  // What happened; several threads may call one guest.
  std::mutex mutex;
  std::vector<std::string> called;
  std::vector<engine::InstanceLimits> instantiated;
};

class FakeEngine final : public engine::Engine {
 public:
  explicit FakeEngine(FakeGuest& guest) : guest_(guest) {
    info_.name = "fake";
    info_.version = "1";
    info_.fingerprint = "fake 1";
    info_.capabilities.deadline = true;
  }

  const engine::Info& info() const override { return info_; }
  engine::Capabilities& capabilities() { return info_.capabilities; }
  Result<Bytes> compile(ByteView prepared) override {
    return Bytes(prepared.begin(), prepared.end());
  }
  Result<std::unique_ptr<engine::Module>> load(int, std::uint64_t, std::uint64_t) override;

 private:
  FakeGuest& guest_;
  engine::Info info_;
};

// A bundle that a FakeEngine takes.
bundle::Bundle fake_bundle(const wasm::Record& record);

// What guests do, by the same calls as wasm would.
void write_to(wasi::Context& context, std::uint32_t fd, std::string_view text);
std::string read_stdin(wasi::Context& context);
engine::End leave(wasi::Context& context, std::uint32_t code);          // proc_exit
bool sleep_for(wasi::Context& context, std::chrono::nanoseconds time);  // true: it was ended
void open_path(wasi::Context& context, std::string_view path);
std::vector<std::string> environment_of(wasi::Context& context);

}  // namespace ferry::host
