// Fault A5: that the names of a Go program were stripped was said after starting it, 10 s later.
#include <gtest/gtest.h>

#include "builder/snapshot_builder.h"
#include "engine/engine.h"
#include "function/function.h"
#include "wasm/wat.h"

namespace ferry::builder {
namespace {

// Nothing may be asked of it.
class IdleEngine final : public engine::Engine {
 public:
  const engine::Info& info() const override { return info_; }
  Result<Bytes> compile(ByteView) override { return asked(); }
  Result<std::unique_ptr<engine::Module>> load(int, std::uint64_t, std::uint64_t) override {
    return asked();
  }

 private:
  static Error asked() {
    ADD_FAILURE() << "the engine was used";
    return {Code::kInternal, "the engine was used", ""};
  }
  engine::Info info_;
};

// A program whose section `producers` says Go, and which has no section `name`.
Bytes stripped_go() {
  Bytes wasm = ferry::testing::wat(R"((module
    (import "wasi_snapshot_preview1" "fd_read"
      (func (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "_start"))))");
  const std::string content = std::string("\x09producers\x01\x08language\x01\x02Go\x04") + "1.24";
  wasm.push_back(0);
  wasm.push_back(static_cast<std::uint8_t>(content.size()));
  wasm.insert(wasm.end(), content.begin(), content.end());
  return wasm;
}

TEST(StrippedTest, MissingNamesAreSaidBeforeAnyWork) {
  auto function = function::make_function("stripped", stripped_go(), {});
  ASSERT_TRUE(function.ok()) << function.error().text();
  ASSERT_TRUE(function->binary.toolchain.starts_with("Go ")) << function->binary.toolchain;
  IdleEngine engine;
  SnapshotRequest how;
  how.unasked = true;
  const auto built = build_snapshot(engine, {}, *function, how);
  ASSERT_FALSE(built.ok());
  EXPECT_NE(built.error().message.find("names of its functions were stripped"), std::string::npos)
      << built.error().message;
  EXPECT_NE(built.error().hint.find("-ldflags=-s"), std::string::npos);
}

}  // namespace
}  // namespace ferry::builder
