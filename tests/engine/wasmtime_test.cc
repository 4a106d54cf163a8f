// What only this plug-in offers.
#include <fstream>
#include <functional>

#include "base/architecture.h"
#include "bundle/bundle.h"
#include "bundle/code_guard.h"
#include "bundle/elf_code.h"
#include "bundle/load.h"
#include "engine/conformance.h"

namespace ferry::engine {
namespace {

TEST(Wasmtime, PortableCodeNamesNoCpuOfThisMachine) {
  EngineOptions options;
  options.compile_only = true;
  auto native = load_engine("wasmtime", options);
  auto portable = load_engine("wasmtime:portable", options);
  ASSERT_TRUE(native.ok()) << native.error().text();
  ASSERT_TRUE(portable.ok()) << portable.error().text();
  EXPECT_EQ((*portable)->info().variant, "portable");
  EXPECT_NE((*portable)->info().fingerprint, (*native)->info().fingerprint);
  const char* level = kThisArchitecture == Architecture::kAmd64 ? "cpu:x86-64-v2" : "cpu:armv8-a";
  EXPECT_TRUE((*portable)->info().fingerprint.ends_with(level));
  const auto code = (*portable)->compile(guest("suite"));
  EXPECT_TRUE(code.ok()) << code.error().text();
}

// e_machine of the ELF specification.
unsigned machine_of_code(const Bytes& elf) {
  return elf.size() < 20 ? 0 : elf[19] * 256u + elf[18];
}
constexpr unsigned kElfAmd64 = 62;
constexpr unsigned kElfArm64 = 183;

TEST(Wasmtime, PortableForThisArchitectureIsPortable) {
  EngineOptions options;
  options.compile_only = true;
  const std::string name = "wasmtime:portable";
  auto portable = load_engine(name, options);
  auto named = load_engine(name + "-" + std::string(name_of(kThisArchitecture)), options);
  ASSERT_TRUE(portable.ok() && named.ok());
  EXPECT_EQ((*portable)->info().fingerprint, (*named)->info().fingerprint);
}

TEST(Wasmtime, CodeForAnotherArchitectureIsCompiledAndNotRun) {
  const bool here_amd64 = kThisArchitecture == Architecture::kAmd64;
  const Architecture other = here_amd64 ? Architecture::kArm64 : Architecture::kAmd64;
  const std::string name = "wasmtime:portable-" + std::string(name_of(other));
  EngineOptions options;
  options.compile_only = true;
  auto engine = load_engine(name, options);
  if (!engine.ok()) {
    EXPECT_EQ(engine.error().code, Code::kNotFound) << engine.error().text();
    EXPECT_NE(engine.error().hint.find(here_amd64 ? "make arm64" : "a ferry for x86-64"),
              std::string::npos);
    GTEST_SKIP() << "this build has no compiler for " << name_of(other) << " (make arm64)";
  }
  EXPECT_EQ(architecture_in((*engine)->info().fingerprint), other);
  const auto code = (*engine)->compile(guest("suite"));
  ASSERT_TRUE(code.ok()) << code.error().text();
  EXPECT_EQ(machine_of_code(*code), here_amd64 ? kElfArm64 : kElfAmd64);
  auto running = load_engine(name, {});
  ASSERT_FALSE(running.ok());
  EXPECT_EQ(running.error().code, Code::kUnsupported);
}

class WasmtimeDeadline : public Conformance {};

// A function that has no instruction that traps, as an empty loop, may be left out.
TEST_P(WasmtimeDeadline, IsToldWithTheFramesThatItEnded) {
  auto module = load(guest("endless"));
  auto running = instance(*module);
  const End loop = call(*running, "called", "", std::chrono::milliseconds(20));
  EXPECT_EQ(loop.kind, End::Kind::kDeadline);
  EXPECT_NE(loop.backtrace.find(": outer\n"), std::string::npos) << loop.backtrace;
  EXPECT_TRUE(loop.backtrace.ends_with(": called\n")) << loop.backtrace;
  const End tree = call(*running, "tree", "", std::chrono::milliseconds(20));
  EXPECT_EQ(tree.kind, End::Kind::kDeadline);
  EXPECT_TRUE(tree.backtrace.starts_with("  1: tree\n  2: tree\n")) << tree.backtrace;
}

TEST_P(WasmtimeDeadline, NeedsNoFunctionToEnd) {
  auto module = load(guest("no_code"));
  ASSERT_NE(module, nullptr);
  auto running = instance(*module);
  EXPECT_EQ(call(*running, "yield").kind, End::Kind::kReturned);
}

INSTANTIATE_TEST_SUITE_P(Engines, WasmtimeDeadline, testing::Values("wasmtime"),
                         [](const auto& one) { return one.param; });

TEST(Wasmtime, NoSuchVariantIsUsage) {
  auto engine = load_engine("wasmtime:winch", {});
  ASSERT_FALSE(engine.ok());
  EXPECT_EQ(engine.error().code, Code::kUsage);
}

void append_number(Bytes& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<std::uint8_t>(value | 0x80));
  out.push_back(static_cast<std::uint8_t>(value));
}
void append(Bytes& out, const Bytes& more) { out.insert(out.end(), more.begin(), more.end()); }
void append_sized(Bytes& out, const Bytes& more) {
  append_number(out, more.size());
  append(out, more);
}
Bytes exported(char name, std::uint8_t index) {
  return {1, static_cast<std::uint8_t>(name), 0, index};
}

// Functions that store a great many constants each and return 1: as much code as a program has.
// "a" is the first; "z" calls each of them.
Bytes much_code() {
  constexpr std::uint8_t kFunctions = 120;
  Bytes body{0};
  for (std::uint32_t i = 0; i < 400; ++i) {
    append(body, {0x41});  // i32.const address, i32.const value, i32.store
    append_number(body, i % 60);
    append(body, {0x41, 0x07, 0x36, 2});
    append_number(body, i * 4);
  }
  append(body, {0x41, 1, 0x0b});
  Bytes code;
  append_number(code, kFunctions + 1);
  for (std::uint8_t i = 0; i < kFunctions; ++i) append_sized(code, body);
  Bytes calls{0};
  for (std::uint8_t i = 0; i < kFunctions; ++i) append(calls, {0x10, i, 0x1a});  // call, drop
  append(calls, {0x41, 1, 0x0b});
  append_sized(code, calls);
  Bytes functions;
  append_number(functions, kFunctions + 1);
  functions.insert(functions.end(), kFunctions + 1, 0);
  Bytes exports{2};
  append(exports, exported('a', 0));
  append(exports, exported('z', kFunctions));
  Bytes out{0, 'a', 's', 'm', 1, 0, 0, 0};
  const std::pair<std::uint8_t, Bytes> sections[] = {
      {1, {1, 0x60, 0, 1, 0x7f}}, {3, functions}, {5, {1, 0, 1}}, {7, exports}, {10, code}};
  for (const auto& [id, content] : sections) {
    out.push_back(id);
    append_sized(out, content);
  }
  return out;
}

class WasmtimeBundle : public Conformance {
 protected:
  // From a bundle of it, with `change` done to the file.
  Result<std::unique_ptr<Module>> load_changed(std::uint64_t at_once,
                                               const std::function<void(Bytes&)>& change,
                                               const std::vector<bundle::PageRun>& early = {}) {
    const auto code = compile(much_code());
    if (code == nullptr) return Error{Code::kInternal, "not compiled", ""};
    bundle::MacKey key;
    bundle::BundleInfo info;
    info.early = early;
    Bytes bytes = bundle::write_bundle(info, *code, key);
    change(bytes);
    FERRY_TRY(const auto bundle, bundle::open_bundle(bytes, key));
    EXPECT_NE(bundle.artifact->code(), nullptr) << "too little code for this test";
    return bundle::load_artifact(**engine_, bundle.artifact, at_once);
  }

