// What is measured is an event as the host would run it.
#include <cstdlib>

#include <gtest/gtest.h>

#include "compare/sample.h"
#include "wasm/wat.h"

namespace ferry::compare {
namespace {

// Fails unless it sees GRANTED in its environment and may write 7 MiB, more than the default quota.
constexpr char kDemanding[] = R"wat((module
  (import "wasi_snapshot_preview1" "fd_write"
    (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_sizes_get" (func $sizes (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 128)
  (func (export "_start")
    (drop (call $sizes (i32.const 0) (i32.const 4)))
    ;; The attributes of an event are four and more; one more is GRANTED.
    (if (i32.lt_u (i32.load (i32.const 0)) (i32.const 5)) (then (call $exit (i32.const 1))))
    (i32.store (i32.const 8) (i32.const 65536))
    (i32.store (i32.const 12) (i32.const 7340032))
    (drop (call $write (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 16)))))
)wat";

TEST(MeasureTest, PhasesRunWithTheManifestsGrantsAndLimits) {
  const ferry::testing::TempFolder folder;
  Task task;
  task.function = folder.write("demanding.wasm", ferry::testing::wat(kDemanding));
  task.manifest = folder.write("ferry.toml", "[grant]\nenv = { GRANTED = \"yes\" }\n");
  task.data = folder.write("data", "{}");
  task.folder = folder.path();
  task.budget_ms = 1;
  auto compiled = measure_compile(task);
  ASSERT_TRUE(compiled.ok()) << compiled.error().text();
  auto sample = measure_run(task);
  ASSERT_TRUE(sample.ok()) << sample.error().text();
  EXPECT_GT(sample->values["run_us"], 0);
}

}  // namespace
}  // namespace ferry::compare
