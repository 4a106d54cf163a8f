#include "wasm/copied_data.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wasm/reader.h"
#include "wasm/sections.h"
#include "wasm/wat.h"

namespace ferry::wasm {
namespace {

using ferry::testing::is_valid_wasm;
using ferry::testing::run_wast;
using ferry::testing::wast_binary;
using ferry::testing::wat;

// With a way to look at each byte.
std::string with_data(std::string_view data, std::string_view code = "") {
  return fmt::format(
      "(module (memory 3) {} {}\n"
      "(func (export \"at\") (param i32) (result i32) (i32.load8_u (local.get 0))))",
      data, code);
}

std::uint32_t segments(const Bytes& wasm) {
  const auto binary = read_binary(wasm);
  EXPECT_TRUE(binary.ok());
  for (const Section& section : binary->sections) {
    if (section.id != static_cast<std::uint8_t>(SectionId::kData)) continue;
    return Reader(ByteView(wasm).subspan(section.offset, section.size)).u32();
  }
  return 0;
}

// Some address is a sum, which no engine works out when it compiles.
bool is_copied(const Bytes& wasm) {
  const std::string_view sum("\x41\x00\x6A\x0B", 4);
  return as_text(wasm).find(sum) != std::string_view::npos;
}

TEST(CopiedData, IsWhereItWas) {
  const Bytes wasm = wat(with_data(R"(
      (data (i32.const 70000) "far") (data (i32.const 8) "ab") (data (i32.const 12) "cd")
      (data (i32.const 100) "") (data (i32.const 300) "e") (data (i32.const 196605) "end"))"));
  const Bytes out = with_copied_data(wasm).value_or(Bytes{});
  EXPECT_TRUE(is_copied(out));
  EXPECT_FALSE(is_copied(wasm));
  EXPECT_TRUE(is_valid_wasm(out));
  EXPECT_EQ(segments(out), 4u);  // 8 to 14, 300, 70000, the end
  std::string script = wast_binary("m", out);
  for (const auto& [at, value] : std::vector<std::pair<int, int>>{{7, 0},
                                                                  {8, 'a'},
                                                                  {9, 'b'},
                                                                  {10, 0},
                                                                  {11, 0},
                                                                  {12, 'c'},
                                                                  {13, 'd'},
                                                                  {14, 0},
                                                                  {300, 'e'},
                                                                  {70000, 'f'},
                                                                  {70002, 'r'},
                                                                  {196607, 'd'}}) {
    script += fmt::format("(assert_return (invoke $m \"at\" (i32.const {})) (i32.const {}))\n", at,
                          value);
  }
  EXPECT_TRUE(run_wast(script));
}

TEST(CopiedData, KeepsItsCountWhereTheCodeNamesIt) {
  const Bytes wasm =
      wat(with_data(R"((data $a (i32.const 8) "ab") (data (i32.const 12) "cd"))",
                    "(func (export \"put\") (param i32) (memory.init $a (i32.const 0) (i32.const 0)"
                    " (local.get 0)) (data.drop 1))"));
  const Bytes out = with_copied_data(wasm).value_or(Bytes{});
  EXPECT_TRUE(is_copied(out));
  EXPECT_EQ(segments(out), 2u);
  EXPECT_TRUE(is_valid_wasm(out));
  // As with the original: a segment that was placed has nothing left to place.
  for (const Bytes& each : {wasm, out}) {
    EXPECT_TRUE(run_wast(wast_binary("m", each) + R"(
(assert_return (invoke $m "at" (i32.const 13)) (i32.const 100))
(assert_return (invoke $m "put" (i32.const 0)))
(assert_trap (invoke $m "put" (i32.const 1)) "out of bounds")
)"));
  }
}

TEST(CopiedData, LeavesAloneWhatItMust) {
  std::string scattered;
  for (int i = 0; i < 17; ++i) scattered += fmt::format("(data (i32.const {}) \"x\")", i * 4096);
  const std::string large(kMostCopiedData + 1, 'x');
  for (const std::string& module : {
           std::string("(module)"),
           std::string("(module (memory 1))"),
           with_data(R"((data (i32.const 8) ""))"),
           with_data(R"((data (i32.const 8) "abc") (data (i32.const 10) "d"))"),  // overlap
           with_data(R"((data (i32.const 196606) "end"))"),                       // outside
           with_data(R"((data (i32.const -1) ""))"),
           with_data(R"((data (i32.const 8) "a") (data "passive"))"),
           with_data(R"((data (i32.add (i32.const 8) (i32.const 1)) "a"))"),
           with_data(R"((data (i32.const 8) ")" + large + "\")"),
           with_data(scattered),
           std::string(R"((module (import "e" "m" (memory 1)) (data (i32.const 8) "a")))"),
           std::string(R"((module (import "e" "g" (global i32)) (memory 1)
             (data (global.get 0) "a")))"),
       }) {
    EXPECT_FALSE(with_copied_data(wat(module))) << module.substr(0, 200);
  }
}

TEST(CopiedData, LeavesAloneWhatCannotBeRead) {
  Bytes wasm = wat(with_data(R"((data (i32.const 8) "abc"))"));
  EXPECT_TRUE(with_copied_data(wasm));
  wasm.pop_back();
  EXPECT_FALSE(with_copied_data(wasm));
}

}  // namespace
}  // namespace ferry::wasm
