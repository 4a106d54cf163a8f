;; Replies and logs, in hexadecimal, with what should differ from one run to the next: the time on
;; both clocks, sixteen random bytes, and how long a sleep of 20 ms took.
(module
  (import "wasi_snapshot_preview1" "clock_time_get"
    (func $time (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff"
    (func $poll (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "0123456789abcdef")
  (func $digit (param $at i32) (param $value i32)
    (i32.store8 (local.get $at)
      (i32.load8_u (i32.and (local.get $value) (i32.const 15)))))
  (func (export "_start")
    (local $i i32)
    (local $byte i32)
    ;; What is drawn: 40 bytes from 1024.
    (drop (call $time (i32.const 0) (i64.const 1) (i32.const 1024)))
    (drop (call $random (i32.const 1032) (i32.const 16)))
    (drop (call $time (i32.const 1) (i64.const 1) (i32.const 1048)))
    (i32.store (i32.const 272) (i32.const 1))
    (i64.store (i32.const 280) (i64.const 20000000))
    (drop (call $poll (i32.const 256) (i32.const 512) (i32.const 1) (i32.const 128)))
    (drop (call $time (i32.const 1) (i64.const 1) (i32.const 1056)))
    (loop $next
      (local.set $byte (i32.load8_u (i32.add (i32.const 1024) (local.get $i))))
      (call $digit (i32.add (i32.const 2048) (i32.shl (local.get $i) (i32.const 1)))
        (i32.shr_u (local.get $byte) (i32.const 4)))
      (call $digit (i32.add (i32.const 2049) (i32.shl (local.get $i) (i32.const 1)))
        (local.get $byte))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $i) (i32.const 40))))
    (i32.store8 (i32.const 2128) (i32.const 10))
    (i32.store (i32.const 96) (i32.const 2048))
    (i32.store (i32.const 100) (i32.const 81))
    (drop (call $write (i32.const 2) (i32.const 96) (i32.const 1) (i32.const 104)))
    (drop (call $write (i32.const 1) (i32.const 96) (i32.const 1) (i32.const 104)))))
