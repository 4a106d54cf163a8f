// One import in the place of many (wasm/one_import.h).
#include "wasm/one_import.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wasm/prepare.h"
#include "wasm/wat.h"

namespace ferry::wasm {
namespace {

using ferry::testing::is_valid_wasm;
using ferry::testing::wat;

// Every place where an import's index can stand.
constexpr const char* kModule = R"((module
  (import "w" "narrow" (func $narrow (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "other" "kept" (func $kept (param f32)))
  (import "w" "wide" (func $wide (param i64 i32 i64) (result i64)))
  (import "w" "nothing" (func $nothing))
  (table $t 4 funcref)
  (memory 1)
  (global $g (mut funcref) (ref.func $wide))
  (elem (i32.const 0) $narrow $nothing)
  (elem declare func $wide)
  (func (export "f") (result i64)
    (call $nothing)
    (call $kept (f32.const 0))
    (global.set $g (ref.func $wide))
    (drop (call $narrow (i32.const 0) (i32.const 1) (i32.const 2) (i32.const 3) (i32.const 4)
                        (i32.const 5) (i32.const 6) (i32.const 7)))
    (call $wide (i64.const 0) (i32.const 1) (i64.const 2)))
  (export "again" (func $narrow))
  (start $nothing)))";

PrepareOptions with_numbers(bool poll) {
  PrepareOptions options;
  options.poll = poll;
  options.one_import = [](const Import& import) {
    return import.module == "w" ? std::optional<std::uint32_t>(7) : std::nullopt;
  };
  return options;
}

TEST(OneImport, StandsInThePlaceOfEachFunctionItKnows) {
  const Bytes wasm = wat(kModule);
  auto binary = read_binary(wasm);
  ASSERT_TRUE(binary.ok());
  for (bool poll : {false, true}) {
    auto prepared = prepare(wasm, *binary, with_numbers(poll));
    ASSERT_TRUE(prepared.ok()) << prepared.error().text();
    EXPECT_TRUE(is_valid_wasm(prepared->wasm));
    auto changed = read_binary(prepared->wasm);
    ASSERT_TRUE(changed.ok());
    ASSERT_EQ(changed->imports.size(), poll ? 5u : 4u);
    for (std::size_t i : {0, 2, 3}) {
      EXPECT_EQ(changed->imports[i].module, kOneImportModule);
      EXPECT_EQ(changed->imports[i].name, kOneImportName);
      EXPECT_EQ(changed->types[changed->imports[i].type], one_import_type());
    }
    EXPECT_EQ(changed->imports[1].module, "other");
    const Export* again = changed->find_export("again", ExternKind::kFunc);
    ASSERT_NE(again, nullptr);
    EXPECT_GE(again->index, 5u);  // the function in the import's place
  }
}

TEST(OneImport, LeavesAModuleAloneThatImportsNothingItKnows) {
  const Bytes wasm = wat(R"((module (import "a" "f" (func)) (func (export "g") (call 0))))");
  auto binary = read_binary(wasm);
  ASSERT_TRUE(binary.ok());
  auto with = prepare(wasm, *binary, with_numbers(false));
  auto without = prepare(wasm, *binary, {});
  ASSERT_TRUE(with.ok() && without.ok());
  EXPECT_EQ(with->wasm, without->wasm);
}

TEST(OneImport, HasNoBodyForTypesThatDoNotFit) {
  using enum ValType;
  EXPECT_TRUE(one_import_body({std::vector<ValType>(16, kI32), {}}, 7, 0).has_value());
  EXPECT_FALSE(one_import_body({{kF64}, {}}, 7, 0).has_value());
  EXPECT_FALSE(one_import_body({{kI64, kI64, kI64}, {}}, 7, 0).has_value());
  EXPECT_FALSE(one_import_body({{}, {kF32}}, 7, 0).has_value());
  EXPECT_FALSE(one_import_body({{}, {kI32, kI32}}, 7, 0).has_value());
}

}  // namespace
}  // namespace ferry::wasm
