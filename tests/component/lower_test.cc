// What a lowered component is and does: the merged module is run by wabt's interpreter, with hosts
// written as text.
#include "component/lower.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "component/builder.h"
#include "component/index_map.h"
#include "wasm/names.h"
#include "wasm/wat.h"
#include "wasm/writer.h"

namespace ferry {
namespace {

using component::Lowered;

using testing::ComponentBuilder;
using ::testing::ElementsAre;
using testing::handler_module;
using testing::Index;
using testing::run_wast;
using ::testing::SizeIs;
using testing::wast_binary;
using testing::wat;

Lowered lowered(const ComponentBuilder& builder) {
  const auto binary = wasm::read_binary(builder.bytes());
  EXPECT_TRUE(binary.ok()) << binary.error().text();
  auto out = component::lower(builder.bytes(), *binary, "sha256:0");
  EXPECT_TRUE(out.ok()) << out.error().text();
  if (!out.ok()) return {};
  EXPECT_TRUE(testing::is_valid_wasm(out->wasm));
  return std::move(out).value();
}

wasm::Binary read(const Lowered& from) {
  auto out = wasm::read_binary(from.wasm);
  EXPECT_TRUE(out.ok()) << out.error().text();
  return out.ok() ? std::move(out).value() : wasm::Binary{};
}

std::vector<std::string> imports(const Lowered& from) {
  std::vector<std::string> out;
  for (const wasm::Import& import : read(from).imports) {
    out.push_back(import.module + " " + import.name);
  }
  return out;
}

// ferry:abi for an HTTP event: handles 7 and 8.
constexpr char kAbi[] = R"((module $abi
  (func (export "incoming_request") (result i32) i32.const 7)
  (func (export "response_outparam") (result i32) i32.const 8)
  (func (export "alloc_next") (result i64) i64.const 0)
  (func (export "alloc_give") (param i32)))
(register "ferry:abi" $abi)
)";

TEST(Lower, HttpEntry) {
  const Lowered out = lowered(testing::simple_http(handler_module()).builder);
  const wasm::Binary binary = read(out);
  EXPECT_EQ(binary.abi, wasm::Abi::kHttp);
  EXPECT_THAT(imports(out),
              ElementsAre("ferry:abi incoming_request", "ferry:abi response_outparam"));
  EXPECT_NE(binary.find_export("memory", wasm::ExternKind::kMemory), nullptr);
  EXPECT_THAT(binary.exports, SizeIs(2));
  EXPECT_EQ(out.description.interface, "wasi:http/incoming-handler@0.2.3");
  EXPECT_EQ(out.description.digest, "sha256:0");
}

Bytes with_producer(Bytes module, std::string_view name) {
  Bytes section;
  wasm::put_name(section, "producers");
  wasm::put_u32(section, 1);
  wasm::put_name(section, "processed-by");
  wasm::put_u32(section, 1);
  wasm::put_name(section, name);
  wasm::put_name(section, "1.26.8");
  wasm::put_section(module, 0, section);
  return module;
}

// The toolchain's own tools name themselves on the component, its compiler on the first module.
TEST(Lower, NamesTheCompilerBesideWhoMadeTheComponent) {
  auto simple = testing::simple_http(with_producer(handler_module(), "Go cmd/compile"));
  simple.builder.module(with_producer(wat("(module)"), "rustc"));  // as the adapter is
  const Bytes whole = with_producer(simple.builder.bytes(), "wit-component");
  const auto binary = wasm::read_binary(whole);
  ASSERT_TRUE(binary.ok());
  EXPECT_EQ(binary->toolchain, "Go 1.26.8");
  const auto out = component::lower(whole, *binary, "sha256:0");
  ASSERT_TRUE(out.ok());
  EXPECT_EQ(wasm::read_binary(out->wasm)->toolchain, "Go 1.26.8");
}

