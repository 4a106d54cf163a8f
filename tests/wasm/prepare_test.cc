#include "wasm/prepare.h"

#include <cstdlib>
#include <filesystem>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "tree.h"
#include "wasm/lower.h"
#include "wasm/wat.h"

namespace ferry::wasm {
namespace {

using ferry::testing::is_valid_wasm;
using ferry::testing::run_wast;
using ferry::testing::wast_binary;
using ferry::testing::wat;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Result<Prepared> prepare_wat(std::string_view text, bool poll) {
  Bytes wasm = wat(text);
  FERRY_TRY(Binary binary, read_binary(wasm));
  return prepare(wasm, binary, {poll, true});
}

// Each shape of section and instruction that is edited or passed over.
constexpr const char* kShapes[] = {
    "(module)",
    "(module (memory 1))",
    "(module (memory (export \"memory\") 1 2))",
    "(module (import \"env\" \"memory\" (memory 1)) (func (drop (memory.grow (i32.const 1)))))",
    "(module (func))",
    "(module (func (export \"memory\")) (memory 1))",
    R"((module (import "a" "f" (func (param i64))) (import "a" "g" (global (mut i64)))
      (import "a" "t" (table 1 funcref)) (func (call 0 (global.get 0))) (start 1)))",
    // Every place a function's index can appear in.
    R"((module
      (import "a" "f" (func $f (param i32) (result i32)))
      (type $v (func))
      (table $t 8 funcref) (table $x 2 externref)
      (global $g (mut funcref) (ref.func $a))
      (memory 1)
      (func $a (export "a") (param i32) (result i32) (return_call $b (local.get 0)))
      (func $b (export "b") (param i32) (result i32) (call $f (call $c (local.get 0))))
      (func $c (param i32) (result i32)
        (table.set $t (i32.const 1) (ref.func $b))
        (call_indirect $t (param i32) (result i32) (local.get 0) (i32.const 1)))
      (func $s (global.set $g (ref.func $c)))
      (start $s)
      (elem (i32.const 0) $a $b)
      (elem func $c)
      (elem (table $t) (i32.const 2) func $c)
      (elem declare func $c)
      (elem (i32.const 4) funcref (ref.func $b) (ref.null func))
      (elem funcref (ref.func $c))
      (elem (table $t) (offset (i32.const 5)) funcref (ref.func $a))
      (elem declare funcref (ref.func $a))))",
    // Control flow of every kind, loops with parameters and in dead code.
    R"((module (memory 1)
      (func (param i32) (result i32) (local i64 v128)
        (block (result i32)
          (loop (result i32)
            (br_if 0 (local.get 0))
            (if (result i32) (local.get 0) (then (i32.const 1)) (else (unreachable)))))
        (i32.const 2)
        (loop (param i32) (result i32) (i32.add (i32.const 1)))
        (i32.add))
      (func unreachable loop unreachable memory.grow drop end)
      (func (param i32) (result i32)
        (block (block (block (br_table 0 1 2 (local.get 0)))))
        (return (memory.grow (memory.grow (local.get 0)))))))",
    // Later instructions.
    R"((module (memory 1) (data $d "abc") (table $t 4 funcref) (elem $e func 0)
      (func (param f64 i32 i64) (result i32)
        (memory.init $d (i32.const 0) (i32.const 0) (i32.const 3)) (data.drop $d)
        (memory.copy (i32.const 0) (i32.const 1) (i32.const 2))
        (memory.fill (i32.const 0) (i32.const 1) (i32.const 2))
        (table.init $t $e (i32.const 0) (i32.const 0) (i32.const 1)) (elem.drop $e)
        (table.copy $t $t (i32.const 0) (i32.const 1) (i32.const 1))
        (drop (table.grow $t (ref.null func) (i32.const 1))) (drop (table.size $t))
        (table.fill $t (i32.const 0) (ref.null func) (i32.const 1))
        (drop (i64.extend32_s (local.get 2)))
        (drop (select (result i32) (i32.const 1) (i32.const 2) (i32.const 3)))
        (drop (ref.is_null (table.get $t (i32.const 0))))
        (i32.add (i32.extend8_s (local.get 1)) (i32.trunc_sat_f64_s (local.get 0))))))",
    R"((module (memory 1) (global (mut v128) (v128.const i32x4 1 2 3 4))
      (func (result v128)
        (v128.store (i32.const 0) (i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15
          (v128.load8_splat (i32.const 0)) (v128.load64_zero offset=8 (i32.const 0))))
        (v128.store16_lane 3 (i32.const 0) (global.get 0))
        (drop (i8x16.extract_lane_s 1 (global.get 0)))
        (drop (f32.const 1)) (drop (f64.const 2)) (drop (i64.const -9000000000000000000))
        (i32x4.trunc_sat_f64x2_u_zero (v128.load32_lane align=1 2 (i32.const 0) (global.get 0))))))",
    R"((module (global (mut i32) (i32.const 1)) (global (mut f64) (f64.const 1))
        (global i64 (i64.const 1)) (export "g" (global 0))))",
};