  static void change_the_middle(Bytes& file) {
    const bundle::CodeRange code = bundle::find_code(file);
    file[code.offset + code.size / 2] ^= 0x55;
  }
};

constexpr std::uint64_t kByPiece = 0;

TEST_P(WasmtimeBundle, CodeIsProvenAtOnce) {
  const auto module = load_changed(bundle::kProvenAtOnce, [](Bytes&) {});
  ASSERT_TRUE(module.ok()) << module.error().text();
  const auto first = instance(**module);
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(call(*first, "z").value, 1);
}

TEST_P(WasmtimeBundle, ChangedCodeIsNotLoadedWhereItIsProvenAtOnce) {
  const auto module = load_changed(bundle::kProvenAtOnce, change_the_middle);
  ASSERT_FALSE(module.ok());
  EXPECT_EQ(module.error().code, Code::kDenied) << module.error().text();
}

TEST_P(WasmtimeBundle, CodeIsProvenWhenItRuns) {
  const auto module = load_changed(kByPiece, [](Bytes&) {});
  ASSERT_TRUE(module.ok()) << module.error().text();
  const auto first = instance(**module);
  ASSERT_NE(first, nullptr);
  for (const char* name : {"a", "z", "a"}) {
    const End end = call(*first, name);
    EXPECT_EQ(end.kind, End::Kind::kReturned) << end.message;
    EXPECT_EQ(end.value, 1);
  }
}

TEST_P(WasmtimeBundle, ChangedCodeEndsTheProcessWhenItIsReached) {
  const auto module = load_changed(kByPiece, change_the_middle);
  ASSERT_TRUE(module.ok()) << module.error().text();
  const auto first = instance(**module);
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(call(*first, "a").value, 1);
  EXPECT_EXIT(call(*first, "z"), testing::ExitedWithCode(9), "code was changed");
}

TEST_P(WasmtimeBundle, WhatAStartUsesIsSeenAndProvenFirst) {
  const auto code = compile(much_code());
  ASSERT_NE(code, nullptr);
  const bundle::CodeRange all = bundle::find_code(*code);
  bundle::MacKey key;
  const auto bundle = bundle::open_bundle(bundle::write_bundle({}, *code, key), key);
  ASSERT_TRUE(bundle.ok()) << bundle.error().text();
  std::vector<bundle::PageRun> early;
  {
    const auto watched = bundle::load_watched(**engine_, bundle->artifact);
    ASSERT_TRUE(watched.ok()) << watched.error().text();
    const auto first = instance(*watched->module);
    ASSERT_NE(first, nullptr);
    EXPECT_EQ(call(*first, "a").value, 1);
    early = watched->guard->touched();
  }
  ASSERT_FALSE(early.empty());
  std::uint64_t pages = 0;
  for (const bundle::PageRun& run : early) pages += run.count;
  EXPECT_LT(pages * bundle::kCodePage, all.size);
  // What is used early is asked for before anything runs, however much is proven at once.
  const auto denied = load_changed(
      bundle::kProvenAtOnce,
      [&](Bytes& file) { file[all.offset + early[0].first * bundle::kCodePage] ^= 1; }, early);
  ASSERT_FALSE(denied.ok());
  EXPECT_EQ(denied.error().code, Code::kDenied) << denied.error().text();
  const auto module = load_changed(bundle::kProvenAtOnce, change_the_middle, early);
  ASSERT_TRUE(module.ok()) << module.error().text();
  const auto second = instance(**module);
  ASSERT_NE(second, nullptr);
  EXPECT_EQ(call(*second, "a").value, 1);
  EXPECT_EXIT(call(*second, "z"), testing::ExitedWithCode(9), "code was changed");
}

// What is mapped at an address: a file's name, "" where it is none's.
std::string mapped_at(const void* address) {
  const auto wanted = reinterpret_cast<std::uintptr_t>(address);
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    std::istringstream words(line);
    std::uintptr_t from = 0;
    std::uintptr_t to = 0;
    std::string rights, offset, device, inode, name;
    words >> std::hex >> from;
    words.ignore(1);
    words >> to >> rights >> offset >> device >> inode >> name;
    if (wanted >= from && wanted < to) return name;
  }
  return "nothing";
}