TEST(Lower, RunEntryReturnsWhatRunReturns) {
  ComponentBuilder builder;
  const Index instance = builder.instantiate(builder.module(wat(R"((module
    (global $done (mut i32) (i32.const 0))
    (func (export "run") (result i32) i32.const 1)
    (func (export "post") (param i32) (global.set $done (local.get 0)))
    (func (export "unused") (result i32) (global.get $done))))")));
  const Index run = builder.core_func(instance, "run");
  const Index post = builder.core_func(instance, "post");
  const Index func = builder.lift(run, builder.func_type(), {{5, static_cast<std::uint8_t>(post)}});
  builder.export_instance("wasi:cli/run@0.2.0", builder.instance_of("run", func));
  const Lowered out = lowered(builder);
  EXPECT_EQ(read(out).abi, wasm::Abi::kRun);
  EXPECT_TRUE(run_wast(wast_binary("f", out.wasm) +
                       R"((assert_return (invoke $f "ferry:run") (i32.const 1)))"));
}

ComponentBuilder running(const char* module) {
  ComponentBuilder builder;
  const Index instance = builder.instantiate(builder.module(wat(module)));
  const Index func = builder.lift(builder.core_func(instance, "run"), builder.func_type());
  builder.export_instance("wasi:cli/run@0.2.0", builder.instance_of("run", func));
  return builder;
}

// One digit for each answer: sizes, what growth gives, 9 where it is refused.
constexpr char kGrows[] = R"((module
  (memory (export "memory") MEMORY)
  (global $said (mut i32) (i32.const 0))
  (func $say (param i32)
    (if (i32.eq (local.get 0) (i32.const -1)) (then (local.set 0 (i32.const 9))))
    (global.set $said (i32.add (i32.mul (global.get $said) (i32.const 10)) (local.get 0))))
  (func (export "run") (result i32)
    (call $say (memory.size)) (call $say (memory.grow (i32.const 0)))
    (call $say (memory.grow (i32.const 1))) (call $say (memory.size))
    (call $say (memory.grow (i32.const 2))) (call $say (memory.size))
    (call $say (memory.grow (i32.const 1))) (call $say (memory.grow (i32.const -1)))
    (call $say (memory.size))
    (global.get $said))))";

TEST(Lower, TheMemoryHasRoomThatTheComponentDoesNotSee) {
  const auto grows = [](std::string_view memory) {
    std::string text = kGrows;
    text.replace(text.find("MEMORY"), 6, memory);
    return lowered(running(text.c_str()));
  };
  const Lowered bounded = grows("2 5");
  EXPECT_EQ(read(bounded).memories.at(0).minimum, 5u);
  EXPECT_TRUE(run_wast(wast_binary("f", bounded.wasm) +
                       R"((assert_return (invoke $f "ferry:run") (i32.const 222335995)))"));
  const Lowered open = grows("2");
  EXPECT_EQ(read(open).memories.at(0).minimum, 2u + component::kRoomPages);
  EXPECT_EQ(read(open).memories.at(0).maximum, std::nullopt);
  EXPECT_TRUE(run_wast(wast_binary("f", open.wasm) +
                       R"((assert_return (invoke $f "ferry:run") (i32.const 222335596)))"));
}

