;; One guest for the engines' conformance suite: each export is one case.
(module
  (import "wasi_snapshot_preview1" "fd_read"
    (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff"
    (func $poll_oneoff (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_seek"
    (func $fd_seek (param i32 i64 i32 i32) (result i32)))
  (memory (export "memory") 2)
  (table 4 funcref)
  (elem (i32.const 0) $takes_one)
  (type $none (func))
  (global $count (export "count") (mut i32) (i32.const 7))
  (global $wide (export "wide") (mut i64) (i64.const -1))
  (global $single (export "single") (mut f32) (f32.const 1.5))
  (global $double (export "double") (mut f64) (f64.const -2.25))
  (data (i32.const 64) "hello, ")
  (data (i32.const 96) "a line\n")

  (func $write (param $fd i32) (param $at i32) (param $size i32) (result i32)
    (i32.store (i32.const 0) (local.get $at))
    (i32.store (i32.const 4) (local.get $size))
    (call $fd_write (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 8)))

  ;; "hello, " and stdin, to stdout; "a line\n" to stderr.
  (func (export "greet") (result i32)
    (i32.store (i32.const 16) (i32.const 1024))
    (i32.store (i32.const 20) (i32.const 4096))
    (drop (call $fd_read (i32.const 0) (i32.const 16) (i32.const 1) (i32.const 24)))
    (drop (call $write (i32.const 2) (i32.const 96) (i32.const 7)))
    (drop (call $write (i32.const 1) (i32.const 64) (i32.const 7)))
    (call $write (i32.const 1) (i32.const 1024) (i32.load (i32.const 24))))

  ;; The condition compares a parameter with zero: 2 where it is not, 1 where it is.
  (func $pick (param i32) (result i32)
    (select (i32.const 1) (i32.const 2) (i32.eqz (local.get 0))))
  (func (export "pick") (result i32)
    (i32.add (i32.mul (call $pick (i32.const 0)) (i32.const 10)) (call $pick (i32.const 5))))

  ;; An i64 argument goes through whole: stdin cannot seek, whatever the offset (ESPIPE, 70).
  (func (export "seek") (result i32)
    (call $fd_seek (i32.const 0) (i64.const 0x123456789abcdef) (i32.const 0) (i32.const 32)))

  (func (export "exit3") (call $proc_exit (i32.const 3)))
  (func (export "exit0") (result i32) (call $proc_exit (i32.const 0)) (i32.const 9))
  (func (export "nothing"))
  (func (export "answer") (result i32) (i32.const 42))
  (func (export "minus") (result i32) (i32.const -1))
  (func $takes_one (export "takes_one") (param i32))

  (func $inner_unreachable unreachable)
  (func $outer (export "unreachable") (call $inner_unreachable))
  (func (export "load_past_end") (drop (i32.load (i32.const 0x20000))))
  (func (export "load_far") (drop (i32.load offset=0xfffffff0 (i32.const 0xfffffff0))))
  (func (export "divide_by_zero") (drop (i32.div_s (i32.const 1) (global.get $zero))))
  (func (export "overflow") (drop (i32.div_s (i32.const 0x80000000) (global.get $minus_one))))
  (func (export "convert") (drop (i32.trunc_f64_s (f64.const nan))))
  (func (export "null_element") (call_indirect (type $none) (i32.const 1)))
  (func (export "no_element") (call_indirect (type $none) (i32.const 9)))
  (func (export "wrong_type") (call_indirect (type $none) (i32.const 0)))
  (global $zero (mut i32) (i32.const 0))
  (global $minus_one (mut i32) (i32.const -1))

  (func $recurse (export "recurse") (result i32)
    (i32.add (call $recurse) (i32.const 1)))
  (func (export "spin") (loop $again (br $again)))
  ;; Sleeps one hour by the monotonic clock.
  (func (export "sleep") (result i32)
    (i64.store (i32.const 256) (i64.const 0))         ;; userdata
    (i32.store8 (i32.const 264) (i32.const 0))        ;; clock
    (i32.store (i32.const 272) (i32.const 1))         ;; monotonic
    (i64.store (i32.const 280) (i64.const 3600000000000))
    (i64.store (i32.const 288) (i64.const 1000000))   ;; precision
    (i32.store16 (i32.const 296) (i32.const 0))       ;; relative
    (call $poll_oneoff (i32.const 256) (i32.const 512) (i32.const 1) (i32.const 768)))

  (func (export "bump") (result i32)
    (global.set $count (i32.add (global.get $count) (i32.const 1)))
    (global.set $wide (i64.add (global.get $wide) (i64.const 2)))
    (global.set $single (f32.mul (global.get $single) (f32.const 2)))
    (global.set $double (f64.neg (global.get $double)))
    (i32.store (i32.const 2048) (i32.add (i32.load (i32.const 2048)) (i32.const 1)))
    (i32.load (i32.const 2048)))
  (func (export "size") (result i32) (memory.size))
  (func (export "grow_one") (result i32) (memory.grow (i32.const 1)))
  ;; Writes the last word of memory and reads it back.
  (func (export "touch_end") (result i32)
    (local $at i32)
    (local.set $at (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 4)))
    (i32.store (local.get $at) (i32.const 42))
    (i32.load (local.get $at)))
  (func (export "grow_far") (result i32) (memory.grow (i32.const 10000)))
  ;; Some work: the sum of a xorshift sequence, the same on every machine.
  (func (export "work") (result i32)
    (local $i i32) (local $x i32) (local $sum i32)
    (local.set $x (i32.const 2463534242))
    (loop $again
      (local.set $x (i32.xor (local.get $x) (i32.shl (local.get $x) (i32.const 13))))
      (local.set $x (i32.xor (local.get $x) (i32.shr_u (local.get $x) (i32.const 17))))
      (local.set $x (i32.xor (local.get $x) (i32.shl (local.get $x) (i32.const 5))))
      (local.set $sum (i32.add (local.get $sum) (local.get $x)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $i) (i32.const 100000))))
    (local.get $sum)))
