// What today's toolchains write, made ready for engines of any age; each test is named after the
// fault that users saw.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wasm/first_values.h"
#include "wasm/lower.h"
#include "wasm/names.h"
#include "wasm/prepare.h"
#include "wasm/sections.h"
#include "wasm/wat.h"

namespace ferry::wasm {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::is_valid_wasm;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::run_wast;
using testing::wast_binary;
using testing::wat;

constexpr char kHeader[] = "\0asm\1\0\0\0";

Bytes module_of(std::initializer_list<std::string> sections) {
  Bytes out(kHeader, kHeader + 8);
  for (const std::string& section : sections) {
    out.insert(out.end(), section.begin(), section.end());
  }
  return out;
}

Result<Prepared> prepare_bytes(const Bytes& wasm, bool poll = false) {
  FERRY_TRY(const Binary binary, read_binary(wasm));
  return prepare(wasm, binary, {poll, true});
}

std::string text_of(const Bytes& bytes) { return std::string(as_text(bytes)); }

std::vector<std::string> sections_of(const Bytes& wasm) {
  std::vector<std::string> out;
  auto binary = read_binary(wasm);
  for (const Section& section : binary->sections) {
    out.push_back(section.id == 0 ? section.name : std::to_string(section.id));
  }
  return out;
}

// Type () -> (), one function, a table of one; the function calls through the table, whose number
// is there in five bytes: Rust since 1.82, clang since 19.
const std::string kTypes("\x01\x04\x01\x60\0\0", 6);
const std::string kFunctions("\x03\x02\x01\0", 4);
const std::string kTable("\x04\x04\x01\x70\0\x01", 6);
const std::string kLongCall("\x0a\x0d\x01\x0b\0\x41\0\x11\0\x80\x80\x80\x80\0\x0b", 15);

TEST(Toolchains, B1TableNumberInFiveBytesIsTheOldInstruction) {
  const Bytes wasm = module_of({kTypes, kFunctions, kTable, kLongCall});
  for (const bool poll : {false, true}) {
    auto prepared = prepare_bytes(wasm, poll);
    ASSERT_TRUE(prepared.ok()) << prepared.error().message;
    EXPECT_FALSE(prepared->facts.uses_reference_types);
    EXPECT_TRUE(is_valid_wasm(prepared->wasm));
    EXPECT_THAT(text_of(prepared->wasm), HasSubstr(std::string("\x11\0\0\x0b", 4)));
    EXPECT_THAT(text_of(prepared->wasm), Not(HasSubstr(std::string("\x80\x80\x80\x80\0", 5))));
  }
}

TEST(Toolchains, B1SecondTableStillNeedsReferenceTypes) {
  auto prepared = prepare_bytes(wat(R"((module (table $a 1 funcref) (table $b 1 funcref)
      (func (call_indirect $b (i32.const 0)))))"));
  ASSERT_TRUE(prepared.ok());
  EXPECT_TRUE(prepared->facts.uses_reference_types);
}

TEST(Toolchains, B1MarksAreNoUse) {
  // target_features names everything that the compiler might have used; a count of data segments
  // is there for an instruction that is not.
  const std::string count("\x0c\x01\x01", 3);
  const std::string data("\x0b\x07\x01\0\x41\0\x0b\x01z", 9);
  const std::string marks("\0\x21\x0ftarget_features\x01+\x0freference-types", 35);
  const std::string memory("\x05\x03\x01\0\x01", 5);
  auto prepared = prepare_bytes(module_of({memory, count, data, marks}));
  ASSERT_TRUE(prepared.ok()) << prepared.error().message;
  EXPECT_FALSE(prepared->facts.uses_reference_types);
  EXPECT_FALSE(prepared->facts.uses_bulk_memory);
  EXPECT_THAT(sections_of(prepared->wasm), Not(Contains("12")));
  EXPECT_THAT(sections_of(prepared->wasm), Not(Contains("target_features")));
  // With an instruction that asks for it, the count stays.
  prepared = prepare_bytes(wat(R"((module (memory 1) (data "a")
      (func (memory.init 0 (i32.const 0) (i32.const 0) (i32.const 1)))))"));
  ASSERT_TRUE(prepared.ok());
  EXPECT_THAT(sections_of(prepared->wasm), Contains("12"));
}

TEST(Toolchains, B2ExtendedConstIsCalculated) {
  auto prepared = prepare_bytes(wat(R"((module (memory 1) (table 8 funcref)
      (global $base i32 (i32.const 1000))
      (global $mine (mut i64) (i64.mul (i64.const -3) (i64.const 5)))
      (func)
      (elem (offset (i32.sub (i32.const 9) (i32.const 4))) func 0)
      (data (offset (i32.add (global.get $base) (i32.const 24))) "here")))",
                                    false));
  ASSERT_TRUE(prepared.ok()) << prepared.error().message;
  EXPECT_FALSE(prepared->facts.traps_at_start);
  const std::string text = text_of(prepared->wasm);
  EXPECT_THAT(text, HasSubstr(std::string("\x42\x71\x0b", 3)));            // i64.const -15
  EXPECT_THAT(text, HasSubstr(std::string("\0\x41\5\x0b\1\0", 6)));        // i32.const 5
  EXPECT_THAT(text, HasSubstr(std::string("\x41\x80\x08\x0b\4here", 9)));  // i32.const 1024
}