TEST(Lower, GrowthBeyondTheRoomIsReal) {
  const Lowered out = lowered(running(R"((module (memory (export "memory") 1)
    (func (export "run") (result i32)
      (drop (memory.grow (i32.const 40)))
      (i32.store (i32.const 2686972) (i32.const 7))
      (i32.add (i32.mul (memory.size) (i32.const 100)) (i32.load (i32.const 2686972))))))"));
  EXPECT_TRUE(run_wast(wast_binary("f", out.wasm) + R"(
    (assert_return (invoke $f "ferry:run") (i32.const 4107))
    (module (import "f" "memory" (memory $own 41))))"));
}

TEST(Lower, HandleGetsRequestAndOutparamThenPostReturn) {
  ComponentBuilder builder;
  const Index instance = builder.instantiate(builder.module(wat(R"((module
    (memory (export "memory") 1)
    (func (export "handle") (param i32 i32)
      (i32.store (i32.const 0) (local.get 0)) (i32.store (i32.const 4) (local.get 1)))
    (func (export "post") (i32.store (i32.const 8) (i32.add (i32.load (i32.const 4)) (i32.const 1))))))")));
  const Index handle = builder.core_func(instance, "handle");
  const Index post = builder.core_func(instance, "post");
  const Index func =
      builder.lift(handle, builder.func_type(), {{5, static_cast<std::uint8_t>(post)}});
  builder.export_instance("wasi:http/incoming-handler@0.2.12", builder.instance_of("handle", func));
  EXPECT_TRUE(run_wast(kAbi + wast_binary("f", lowered(builder).wasm) + R"(
    (invoke $f "ferry:http")
    (module (import "f" "memory" (memory 1))
      (func (export "at") (param i32) (result i32) (i32.load (local.get 0))))
    (assert_return (invoke "at" (i32.const 0)) (i32.const 7))
    (assert_return (invoke "at" (i32.const 4)) (i32.const 8))
    (assert_return (invoke "at" (i32.const 8)) (i32.const 9)))"));
}

TEST(Lower, ExportThroughNestedComponent) {
  // (component (import "f" (func)) (export "handle" (func 0))): how wit-component exports.
  ComponentBuilder shim;
  shim.export_func("handle", shim.import_func("import-func-handle"));
  ComponentBuilder builder;
  const Index instance = builder.instantiate(builder.module(handler_module()));
  const Index lifted = builder.lift(builder.core_func(instance, "handle"), builder.func_type());
  const Index nested = builder.nested(shim.bytes());
  builder.export_instance("wasi:http/incoming-handler@0.2.0",
                          builder.instance_of_component(nested, "import-func-handle", lifted));
  EXPECT_EQ(read(lowered(builder)).abi, wasm::Abi::kHttp);
}

TEST(Lower, ImportsAreNamedAsTheComponentImportsThem) {
  ComponentBuilder builder;
  const Index streams = builder.import_instance("wasi:io/streams@0.2.12",
                                                {"[method]input-stream.read"}, {"input-stream"});
  const Index read = builder.lower(builder.func(streams, "[method]input-stream.read"));
  const Index drop = builder.drop(builder.resource(streams, "input-stream"));
  // Inside it is another version, as libraries are that were built long ago.
  const Index host = builder.bundle({{"read", 0, read}, {"drop", 0, drop}});
  const Index instance = builder.instantiate(builder.module(wat(R"((module
    (import "wasi:io/streams@0.2.0" "read" (func (param i32)))
    (import "wasi:io/streams@0.2.0" "drop" (func (param i32)))
    (func (export "handle") (param i32 i32))))")),
                                             {{"wasi:io/streams@0.2.0", host}});
  testing::export_handle(builder, instance);
  const Lowered out = lowered(builder);
  EXPECT_THAT(imports(out),
              ElementsAre("wasi:io/streams@0.2.12 [method]input-stream.read",
                          "wasi:io/streams@0.2.12 [resource-drop]input-stream",
                          "ferry:abi incoming_request", "ferry:abi response_outparam"));
  ASSERT_THAT(out.description.imports, SizeIs(2));
  EXPECT_EQ(out.description.imports[1].function, "[resource-drop]input-stream");
}

// A module with two reallocs; `get` imported with each, and twice with the first.
ComponentBuilder two_reallocs() {
  ComponentBuilder builder;
  const Index env = builder.import_instance("wasi:cli/environment@0.2.3", {"get-environment"});
  const Index get = builder.func(env, "get-environment");
  const Index library = builder.instantiate(builder.module(wat(R"((module
    (memory (export "memory") 1)
    (global $next (mut i32) (i32.const 100))
    (func $take (param i32 i32 i32 i32) (result i32)
      (local $at i32)
      (local.set $at (global.get $next))
      (global.set $next (i32.add (global.get $next) (local.get 3)))
      ;; What it was asked for is left where the test looks.
      (i32.store (i32.const 0) (local.get 2))
      (i32.store (i32.const 4) (local.get 3))
      (local.get $at))
    (export "one" (func $take))
    (func (export "two") (param i32 i32 i32 i32) (result i32) i32.const 9000)))")));
  const auto memory = static_cast<std::uint8_t>(builder.core_memory(library, "memory"));
  const auto one = static_cast<std::uint8_t>(builder.core_func(library, "one"));
  const auto two = static_cast<std::uint8_t>(builder.core_func(library, "two"));
  const Index a = builder.lower(get, {{0}, {3, memory}, {4, one}});
  const Index b = builder.lower(get, {{0}, {3, memory}, {4, two}});
  const Index c = builder.lower(get, {{0}, {3, memory}, {4, one}});
  const Index host = builder.bundle({{"a", 0, a}, {"b", 0, b}, {"c", 0, c}});
  const Index instance = builder.instantiate(builder.module(wat(R"((module
    (import "host" "a" (func $a (param i32)))
    (import "host" "b" (func $b (param i32)))
    (import "host" "c" (func $c (param i32)))
    (func (export "handle") (param i32 i32)
      (call $a (i32.const 11)) (call $b (i32.const 12)) (call $c (i32.const 13)))))")),
                                             {{"host", host}});
  testing::export_handle(builder, instance);
  return builder;
}

TEST(Lower, OneImportForEachRealloc) {
  EXPECT_THAT(imports(lowered(two_reallocs())),
              ElementsAre("wasi:cli/environment@0.2.3 get-environment",
                          "wasi:cli/environment@0.2.3 get-environment#2", "ferry:abi alloc_next",
                          "ferry:abi alloc_give", "ferry:abi incoming_request",
                          "ferry:abi response_outparam"));
}

TEST(Lower, WrappersAllocateWhatTheHostAsksFor) {
  // Each call of the host asks for 24 bytes aligned to 4, then for 3 aligned to 1.
  EXPECT_TRUE(run_wast(R"((module $abi
      (global $left (mut i32) (i32.const 0))
      (global $sum (mut i32) (i32.const 0))
      (func (export "ask") (global.set $left (i32.const 2)))
      (func (export "incoming_request") (result i32) i32.const 7)
      (func (export "response_outparam") (result i32) i32.const 8)
      (func (export "alloc_next") (result i64)
        (if (i32.eq (global.get $left) (i32.const 2)) (then (return (i64.const 0x400000018))))
        (if (i32.eq (global.get $left) (i32.const 1)) (then (return (i64.const 0x100000003))))
        (i64.const 0))
      (func (export "alloc_give") (param i32)
        (global.set $left (i32.sub (global.get $left) (i32.const 1)))
        (global.set $sum (i32.add (global.get $sum) (local.get 0))))
      (func (export "sum") (result i32) (global.get $sum)))
    (register "ferry:abi" $abi)
    (module $env
      (import "ferry:abi" "ask" (func $ask))
      (func (export "get-environment") (param i32) (call $ask))
      (func (export "get-environment#2") (param i32) (call $ask)))
    (register "wasi:cli/environment@0.2.3" $env)
    )" + wast_binary("f", lowered(two_reallocs()).wasm) +
                       R"(
    (invoke $f "ferry:http")
    ;; a: 100, 124; b: 9000 twice; c: 127, 151
    (assert_return (invoke $abi "sum") (i32.const 18502))
    (module (import "f" "memory" (memory 1))
      (func (export "at") (param i32) (result i32) (i32.load (local.get 0))))
    (assert_return (invoke "at" (i32.const 0)) (i32.const 1))
    (assert_return (invoke "at" (i32.const 4)) (i32.const 3)))"));
}

TEST(Lower, OtherStringEncodingsAreSaid) {
  ComponentBuilder builder;
  const Index cwd = builder.func(
      builder.import_instance("wasi:cli/environment@0.2.3", {"initial-cwd"}), "initial-cwd");
  const Index host = builder.bundle({{"cwd", 0, builder.lower(cwd, {{1}})}});
  const Index instance = builder.instantiate(builder.module(wat(R"((module
    (import "host" "cwd" (func $cwd (param i32) (result i32)))
    (func (export "handle") (param i32 i32)
      (if (i32.ne (call $cwd (local.get 0)) (i32.const 5)) (then unreachable)))))")),
                                             {{"host", host}});
  testing::export_handle(builder, instance);
  EXPECT_TRUE(run_wast(R"((module $abi
      (global $strings (export "now") (mut i32) (i32.const 0))
      (func (export "strings") (param i32) (global.set $strings (local.get 0)))
      (func (export "incoming_request") (result i32) i32.const 7)
      (func (export "response_outparam") (result i32) i32.const 8))
    (register "ferry:abi" $abi)
    (module $env (import "ferry:abi" "now" (global $now (mut i32)))
      (func (export "initial-cwd") (param i32) (result i32)
        (if (i32.ne (global.get $now) (i32.const 1)) (then unreachable))
        (i32.sub (local.get 0) (i32.const 2))))
    (register "wasi:cli/environment@0.2.3" $env)
    )" + wast_binary("f", lowered(builder).wasm) +
                       R"(
    (assert_return (invoke $f "ferry:http"))
    (assert_return (get $abi "now") (i32.const 0)))"));
}

// wit-component's pair: the shim's function 0 goes through its table to what the fixup puts there.
ComponentBuilder with_shim(std::string_view shim) {
  ComponentBuilder builder;
  const Index random =
      builder.func(builder.import_instance("wasi:random/random@0.2.3", {"get"}), "get");
  const Index shimmed = builder.instantiate(builder.module(wat(shim)));
  const Index through = builder.bundle({{"get", 0, builder.core_func(shimmed, "0")}});
  const Index instance = builder.instantiate(builder.module(wat(R"((module
    (import "host" "get" (func $get (param i32 i64) (result i32)))
    (memory (export "memory") 1)
    (table 1 funcref) (elem (i32.const 0) $get)
    (func (export "_initialize") (i32.store (i32.const 0) (i32.const 5)))
    (func (export "handle") (param i32 i32)
      (i32.store (i32.const 4) (call $get (i32.const 3) (i64.const 4)))
      (i32.store (i32.const 8)
        (call_indirect (param i32 i64) (result i32) (i32.const 9) (i64.const 1) (i32.const 0))))))")),
                                             {{"host", through}});
  const Index lowered = builder.lower(random);
  Bytes table = {0x00, 0x01, 0x01};  // (alias core export (shim) "$imports" (core table))
  table.push_back(static_cast<std::uint8_t>(shimmed));
  wasm::put_name(table, "$imports");
  Bytes section = {1};
  wasm::put_bytes(section, table);
  builder.section(6, section);
  const Index start = builder.core_func(instance, "_initialize");
  const Index filled = builder.bundle({{"0", 0, lowered}, {"$imports", 1, 0}, {"start", 0, start}});
  builder.instantiate(builder.module(wat(R"((module
    (import "" "0" (func (param i32 i64) (result i32)))
    (import "" "$imports" (table 1 1 funcref))
    (import "" "start" (func $start))
    (elem (i32.const 0) 0)
    (start $start)))")),
                      {{"", filled}});
  testing::export_handle(builder, instance);
  return builder;
}

constexpr char kShim[] = R"((module
  (table (export "$imports") 1 1 funcref)
  (func (export "0") (param i32 i64) (result i32)
    (call_indirect (param i32 i64) (result i32) (local.get 0) (local.get 1) (i32.const 0)))))";

