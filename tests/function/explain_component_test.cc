// What is said of a component's imports, and of types that nobody writes.
#include <gmock/gmock.h>

#include "function/explain.h"

namespace ferry::function {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

wasm::Binary component(std::string module, std::string name, wasm::FuncType type = {},
                       wasm::ExternKind kind = wasm::ExternKind::kFunc) {
  wasm::Binary binary;
  binary.abi = wasm::Abi::kHttp;
  binary.types.push_back(std::move(type));
  binary.imports.push_back({std::move(module), std::move(name), kind, 0, 0, 0});
  return binary;
}

std::vector<Finding> imports_of(const wasm::Binary& binary) {
  std::vector<Finding> out;
  explain_imports(binary, out);
  return out;
}

TEST(ExplainComponent, SaysWhichInterfaceIsNotOffered) {
  struct Case {
    const char* module;
    const char* name;
    const char* id;
  };
  for (const Case& each : {
           Case{"ferry:canon", "task.return:x", "other-task"},
           Case{"ferry:canon", "no-such", "wasi-0.3"},
           Case{"ferry:abi", "x", "wasi-0.3"},
           Case{"wasi:sockets/types@0.3.0", "x", "wasi-0.3"},
           Case{"wasi:nn/tensor@0.2.0", "x", "wasi-unknown-interface"},
           Case{"my:store/get", "x", "unknown-interface"},
       }) {
    const auto findings = imports_of(component(each.module, each.name));
    ASSERT_EQ(findings.size(), 1U) << each.module;
    EXPECT_EQ(findings[0].id, each.id) << each.module;
    EXPECT_EQ(findings[0].kind, Finding::Kind::kStops);
    EXPECT_NE(findings[0].hint, "");
  }
}

TEST(ExplainComponent, ServesWhatHasTheTypeThatWasiGivesIt) {
  using wasm::ValType;
  const wasm::FuncType type{{ValType::kI64, ValType::kI32}, {}};
  EXPECT_THAT(imports_of(component("wasi:random/random@0.2.0", "get-random-bytes", type)),
              IsEmpty());
  for (const wasm::FuncType& wrong :
       {wasm::FuncType{}, wasm::FuncType{{ValType::kI32, ValType::kI32}, {}},
        wasm::FuncType{{ValType::kI64, ValType::kI32}, {ValType::kI32}}}) {
    const auto findings =
        imports_of(component("wasi:random/random@0.2.0", "get-random-bytes", wrong));
    ASSERT_EQ(findings.size(), 1U);
    EXPECT_EQ(findings[0].id, "wasi-type");
  }
  const auto memory = imports_of(
      component("wasi:random/random@0.2.0", "get-random-bytes", type, wasm::ExternKind::kMemory));
  ASSERT_EQ(memory.size(), 1U);
  EXPECT_EQ(memory[0].id, "wasi-unknown-interface");
}

TEST(ExplainComponent, LongNamesAreCut) {
  const auto findings = imports_of(component("my:" + std::string(500, 'x'), "\x7f"));
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_LT(findings[0].message.size(), 300U);
  EXPECT_THAT(findings[0].message, HasSubstr("…"));
}

TEST(ExplainComponent, ThatIsNotLoweredSaysWhatItExports) {
  wasm::Binary binary;
  binary.component = true;
  std::vector<Finding> out;
  explain_component(binary, out);
  binary.component_exports = {"a", "b", "c", "d"};
  explain_component(binary, out);
  ASSERT_EQ(out.size(), 2U);
  EXPECT_THAT(out[0].message, HasSubstr("exports nothing"));
  EXPECT_THAT(out[1].message, HasSubstr("exports a, b, c, …"));
}

TEST(ExplainEntry, NamesTheTypesThatItHas) {
  using wasm::ValType;
  wasm::Binary binary;
  binary.types.push_back({{ValType::kI32, ValType::kI64, ValType::kF32, ValType::kF64,
                           ValType::kV128, ValType::kFuncref, ValType::kExternref},
                          {}});
  binary.functions = {0};
  binary.exports.push_back({"handle", wasm::ExternKind::kFunc, 0});
  std::vector<Finding> out;
  explain_entry(binary, out);
  ASSERT_EQ(out.size(), 1U);
  EXPECT_THAT(out[0].message, HasSubstr("(i32, i64, f32, f64, v128, funcref, externref) -> ()"));
}

TEST(ExplainEntry, HasAHintForEachToolchain) {
  for (const auto& [toolchain, hint] :
       std::initializer_list<std::pair<const char*, const char*>>{{"Go 1.24", "go:wasmexport"},
                                                                  {"Rust 1.80", "src/main.rs"},
                                                                  {"clang 16", "--no-entry"},
                                                                  {"", "main function"}}) {
    wasm::Binary binary;
    binary.toolchain = toolchain;
    std::vector<Finding> out;
    explain_entry(binary, out);
    ASSERT_EQ(out.size(), 1U) << toolchain;
    EXPECT_THAT(out[0].hint, HasSubstr(hint)) << toolchain;
  }
}

TEST(Explain, MuchDebugInformationIsWorthAWord) {
  Function function;
  function.binary.abi = wasm::Abi::kCommand;
  wasm::Section debug;
  debug.name = ".debug_info";
  debug.size = 300u << 10;
  function.binary.sections.push_back(debug);
  const auto findings = explain(function);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].id, "debug-info");
  EXPECT_EQ(findings[0].kind, Finding::Kind::kNote);
}

TEST(Explain, FilesThatNeedALinkerAreKnownByTheirSections) {
  for (const auto& [name, id] :
       std::initializer_list<std::pair<const char*, const char*>>{{"linking", "object-file"},
                                                                  {"reloc.CODE", "object-file"},
                                                                  {"dylink.0", "shared-library"},
                                                                  {"dylink", "shared-library"}}) {
    wasm::Binary binary;
    wasm::Section section;
    section.name = name;
    binary.sections.push_back(section);
    std::vector<Finding> out;
    explain_linking(binary, out);
    ASSERT_EQ(out.size(), 1U) << name;
    EXPECT_EQ(out[0].id, id) << name;
  }
}

}  // namespace
}  // namespace ferry::function
