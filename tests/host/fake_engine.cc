#include "host/fake_engine.h"

#include <cstring>

#include <fcntl.h>
#include <gtest/gtest.h>

namespace ferry::host {
namespace {

class FakeInstance final : public engine::Instance {
 public:
  explicit FakeInstance(FakeGuest& guest) : guest_(guest) {}

  engine::End call(std::string_view name, wasi::Context& wasi, Monotonic) override {
    {
      const std::lock_guard lock(guest_.mutex);
      guest_.called.emplace_back(name);
    }
    const auto found = guest_.exports.find(name);
    if (found == guest_.exports.end()) {
      return {engine::End::Kind::kFailed, 0, "there is no export " + std::string(name), ""};
    }
    return found->second(wasi);
  }
  wasi::Memory memory() override { return {guest_.memory.data(), guest_.memory.size()}; }
  std::optional<engine::GlobalHandle> find_global(std::string_view name) override {
    const auto found = guest_.globals.find(name);
    if (found == guest_.globals.end()) {
      return std::nullopt;
    }
    return engine::GlobalHandle{
        static_cast<std::uint32_t>(std::distance(guest_.globals.begin(), found))};
  }
  std::uint64_t get_global(engine::GlobalHandle handle) override { return at(handle); }
  void set_global(engine::GlobalHandle handle, std::uint64_t bits) override { at(handle) = bits; }
  std::optional<std::uint64_t> instructions() const override { return guest_.instructions; }

 private:
  std::uint64_t& at(engine::GlobalHandle handle) {
    return std::next(guest_.globals.begin(), handle.index)->second;
  }
  FakeGuest& guest_;
};

class FakeModule final : public engine::Module {
 public:
  explicit FakeModule(FakeGuest& guest) : guest_(guest) {}
  Result<std::unique_ptr<engine::Instance>> instantiate(
      const engine::InstanceLimits& limits) override {
    {
      const std::lock_guard lock(guest_.mutex);
      guest_.instantiated.push_back(limits);
    }
    if (guest_.instantiate_error) {
      return *guest_.instantiate_error;
    }
    return std::unique_ptr<engine::Instance>(new FakeInstance(guest_));
  }

 private:
  FakeGuest& guest_;
};

// Room of a guest's own for the arguments of WASI calls.
struct ArgumentRoom {
  std::vector<std::uint8_t> bytes;
  explicit ArgumentRoom(std::size_t size) : bytes(size) {}
  wasi::Memory memory() { return {bytes.data(), bytes.size()}; }
  std::uint32_t u32(std::size_t at) const {
    std::uint32_t out = 0;
    std::memcpy(&out, bytes.data() + at, sizeof out);
    return out;
  }
  void put(std::size_t at, std::uint32_t value) {
    std::memcpy(bytes.data() + at, &value, sizeof value);
  }
};

wasi::CallResult call(wasi::Context& context, ArgumentRoom& room, std::string_view name,
                      std::vector<std::uint64_t> args) {
  args.resize(wasi::kMaxParams);
  return wasi::find_call(name)->function(context, room.memory(), args.data());
}

}  // namespace

Result<std::unique_ptr<engine::Module>> FakeEngine::load(int, std::uint64_t, std::uint64_t) {
  if (guest_.load_error) {
    return *guest_.load_error;
  }
  return std::unique_ptr<engine::Module>(new FakeModule(guest_));
}

bundle::Bundle fake_bundle(const wasm::Record& record) {
  bundle::Bundle bundle;
  bundle.info.function_name = "fake";
  bundle.info.function_digest = "sha256:00";
  bundle.info.engine_name = "fake";
  bundle.info.engine_fingerprint = "fake 1";
  bundle.info.facts = wasm::to_json(record);
  bundle.artifact = std::make_shared<bundle::Artifact>(
      "fake", Fd(::open("/dev/null", O_RDONLY | O_CLOEXEC)), nullptr, 0, bundle::CodeProof{});
  return bundle;
}

void write_to(wasi::Context& context, std::uint32_t fd, std::string_view text) {
  constexpr std::uint32_t kText = 16;
  ArgumentRoom room(kText + text.size());
  room.put(0, kText);
  room.put(4, static_cast<std::uint32_t>(text.size()));
  std::memcpy(room.bytes.data() + kText, text.data(), text.size());
  call(context, room, "fd_write", {fd, 0, 1, 8});
}

std::string read_stdin(wasi::Context& context) {
  constexpr std::uint32_t kText = 16;
  constexpr std::uint32_t kMost = 1u << 16;
  ArgumentRoom room(kText + kMost);
  room.put(0, kText);
  room.put(4, kMost);
  EXPECT_EQ(call(context, room, "fd_read", {0, 0, 1, 8}).value, 0U);
  return {reinterpret_cast<const char*>(room.bytes.data()) + kText, room.u32(8)};
}

engine::End leave(wasi::Context& context, std::uint32_t code) {
  ArgumentRoom room(16);
  EXPECT_TRUE(call(context, room, "proc_exit", {code}).stop);
  return {engine::End::Kind::kStopped, 0, "", ""};
}

bool sleep_for(wasi::Context& context, std::chrono::nanoseconds time) {
  constexpr std::uint32_t kEvent = 48;  // behind one subscription
  ArgumentRoom room(kEvent + 32 + 4);
  room.put(16, 1);  // the monotonic clock
  const auto nanoseconds = static_cast<std::uint64_t>(time.count());
  std::memcpy(room.bytes.data() + 24, &nanoseconds, sizeof nanoseconds);
  return call(context, room, "poll_oneoff", {0, kEvent, 1, kEvent + 32}).stop;
}

void open_path(wasi::Context& context, std::string_view path) {
  constexpr std::uint32_t kPath = 16;
  constexpr std::uint64_t kFirstDirectory = 3;
  ArgumentRoom room(kPath + path.size());
  std::memcpy(room.bytes.data() + kPath, path.data(), path.size());
  call(context, room, "path_open", {kFirstDirectory, 0, kPath, path.size(), 0, 0, 0, 0, 0});
}

std::vector<std::string> environment_of(wasi::Context& context) {
  ArgumentRoom sizes(16);
  call(context, sizes, "environ_sizes_get", {0, 4});
  const std::uint32_t count = sizes.u32(0);
  const std::uint32_t text = 4 * count;
  ArgumentRoom room(text + sizes.u32(4));
  call(context, room, "environ_get", {0, text});
  std::vector<std::string> out;
  for (std::uint32_t i = 0; i < count; ++i) {
    out.emplace_back(reinterpret_cast<const char*>(room.bytes.data()) + room.u32(4 * i));
  }
  return out;
}

}  // namespace ferry::host