// A module with so many bytes of data from address 0 on.
Bytes module_with_data(std::size_t size) {
  Bytes segment{1, 0, 0x41, 0, 0x0b};
  append_sized(segment, Bytes(size, 'x'));
  Bytes out{0, 'a', 's', 'm', 1, 0, 0, 0, 5, 3, 1, 0, 1, 7, 10, 1, 6};
  append(out, {'m', 'e', 'm', 'o', 'r', 'y', 2, 0, 11});
  append_sized(out, segment);
  return out;
}

// Functions that take turns in one place of the pool would else pay for two maps at each event.
TEST_P(WasmtimeBundle, SmallDataIsCopiedAndLargeDataMapped) {
  for (const std::size_t size : {16u << 10, (16u << 10) + 1}) {
    const auto module = load(module_with_data(size));
    ASSERT_NE(module, nullptr);
    const auto first = instance(*module);
    ASSERT_NE(first, nullptr);
    const auto memory = first->memory();
    ASSERT_GT(memory.size, size);
    EXPECT_EQ(memory.base[size - 1], 'x');
    EXPECT_EQ(memory.base[size], 0);
    EXPECT_EQ(mapped_at(memory.base).empty(), size == 16u << 10) << mapped_at(memory.base);
  }
}

INSTANTIATE_TEST_SUITE_P(Engines, WasmtimeBundle, testing::Values("wasmtime"),
                         [](const auto& which) { return which.param; });

}  // namespace
}  // namespace ferry::engine