std::string shim_works(const Lowered& out) {
  return std::string(kAbi) + R"((module $random
      (func (export "get") (param i32 i64) (result i32)
        (i32.add (i32.mul (local.get 0) (i32.const 10)) (i32.wrap_i64 (local.get 1)))))
    (register "wasi:random/random@0.2.3" $random)
    )" + wast_binary("f", out.wasm) +
         R"(
    (invoke $f "ferry:http")
    (module (import "f" "memory" (memory 1))
      (func (export "at") (param i32) (result i32) (i32.load (local.get 0))))
    (assert_return (invoke "at" (i32.const 0)) (i32.const 5))
    (assert_return (invoke "at" (i32.const 4)) (i32.const 34))
    (assert_return (invoke "at" (i32.const 8)) (i32.const 91)))";
}

TEST(Lower, ShimAndFixupVanish) {
  const Lowered out = lowered(with_shim(kShim));
  const wasm::Binary binary = read(out);
  EXPECT_THAT(binary.tables, SizeIs(1));
  // handle, _initialize, memory.grow, ferry:http
  EXPECT_THAT(binary.functions, SizeIs(4));
  EXPECT_TRUE(run_wast(shim_works(out)));
}

TEST(Lower, ShimThatDoesMoreStays) {
  const Lowered out = lowered(with_shim(R"((module
    (table (export "$imports") 1 1 funcref)
    (func (export "0") (param i32 i64) (result i32)
      (call_indirect (param i32 i64) (result i32) (local.get 0) (local.get 1) (i32.const 0))
      nop)))"));
  EXPECT_THAT(read(out).tables, SizeIs(2));
  EXPECT_TRUE(run_wast(shim_works(out)));
}