class Shape : public ::testing::TestWithParam<const char*> {};

TEST_P(Shape, StaysValidAndKeepsItsIndices) {
  Bytes wasm = wat(GetParam());
  auto before = read_binary(wasm);
  ASSERT_TRUE(before.ok());
  for (bool poll : {false, true}) {
    auto prepared = prepare(wasm, *before, {poll, true});
    ASSERT_TRUE(prepared.ok()) << prepared.error().text();
    EXPECT_TRUE(is_valid_wasm(prepared->wasm)) << (poll ? "with polling" : "without polling");
    auto after = read_binary(prepared->wasm);
    ASSERT_TRUE(after.ok()) << after.error().text();
    EXPECT_EQ(after->imports.size(), before->imports.size() + (poll ? 1 : 0));
    EXPECT_FALSE(after->start);
    for (const Export& item : before->exports) {
      const Export* kept = after->find_export(item.name, item.kind);
      ASSERT_NE(kept, nullptr) << item.name;
      const bool moved = poll && item.kind == ExternKind::kFunc;
      EXPECT_EQ(kept->index, item.index + (moved ? 1 : 0));
    }
    for (std::size_t i = 0; i < before->types.size(); ++i) {
      EXPECT_EQ(after->types[i], before->types[i]);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, Shape, ::testing::ValuesIn(kShapes));

// A driver that sets the limit and reads what was refused, beside the prepared guest "m".
constexpr char kDriver[] = R"(
(module
  (import "m" "ferry:memory_limit" (global $limit (mut i64)))
  (import "m" "ferry:memory_refused" (global $refused (mut i64)))
  (func (export "limit") (param i64) (global.set $limit (local.get 0)))
  (func (export "refused") (result i64) (global.get $refused)))
)";

TEST(Grow, ObeysTheLimitAndNotesWhatItRefused) {
  auto prepared = prepare_wat(R"((module (memory (export "memory") 1 5)
      (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
      (func (export "size") (result i32) (memory.size))))",
                              false);
  ASSERT_TRUE(prepared.ok());
  EXPECT_TRUE(run_wast(wast_binary("m", prepared->wasm) + kDriver + R"(
(assert_return (invoke $m "grow" (i32.const 1)) (i32.const -1))     ;; no limit set yet
(assert_return (invoke $m "grow" (i32.const 0)) (i32.const 1))
(invoke "limit" (i64.const 262144))                                 ;; four pages
(assert_return (invoke $m "grow" (i32.const 2)) (i32.const 1))
(assert_return (invoke $m "grow" (i32.const 1)) (i32.const 3))      ;; exactly to the limit
(assert_return (invoke $m "grow" (i32.const 1)) (i32.const -1))
(assert_return (invoke "refused") (i64.const 327680))
(assert_return (invoke $m "grow" (i32.const -1)) (i32.const -1))    ;; 2^32 - 1 pages more
(assert_return (invoke "refused") (i64.const 281474976907264))
(assert_return (invoke $m "size") (i32.const 4))
(invoke "limit" (i64.const 281474976710656))                        ;; past the guest's own maximum
(assert_return (invoke $m "grow" (i32.const 2)) (i32.const -1))
(assert_return (invoke "refused") (i64.const 393216))
(assert_return (invoke $m "grow" (i32.const 1)) (i32.const 4))
)"));
}

TEST(Grow, LimitIsToTheByte) {
  auto prepared = prepare_wat(R"((module (memory 1)
      (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))))",
                              false);
  ASSERT_TRUE(prepared.ok());
  EXPECT_TRUE(run_wast(wast_binary("m", prepared->wasm) + kDriver + R"(
(invoke "limit" (i64.const 131071))
(assert_return (invoke $m "grow" (i32.const 1)) (i32.const -1))
(invoke "limit" (i64.const 131072))
(assert_return (invoke $m "grow" (i32.const 1)) (i32.const 1))
)"));
}

