// Every explanation, provoked by a binary.
#include "function/explain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wasm/wasi_names.h"
#include "wasm/wat.h"

namespace ferry::function {
namespace {

using ferry::testing::wat;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Case {
  const char* id;
  const char* wat;
  const char* message;
  const char* hint;
};

class Explained : public ::testing::TestWithParam<Case> {};

TEST_P(Explained, StopsWithItsReason) {
  auto function = make_function("f", wat(GetParam().wat), {});
  ASSERT_TRUE(function.ok()) << function.error().text();
  auto findings = explain(*function);
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].kind, Finding::Kind::kStops);
  EXPECT_EQ(findings[0].id, GetParam().id);
  EXPECT_THAT(findings[0].message, HasSubstr(GetParam().message));
  EXPECT_THAT(findings[0].hint, HasSubstr(GetParam().hint));

  Status runnable = check_runnable(*function);
  ASSERT_FALSE(runnable.ok());
  EXPECT_EQ(runnable.error().code, Code::kUnsupported);
  EXPECT_EQ(runnable.error().message, "f cannot run: " + findings[0].message);
  EXPECT_EQ(runnable.error().hint, findings[0].hint);
}

#define WITH_START(imports) "(module " imports " (func (export \"_start\")))"

INSTANTIATE_TEST_SUITE_P(
    All, Explained,
    ::testing::Values(
        Case{"no-entry-point", "(module (func (export \"add\")))", "(but add)", "main function"},
        Case{"no-entry-point", "(module)", "no other function is exported", "main function"},
        Case{"entry-type", "(module (func (export \"handle\") (param i32)))",
             "'handle' has the type (i32) -> (), where () -> (i32)", "returns an i32"},
        Case{"entry-type", "(module (func (export \"_start\") (result i32) (i32.const 0)))",
             "'_start' has the type () -> (i32), where () -> ()", "_start from main"},
        Case{"shared-memory", WITH_START("(memory 1 2 shared)"), "shared between threads",
             "wasm32-wasi-threads"},
        Case{"memory64", WITH_START("(memory i64 1)"), "64-bit addresses", "wasm32"},
        Case{"memory-limit", WITH_START("(memory 2049)"),
             "has 128.1 MiB from the start, and its limit is 128 MiB", "--memory 129MiB"},
        Case{"table-limit", WITH_START("(table 1048577 funcref)"), "more than 1048576 entries",
             "made by hand"},
        Case{"table-limit", WITH_START("(table 1048576 funcref) (table 1 funcref)"),
             "more than 1048576 entries", "made by hand"},
        Case{"several-memories", WITH_START("(memory 1) (memory 1)"), "2 memories", "multi-memory"},
        Case{"undefined-symbol", WITH_START("(import \"env\" \"foo\" (func))"), "env.foo: nobody",
             "--allow-undefined"},
        Case{"unknown-import", WITH_START("(import \"my\" \"foo\" (func))"), "my.foo: nobody",
             "wasi_snapshot_preview1"},
        Case{"emscripten", WITH_START("(import \"env\" \"emscripten_memcpy_js\" (func))"),
             "Emscripten", "-sSTANDALONE_WASM"},
        Case{"emscripten", WITH_START("(import \"a\" \"b\" (func))"), "a.b: Emscripten",
             "-sSTANDALONE_WASM"},
        Case{"go-js", WITH_START("(import \"gojs\" \"runtime.wasmExit\" (func (param i32)))"),
             "GOOS=js", "GOOS=wasip1"},
        Case{"wasm-bindgen", WITH_START("(import \"wbg\" \"__wbg_new\" (func))"), "wasm-bindgen",
             "wasm32-wasip1"},
        Case{"wasm-bindgen",
             WITH_START("(import \"__wbindgen_placeholder__\" \"__wbindgen_throw\" (func))"),
             "wasm-bindgen", "wasm32-wasip1"},
        Case{"wasi-unstable", WITH_START("(import \"wasi_unstable\" \"fd_close\" (func))"),
             "WASI of 2019", "newer toolchain"},
        Case{"wasi-sockets",
             WITH_START("(import \"wasi_snapshot_preview1\" \"sock_status\" (func))"),
             "sockets extension", "docs/network.md"},
        Case{"wasi-type", WITH_START("(import \"wasi_snapshot_preview1\" \"sock_open\" (func))"),
             "with a type that the call does not have", "preview 1"},
        Case{"wasi-unknown", WITH_START("(import \"wasi_snapshot_preview1\" \"fd_glorp\" (func))"),
             "no call of WASI preview 1", "wasm32-wasip1"},
        Case{"wasi-type", WITH_START("(import \"wasi_snapshot_preview1\" \"fd_close\" (func))"),
             "with a type that the call does not have", "preview 1"},
        Case{"threads", WITH_START("(import \"wasi\" \"thread-spawn\" (func))"), "starts threads",
             "-pthread"},
        Case{"wasix", WITH_START("(import \"wasix_32v1\" \"futex_wait\" (func))"), "WASIX",
             "wasm32-wasip1"},
        Case{"half-component", WITH_START("(import \"wasi:cli/stdin@0.2.0\" \"get-stdin\" (func))"),
             "inside of a component", "wasm32-wasip2"},
        Case{"cxx-exceptions", WITH_START("(import \"env\" \"__cxa_throw\" (func))"),
             "C++ exceptions", "-fno-exceptions"},
        Case{"setjmp", WITH_START("(import \"env\" \"setjmp\" (func))"), "longjmp", "errors"},
        Case{"assemblyscript",
             WITH_START("(import \"env\" \"abort\" (func (param i32 i32 i32 i32)))"),
             "AssemblyScript", "wasi-shim"},
        Case{"proxy-wasm", WITH_START("(import \"env\" \"proxy_log\" (func))"), "filter", "Envoy"},
        Case{"shared-library", WITH_START("(import \"GOT.mem\" \"x\" (global (mut i32)))"),
             "dynamic linker", "-shared"},
        Case{"undefined-symbol", WITH_START("(import \"env\" \"memory\" (memory 1))"), "env.memory",
             "link"},
        Case{"reserved", "(module (func (export \"_start\")) (func (export \"ferry:x\")))",
             "begins with 'ferry:'", "rename"},
        Case{"reserved", WITH_START("(import \"ferry\" \"poll\" (func))"), "keeps for itself",
             "another"}));

