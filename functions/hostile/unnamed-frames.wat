;; Traps three calls deep, in functions that have no names: a backtrace can only number them, from
;; the import (0) on.
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (func $inner (unreachable))
  (func $middle (call $inner))
  (func (export "_start") (call $middle)))
