#include "wasm/trapping_function.h"

#include <gtest/gtest.h>

#include "wasm/binary.h"
#include "wasm/wat.h"

namespace ferry::wasm {
namespace {

using ferry::testing::is_valid_wasm;
using ferry::testing::wat;

TEST(TrappingFunction, ComesLast) {
  const Bytes wasm = wat(R"((module (import "a" "b" (func)) (memory 1)
      (func (export "one") (result i32) i32.const 1)
      (func (export "two") (param i64) (nop)) (data (i32.const 0) "x")))");
  const Bytes out = with_trapping_function(wasm).value_or(Bytes{});
  ASSERT_TRUE(is_valid_wasm(out));
  const auto before = read_binary(wasm);
  const auto after = read_binary(out);
  ASSERT_TRUE(before.ok() && after.ok());
  ASSERT_EQ(after->functions.size(), before->functions.size() + 1);
  EXPECT_EQ(after->types[after->functions.back()], FuncType{});
  for (std::size_t i = 0; i < before->functions.size(); ++i) {
    EXPECT_EQ(after->functions[i], before->functions[i]);
  }
  const std::string_view body("\x03\x00\x00\x0B", 4);  // unreachable
  EXPECT_NE(as_text(out).find(body), std::string_view::npos);
}

// Counts that need another byte when they grow by one.
TEST(TrappingFunction, CountsGrow) {
  std::string text = "(module";
  for (int i = 0; i < 127; ++i) text += "(func)";
  const Bytes out = with_trapping_function(wat(text + ")")).value_or(Bytes{});
  EXPECT_TRUE(is_valid_wasm(out));
  const auto binary = read_binary(out);
  ASSERT_TRUE(binary.ok());
  EXPECT_EQ(binary->functions.size(), 128u);
}

TEST(TrappingFunction, IsNotAddedWhereNothingRuns) {
  EXPECT_FALSE(with_trapping_function(wat("(module (memory 1))")));
  EXPECT_FALSE(with_trapping_function(Bytes{0, 'a', 's', 'm'}));
}

}  // namespace
}  // namespace ferry::wasm