TEST(Explain, SaysNothingOfAGoodFunction) {
  auto function = make_function("f", wat(WITH_START(R"(
      (import "wasi_snapshot_preview1" "fd_write" (func (param i32 i32 i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "proc_exit" (func (param i32)))
      (memory (export "memory") 2048))")),
                                {});
  ASSERT_TRUE(function.ok());
  EXPECT_THAT(explain(*function), IsEmpty());
  EXPECT_TRUE(check_runnable(*function).ok());
}

TEST(Explain, GroupsImportsAndCountsReasons) {
  auto function = make_function("f", wat(R"((module
      (import "env" "a" (func)) (import "env" "b" (func)) (import "env" "c" (func))
      (import "env" "d" (func)) (import "env" "e\1b[2J" (func))))"),
                                {});
  auto findings = explain(*function);
  ASSERT_EQ(findings.size(), 2u);
  EXPECT_THAT(findings[0].message, HasSubstr("it imports env.a, env.b, env.c and 2 more: "));
  EXPECT_EQ(findings[1].id, "no-entry-point");
  EXPECT_THAT(check_runnable(*function).error().message, HasSubstr("; 1 more reason: ferry check"));
}

// Fault A18: "no entry point" came first, which is only what follows from the true reason.
TEST(Explain, A18WhyThereIsNoEntryPointComesFirst) {
  for (const auto& [reason, module] :
       {std::pair("go-js",
                  R"((module (import "gojs" "runtime.wasmExit" (func (param i32)))
                       (func (export "run") (param i32 i32))))"),
        std::pair("wasm-bindgen", R"((module (import "wbg" "__wbg_new" (func))
                                       (func (export "greet"))))")}) {
    const auto function = make_function("f", wat(module), {});
    ASSERT_TRUE(function.ok());
    const auto findings = explain(*function);
    ASSERT_EQ(findings.size(), 2u);
    EXPECT_EQ(findings[0].id, reason);
    EXPECT_EQ(findings[1].id, "no-entry-point");
  }
}

TEST(Explain, EscapesWhatATerminalMustNotGet) {
  auto function = make_function("f", wat(WITH_START("(import \"env\" \"e\\1b[2J\" (func))")), {});
  EXPECT_THAT(explain(*function)[0].message, HasSubstr("env.e\\x1b[2J"));
}

TEST(Explain, KnowsObjectFilesAndComponents) {
  Bytes object = {0, 'a', 's', 'm', 1, 0, 0, 0, 0, 8, 7, 'l', 'i', 'n', 'k', 'i', 'n', 'g'};
  auto function = make_function("f", object, {});
  EXPECT_THAT(check_runnable(*function).error().message, HasSubstr("object file"));
  Bytes component = {0, 'a', 's', 'm', 0x0D, 0, 1, 0};
  function = make_function("f", component, {});
  EXPECT_THAT(
      check_runnable(*function).error().message,
      HasSubstr(
          "it is a component (exports nothing) that cannot become one module: it holds no code"));
}

// The 46 of preview 1, and the names and variants of the sockets extension.
TEST(WasiNames, AreAllThereAndSorted) {
  auto names = wasm::wasi_names();
  EXPECT_EQ(names.size(), 46u + 15u);
  EXPECT_TRUE(std::is_sorted(names.begin(), names.end(),
                             [](const auto& a, const auto& b) { return a.name < b.name; }));
}

}  // namespace
}  // namespace ferry::function