// A host that lets a number of polls pass, then traps.
constexpr char kPollHost[] = R"(
(module
  (global $left (mut i32) (i32.const 3)) (global $seen (mut i32) (i32.const 0))
  (func (export "poll")
    (global.set $seen (i32.add (global.get $seen) (i32.const 1)))
    (if (i32.eqz (global.get $left)) (then (unreachable)))
    (global.set $left (i32.sub (global.get $left) (i32.const 1))))
  (func (export "seen") (result i32) (global.get $seen))
  (func (export "more") (global.set $left (i32.const 1000000))))
(register "ferry")
)";

TEST(Poll, EndsLoopsAndRecursionAndCountsOthersRight) {
  auto prepared = prepare_wat(R"((module
      (import "spectest" "print_i32" (func (param i32)))
      (func $forever (export "forever") (loop (br 0)))
      (func $deep (export "tail") (return_call $deep))
      (func $sum (export "sum") (param i32) (result i32) (local i32)
        (loop $again
          (local.set 1 (i32.add (local.get 1) (local.get 0)))
          (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
        (local.get 1))))",
                              true);
  ASSERT_TRUE(prepared.ok());
  EXPECT_TRUE(run_wast(kPollHost + wast_binary("m", prepared->wasm) + R"(
(assert_trap (invoke $m "forever") "unreachable")
(assert_trap (invoke $m "tail") "unreachable")
)"));
  EXPECT_TRUE(run_wast(kPollHost + std::string("(invoke \"more\")") +
                       wast_binary("m", prepared->wasm) +
                       fmt::format(R"(
(assert_return (invoke $m "sum" (i32.const 10)) (i32.const 55))
(module $host (import "ferry" "seen" (func (result i32))) (export "seen" (func 0)))
(assert_return (invoke $host "seen") (i32.const 0))
(assert_return (invoke $m "sum" (i32.const {})) (i32.const {}))
(assert_return (invoke $host "seen") (i32.const 2))
)",
                                   2 * kPollBudget, kPollBudget * (2 * kPollBudget + 1))));
}

TEST(Poll, CallsThroughTablesAndReferencesStillReachTheirFunctions) {
  auto prepared = prepare_wat(R"((module
      (import "spectest" "print" (func))
      (type $r (func (result i32)))
      (table 4 funcref) (global $g (mut funcref) (ref.func $two))
      (func $one (result i32) (i32.const 1)) (func $two (result i32) (i32.const 2))
      (func $set (table.set 0 (i32.const 2) (global.get $g)))
      (start $set)
      (elem (i32.const 0) $one) (elem (i32.const 1) funcref (ref.func $two))
      (func (export "at") (param i32) (result i32) (call_indirect (type $r) (local.get 0)))))",
                              true);
  ASSERT_TRUE(prepared.ok());
  EXPECT_TRUE(run_wast(kPollHost + wast_binary("m", prepared->wasm) + R"(
(assert_return (invoke $m "at" (i32.const 0)) (i32.const 1))
(assert_return (invoke $m "at" (i32.const 1)) (i32.const 2))
(assert_trap (invoke $m "at" (i32.const 2)) "uninitialized")   ;; the start function has not run
(invoke $m "ferry:start")
(assert_return (invoke $m "at" (i32.const 2)) (i32.const 2))
)"));
}