TEST(Lower, StartFunctionsRunInOrder) {
  ComponentBuilder builder;
  const Index first = builder.instantiate(builder.module(wat(R"((module
    (memory (export "memory") 1)
    (global $g (export "g") (mut i32) (i32.const 1))
    (func $start (global.set $g (i32.const 10)))
    (start $start)))")));
  const Index second = builder.instantiate(builder.module(wat(R"((module
    (import "a" "g" (global $g (mut i32)))
    (import "a" "memory" (memory 1))
    (func $start (i32.store (i32.const 0) (i32.add (global.get $g) (i32.const 1))))
    (start $start)
    (func (export "handle") (param i32 i32))))")),
                                           {{"a", first}});
  testing::export_handle(builder, second);
  const Lowered out = lowered(builder);
  EXPECT_TRUE(read(out).start.has_value());
  EXPECT_TRUE(run_wast(kAbi + wast_binary("f", out.wasm) + R"(
    (module (import "f" "memory" (memory 1))
      (func (export "at") (param i32) (result i32) (i32.load (local.get 0))))
    (assert_return (invoke "at" (i32.const 0)) (i32.const 11)))"));
}

// As a shared library is linked: addresses and table slots come in as globals.
TEST(Lower, ConstantsAreFoldedAndTablesShared) {
  ComponentBuilder builder;
  const Index env = builder.instantiate(builder.module(wat(R"((module
    (memory (export "memory") 1)
    (table (export "table") 8 funcref)
    (global (export "memory_base") i32 (i32.const 16))
    (global (export "table_base") i32 (i32.const 3))))")));
  const Index library = builder.instantiate(builder.module(wat(R"((module
    (import "env" "memory" (memory 1))
    (import "env" "table" (table 8 funcref))
    (import "env" "memory_base" (global $base i32))
    (import "env" "table_base" (global $slots i32))
    (global $next (export "next") i32 (i32.add (global.get $base) (i32.const 4)))
    (func $five (result i32) i32.const 5)
    (elem (global.get $slots) $five)
    (data (global.get $base) "abcd")
    (data (i32.add (global.get $base) (i32.const 8)) "ijkl")
    (func (export "handle") (param i32 i32)
      (i32.store (i32.const 0) (call_indirect (result i32) (global.get $slots)))
      (i32.store (i32.const 4) (global.get $next)))))")),
                                            {{"env", env}});
  testing::export_handle(builder, library);
  EXPECT_TRUE(run_wast(kAbi + wast_binary("f", lowered(builder).wasm) + R"(
    (invoke $f "ferry:http")
    (module (import "f" "memory" (memory 1))
      (func (export "at") (param i32) (result i32) (i32.load (local.get 0))))
    (assert_return (invoke "at" (i32.const 0)) (i32.const 5))
    (assert_return (invoke "at" (i32.const 4)) (i32.const 20))
    (assert_return (invoke "at" (i32.const 16)) (i32.const 0x64636261))
    (assert_return (invoke "at" (i32.const 24)) (i32.const 0x6c6b6a69)))"));
}

TEST(Lower, SegmentsAndTypesAreRenumbered) {
  ComponentBuilder builder;
  const Index first = builder.instantiate(builder.module(wat(R"((module
    (type (func (param f64)))
    (memory (export "memory") 1)
    (table 2 funcref)
    (func $one (result i32) i32.const 1)
    (elem (i32.const 1) $one)
    (data "first")
    (func (export "init") (memory.init 0 (i32.const 32) (i32.const 0) (i32.const 5)))))")));
  const Index second = builder.instantiate(builder.module(wat(R"((module
    (import "a" "memory" (memory 1))
    (import "a" "init" (func $init))
    (type $pick (func (param i32) (result i32)))
    (table $t 2 funcref)
    (func $two (export "two") (type $pick) (i32.add (local.get 0) (i32.const 2)))
    (elem $later func $two)
    (data "second")
    (func (export "handle") (param i32 i32)
      (call $init)
      (memory.init 0 (i32.const 40) (i32.const 0) (i32.const 6))
      (table.init $t $later (i32.const 1) (i32.const 0) (i32.const 1))
      (i32.store (i32.const 0)
        (call_indirect $t (type $pick) (i32.const 40) (i32.const 1)))
      ;; A block with a type's index, and a reference to an exported function.
      i32.const 4
      i32.const 5
      (block (param i32) (result i32) i32.const 1 i32.add)
      i32.store
      (table.set $t (i32.const 0) (ref.func $two))
      (i32.store (i32.const 8)
        (call_indirect $t (type $pick) (i32.const 1) (i32.const 0))))))",
                                                              false)),
                                           {{"a", first}});
  testing::export_handle(builder, second);
  EXPECT_TRUE(run_wast(kAbi + wast_binary("f", lowered(builder).wasm) + R"(
    (invoke $f "ferry:http")
    (module (import "f" "memory" (memory 1))
      (func (export "at") (param i32) (result i32) (i32.load (local.get 0))))
    (assert_return (invoke "at" (i32.const 0)) (i32.const 42))
    (assert_return (invoke "at" (i32.const 4)) (i32.const 6))
    (assert_return (invoke "at" (i32.const 8)) (i32.const 3))
    (assert_return (invoke "at" (i32.const 32)) (i32.const 0x73726966))
    (assert_return (invoke "at" (i32.const 40)) (i32.const 0x6f636573)))"));
}

// The module with a name for one of its functions.
Bytes named(Bytes module, std::uint8_t index, std::string_view name) {
  Bytes map = {1, index};
  wasm::put_name(map, name);
  Bytes section;
  wasm::put_name(section, "name");
  wasm::put_section(section, 1, map);
  wasm::put_section(module, 0, section);
  return module;
}

TEST(Lower, NamesAreKeptForBacktraces) {
  ComponentBuilder builder;
  const Index first = builder.instantiate(
      builder.module(named(wat(R"((module (func (export "help"))))"), 0, "helper")));
  const Index second = builder.instantiate(builder.module(named(wat(R"((module
    (import "a" "help" (func $imported))
    (func (export "handle") (param i32 i32) (call $imported))))"),
                                                                1, "answer")),
                                           {{"a", first}});
  testing::export_handle(builder, second);
  const Lowered out = lowered(builder);
  const auto binary = read(out);
  EXPECT_THAT(wasm::read_function_names(out.wasm, binary),
              ElementsAre("ferry:abi#incoming_request", "ferry:abi#response_outparam", "helper",
                          "answer", "ferry:http"));
}

// WASI 0.3: context slots become globals, and are zero for each event.
TEST(Lower, ContextSlotsAreGlobals) {
  ComponentBuilder builder;
  const Index host = builder.bundle({{"get", 0, builder.builtin({0x0A, 0x7F, 0})},
                                     {"set", 0, builder.builtin({0x0B, 0x7F, 0})},
                                     {"other", 0, builder.builtin({0x0A, 0x7F, 1})}});
  const Index instance = builder.instantiate(builder.module(wat(R"((module
    (import "c" "get" (func $get (result i32)))
    (import "c" "set" (func $set (param i32)))
    (import "c" "other" (func $other (result i32)))
    (memory (export "memory") 1)
    (func (export "handle") (param i32 i32)
      (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (call $get)))
      (call $set (i32.const 3))
      (i32.store (i32.const 4) (call $get))
      (i32.store (i32.const 8) (call $other)))))")),
                                             {{"c", host}});
  testing::export_handle(builder, instance);
  const Lowered out = lowered(builder);
  EXPECT_THAT(read(out).globals, SizeIs(3));  // and the one of the memory's room
  EXPECT_TRUE(run_wast(kAbi + wast_binary("f", out.wasm) + R"(
    (invoke $f "ferry:http")
    (invoke $f "ferry:http")
    (module (import "f" "memory" (memory 1))
      (func (export "at") (param i32) (result i32) (i32.load (local.get 0))))
    (assert_return (invoke "at" (i32.const 0)) (i32.const 0))
    (assert_return (invoke "at" (i32.const 4)) (i32.const 3))
    (assert_return (invoke "at" (i32.const 8)) (i32.const 0)))"));
}

TEST(Lower, AsyncEntryCallsBackUntilTheTaskEnds) {
  ComponentBuilder builder;
  const Index instance = builder.instantiate(builder.module(wat(R"((module
    (memory (export "memory") 1)
    ;; Waits on set 5: code 2, with the set above it.
    (func (export "handle") (param i32) (result i32)
      (i32.store (i32.const 0) (local.get 0)) (i32.const 0x52))
    (func (export "back") (param i32 i32 i32) (result i32)
      (i32.store (i32.const 4)
        (i32.add (i32.mul (local.get 0) (i32.const 100))
          (i32.add (i32.mul (local.get 1) (i32.const 10)) (local.get 2))))
      (i32.const 0))))")));
  const Index handle = builder.core_func(instance, "handle");
  const Index back = builder.core_func(instance, "back");
  const Index func =
      builder.lift(handle, builder.func_type(), {{6}, {7, static_cast<std::uint8_t>(back)}});
  builder.export_instance("wasi:http/handler@0.3.0", builder.instance_of("handle", func));
  const Lowered out = lowered(builder);
  EXPECT_EQ(out.description.generation, component::Generation::kWasi03);
  EXPECT_TRUE(run_wast(R"((module $abi
      (func (export "request") (result i32) i32.const 7)
      (func (export "next_event") (param i32) (result i32)
        (if (i32.ne (local.get 0) (i32.const 0x52)) (then unreachable)) (i32.const 2))
      (func (export "event_first") (result i32) i32.const 3)
      (func (export "event_second") (result i32) i32.const 4))
    (register "ferry:abi" $abi)
    )" + wast_binary("f", out.wasm) +
                       R"(
    (invoke $f "ferry:http")
    (module (import "f" "memory" (memory 1))
      (func (export "at") (param i32) (result i32) (i32.load (local.get 0))))
    (assert_return (invoke "at" (i32.const 0)) (i32.const 7))
    (assert_return (invoke "at" (i32.const 4)) (i32.const 234)))"));
}

TEST(Lower, BuiltinsOfWasi03SayWhatTheyAreAbout) {
  ComponentBuilder builder;
  builder.section(7, {1, 0x66, 0x01, 0x7D});  // (type (stream u8))
  const Index memory = builder.core_memory(
      builder.instantiate(builder.module(wat(R"((module (memory (export "memory") 1)))"))),
      "memory");
  const auto m = static_cast<std::uint8_t>(memory);
  const Index host = builder.bundle({{"read", 0, builder.builtin({0x0F, 0, 2, 6, 3, m})},
                                     {"return", 0, builder.builtin({0x09, 0x00, 0x79, 0})},
                                     {"wait", 0, builder.builtin({0x20, 0, m})}});
  const Index instance = builder.instantiate(builder.module(wat(R"((module
    (import "c" "read" (func (param i32 i32 i32) (result i32)))
    (import "c" "return" (func (param i32)))
    (import "c" "wait" (func (param i32 i32) (result i32)))
    (func (export "handle") (param i32 i32))))")),
                                             {{"c", host}});
  // Types written past the builder count too: () is type 1.
  const Index core = builder.core_func(instance, "handle");
  builder.section(7, {1, 0x40, 0x00, 0x01, 0x00});
  const Index func = builder.lift(core, 1);
  builder.export_instance("wasi:http/incoming-handler@0.2.3", builder.instance_of("handle", func));
  EXPECT_THAT(imports(lowered(builder)),
              ElementsAre("ferry:canon [async]stream.read:stream<u8>",
                          "ferry:canon task.return:u32", "ferry:canon waitable-set.wait",
                          "ferry:abi incoming_request", "ferry:abi response_outparam"));
}

TEST(Section, IsReadBack) {
  const Lowered out = lowered(two_reallocs());
  const auto found = component::find_section(out.wasm, read(out));
  ASSERT_TRUE(found.ok() && found->has_value());
  EXPECT_EQ((*found)->interface, out.description.interface);
  EXPECT_EQ((*found)->core_modules, 2u);
  ASSERT_THAT((*found)->imports, SizeIs(2));
  EXPECT_EQ((*found)->imports[1].field, "get-environment#2");
  EXPECT_TRUE((*found)->imports[1].allocates);
}

TEST(Section, OtherVersionsAreRefused) {
  Bytes section = component::write_section({});
  section[0] = 2;
  const auto read = component::read_section(section);
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().code, Code::kUnsupported);
  section[0] = 1;
  section.pop_back();
  EXPECT_FALSE(component::read_section(section).ok());
}

}  // namespace
}  // namespace ferry
