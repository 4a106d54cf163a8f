// Trial runs of `ferry build --snapshot` and `ferry pack` call a function as the host does.
#include "builder/probe.h"

#include <cstdlib>

#include <gtest/gtest.h>

#include "engine/loader.h"
#include "function/function.h"
#include "wasm/wat.h"

namespace ferry::builder {
namespace {

// Replies with the digit that its start function left in memory.
constexpr char kStarted[] = R"wat((module
  (import "wasi_snapshot_preview1" "fd_write"
    (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "0")
  (func $begin (i32.store8 (i32.const 0) (i32.const 49)))
  (start $begin)
  (func (export "_start")
    (i32.store (i32.const 8) (i32.const 0))
    (i32.store (i32.const 12) (i32.const 1))
    (drop (call $write (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 16)))))
)wat";

TEST(ProbeTest, StartFunctionsRunInTrialRunsToo) {
  const ferry::testing::TempFolder cache;
  setenv("XDG_CACHE_HOME", cache.path().c_str(), 1);
  auto engine = engine::load_engine("", {});
  ASSERT_TRUE(engine.ok()) << engine.error().text();
  auto function = function::make_function("started", ferry::testing::wat(kStarted), {});
  ASSERT_TRUE(function.ok()) << function.error().text();
  // The other start's memory, in which the start function has run already: no difference.
  snapshot::SecondStart second;
  second.memory.resize(64u << 10);
  second.memory[0] = '1';
  const auto cases = make_cases({});
  ASSERT_TRUE(cases.ok()) << cases.error().text();
  const Status same = compare_with_second_start(**engine, stored_bundles((*engine)->info(), {}),
                                                *function, second, *cases);
  EXPECT_TRUE(same.ok()) << same.error().text();
}

}  // namespace
}  // namespace ferry::builder
