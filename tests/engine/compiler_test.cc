#include "engine/compiler.h"

#include <gtest/gtest.h>

#include "engine/conformance.h"
#include "engine/loader.h"

namespace ferry::engine {
namespace {

TEST(Compiler, ChildMakesWhatTheEngineLoads) {
  const auto artifact = compile_in_child("wasmtime", {}, guest("suite"), {});
  ASSERT_TRUE(artifact.ok()) << artifact.error().text();
  EXPECT_GT(artifact->size(), 1000u);
}

TEST(Compiler, TheEnginesWordsComeBack) {
  const Bytes junk = {0, 'a', 's', 'm', 1, 0, 0, 0, 1, 200, 1, 2, 3};
  const auto artifact = compile_in_child("wasmtime", {}, junk, {});
  ASSERT_FALSE(artifact.ok());
  EXPECT_EQ(artifact.error().code, Code::kInvalid);
  EXPECT_NE(artifact.error().message.find("wasmtime"), std::string::npos)
      << artifact.error().text();
}

TEST(Compiler, NoSuchEngineIsSaidSo) {
  const auto artifact = compile_in_child("abacus", {}, guest("suite"), {});
  ASSERT_FALSE(artifact.ok());
  EXPECT_EQ(artifact.error().code, Code::kNotFound);
}

// It is for callers that run one event at a time.
TEST(Compiler, TheLazyVariantIsNotToBeHadByName) {
  const auto engine = load_engine("wasmi:lazy", {});
  ASSERT_FALSE(engine.ok());
  EXPECT_EQ(engine.error().code, Code::kUnsupported);
  EXPECT_EQ(engine.error().message, "wasmi has no variant 'lazy'");
}

TEST(Compiler, TooLargeAnArtifactIsALimit) {
  CompileLimits limits;
  limits.artifact = 100;
  const auto artifact = compile_in_child("wasmtime", {}, guest("suite"), limits);
  ASSERT_FALSE(artifact.ok());
  EXPECT_EQ(artifact.error().code, Code::kLimit);
}

// A module whose compilation takes longer than the limit: many calls in many functions.
Bytes slow_module() {
  const std::size_t functions = 1200;
  Bytes body = {0};  // no locals
  for (int i = 0; i < 400; ++i) {
    body.insert(body.end(), {0x10, 0x00, 0x41, 0x01, 0x41, 0x02, 0x6a, 0x1a});  // call, add, drop
  }
  body.push_back(0x0b);
  const auto number = [](Bytes& out, std::size_t value) {
    do {
      const auto low = static_cast<std::uint8_t>(value & 0x7f);
      value >>= 7;
      out.push_back(value == 0 ? low : static_cast<std::uint8_t>(low | 0x80));
    } while (value != 0);
  };
  const auto section = [&](Bytes& out, std::uint8_t id, const Bytes& contents) {
    out.push_back(id);
    number(out, contents.size());
    out.insert(out.end(), contents.begin(), contents.end());
  };
  Bytes list;
  number(list, functions);
  list.insert(list.end(), functions, 0);
  Bytes code;
  number(code, functions);
  for (std::size_t i = 0; i < functions; ++i) {
    number(code, body.size());
    code.insert(code.end(), body.begin(), body.end());
  }
  Bytes wasm = {0, 'a', 's', 'm', 1, 0, 0, 0};
  section(wasm, 1, {1, 0x60, 0, 0});
  section(wasm, 3, list);
  section(wasm, 10, code);
  return wasm;
}

TEST(Compiler, TooMuchTimeIsALimit) {
  CompileLimits limits;
  limits.cpu_time = std::chrono::seconds(1);
  const auto artifact = compile_in_child("wasmtime", {}, slow_module(), limits);
  ASSERT_FALSE(artifact.ok());
  EXPECT_EQ(artifact.error().code, Code::kLimit) << artifact.error().text();
}

TEST(Compiler, TooMuchMemoryIsAnErrorAndNoCrashOfOurs) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "sanitizers need more address space than any limit leaves";
#endif
  CompileLimits limits;
  limits.memory = 160u << 20;
  // Where memory ends inside a lock, the child stands still and is ended by the clock.
  limits.cpu_time = std::chrono::seconds(4);
  const auto artifact = compile_in_child("wasmtime", {}, slow_module(), limits);
  ASSERT_FALSE(artifact.ok());
}

}  // namespace
}  // namespace ferry::engine
