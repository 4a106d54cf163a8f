// Components that are not lowered, each with the sentence that says why.
#include <filesystem>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "component/builder.h"
#include "component/lower.h"
#include "tree.h"
#include "wasm/wat.h"

namespace ferry {
namespace {

using testing::ComponentBuilder;
using testing::export_handle;
using testing::handler_module;
using ::testing::HasSubstr;
using testing::Index;
using testing::wat;

Error refusal(ByteView bytes) {
  const auto binary = wasm::read_binary(bytes);
  if (!binary.ok()) return binary.error();
  auto out = component::lower(bytes, *binary, "sha256:0");
  EXPECT_FALSE(out.ok());
  return out.ok() ? Error{} : out.error();
}

// What `why` says, as something understood and not offered.
void expect_unsupported(const ComponentBuilder& builder, std::string_view why) {
  const Error error = refusal(builder.bytes());
  EXPECT_EQ(error.code, Code::kUnsupported) << error.text();
  EXPECT_THAT(error.text(), HasSubstr(std::string(why)));
}

void expect_invalid(const ComponentBuilder& builder, std::string_view why) {
  const Error error = refusal(builder.bytes());
  EXPECT_EQ(error.code, Code::kInvalid) << error.text();
  EXPECT_THAT(error.text(), HasSubstr(std::string(why)));
}

TEST(Refuse, CompositionOfSeveral) {
  ComponentBuilder inner = testing::simple_http(handler_module()).builder;
  ComponentBuilder builder;
  const Index a = builder.nested(inner.bytes());
  const Index b = builder.nested(inner.bytes());
  for (const Index each : {a, b}) {
    Bytes made = {1, 0x00, static_cast<std::uint8_t>(each), 0};
    builder.section(5, made);
  }
  expect_unsupported(builder, "a composition of 2 components");
}

TEST(Refuse, SeveralMemories) {
  ComponentBuilder builder;
  builder.instantiate(builder.module(wat("(module (memory 1))")));
  export_handle(builder, builder.instantiate(builder.module(handler_module())));
  expect_unsupported(builder, "have 2 memories");
}

TEST(Refuse, ModuleInstantiatedTwice) {
  ComponentBuilder builder;
  const Index module = builder.module(handler_module());
  builder.instantiate(module);
  export_handle(builder, builder.instantiate(module));
  expect_unsupported(builder, "two instances of its core module 0");
}

TEST(Refuse, ThreadsByName) {
  const auto refuses = [](const Bytes& definition, const char* name) {
    ComponentBuilder builder;
    builder.builtin(definition);
    expect_unsupported(builder, name);
  };
  refuses({0x26}, "(thread.index)");
  refuses({0x27, 0, 0}, "(thread.new-indirect)");
  refuses({0x2D, 0}, "(thread.yield-then-promote)");
  refuses({0x40, 0, 0}, "(thread.spawn-ref)");
  refuses({0x42, 0}, "(thread.available-parallelism)");
}

TEST(Refuse, ErrorContexts) {
  ComponentBuilder builder;
  builder.builtin({0x1E});
  expect_unsupported(builder, "error contexts");
}

TEST(Refuse, DraftsOfWasi03) {
  ComponentBuilder builder;
  builder.builtin({0x08});
  expect_unsupported(builder, "draft of WASI 0.3");
}

TEST(Refuse, ResourcesOfItsOwn) {
  ComponentBuilder builder;
  const Index type = builder.resource_type();
  const Index host = builder.bundle({{"drop", 0, builder.drop(type)}});
  const Index instance = builder.instantiate(builder.module(wat(R"((module
    (import "host" "drop" (func (param i32)))
    (func (export "handle") (param i32 i32))))")),
                                             {{"host", host}});
  export_handle(builder, instance);
  expect_unsupported(builder, "defines resources of its own");
}

TEST(Refuse, ValuesAndStart) {
  ComponentBuilder builder;
  builder.section(9, {0, 0, 0});
  expect_unsupported(builder, "values or a start function of the component model");
}

TEST(Refuse, ImportedCoreModule) {
  ComponentBuilder builder;
  builder.section(10, {1, 0x00, 1, 'm', 0x00, 0x11, 0});
  expect_unsupported(builder, "imports the core module 'm'");
}

TEST(Refuse, ItsOwnExportCalled) {
  ComponentBuilder builder;
  const Index first = builder.instantiate(builder.module(wat(R"((module (func (export "f"))))")));
  const Index lifted = builder.lift(builder.core_func(first, "f"), builder.func_type());
  const Index host = builder.bundle({{"f", 0, builder.lower(lifted)}});
  const Index second = builder.instantiate(builder.module(wat(R"((module
    (import "host" "f" (func)) (func (export "handle") (param i32 i32))))")),
                                           {{"host", host}});
  export_handle(builder, second);
  expect_unsupported(builder, "calls its own exports");
}

TEST(Refuse, NoEntry) {
  ComponentBuilder builder;
  const Index instance = builder.instantiate(builder.module(handler_module()));
  export_handle(builder, instance, "acme:shop/orders@1.0.0");
  expect_unsupported(
      builder, "neither wasi:http/incoming-handler nor wasi:cli/run (but acme:shop/orders@1.0.0");
}

TEST(Refuse, OtherVersionsOfWasi) {
  ComponentBuilder builder;
  const Index instance = builder.instantiate(builder.module(handler_module()));
  export_handle(builder, instance, "wasi:http/incoming-handler@0.4.0");
  expect_unsupported(builder, "a version of WASI that is not offered");
}

TEST(Refuse, NoCode) { expect_unsupported(ComponentBuilder(), "holds no code"); }

TEST(Refuse, Exceptions) {
  ComponentBuilder builder;
  const Index instance = builder.instantiate(builder.module(wat(R"((module
    (tag) (func (export "handle") (param i32 i32))))")));
  export_handle(builder, instance);
  expect_unsupported(builder, "exceptions");
}

TEST(Refuse, DataAfterAStartFunction) {
  ComponentBuilder builder;
  const Index first = builder.instantiate(builder.module(wat(R"((module
    (memory (export "memory") 1) (func $s) (start $s)))")));
  const Index second = builder.instantiate(builder.module(wat(R"((module
    (import "a" "memory" (memory 1)) (data (i32.const 0) "x")
    (func (export "handle") (param i32 i32))))")),
                                           {{"a", first}});
  export_handle(builder, second);
  expect_unsupported(builder, "after the start function of a module before it");
}

TEST(Refuse, AsyncLiftWithoutCallback) {
  ComponentBuilder builder;
  const Index instance = builder.instantiate(builder.module(wat(R"((module
    (func (export "handle") (param i32))))")));
  const Index func =
      builder.lift(builder.core_func(instance, "handle"), builder.func_type(), {{6}});
  builder.export_instance("wasi:http/handler@0.3.0", builder.instance_of("handle", func));
  expect_unsupported(builder, "with a stack of its own for each task");
}

TEST(Refuse, GarbageCollectedValues) {
  ComponentBuilder builder;
  const Index f = builder.func(builder.import_instance("a:b/c", {"f"}), "f");
  builder.lower(f, {{9}});
  expect_unsupported(builder, "garbage-collection");
}

TEST(Invalid, EntryOfAnotherType) {
  ComponentBuilder builder;
  const Index instance = builder.instantiate(builder.module(wat(R"((module
    (func (export "handle") (param i64 i32))))")));
  export_handle(builder, instance);
  expect_invalid(builder, "lifted from a core function of another type");
}

TEST(Invalid, ImportThatIsNotGiven) {
  ComponentBuilder builder;
  export_handle(builder, builder.instantiate(builder.module(wat(R"((module
    (import "x" "y" (func)) (func (export "handle") (param i32 i32))))"))));
  expect_invalid(builder, "its import x.y is not given");
}

TEST(Invalid, ImportGivenWithAnotherType) {
  ComponentBuilder builder;
  const Index first = builder.instantiate(builder.module(wat(R"((module
    (func (export "f") (param i64)) (global (export "g") i32 (i32.const 0))))")));
  ComponentBuilder globals = builder;
  export_handle(builder, builder.instantiate(builder.module(wat(R"((module
    (import "a" "f" (func (param i32))) (func (export "handle") (param i32 i32))))")),
                                             {{"a", first}}));
  expect_invalid(builder, "its import a.f is given one of another type");
  export_handle(globals, globals.instantiate(globals.module(wat(R"((module
    (import "a" "g" (global (mut i32))) (func (export "handle") (param i32 i32))))")),
                                             {{"a", first}}));
  expect_invalid(globals, "its import a.g is given one of another type");
}

TEST(Invalid, HostFunctionWithTwoTypes) {
  ComponentBuilder builder;
  const Index f =
      builder.lower(builder.func(builder.import_instance("wasi:a/b@0.2.0", {"f"}), "f"));
  const Index host = builder.bundle({{"f", 0, f}});
  export_handle(builder, builder.instantiate(builder.module(wat(R"((module
    (import "h" "f" (func)) (import "i" "f" (func (param i32)))
    (func (export "handle") (param i32 i32))))")),
                                             {{"h", host}, {"i", host}}));
  expect_invalid(builder, "imported with two types");
}

TEST(Invalid, DefinitionsInACircle) {
  ComponentBuilder builder;
  // Instance 0 exports function 0, which is what instance 0 exports.
  builder.bundle({{"f", 0, 0}});
  builder.core_func(0, "f");
  export_handle(builder, builder.instantiate(builder.module(wat(R"((module
    (import "a" "f" (func)) (func (export "handle") (param i32 i32))))")),
                                             {{"a", 0}}));
  expect_invalid(builder, "defined in a circle");
}

TEST(Invalid, UsedBeforeItIsMade) {
  ComponentBuilder builder;
  const Index module = builder.module(wat(R"((module
    (import "a" "f" (func)) (func (export "f")) (func (export "handle") (param i32 i32))))"));
  export_handle(builder, builder.instantiate(module, {{"a", 0}}));
  expect_invalid(builder, "used before it is made");
}

TEST(Invalid, ReallocOfAnotherType) {
  ComponentBuilder builder;
  const Index library = builder.instantiate(builder.module(wat(R"((module
    (memory (export "memory") 1) (func (export "r") (param i32) (result i32) i32.const 0)))")));
  const auto realloc = static_cast<std::uint8_t>(builder.core_func(library, "r"));
  const Index f = builder.func(builder.import_instance("wasi:a/b@0.2.0", {"f"}), "f");
  const Index host = builder.bundle({{"f", 0, builder.lower(f, {{4, realloc}})}});
  export_handle(builder, builder.instantiate(builder.module(wat(R"((module
    (import "h" "f" (func)) (func (export "handle") (param i32 i32))))")),
                                             {{"h", host}}));
  expect_invalid(builder, "realloc");
}

TEST(Invalid, IndicesThatPointToNothing) {
  for (const Bytes& canon : {Bytes{0x01, 0x00, 99, 0}, Bytes{0x03, 99}}) {
    ComponentBuilder builder;
    const Index host = builder.bundle({{"f", 0, builder.builtin(canon)}});
    export_handle(builder, builder.instantiate(builder.module(wat(R"((module
      (import "h" "f" (func (param i32))) (func (export "handle") (param i32 i32))))")),
                                               {{"h", host}}));
    EXPECT_EQ(refusal(builder.bytes()).code, Code::kInvalid);
  }
}

// Every beginning of a component is refused in words, none is taken and none hurts.
TEST(Invalid, Truncated) {
  const Bytes whole = testing::simple_http(handler_module()).builder.bytes();
  const auto all = wasm::read_binary(whole);
  ASSERT_TRUE(all.ok());
  for (std::size_t size = 8; size < whole.size(); ++size) {
    const ByteView part(whole.data(), size);
    const auto binary = wasm::read_binary(part);
    if (!binary.ok()) continue;
    EXPECT_FALSE(component::lower(part, *binary, "").ok()) << size;
  }
}

// Components of the corpus with a few bytes changed: what is still taken can be read back.
TEST(Invalid, Mutated) {
  std::mt19937 random(1);
  std::size_t taken = 0;
  const std::filesystem::path corpus = in_sources("tests/corpus/component_lower");
  for (const auto& file : std::filesystem::directory_iterator(corpus)) {
    const Bytes whole = read_file(file.path().string(), 1u << 20).value();
    for (int round = 0; round < 4000; ++round) {
      Bytes changed = whole;
      for (std::uint32_t times = 1 + random() % 3; times > 0; --times) {
        changed[random() % changed.size()] = static_cast<std::uint8_t>(random());
      }
      const auto binary = wasm::read_binary(changed);
      if (!binary.ok() || !binary->component) continue;
      const auto out = component::lower(changed, *binary, "sha256:0");
      if (!out.ok()) {
        EXPECT_NE(out.error().code, Code::kInternal) << out.error().text();
        continue;
      }
      ++taken;
      const auto after = wasm::read_binary(out->wasm);
      EXPECT_TRUE(after.ok()) << file.path() << " round " << round;
    }
  }
  EXPECT_GT(taken, 0u);
}

TEST(Invalid, CodeThatNamesNothing) {
  // A valid module except for a call of function 99.
  ComponentBuilder builder;
  export_handle(builder,
                builder.instantiate(builder.module(
                    wat(R"((module (func (export "handle") (param i32 i32) call 99)))", false))));
  expect_invalid(builder, "core module 0: at offset");
}

}  // namespace
}  // namespace ferry