// An engine without the newer proposals refused each of them, and check had said that it runs.
TEST(Toolchains, B2GlobalsOfTheModuleItselfAreCalculated) {
  auto prepared = prepare_bytes(wat(R"((module (memory 1) (table 8 funcref)
      (global $first i32 (i32.const 1000))
      (global $second i32 (global.get $first))
      (func)
      (elem (offset (i32.const 5)) func 0)
      (data (offset (global.get $second)) "here")))",
                                    false));
  ASSERT_TRUE(prepared.ok()) << prepared.error().message;
  const std::string text = text_of(prepared->wasm);
  EXPECT_THAT(text, HasSubstr(std::string("\x7f\0\x41\xe8\x07\x0b\x7f\0\x41\xe8\x07\x0b", 12)));
  EXPECT_THAT(text, HasSubstr(std::string("\0\x41\xe8\x07\x0b\4here", 10)));
}

TEST(Toolchains, B2WhatIsNotReadIsNamed) {
  const auto error_of = [](std::initializer_list<std::string> sections) {
    return read_binary(module_of(sections)).error();
  };
  // A structure, a recursive group, a page of one byte, a table of 64-bit indices.
  const Error gc = error_of({std::string("\x01\x03\x01\x5f\0", 5)});
  EXPECT_EQ(gc.code, Code::kUnsupported);
  EXPECT_THAT(gc.message, HasSubstr("GC proposal"));
  EXPECT_THAT(error_of({std::string("\x01\x06\x01\x4e\x01\x60\0\0", 8)}).message,
              HasSubstr("GC proposal"));
  const Error pages = error_of({std::string("\x05\x04\x01\x08\x01\0", 6)});
  EXPECT_EQ(pages.code, Code::kUnsupported);
  EXPECT_THAT(pages.message, HasSubstr("custom-page-sizes"));
  EXPECT_THAT(error_of({std::string("\x04\x04\x01\x70\x04\x01", 6)}).message,
              HasSubstr("memory64"));
  // call_ref
  auto call = prepare_bytes(
      module_of({kTypes, kFunctions, std::string("\x0a\x06\x01\x04\0\x14\0\x0b", 8)}));
  EXPECT_EQ(call.error().code, Code::kUnsupported);
  EXPECT_THAT(call.error().message, HasSubstr("function-references"));
  EXPECT_THAT(prepare_bytes(wat("(module (func (try (do) (catch_all))))")).error().message,
              HasSubstr("older form"));
}

TEST(Toolchains, B2LoweringKnowsWhatEachEngineLacks) {
  CodeFacts facts;
  facts.uses_externref = facts.uses_relaxed_simd = facts.uses_tail_calls = true;
  Features none;
  none.externref = false;
  EXPECT_THAT(lowering_for(facts, none).impossible,
              ElementsAre("externref", "relaxed-simd", "tail-call"));
  Features all;
  all.relaxed_simd = all.tail_calls = true;
  EXPECT_THAT(lowering_for(facts, all).impossible, IsEmpty());
}

