// Rewriting modules for engines that lack newer instructions.
#include "engine/lower.h"

#include <cstdlib>
#include <optional>
#include <string>

#include <gmock/gmock.h>

#include "base/file.h"
#include "base/scratch.h"

namespace ferry::engine {
namespace {

// Sets an environment variable for as long as it lives.
class Env {
 public:
  Env(const char* name, const char* value) : name_(name) {
    if (const char* was = std::getenv(name)) was_ = was;
    setenv(name, value, 1);
  }
  ~Env() {
    if (was_) {
      setenv(name_, was_->c_str(), 1);
    } else {
      unsetenv(name_);
    }
  }
  Env(const Env&) = delete;
  Env& operator=(const Env&) = delete;

 private:
  const char* name_;
  std::optional<std::string> was_;
};

// (module (memory 1) (export "memory" …) (func (export "handle") (result i32) BODY))
Bytes module_with(const Bytes& body) {
  Bytes out = {0,   'a', 's', 'm', 1, 0, 0, 0,   1,   5,   1,   0x60, 0,   1,   0x7f,
               3,   2,   1,   0,   5, 3, 1, 0,   1,   7,   19,  2,    6,   'm', 'e',
               'm', 'o', 'r', 'y', 2, 0, 6, 'h', 'a', 'n', 'd', 'l',  'e', 0,   0};
  const auto size = static_cast<std::uint8_t>(body.size() + 2);
  out.insert(out.end(), {10, static_cast<std::uint8_t>(size + 2), 1, size, 0});
  out.insert(out.end(), body.begin(), body.end());
  out.push_back(0x0b);
  return out;
}
// i32.const 200; i32.extend8_s
Bytes sign_extending() { return module_with({0x41, 0xc8, 0x01, 0xc0}); }

Info old_engine() {
  Info info;
  info.name = "old";
  Capabilities& can = info.capabilities;
  can.deadline = true;
  can.bulk_memory = can.sign_extension = can.saturating_float_to_int = false;
  return info;
}

Result<Ready> ready(const Bytes& wasm, const Info& engine) {
  FERRY_TRY(const wasm::Binary binary, wasm::read_binary(wasm));
  return ready_for(wasm, binary, engine);
}

TEST(LowerTest, AnEngineThatHasAllGetsTheModuleAsItIs) {
  const Env none("FERRY_WASM_OPT", "/nonexistent/wasm-opt");
  Info engine = old_engine();
  engine.capabilities.sign_extension = true;
  const auto made = ready(sign_extending(), engine);
  ASSERT_TRUE(made.ok()) << made.error().text();
  EXPECT_TRUE(made->prepared.facts.uses_sign_extension);
}

TEST(LowerTest, WithoutTheToolItSaysHowToGetOne) {
  const Env none("FERRY_WASM_OPT", "");
  const Env path("PATH", "/nonexistent");
  const Env cache("XDG_CACHE_HOME", "/nonexistent");
  const auto made = ready(sign_extending(), old_engine());
  ASSERT_FALSE(made.ok());
  EXPECT_EQ(made.error().code, Code::kNotFound);
  EXPECT_NE(made.error().hint.find("binaryen"), std::string::npos);
}

TEST(LowerTest, AToolThatIsNotThereIsNamed) {
  const Env none("FERRY_WASM_OPT", "/nonexistent/wasm-opt");
  const auto made = ready(sign_extending(), old_engine());
  ASSERT_FALSE(made.ok());
  EXPECT_NE(made.error().message.find("/nonexistent/wasm-opt"), std::string::npos);
}

TEST(LowerTest, AToolThatFailsIsQuoted) {
  const Env fails("FERRY_WASM_OPT", "/bin/false");
  const auto made = ready(sign_extending(), old_engine());
  ASSERT_FALSE(made.ok());
  EXPECT_EQ(made.error().code, Code::kInvalid);
  EXPECT_NE(made.error().message.find("sign-ext"), std::string::npos);
}

TEST(LowerTest, WhatHasNoOlderFormIsRefusedWithoutTheTool) {
  const Env none("FERRY_WASM_OPT", "/nonexistent/wasm-opt");
  wasm::Lowering lowering;
  lowering.impossible = {"simd"};
  const auto made = lower(sign_extending(), lowering, "old", {});
  ASSERT_FALSE(made.ok());
  EXPECT_EQ(made.error().code, Code::kUnsupported);
  EXPECT_NE(made.error().message.find("simd"), std::string::npos);
}

// (module (import MODULE NAME (func (param i32 i32 i32) (result i32))))
Bytes importing(std::string_view module, std::string_view name) {
  Bytes out = {0, 'a', 's', 'm', 1, 0, 0, 0, 1, 8, 1, 0x60, 3, 0x7f, 0x7f, 0x7f, 1, 0x7f};
  const auto sized = [&out](std::string_view text) {
    out.push_back(static_cast<std::uint8_t>(text.size()));
    out.insert(out.end(), text.begin(), text.end());
  };
  out.insert(out.end(), {2, static_cast<std::uint8_t>(module.size() + name.size() + 5), 1});
  sized(module);
  sized(name);
  out.insert(out.end(), {0, 0});
  return out;
}

// `ferry check` said of a Go program with sockets that it runs on Lucet, which does not bind them.
TEST(LowerTest, AnEngineWithImportsOfItsOwnRefusesOthersByName) {
  Capabilities fixed;
  fixed.fixed_imports = true;
  const auto impossible = [](const Bytes& wasm, const Capabilities& engine) {
    const auto binary = wasm::read_binary(wasm);
    EXPECT_TRUE(binary.ok()) << binary.error().text();
    return lowering_for(*binary, {}, engine).impossible;
  };
  const Bytes opens = importing("wasi_snapshot_preview1", "sock_open");
  EXPECT_THAT(impossible(opens, fixed), testing::ElementsAre("wasi-sockets"));
  EXPECT_THAT(impossible(opens, {}), testing::IsEmpty());
  EXPECT_THAT(impossible(importing("wasi_snapshot_preview1", "sock_accept"), fixed),
              testing::IsEmpty());  // with three parameters it is preview 1's own
  for (const char* module : {"wasi:io/streams@0.2.12", "ferry:abi"}) {  // of components lowered
    EXPECT_THAT(impossible(importing(module, "x"), fixed),
                testing::ElementsAre("component-imports"));
  }
  Info info;
  info.name = "fixed";
  info.capabilities = fixed;
  const auto made = ready(opens, info);
  ASSERT_FALSE(made.ok());
  EXPECT_EQ(made.error().code, Code::kUnsupported);
  EXPECT_NE(made.error().message.find("wasi-sockets"), std::string::npos);
}

// A wasm-opt that has no option `lacking` and otherwise copies its input.
std::string tool_without(const ScratchFolder& folder, const std::string& lacking) {
  std::string path = folder.at("wasm-opt");
  const std::string text = "#!/bin/sh\nfor word; do if [ \"$word\" = " + lacking +
                           " ]; then echo \"Unknown option '$word'\" >&2; exit 1; fi; done\n"
                           "cp \"$1\" \"$3\"\n";
  EXPECT_TRUE(write_file_atomically(path, as_bytes(text), 0700).ok());
  return path;
}

// Debian 12 has binaryen 108.
TEST(LowerTest, AToolOlderThanOneOfItsFeaturesIsAskedWithoutIt) {
  const auto folder = ScratchFolder::make("lower-test");
  ASSERT_TRUE(folder.ok());
  const Env old("FERRY_WASM_OPT", tool_without(*folder, "--enable-bulk-memory-opt").c_str());
  const auto made = run_wasm_opt(
      sign_extending(), {"--enable-bulk-memory", "--enable-bulk-memory-opt"}, "make a copy", {});
  ASSERT_TRUE(made.ok()) << made.error().text();
  EXPECT_EQ(*made, sign_extending());
}

TEST(LowerTest, AToolThatIsTooOldIsNamedAndANewerOneToo) {
  const auto folder = ScratchFolder::make("lower-test");
  ASSERT_TRUE(folder.ok());
  const Env old("FERRY_WASM_OPT", tool_without(*folder, "--signext-lowering").c_str());
  const auto made = ready(sign_extending(), old_engine());
  ASSERT_FALSE(made.ok());
  EXPECT_EQ(made.error().code, Code::kUnsupported);
  EXPECT_NE(made.error().message.find("is too old"), std::string::npos) << made.error().text();
  EXPECT_NE(made.error().hint.find("npm install"), std::string::npos);
}

// A module without bulk memory once came back with a count of data segments, which readers
// without bulk memory refuse.
TEST(LowerTest, OnlyWhatTheModuleUsesIsEnabled) {
  if (!find_wasm_opt().ok()) GTEST_SKIP() << "there is no wasm-opt here";
  Bytes wasm = sign_extending();
  wasm.insert(wasm.end(), {11, 7, 1, 0, 0x41, 0, 0x0b, 1, 'x'});
  const auto made = ready(wasm, old_engine());
  ASSERT_TRUE(made.ok()) << made.error().text();
  EXPECT_FALSE(made->prepared.facts.uses_sign_extension);
  EXPECT_FALSE(made->prepared.facts.uses_bulk_memory);
}

}  // namespace
}  // namespace ferry::engine