TEST(Prepare, ExportsWhatAnInstancesStateIs) {
  auto prepared = prepare_wat(R"((module (memory 1)
      (global (mut i32) (i32.const 1)) (global i32 (i32.const 1)) (global (mut f64) (f64.const 1))
      (global (mut v128) (v128.const i32x4 1 2 3 4)) (func $s) (start $s)))",
                              false);
  ASSERT_TRUE(prepared.ok());
  EXPECT_TRUE(prepared->facts.has_opaque_globals);
  auto binary = read_binary(prepared->wasm);
  std::vector<std::string> names;
  for (const Export& item : binary->exports) {
    names.push_back(item.name);
  }
  EXPECT_THAT(names, ElementsAre("ferry:memory_limit", "ferry:memory_refused", "ferry:memory",
                                 "ferry:start", "ferry:g0", "ferry:g2"));
}

TEST(Prepare, KeepsTheNamesOfFunctionsAndNoOtherCustomSection) {
  Bytes wasm = wat("(module (import \"a\" \"b\" (func $imported)) (func $mine (param $p i32)))");
  auto custom = [&](std::string name, std::string text) {
    wasm.push_back(0);
    wasm.push_back(static_cast<std::uint8_t>(1 + name.size() + text.size()));
    wasm.push_back(static_cast<std::uint8_t>(name.size()));
    wasm.insert(wasm.end(), name.begin(), name.end());
    wasm.insert(wasm.end(), text.begin(), text.end());
  };
  // imported, mine; locals of mine: p
  custom("name", std::string("\1\x11\2\0\x08imported\1\4mine\2\6\1\1\1\0\1p", 27));
  custom(".debug_line", "xxx");
  custom("mine", "yyy");
  auto binary = read_binary(wasm);
  auto sections = [](const Bytes& bytes) {
    std::vector<std::string> out;
    auto read = read_binary(bytes);
    for (const Section& section : read->sections) {
      if (section.id == 0) {
        out.push_back(section.name);
      }
    }
    return out;
  };
  auto plain = prepare(wasm, *binary, {false, true});
  EXPECT_THAT(sections(plain->wasm), ElementsAre("name"));
  auto polled = prepare(wasm, *binary, {true, true});
  EXPECT_THAT(sections(polled->wasm), ElementsAre("name"));
  EXPECT_TRUE(is_valid_wasm(polled->wasm));
  EXPECT_THAT(std::string(as_text(polled->wasm)),
              HasSubstr(std::string("\1\x11\2\0\x08imported\2\4mine", 19)));
}

struct Used {
  const char* wat;
  bool CodeFacts::*fact;
};

class Facts : public ::testing::TestWithParam<Used> {};

TEST_P(Facts, AreSeen) {
  auto facts = [](const char* text) {
    Bytes wasm = wat(text);
    return read_code_facts(wasm, *read_binary(wasm)).value();
  };
  EXPECT_TRUE(facts(GetParam().wat).*GetParam().fact);
  EXPECT_FALSE(facts("(module (memory 1) (table 1 funcref) (func (param i32) (loop (nop))) (elem "
                     "(i32.const 0) 0) (data (i32.const 0) \"a\"))").*
               GetParam().fact);
}

