;; Guests that never end, each in a way of its own. All export a function of that name.
(module
  (import "wasi_snapshot_preview1" "sched_yield" (func $yield (result i32)))
  (import "wasi_snapshot_preview1" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))
  (memory (export "memory") 2)
  (table 2 funcref)
  (elem (i32.const 0) $leaf $indirect)
  (type $step (func (param i32) (result i32)))
  (global $sum (mut i32) (i32.const 0))

  ;; A loop that touches nothing and calls nothing.
  (func (export "loop") (loop $again (br $again)))
  ;; One whose function is called by another, for the backtrace.
  (func $inner (loop $again (br $again)))
  (func $outer (call $inner))
  (func $called (export "called") (call $outer))
  ;; Short calls of a function that needs no frame.
  (func $leaf (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
  (func (export "leaf") (local i32)
    (loop $again
      (local.set 0 (call $leaf (local.get 0)))
      (br $again)))
  ;; Calls through a table.
  (func $indirect (param i32) (result i32)
    (call_indirect (type $step) (local.get 0) (i32.const 0)))
  (func (export "indirect") (local i32)
    (loop $again
      (local.set 0 (call_indirect (type $step) (local.get 0) (i32.const 1)))
      (br $again)))
  ;; No loop: 2^60 calls, at most 60 deep.
  (func $tree (param i32)
    (if (local.get 0)
      (then
        (call $tree (i32.sub (local.get 0) (i32.const 1)))
        (call $tree (i32.sub (local.get 0) (i32.const 1))))))
  (func (export "tree") (call $tree (i32.const 60)))
  ;; Some thousand frames, taken down and built again.
  (func $deep (param i32) (result i32)
    (if (result i32) (local.get 0)
      (then (i32.add (call $deep (i32.sub (local.get 0) (i32.const 1))) (i32.const 1)))
      (else (i32.const 0))))
  (func (export "deep")
    (loop $again
      (global.set $sum (i32.add (global.get $sum) (call $deep (i32.const 3000))))
      (br $again)))
  ;; Writes a page of memory again and again.
  (func (export "write") (local i32)
    (loop $again
      (i32.store (i32.and (local.get 0) (i32.const 0x1FFF8)) (local.get 0))
      (local.set 0 (i32.add (local.get 0) (i32.const 8)))
      (br $again)))
  ;; Is hardly ever in its own code.
  (func (export "yield") (loop $again (drop (call $yield)) (br $again)))
  (func (export "clock")
    (loop $again
      (drop (call $clock (i32.const 1) (i64.const 1) (i32.const 8)))
      (br $again)))

  (func (export "answer") (result i32) (i32.const 42)))
