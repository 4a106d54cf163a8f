#include "wasm/binary.h"

#include <random>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wasm/wat.h"

namespace ferry::wasm {
namespace {

using ferry::testing::wat;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

Bytes raw(std::string_view text) { return {text.begin(), text.end()}; }

// A header and what follows it.
Bytes module(std::initializer_list<int> rest) {
  Bytes out = {0, 'a', 's', 'm', 1, 0, 0, 0};
  for (int byte : rest) {
    out.push_back(static_cast<std::uint8_t>(byte));
  }
  return out;
}

Bytes component(std::initializer_list<int> rest) {
  Bytes out = module(rest);
  out[4] = 0x0D;
  out[6] = 1;
  return out;
}

std::string message_of(const Bytes& wasm) {
  auto binary = read_binary(wasm);
  return binary.ok() ? "it is fine" : binary.error().message;
}

TEST(Binary, ListsWhatAModuleHas) {
  auto binary = read_binary(wat(R"((module
    (type (func (param i32 i64) (result f64)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (import "env" "g" (global $g (mut i64)))
    (memory (export "memory") 2 16)
    (global (mut i32) (i32.const 5))
    (global f32 (f32.const 1.5))
    (func $start)
    (func (export "f") (param i32 i64) (result f64) (f64.const 0))
    (start $start)))"));
  ASSERT_TRUE(binary.ok()) << binary.error().text();
  EXPECT_FALSE(binary->component);
  EXPECT_EQ(binary->abi, Abi::kNone);
  ASSERT_EQ(binary->imports.size(), 2u);
  EXPECT_EQ(binary->imports[0].name, "proc_exit");
  EXPECT_EQ(binary->imports[1].kind, ExternKind::kGlobal);
  ASSERT_EQ(binary->memories.size(), 1u);
  EXPECT_EQ(binary->memories[0].minimum, 2u);
  EXPECT_EQ(binary->memories[0].maximum, 16u);
  ASSERT_EQ(binary->globals.size(), 3u);
  EXPECT_EQ(binary->globals[0].type, ValType::kI64);
  EXPECT_TRUE(binary->globals[1].is_mutable);
  EXPECT_FALSE(binary->globals[2].is_mutable);
  EXPECT_EQ(binary->start, 1u);
  const Export* f = binary->find_export("f", ExternKind::kFunc);
  ASSERT_NE(f, nullptr);
  EXPECT_EQ(f->index, 2u);
  EXPECT_THAT(binary->function_type(2)->params, ElementsAre(ValType::kI32, ValType::kI64));
  EXPECT_THAT(binary->function_type(0)->params, ElementsAre(ValType::kI32));
  EXPECT_EQ(binary->function_type(3), nullptr);
  EXPECT_EQ(binary->find_export("memory", ExternKind::kFunc), nullptr);
}

TEST(Binary, FindsTheAbi) {
  auto abi = [](std::string_view text) { return read_binary(wat(text))->abi; };
  EXPECT_EQ(abi(R"((module (func (export "_start"))))"), Abi::kCommand);
  EXPECT_EQ(abi(R"((module (func (export "_start")) (func (export "handle") (result i32)
                    (i32.const 0))))"),
            Abi::kCommand);
  EXPECT_EQ(abi(R"((module (func (export "_initialize"))
                    (func (export "handle") (result i32) (i32.const 0))))"),
            Abi::kReactor);
  EXPECT_EQ(abi(R"((module (func (export "handle") (result i32) (i32.const 0))))"), Abi::kReactor);
  EXPECT_EQ(abi(R"((module (func (export "handle"))))"), Abi::kNone);
  EXPECT_EQ(abi(R"((module (func (export "_start") (param i32))))"), Abi::kNone);
  EXPECT_EQ(abi(R"((module (memory (export "_start") 1)))"), Abi::kNone);
  EXPECT_EQ(abi("(module)"), Abi::kNone);
}

TEST(Binary, ReadsAComponentsNames) {
  // One import (an instance of type 0), one export (an instance).
  auto binary = read_binary(component(
      {0x0A, 0x0B, 1,   0,   6,    'a', ':', 'b', '/', 'c', '1', 5,   0,  //
       0x0B, 0x22, 1,   0,   0x1C, 'w', 'a', 's', 'i', ':', 'h', 't', 't', 'p', '/', 'i', 'n', 'c',
       'o',  'm',  'i', 'n', 'g',  '-', 'h', 'a', 'n', 'd', 'l', 'e', 'r', '@', '1', 5,   0,   0}));
  ASSERT_TRUE(binary.ok()) << binary.error().text();
  EXPECT_TRUE(binary->component);
  EXPECT_THAT(binary->component_imports, ElementsAre("a:b/c1"));
  EXPECT_THAT(binary->component_exports, ElementsAre("wasi:http/incoming-handler@1"));
  EXPECT_EQ(binary->abi, Abi::kHttp);
}

TEST(Binary, ReadsProducersAndIgnoresBrokenOnes) {
  Bytes good = module({0,  38,  9,   'p', 'r', 'o', 'd', 'u', 'c', 'e', 'r', 's', 1,       //
                       12, 'p', 'r', 'o', 'c', 'e', 's', 's', 'e', 'd', '-', 'b', 'y', 1,  //
                       5,  'c', 'l', 'a', 'n', 'g', 5,   '1', '6', '.', '0', '!'});
  good[9] = static_cast<std::uint8_t>(good.size() - 10);
  auto binary = read_binary(good);
  ASSERT_TRUE(binary.ok()) << binary.error().text();
  EXPECT_EQ(binary->toolchain, "clang 16.0");
  ASSERT_EQ(binary->producers.size(), 1u);
  good[20] = 0x7F;  // a field's name longer than the section
  EXPECT_TRUE(read_binary(good).ok());
}

TEST(BadBinary, EmptyTruncatedAndForeign) {
  EXPECT_EQ(message_of({}), "at offset 0: the file is empty");
  EXPECT_EQ(message_of(raw(std::string_view("\0as", 3))), "at offset 3: truncated in the header");
  EXPECT_THAT(message_of(raw("\x7F"
                             "ELF\2\1\1")),
              HasSubstr("this is an ELF file"));
  EXPECT_THAT(message_of(raw("(module)")), HasSubstr("this is WebAssembly text"));
  EXPECT_THAT(message_of(raw("hello, world")), HasSubstr("does not begin with \\0asm"));
  Bytes later = module({});
  later[4] = 2;
  EXPECT_EQ(message_of(later), "at offset 4: version 2, layer 0 of the binary format is unknown");
}

TEST(BadBinary, NamesTheOffset) {
  EXPECT_EQ(message_of(module({1})),
            "at offset 9: the bytes end too soon: truncated, or a wrong length before");
  EXPECT_EQ(message_of(module({1, 5, 1})),
            "at offset 10: section 1 claims 5 bytes, 1 are left: the file is truncated");
  EXPECT_EQ(message_of(module({1, 1, 9})), "at offset 10: 9 types in 0 bytes");
  EXPECT_EQ(message_of(module({1, 5, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F})),
            "at offset 10: a number does not fit in 32 bits");
}

TEST(BadBinary, EveryTruncationIsAnError) {
  Bytes whole = wat(R"((module
    (import "wasi_snapshot_preview1" "proc_exit" (func (param i32)))
    (memory (export "memory") 1) (global (mut i32) (i32.const 5))
    (func (export "_start") (call 0 (i32.const 3)))
    (data (i32.const 8) "abc")))");
  const auto right = read_binary(whole);
  ASSERT_TRUE(right.ok());
  // A cut between two sections leaves a shorter module, which may be right; all others are wrong.
  std::set<std::size_t> ends = {8};
  for (const Section& section : right->sections) {
    ends.insert(section.offset + section.size);
  }
  for (std::size_t size = 0; size < whole.size(); ++size) {
    auto binary = read_binary(ByteView(whole).first(size));
    if (!ends.contains(size)) {
      ASSERT_FALSE(binary.ok()) << size;
      EXPECT_EQ(binary.error().code, Code::kInvalid);
      EXPECT_THAT(binary.error().message, HasSubstr("at offset "));
    }
  }
}