INSTANTIATE_TEST_SUITE_P(
    All, Facts,
    ::testing::Values(
        Used{"(module (func (drop (i32.extend8_s (i32.const 1)))))",
             &CodeFacts::uses_sign_extension},
        Used{"(module (func (drop (i32.trunc_sat_f32_s (f32.const 1)))))",
             &CodeFacts::uses_saturating_float_to_int},
        Used{"(module (memory 1) (func (memory.fill (i32.const 0) (i32.const 0) (i32.const 0))))",
             &CodeFacts::uses_bulk_memory},
        Used{"(module (memory 1) (data \"passive\"))", &CodeFacts::uses_bulk_memory},
        Used{"(module (memory 1) (data \"a\") (func (data.drop 0)))", &CodeFacts::drops_data},
        Used{"(module (memory 1) (func (drop (memory.grow (i32.const 1)))))",
             &CodeFacts::grows_memory},
        Used{"(module (func (result i32 i32) (i32.const 1) (i32.const 2)))",
             &CodeFacts::uses_multi_value},
        Used{"(module (func (i32.const 1) (block (param i32) (drop))))",
             &CodeFacts::uses_multi_value},
        Used{"(module (func (drop (ref.null func))))", &CodeFacts::uses_reference_types},
        Used{"(module (table 1 externref))", &CodeFacts::uses_reference_types},
        Used{"(module (table 1 funcref) (func (table.set 0 (i32.const 0) (ref.null func))))",
             &CodeFacts::writes_tables},
        Used{"(module (table 1 funcref) (elem func 0) (func (elem.drop 0)))",
             &CodeFacts::writes_tables},
        Used{"(module (func (local v128)))", &CodeFacts::uses_simd},
        Used{"(module (func (drop (i8x16.splat (i32.const 1)))))", &CodeFacts::uses_simd},
        Used{"(module (func $f (return_call $f)))", &CodeFacts::uses_tail_calls},
        Used{"(module (tag) (func (throw 0)))", &CodeFacts::uses_exceptions},
        Used{"(module (func (try (do) (catch_all))))", &CodeFacts::uses_legacy_exceptions},
        Used{"(module (table 1 externref))", &CodeFacts::uses_externref},
        Used{"(module (func (param externref)))", &CodeFacts::uses_externref},
        Used{"(module (func (drop (ref.null extern))))", &CodeFacts::uses_externref},
        Used{"(module (func (local v128) (local.set 0 (i8x16.relaxed_swizzle (local.get 0) "
             "(local.get 0)))))",
             &CodeFacts::uses_relaxed_simd},
        Used{"(module (func (atomic.fence)))", &CodeFacts::uses_threads},
        Used{"(module (memory 1 1 shared) (func (drop (i32.atomic.load (i32.const 0)))))",
             &CodeFacts::uses_threads},
        Used{"(module (global (mut externref) (ref.null extern)))",
             &CodeFacts::has_opaque_globals}));

TEST(Prepare, RefusesWhatNoEngineHereRuns) {
  auto message = [](std::string_view text) { return prepare_wat(text, false).error().message; };
  EXPECT_THAT(message("(module (tag) (func (throw 0)))"), HasSubstr("exceptions"));
  EXPECT_THAT(message("(module (func (atomic.fence)))"), HasSubstr("atomic"));
  EXPECT_THAT(message("(module (memory 1 1 shared))"), HasSubstr("shared memory"));
  EXPECT_THAT(message("(module (memory i64 1))"), HasSubstr("64-bit memory"));
  EXPECT_THAT(message("(module (memory 1) (memory 1))"), HasSubstr("2 memories"));
  EXPECT_THAT(message("(module (func (export \"ferry:x\")))"), HasSubstr("'ferry:x'"));
  EXPECT_THAT(message("(module (import \"ferry\" \"poll\" (func)))"), HasSubstr("'ferry'"));
}