struct Segment {
  const char* name;
  const char* wat;
  bool traps;
  const char* words;
};

class B3Segments : public ::testing::TestWithParam<Segment> {};

TEST_P(B3Segments, TrapAtTheStartWhereTheyDoNotFit) {
  const Bytes wasm = wat(GetParam().wat);
  for (const bool poll : {false, true}) {
    auto prepared = prepare_bytes(wasm, poll);
    ASSERT_TRUE(prepared.ok()) << prepared.error().message;
    EXPECT_EQ(prepared->facts.traps_at_start, GetParam().traps);
    EXPECT_TRUE(is_valid_wasm(prepared->wasm));
    auto after = read_binary(prepared->wasm);
    EXPECT_EQ(after->find_export(kStartExport, ExternKind::kFunc) != nullptr, GetParam().traps);
    const auto again = calculate_first_values(prepared->wasm, *after);  // what is left fits
    ASSERT_TRUE(again.ok());
    EXPECT_EQ(again->trap, StartTrap::kNone);
    if (GetParam().traps && !poll) {
      EXPECT_TRUE(run_wast(wast_binary("m", prepared->wasm) +
                           "(assert_trap (invoke $m \"ferry:start\") \"" + GetParam().words +
                           "\")\n"));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, B3Segments,
    ::testing::Values(
        Segment{"data_to_the_end", "(module (memory 1) (data (i32.const 65534) \"ab\"))", false,
                ""},
        Segment{"data_past_the_end", "(module (memory 1) (data (i32.const 65535) \"ab\"))", true,
                "out of bounds memory access"},
        Segment{"nothing_at_the_end", "(module (memory 1) (data (i32.const 65536) \"\"))", false,
                ""},
        Segment{"nothing_past_the_end", "(module (memory 1) (data (i32.const 65537) \"\"))", true,
                "out of bounds memory access"},
        Segment{"negative", "(module (memory 1) (data (i32.const -1) \"a\"))", true,
                "out of bounds memory access"},
        Segment{"elements_fit", "(module (table 2 funcref) (func) (elem (i32.const 1) func 0))",
                false, ""},
        Segment{"elements_do_not", "(module (table 2 funcref) (func) (elem (i32.const 2) func 0))",
                true, "undefined table index"},
        Segment{"passive",
                "(module (memory 0) (data \"abc\") (func (memory.init 0 (i32.const 0) (i32.const "
                "0) (i32.const 0))))",
                false, ""}),
    [](const auto& segment) { return segment.param.name; });

TEST(Toolchains, B4CustomSectionsCannotMakeAModuleWrong) {
  // Names that end too soon, and producers that are not list at all.
  const std::string names("\0\x07\x04name\x01\x7f", 9);
  const std::string producers("\0\x0c\x09producers\xff\xff", 14);
  const std::string debug("\0\x0d\x0a.debug_str\xff\xff", 15);
  const Bytes wasm = module_of(
      {kTypes, kFunctions, std::string("\x0a\x04\x01\x02\0\x0b", 6), names, producers, debug});
  auto prepared = prepare_bytes(wasm);
  ASSERT_TRUE(prepared.ok()) << prepared.error().message;
  EXPECT_TRUE(is_valid_wasm(prepared->wasm));
  for (const char* name : {"name", "producers", ".debug_str"}) {
    EXPECT_THAT(sections_of(prepared->wasm), Not(Contains(name)));
  }
  // The same for the tool that lowers.
  const Bytes plain = without_custom_sections(wasm, *read_binary(wasm));
  EXPECT_THAT(sections_of(plain), ElementsAre("1", "3", "10"));
}

TEST(Toolchains, B4NamesOfFunctionsAreKeptForTheToolThatLowers) {
  const Bytes wasm = module_of({kTypes, kFunctions, std::string("\x0a\x04\x01\x02\0\x0b", 6),
                                std::string("\0\x0e\x04name\x01\x07\x01\0\4mine", 16)});
  const Bytes plain = without_custom_sections(wasm, *read_binary(wasm));
  EXPECT_THAT(read_function_names(plain, *read_binary(plain)), ElementsAre("mine"));
}

}  // namespace
}  // namespace ferry::wasm
