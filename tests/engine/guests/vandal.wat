;; Leaves its mark wherever a guest can: for the tests of instances that are set back.
(module
  (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 40)
  (global $i32 (mut i32) (i32.const 11))
  (global $i64 (mut i64) (i64.const 22))
  (global $f32 (mut f32) (f32.const 1.5))
  (global $f64 (mut f64) (f64.const 2.5))
  (global $seen (mut i32) (i32.const 0))
  (data (i32.const 8192) "first state")

  ;; 0 if nothing of an earlier event is to be seen: the canary.
  (func $clean (result i32)
    (local $at i32)
    (if (i32.ne (global.get $seen) (i32.const 0)) (then (return (i32.const 1))))
    (if (i32.ne (global.get $i32) (i32.const 11)) (then (return (i32.const 2))))
    (if (i64.ne (global.get $i64) (i64.const 22)) (then (return (i32.const 3))))
    (if (f32.ne (global.get $f32) (f32.const 1.5)) (then (return (i32.const 4))))
    (if (f64.ne (global.get $f64) (f64.const 2.5)) (then (return (i32.const 5))))
    (if (i64.ne (i64.load (i32.const 8192)) (i64.const 0x6174732074737269)) (then nop))
    (loop $next
      (if (i64.ne (i64.load (i32.add (local.get $at) (i32.const 64))) (i64.const 0))
        (then (if (i32.ne (local.get $at) (i32.const 8128)) (then (return (i32.const 6))))))
      (local.set $at (i32.add (local.get $at) (i32.const 4096)))
      (br_if $next (i32.lt_u (local.get $at) (i32.const 2621440))))
    (i32.const 0))

  (func $mark
    (global.set $seen (i32.const 1))
    (global.set $i32 (i32.const -1))
    (global.set $i64 (i64.const -1))
    (global.set $f32 (f32.const nan))
    (global.set $f64 (f64.const -inf)))

  ;; Writes a word on every page.
  (func (export "every_page") (result i32)
    (local $at i32)
    (if (call $clean) (then (return (call $clean))))
    (call $mark)
    (loop $next
      (i64.store (i32.add (local.get $at) (i32.const 64)) (i64.const -1))
      (local.set $at (i32.add (local.get $at) (i32.const 4096)))
      (br_if $next (i32.lt_u (local.get $at) (i32.const 2621440))))
    (i32.const 0))

  ;; Writes words at 40 random places (of 8 bytes after the 64th of a page).
  (func (export "random_pages") (result i32)
    (local $n i32)
    (if (call $clean) (then (return (call $clean))))
    (call $mark)
    (drop (call $random (i32.const 4096) (i32.const 160)))
    (local.set $n (i32.const 160))
    (loop $next
      (local.set $n (i32.sub (local.get $n) (i32.const 4)))
      (i64.store
        (i32.add (i32.const 64) (i32.mul (i32.const 4096)
          (i32.rem_u (i32.load (i32.add (i32.const 4096) (local.get $n))) (i32.const 640))))
        (i64.const -1))
      (br_if $next (local.get $n)))
    (i32.const 0))

  ;; The same few pages each time: the case that learning is for.
  (func (export "same_pages") (result i32)
    (if (call $clean) (then (return (call $clean))))
    (call $mark)
    (i64.store (i32.const 64) (i64.const 1))
    (i64.store (i32.const 40960) (i64.const 1))
    (i64.store (i32.const 409664) (i64.const 1))
    (i32.const 0))

  ;; Has the host write for it, across the border of two pages that it never touched itself.
  (func (export "by_the_host") (result i32)
    (if (call $clean) (then (return (call $clean))))
    (call $mark)
    (i32.store (i32.const 16) (i32.const 1048000))  ;; iovec: where
    (i32.store (i32.const 20) (i32.const 2000))     ;; and how much
    (if (call $read (i32.const 0) (i32.const 16) (i32.const 1) (i32.const 24))
      (then (return (i32.const 7))))
    (call $random (i32.const 2000000) (i32.const 9000)))

  ;; Writes, then traps in the middle.
  (func (export "trap") (result i32)
    (if (call $clean) (then (return (call $clean))))
    (call $mark)
    (i64.store (i32.const 64) (i64.const -1))
    (i64.store (i32.const 1228864) (i64.const -1))
    (unreachable))

  ;; Grows and writes into what it got.
  (func (export "grow") (result i32)
    (if (call $clean) (then (return (call $clean))))
    (call $mark)
    (if (i32.eq (memory.grow (i32.const 1)) (i32.const -1)) (then (return (i32.const 8))))
    (i64.store (i32.const 2621504) (i64.const -1))
    (i32.const 0))

  ;; Straddles the border of two pages with one store.
  (func (export "straddle") (result i32)
    (if (call $clean) (then (return (call $clean))))
    (call $mark)
    (i64.store (i32.const 819196) (i64.const -1))
    (i32.const 0)))