TEST(Prepare, NamesTheOffsetOfCodeItDoesNotUnderstand) {
  auto with_body = [](std::initializer_list<std::uint8_t> body) {
    Bytes wasm = {0, 'a', 's', 'm', 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 10};
    wasm.push_back(static_cast<std::uint8_t>(body.size() + 2));
    wasm.push_back(1);
    wasm.push_back(static_cast<std::uint8_t>(body.size()));
    wasm.insert(wasm.end(), body.begin(), body.end());
    auto prepared = prepare(wasm, read_binary(wasm).value(), {});
    return prepared.ok() ? "it is fine" : prepared.error().message;
  };
  EXPECT_EQ(with_body({0, 0x0B}), "it is fine");
  EXPECT_EQ(with_body({0, 0xFF, 0x0B}), "at offset 23: unknown instruction 0xff 0");
  EXPECT_EQ(
      with_body({0, 0xFB, 0, 0x0B}),
      "at offset 23: it uses garbage-collected types (the GC proposal), which no engine here runs");
  EXPECT_EQ(with_body({0, 0xFC, 99, 0x0B}), "at offset 23: unknown instruction 0xfc 99");
  EXPECT_EQ(with_body({0, 0x01}),
            "at offset 24: the bytes end too soon: truncated, or a wrong length before");
  EXPECT_EQ(with_body({0, 0x0B, 0x0B}), "at offset 24: 1 bytes behind the end of a function");
  EXPECT_EQ(with_body({0, 0x40, 0, 0x0B}),
            "at offset 23: memory.grow of memory 0, which there is not");
  EXPECT_EQ(with_body({1, 0xFF, 0xFF, 0xFF, 0x7F, 0x7F, 0x0B}),
            "at offset 28: more than 50000 locals in a function");
}

TEST(Lowering, ListsWhatAnEngineLacks) {
  CodeFacts facts;
  facts.uses_bulk_memory = facts.uses_sign_extension = facts.uses_saturating_float_to_int = true;
  EXPECT_FALSE(lowering_for(facts, {}).needed());
  Features old{false, false, false, false, false, false, false};
  EXPECT_THAT(lowering_for(facts, old).rewrite,
              ElementsAre("bulk-memory", "sign-ext", "nontrapping-fptoint"));
  EXPECT_THAT(lowering_for(facts, old).impossible, IsEmpty());
  facts.writes_tables = facts.uses_simd = true;
  EXPECT_THAT(lowering_for(facts, old).impossible, ElementsAre("bulk-memory", "simd"));
}

// The functions that this tree builds, and any folder of modules named by FERRY_WASM_CORPUS.
TEST(Prepare, KeepsRealBinariesValid) {
  std::vector<std::string> folders = {in_build("functions")};
  if (const char* more = std::getenv("FERRY_WASM_CORPUS")) {
    folders.emplace_back(more);
  }
  int count = 0;
  for (const std::string& folder : folders) {
    std::error_code missing;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder, missing)) {
      if (entry.path().extension() != ".wasm") {
        continue;
      }
      auto wasm = read_file(entry.path().string(), kMaxWasmBytes);
      ASSERT_TRUE(wasm.ok());
      auto binary = read_binary(*wasm);
      if (!binary.ok() || binary->component) {
        EXPECT_TRUE(binary.ok() || !is_valid_wasm(*wasm))
            << entry.path() << ": " << binary.error().text();
        continue;
      }
      for (bool poll : {false, true}) {
        auto prepared = prepare(*wasm, *binary, {poll, true});
        if (!prepared.ok()) {
          EXPECT_TRUE(prepared.error().code == Code::kUnsupported || !is_valid_wasm(*wasm))
              << entry.path() << ": " << prepared.error().text();
          continue;
        }
        ++count;
        EXPECT_TRUE(is_valid_wasm(prepared->wasm) || !is_valid_wasm(*wasm))
            << entry.path() << (poll ? " with polling" : "");
      }
    }
  }
  if (count == 0) {
    GTEST_SKIP() << "no modules in " << folders.front() << ": make functions builds them";
  }
  RecordProperty("modules", count);
}

}  // namespace
}  // namespace ferry::wasm
