;; Hands the host pointers, lengths and counts that lie outside of its memory, or overflow, in one
;; call after the other. Each must be answered with an error and touch nothing; then exits with 0.
(module
  (import "wasi_snapshot_preview1" "fd_write"
    (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read"
    (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_time_get"
    (func $clock (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff"
    (func $poll (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  ;; At 16: a vector whose buffer ends past the memory; at 24: one whose end overflows 32 bits.
  (data (i32.const 16) "\f0\ff\00\00\ff\00\00\00\ff\ff\ff\ff\ff\ff\ff\ff")
  (func $refused (param $errno i32)
    (if (i32.eqz (local.get $errno)) (then unreachable)))
  (func (export "_start")
    (call $refused (call $write (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 0)))
    (call $refused (call $write (i32.const 1) (i32.const 24) (i32.const 1) (i32.const 0)))
    (call $refused (call $write (i32.const 1) (i32.const 0xfffc) (i32.const 1) (i32.const 0)))
    (call $refused (call $write (i32.const 1) (i32.const 0) (i32.const 0xffffffff) (i32.const 0)))
    (call $refused (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 0xfffe)))
    (call $refused (call $read (i32.const 0) (i32.const 16) (i32.const 1) (i32.const 0)))
    (call $refused (call $read (i32.const 0) (i32.const 24) (i32.const 1) (i32.const 0)))
    (call $refused (call $random (i32.const 0xfff0) (i32.const 17)))
    (call $refused (call $random (i32.const -1) (i32.const -1)))
    (call $refused (call $clock (i32.const 0) (i64.const 1) (i32.const 0xfff9)))
    (call $refused (call $poll (i32.const 0) (i32.const 0) (i32.const 0x7fffffff) (i32.const 8)))
    (call $refused (call $poll (i32.const 0xfff0) (i32.const 0) (i32.const 1) (i32.const 8)))))
