#include "snapshot/image.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "snapshot/go_program.h"
#include "wasm/names.h"
#include "wasm/wat.h"

namespace ferry::snapshot {
namespace {

using ferry::testing::is_valid_wasm;
using ferry::testing::wat;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kReactor[] = R"((module
  (import "wasi_snapshot_preview1" "random_get" (func (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "_initialize")) (func (export "handle") (result i32) (i32.const 0))))";

Result<Bytes> bake_reactor(std::vector<Redraw> redraws, std::vector<Word> words = {},
                           const char* text = kReactor) {
  const Bytes wasm = wat(text);
  FERRY_TRY(const wasm::Binary binary, wasm::read_binary(wasm));
  const Bytes memory(65536);
  Baked baked;
  baked.memory = memory;
  baked.globals.resize(binary.globals.size());
  baked.redraws = std::move(redraws);
  baked.words = std::move(words);
  return bake(wasm, binary, baked);
}

TEST(Snapshot, DrawsAnewInWhatTheHostCallsFirst) {
  auto baked = bake_reactor({{64, 32}}, {{96, 7}});
  ASSERT_TRUE(baked.ok()) << baked.error().text();
  EXPECT_TRUE(is_valid_wasm(*baked));
  auto binary = wasm::read_binary(*baked);
  ASSERT_TRUE(binary.ok());
  EXPECT_NE(binary->find_export("_initialize", wasm::ExternKind::kFunc), nullptr);
  // With nothing to draw, the start-up is over.
  baked = bake_reactor({});
  ASSERT_TRUE(baked.ok());
  binary = wasm::read_binary(*baked);
  EXPECT_EQ(binary->find_export("_initialize", wasm::ExternKind::kFunc), nullptr);
}

TEST(Snapshot, DrawsAnewInAComponentByTheHostsOwnFunction) {
  const auto baked = bake_reactor({{64, 32}}, {}, R"((module
      (import "ferry:abi" "random_get" (func (param i32 i32) (result i32)))
      (memory (export "memory") 1)
      (func (export "_initialize")) (func (export "ferry:http"))))");
  ASSERT_TRUE(baked.ok()) << baked.error().text();
  EXPECT_TRUE(is_valid_wasm(*baked));
  const auto binary = wasm::read_binary(*baked);
  ASSERT_TRUE(binary.ok());
  EXPECT_NE(binary->find_export("_initialize", wasm::ExternKind::kFunc), nullptr);
}

TEST(Snapshot, DrawsNothingOutsideTheMemory) {
  EXPECT_TRUE(bake_reactor({{65536 - 32, 32}}).ok());
  EXPECT_FALSE(bake_reactor({{65536 - 31, 32}}).ok());
  EXPECT_FALSE(bake_reactor({{0xFFFFFFFF, 32}}).ok());
  EXPECT_FALSE(bake_reactor({{64, 0xFFFFFFFF}}).ok());
  EXPECT_FALSE(bake_reactor({{64, 32}}, {{65536 - 3, 1}}).ok());
  auto without = bake_reactor({{64, 32}}, {}, R"((module (memory (export "memory") 1)
      (func (export "_initialize")) (func (export "handle") (result i32) (i32.const 0))))");
  ASSERT_FALSE(without.ok());
  EXPECT_THAT(without.error().message, HasSubstr("random_get"));
}

TEST(Snapshot, CountsWhoIsOnTheStack) {
  const Bytes wasm = wat(R"((module
    (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1) (table funcref (elem $twice))
    (func $twice (param i32 i64) (result i32)
      (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8))) (local.get 0))
    (func (export "_start") (drop (call_indirect (param i32 i64) (result i32)
      (i32.const 1) (i64.const 2) (i32.const 0))))))");
  auto binary = wasm::read_binary(wasm);
  ASSERT_TRUE(binary.ok());
  std::uint32_t first = 0;
  auto counting = count_at_first_read(wasm, *binary, first);
  ASSERT_TRUE(counting.ok()) << counting.error().text();
  EXPECT_TRUE(is_valid_wasm(*counting));
  auto made = wasm::read_binary(*counting);
  ASSERT_TRUE(made.ok());
  EXPECT_EQ(made->globals.size(), first + binary->functions.size());
  EXPECT_EQ(made->functions.size(), 2 * binary->functions.size() + 1);
}

TEST(FunctionNames, AreReadAndBounded) {
  Bytes wasm = wat(R"((module (func $first) (func $second)))");
  auto binary = wasm::read_binary(wasm);
  EXPECT_THAT(wasm::read_function_names(wasm, *binary), IsEmpty());
  // Subsection 1: function 1 is "b", and one that is not there; then the same cut short.
  const Bytes section = {0, 13, 4, 'n', 'a', 'm', 'e', 1, 6, 2, 1, 1, 'b', 9, 0};
  Bytes named = wasm;
  named.insert(named.end(), section.begin(), section.end());
  binary = wasm::read_binary(named);
  ASSERT_TRUE(binary.ok()) << binary.error().text();
  EXPECT_THAT(wasm::read_function_names(named, *binary), ElementsAre("", "b"));
  named[named.size() - 6] = 100;  // more names than there are bytes
  EXPECT_THAT(wasm::read_function_names(named, *binary), IsEmpty());
}

TEST(GoProgram, IsOnlyWhatGoMade) {
  const Bytes wasm = wat("(module)");
  auto binary = wasm::read_binary(wasm);
  auto go = read_go_program(wasm, *binary);
  ASSERT_TRUE(go.ok());
  EXPECT_FALSE(go->has_value());
}

}  // namespace
}  // namespace ferry::snapshot