TEST(BadBinary, RandomBytesBehindAHeader) {
  std::mt19937 random(7);  // NOLINT: the same bytes each time
  for (int round = 0; round < 20'000; ++round) {
    Bytes bytes = module({});
    bytes[4] = round % 2 == 0 ? 1 : 0x0D;
    bytes[6] = round % 2 == 0 ? 0 : 1;
    for (std::size_t i = random() % 64; i > 0; --i) {
      bytes.push_back(static_cast<std::uint8_t>(random() % 2 == 0 ? random() : random() % 16));
    }
    auto binary = read_binary(bytes);
    // By chance some are well formed, and of a proposal that is not read here.
    EXPECT_TRUE(binary.ok() || binary.error().code == Code::kInvalid ||
                binary.error().code == Code::kUnsupported);
  }
}

TEST(BadBinary, HundredMebibytes) {
  EXPECT_FALSE(read_binary(Bytes(100u << 20)).ok());
  // As large, and right: one custom section.
  Bytes padded = module({0, 0xFB, 0xFF, 0xFF, 0x31, 0});
  padded.resize(13 + 0x63FFFFB);
  EXPECT_TRUE(read_binary(padded).ok()) << message_of(padded);
}

TEST(BadBinary, BreaksARule) {
  EXPECT_THAT(message_of(module({3, 1, 0, 1, 1, 0})), HasSubstr("section 1 is out of order"));
  EXPECT_THAT(message_of(module({1, 1, 0, 1, 1, 0})), HasSubstr("section 1 is out of order"));
  EXPECT_THAT(message_of(module({0x2A, 1, 0})), HasSubstr("unknown section 42"));
  EXPECT_THAT(message_of(module({1, 2, 0, 0})), HasSubstr("1 bytes too many in section 1"));
  EXPECT_THAT(message_of(module({3, 2, 1, 7})), HasSubstr("type 7 of 0"));
  EXPECT_THAT(message_of(module({1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0})), HasSubstr("no bodies for 1"));
  EXPECT_THAT(message_of(module({5, 3, 1, 1, 9})), HasSubstr("bytes end too soon"));
  EXPECT_THAT(message_of(module({5, 4, 1, 1, 9, 2})), HasSubstr("a memory of 9 to 2 pages"));
  EXPECT_THAT(message_of(module({7, 5, 1, 1, 'a', 0, 0})), HasSubstr("export 'a' names number 0"));
  EXPECT_THAT(message_of(module({7, 5, 1, 1, 0xFF, 0, 0})), HasSubstr("a name is not UTF-8"));
  EXPECT_THAT(message_of(module({8, 1, 0})), HasSubstr("start function 0 is not a function"));
  EXPECT_THAT(message_of(module({5, 3, 1, 0, 1, 7, 9, 2, 1, 'a', 2, 0, 1, 'a', 2, 0})),
              HasSubstr("two exports are named 'a'"));
}

}  // namespace
}  // namespace ferry::wasm
